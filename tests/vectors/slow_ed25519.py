"""Ed25519 from the equations of RFC 8032, slowly and in the open: only for making vectors, never for real keys.

It can make what a library refuses to make: keys with a part of small order, R of small order, signatures that hold
only when the equation is multiplied by the cofactor 8.
"""

from __future__ import annotations

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]
IDENTITY: Point = (0, 1)


def recover_x(y: int, sign: int) -> int | None:
    """The x of a point, or None where there is no point with that y."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


_BASE_Y = 4 * pow(5, -1, P) % P
BASE: Point = (recover_x(_BASE_Y, 0) or 0, _BASE_Y)


def add(a: Point, b: Point) -> Point:
    """The sum, by the complete addition law of the twisted Edwards curve, in affine coordinates."""
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P
    return x, (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P


def times(n: int, point: Point) -> Point:
    """The multiple."""
    total = IDENTITY
    while n:
        if n & 1:
            total = add(total, point)
        point = add(point, point)
        n >>= 1
    return total


def encode(point: Point) -> bytes:
    """The canonical encoding."""
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def scalar(seed: bytes) -> int:
    """The secret scalar of a private key."""
    raw = bytearray(hashlib.sha512(seed).digest()[:32])
    raw[0] &= 248
    raw[31] = raw[31] & 127 | 64
    return int.from_bytes(raw, "little")


def challenge(r: bytes, a: bytes, message: bytes) -> int:
    """h = SHA-512(R || A || M) mod L."""
    return int.from_bytes(hashlib.sha512(r + a + message).digest(), "little") % L


def small_order_points() -> list[Point]:
    """The eight points whose order divides 8: the multiples of a point of order 8, found by clearing L."""
    y = 2
    while True:
        x = recover_x(y, 0)
        if x is not None:
            torsion = times(L, (x, y))
            if times(4, torsion) != IDENTITY:
                return [times(n, torsion) for n in range(8)]
        y += 1
