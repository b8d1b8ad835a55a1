"""SM2 signatures with whole numbers alone, straight from GB/T 32918.2: slow, not secret, independent of OpenSSL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dblrandom.kernel.suite import SM3

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0
DISTID = b"1234567812345678"

Point = tuple[int, int] | None
"""``None`` is the point at infinity."""

KNOWN: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "second_signatures.json").read_text())


def add(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    slope = (3 * x1 * x1 + A) * pow(2 * y1, -1, P) if one == other else (y2 - y1) * pow(x2 - x1, -1, P)
    x3 = (slope * slope - x1 - x2) % P
    return x3, (slope * (x1 - x3) - y1) % P


def times(k: int, point: Point) -> Point:
    total: Point = None
    for bit in bin(k)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total


def raw(point: Point) -> bytes:
    assert point is not None
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def public(d: int) -> bytes:
    return raw(times(d, (GX, GY)))


def z(key: bytes, distid: bytes = DISTID) -> bytes:
    head = (len(distid) * 8).to_bytes(2, "big") + distid
    return SM3.hash(head + b"".join(v.to_bytes(32, "big") for v in (A, B, GX, GY)) + key[1:])


def e(key: bytes, message: bytes, distid: bytes = DISTID) -> int:
    return int.from_bytes(SM3.hash(z(key, distid) + message), "big")


def sign(d: int, message: bytes, k: int, distid: bytes = DISTID) -> tuple[int, int]:
    point = times(k, (GX, GY))
    assert point is not None
    r = (e(public(d), message, distid) + point[0]) % N
    return r, pow(1 + d, -1, N) * (k - r * d) % N


def verifies(key: bytes, r: int, s: int, message: bytes, distid: bytes = DISTID) -> bool:
    t = (r + s) % N
    if not (1 <= r < N and 1 <= s < N and t):
        return False
    own = int.from_bytes(key[1:33], "big"), int.from_bytes(key[33:], "big")
    point = add(times(s, (GX, GY)), times(t, own))
    return point is not None and (e(key, message, distid) + point[0]) % N == r


def integer(value: int) -> bytes:
    data = value.to_bytes(value.bit_length() // 8 + 1, "big")
    return b"\x02" + bytes([len(data)]) + data


def sequence(*parts: bytes) -> bytes:
    data = b"".join(parts)
    return b"\x30" + bytes([len(data)]) + data


def der(r: int, s: int) -> bytes:
    return sequence(integer(r), integer(s))


def private_der(d: int, key: bytes | None = None) -> bytes:
    """The private key in PKCS#8 as OpenSSL writes it, with a public key that need not belong to it."""
    head = bytes.fromhex("308187020100301306072a8648ce3d020106082a811ccf5501822d046d306b0201010420")
    return head + d.to_bytes(32, "big") + bytes.fromhex("a144034200") + (key or public(d))
