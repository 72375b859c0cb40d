"""The embedded Valkey: durable, alone in its folder, and gone with its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from jobs.store.embedded import EmbeddedError, EmbeddedValkey
from jobs.store.folder_lock import take

# starts a server, tells its URL and the server's pid, and waits to be ended
PARENT = """
import sys, time
from pathlib import Path
import redis
from jobs.store.embedded import EmbeddedValkey
valkey = EmbeddedValkey(Path(sys.argv[1])).start()
client = redis.from_url(valkey.url)
client.set("kept", "yes")
try:
    print(valkey.url, client.info("server")["process_id"], flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def valkey(tmp_path: Path):
    with EmbeddedValkey(tmp_path) as server:
        yield server


def wait_until(condition, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return met


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


def parent_on(folder: Path) -> tuple[subprocess.Popen[str], str, int]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    url, pid = parent.stdout.readline().split()
    return parent, url, int(pid)


def test_it_is_configured_to_keep_what_it_is_given(valkey):
    with redis.from_url(valkey.url, decode_responses=True) as client:
        wanted = {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "aof-use-rdb-preamble": "yes",
            "aof-load-truncated": "yes",
            "maxmemory-policy": "noeviction",
            "save": "",
            "port": "0",
        }
        assert {name: client.config_get(name)[name] for name in wanted} == wanted


def test_only_its_user_reaches_the_socket(valkey):
    socket = Path(valkey.url.removeprefix("unix://").partition("?")[0])
    assert socket.stat().st_mode & 0o077 == 0
    assert socket.parent.stat().st_mode & 0o077 == 0
    assert len(str(socket)) < 100


def test_data_outlives_the_server(tmp_path):
    for expected in (1, 2, 3):
        with EmbeddedValkey(tmp_path) as server, redis.from_url(server.url) as client:
            assert client.incr("starts") == expected


def test_it_leaves_no_socket_folder(tmp_path):
    with EmbeddedValkey(tmp_path) as server:
        folder = Path(server.url.removeprefix("unix://").partition("?")[0]).parent
        assert folder.is_dir()
    assert not folder.exists()
    assert server.exit_code == 0


def test_a_second_one_on_the_same_folder_is_refused_in_one_line(valkey, tmp_path):
    with pytest.raises(EmbeddedError) as refused:
        EmbeddedValkey(tmp_path).start()
    message = str(refused.value)
    assert str(tmp_path) in message
    assert str(os.getpid()) in message
    assert "--data-dir" in message
    assert "\n" not in message


def test_two_folders_are_two_servers(valkey, tmp_path):
    with (
        EmbeddedValkey(tmp_path / "other") as other,
        redis.from_url(other.url) as theirs,
        redis.from_url(valkey.url) as ours,
    ):
        theirs.set("whose", "other")
        assert ours.get("whose") is None


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EmbeddedError, match="--data-dir"):
        EmbeddedValkey(tmp_path / "file").start()


def test_a_platform_without_a_server_is_told_to_set_redis_url(tmp_path, monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(EmbeddedError, match="riscv64: set REDIS_URL"):
        EmbeddedValkey(tmp_path).start()


def test_a_file_that_cannot_be_read_ends_the_start_with_the_log_line(tmp_path):
    with EmbeddedValkey(tmp_path):
        pass
    (tmp_path / "valkey" / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")
    with pytest.raises(EmbeddedError, match=r"ended at its start: .*valkey\.log"):
        EmbeddedValkey(tmp_path).start()


def test_a_torn_tail_of_the_file_is_dropped(tmp_path):
    with EmbeddedValkey(tmp_path) as server, redis.from_url(server.url) as client:
        client.set("whole", "1")
        client.set("torn", "2")
    last = max((tmp_path / "valkey" / "appendonlydir").glob("*.incr.aof"))
    last.write_bytes(last.read_bytes()[:-3])
    with EmbeddedValkey(tmp_path) as server, redis.from_url(server.url) as client:
        assert (client.get("whole"), client.get("torn")) == (b"1", None)


def test_it_ends_when_its_parent_is_killed_and_nothing_is_lost(tmp_path):
    parent, url, pid = parent_on(tmp_path)
    parent.kill()
    parent.wait()
    # the next start waits for the old server to let go of the folder, without being told to
    with EmbeddedValkey(tmp_path) as server, redis.from_url(server.url) as client:
        assert client.get("kept") == b"yes"
    assert gone(pid)
    assert not Path(url.removeprefix("unix://").partition("?")[0]).parent.exists()
    parent.stdout.close()


def test_ctrl_c_does_not_reach_it(tmp_path):
    parent, url, pid = parent_on(tmp_path)
    try:
        os.killpg(parent.pid, signal.SIGINT)  # what a terminal does: to the whole group
        assert parent.stdout.readline() == "interrupted\n"
        with redis.from_url(url) as client:
            assert client.info("server")["process_id"] == pid
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    assert wait_until(lambda: gone(pid))


def test_a_child_that_inherits_the_leash_keeps_it_alive(tmp_path):
    with EmbeddedValkey(tmp_path) as server:
        holder = subprocess.Popen(["sleep", "60"], pass_fds=(server.keep_alive_fd,))
        try:
            os.close(os.dup(server.keep_alive_fd))
            with redis.from_url(server.url) as client:
                assert client.ping()
                started = time.monotonic()
                server.stop(timeout_s=0.3)  # held by the child: ended by force after the time it was given
                assert time.monotonic() - started >= 0.3
        finally:
            holder.kill()
            holder.wait()


def test_stop_may_be_repeated(tmp_path):
    server = EmbeddedValkey(tmp_path).start()
    server.stop()
    server.stop()
    with pytest.raises(EmbeddedError, match="not running"):
        _ = server.url


def test_a_shell_cannot_take_the_lock_s_number_for_its_own(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    lock = take(tmp_path, print)
    left_behind = subprocess.Popen(["sh", "-c", "exec 3<&-; sleep 0.5"], pass_fds=(lock,))
    os.pwrite(lock, f"{gone.pid}\n".encode(), 0)  # who took it is dead, and a child holds it
    os.close(lock)
    assert lock >= 10
    said: list[str] = []
    os.close(take(tmp_path, said.append))
    assert said == [f"waiting for what process {gone.pid} left behind to finish with {tmp_path.parent}"]
    left_behind.wait()
