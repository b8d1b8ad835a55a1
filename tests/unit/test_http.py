from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from relay import FakeTime, Relay, closed_address, in_turn, plain, raw, redirect, silent, status, truncated

from dblrandom.adapters.network import http
from dblrandom.adapters.network.address import check_url, redirected
from dblrandom.adapters.network.http import Client
from dblrandom.errors import InputError, MissingExtra, NetworkError


def client(clock: FakeTime | None = None, **changes: Any) -> Client:
    """A client that never really waits."""
    clock = clock or FakeTime()
    return Client(**{"sleep": clock.sleep, "monotonic": clock.monotonic, **changes})


class TestAsking:
    def test_the_body_comes_back_byte_for_byte(self) -> None:
        body = bytes(range(256)) * 16
        with Relay({"/a": plain(body)}) as relay:
            assert client().get(f"{relay.url}/a") == body

    def test_a_chunked_answer_is_put_together(self) -> None:
        answer = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        with Relay({"*": answer}) as relay:
            assert client().get(relay.url) == b"abcde"

    def test_nothing_is_sent_but_the_request_and_a_fixed_name(self) -> None:
        with Relay({"*": plain(b"x", 200, "Set-Cookie: seen=1")}) as relay:
            mine = client()
            mine.get(f"{relay.url}/a?b=c#d", accept="application/json")
            mine.get(f"{relay.url}/a?b=c#d", accept="application/json")
        assert relay.asked[0] == relay.asked[1]
        assert (relay.asked[0].method, relay.asked[0].target, relay.asked[0].body) == ("GET", "/a?b=c", b"")
        assert relay.asked[0].headers == {
            "host": f"127.0.0.1:{relay.port}",
            "user-agent": "dblrandom",
            "accept": "application/json",
            "accept-encoding": "identity",
            "connection": "close",
        }

    def test_post_sends_the_bytes_and_their_type(self) -> None:
        with Relay({"/in": plain(b"token", 201)}) as relay:
            assert client().post(f"{relay.url}/in", b"\x00\xff", content_type="application/timestamp-query") == b"token"
        asked = relay.asked[0]
        assert (asked.method, asked.body, asked.headers["content-type"]) == (
            "POST",
            b"\x00\xff",
            "application/timestamp-query",
        )

    @pytest.mark.parametrize("size", [0, 1, 99, 100])
    def test_an_answer_up_to_the_limit_is_taken(self, size: int) -> None:
        with Relay({"*": plain(b"x" * size)}) as relay:
            assert len(client().get(relay.url, limit=100)) == size

    def test_one_byte_over_the_limit_is_refused(self) -> None:
        with Relay({"*": plain(b"x" * 101)}) as relay, pytest.raises(NetworkError, match="larger than 100 bytes"):
            client().get(relay.url, limit=100)

    @pytest.mark.parametrize("code", [201, 204, 206, 304, 400, 403, 404, 410])
    def test_any_other_status_is_an_error_at_once(self, code: int) -> None:
        with Relay({"*": status(code)}) as relay, pytest.raises(NetworkError, match=f"status {code}$") as caught:
            client().get(f"{relay.url}/x?token=abc")
        assert caught.value.status == code
        assert len(relay.asked) == 1
        assert "token" not in str(caught.value)

    def test_without_the_library_the_extra_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def missing(module: str, extra: str, what: str) -> None:
            raise MissingExtra(f"{what}: {module}: dblrandom[{extra}]")

        monkeypatch.setattr(http, "load", missing)
        with pytest.raises(MissingExtra, match=r"urllib3: dblrandom\[net\]"):
            client().get("http://127.0.0.1:1/")


class TestAskingAgain:
    @pytest.mark.parametrize("failure", [status(429), status(500), status(503), truncated(b"x" * 50), raw(b"")])
    def test_what_may_mend_is_tried_again_after_a_growing_pause(self, failure: Any) -> None:
        clock = FakeTime()
        with Relay({"*": in_turn(failure, failure, failure, plain(b"good"))}) as relay:
            assert client(clock).get(relay.url) == b"good"
        assert clock.slept == [0.5, 1, 2]

    def test_the_last_failure_is_told_with_the_number_of_attempts(self) -> None:
        with (
            Relay({"*": status(503)}) as relay,
            pytest.raises(NetworkError, match="status 503; tried 4 times") as caught,
        ):
            client().get(relay.url)
        assert (caught.value.status, len(relay.asked), type(caught.value)) == (503, 4, NetworkError)

    def test_nobody_listening_is_tried_again_and_told(self) -> None:
        clock = FakeTime()
        with pytest.raises(NetworkError, match=r"cannot connect \(.*refused.*\); tried 3 times"):
            client(clock, retries=2).get(closed_address())
        assert clock.slept == [0.5, 1]

    def test_a_silent_server_meets_the_timeout(self) -> None:
        with Relay({"*": silent}) as relay, pytest.raises(NetworkError, match="no answer in time"):
            client(timeout=0.05, retries=0).get(relay.url)

    def test_a_status_that_the_caller_expects_to_pass_is_tried_again(self) -> None:
        with Relay({"*": in_turn(status(404), status(425), plain(b"now"))}) as relay:
            assert client().get(relay.url, again=(404, 425)) == b"now"

    def test_retry_after_is_followed(self) -> None:
        clock = FakeTime()
        with Relay({"*": in_turn(status(429, "Retry-After: 7"), plain(b"good"))}) as relay:
            client(clock).get(relay.url)
        assert clock.slept == [7]

    @pytest.mark.parametrize("asked", ["11", "86400", "999999999"])
    def test_a_retry_after_beyond_the_bound_is_not_waited_for(self, asked: str) -> None:
        clock = FakeTime()
        refusal = status(503, f"Retry-After: {asked}")
        with Relay({"*": refusal}) as relay, pytest.raises(NetworkError, match=f"asks to wait {asked} s"):
            client(clock).get(relay.url)
        assert clock.slept == []

    @pytest.mark.parametrize("asked", ["soon", "-1", "1e9", "٣", "9" * 5000, "Wed, 21 Oct 2099 07:28:00 GMT"])
    def test_a_retry_after_that_is_no_number_is_passed_over(self, asked: str) -> None:
        clock = FakeTime()
        again = raw(f"HTTP/1.1 503 No\r\nRetry-After: {asked}\r\nContent-Length: 0\r\n\r\n".encode())
        with Relay({"*": in_turn(again, plain(b"good"))}) as relay:
            client(clock).get(relay.url)
        assert clock.slept == [0.5]

    def test_no_attempt_begins_after_the_total_time(self) -> None:
        clock = FakeTime()
        with Relay({"*": status(503)}) as relay, pytest.raises(NetworkError, match="tried 2 times"):
            client(clock, total=1.2, retries=50).get(relay.url)
        assert clock.slept == [0.5]


class TestRedirects:
    def test_within_the_host_they_are_followed(self) -> None:
        pages = {"/a": redirect("/b", 301), "/b": redirect("c", 307), "/c": plain(b"there")}
        with Relay(pages) as relay:
            assert client().get(f"{relay.url}/a") == b"there"
        assert all("referer" not in request.headers for request in relay.asked)

    def test_three_at_most(self) -> None:
        with Relay({"*": redirect("/again")}) as relay, pytest.raises(NetworkError, match="more than 3 times"):
            client().get(relay.url)
        assert len(relay.asked) == 4

    def test_a_post_is_never_redirected(self) -> None:
        with Relay({"/a": redirect("/b", 307)}) as relay, pytest.raises(NetworkError, match="status 307"):
            client().post(f"{relay.url}/a", b"x", content_type="text/plain")
        assert len(relay.asked) == 1

    @pytest.mark.parametrize(
        "to", ["ftp://127.0.0.1/", "http://[", "file:///etc/passwd", "http://x:99999/", "//u:p@h/"]
    )
    def test_to_what_is_no_address_they_are_refused(self, to: str) -> None:
        with Relay({"*": redirect(to)}) as relay, pytest.raises(NetworkError, match="redirects to what is not an addr"):
            client().get(relay.url)

    @pytest.mark.parametrize("before", ["http://a.example/x", "https://a.example/x"])
    def test_from_http_to_https_only(self, before: str) -> None:
        other = "https" if before.startswith("http:") else "http"
        url = check_url(before)
        if other == "https":
            assert redirected(url, f"{other}://a.example/x", 301).scheme == "https"
        else:
            with pytest.raises(NetworkError, match="another host"):
                redirected(url, f"{other}://a.example/x", 301)


class TestProxies:
    @pytest.fixture(autouse=True)
    def none_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.lower(), raising=False)

    def test_the_environments_proxy_is_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with Relay({"*": plain(b"via")}) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("//", "//user:p%40ss@"))
            assert client().get("http://relay.example/a") == b"via"
        assert proxy.asked[0].target == "http://relay.example/a"
        assert proxy.asked[0].headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"

    def test_for_https_it_is_asked_for_a_tunnel(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with Relay({"*": status(403)}) as proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
            with pytest.raises(NetworkError, match=r"https://relay\.example/a: cannot connect"):
                client(retries=0).get("https://relay.example/a")
        assert (proxy.asked[0].method, proxy.asked[0].target) == ("CONNECT", "relay.example:443")

    def test_never_for_the_own_machine(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", closed_address())
        with Relay({"*": plain(b"direct")}) as relay:
            assert client().get(relay.url) == b"direct"

    def test_nor_where_no_proxy_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with Relay({"*": plain(b"via")}) as proxy:
            monkeypatch.setenv("HTTP_PROXY", proxy.url)
            monkeypatch.setenv("NO_PROXY", "relay.invalid")
            with pytest.raises(NetworkError, match="cannot connect"):
                client(retries=0).get("http://relay.invalid/")
        assert proxy.asked == []

    @pytest.mark.parametrize("bad", ["socks5://secret:pa55@h:1", "http://secret:pa55@", "http://secret:pa55@h:99999"])
    def test_one_that_cannot_be_is_refused_without_showing_its_password(
        self, monkeypatch: pytest.MonkeyPatch, bad: str
    ) -> None:
        monkeypatch.setenv("HTTP_PROXY", bad)
        with pytest.raises(InputError, match="HTTP_PROXY") as caught:
            client().get("http://relay.example/a")
        assert "pa55" not in str(caught.value)


class TestAddresses:
    @pytest.mark.parametrize(
        ("bad", "why"),
        [
            ("ftp://host/", "begin it with https://"),
            ("host/path", "begin it with https://"),
            ("http:///path", "begin it with https://"),
            ("http://host:port/", "host or port is malformed"),
            ("http://[::1/", "host or port is malformed"),
            ("http://host/ x", "printable ASCII"),
            ("http://host/\r\nHost: other", "printable ASCII"),
            ("http://höst/", "printable ASCII"),
            ("", "printable ASCII"),
            ("http://host/" + "x" * 3000, "printable ASCII"),
            ("http://user:pa55@host/", "carries a user or password"),
        ],
    )
    def test_what_is_none_is_refused(self, bad: str, why: str) -> None:
        with pytest.raises(InputError, match=why) as caught:
            client().get(bad)
        assert "pa55" not in str(caught.value)

    @given(st.text(max_size=80) | st.from_regex(r"https?://[!-~]{0,60}", fullmatch=True))
    def test_nothing_else_than_an_input_error_leaves(self, text: str) -> None:
        with suppress(InputError):
            assert check_url(text).hostname
