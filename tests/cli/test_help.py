"""Help, completion and the README say what the command rows say."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def run(agent, *words, code=0, **options):
    done = subprocess.run([agent, *words], capture_output=True, encoding="utf-8", check=False, **options)
    assert done.returncode == code, done.stderr
    return done


def readme(agent):
    return run(agent, "help", "--readme").stdout


def commands(agent):
    return re.findall(r"^\| `([a-z-]+(?: [a-z-]+)?)` \|", readme(agent), re.MULTILINE)


def test_the_overview_names_every_command_and_every_exit_code(agent):
    text = run(agent, "help").stdout
    assert len(commands(agent)) > 15
    for name in commands(agent):
        assert re.search(rf"^  {name} +\S", text, re.MULTILINE), name
    for code in (0, 1, 2, 3, 4, 5, 6, 129, 130):
        assert re.search(rf"^  {code} +\S", text, re.MULTILINE), code
    assert run(agent, "--help").stdout == text


def test_the_overview_is_aligned(agent):
    lines = run(agent, "help").stdout.splitlines()
    starts = {re.match(r"  [a-z -]+?  +(?=\S)", line).end() for name in commands(agent) for line in lines
              if line.startswith(f"  {name} ")}
    assert len(starts) == 1, "the summaries start in different columns"


def test_each_command_has_help_that_names_its_options(agent):
    for name in commands(agent):
        text = run(agent, "help", *name.split()).stdout
        assert f"usage: lance-bench {name}" in text and "--db URI" in text
        assert run(agent, *name.split(), "--help").stdout == text


def test_no_line_of_help_is_longer_than_a_hundred_columns_or_ends_in_a_blank(agent):
    for name in [*commands(agent), "host", ""]:
        for line in run(agent, "help", *name.split()).stdout.splitlines():
            assert len(line) <= 100 and line == line.rstrip(), f"{name}: {line}"


def test_help_for_what_is_no_command_is_wrong_usage(agent):
    assert "nosuch" in run(agent, "help", "nosuch", code=129).stderr
    assert "info, compact, export" in run(agent, "help", "db", "nosuch", code=129).stderr


def test_help_for_a_group_lists_its_verbs(agent):
    for group in {name.split()[0] for name in commands(agent) if " " in name}:
        text = run(agent, group, "--help").stdout
        assert run(agent, "help", group).stdout == text
        for name in commands(agent):
            assert (re.search(rf"^  {name}  +\S", text, re.MULTILINE) is not None) == name.startswith(f"{group} ")


def test_without_a_command_the_overview_goes_to_stderr(agent):
    done = run(agent, code=129)
    assert done.stdout == "" and "usage:" in done.stderr


def test_the_version_names_what_is_linked_in(agent):
    text = run(agent, "--version").stdout
    for part in ("lance-bench ", "lance ", "libgit2 ", "libcurl ", "OpenSSL ", "zlib "):
        assert re.search(rf"{part}\d", text), part


def test_the_licences_of_everything_linked_in_are_printed(agent):
    text = run(agent, "licenses").stdout
    for part in ("Apache License", "libgit2", "curl", "OpenSSL", "zlib", "cJSON", "GNU"):
        assert part in text, part


# What a shell offers for the last word. In zsh the options are those under which bashcompinit calls the function.
COMPLETE = {
    "bash": """source {script}; COMP_WORDS=({words}); COMP_CWORD={last}; _lance_bench; printf '%s\\n' "${{COMPREPLY[@]}}\"""",
    "zsh": """autoload -U compinit && compinit -u -D; source {script}; setopt ksharrays shwordsplit;
              COMP_WORDS=({words}); COMP_CWORD={last}; _lance_bench; printf '%s\\n' "${{COMPREPLY[@]}}\"""",
    "fish": """source {script}; complete -C '{line}'""",
}


@pytest.fixture(scope="session", params=COMPLETE)
def complete(request, agent, tmp_path_factory):
    shell = request.param
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    script = tmp_path_factory.mktemp(shell) / "completion"
    script.write_text(run(agent, "completion", shell).stdout)
    subprocess.run([shell, "-n", script], check=True)

    def ask(*words):
        words = ("lance-bench", *words)
        code = COMPLETE[shell].format(script=script, last=len(words) - 1, line=" ".join(words),
                                      words=" ".join(f"'{word}'" for word in words))
        done = subprocess.run([shell, *(["-f"] if shell == "zsh" else []), "-c", code], capture_output=True,
                              encoding="utf-8", check=True)
        assert done.stderr == "", done.stderr
        offered = {line.split("\t")[0] for line in done.stdout.splitlines()} - {""}
        return {word for word in offered if word.startswith(words[-1])}  # zsh itself leaves the others out

    return ask


def test_a_completion_knows_commands_groups_and_their_verbs(complete):
    assert {"host", "help"} <= complete("h") and "publish" in complete("pub")
    assert {"list", "add", "cancel", "retry"} <= complete("jobs", "")
    assert complete("host", "cal") == {"calibrate"}


def test_a_completion_knows_the_options_of_each_command_and_no_others(agent, complete):
    for name in ("publish criterion", "host tune", "bot finish", "checkout", "publish"):
        rows = re.findall(r"^  (--[a-z-]+)", run(agent, "help", *name.split()).stdout, re.MULTILINE)
        assert complete(*name.split(), "--") == set(rows), name


def test_a_completion_goes_on_behind_arguments_and_values_of_options(complete):
    assert complete("run", "src", "--ret") == {"--retakes"}
    assert complete("--db", "s3://b/p", "run", "--testbed-name", "host", "--ret") == {"--retakes"}


def test_a_reader_that_leaves_early_is_no_error_and_a_full_disk_is(agent):
    for words in (["licenses"], ["help"]):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as gone:
            done = subprocess.run([agent, *words], stdout=gone, stderr=subprocess.PIPE, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([agent, *words], stdout=full, stderr=subprocess.PIPE, check=False)
        assert (done.returncode, done.stderr) == (1, b"error: cannot write to stdout: No space left on device\n")


def test_an_unknown_shell_is_wrong_usage(agent):
    assert "bash, zsh or fish" in run(agent, "completion", "csh", code=129).stderr


def test_the_readme_has_the_tables_that_the_agent_prints(agent):
    path = ROOT / "README.md"
    text = path.read_text() if path.is_file() else ""
    match = re.search(r"<!-- commands -->\n(.*?)<!-- /commands -->", text, re.DOTALL)
    if not match:
        pytest.skip("README.md has no part between <!-- commands --> and <!-- /commands -->")
    assert match.group(1).strip() == readme(agent).strip()
