from __future__ import annotations

import json
import re
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from chainkit import OPERATOR, Clock, ask, at, connected, everything, make, until, value_of

from dblrandom.adapters.hashchains import server as chainserver
from dblrandom.adapters.hashchains import site as chainsite
from dblrandom.adapters.hashchains.answers import answer
from dblrandom.adapters.hashchains.revealer import GREATEST_STEP, Revealer, steady_seconds
from dblrandom.adapters.hashchains.server import ChainServer
from dblrandom.adapters.hashchains.store import read_pulse, tick, verify
from dblrandom.adapters.lock import FolderLock
from dblrandom.errors import FolderError, InputError, NetworkError
from dblrandom.kernel.suite import SHA256, SM3, Suite


class Rig:
    """A revealer with a clock of its own."""

    def __init__(self, folder: Path, time: str, site: Path | None = None) -> None:
        self.said: list[str] = []
        self.clock = Clock.at(time)
        self.revealer = Revealer(
            folder=folder, now=self.clock.now, steady=self.clock.steady, warn=self.said.append, site=site
        )

    def pass_(self, seconds: int) -> int:
        """So many seconds pass; the last revealed step afterwards."""
        self.clock.go(seconds)
        return self.beat()

    def beat(self) -> int:
        for _ in range(100):
            if not self.revealer.beat():
                return self.revealer.last
        raise AssertionError("never at rest")


# When steps are revealed


def test_each_step_is_revealed_in_the_second_in_which_it_is_due(tmp_path: Path) -> None:
    info = make(tmp_path)
    rig = Rig(tmp_path, at(0))
    assert rig.beat() == 0
    for step in range(1, 11):
        assert rig.pass_(3599) == step - 1
        assert rig.pass_(1) == step
        assert read_pulse(tmp_path, step).value == value_of(info, step)
    assert rig.pass_(10**6) == 10
    assert rig.said == []
    assert rig.revealer.health() == {"due": 10, "next": None, "revealed": 10, "tip": info.tip, "troubles": []}


def test_what_fell_due_meanwhile_is_revealed_at_the_start(tmp_path: Path) -> None:
    info = make(tmp_path, 350)
    assert Rig(tmp_path, at(3)).beat() == 3
    rig = Rig(tmp_path, at(330, 17))
    assert rig.revealer.last == 3
    rounds = 0
    while rig.revealer.beat():
        rounds += 1
        assert rig.revealer.last < 330
    assert rounds >= 2, "a long way is gone in parts, so that a server can be stopped"
    assert verify(tmp_path) == (info, 330)


def test_a_clock_that_jumps_ahead_reveals_nothing_until_it_is_set_back(tmp_path: Path) -> None:
    make(tmp_path)
    rig = Rig(tmp_path, at(1))
    assert rig.beat() == 1
    rig.clock.set(at(9))
    assert rig.beat() == 1
    (warning,) = rig.said
    assert "jumped ahead by 28800 s" in warning
    assert rig.pass_(60) == 1, "it stays as wrong as it was"
    assert len(rig.said) == 1, "and is said once"
    assert rig.revealer.health()["troubles"] == ["clock"]
    assert rig.revealer.due == 1, "nobody is told that more is due"
    rig.clock.set(at(1, 60))
    assert rig.beat() == 1
    assert "in order again" in rig.said[1]
    assert rig.pass_(3540) == 2


def test_a_small_correction_of_the_clock_is_no_event(tmp_path: Path) -> None:
    make(tmp_path)
    rig = Rig(tmp_path, at(0))
    for step in (GREATEST_STEP, -GREATEST_STEP, -GREATEST_STEP, GREATEST_STEP, GREATEST_STEP, -GREATEST_STEP):
        rig.clock.shown += step
        rig.pass_(1)
    assert rig.said == []


def test_a_long_sleep_of_the_machine_is_no_jump_where_it_is_counted(tmp_path: Path) -> None:
    make(tmp_path)
    rig = Rig(tmp_path, at(0))
    assert rig.pass_(5 * 3600) == 5
    assert rig.said == []


def test_a_clock_that_goes_back_makes_steps_late_and_never_early(tmp_path: Path) -> None:
    make(tmp_path)
    rig = Rig(tmp_path, at(2, 1800))
    assert rig.beat() == 2
    rig.clock.set(at(2, 600))
    assert rig.beat() == 2
    (warning,) = rig.said
    assert "went back by 1200 s" in warning
    assert rig.pass_(1800) == 2, "it would be due by the time before"
    assert rig.pass_(1200) == 3
    assert rig.revealer.health()["troubles"] == ["clock"]


def test_what_was_due_by_a_clock_that_was_set_back_is_not_revealed(tmp_path: Path) -> None:
    """The clock was an hour ahead at the start, and is corrected before the first look."""
    make(tmp_path)
    rig = Rig(tmp_path, at(5))
    rig.clock.set(at(4))
    assert rig.beat() == 4


def test_a_clock_behind_a_revealed_step_is_warned_of(tmp_path: Path) -> None:
    make(tmp_path)
    tick(tmp_path, at(5))
    rig = Rig(tmp_path, at(3))
    assert rig.beat() == 5
    (warning,) = rig.said
    assert "step 5, due at 2024-01-01T05:00:00Z, is revealed" in warning
    assert rig.pass_(2 * 3600) == 5
    assert rig.revealer.troubles == {}
    assert rig.pass_(3600) == 6


def test_another_process_may_tick_too(tmp_path: Path) -> None:
    make(tmp_path)
    rig = Rig(tmp_path, at(1))
    tick(tmp_path, at(1))
    assert rig.beat() == 1
    rig.clock.go(3600)
    with FolderLock(tmp_path):
        assert rig.beat() == 1
        assert "is changing this folder" in rig.said[0]
        assert rig.beat() == 1
        assert len(rig.said) == 1
    assert rig.beat() == 1, "not again within the second"
    assert rig.pass_(1) == 2
    assert "the chain is in order again; step 2 is revealed" in rig.said[1]


def test_a_mistake_of_ours_does_not_end_the_revealing(tmp_path: Path) -> None:
    make(tmp_path)
    rig = Rig(tmp_path, at(1))
    rig.revealer.now = lambda: None  # type: ignore[assignment,return-value]
    assert not rig.revealer.beat()
    rig.revealer.now = rig.clock.now
    assert rig.pass_(2) == 1


def test_steady_seconds_pass() -> None:
    first = steady_seconds()
    assert type(first) is int
    assert 0 <= steady_seconds() - first <= 5


# What is answered


def get(revealer: Revealer, path: str) -> tuple[int, object]:
    reply = answer(path, revealer)
    return reply.status, json.loads(reply.body)


def test_the_addresses(tmp_path: Path) -> None:
    info = make(tmp_path)
    rig = Rig(tmp_path, at(3))
    rig.beat()
    described = (tmp_path / "chain.json").read_bytes()
    assert get(rig.revealer, "/chains") == (200, [info.tip])
    assert answer("/info", rig.revealer).body == answer(f"/{info.tip}/info", rig.revealer).body == described
    for step in (1, 2, 3):
        reply = answer(f"/{info.tip}/public/{step}", rig.revealer)
        assert reply.body == (tmp_path / f"pulses/000000{step}.json").read_bytes()
        assert "immutable" in reply.cache
    latest = answer(f"/{info.tip}/public/latest", rig.revealer)
    assert (latest.body, latest.cache) == (reply.body, "no-store")
    assert get(rig.revealer, "/health")[0] == 200
    assert answer("/", rig.revealer) == answer("/index.html", rig.revealer)


def test_a_step_that_is_not_due_says_when_it_is(tmp_path: Path) -> None:
    info = make(tmp_path)
    rig = Rig(tmp_path, at(3, 3590))
    rig.beat()
    reply = answer(f"/{info.tip}/public/4", rig.revealer)
    assert (reply.status, reply.wait, reply.cache) == (425, 10, "no-store")
    assert json.loads(reply.body) == {"due": at(4), "error": f"step 4 is not revealed before {at(4)}"}
    status, body = get(rig.revealer, f"/{info.tip}/public/11")
    assert (status, body) == (404, {"error": "the chain's last step is 10"})


def test_a_step_that_is_due_and_not_there_yet_can_be_asked_for_again(tmp_path: Path) -> None:
    info = make(tmp_path)
    rig = Rig(tmp_path, at(3))
    reply = answer(f"/{info.tip}/public/2", rig.revealer)
    assert (reply.status, reply.wait) == (503, 1)
    assert b"was due at" in reply.body


def test_before_the_first_step(tmp_path: Path) -> None:
    info = make(tmp_path)
    rig = Rig(tmp_path, at(0))
    assert get(rig.revealer, f"/{info.tip}/public/latest")[0] == 425
    assert "—".encode() in answer("/", rig.revealer).body


@pytest.mark.parametrize(
    "path",
    [
        "",
        "chains",
        "/chains/",
        "/chain.json",
        "/TIP",
        "/TIP/public/",
        "/TIP/public/0",
        "/TIP/public/01",
        "/TIP/public/-1",
        "/TIP/public/1?x",
        "/TIP/public/１",
        "/TIP/public/1\n",
        "/TIP/public/" + "9" * 5000,
    ],
)
def test_every_other_address_is_not_found(tmp_path: Path, path: str) -> None:
    info = make(tmp_path)
    rig = Rig(tmp_path, at(3))
    rig.beat()
    assert answer(path.replace("TIP", info.tip), rig.revealer).status == 404


def test_another_chain_is_not_known(tmp_path: Path) -> None:
    make(tmp_path)
    rig = Rig(tmp_path, at(3))
    status, body = get(rig.revealer, f"/{'0' * 64}/public/1")
    assert (status, body) == (404, {"error": "this chain is not published here; see /chains"})


# Over HTTP


def test_a_server_publishes_and_reveals(tmp_path: Path) -> None:
    info = make(tmp_path)
    clock = Clock.at(at(2))
    logged: list[str] = []
    with ChainServer(tmp_path, now=clock.now, steady=clock.steady, log=logged.append) as server:
        assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/", server.url)
        until(lambda: server.revealer.last == 2)
        path = f"/{info.tip}/public/3"
        assert ask(server.url, path).status == 425
        clock.go(3600)
        until(lambda: server.revealer.last == 3)
        got = ask(server.url, path)
        assert json.loads(got.body)["value"] == value_of(info, 3)
        head = ask(server.url, path, "HEAD")
        assert head.body == b""
        assert head.headers["content-length"] == str(len(got.body))
        assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert got.headers["access-control-allow-origin"] == "*"
        assert got.headers["content-type"] == "application/json"
        assert got.headers["server"] == "dblrandom"
        again = ask(server.url, path, If_None_Match=f'"other", W/{got.headers["etag"]}')
        assert (again.status, again.body) == (304, b"")
        assert ask(server.url, path, If_None_Match='"other"').status == 200
    assert f"127.0.0.1 425 'GET {path} HTTP/1.1'" in logged
    assert not [t for t in threading.enumerate() if t.name.startswith("chain ")]
    with pytest.raises(OSError, match=r"refused|reset"):
        ask(server.url, "/")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "X" * 50])
def test_other_methods_are_refused(tmp_path: Path, method: str) -> None:
    make(tmp_path)
    with ChainServer(tmp_path) as server:
        got = ask(server.url, "/chains", method)
        assert (got.status, got.headers["allow"]) == (405, "GET, HEAD")


def test_health_says_when_something_is_wrong(tmp_path: Path) -> None:
    make(tmp_path)
    clock = Clock.at(at(2))
    with ChainServer(tmp_path, now=clock.now, steady=clock.steady) as server:
        until(lambda: server.revealer.last == 2)
        assert ask(server.url, "/health").status == 200
        clock.set(at(8))
        until(lambda: bool(server.revealer.troubles))
        got = ask(server.url, "/health")
        assert (got.status, json.loads(got.body)["troubles"]) == (503, ["clock"])
        assert ask(server.url, "/chains").status == 200


def test_a_damaged_pulse_is_not_served_and_its_path_stays_here(tmp_path: Path) -> None:
    info = make(tmp_path)
    said: list[str] = []
    clock = Clock.at(at(2))
    with ChainServer(tmp_path, now=clock.now, steady=clock.steady, warn=said.append) as server:
        until(lambda: server.revealer.last == 2)
        (tmp_path / "pulses/0000001.json").write_bytes(b"{}")
        for _ in range(2):
            got = ask(server.url, f"/{info.tip}/public/1")
            assert got.status == 503
            assert str(tmp_path).encode() not in got.body
    assert len(said) == 1
    assert "0000001.json" in said[0]


def test_a_folder_without_secrets_is_not_served(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "secrets").rename(tmp_path / "elsewhere")
    with pytest.raises(FolderError, match="only the operator can reveal"):
        ChainServer(tmp_path)


def test_addresses_that_cannot_be_listened_at(tmp_path: Path) -> None:
    make(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for host, port in (
            ("127.0.0.1", taken.getsockname()[1]),
            ("192.0.2.1", 0),
            ("127.0.0.1", 70000),
            ("a\0b", 0),
            ("x" * 300 + ".", 0),
            (":", 0),
        ):
            with pytest.raises(NetworkError, match="cannot listen there"), ChainServer(tmp_path, host=host, port=port):
                pass
    with FolderLock(tmp_path / "secrets"):
        pass  # the failures gave it up


def test_a_connection_on_which_nothing_is_said_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path)
    monkeypatch.setattr(chainserver, "HEAD_SECONDS", 0.1)
    with ChainServer(tmp_path) as server, connected(server.url) as connection:
        assert everything(connection).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET\r\n\r\n", b"400"),
        (b"GET /chains HTTP/1.1 x y\r\n\r\n", b"400"),
        (b"GET /chains HTTP/9.0\r\n\r\n", b"505"),
        (b"\r\n\r\n", b""),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"400"),
        (b"GET /chains HTTP/1.1\nHost: x\n\n", b"200"),
        (b"GET http://x/chains HTTP/1.1\r\n\r\n", b"404"),
        (b"GET * HTTP/1.1\r\n\r\n", b"404"),
    ],
)
def test_malformed_requests(tmp_path: Path, request_: bytes, status: bytes) -> None:
    make(tmp_path)
    said: list[str] = []
    with ChainServer(tmp_path, warn=said.append) as server, connected(server.url) as connection:
        connection.sendall(request_)
        connection.shutdown(socket.SHUT_WR)
        got = everything(connection)
        assert got[9:12] == status
    assert said == []


# Static files


def tree(site: Path) -> dict[str, bytes]:
    return {str(p.relative_to(site)): p.read_bytes() for p in site.rglob("*") if p.is_file()}


def test_the_site_is_the_tree_that_the_server_serves(tmp_path: Path) -> None:
    info = make(tmp_path / "c")
    tick(tmp_path / "c", at(3))
    assert chainsite.render(tmp_path / "c", tmp_path / "site") == 8
    files = tree(tmp_path / "site")
    steps = {f"{info.tip}/public/{name}" for name in ("1", "2", "3", "latest")}
    assert files.keys() == {"chains", "info", "index.html", f"{info.tip}/info"} | steps
    revealer = Rig(tmp_path / "c", at(3)).revealer
    for path, data in files.items():
        assert answer(f"/{path}", revealer).body == data
    assert chainsite.render(tmp_path / "c", tmp_path / "site") == 0
    tick(tmp_path / "c", at(4))
    assert chainsite.render(tmp_path / "c", tmp_path / "site") == 3
    (tmp_path / "site" / "chains").write_bytes(b"[]")
    assert chainsite.render(tmp_path / "c", tmp_path / "site") == 1


def test_before_the_first_step_there_is_no_latest(tmp_path: Path) -> None:
    info = make(tmp_path / "c")
    assert chainsite.render(tmp_path / "c", tmp_path / "site") == 4
    assert not (tmp_path / "site" / info.tip / "public" / "latest").exists()
    assert chainsite.rendered(tmp_path / "site", info) == 0


def test_the_revealer_keeps_the_site_up_to_date(tmp_path: Path) -> None:
    info = make(tmp_path / "c", 300)
    site = tmp_path / "site"
    rig = Rig(tmp_path / "c", at(120), site)
    assert rig.beat() == 120
    assert chainsite.rendered(site, info) == 120
    rig.pass_(3600)
    assert chainsite.rendered(site, info) == 121
    tick(tmp_path / "c", at(130))
    rig = Rig(tmp_path / "c", at(130), site)
    rig.beat()
    assert chainsite.rendered(site, info) == 130
    assert chainsite.render(tmp_path / "c", site) == 0, "nothing is missing or wrong"
    assert rig.said == []


def test_a_site_that_cannot_be_written_does_not_keep_steps_back(tmp_path: Path) -> None:
    info = make(tmp_path / "c")
    site = tmp_path / "site"
    rig = Rig(tmp_path / "c", at(1), site)
    rig.beat()
    (site / info.tip / "public").rename(tmp_path / "public")
    (site / info.tip / "public").write_bytes(b"")
    assert rig.pass_(3600) == 2
    assert rig.revealer.health()["troubles"] == ["site"]
    (site / info.tip / "public").unlink()
    (tmp_path / "public").rename(site / info.tip / "public")
    assert rig.pass_(1) == 2
    assert "the site is in order again" in rig.said[1]
    assert chainsite.rendered(site, info) == 2


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[" * 4000, b"x" * 5000])
def test_a_damaged_site_is_written_anew(tmp_path: Path, data: bytes) -> None:
    info = make(tmp_path / "c")
    tick(tmp_path / "c", at(3))
    chainsite.render(tmp_path / "c", tmp_path / "site")
    (tmp_path / "site" / info.tip / "public" / "latest").write_bytes(data)
    assert chainsite.rendered(tmp_path / "site", info) == 0
    Rig(tmp_path / "c", at(3), tmp_path / "site").beat()
    assert chainsite.rendered(tmp_path / "site", info) == 3


def test_a_latest_of_another_chain_counts_for_nothing(tmp_path: Path) -> None:
    info = make(tmp_path / "c")
    other = make(tmp_path / "d", seed32=bytes(32))
    tick(tmp_path / "d", at(3))
    chainsite.render(tmp_path / "d", tmp_path / "site")
    (tmp_path / "site" / other.tip).rename(tmp_path / "site" / info.tip)
    assert chainsite.rendered(tmp_path / "site", info) == 0


@pytest.mark.parametrize("suite", [SHA256, SM3])
def test_the_page_tells_how_to_check_by_hand(tmp_path: Path, suite: Suite) -> None:
    info = make(tmp_path, suite=suite)
    tick(tmp_path, at(3))
    page = chainsite.index_page(info, read_pulse(tmp_path, 3)).decode("utf-8")
    command, printed = re.findall(r"<pre>(.*?)</pre>", page, re.DOTALL)
    for part in (info.tip, OPERATOR, at(3), f"4: {at(4)}", "哈希链信标", "Hash chain beacon"):
        assert part in page
    assert printed == read_pulse(tmp_path, 2).value
    run = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    if run.returncode == 0 and run.stdout:
        assert run.stdout.split()[0] == printed
    else:
        pytest.skip(f"this machine has no {command.split('|')[1].split()[0]} for {suite.name}")


def test_the_page_refers_to_no_other_host(tmp_path: Path) -> None:
    info = make(tmp_path)
    page = chainsite.index_page(info, None).decode("utf-8")
    assert "http" not in page
    assert "<script" not in page
    assert re.findall(r'href="([^"]*)"', page) == ["info", "chains", f"{info.tip}/public/latest"]


def test_errors_are_ours(tmp_path: Path) -> None:
    with pytest.raises(FolderError):
        Rig(tmp_path / "none", at(0))
    make(tmp_path)
    with pytest.raises(FolderError, match="publish its secrets"):
        Rig(tmp_path, at(0), tmp_path / "site")
    (tmp_path / "chain.json").write_bytes(b"{}")
    with pytest.raises(InputError), ChainServer(tmp_path):
        pass
