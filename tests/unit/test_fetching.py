from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay import FakeTime, Relay, closed_address, in_turn, page, plain, relays, status

from dblrandom.adapters.network import fetching
from dblrandom.adapters.network import nist as nistclient
from dblrandom.adapters.network.drand import RELAYS, fetch_info, fetch_round
from dblrandom.adapters.network.fetching import FETCHERS, fetch_value, read_value
from dblrandom.adapters.network.http import Client
from dblrandom.adapters.network.relays import MOST_RELAYS, agreed, check_relays, first_good, json_answer
from dblrandom.beacons.drandchain import DEFAULT, PROFILES, QUICKNET, ChainInfo
from dblrandom.beacons.nistcerts import PINNED
from dblrandom.drawing import Value
from dblrandom.errors import EntropyError, InputError, NetworkError, NotYetPublic
from dblrandom.kernel import canonical
from dblrandom.model import Source
from dblrandom.model.names import time_seconds, time_text

VECTORS = Path(__file__).parent.parent / "vectors"
DRAND = json.loads((VECTORS / "drand_rounds.json").read_text())
NIST = json.loads((VECTORS / "nist_pulses.json").read_text())
FASTNET = ChainInfo.from_json(DRAND["chains"]["fastnet"]["info"], "fastnet")
PULSE = next(pulse for pulse in NIST["pulses"].values() if pulse["pulseIndex"] == 54610)
PULSE_TIME = "2018-08-30T17:44:00Z"


def recorded(chain: str, number: int) -> dict[str, Any]:
    """A recorded round as a relay answers it."""
    found = next(r for r in DRAND["rounds"] if (r["chain"], r["round"]) == (chain, number))
    return {k: found[k] for k in ("round", "randomness", "signature", "previous_signature") if found.get(k)}


def drand(info: ChainInfo, number: int) -> Source:
    terms: dict[str, str | int] = {"chain": info.hash, "round": number}
    return Source(kind="drand", name="net", not_before=time_text(info.time_of(number)), terms=terms)


def nist() -> Source:
    terms: dict[str, str | int] = {"chain": 1, "pulse": 54610, "time": PULSE_TIME}
    return Source(kind="nist", name="pulse", not_before=PULSE_TIME, terms=terms)


def client() -> Client:
    clock = FakeTime()
    return Client(sleep=clock.sleep, monotonic=clock.monotonic)


class Clock:
    """The time of day, which goes on a second with each sleep."""

    def __init__(self, start: str) -> None:
        self.seconds = time_seconds(start)
        self.shown: list[int] = []

    def now(self) -> str:
        return time_text(self.seconds)

    def sleep(self, seconds: float) -> None:
        self.seconds += int(seconds)


class TestDrand:
    @pytest.mark.parametrize(("info", "number"), [(QUICKNET, 1000), (DEFAULT, 1000000), (DEFAULT, 1)])
    def test_a_recorded_round_becomes_the_value_of_its_source(self, info: ChainInfo, number: int) -> None:
        answer = recorded(info.beacon_id, number)
        with Relay({f"/{info.hash}/public/{number}": page(answer)}) as relay:
            found = fetch_value(drand(info, number), client=client(), relays=[relay.url])
        assert found.value == answer["randomness"]
        assert [request.target for request in relay.asked] == [f"/{info.hash}/public/{number}"]

    def test_a_relay_below_a_path_is_asked_there(self) -> None:
        with Relay({f"/beacon/{QUICKNET.hash}/public/123": page(recorded("quicknet", 123))}) as relay:
            assert fetch_round(QUICKNET, 123, client=client(), relays=[f"{relay.url}/beacon/"]).round == 123

    def test_an_unknown_network_is_learned_from_its_hash(self) -> None:
        pages = {
            f"/{FASTNET.hash}/info": page(DRAND["chains"]["fastnet"]["info"]),
            f"/{FASTNET.hash}/public/100000": page(recorded("fastnet", 100000)),
        }
        with Relay(pages) as relay:
            found = fetch_value(drand(FASTNET, 100000), client=client(), relays=[relay.url])
        assert isinstance(found.evidence, dict)
        assert found.evidence["chain"] == FASTNET.to_json()

    def test_an_unknown_network_needs_a_relay(self) -> None:
        with pytest.raises(EntropyError, match="name a relay"):
            fetch_info(FASTNET.hash, client=client())
        with pytest.raises(EntropyError, match="knows no relays"):
            fetch_round(FASTNET, 1, client=client())

    def test_of_a_known_network_nobody_is_asked(self) -> None:
        assert fetch_info(QUICKNET.hash, client=client(), relays=[closed_address()]) is PROFILES[QUICKNET.hash]

    @pytest.mark.parametrize("chain", ["", "52DB", "../../etc", QUICKNET.hash.upper(), QUICKNET.hash + "00"])
    def test_what_is_no_chain_hash_is_never_sent(self, chain: str) -> None:
        with Relay() as relay, pytest.raises(EntropyError, match="64 lower-case hex"):
            fetch_info(chain, client=client(), relays=[relay.url])
        assert relay.asked == []

    @pytest.mark.parametrize("number", [0, -1, True, 2**53, "1"])
    def test_what_is_no_round_is_never_sent(self, number: Any) -> None:
        with Relay() as relay, pytest.raises(EntropyError, match="round"):
            fetch_round(QUICKNET, number, client=client(), relays=[relay.url])
        assert relay.asked == []

    def test_a_round_beyond_all_time_is_not_public_yet(self) -> None:
        with pytest.raises(NotYetPublic, match="beyond the year 9999"):
            fetch_round(QUICKNET, 2**53 - 1, client=client())

    def test_a_due_round_that_is_late_is_asked_for_again(self) -> None:
        late = in_turn(status(404), status(425), page(recorded("quicknet", 1000)))
        with Relay({"*": late}) as relay:
            assert fetch_round(QUICKNET, 1000, client=client(), relays=[relay.url]).round == 1000

    def test_the_public_relays_are_addresses(self) -> None:
        assert check_relays(RELAYS) == RELAYS
        assert check_relays(nistclient.RELAYS) == nistclient.RELAYS
        assert all(relay.startswith("https://") for relay in RELAYS + nistclient.RELAYS)


class TestNist:
    def test_a_recorded_pulse_becomes_the_value_of_its_source(self) -> None:
        with Relay({"/chain/1/pulse/54610": page({"pulse": PULSE})}) as relay:
            found = fetch_value(nist(), client=client(), relays=[relay.url])
        assert found.value == PULSE["outputValue"].lower()
        assert [request.target for request in relay.asked] == ["/chain/1/pulse/54610"]

    @pytest.mark.parametrize("after", ["", "\n", "\nthe issuer's would follow here"])
    def test_a_certificate_that_the_library_does_not_have_is_asked_for(
        self, monkeypatch: pytest.MonkeyPatch, after: str
    ) -> None:
        pem = PINNED[PULSE["certificateId"]].pem
        monkeypatch.setattr(nistclient, "PINNED", MappingProxyType({}))
        pages = {
            "/chain/1/pulse/54610": page({"pulse": PULSE}),
            f"/certificate/{PULSE['certificateId']}": plain((pem.strip() + after).encode()),
        }
        with Relay(pages) as relay:
            found = nistclient.fetch_pulse(1, 54610, time=PULSE_TIME, client=client(), relays=[relay.url])
        assert found[1] == pem

    @pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
    def test_what_is_no_certificate_is_refused(self, monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
        monkeypatch.setattr(nistclient, "PINNED", MappingProxyType({}))
        pages = {"/chain/1/pulse/54610": page({"pulse": PULSE}), "*": plain(body)}
        with Relay(pages) as relay, pytest.raises(NetworkError, match="is not a certificate that can be used"):
            nistclient.fetch_pulse(1, 54610, time=PULSE_TIME, client=client(), relays=[relay.url])

    def test_a_pulse_to_come_is_asked_of_nobody(self) -> None:
        with Relay() as relay, pytest.raises(NotYetPublic, match=f"due at {PULSE_TIME}"):
            nistclient.fetch_pulse(
                1, 54610, time=PULSE_TIME, client=client(), relays=[relay.url], now=lambda: "2018-08-30T17:43:59Z"
            )
        assert relay.asked == []

    @pytest.mark.parametrize("answer", [[], {}, {"pulse": None}, {"pulse": {}}, "pulse", 7, None])
    def test_what_is_no_pulse_is_refused(self, answer: Any) -> None:
        with Relay({"*": page(answer)}) as relay, pytest.raises(NetworkError, match=r"pulse/54610: "):
            nistclient.fetch_pulse(1, 54610, time=PULSE_TIME, client=client(), relays=[relay.url])


class TestWaiting:
    source = drand(QUICKNET, 1000)

    def test_without_waiting_it_says_when(self) -> None:
        clock = Clock(time_text(QUICKNET.time_of(1000) - 90))
        with pytest.raises(NotYetPublic, match=rf"public at {self.source.not_before}, in 90 s; try again then"):
            fetch_value(self.source, client=client(), now=clock.now)

    def test_it_waits_to_the_very_second_and_tells_each(self) -> None:
        clock = Clock(time_text(QUICKNET.time_of(1000) - 3))
        shown: list[int] = []
        with Relay({"*": page(recorded("quicknet", 1000))}) as relay:
            found = fetch_value(
                self.source,
                client=client(),
                relays=[relay.url],
                wait=True,
                now=clock.now,
                sleep=clock.sleep,
                progress=shown.append,
            )
        assert found.value == recorded("quicknet", 1000)["randomness"]
        assert shown == [3, 2, 1]

    def test_it_does_not_begin_to_wait_beyond_the_bound(self) -> None:
        clock = Clock(time_text(QUICKNET.time_of(1000) - 61))
        with pytest.raises(NotYetPublic, match="at most 60 s are waited"):
            fetch_value(self.source, client=client(), wait=True, now=clock.now, sleep=clock.sleep, longest=60)
        assert clock.now() == time_text(QUICKNET.time_of(1000) - 61)

    def test_a_clock_that_stands_still_does_not_make_it_endless(self) -> None:
        slept: list[float] = []
        before = time_text(QUICKNET.time_of(1000) - 5)
        with pytest.raises(NotYetPublic, match="gave up after 10 s"):
            fetch_value(self.source, client=client(), wait=True, now=lambda: before, sleep=slept.append, longest=10)
        assert slept == [1] * 10

    def test_it_can_be_interrupted(self) -> None:
        def interrupted(seconds: float) -> None:
            raise KeyboardInterrupt

        clock = Clock(time_text(QUICKNET.time_of(1000) - 5))
        with pytest.raises(KeyboardInterrupt):
            fetch_value(self.source, client=client(), wait=True, now=clock.now, sleep=interrupted)

    def test_an_unlawful_declaration_is_refused_before_the_wait(self) -> None:
        source = Source(kind="drand", name="net", not_before="2099-01-01T00:00:00Z", terms=self.source.terms)
        with pytest.raises(EntropyError, match="not_before"):
            fetch_value(source, client=client(), wait=True)

    @pytest.mark.parametrize("kind", ["secret", "public", "x-other"])
    def test_a_kind_that_no_network_has_is_given_by_hand(self, kind: str) -> None:
        source = Source(kind=kind, name="s", not_before="2020-01-01T00:00:00Z", terms={})
        with pytest.raises(EntropyError, match="give it by hand"):
            fetch_value(source, client=client())
        assert kind not in FETCHERS


class TestHashChain:
    source = Source(
        kind="hashchain",
        name="office",
        not_before="2020-01-01T00:00:00Z",
        terms={"tip": "00" * 32, "step": 1, "operator": "11" * 32},
    )

    def test_it_needs_its_address(self) -> None:
        with pytest.raises(EntropyError, match="name the address"):
            fetch_value(self.source, client=client())

    def test_its_addresses_are_asked_in_turn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def stand_in(address: str, source: Source, **given: Any) -> Value:
            if address == "http://a":
                raise EntropyError("does not lead to the tip")
            assert source is self.source
            assert given == {"client": mine, "now": clock.now}
            return Value("22" * 32)

        mine, clock = client(), Clock("2020-01-01T00:00:00Z")
        monkeypatch.setattr(fetching, "fetch_step", stand_in)
        assert fetch_value(self.source, client=mine, relays=["http://a", "http://b"], now=clock.now).value == "22" * 32

    def test_a_server_that_does_not_know_it_is_told(self) -> None:
        with Relay() as relay, pytest.raises(NetworkError, match=f"{relay.url}.*status 404"):
            fetch_value(self.source, client=client(), relays=[relay.url])
        assert all(str(self.source.terms["operator"]) not in request.target for request in relay.asked)


class TestCarriedByHand:
    def test_a_relays_answer_for_a_known_network(self) -> None:
        data = json.dumps(recorded("quicknet", 1000)).encode()
        assert read_value(drand(QUICKNET, 1000), data, "answer.json").value == recorded("quicknet", 1000)["randomness"]

    def test_an_unknown_network_needs_its_information_besides(self) -> None:
        source, answer = drand(FASTNET, 1), recorded("fastnet", 1)
        with pytest.raises(EntropyError, match=r"a\.json: add what the relay says of the network"):
            read_value(source, json.dumps(answer).encode(), "a.json")
        full = answer | {"chain": DRAND["chains"]["fastnet"]["info"]}
        assert read_value(source, json.dumps(full).encode(), "a.json").value == answer["randomness"]

    def test_a_pulse(self) -> None:
        data = json.dumps({"pulse": PULSE}, indent=4).encode()
        assert read_value(nist(), data, "pulse.json").value == PULSE["outputValue"].lower()

    def test_a_pulse_with_its_certificate(self) -> None:
        pem = PINNED[PULSE["certificateId"]].pem
        data = json.dumps({"pulse": PULSE, "certificate": pem}).encode()
        assert read_value(nist(), data, "pulse.json").value == PULSE["outputValue"].lower()

    def test_a_pulse_of_an_unknown_certificate_needs_it(self) -> None:
        data = json.dumps({"pulse": PULSE | {"certificateId": "00" * 64}}).encode()
        with pytest.raises(EntropyError, match="add the certificate's PEM text"):
            read_value(nist(), data, "pulse.json")

    def test_another_round_is_refused(self) -> None:
        data = json.dumps(recorded("quicknet", 123)).encode()
        with pytest.raises(EntropyError, match="round 123, not 1000"):
            read_value(drand(QUICKNET, 1000), data, "answer.json")

    @pytest.mark.parametrize("data", [b"[]", b"7", b'"x"', b"null"])
    def test_what_is_no_object_is_refused(self, data: bytes) -> None:
        with pytest.raises(EntropyError, match=r"answer\.json: is not a relay's answer"):
            read_value(drand(QUICKNET, 1000), data, "answer.json")

    def test_other_kinds_have_no_such_answer(self) -> None:
        source = Source(kind="secret", name="s", not_before="2020-01-01T00:00:00Z", terms={})
        with pytest.raises(EntropyError, match="not read from a relay's answer"):
            read_value(source, b"{}", "x")


class TestRelays:
    @staticmethod
    def even(answer: int) -> int:
        if answer % 2:
            raise EntropyError("is odd")
        return answer

    def test_the_first_good_answer_counts_and_no_more_are_asked(self) -> None:
        asked: list[str] = []
        answers = {"http://a": 1, "http://b": 2, "http://c": 4}

        def ask(relay: str) -> int:
            asked.append(relay)
            return answers[relay]

        assert first_good(list(answers), ask, self.even) == 2
        assert asked == ["http://a", "http://b"]

    def test_a_status_that_all_gave_is_told(self) -> None:
        with relays(2) as servers, pytest.raises(NetworkError) as caught:
            first_good([s.url for s in servers], lambda relay: client().get(f"{relay}/x"), lambda data: data)
        assert caught.value.status == 404

    def test_not_yet_public_only_where_all_say_so(self) -> None:
        def ask(relay: str) -> int:
            if relay == "http://a":
                raise NotYetPublic("step 3 is due later")
            raise NetworkError("gone")

        with pytest.raises(NotYetPublic, match="due later"):
            first_good(["http://a"], ask, self.even)
        with pytest.raises(NetworkError, match="due later; http://b: gone"):
            first_good(["http://a", "http://b"], ask, self.even)

    def test_what_all_say_alike_is_agreed_though_one_is_broken(self) -> None:
        answers = {"http://a": 2, "http://b": 1, "http://c": 2}
        assert agreed(list(answers), answers.__getitem__, self.even) == 2

    def test_nothing_is_agreed_where_none_answers(self) -> None:
        with pytest.raises(NetworkError, match="none of 2 relays"):
            agreed(["http://a", "http://b"], lambda relay: 1, self.even)

    def test_addresses_are_taken_once_and_without_final_slash(self) -> None:
        assert check_relays(["https://a/", "https://b/x", "https://a"]) == ("https://a", "https://b/x")

    @pytest.mark.parametrize(
        "bad", [[], ["ftp://a"], ["http://a?x=1"], ["http://a#x"], [f"http://a{i}" for i in range(MOST_RELAYS + 1)]]
    )
    def test_what_are_no_relays_is_refused(self, bad: list[str]) -> None:
        with pytest.raises(InputError, match="relay"):
            check_relays(bad)


class TestJson:
    @given(st.binary(max_size=200) | st.text(alphabet='{}[]":,0123456789.eE-+tfn\\u "', max_size=60).map(str.encode))
    def test_only_what_canonical_json_can_carry_comes_through(self, data: bytes) -> None:
        try:
            value = json_answer(data, "file")
        except EntropyError as error:
            told = str(error)
        else:
            told = "file: "
            canonical.encode(value)
        assert told.startswith("file: ")

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            (b"\xff", "is not JSON"),
            (b"{", "is not JSON"),
            (b"1" * 5000, "is not JSON"),
            (b"9007199254740992", "2\\^53-1"),
            (b"1.0", "float"),
            (b"NaN", "float"),
            (b'"\\ud800"', "surrogate"),
            (b'{"a":1,"a":1}', "twice"),
            (b"[" * 40 + b"]" * 40, "deeper than 32"),
            (b"[" * 60000 + b"]" * 60000, "deeper than 32"),
        ],
    )
    def test_what_it_cannot_is_refused(self, data: bytes, why: str) -> None:
        with pytest.raises(EntropyError, match=why):
            json_answer(data, "file")
