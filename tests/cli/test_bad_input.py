"""Input that cannot be published: one clear line on stderr, a non-zero exit code, and a database that is
what it was before."""

import json
import subprocess

import pytest
from store_helpers import (FIXTURES, criterion_lines, criterion_message, error_line, pytest_document,
                           pytest_entry, store)  # noqa: F401

# What is published first, so that "unchanged" means more than "still missing".
GOOD = criterion_lines(["good/a", "good/b"])


@pytest.fixture
def filled(store):  # noqa: F811
    store.published(store.file("good.jsonl", GOOD))
    return store


def publish(store, fmt, path, *words, **options):  # noqa: F811
    flags = ["--dut-version", "1+abcdef0", "--dut-timestamp", "1700000000", "--testbed-name", "bed"]
    return store.run("publish", fmt, path, *flags, *words, **options)


def refused(store, fmt, path, code, *words, **options):  # noqa: F811
    """Publishes, and says which line it was refused with."""
    before = store.state()
    line = error_line(publish(store, fmt, path, *words, **options), code)
    assert store.state() == before
    assert store.spooled() == []
    assert len(line) < 1000, "this is not one clear line"
    return line


def message(**changes):
    return json.dumps({**criterion_message("bench", [100.0, 101.0, 102.0]), **changes}) + "\n"


def document(**changes):
    entry = pytest_entry("t.py::test", [1e-6, 2e-6])
    entry.update(changes)
    return json.dumps({**pytest_document({}), "benchmarks": [entry]})


def stats(**changes):
    return {**pytest_entry("x", [1e-6, 2e-6])["stats"], **changes}


def test_a_missing_file_is_named_in_the_words_of_upstream(filled):
    for fmt in ("criterion", "pytest", "auto"):
        assert "File not found: nowhere.json" in refused(filled, fmt, "nowhere.json", 1)
    done = filled.run("import-history", "nowhere.json")
    assert "File not found: nowhere.json" in error_line(done, 1)


@pytest.mark.parametrize("fmt", ["criterion", "pytest", "auto"])
@pytest.mark.parametrize("content", ["", "\n", " \n\t\n"], ids=["0 bytes", "one newline", "white space"])
def test_an_empty_file_is_no_data(filled, fmt, content):
    before = filled.state()
    line = error_line(publish(filled, fmt, filled.file("empty.json", content)))
    assert "empty.json" in line
    # White space is no JSON document, but it is no line of results either.
    if not content or fmt != "pytest":
        assert "No benchmark results found in the input file" in line
    assert filled.state() == before


def test_an_empty_folder_is_no_data(filled):
    (filled.folder / "target" / "criterion").mkdir(parents=True)
    line = refused(filled, "criterion", filled.folder / "target" / "criterion", 3)
    assert "No benchmark results found" in line and "target/criterion" in line


TRUNCATED = {
    "criterion": message()[:-30],
    "pytest": document()[:-30],
}


@pytest.mark.parametrize("fmt", TRUNCATED)
def test_a_truncated_file_is_refused_as_a_whole(filled, fmt):
    content = (GOOD.replace("good/", "new/") if fmt == "criterion" else "") + TRUNCATED[fmt]
    path = filled.file("cut.json", content)
    line = refused(filled, fmt, path, 1)
    assert "cut.json" in line


def test_bytes_that_are_no_utf8_are_refused_with_their_place(filled):
    broken = message().encode().replace(b'"bench"', b'"be\xff\xfench"')
    line = refused(filled, "criterion", filled.file("latin.jsonl", GOOD.encode() + broken), 1)
    assert "latin.jsonl" in line and "UTF-8" in line and "3" in line
    broken = document().encode().replace(b"t.py::test", b"t.py::\xc3\x28")
    line = refused(filled, "pytest", filled.file("latin.json", broken), 1)
    assert "latin.json" in line and "UTF-8" in line


def test_binary_data_is_refused(filled):
    path = filled.file("core.bin", bytes(range(256)) * 64)
    for fmt in ("criterion", "pytest", "auto"):
        assert "core.bin" in refused(filled, fmt, path, (3 if fmt == "criterion" else 1))


def test_a_file_over_the_limit_is_refused_with_both_sizes(filled):
    path = filled.file("big.jsonl", criterion_lines([f"b/{i}" for i in range(200)]))
    line = refused(filled, "criterion", path, 1, "--max-input", "10K")
    assert "big.jsonl" in line and "--max-input" in line
    with open(path) as pipe:
        done = publish(filled, "criterion", "-", "--max-input", "10K", stdin=pipe)
    assert "--max-input" in error_line(done, 1)


def test_a_hole_of_a_gigabyte_is_refused_without_reading_it_into_memory(filled):
    path = filled.folder / "hole.jsonl"
    with open(path, "wb") as f:
        f.truncate(1 << 30)
    line = refused(filled, "criterion", path, 1)
    assert "hole.jsonl" in line
    line = refused(filled, "pytest", path, 1)
    assert "hole.jsonl" in line


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_nesting_ten_thousand_deep_is_refused(filled, opening):
    path = filled.file("deep.json", opening * 10_000)
    line = refused(filled, "pytest", path, 1)
    assert "deep.json" in line
    path = filled.file("deep.jsonl", message(extra=0).replace('"extra": 0', '"extra": ' + opening * 10_000))
    line = refused(filled, "criterion", path, 1)
    assert "deep.jsonl" in line


BAD_TIMES = ["NaN", "Infinity", "-Infinity", "null", "-1.0", "1e999", '"12"', "true", "[]"]


@pytest.mark.parametrize("value", BAD_TIMES)
def test_a_time_that_is_none_is_refused(filled, value):
    text = message(measured_values="HERE").replace('"HERE"', f"[100.0, {value}, 300.0]")
    line = refused(filled, "criterion", filled.file("odd.jsonl", GOOD.replace("good", "new") + text), 1)
    assert "odd.jsonl" in line and "bench" in line
    text = document(stats=stats(data="HERE")).replace('"HERE"', f"[1e-6, {value}]")
    line = refused(filled, "pytest", filled.file("odd.json", text), 1)
    assert "odd.json" in line and "t.py::test" in line


@pytest.mark.parametrize("key", ["ops", "stddev", "iqr"])
@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_a_number_that_is_not_stored_may_be_anything(filled, key, value):
    """Python writes NaN and Infinity where it divides by zero; the values are what counts."""
    text = document(stats=stats(**{key: "HERE"})).replace('"HERE"', value)
    assert publish(filled, "pytest", filled.file("inf.json", text)).returncode == 0
    assert filled.names("--benchmark", "t.py") == ["t.py::test"]


def test_a_time_of_zero_is_stored_as_zero(filled):
    path = filled.file("zero.json", json.dumps(pytest_document({"t.py::zero": [0.0, 0.0]})))
    assert publish(filled, "pytest", path).returncode == 0
    (row,) = filled.results("--benchmark", "t.py::zero")
    assert row["median"] == 0 and row["mean"] == 0 and row["standard_deviation"] == 0


@pytest.mark.parametrize("count", [0, -1, 1.5, "7", None])
def test_an_iteration_count_that_is_none_is_refused(filled, count):
    text = message(iteration_count=[10, count, 30])
    assert "odd.jsonl" in refused(filled, "criterion", filled.file("odd.jsonl", text), 1)


def test_lists_of_different_lengths_are_refused_with_both_lengths(filled):
    line = refused(filled, "criterion", filled.file("odd.jsonl", message(iteration_count=[10, 20])), 1)
    assert "odd.jsonl" in line and "bench" in line and "2" in line and "3" in line


@pytest.mark.parametrize("unit", ["bytes", "elements", "%", " ", "fortnights"])
def test_a_unit_that_is_no_time_is_refused(filled, unit):
    line = refused(filled, "criterion", filled.file("odd.jsonl", message(unit=unit)), 1)
    assert "odd.jsonl" in line and "unit" in line


@pytest.mark.parametrize("unit,factor", [("ps", 1e-3), ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)])
def test_a_unit_that_is_a_time_is_converted(filled, unit, factor):
    assert publish(filled, "criterion", filled.file("unit.jsonl", message(unit=unit))).returncode == 0
    (row,) = filled.results("--benchmark", "bench")
    assert row["median"] == pytest.approx(101.0 * factor)
    assert row["units"] == "nanoseconds"


UNVERSIONED = {"id": "unversioned", "time": None, "author_time": None, "dirty": False, "branch": "(unknown)"}


def test_a_pytest_file_from_outside_git_asks_for_version_and_time(filled):
    content = json.dumps(pytest_document({"t.py::test": [1e-6, 2e-6]}, commit_info=UNVERSIONED))
    path = filled.file("nogit.json", content)
    before = filled.state()
    line = error_line(filled.run("publish", "pytest", path), 1)
    assert "DUT version could not be determined" in line
    assert "nogit.json" in line and "--dut-version" in line
    line = error_line(filled.run("publish", "pytest", path, "--dut-version", "1.0"), 1)
    assert "DUT timestamp could not be determined" in line
    assert "nogit.json" in line and "--dut-timestamp" in line
    assert filled.state() == before
    filled.ok("publish", "pytest", path, "--dut-version", "1.0", "--dut-timestamp", "2026-11-21T10:00:00Z")
    (row,) = filled.results("--benchmark", "t.py")
    assert row["version"] == "1.0" and row["commit_time"] == "2026-11-21T10:00:00Z"


def test_criterion_asks_for_version_and_time(filled):
    before = filled.state()
    line = error_line(filled.run("publish", "criterion", "good.jsonl"), 1)
    assert "DUT version could not be determined" in line and "--dut-version" in line
    line = error_line(filled.run("publish", "criterion", "good.jsonl", "--dut-version", "1"), 1)
    assert "DUT timestamp could not be determined" in line and "--dut-timestamp" in line
    assert filled.state() == before


def test_a_custom_timer_is_refused_unless_the_metric_is_named(filled):
    """What another timer counts is no time; upstream multiplies it by 1e9 and calls it nanoseconds."""
    options = {**pytest_entry("x", [1.0])["options"], "timer": "iops_timer"}
    path = filled.file("timer.json", document(options=options))
    line = refused(filled, "pytest", path, 1)
    assert "timer.json" in line and "iops_timer" in line and "t.py::test" in line


def test_zero_rounds_are_skipped_with_a_warning(filled):
    empty = pytest_entry("t.py::empty", [])
    full = pytest_entry("t.py::full", [1e-6])
    text = json.dumps({**pytest_document({}), "benchmarks": [empty, full]})
    done = publish(filled, "pytest", filled.file("rounds.json", text))
    assert done.returncode == 0
    assert "No data found for benchmark t.py::empty" in done.stderr
    assert filled.names("--benchmark", "t.py") == ["t.py::full"]
    text = json.dumps({**pytest_document({}), "benchmarks": [empty]})
    path = filled.file("rounds2.json", text)
    done = publish(filled, "pytest", path)
    assert "No benchmark results found in the input file" in error_line(done, 3)


@pytest.mark.parametrize("content", ["[]", "{}", "[1, 2]", '"text"', "12", "null", '{"benchmarks": {}}',
                                     '{"benchmarks": 1}', '{"benchmarks": [1]}', '{"benchmarks": [{}]}'])
def test_json_that_is_something_else_is_refused(filled, content):
    path = filled.file("else.json", content)
    before = filled.state()
    for fmt in ("pytest", "auto"):
        done = publish(filled, fmt, path)
        assert done.returncode in (1, 3)
        assert "else.json" in error_line(done)
    assert filled.state() == before


def test_lines_that_are_no_json_are_skipped_and_counted(filled):
    noise = "   Compiling lance v4.0.0\nwarning: unused\n{not json}\n\n"
    text = noise + criterion_lines(["new/a"]) + "Benchmarking new/b\n" + criterion_lines(["new/b"])
    done = publish(filled, "criterion", filled.file("mixed.jsonl", text))
    assert done.returncode == 0
    assert filled.names("--benchmark", "new/") == ["new/a", "new/b"]
    assert "skipped" in done.stderr


@pytest.mark.parametrize("form", ["Benchmarking new: Warming up{}", "\x1b[0m{}", "[{}]", "{}{}"])
def test_a_result_that_shares_its_line_is_not_passed_over(filled, form):
    """As when two streams went into one file."""
    text = GOOD.replace("good/", "new/") + form.replace("{}", message().strip()) + "\n"
    line = refused(filled, "criterion", filled.file("mixed.jsonl", text), 1)
    assert "mixed.jsonl" in line and "line 3" in line


def test_benchmarks_of_one_name_are_two_results(filled):
    text = criterion_lines(["twin"], seed=1) + criterion_lines(["twin"], seed=2)
    path = filled.file("twins.jsonl", text)
    assert publish(filled, "criterion", path).returncode == 0
    assert filled.names("--benchmark", "twin") == ["twin", "twin"]
    before = filled.state()
    assert publish(filled, "criterion", path).returncode == 0
    assert filled.state() == before


HOSTILE = [
    "it's", 'a "quoted" name', "per%cent %s %n", "back\\slash", "two\nlines", "tab\tand\rreturn",
    "pipe | `tick` <b>bold</b>", "\x1b[31mred", "comma, and; semicolon", "'; DROP TABLE results; --",
    "ü é 漢字 🦀", "\u202eright to left", " leading and trailing ", "=1+1", "a" * 4096, "#hash", "{}[]",
]


@pytest.mark.parametrize("fmt", ["criterion", "pytest"])
def test_hostile_names_are_stored_byte_for_byte_and_cannot_break_an_output(filled, fmt):
    if fmt == "criterion":
        text = criterion_lines(HOSTILE)
    else:
        text = json.dumps(pytest_document({name: [1e-6, 2e-6] for name in HOSTILE}))
    assert publish(filled, fmt, filled.file("hostile.json", text)).returncode == 0
    stored = filled.results("--run", filled.results("--benchmark", "漢字")[0]["run"])
    assert sorted(row["benchmark"] for row in stored) == sorted(HOSTILE)
    rows = filled.query("SELECT benchmark_name FROM results")
    assert set(HOSTILE) <= {row["benchmark_name"] for row in rows}
    for name in HOSTILE:
        assert name in filled.names("--benchmark", name)
    count = len(stored) + 2
    plain = filled.ok("results", "--limit", 1000)
    assert "\x1b" not in plain.stdout and len(plain.stdout.splitlines()) == count + 1
    markdown = filled.ok("results", "--limit", 1000, "--format", "markdown").stdout
    assert len(markdown.splitlines()) == count + 2
    assert "<b>" not in markdown and "\x1b" not in markdown


def test_a_hostile_name_cannot_forge_a_line_of_an_error(filled):
    text = message(id="x\nerror: forged\x1b[0m", measured_values=[1, 2])
    line = refused(filled, "criterion", filled.file("forged.jsonl", text), 1)
    assert "forged.jsonl" in line and "\x1b" not in line


def test_a_name_that_is_none_is_refused(filled):
    for name in ("", None, 12, "a" * 100_000, "nul\x00byte"):
        line = refused(filled, "criterion", filled.file("name.jsonl", message(id=name)), 1)
        assert "name.jsonl" in line


def test_one_bad_file_of_several_leaves_the_good_ones_stored(filled):
    good = filled.file("other.jsonl", criterion_lines(["other"]))
    bad = filled.file("bad.jsonl", message(unit="bytes"))
    done = filled.publish(bad, good, "missing.jsonl")
    assert done.returncode == 1
    assert "bad.jsonl" in done.stderr and "missing.jsonl" in done.stderr
    assert "other" in filled.names()


def test_a_pytest_file_is_told_apart_by_auto_and_a_history_pointed_elsewhere(filled):
    filled.ok("publish", "auto", FIXTURES / "pytest-benchmark-5.3.1.json")
    line = error_line(filled.run("publish", "auto", FIXTURES / "history.json"), 1)
    assert "import-history" in line


def test_ten_million_samples_are_taken_or_refused_in_one_line(filled):
    path = filled.folder / "long.jsonl"
    count = 10_000_000
    head = message(iteration_count="N", measured_values="V")
    with open(path, "w") as f:
        f.write(head.replace('"N"', "[" + "1," * (count - 1) + "1]").replace(
            '"V"', "[" + "5.0," * (count - 1) + "5.0]"))
    done = publish(filled, "criterion", path)
    if done.returncode:
        assert "long.jsonl" in error_line(done, 1)
    else:
        (row,) = filled.results("--benchmark", "bench")
        assert row["median"] == 5.0


WRONG_USAGE = [
    (["publish", "criterion"], "publish criterion"),
    (["publish", "criterium", "x"], "criterion"),
    (["publish"], "publish"),
    (["publish", "criterion", "x", "--dut-versoin", "1"], "--dut-version"),
    (["publish", "criterion", "x", "--dut-version"], "--dut-version"),
    (["publish", "criterion", "good.jsonl", "--dut-version", "1", "--dut-timestamp", "soon"], "soon"),
    (["publish", "criterion", "good.jsonl", "--commit", "abc"], "--commit"),
    (["publish", "criterion", "good.jsonl", "--max-input", "lots"], "lots"),
    (["publish", "criterion", "good.jsonl", "--dut-name", ""], "--dut-name"),
    (["results", "--limit", "0"], "--limit"),
    (["results", "--limit", "many"], "many"),
    (["results", "--commit", "xyz"], "xyz"),
    (["results", "surplus"], "surplus"),
    (["compare", "abcdef0"], "compare"),
    (["compare", "abcdef0", "zz"], "zz"),
    (["--format", "xml", "results"], "xml"),
    (["query"], "query"),
    (["query", "SELECT 1", "--output", "xls"], "xls"),
    (["db"], "info"),
    (["db", "exprot"], "export"),
    (["db", "export"], "--parquet"),
    (["--quiet", "--verbose", "results"], "--verbose"),
    (["resluts"], "results"),
    (["-x"], "-x"),
]


@pytest.mark.parametrize("words,said", WRONG_USAGE, ids=[" ".join(words) for words, _ in WRONG_USAGE])
def test_wrong_usage_is_one_line_and_exit_code_129(filled, words, said):
    before = filled.state()
    assert said in error_line(filled.run(*words), 129)
    assert filled.state() == before


@pytest.mark.parametrize("option", ["--dut-name", "--dut-version", "--run", "--testbed-name", "--metric"])
def test_an_option_that_is_no_utf8_is_refused(filled, option):
    """One such row would make the table unreadable for everybody."""
    words = {"--dut-version": "1", "--dut-timestamp": "1", "--testbed-name": "bed", option: b"caf\xe9"}
    before = filled.state()
    done = subprocess.run(
        [filled.agent, "--db", filled.db, "publish", "criterion", "good.jsonl", *(w for pair in words.items() for w in pair)],
        env=filled.env, cwd=filled.folder, capture_output=True, check=False)
    assert done.returncode == 129 and option.encode() in done.stderr and b"UTF-8" in done.stderr
    assert filled.state() == before


def test_a_test_bed_file_that_is_no_utf8_leaves_a_readable_table(filled):
    bed = filled.file("testbed", b"rack \xe9 7\n")
    filled.ok("publish", "criterion", "good.jsonl", "--dut-version", "1", "--dut-timestamp", "1",
              env={"LANCE_BENCH_TESTBED_FILE": str(bed)})
    assert {row["test_bed"] for row in filled.results()} == {"bed", "rack \ufffd 7"}


@pytest.mark.parametrize("option", ["--dut-name", "--dut-version", "--run"])
def test_an_option_that_an_unset_variable_left_empty_is_refused(filled, option):
    words = {"--dut-version": "1", "--dut-timestamp": "1", "--testbed-name": "bed", option: ""}
    before = filled.state()
    done = filled.run("publish", "criterion", "good.jsonl", *(w for pair in words.items() for w in pair))
    assert option in error_line(done, 129)
    assert filled.state() == before


@pytest.mark.parametrize("when", ["99999999999999999999", "1700000000000", "-5", " 5", "", "1700000000.5", "2026-13-01"])
def test_a_commit_time_that_is_none_is_refused(filled, when):
    before = filled.state()
    done = filled.run("publish", "criterion", "good.jsonl", "--dut-version", "1", "--dut-timestamp", when,
                      "--testbed-name", "bed")
    assert "--dut-timestamp" in error_line(done, 129)
    assert filled.state() == before


def test_a_time_past_all_measure_is_refused(filled):
    """Squares of it cannot be summed: the deviation would be infinite, the mean of two perhaps too."""
    line = refused(filled, "criterion", filled.file("huge.jsonl", message(measured_values=[1e200, 3e200, 1e308])), 1)
    assert "huge.jsonl" in line and "bench" in line and "too large" in line
    line = refused(filled, "pytest", filled.file("huge.json", document(stats=stats(data=[1e150, 1.0]))), 1)
    assert "huge.json" in line and "too large" in line
    item = {"name": "n", "commit": "a" * 40, "datetime": "2023-01-01 00:00:00", "mean_duration_ns": 1e200}
    done = filled.run("import-history", filled.file("history.json", json.dumps([item])))
    assert "too large" in error_line(done, 1)


def test_a_throughput_below_zero_is_refused(filled):
    text = message(throughput=[{"per_iteration": -1, "unit": "bytes"}])
    line = refused(filled, "criterion", filled.file("odd.jsonl", text), 1)
    assert "odd.jsonl" in line and "throughput" in line


@pytest.mark.parametrize("cut", [1, 2, 5, 10, 20, 27])
def test_a_file_that_ends_before_its_last_message_says_what_it_is_is_refused(filled, cut):
    text = GOOD.replace("good/", "new/") + message()[:cut]
    line = refused(filled, "criterion", filled.file("cut.jsonl", text), 1)
    assert "cut.jsonl" in line and "line 3" in line


def test_a_bucket_without_a_name_is_wrong_usage(filled):
    for words in (["results"], ["publish", "criterion", "good.jsonl", "--dut-version", "1", "--dut-timestamp", "1"]):
        assert "s3://bucket/prefix" in error_line(filled.run(*words, db="s3:///prefix"), 129)


S3 = {"AWS_ACCESS_KEY_ID": "the-user", "AWS_SECRET_ACCESS_KEY": "the-secret", "AWS_REGION": "us-east-1",
      "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "LANCE_BENCH_S3_RETRIES": "0"}


@pytest.mark.parametrize("db", [
    "s3://bucket/a?b", "s3://bucket/a#b", "s3://user:secret@bucket/a", "s3://bucket:80/a", "s3://buc ket/a",
    "s3://bucket//a", "s3://bucket/a\nb", "file:///tmp/a?b", "s3:/bucket/a", "s3:bucket"])
def test_a_uri_that_an_object_cannot_have_is_wrong_usage(filled, db):
    line = error_line(filled.run("results", db=db, env=S3), 129)
    assert "is no database" in line


@pytest.mark.parametrize("variable,value", [
    ("AWS_ENDPOINT_URL", "localhost:9000"), ("AWS_ENDPOINT_URL", "http://"), ("AWS_ENDPOINT_URL", "http://host:99999"),
    ("AWS_ENDPOINT_URL", "http://host:9000\n"), ("AWS_ENDPOINT_URL", "http://[::1"), ("AWS_ENDPOINT_URL_S3", "not a URL"),
    ("AWS_ENDPOINT_URL", "http://host/?x=1"), ("AWS_ENDPOINT_URL", "ftp://host"),
    ("AWS_ACCESS_KEY_ID", "the-user\n"), ("AWS_SECRET_ACCESS_KEY", "the-secret\n"), ("AWS_SESSION_TOKEN", "to\nken"),
    ("AWS_REGION", "us east"), ("AWS_ACCESS_KEY_ID", "ä")])
def test_a_setting_of_s3_that_is_none_is_named_and_its_value_is_not(filled, variable, value):
    """The core ends the program over some of these."""
    for words in (["results"], ["publish", "criterion", "good.jsonl", "--dut-version", "1", "--dut-timestamp", "1"]):
        line = error_line(filled.run(*words, db="s3://bucket/db", env={**S3, variable: value}), 129)
        assert variable in line and ("ENDPOINT" in variable or value.strip() not in line)
    assert filled.spooled() == []


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://127.0.0.1:1/", "http://[::1]:1", "https://localhost:1/path"])
def test_an_endpoint_that_is_one_is_asked(filled, endpoint):
    line = error_line(filled.run("results", db="s3://bucket/db/", env={**S3, "AWS_ENDPOINT_URL": endpoint}), 1)
    assert "Database connection failed" in line
