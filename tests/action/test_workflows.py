"""Each workflow that `lance-bench init` writes, run by act on the sample, with what it says and what it does to the
database. One after the other, as they are in a repository that uses them."""

import json
import threading

import pytest

from consumer import DB, KEYS, NAMESPACES, NODE, succeeded
from github_server import TOKEN
from run_helpers import git, make_sample
from store_helpers import criterion_message

RUST = {"words/split", "words/unique/500", "words/unique/2000"}
PYTHON = {f"benchmarks/test_words.py::{name}" for name in ("test_most_common", "test_unique[500]", "test_unique[2000]")}


def names(consumer, commit):
    """The benchmarks of a commit; the machine's own aside."""
    rows = consumer.query("SELECT benchmark_name AS name FROM results "
                          f"WHERE dut['version'] LIKE '%+{commit[:7]}' AND benchmark_name NOT LIKE '%#%'")
    assert len(rows) == len({row["name"] for row in rows})
    return {row["name"] for row in rows}


def outputs(done, job):
    """The last step's outputs that act has noted in a job."""
    found = {}
    for line in done.stdout.splitlines():
        head, mark, rest = line.partition("::set-output:: ")
        if mark and head.startswith(f"[{job}"):
            name, _, value = rest.partition("=")
            found[name] = value
    return found


@pytest.fixture(scope="module")
def commits(consumer):
    first, second = git(consumer.target, "rev-parse", "first", "second").split()
    return {"first": first, "second": second}


@pytest.fixture(scope="module")
def both(consumer, commits):
    """The first commit, by run-benchmarks.yml."""
    return consumer.workflow("workflow_dispatch", "run-benchmarks.yml", git_sha=commits["first"], run_rust="true",
                             run_python="true", rust_crates="wordbag")


def test_run_benchmarks_measures_both_halves_of_a_commit(consumer, commits, both):
    succeeded(both)
    for job in ("Rust", "Python"):
        assert outputs(both, f"{job}/")["exit-code"] == "0"
    found = names(consumer, commits["first"])
    assert found > RUST | PYTHON, "and those of the other bench"
    runs = consumer.query("SELECT run, outcome FROM runs WHERE harness = 'run' ORDER BY 1")
    assert runs == [{"run": f"1.1-{half}", "outcome": "complete"} for half in ("python", "rust")]


def test_each_half_can_be_dispatched_alone(consumer, commits, both):
    second = commits["second"]
    succeeded(consumer.workflow("workflow_dispatch", "run-rust-benchmarks.yml", git_sha=second, rust_crates="wordbag"))
    run = consumer.result("run")
    assert (run["commit"], run["outcome"]) == (second, "complete")
    assert {part["harness"] for part in run["parts"]} == {"criterion"}
    rust = names(consumer, second)
    assert rust == names(consumer, commits["first"]) - PYTHON
    succeeded(consumer.workflow("workflow_dispatch", "run-python-benchmarks.yml", git_sha=second))
    run = consumer.result("run")
    assert (run["commit"], run["outcome"]) == (second, "complete")
    assert {part["harness"] for part in run["parts"]} == {"pytest"}
    assert names(consumer, second) == rust | PYTHON


def publish(consumer, number, sha, level=100, **options):
    """What a run of the commit stores, at once."""
    path = consumer.folder / f"criterion-{number}.json"
    path.write_text("".join(
        json.dumps(criterion_message(name, [value + (7 * number + n) % 3 for n in range(10)])) + "\n"
        for name, value in (("words/split", 100), ("words/unique/500", level))))
    consumer.lance_bench("publish", "criterion", path, "--dut-name", "wordbag", "--dut-version", f"1.0.0+{sha[:7]}",
                         "--dut-timestamp", 1_700_000_000 + 86_400 * number, "--testbed-name", "bed", **options)


def test_the_database_is_compacted_and_nothing_of_it_is_lost(consumer):
    db = "s3://bucket/small"
    for number in range(4):
        publish(consumer, number, f"{number:07x}", db=db)
    before = consumer.lance_bench("query", "--format", "json", "SELECT * FROM results ORDER BY id", db=db).stdout
    succeeded(consumer.workflow("workflow_dispatch", "maintain-database.yml", db=db))
    assert consumer.result("db-compact")["tables"] == 2
    rows = {row["table"]: row for row in consumer.result("db-info")}
    assert (rows["results"]["rows"], rows["results"]["fragments"]) == (8, 1)
    after = consumer.lance_bench("query", "--format", "json", "SELECT * FROM results ORDER BY id", db=db).stdout
    assert after == before


def test_a_level_that_has_changed_fails_the_daily_analysis_on_the_line_of_the_benchmark(consumer):
    db = "s3://bucket/analysis"
    for number in range(12):
        publish(consumer, number, f"{number:07x}", db=db)
    done = succeeded(consumer.workflow("schedule", "analyze-results.yml", db=db))
    assert outputs(done, "Analyze")["verdict"] == "ok" and outputs(done, "Analyze")["regressions"] == "0"
    for number in range(12, 18):
        publish(consumer, number, f"{number:07x}", level=200, db=db)
    assert not consumer.artifacts.exists() and "DEPLOYED" not in done.stdout, "Pages are only for who wants them"
    # Where act leaves out the checkout.
    (consumer.repository / "benches").mkdir()
    (consumer.repository / "benches" / "words.rs").write_text((consumer.target / "benches" / "words.rs").read_text())
    done = consumer.workflow("schedule", "analyze-results.yml", "--var", "LANCE_BENCH_PAGES=true", db=db)
    assert "Job failed" in done.stdout
    line = 1 + (consumer.repository / "benches" / "words.rs").read_text().splitlines().index(
        '        group.bench_with_input(BenchmarkId::new("unique", count), &list[..count], |b, list| {')
    assert (f"::warning file=benches/words.rs,line={line},title=Benchmark regression::words/unique/500 is worse"
            in done.stdout)
    assert consumer.result("changes")[0]["benchmark"] == "words/unique/500" and len(consumer.result("changes")) == 1
    updated = consumer.result("alerts-update")
    assert (updated["opened"], updated["active"], updated["unacknowledged"]) == (1, 1, 1)
    alert, = consumer.result("alerts-list")
    assert (alert["state"], alert["project"], alert["worst"]) == ("open", "wordbag", "words/unique/500")
    assert "words/unique/500" in alert["title"] and alert["title"].replace("/", "") in (
        consumer.results / "alerts-list.md").read_text().replace("/", ""), "what the job's summary shows"
    report = consumer.result("report")
    assert (report["project"], report["verdict"]) == ("wordbag", "same"), "the newest is on the new level"
    assert "words/unique/500" in (consumer.results / "report.md").read_text()
    assert (consumer.artifacts / "github-pages" / "index.html").is_file()
    assert "[Analyze results/Pages" in done.stdout and "DEPLOYED" in done.stdout, "also when the job before has failed"


def test_a_backfill_dispatches_and_waits_for_each_run(consumer, commits):
    git(consumer.target, "checkout", "-q", "--orphan", "past")
    shas = []
    for number in range(4):
        git(consumer.target, "commit", "-q", "--allow-empty", "-m", f"past {number}")
        shas.append(git(consumer.target, "rev-parse", "HEAD"))
    repo = consumer.github.repo
    before = len(repo.runs)

    def measured(_repository, run):
        def work():
            number = shas.index(run["inputs"]["git_sha"])
            publish(consumer, number, run["inputs"]["git_sha"])
            repo.finish_run(run)
        threading.Thread(target=work).start()

    consumer.github.on_run = measured
    try:
        done = consumer.workflow("workflow_dispatch", "backfill-benchmarks.yml",
                                 env={"LANCE_BENCH_POLL_INTERVAL": "1s"}, max_commits="3", interval="1",
                                 order="newest-first", budget="1h")
    finally:
        consumer.github.on_run = None
    succeeded(done)
    assert [run["inputs"]["git_sha"] for run in repo.runs[before:]] == shas[:0:-1]
    assert [(row["commit"], row["action"]) for row in consumer.result("backfill")] == [
        (sha, "measured") for sha in shas[:0:-1]]


def test_a_pull_request_is_measured_without_anything_to_steal(consumer, commits):
    fork = make_sample(consumer.forks / "stranger" / "wordbag")
    git(fork, "checkout", "-q", "-b", "topic", "first")
    suite = fork / "benchmarks" / "test_words.py"
    suite.write_text(suite.read_text() + (
        "\n\ndef test_greedy(benchmark):\n    import os\n    benchmark(len, 'x')\n"
        "    benchmark.extra_info['ENVIRONMENT'] = dict(os.environ)\n"))
    (fork / "lance-bench.json").write_text("{}")
    git(fork, "commit", "-q", "-a", "-m", "a change")
    head = git(fork, "rev-parse", "HEAD")
    # Where act leaves out the checkout: what is run says this repository.
    (consumer.repository / "trusted").mkdir()
    (consumer.repository / "trusted" / "lance-bench.json").write_text(json.dumps(
        {"python": {"suite": "benchmarks", "requirements": ["pytest==8.4.2", "pytest-benchmark==5.1.0"]}}))
    before = consumer.counts()
    done = succeeded(consumer.workflow(
        "workflow_dispatch", "run-benchmarks.yml", container=f"{NAMESPACES} {NODE}",
        env={"GITHUB_SERVER_URL": consumer.git_url}, git_sha=head, pr_number="7",
        pr_repo="stranger/wordbag", run_rust="false", run_python="true"))
    run = consumer.result("run")
    assert (run["commit"], run["outcome"]) == (head, "complete")
    # A run that a workflow's own token has dispatched starts no workflow: publish-results.yml is called.
    called = [run["inputs"] for run in consumer.github.repo.runs if run["path"].endswith("publish-results.yml")]
    assert [inputs["step"] for inputs in called] == ["progress", "finish"]
    assert len({inputs["run_id"] for inputs in called}) == 1 and called[0]["run_id"]
    assert {"pid", "mount", "network"} <= set(run["sandbox"].split(", ")), "a machine of one's own, and it can hold it"

    # The artifact is what the trusted half takes: the results are those of this commit.
    left = consumer.artifacts / "lance-bench-pull-request"
    manifest = json.loads((left / "manifest.json").read_text())
    assert (manifest["commit"], manifest["outcome"]) == (head, "complete")
    consumer.lance_bench("publish", "--artifact", left, "--expect-commit", head, "--dut-name", "wordbag",
                         "--testbed-name", "bed")
    rows = consumer.query("SELECT benchmark_name AS name FROM results_pr")
    assert {row["name"] for row in rows} == PYTHON | {"benchmarks/test_words.py::test_greedy"}
    assert consumer.counts() == before, "nothing of it is in the history"

    # What the foreign code saw of its environment: it says so itself, into its own results.
    [file] = [path for path in left.rglob("*.json") if "ENVIRONMENT" in path.read_text()]
    [greedy] = [test for test in json.loads(file.read_text())["benchmarks"] if test["name"] == "test_greedy"]
    seen = greedy["extra_info"]["ENVIRONMENT"]
    assert "PATH" in seen
    for name in seen:
        assert not name.startswith(("GITHUB_", "ACTIONS_", "AWS_", "LANCE_BENCH_", "LB_", "INPUT_", "RUNNER_")), name
    for secret in (TOKEN, *KEYS, DB):
        assert secret not in file.read_text()
