"""Help, completion and the README say what the command rows say."""

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


def test_help_for_what_is_no_command_is_wrong_usage(agent):
    assert "nosuch" in run(agent, "help", "nosuch", code=129).stderr
    assert "info, compact, export" in run(agent, "help", "db", code=129).stderr


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


def test_the_bash_completion_is_valid_and_completes_commands_and_options(agent, tmp_path):
    script = tmp_path / "completion.bash"
    script.write_text(run(agent, "completion", "bash").stdout)
    subprocess.run(["bash", "-n", script], check=True)

    def complete(*words):
        code = (f"source {script}; COMP_WORDS=(lance-bench {' '.join(words)}); COMP_CWORD={len(words)}; "
                "f=$(complete -p lance-bench | sed 's/.*-F \\([^ ]*\\).*/\\1/'); "
                "$f lance-bench \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"; "
                "printf '%s\\n' \"${COMPREPLY[@]}\"")
        return subprocess.run(["bash", "-c", code], capture_output=True, encoding="utf-8", check=True).stdout.split()

    assert "publish" in complete("pub")
    assert "results" in complete("res")
    assert "--dut-version" in complete("publish", "criterion", "--dut-v")


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_completions_are_valid_where_the_shell_is_there(agent, shell, tmp_path):
    text = run(agent, "completion", shell).stdout
    assert "lance-bench" in text and "publish" in text
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    script = tmp_path / "completion"
    script.write_text(text)
    subprocess.run([shell, "-n", script], check=True)


def test_an_unknown_shell_is_wrong_usage(agent):
    assert "bash, zsh or fish" in run(agent, "completion", "csh", code=129).stderr


def test_the_readme_has_the_tables_that_the_agent_prints(agent):
    path = ROOT / "README.md"
    text = path.read_text() if path.is_file() else ""
    match = re.search(r"<!-- commands -->\n(.*?)<!-- /commands -->", text, re.DOTALL)
    if not match:
        pytest.skip("README.md has no part between <!-- commands --> and <!-- /commands -->")
    assert match.group(1).strip() == readme(agent).strip()
