"""Attacks by relays, and by whoever stands between: a real server on the own machine that does what no server should.

Each attack ends in one clear error, in bounded time and memory, and never in a value.
"""

from __future__ import annotations

import hashlib
import json
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from relay import (
    Answer,
    FakeTime,
    Relay,
    bomb,
    closed_address,
    dripping,
    page,
    plain,
    raw,
    redirect,
    relays,
    self_signed,
    status,
    truncated,
)

from dblrandom.adapters.network.drand import fetch_info
from dblrandom.adapters.network.fetching import fetch_value, read_value
from dblrandom.adapters.network.http import Client
from dblrandom.beacons.drandchain import QUICKNET, ChainInfo
from dblrandom.drawing import Value
from dblrandom.errors import EntropyError, NetworkError, NotYetPublic
from dblrandom.model import Source
from dblrandom.model.names import time_text

VECTORS = Path(__file__).parent.parent / "vectors"
DRAND = json.loads((VECTORS / "drand_rounds.json").read_text())
OK = b"HTTP/1.1 200 OK\r\n"


def recorded(chain: str, number: int) -> dict[str, Any]:
    found = next(r for r in DRAND["rounds"] if (r["chain"], r["round"]) == (chain, number))
    return {k: found[k] for k in ("round", "randomness", "signature", "previous_signature") if found.get(k)}


def declared(info: ChainInfo, number: int) -> Source:
    terms: dict[str, str | int] = {"chain": info.hash, "round": number}
    return Source(kind="drand", name="net", not_before=time_text(info.time_of(number)), terms=terms)


SOURCE = declared(QUICKNET, 1000)
TRUE = recorded("quicknet", 1000)
ANOTHER = recorded("quicknet", 657413)


def fetch(*addresses: str, **changes: Any) -> Value:
    """Fetch round 1000 of quicknet without ever really pausing."""
    clock = FakeTime()
    options: dict[str, Any] = {"sleep": clock.sleep, **changes}
    return fetch_value(SOURCE, client=Client(**options), relays=addresses)


def refused(answer: Answer, match: str, **changes: Any) -> str:
    """That this answer of the only relay ends in an error with these words; returns the whole message."""
    with Relay({"*": answer}) as relay, pytest.raises(NetworkError, match=match) as caught:
        fetch(relay.url, **changes)
    assert "\n" not in str(caught.value)
    assert f"/{QUICKNET.hash}/public/1000" in str(caught.value)
    return str(caught.value)


def test_control_the_true_answer_is_taken() -> None:
    with Relay({"*": page(TRUE)}) as relay:
        assert fetch(relay.url).value == TRUE["randomness"]


class TestSlowRelay:
    @pytest.mark.parametrize(
        ("start", "drop"),
        [
            (b"", b"H"),
            (OK, b"x"),
            (OK + b"Content-Length: 5000\r\n\r\n", b" "),
            (OK + b"Content-Length: 5000\r\nConnection: close\r\n\r\n", b" "),
            (OK + b"\r\n", b" "),
            (b"HTTP/1.0 200 OK\r\n\r\n", b" "),
            (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
            (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n", b"x: y\r\n"),
            (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            (OK, b"x: y\r\n"),
        ],
        ids=[
            "status line",
            "one header",
            "body",
            "last body",
            "body without length",
            "old body",
            "chunks",
            "trailers",
            "continues",
            "headers",
        ],
    )
    def test_dripping_meets_the_total_time(self, start: bytes, drop: bytes) -> None:
        begun = time.monotonic()
        refused(dripping(start, drop, 0.01), r"took longer than 0\.15 s", total=0.15, timeout=5)
        assert time.monotonic() - begun < 20

    def test_dripping_before_tls_stands_meets_the_timeout(self) -> None:
        begun = time.monotonic()
        with Relay({"*": dripping(b"", b"\x16", 0.01)}) as relay, pytest.raises(NetworkError, match="https://127"):
            fetch(relay.url.replace("http:", "https:"), total=0.3, timeout=0.1, retries=0)
        assert time.monotonic() - begun < 20

    def test_the_next_relay_is_asked(self) -> None:
        with Relay({"*": dripping(OK, b"x", 0.01)}) as slow, Relay({"*": page(TRUE)}) as good:
            assert fetch(slow.url, good.url, total=0.1).value == TRUE["randomness"]


class TestOversizedAnswer:
    big = json.dumps(TRUE).encode() + b" " * 100_000

    @pytest.mark.parametrize("head", [OK + b"Content-Length: 999999999999\r\n\r\n", OK + b"\r\n"])
    def test_is_cut_off(self, head: bytes) -> None:
        refused(raw(head + self.big), "larger than 8192 bytes")

    def test_endless_chunks_are_cut_off(self) -> None:
        chunk = b"1000\r\n" + b" " * 4096 + b"\r\n"
        refused(dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", chunk * 50, 0), "larger than 8192 bytes")

    def test_one_endless_chunk_is_cut_off(self) -> None:
        start = OK + b"Transfer-Encoding: chunked\r\n\r\nffffffffff\r\n"
        refused(dripping(start, b" " * 65536, 0), "larger than 8192 bytes")


def test_compression_bomb_is_never_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = bomb(50_000_000)
    unpacked: list[object] = []
    monkeypatch.setattr(zlib, "decompressobj", lambda *a, **k: unpacked.append(a))
    refused(answer, r"compressed \('gzip'\)")
    assert unpacked == []


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "GZIP, gzip", "gzip, identity", "x-none"])
def test_no_encoding_that_was_not_asked_for_is_taken(encoding: str) -> None:
    refused(plain(json.dumps(TRUE).encode(), 200, f"Content-Encoding: {encoding}"), "which was not asked for")


class TestTruncatedAnswer:
    def test_is_told_and_tried_again(self) -> None:
        refused(truncated(json.dumps(TRUE).encode()), "broken off before the answer was complete; tried 4 times")

    def test_without_a_length_is_not_json(self) -> None:
        refused(raw(OK + b"\r\n" + json.dumps(TRUE).encode()[:-5]), "is not JSON")

    def test_in_a_chunk_is_told(self) -> None:
        refused(raw(OK + b"Transfer-Encoding: chunked\r\n\r\n20\r\n{"), "broken off before the answer was complete")


@pytest.mark.parametrize("junk", [b"", b"<html>maintenance</html>", b"\xff\xfe\x00", b"{'round':1000}", b"9" * 8000])
def test_not_json_is_refused(junk: bytes) -> None:
    refused(plain(junk), "is not JSON")


@pytest.mark.parametrize("shape", [b"[" * 4000 + b"]" * 4000, b'{"a":' * 1300 + b"1" + b"}" * 1300])
def test_deeply_nested_json_is_refused(shape: bytes) -> None:
    refused(plain(shape), "nested deeper than 32")


@pytest.mark.parametrize("answer", [[], "x", 7, None, {}, {"round": 1000}, TRUE | {"round": True}])
def test_json_that_is_no_round_is_refused(answer: Any) -> None:
    refused(page(answer), "public/1000")


class TestOtherRounds:
    def test_wrong_round_is_refused(self) -> None:
        refused(page(recorded("quicknet", 123)), "is round 123, not round 1000 that was asked for")

    def test_stale_value_as_of_latest_is_refused(self) -> None:
        with (
            Relay({"*": page(ANOTHER)}) as relay,
            pytest.raises(NetworkError, match=f"is round {ANOTHER['round']}, not"),
        ):
            fetch(relay.url)
        assert not any("latest" in request.target for request in relay.asked)

    def test_wrong_round_under_the_right_number_is_refused(self) -> None:
        refused(page(recorded("quicknet", 123) | {"round": 1000}), "not the signature of round 1000")

    def test_forged_randomness_is_refused(self) -> None:
        refused(page(TRUE | {"randomness": "00" * 32}), "forged randomness")

    def test_forged_signature_with_fitting_randomness_is_refused(self) -> None:
        signature = bytearray.fromhex(TRUE["signature"])
        signature[-1] ^= 1
        fitting = hashlib.sha256(signature).hexdigest()
        refused(page(TRUE | {"signature": signature.hex(), "randomness": fitting}), "not the signature of round 1000")

    def test_other_chains_signature_is_refused(self) -> None:
        other = recorded("fastnet", 1)
        refused(page(other | {"round": 1000}), "not the signature of round 1000")

    def test_other_chains_round_with_its_previous_signature_is_refused(self) -> None:
        refused(page(recorded("default", 1000000) | {"round": 1000}), "previous_signature|signature")

    def test_a_duplicate_member_is_refused(self) -> None:
        text = json.dumps(TRUE)
        refused(plain((text[:-1] + ', "round": 1000}').encode()), "has a member twice")

    def test_future_value_is_asked_of_nobody(self) -> None:
        before = time_text(QUICKNET.time_of(1000) - 1)
        with Relay({"*": page(TRUE)}) as relay, pytest.raises(NotYetPublic, match=SOURCE.not_before):
            fetch_value(SOURCE, client=Client(), relays=[relay.url], now=lambda: before)
        assert relay.asked == []

    @pytest.mark.parametrize("code", [404, 425])
    def test_a_due_round_that_is_withheld_is_a_failure_of_the_network(self, code: int) -> None:
        refused(status(code), f"status {code}; tried 4 times")

    def test_a_forged_answer_carried_by_hand_is_refused(self) -> None:
        forged = json.dumps(recorded("quicknet", 123) | {"round": 1000}).encode()
        with pytest.raises(EntropyError, match="not the signature of round 1000"):
            read_value(SOURCE, forged, "answer.json")


class TestPulses:
    pulses = json.loads((VECTORS / "nist_pulses.json").read_text())["pulses"]
    true = next(pulse for pulse in pulses.values() if pulse["pulseIndex"] == 54610)
    before = next(pulse for pulse in pulses.values() if pulse["pulseIndex"] == 54609)
    at = "2018-08-30T17:44:00Z"

    def refused(self, pulse: dict[str, Any], match: str) -> None:
        terms: dict[str, str | int] = {"chain": 1, "pulse": 54610, "time": self.at}
        source = Source(kind="nist", name="pulse", not_before=self.at, terms=terms)
        with Relay({"*": page({"pulse": pulse})}) as relay, pytest.raises(NetworkError, match=match):
            fetch_value(source, client=Client(), relays=[relay.url])

    def test_wrong_pulse_is_refused(self) -> None:
        self.refused(self.before, "is pulse 54609 of chain 1, not pulse 54610")

    def test_pulse_of_another_chain_is_refused(self) -> None:
        self.refused(self.true | {"chainIndex": 2}, "of chain 2, not pulse 54610 of chain 1")

    def test_pulse_of_another_time_is_refused(self) -> None:
        self.refused(self.true | {"timeStamp": "2018-08-30T17:45:00.000Z"}, f"not of {self.at} as declared")

    def test_wrong_pulse_under_the_right_index_and_time_is_refused(self) -> None:
        disguise = {name: self.true[name] for name in ("pulseIndex", "timeStamp")}
        self.refused(self.before | disguise, "one of them was altered")

    def test_forged_output_value_is_refused(self) -> None:
        self.refused(self.true | {"outputValue": "00" * 64}, "one of them was altered")

    def test_a_certificate_that_does_not_exist_is_refused(self) -> None:
        self.refused(self.true | {"certificateId": "00" * 64}, "is not a certificate that can be used here")


class TestRedirectToAnotherHost:
    def test_is_not_followed(self) -> None:
        with Relay({"*": page(TRUE)}) as other:
            told = refused(redirect(f"{other.url}/x"), "redirects to another host")
        assert other.url in told
        assert other.asked == []

    @pytest.mark.parametrize(
        "to",
        [
            "http://localhost:{port}/",
            "https://127.0.0.1:{port}/",
            "http://127.0.0.1:1/",
            "//127.0.0.2:{port}/",
            "http://127.0.0.1:{port}.evil.example/",
            "http://127.0.0.1:{port}\\@evil.example/",
            "http://127.0.0.1:{port}@evil.example/",
            "\\\\evil.example/",
            "file:///etc/passwd",
        ],
    )
    def test_nor_to_what_only_looks_like_the_same(self, to: str) -> None:
        with Relay() as relay:
            relay.pages["*"] = redirect(to.format(port=relay.port))
            with pytest.raises(NetworkError, match=r"redirects to (another host|what is not)|redirects more than 3"):
                fetch(relay.url)
        assert len(relay.asked) <= 4
        assert all(request.headers["host"] == f"127.0.0.1:{relay.port}" for request in relay.asked)


class TestEndlessHeaders:
    def test_too_many_are_refused(self) -> None:
        refused(dripping(OK, b"".join(b"x-%d: y\r\n" % i for i in range(50)), 0), "not HTTP.*more than 100 headers")

    def test_too_long_a_one_is_refused(self) -> None:
        refused(dripping(OK + b"x: ", b"y" * 65536, 0), "not HTTP as it should be")

    def test_too_long_a_status_line_is_refused(self) -> None:
        refused(dripping(b"HTTP/1.1 200 ", b"y" * 65536, 0), "not HTTP as it should be")

    @pytest.mark.parametrize(
        "start", [b"SSH-2.0-x\r\n", b"HTTP/9.9 200 OK\r\n\r\n", b"HTTP/1.1 xyz\r\n\r\n", b"\x00" * 99]
    )
    def test_what_is_not_http_is_refused(self, start: bytes) -> None:
        refused(raw(start), "not HTTP as it should be")

    @pytest.mark.parametrize("length", ["-1", "x", "1e3", "5, 6", "\xb2"])
    def test_a_length_that_is_none_ends_in_an_error_or_the_true_value(self, length: str) -> None:
        body = json.dumps(TRUE).encode()
        answer = raw(OK + f"Content-Length: {length}\r\n\r\n".encode("latin-1") + body)
        with Relay({"*": answer}) as relay, suppress(NetworkError):
            assert fetch(relay.url).value == TRUE["randomness"]


class TestSeveralRelays:
    def test_all_relays_down_names_each_and_why(self) -> None:
        gone = closed_address()
        with relays(2) as (forging, lost):
            forging.pages["*"] = page(TRUE | {"randomness": "00" * 32})
            with pytest.raises(NetworkError) as caught:
                fetch(gone, forging.url, lost.url)
        told = str(caught.value)
        assert told.startswith("none of 3 relays gave a good answer: ")
        for address, why in ((gone, "refused"), (forging.url, "forged randomness"), (lost.url, "status 404")):
            assert why in told.split(address, 1)[1].split("; http", 1)[0]

    def test_one_good_relay_among_forgers_is_enough(self) -> None:
        with relays(3) as servers:
            for server, forged in zip(servers[:2], (ANOTHER, TRUE | {"signature": "80" + "00" * 47}), strict=True):
                server.pages["*"] = page(forged)
            servers[2].pages["*"] = page(TRUE)
            assert fetch(*(server.url for server in servers)).value == TRUE["randomness"]

    def test_relays_that_disagree_on_what_no_hash_proves_are_found_out(self) -> None:
        true = DRAND["chains"]["fastnet"]["info"]
        with relays(2) as (one, two):
            one.pages["*"] = page(true)
            two.pages["*"] = page(true | {"schemeID": "bls-unchained-g1-rfc9380"})
            with pytest.raises(EntropyError, match=f"relays disagree: {one.url} and {two.url}"):
                fetch_info(true["hash"], client=Client(), relays=[one.url, two.url])

    def test_another_chain_under_the_hash_is_refused(self) -> None:
        wanted, other = DRAND["chains"]["fastnet"]["info"], DRAND["chains"]["quicknet-t"]["info"]
        with Relay({"*": page(other)}) as relay, pytest.raises(NetworkError, match="is another chain"):
            fetch_info(wanted["hash"], client=Client(), relays=[relay.url])
        renamed = page(other | {"hash": wanted["hash"]})
        with Relay({"*": renamed}) as relay, pytest.raises(NetworkError, match="is not the hash that follows"):
            fetch_info(wanted["hash"], client=Client(), relays=[relay.url])


class TestCertificateNotTrusted:
    @pytest.fixture
    def pem(self, tmp_path: Path) -> Path:
        return self_signed(tmp_path / "relay.pem")

    def test_a_self_signed_one_is_refused_at_once(self, pem: Path) -> None:
        untrusted = pytest.raises(NetworkError, match=r"certificate is not trusted: self.signed certificate")
        with Relay({"*": page(TRUE)}, tls=pem) as relay, untrusted as caught:
            fetch(relay.url)
        assert "tried" not in str(caught.value)
        assert relay.asked == []

    def test_control_it_is_taken_where_the_machine_trusts_it(self, pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        with Relay({"*": page(TRUE)}, tls=pem) as relay:
            assert fetch(relay.url).value == TRUE["randomness"]

    def test_one_for_another_name_is_refused(self, pem: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        untrusted = pytest.raises(NetworkError, match="certificate is not trusted")
        with Relay({"*": page(TRUE)}, tls=pem) as relay, untrusted:
            fetch(relay.url.replace("127.0.0.1", "localhost"))
        assert relay.asked == []

    @pytest.mark.parametrize("start", [OK, OK + b"\r\n"], ids=["headers", "body"])
    def test_dripping_within_tls_meets_the_total_time(
        self, pem: Path, monkeypatch: pytest.MonkeyPatch, start: bytes
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        slow = pytest.raises(NetworkError, match=r"took longer than 0\.15 s")
        with Relay({"*": dripping(start, b"x", 0.01)}, tls=pem) as relay, slow:
            fetch(relay.url, total=0.15)
