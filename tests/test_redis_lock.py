"""The run lock in the data folder and in Redis: held by one, freed when he dies, and what is told when it is lost."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from itertools import pairwise

import pytest
from click.testing import CliRunner
from redis import Redis
from redis_server import free_port, running, until

from crawler.cli import cli
from crawler.lock import HeldLock, RunLockedError, run_lock
from crawler.shared.lock import redis_run_lock
from crawler.shared.server import ping, shown
from crawler.storage import StorageError

KEY = "presswatch:run:ledger"
SHORT = {"ttl": 1.5, "timeout": 0.4}  # seconds

HOLDER = """
import sys
from pathlib import Path
from crawler.lock import run_lock
from crawler.shared.lock import redis_run_lock

kind, data, url = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
with run_lock(data) if kind == "file" else redis_run_lock(url, "ledger", data=data, ttl=1.5, timeout=0.4):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(params=["file", "redis"])
def kind(request):
    return request.param


@pytest.fixture
def take(kind, tmp_path, request):
    """Makes a lock, the same one each time, as another process would."""
    if kind == "file":
        return lambda: run_lock(tmp_path)
    url = request.getfixturevalue("redis_url")
    return lambda: redis_run_lock(url, "ledger", data=tmp_path, **SHORT)


@pytest.fixture
def held(redis_server, tmp_path):
    """A short-lived lock on a server of the test's own, with what was told of its loss."""

    @contextmanager
    def hold(**more):
        with redis_run_lock(redis_server.url, "ledger", data=tmp_path, **(SHORT | more)) as lock:
            told = []
            lose = lock.lose
            lock.lose = lambda reason: (told.append(reason), lose(reason))
            yield lock, told

    return hold


def test_one_holds_it_and_after_him_the_next(take):
    for _ in range(2):
        with take(), pytest.raises(RunLockedError, match="another run holds"), take():
            pass


def test_a_holder_who_is_killed_holds_it_no_longer(kind, take, tmp_path, request):
    url = request.getfixturevalue("redis_url") if kind == "redis" else ""
    command = [sys.executable, "-c", HOLDER, kind, str(tmp_path), url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunLockedError), take():
            pass
        holder.kill()
        holder.wait()

    def taken():
        try:
            with take():
                return True
        except RunLockedError:
            return False

    assert until(taken) if kind == "redis" else taken()


def test_one_that_ran_out_while_its_holder_stood_still_is_lost_though_nobody_took_it(redis_url, tmp_path):
    command = [sys.executable, "-c", HOLDER, "redis", str(tmp_path), redis_url]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, **pipes, text=True) as holder, Redis.from_url(redis_url) as client:
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(signal.SIGSTOP)
        until(lambda: not client.exists(KEY), "the end of the lock")
        holder.send_signal(signal.SIGCONT)
        assert "was lost: it ran out while this process stood still" in holder.stderr.readline()
        assert not client.exists(KEY)
        holder.stdin.close()
    assert holder.returncode == 0


def test_whoever_finds_it_held_is_told_by_whom(redis_url, tmp_path):
    mine, another = (redis_run_lock(redis_url, "ledger", data=tmp_path) for _ in range(2))
    with mine, pytest.raises(RunLockedError) as refused, another:
        pass
    told = f"process {os.getpid()} on {socket.gethostname()}, which works on {tmp_path}"
    assert told in str(refused.value)


def test_another_ledger_has_another_lock(redis_url, tmp_path):
    one, other = (redis_run_lock(redis_url, ledger, data=tmp_path) for ledger in ("ledger", "other"))
    with one, other, Redis.from_url(redis_url, decode_responses=True) as client:
        assert sorted(client.scan_iter()) == [KEY, "presswatch:run:other"]


def test_nothing_is_left_of_one_that_was_released(redis_url, tmp_path):
    with redis_run_lock(redis_url, "ledger", data=tmp_path):
        pass
    with Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0


def renewals(client, wanted):
    """Watch the key's time to live until it was raised so often."""
    seen = [client.pttl(KEY)]

    def enough():
        seen.append(client.pttl(KEY))
        return sum(later > earlier for earlier, later in pairwise(seen)) >= wanted

    until(enough, "the renewals")
    return seen


def test_it_is_renewed_also_while_the_loop_is_busy(held, redis_server):
    async def busy():
        stopped = []
        with held() as (lock, told), lock.telling(stopped.append), redis_server.client() as client:
            seen = renewals(client, wanted=4)  # longer than it lives by itself, and nothing else has a turn meanwhile
        return told, stopped, min(seen)

    told, stopped, least = asyncio.run(busy())
    assert (told, stopped) == ([], [])
    assert least > 0


def test_one_that_another_has_taken_is_lost_and_that_is_told_once(held, redis_server):
    with redis_server.client() as client:
        with held(ttl=3) as (_, told):
            client.set(KEY, "another", px=60_000)
            until(lambda: told, "word of the loss")
        assert client.get(KEY) == "another"
    assert [reason.endswith("was lost: another run has taken it") for reason in told] == [True]


def test_one_that_a_restarted_server_forgot_is_taken_again(held, redis_server):
    with held(ttl=6, timeout=0.5) as (_, told):
        redis_server.kill()
        redis_server.start()
        with redis_server.client() as client:
            until(lambda: client.get(KEY), "the lock")
    assert told == []


def test_one_whose_server_is_gone_for_longer_than_it_lives_is_lost(held, redis_server):
    with held() as (_, told):
        redis_server.kill()
        until(lambda: told, "word of the loss")
    assert ["Redis has not answered for 1.5 s" in reason for reason in told] == [True]


def test_one_whose_server_falls_silent_is_lost_before_another_can_have_it(held, redis_server):
    with redis_server.client() as client:
        with held() as (_, told):
            redis_server.fall_silent()
            until(lambda: told, "word of the loss")
            redis_server.speak_again()
        until(lambda: not client.exists(KEY))
    assert len(told) == 1


def test_a_loss_is_told_to_the_loop_that_listens_else_to_the_log(caplog):
    async def listen(lock, at_once=""):
        heard = asyncio.get_running_loop().create_future()
        with lock.telling(heard.set_result):
            if not at_once:
                await asyncio.to_thread(lock.lose, "gone")
            return await heard

    lock = HeldLock()
    assert asyncio.run(listen(lock)) == "gone"
    assert asyncio.run(listen(lock, at_once="was lost before")) == "gone"
    assert not caplog.records
    lock.lose("gone again")
    assert caplog.messages == ["gone again"]


# -- words ------------------------------------------------------------------------------------------------------------

URLS = [
    ("redis://:geheim@localhost:6379/3", "redis://localhost:6379/3"),
    ("rediss://user:geheim@redis.example", "rediss://redis.example"),
    ("redis://redis.example/0?password=geheim", "redis://redis.example/0"),
    ("unix:///run/redis.sock?db=1&password=geheim", "unix:///run/redis.sock"),
    ("unix://user:geheim@/run/redis.sock", "unix:///run/redis.sock"),
    ("redis://:geheim@[::1]:6379/0", "redis://[::1]:6379/0"),
    ("redis://:ge/heim@localhost/0", "redis://..."),
    ("redis://:12#geheim@localhost/0", "redis://..."),
    ("redis://:12?geheim@localhost/0", "redis://..."),
    ("redis://localhost:geheim/0", "redis://..."),
    ("redis://x:geheim", "redis://..."),
    ("redis://localhost/geheim", "redis://localhost/..."),
    ("redis://geheim[9@localhost/0", "redis://..."),
    ("redis://:12?34@localhost/0", "redis://..."),
    ("redis://ge%heim", "redis://..."),
    ("redis://my_redis:6379/0", "redis://my_redis:6379/0"),
]


@pytest.mark.parametrize(("url", "words"), URLS, ids=[words for _, words in URLS])
def test_a_url_is_shown_without_its_password(url, words):
    assert shown(url) == words


@pytest.mark.parametrize("url", [url for url, _ in URLS])
def test_no_fault_shows_the_password(url, tmp_path, caplog):
    caplog.set_level("DEBUG")
    url = url.replace("redis.example", "127.0.0.1").replace(":6379", f":{free_port()}")
    told = ping(url)
    assert told
    with pytest.raises(StorageError) as refused, redis_run_lock(url, "ledger", data=tmp_path):
        pass
    assert "geheim" not in told + str(refused.value) + caplog.text
    assert "heim" not in told


@pytest.mark.parametrize(
    ("secret", "words"),
    [("right", ""), ("geheim", "it refuses the user or the password"), ("", "it wants a password")],
)
def test_what_a_server_with_a_password_says(tmp_path, secret, words):
    with running(tmp_path, password="right") as server:
        told = ping(server.url.replace("right", secret) if secret else f"redis://127.0.0.1:{server.port}/0")
    assert (words in told) if words else told == ""
    assert secret in ("", "right") or secret not in told


def test_a_database_that_the_server_has_not_is_told(redis_server):
    assert "DB index is out of range" in ping(f"redis://127.0.0.1:{redis_server.port}/99")


# -- commands ---------------------------------------------------------------------------------------------------------


def invoke(rig, *words):
    options = ["--config", rig.config, "--data", rig.data, "--route", rig.route]
    return CliRunner().invoke(cli, [*map(str, options), *map(str, words)], prog_name="presswatch")


@pytest.fixture
def lived(rig, site, redis_url):
    """An installation with Redis that has crawled once."""
    rig.write("presswatch.yaml", {"min_free_mb": 0, "redis_url": redis_url})
    assert invoke(rig, "crawl").exit_code == 3  # the feed is not there
    return rig


@contextmanager
def held_elsewhere(rig, redis_url):
    """Another machine works on the same ledger; its file lock is not seen here."""
    [(ledger,)] = rig.query("SELECT value FROM meta WHERE name = 'installation'")
    with redis_run_lock(redis_url, ledger, data=rig.data):
        yield


@pytest.mark.parametrize(
    "command",
    [
        ["crawl"],
        ["crawl", "--all", "--strict"],
        ["forget", "https://alpha.example/a", "--reason", "asked to", "--yes"],
        ["migrate"],
        ["archive", "rebuild"],
        ["archive", "prune"],
        ["seeds", "import", "{folder}"],
        ["import", "{warc}"],
    ],
    ids=" ".join,
)
def test_every_command_that_writes_waits_for_the_one_on_another_machine(lived, redis_url, tmp_path, command):
    (tmp_path / "seeds").mkdir()
    warc = tmp_path / "x.warc.gz"
    warc.write_bytes(b"")
    words = [word.format(folder=tmp_path / "seeds", warc=warc) for word in command]
    runs = lived.query("SELECT count(*) FROM run")
    with held_elsewhere(lived, redis_url):
        result = invoke(lived, *words)
        assert (result.exit_code, result.stdout) == (4, "")
        assert f"process {os.getpid()} on" in result.stderr
        assert invoke(lived, "crawl", "--if-idle").exit_code == 0
    assert lived.query("SELECT count(*) FROM run") == runs


def test_a_database_without_an_id_is_migrated_all_the_same(rig, site, redis_url):
    rig.crawl()
    rig.write("presswatch.yaml", {"min_free_mb": 0, "redis_url": redis_url})
    assert invoke(rig, "migrate").exit_code == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://:geheim@127.0.0.1:{closed}/0", "Connection refused"),
        ("redis://:geheim@127.0.0.1:{open}/0", "refuses the user or the password"),
        ("redis://127.0.0.1:{open}/0", "wants a password"),
        ("redis://:ge/heim@127.0.0.1:{open}/0", "cannot be read"),
        ("unix:///nowhere/redis.sock?password=geheim", "No such file"),
    ],
)
def test_a_server_that_cannot_be_used_ends_a_run_before_it_begins(rig, site, tmp_path, url, words):
    with running(tmp_path, password="right") as server:
        url = url.format(closed=free_port(), open=server.port)
        rig.write("presswatch.yaml", {"min_free_mb": 0, "redis_url": url})
        result = invoke(rig, "crawl")
    assert (result.exit_code, result.stdout) == (1, "")
    assert words in result.stderr
    assert "redis_url" in result.stderr
    assert "geheim" not in result.stderr
    assert "heim@" not in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert rig.query("SELECT count(*) FROM run") == [(0,)]
    assert site.hits == []
