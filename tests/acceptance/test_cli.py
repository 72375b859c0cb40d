"""The command line as a user types it: files, pipes, failures, and what the examples promise."""

import io
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from service.cli.command import command as command_name
from service.cli.render import failure, preview, summary
from tests.acceptance.test_stack import Up, environment, free_port, up

EXAMPLES = Path(__file__).parents[2] / "examples"
CSV = "region,amount\nN,2\nS,3\nN,5\n"
TOTALS = (
    '[{"op": "groupby", "by": ["region"], "agg": {"total": ["amount", "sum"]}}, {"op": "sort_values", "by": "region"}]'
)
MISSPELT = '[{"op": "groupby", "by": ["regoin"], "agg": {"total": ["amount", "sum"]}}]'


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture
def sales(tmp_path) -> str:
    (tmp_path / "sales.csv").write_text(CSV)
    return str(tmp_path / "sales.csv")


def framequeue(*arguments: str, url: str = "", given: bytes = b"", extra: dict[str, str] | None = None):
    """Run the command; stdin and stdout are pipes."""
    variables = environment() | ({"FRAMEQUEUE_CLIENT__URL": url} if url else {}) | (extra or {})
    command = [sys.executable, "-m", "service.cli", *arguments]
    return subprocess.run(command, input=given, capture_output=True, env=variables, timeout=60, check=False)


def test_a_file_goes_in_and_csv_comes_out_of_a_pipe(stack, sales):
    done = framequeue("submit", sales, "--pipeline", TOTALS, url=stack.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"region,total\nN,7\nS,3\n", b"")


def test_rows_that_are_set_aside_are_counted_and_can_be_fetched(stack, tmp_path):
    (tmp_path / "dirty.csv").write_text("a,b\n1,2\n3\n", encoding="utf-8")
    done = framequeue("submit", str(tmp_path / "dirty.csv"), "--on-row-error", "reject", url=stack.url)
    assert (done.returncode, done.stdout) == (0, b"a,b\n1,2\n")
    said = re.search(r"warning: 1 row set aside: `.*framequeue rejects (\S+)`", done.stderr.decode())
    assert said is not None, done.stderr
    assert b",input.malformed," in framequeue("rejects", said[1], url=stack.url).stdout
    assert b"set aside  1 row" in framequeue("show", said[1], url=stack.url).stdout


def test_standard_input_is_an_input(stack):
    done = framequeue(
        "submit", "-", "--input-format", "csv", "-p", TOTALS, "--format", "ndjson", url=stack.url, given=CSV.encode()
    )
    assert done.returncode == 0, done.stderr
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"region": "N", "total": 7},
        {"region": "S", "total": 3},
    ]


def test_the_ending_of_the_output_decides_its_format(stack, sales, tmp_path):
    target = tmp_path / "totals.parquet"
    done = framequeue("submit", sales, "-p", TOTALS, "-o", str(target), url=stack.url)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert pq.read_table(target).to_pydict() == {"region": ["N", "S"], "total": [7, 3]}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sales.csv", "totals.parquet"]


def test_a_large_real_file_equals_the_plain_script(stack, tmp_path):
    target = tmp_path / "worst.parquet"
    pipeline = str(EXAMPLES / "worst_routes.json")
    done = framequeue("submit", str(EXAMPLES / "flights.csv"), "-p", pipeline, "-o", str(target), url=stack.url)
    assert done.returncode == 0, done.stderr
    flights = pd.read_csv(EXAMPLES / "flights.csv", keep_default_na=False, na_values=[""]).dropna(subset=["arr_delay"])
    routes = flights.groupby(["origin", "dest"], as_index=False).agg(
        flights=("flight", "count"), mean_delay=("arr_delay", "mean"), worst_delay=("arr_delay", "max")
    )
    routes = routes[routes.flights >= 30].sort_values(["mean_delay", "flights"], ascending=False).head(10)
    expected = routes.rename(columns={"origin": "from", "dest": "to"}).reset_index(drop=True)
    pd.testing.assert_frame_equal(pd.read_parquet(target), expected, check_dtype=False)


def test_named_inputs_go_as_parts(stack, sales, tmp_path):
    (tmp_path / "names.csv").write_text("region,name\nN,North\nS,South\n")
    pipeline = (
        '[{"op": "merge", "from": "sales", "right": "names", "on": "region", "how": "left"}, {"op": "head", "n": 1}]'
    )
    inputs = ("--input", f"sales={sales}", "--input", f"names={tmp_path / 'names.csv'}")
    done = framequeue("submit", *inputs, "-p", pipeline, "--label", "team=pricing", "--timeout-s", "30", url=stack.url)
    assert (done.returncode, done.stdout) == (0, b"region,amount,name\nN,2,North\n"), done.stderr


def test_no_wait_prints_the_id_and_show_comes_back_to_it(stack, sales, tmp_path):
    submitted = framequeue("submit", sales, "-p", TOTALS, "--no-wait", "--label", "team=pricing", url=stack.url)
    job_id = submitted.stdout.decode().strip()
    assert job_id.startswith("job_")
    fetched = framequeue("show", job_id, "-o", str(tmp_path / "out.csv"), url=stack.url)
    assert fetched.returncode == 0, fetched.stderr
    assert (tmp_path / "out.csv").read_text() == "region,total\nN,7\nS,3\n"
    shown = framequeue("show", job_id, url=stack.url)
    assert b"succeeded" in shown.stdout
    assert b"team=pricing" in shown.stdout
    assert json.loads(framequeue("show", job_id, "--json", url=stack.url).stdout)["id"] == job_id


def test_a_failed_job_exits_1_with_its_report_on_stderr(stack, sales, tmp_path):
    failed = framequeue("submit", sales, "-p", MISSPELT, "-o", str(tmp_path / "out.csv"), url=stack.url)
    assert (failed.returncode, failed.stdout) == (1, b"")
    report = failed.stderr.decode()
    for telling in ("regoin", "did you mean 'region'?", "/pipeline/0/by/0", "transform.column_unknown"):
        assert telling in report
    assert b"\x1b[" not in failed.stderr, "no colours where there is no terminal"
    assert not (tmp_path / "out.csv").exists()


def test_the_report_of_a_failed_step_shows_rows_dtype_and_shape(stack, sales):
    failed = framequeue("submit", sales, "-p", '[{"op": "astype", "dtype": {"region": "int64"}}]', url=stack.url)
    assert failed.returncode == 1
    for telling in ("1 (astype)", "region", "3 rows × 2 columns"):
        assert telling in failed.stderr.decode()


def test_a_refused_submission_exits_1_and_names_the_place(stack, sales):
    refused = framequeue("submit", sales, "-p", '[{"op": "gruopby"}]', url=stack.url)
    assert refused.returncode == 1
    assert "/pipeline/0" in refused.stderr.decode()
    assert refused.stderr.decode().count("did you mean 'groupby'?") == 1
    assert "framequeue transforms` lists the ops" in refused.stderr.decode()


def test_no_service_exits_3_and_says_what_to_do(sales):
    away = framequeue("submit", sales, "-p", "[]", "--server", f"http://127.0.0.1:{free_port()}")
    assert away.returncode == 3
    assert b"framequeue up" in away.stderr
    assert len(away.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "telling"),
    [
        (["submit", "nowhere.csv"], "nowhere.csv"),
        (["submit", "nowhere.dat"], "--input-format"),
        (["submit", "nowhere.txt"], "say it with --input-format"),
        (["submit", "-", "--input-format", "csv", "-o", "x.foo"], "say it with --format"),
        (["submit", "-", "--input-format", "csv", "-o", "x.xls"], "say it with --format"),
        (["submit", "-", "--input-format", "csv", "-p", ""], "--pipeline is empty"),
        (["submit", "-", "--input-format", "csv", "--input-charset", "latni"], "no charset 'latni'"),
        (["submit", "-", "--input-format", "ndjson", "--input-charset", "latin-1"], "CSV and TSV"),
        (["submit", "-"], "--input-format"),
        (["submit"], "no input"),
        (["submit", "-", "--input-format", "cvs"], "did you mean csv"),
        (["submit", "-", "--input-format", "csv", "-p", "[{]"], "not JSON"),
        (["submit", "-", "--input-format", "csv", "-p", "nowhere.json"], "nowhere.json"),
        (["submit", "-", "--input-format", "csv", "-p", '{"op": "head"}'], "list of steps"),
        (["submit", "-", "--input-format", "csv", "-o", "x.doc"], ".parquet"),
        (["submit", "-", "--input-format", "csv", "-o", "/nowhere/x.csv"], "/nowhere/x.csv"),
        (["submit", "-", "--input-format", "csv", "--label", "team"], "--label"),
        (["submit", "--input", "1a=x.csv"], "1a"),
        (["submit", "--frobnicate"], "--frobnicate"),
        (["keys", "new", "--tenant", "a", "--scope", "jobs:wriet"], "jobs:write"),
        (["api"], "framequeue up"),
        (["worker"], "framequeue up"),
    ],
)
def test_wrong_usage_exits_2_before_anything_is_sent(arguments, telling):
    wrong = framequeue(*arguments)
    assert wrong.returncode == 2, wrong.stderr
    assert telling in wrong.stderr.decode()
    assert "Traceback" not in wrong.stderr.decode()


def test_a_wrong_setting_is_one_line(sales):
    wrong = framequeue("submit", sales, extra={"FRAMEQUEUE_WORKR__THREADS": "2"})
    assert wrong.returncode == 2
    assert wrong.stderr.decode().splitlines() == [
        "framequeue: unknown setting FRAMEQUEUE_WORKR__THREADS; did you mean FRAMEQUEUE_WORKER__THREADS?"
    ]


def test_config_masks_secrets():
    printed = framequeue("config", extra={"REDIS_URL": "redis://:hush@somewhere:6379/0"})
    assert printed.returncode == 0
    assert b"hush" not in printed.stdout
    assert b"FRAMEQUEUE_REDIS__URL=********\n" in printed.stdout
    assert b"FRAMEQUEUE_WORKER__LEASE_S=10.0\n" in printed.stdout


def test_a_new_key_fits_its_configuration():
    made = framequeue("keys", "new", "--tenant", "acme", "--scope", "jobs:read").stdout.decode()
    entry = json.loads(next(line for line in made.splitlines() if line.startswith("entry"))[7:])
    checked = framequeue("config", extra={"FRAMEQUEUE_AUTH__KEYS": json.dumps([entry])})
    assert checked.returncode == 0, checked.stderr
    assert entry["tenant"] == "acme"


def test_a_new_key_without_scopes_can_do_the_everyday_things():
    made = framequeue("keys", "new", "--tenant", "pricing").stdout.decode()
    entry = json.loads(next(line for line in made.splitlines() if line.startswith("entry"))[7:])
    assert entry["scopes"] == ["frames", "jobs:read", "jobs:write"]
    told = " ".join(framequeue("keys", "new", "-h").stdout.decode().replace("│", " ").split())
    assert "Without it: jobs:write, jobs:read and frames." in told


def test_another_charset_can_be_named(stack):
    text = "name\nZürich\n"
    given = ("submit", "-", "--input-format", "csv", "--input-charset", "latin-1")
    done = framequeue(*given, url=stack.url, given=text.encode("latin-1"))
    assert (done.returncode, done.stdout) == (0, text.encode()), done.stderr


def test_a_result_that_cannot_be_had_in_one_format_is_still_there_in_another(stack, tmp_path):
    twice = b"a,a\n1,2\n"
    failed = framequeue("submit", "-", "--input-format", "csv", "--format", "json", url=stack.url, given=twice)
    assert (failed.returncode, failed.stdout) == (1, b""), failed.stderr
    told = failed.stderr.decode()
    assert "result.not_representable" in told
    job_id = re.search(r"framequeue show (job_[\w-]+) -o FILE\.csv", told)[1]
    assert framequeue("show", job_id, "-o", str(tmp_path / "a.csv"), url=stack.url).returncode == 0
    assert (tmp_path / "a.csv").read_bytes() == twice


def test_transforms_lists_and_explains(stack):
    listed = framequeue("transforms", url=stack.url).stdout.decode()
    assert {"select", "query", "groupby", "merge"} <= {line.split("\t")[0] for line in listed.splitlines()}
    explained = framequeue("transforms", "sort_values", url=stack.url).stdout.decode()
    assert "ascending" in explained
    unknown = framequeue("transforms", "sort_valeus", url=stack.url)
    assert unknown.returncode == 1
    assert b"sort_values" in unknown.stderr


def test_a_reader_that_leaves_is_no_error_message(stack, tmp_path):
    wide = tmp_path / "wide.csv"
    wide.write_text("a,b\n" + "".join(f"{row},{'x' * 40}\n" for row in range(20_000)))
    command = f'"{sys.executable}" -m service.cli submit "{wide}" -p "[]" --server {stack.url} | head -n 1'
    done = subprocess.run(["sh", "-c", command], capture_output=True, env=environment(), timeout=60, check=False)
    assert (done.stdout, done.stderr) == (b"a,b\n", b"")


def test_help_is_quick_and_loads_no_frames():
    code = (
        "import sys; sys.argv = ['framequeue', 'submit', '-h']\nimport service.cli.main\n"
        "try:\n    service.cli.main.main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'config', 'pandas', 'pyarrow', 'httpx', 'redis'} & set(sys.modules)\nassert not heavy, heavy"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=False)
    assert shown.returncode == 0, shown.stderr
    assert "--pipeline" in shown.stdout


def test_submitting_loads_no_frames_either():
    code = "import sys\nfrom service.cli import submit, settings, catalogue\n"
    code += (
        "heavy = {'pandas', 'numpy', 'pyarrow', 'redis', 'arq', 'fastapi'} & set(sys.modules)\nassert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The URL of a service that answers with `handler`."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as service:
        threading.Thread(target=service.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{service.server_port}"
        service.shutdown()


class NeverEnding(BaseHTTPRequestHandler):
    """A service whose only job runs for ever."""

    job: ClassVar = {"id": "job_forever", "state": "running", "progress": {"step": 1, "steps": 2, "fraction": 0.5}}
    asked: ClassVar = threading.Event()

    def do_POST(self):
        while self.rfile.readline().strip() != b"0":  # the last chunk of the body
            pass
        self.answer(202)

    def do_GET(self):
        self.asked.set()
        self.answer(200)

    def answer(self, status: int):
        body = json.dumps(self.job).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def test_ctrl_c_while_waiting_leaves_the_job_and_says_how_to_come_back():
    with serving(NeverEnding) as url:
        command = [sys.executable, "-m", "service.cli", "submit", "-", "--input-format", "csv", "--server", url]
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, env=environment(), **pipes) as waiting:
            assert NeverEnding.asked.wait(30)
            waiting.send_signal(signal.SIGINT)
            _, told = waiting.communicate(timeout=20)
    assert waiting.returncode == 130
    assert told.decode() == (
        f"framequeue: the job goes on without you: `{command_name()} show job_forever --wait` comes back to it\n"
    )


class Warned(NeverEnding):
    """A service whose only job has succeeded, with warnings."""

    job: ClassVar = {
        "id": "job_warned",
        "state": "succeeded",
        "warnings": [{"code": "a", "detail": "column 'x': " + "9" * 90}, {"code": "b", "detail": "b\nb"}],
    }


def test_warnings_are_lines_on_stderr():
    with serving(Warned) as url:
        done = framequeue("submit", "-", "--input-format", "csv", url=url)
    told = ["warning: column 'x': " + "9" * 90, "warning: b\\nb"]
    assert (done.returncode, done.stderr.decode().splitlines()) == (0, told)


class Locked(NeverEnding):
    """A service that asks for a key."""

    job: ClassVar = {"code": "auth.key_missing", "title": "No API key", "detail": "this service asks for a key"}

    def do_GET(self):
        self.answer(401)


def test_a_missing_key_is_told_with_the_option_that_sends_it():
    with serving(Locked) as url:
        refused = framequeue("show", "job_1", url=url)
    assert refused.returncode == 1
    for telling in ("this service asks for a key", "--key", "FRAMEQUEUE_CLIENT__KEY"):
        assert telling in refused.stderr.decode()


def test_hints_name_the_command_as_it_can_be_typed(tmp_path):
    script = tmp_path / "bin" / "framequeue"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\nfrom service.cli.main import main\nmain()\n")
    script.chmod(0o755)
    away = ["show", "job_1", "--server", f"http://127.0.0.1:{free_port()}"]
    variables = environment() | {"PYTHONPATH": str(EXAMPLES.parent), "PATH": "/usr/bin:/bin"}
    known = variables | {"PATH": f"{script.parent}:/usr/bin:/bin"}
    for folder, path, expected in (
        (tmp_path, variables, "`bin/framequeue up`"),
        (script.parent, variables, "`./framequeue up`"),
        (EXAMPLES, variables, f"`{script} up`"),
        (EXAMPLES, known, "`framequeue up`"),
    ):
        told = subprocess.run([script, *away], capture_output=True, text=True, env=path, cwd=folder, check=False).stderr
        assert expected in told


def shown(renderable, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(renderable)
    return console.file.getvalue()


def test_a_wide_table_shows_the_columns_that_can_be_read_and_counts_the_others():
    row = {f"column_{number}": 123_456_789 for number in range(19)}
    columns = [{"name": name} for name in row]
    job = {"result": {"columns": columns, "rows": 27_004, "preview": {"records": [row, row]}}}
    narrow = shown(preview(job, 20), 80)
    assert "column_4" in narrow
    assert "column_7" not in narrow
    assert narrow.count("123456789") == 2 * narrow.count("column_"), "no number is folded"
    assert "27,004 rows × 19 columns; 2 rows and 6 of 19 columns shown" in narrow
    assert "column_18" in shown(preview(job, 20), 400)


def test_one_is_no_plural_and_no_steps_have_no_progress():
    job = {"result": {"columns": [{"name": "a"}], "rows": 1, "preview": {"records": [{"a": 1}]}}}
    assert "1 row × 1 column\n" in shown(preview(job, 20), 80)
    job = {"id": "job_1", "state": "succeeded", "progress": {"step": 0, "steps": 0, "fraction": 1.0}}
    assert "progress" not in shown(summary(job), 80)


def test_the_column_that_an_error_speaks_of_is_always_shown():
    row = {f"column_{number}": number for number in range(19)}
    job = {"error": {"title": "Bad", "code": "x", "detail": "column 'column_18' is bad"}}
    told = shown(failure(job, {"attempts": [{"samples": [row]}]}), 80)
    assert told.count("column_18") == 2
    assert "of 19 columns shown" in told


def test_both_files_of_flights_hold_the_same_table():
    plain = pd.read_csv(EXAMPLES / "flights.csv", keep_default_na=False, na_values=[""], parse_dates=["time_hour"])
    columnar = pd.read_parquet(EXAMPLES / "flights.parquet")
    assert plain.shape == (27_004, 19)
    assert columnar["dep_time"].isna().sum() == 521
    assert b",NA," not in (EXAMPLES / "flights.csv").read_bytes()
    pd.testing.assert_frame_equal(plain, columnar, check_dtype=False)
