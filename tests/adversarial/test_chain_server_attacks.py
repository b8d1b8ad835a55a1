"""Attacks on a published hash chain: from outside on the server, and by a server on those who rely on it."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from chainkit import Clock, ask, at, connected, everything, make, source, until, value_of
from relay import Relay, plain, status

from dblrandom.adapters.hashchains import server as chainserver
from dblrandom.adapters.hashchains import site as chainsite
from dblrandom.adapters.hashchains.client import fetch_chain, fetch_step, mirror
from dblrandom.adapters.hashchains.files import ChainInfo, Pulse
from dblrandom.adapters.hashchains.server import HEAD_LIMIT, ChainServer
from dblrandom.adapters.hashchains.store import read_pulse, tick, verify
from dblrandom.adapters.network.http import Client
from dblrandom.errors import EntropyError, FolderError, NetworkError, NotYetPublic, VerificationError
from dblrandom.kernel.canonical import encode
from dblrandom.model import time_seconds, time_text

CLIENT = Client(sleep=lambda _: None)


@contextmanager
def serving(folder: Path, *, step: int = 3, site: Path | None = None) -> Iterator[tuple[ChainServer, Clock, list[str]]]:
    """A server whose clock says that ``step`` is due, which it has revealed."""
    clock = Clock.at(at(step))
    said: list[str] = []
    with ChainServer(folder, site=site, now=clock.now, steady=clock.steady, warn=said.append) as server:
        until(lambda: server.revealer.last == step)
        yield server, clock, said


def secrets_of(folder: Path) -> list[bytes]:
    """Every line below ``secrets/``, as text and as raw bytes."""
    found = []
    for name in ("chain.seed", "chain.marks"):
        for line in (folder / "secrets" / name).read_bytes().split():
            found += [line, bytes.fromhex(line.decode())]
    return found


TRAVERSALS = (
    "/../secrets/chain.seed",
    "/TIP/../../secrets/chain.seed",
    "/%2e%2e/secrets/chain.seed",
    "/%2e%2e%2fsecrets%2fchain.seed",
    "/TIP/public/..%2f..%2fsecrets/chain.seed",
    "/TIP/public/%252e%252e/secrets/chain.seed",
    "/TIP/public/..\\..\\secrets\\chain.seed",
    "/TIP/public/..%5c..%5csecrets%5cchain.seed",
    "/TIP/public/1%00",
    "/TIP/public/1\0.json",
    "/TIP/public/latest/../../../secrets/chain.seed",
    "/TIP/public/./1",
    "/TIP//public/1",
    "/TIP/public/%31",
    "/TIP/public/\xc0\xae\xc0\xae/secrets/chain.seed",
    "/pulses/0000001.json",
    "/chain.json",
    "/lock",
    "/etc/passwd",
    "//etc/passwd",
    "file:///etc/passwd",
)


def test_path_traversal(tmp_path: Path) -> None:
    info = make(tmp_path, 2500)
    hidden = secrets_of(tmp_path)
    with serving(tmp_path) as (server, _, said):
        for path in TRAVERSALS:
            with connected(server.url) as connection:
                line = f"GET {path.replace('TIP', info.tip)} HTTP/1.1\r\nHost: x\r\n\r\n"
                connection.sendall(line.encode("latin-1"))
                got = everything(connection)
            assert got.startswith(b"HTTP/1.1 404 "), (path, got)
            assert b"root:" not in got
            assert not any(secret in got for secret in hidden)
    assert said == []


def test_asking_for_a_step_early(tmp_path: Path) -> None:
    info = make(tmp_path)
    with serving(tmp_path) as (server, clock, _):
        clock.go(3599)
        for step in range(4, 11):
            for method in ("GET", "HEAD"):
                got = ask(server.url, f"/{info.tip}/public/{step}", method, If_None_Match="*")
                assert got.status == 425
                assert value_of(info, step).encode() not in got.body
        assert json.loads(ask(server.url, f"/{info.tip}/public/latest").body)["step"] == 3
        assert len(os.listdir(tmp_path / "pulses")) == 3
        with pytest.raises(NotYetPublic, match=f"is due at {at(4)}"):
            mirror(server.url, info.tip, tmp_path / "copy", client=CLIENT, now=clock.now, step=4)
        fast = Clock.at(at(6))
        with pytest.raises(NetworkError, match=f"step 4 was due at {at(4)} and is not published there"):
            fetch_step(server.url, source(info, 4), client=CLIENT, now=fast.now)


def test_a_clock_set_ahead_to_get_a_step_early(tmp_path: Path) -> None:
    info = make(tmp_path)
    with serving(tmp_path) as (server, clock, said):
        clock.set(at(9))
        until(lambda: bool(said))
        assert "jumped ahead" in said[0]
        assert ask(server.url, f"/{info.tip}/public/4").status == 425
    assert len(os.listdir(tmp_path / "pulses")) == 3


def test_secrets_are_never_served_nor_listed_nor_in_the_site(tmp_path: Path) -> None:
    info = make(tmp_path / "chain", 2500)
    hidden = secrets_of(tmp_path / "chain")
    hidden += [value_of(info, step).encode() for step in range(4, 10)]
    site = tmp_path / "site"
    with serving(tmp_path / "chain", site=site) as (server, _, _):
        until(lambda: chainsite.rendered(site, info) == 3)
        paths = [
            "/",
            "/secrets",
            "/secrets/",
            "/secrets/chain.seed",
            "/secrets/chain.marks",
            "/health",
            "/chains",
            "/info",
        ]
        for path in [*paths, f"/{info.tip}/public/", f"/{info.tip}/public/latest", f"/{info.tip}/info"]:
            got = ask(server.url, path)
            assert not any(secret in got.body for secret in hidden)
            assert b"secrets" not in got.body
    files = [p for p in site.rglob("*") if p.is_file()]
    assert len(files) == 8
    for path in files:
        assert not any(secret in path.read_bytes() for secret in hidden)


def test_a_site_around_or_within_the_folder_would_publish_its_secrets(tmp_path: Path) -> None:
    chain = tmp_path / "web" / "chain"
    make(chain)
    (tmp_path / "link").symlink_to(chain, target_is_directory=True)
    for site in (
        chain,
        chain / "site",
        chain / "secrets",
        tmp_path,
        tmp_path / "web",
        tmp_path / "link",
        tmp_path / "link" / "x",
    ):
        with pytest.raises(FolderError, match="could publish its secrets"):
            chainsite.render(chain, site)
        with pytest.raises(FolderError, match="could publish its secrets"), ChainServer(chain, site=site):
            pass
    assert not (chain / "site").exists()
    assert sorted(os.listdir(chain / "secrets")) == ["chain.marks", "chain.seed", "lock"]


def test_a_link_in_the_place_of_a_pulse_does_not_show_another_file(tmp_path: Path) -> None:
    info = make(tmp_path)
    with serving(tmp_path) as (server, _, _):
        path = tmp_path / "pulses" / "0000002.json"
        path.unlink()
        path.symlink_to(tmp_path / "secrets" / "chain.seed")
        got = ask(server.url, f"/{info.tip}/public/2")
        assert got.status == 503
        assert not any(secret in got.body for secret in secrets_of(tmp_path))


def dropped(connection: socket.socket) -> bool:
    """Whether the server has closed the connection."""
    connection.settimeout(0)
    try:
        return not connection.recv(1)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_slow_loris_does_not_block_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three times as many slow clients as there is room for: the one who asks properly is served all the same."""
    make(tmp_path)
    monkeypatch.setattr(chainserver, "MOST_CONNECTIONS", 10)
    with serving(tmp_path) as (server, _, said), ExitStack() as stack:
        slow = [stack.enter_context(connected(server.url)) for _ in range(30)]
        for connection in slow:
            connection.sendall(b"GET /chains HTTP/1.1\r\nX: ")
        for _ in range(3):
            began = time.monotonic()
            assert ask(server.url, "/chains").status == 200
            assert time.monotonic() - began < 20
        until(lambda: sum(dropped(connection) for connection in slow) >= 20, 20)
    assert said == []


def test_slow_loris_is_cut_off_though_it_keeps_dripping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path)
    monkeypatch.setattr(chainserver, "HEAD_SECONDS", 0.3)
    with serving(tmp_path) as (server, _, _), connected(server.url) as connection:
        began = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() - began < 60:
                connection.sendall(b"G")
                time.sleep(0.05)
        assert time.monotonic() - began < 30


def test_a_client_that_never_reads(tmp_path: Path) -> None:
    make(tmp_path)
    with serving(tmp_path) as (server, _, said), ExitStack() as stack:
        for _ in range(5):
            connection = stack.enter_context(connected(server.url))
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert ask(server.url, "/chains").status == 200
    assert said == []


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (b"GET /", b"414"),
        (b"GET /chains HTTP/1.1\r\nX: ", b"431"),
        (b"GET /chains HTTP/1.1\r\n" + b"a: b\r\n" * 150, b"431"),
    ],
)
def test_huge_request_line_or_head(tmp_path: Path, start: bytes, expected: bytes) -> None:
    make(tmp_path)
    with serving(tmp_path) as (server, _, said), connected(server.url) as connection:
        connection.sendall(start + b"a" * 4 * HEAD_LIMIT + b"\r\n\r\n")
        assert everything(connection)[9:12] == expected
        assert ask(server.url, "/chains").status == 200
    assert said == []


def test_many_headers_in_a_small_head(tmp_path: Path) -> None:
    make(tmp_path)
    with serving(tmp_path) as (server, _, _), connected(server.url) as connection:
        connection.sendall(b"GET /chains HTTP/1.1\r\n" + b"a:b\r\n" * 200 + b"\r\n")
        assert everything(connection)[9:12] == b"431"


def test_a_request_line_that_forges_a_line_in_the_log(tmp_path: Path) -> None:
    make(tmp_path)
    logged: list[str] = []
    with ChainServer(tmp_path, log=logged.append) as server, connected(server.url) as connection:
        connection.sendall(b"GET /\x1b[2J\rforged\x85\xe2\x80\xa8 HTTP/1.1\r\n\r\n")
        everything(connection)
    (line,) = logged
    assert line.isascii()
    assert line.isprintable()


def test_a_second_request_smuggled_behind_the_first(tmp_path: Path) -> None:
    make(tmp_path)
    with serving(tmp_path) as (server, _, _), connected(server.url) as connection:
        one = b"GET /chains HTTP/1.1\r\nContent-Length: 30\r\nConnection: keep-alive\r\n\r\n"
        connection.sendall(one + b"GET /health HTTP/1.1\r\n\r\n")
        got = everything(connection)
    assert got.count(b"HTTP/1.1 200") == 1
    assert b"Connection: close" in got


def test_client_disconnect(tmp_path: Path) -> None:
    """A client that breaks its connection off, in the middle of its request or of the answer, is no event."""
    make(tmp_path)
    with serving(tmp_path) as (server, _, said):
        for request in (b"", b"GET /chains HT", b"GET / HTTP/1.1\r\n\r\n"):
            connection = connected(server.url)
            # A reset rather than an orderly end.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(request)
            connection.close()
        assert ask(server.url, "/chains").status == 200
    assert said == []


def test_two_servers_on_one_folder(tmp_path: Path) -> None:
    make(tmp_path)
    with serving(tmp_path) as (server, _, _):
        with pytest.raises(FolderError, match=f"process {os.getpid()} is changing this folder"), ChainServer(tmp_path):
            pass
        assert ask(server.url, "/chains").status == 200
    with serving(tmp_path):
        pass


RUN = "import sys; from dblrandom.cli import main; sys.exit(main())"


def started(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """A server in a process of its own, and where it publishes."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, "beacon", "serve", str(folder), "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("serving http://"), line
    return process, line.split()[1]


@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_crash_between_ticks_and_restart_catches_up_with_identical_pulses(tmp_path: Path) -> None:
    genesis = time_text(int(time.time()) - 100_000)
    info = make(tmp_path, 40, genesis=genesis, period=1000)
    pulses = tmp_path / "pulses"
    process, url = started(tmp_path)
    try:
        until(lambda: pulses.is_dir() and len(os.listdir(pulses)) >= 5)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    finally:
        process.kill()
        process.communicate()
    _, reached = verify(tmp_path)
    before = {name: (pulses / name).read_bytes() for name in os.listdir(pulses)}
    assert 5 <= reached <= 40
    process, url = started(tmp_path)
    try:
        until(lambda: json.loads(ask(url, "/health").body)["revealed"] == 40)
        for step in (1, reached, 40):
            assert json.loads(ask(url, f"/{info.tip}/public/{step}").body)["value"] == value_of(info, step)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=10)
        assert (process.returncode, said) == (0, "")
    finally:
        process.kill()
        process.wait()
    assert verify(tmp_path) == (info, 40)
    assert before.items() <= {name: (pulses / name).read_bytes() for name in os.listdir(pulses)}.items()


# What a server can do to those who rely on it


@contextmanager
def published(tmp_path: Path, step: int) -> Iterator[tuple[ChainInfo, Relay]]:
    """A relay with every page of a chain up to a step, which a test then falsifies."""
    info = make(tmp_path / "chain")
    tick(tmp_path / "chain", at(step))
    chainsite.render(tmp_path / "chain", tmp_path / "site")
    site = tmp_path / "site"
    with Relay() as relay:
        for path in site.rglob("*"):
            if path.is_file():
                relay.pages["/" + path.relative_to(site).as_posix()] = plain(path.read_bytes())
        yield info, relay


def pulse(info: ChainInfo, step: int, value: str, **changed: str) -> bytes:
    given = {"time": info.schedule.time_of(step), "tip": info.tip, **changed}
    return encode(Pulse(step=step, value=value, **given).to_json())


def test_a_server_that_forges_a_step(tmp_path: Path) -> None:
    now = Clock.at(at(5)).now
    with published(tmp_path, 5) as (info, relay):
        forgeries = {
            "does not lead to the declared tip in 4 steps": pulse(info, 4, "ab" * 32),
            "does not lead to the declared tip in 4 step": pulse(info, 4, value_of(info, 5)),
            "the answer is step 3, not 4": pulse(info, 3, value_of(info, 3)),
            "step 4 is due at": pulse(info, 4, value_of(info, 4), time=at(3)),
        }
        for message, data in forgeries.items():
            relay.pages[f"/{info.tip}/public/4"] = plain(data)
            with pytest.raises(EntropyError, match=message):
                fetch_step(relay.url, source(info, 4), client=CLIENT, now=now)
        relay.pages[f"/{info.tip}/public/latest"] = plain(pulse(info, 5, "ab" * 32))
        with pytest.raises(EntropyError, match=f"step 5: its value does not lead to the tip {info.tip}"):
            mirror(relay.url, info.tip, tmp_path / "copy", client=CLIENT, now=now)
    assert os.listdir(tmp_path / "copy") == ["lock"]


def test_a_server_that_serves_another_chain_under_the_tip(tmp_path: Path) -> None:
    now = Clock.at(at(5)).now
    other = make(tmp_path / "other", seed32=bytes(32))
    with published(tmp_path, 5) as (info, relay):
        foreign = pulse(info, 4, value_of(other, 4, bytes(32)))
        relay.pages[f"/{info.tip}/public/4"] = plain(foreign)
        with pytest.raises(EntropyError, match="does not lead to the declared tip"):
            fetch_step(relay.url, source(info, 4), client=CLIENT, now=now)
        relay.pages[f"/{info.tip}/public/4"] = plain(pulse(other, 4, value_of(other, 4, bytes(32))))
        with pytest.raises(EntropyError, match=f"is not a step of the chain with the tip {info.tip}"):
            fetch_step(relay.url, source(info, 4), client=CLIENT, now=now)
        relay.pages[f"/{info.tip}/info"] = plain(encode(other.to_json()))
        for ask_for in (
            lambda: fetch_step(relay.url, source(info, 4), client=CLIENT, now=now),
            lambda: fetch_chain(relay.url, info.tip, client=CLIENT),
            lambda: mirror(relay.url, info.tip, tmp_path / "copy", client=CLIENT, now=now),
        ):
            with pytest.raises(EntropyError, match=f"describes the chain with the tip {other.tip}, not {info.tip}"):
                ask_for()
    assert not (tmp_path / "copy").exists()


def test_a_server_that_moves_the_schedule(tmp_path: Path) -> None:
    """The tip does not fix the schedule. A copy holds a server to what it said first; a trust policy, to the truth."""
    now = Clock.at(at(5)).now
    with published(tmp_path, 5) as (info, relay):
        mirror(relay.url, info.tip, tmp_path / "copy", client=CLIENT, now=now)
        moved = {**info.to_json(), "genesis": time_text(time_seconds(info.schedule.genesis) + 3600)}
        relay.pages[f"/{info.tip}/info"] = plain(encode(moved))
        relay.pages[f"/{info.tip}/public/latest"] = plain(pulse(info, 5, value_of(info, 5), time=at(6)))
        with pytest.raises(EntropyError, match="described otherwise than in this copy"):
            mirror(relay.url, info.tip, tmp_path / "copy", client=CLIENT, now=now)
    assert verify(tmp_path / "copy") == (info, 5)


def test_stale_mirror(tmp_path: Path) -> None:
    """A mirror that stopped being updated: the step is missed and named, and nothing older takes its place."""
    now = Clock.at(at(8)).now
    with published(tmp_path, 5) as (info, relay):
        with pytest.raises(
            NetworkError, match=f"step 7 was due at {at(7)} and is not published there: that copy is st"
        ):
            fetch_step(relay.url, source(info, 7), client=CLIENT, now=now)
        found = mirror(relay.url, info.tip, tmp_path / "copy", client=CLIENT, now=now)
        assert (found.revealed, found.due) == (5, 8)
        relay.pages[f"/{info.tip}/public/7"] = relay.pages[f"/{info.tip}/public/latest"]
        with pytest.raises(EntropyError, match="the answer is step 5, not 7"):
            fetch_step(relay.url, source(info, 7), client=CLIENT, now=now)
        relay.pages[f"/{info.tip}/public/latest"] = plain(pulse(info, 2, value_of(info, 2)))
        assert mirror(relay.url, info.tip, tmp_path / "copy", client=CLIENT, now=now).revealed == 5
        with pytest.raises(NotYetPublic, match="step 7 has not been revealed"):
            read_pulse(tmp_path / "copy", 7)


def test_a_server_that_withholds(tmp_path: Path) -> None:
    with published(tmp_path, 5) as (info, relay):
        relay.pages[f"/{info.tip}/public/5"] = status(425)
        with pytest.raises(NetworkError, match="withholds it"):
            fetch_step(relay.url, source(info, 5), client=CLIENT, now=Clock.at(at(5)).now)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[" * 100_000, b"[" * 4000, b"\xff" * 300, b'{"step":1e9}', b"x" * 5000, b"null"]
)
def test_an_answer_that_is_no_pulse(tmp_path: Path, body: bytes) -> None:
    with published(tmp_path, 3) as (info, relay):
        relay.pages[f"/{info.tip}/public/3"] = plain(body)
        with pytest.raises((EntropyError, NetworkError), match=relay.url):
            fetch_step(relay.url, source(info, 3), client=CLIENT, now=Clock.at(at(3)).now)


def test_a_copy_that_was_falsified_afterwards(tmp_path: Path) -> None:
    now = Clock.at(at(5)).now
    with published(tmp_path, 5) as (info, relay):
        mirror(relay.url, info.tip, tmp_path / "copy", client=CLIENT, now=now)
        (tmp_path / "copy" / "pulses" / "0000005.json").write_bytes(pulse(info, 5, "ab" * 32))
        with pytest.raises(VerificationError, match="does not lead to the value before it"):
            verify(tmp_path / "copy")
        with pytest.raises(EntropyError, match="does not lead to step 5 of this copy"):
            mirror(relay.url, info.tip, tmp_path / "copy", client=CLIENT, now=now)
