"""Write own_v1.json: edge cases that protocol_v1.json lacks, computed without the library.

Everything here is worked out again from the specification with ``hashlib`` alone, the plain way rather than the
quick one, so that the file can disagree with the library. Run it as ``python tests/vectors/generate.py`` to rewrite
the file, or with ``--stdout`` to see it; a test holds that it gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from pathlib import Path

import slow_ed25519 as ed

KEY = "00112233445566778899aabbccddeeff"
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
NOTE = "Made by generate.py from docs/spec without the library; synthetic data."


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def split(n: int) -> int:
    """The largest power of two below n."""
    return 1 << (n - 1).bit_length() - 1


def root(pages: list[bytes]) -> bytes:
    """MTH of RFC 9162 section 2.1.1, as it is defined there."""
    if not pages:
        return sha(b"")
    if len(pages) == 1:
        return sha(b"\x00" + pages[0])
    k = split(len(pages))
    return sha(b"\x01" + root(pages[:k]) + root(pages[k:]))


def path(m: int, pages: list[bytes]) -> list[bytes]:
    """PATH of RFC 9162 section 2.1.3.1, as it is defined there."""
    if len(pages) == 1:
        return []
    k = split(len(pages))
    if m < k:
        return [*path(m, pages[:k]), root(pages[k:])]
    return [*path(m - k, pages[k:]), root(pages[:k])]


def tickets() -> list[dict[str, str]]:
    ids = ["x" * n for n in (1, 22, 23, 55, 56, 64, 255)] + ["测" * 7 + "a", "测" * 7 + "ab", "测" * 85, "a:b"]
    return [{"key": KEY, "id": i, "ticket": sha(f"{KEY}:{i}".encode()).hex()} for i in ids]


def roster(rows: int, confidential: bool) -> dict[str, object]:
    """Row i has the id ``2i + 1`` in five digits, so that there is room for an absent id around each."""
    names = [f"{2 * i + 1:05d}" for i in range(rows)]
    tail = [sha(f"blind {i}".encode()).hex() if confidential else f"合成 {i}" for i in range(rows)]
    lines = [f"{a}\t{b}\n".encode() for a, b in zip(names, tail, strict=True)]
    size = 1 if confidential else 256
    pages = [b"".join(lines[at : at + size]) for at in range(0, rows, size)]
    header = b"id\tblind\n" if confidential else b"id\tnotice\n"
    edges = {-1, 0, 1, 254, 255, 256, 257, 510, 511, 512, rows - 2, rows - 1}
    asked = {2 * i + 1 + d for i in edges if i < rows for d in (0, 1)} | {0}
    proofs = [proof(n, rows, size, pages) for n in sorted(asked) if 0 <= n <= 2 * rows]
    return {
        "rows": rows,
        "confidential": confidential,
        "file_sha256": sha(header + b"".join(lines)).hex(),
        "root": root(pages).hex(),
        "proofs": proofs,
    }


def proof(number: int, rows: int, size: int, pages: list[bytes]) -> dict[str, object]:
    """Odd numbers are there. An even one lies between rows ``number / 2 - 1`` and ``number / 2``."""
    places = {number // 2} if number % 2 else {i for i in (number // 2 - 1, number // 2) if 0 <= i < rows}
    shown = sorted({i // size for i in places})
    return {
        "id": f"{number:05d}",
        "present": number % 2 == 1,
        "pages": [
            {"index": i, "page_sha256": sha(pages[i]).hex(), "path": [h.hex() for h in path(i, pages)]} for i in shown
        ],
    }


def canonical() -> dict[str, list[dict[str, str]]]:
    accept = {
        "null": b"null",
        "empty object": b"{}",
        "empty string": b'""',
        "largest integers": b"[9007199254740991,-9007199254740991,0]",
        "order by UTF-16 units, not code points": '{"\U00010000":1,"\uffff":2}'.encode(),
        "order of a prefix": b'{"":0,"A":1,"a":2,"aa":3}',
        "escapes": b'"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/"',
        "not escaped": '"\x7f\x80\u2028\u2029测\U0001f600"'.encode(),
        "depth 32": b"[" * 32 + b"]" * 32,
        "brackets in strings are not depth": b'"' + b"[{" * 40 + b'\\"' + b"[" * 40 + b'"',
    }
    reject = {
        "empty": b"",
        "space": b"[1, 2]",
        "final line break": b"{}\n",
        "byte order mark": b"\xef\xbb\xbf{}",
        "not UTF-8": b'"\xff"',
        "surrogate in UTF-8": b'"\xed\xa0\x80"',
        "overlong UTF-8": b'"\xc0\xaf"',
        "lone high surrogate": b'"\\ud800"',
        "lone low surrogate": b'"\\udc00"',
        "escaped pair": b'"\\ud83d\\ude00"',
        "lone surrogate in a key": b'{"\\ud800":1}',
        "duplicate key": b'{"a":1,"a":1}',
        "duplicate key, written otherwise": b'{"a":1,"\\u0061":1}',
        "duplicate key, deep": b'[{"b":{"a":1,"a":2}}]',
        "order by code points": '{"\uffff":2,"\U00010000":1}'.encode(),
        "order": b'{"b":1,"a":2}',
        "float": b"1.0",
        "exponent": b"1e2",
        "minus zero": b"-0",
        "leading zero": b"01",
        "plus": b"+1",
        "2^53": b"9007199254740992",
        "-2^53": b"-9007199254740992",
        "5,000 digits": b"1" * 5000,
        "NaN": b"NaN",
        "Infinity": b"[-Infinity]",
        "True": b"True",
        "comment": b"{}//",
        "two documents": b"{}{}",
        "trailing comma": b"[1,]",
        "unterminated string": b'"abc',
        "unterminated escape": b'"abc\\',
        "control character": b'"\x1f"',
        "escaped solidus": b'"\\/"',
        "upper-case escape": b'"\\u001F"',
        "long form of an escape": b'"\\u000a"',
        "escaped letter": b'"\\u0061"',
        "depth 33": b"[" * 33 + b"]" * 33,
        "depth 33, objects": b'{"a":' * 33 + b"0" + b"}" * 33,
        "depth 100,000": b"[" * 100000,
        "single quotes": b"{'a':1}",
        "NUL at the end": b"{}\x00",
    }
    return {
        "accept": [{"name": name, "base64": b64(data)} for name, data in accept.items()],
        # Long repetitions are written as what is repeated, so that the file stays small.
        "reject": [{"name": name, "base64": b64(data)} for name, data in reject.items() if len(data) <= 5000],
        "reject_repeated": [
            {"name": n, "base64": b64(d[:1]), "times": str(len(d))} for n, d in reject.items() if len(d) > 5000
        ],
    }


def files() -> dict[str, list[dict[str, str]]]:
    """Canonical roster files, and files that differ from one in one way."""
    blind = "0123456789abcdef" * 4
    accept = {
        "no rows": "id\n",
        "one column": "id\na\na!\nb\n",
        "a prefix comes first": "id\tx\na\tz\na!\tb\n",
        "empty fields": "id\tx\ty\na\t\t\n",
        "NEL, separators and a non-breaking space outside ids": "id\tx\na\t\x85\u2028\u2029\u00a0\ufeff \n",
        "space inside an id": "id\na b\n",
        "order of bytes, not of UTF-16 units": "id\n\ufffd\n\U00010000\n",
        "not normalised": "id\n" + "e\u0301\n\u00e9\n",
        "field of 1,024 bytes": "id\tx\na\t" + "x" * 1024 + "\n",
        "id of 255 bytes": "id\n" + "测" * 85 + "\n",
        "confidential": f"id\tblind\na\t{blind}\n",
        "confidential without rows": "id\tx\tblind\n",
        "columns rank and status": "id\trank\tstatus\na\t1\tselected\n",
    }
    invisible = [0x80, 0x85, 0xA0, *range(0x200B, 0x2010), *range(0x2028, 0x202F), 0x2060, 0xFEFF]
    invisible += [0xAD, 0x34F, 0x115F, 0x1680, 0x2001, 0x2061, 0x2800, 0x3000, 0x3164, 0xFE0F, 0xFFFF, 0xE0041, 0xE0100]
    control = [*range(9), *range(0x0B, 0x20), 0x7F]
    reject = {
        "empty": b"",
        "only a line break": b"\n",
        "no final line break": b"id\na",
        "header without a line break": b"id",
        "CRLF": b"id\r\na\r\n",
        "CR": b"id\na\r",
        "byte order mark": b"\xef\xbb\xbfid\na\n",
        "empty line": b"id\tx\na\tb\n\n",
        "empty id": b"id\tx\n\tb\n",
        "short row": b"id\tx\na\n",
        "long row": b"id\tx\na\tb\tc\n",
        "duplicate id": b"id\tx\na\tb\na\tc\n",
        "out of order": b"id\nb\na\n",
        "order of UTF-16 units": "id\n\U00010000\n\ufffd\n".encode(),
        "id of 256 bytes": b"id\n" + b"x" * 256 + b"\n",
        "field of 1,025 bytes": b"id\tx\na\t" + b"x" * 1025 + b"\n",
        "not UTF-8": b"id\n\xff\n",
        "GB18030": "id\tx\na\t昆明\n".encode("gb18030"),
        "surrogate in UTF-8": b"id\tx\na\t\xed\xa0\x80\n",
        "space before an id": b"id\n a\n",
        "space after an id": b"id\na \n",
        "first column not id": b"x\tid\na\tb\n",
        "upper-case column": b"id\tRisk\na\tb\n",
        "empty column name": b"id\t\na\tb\n",
        "column twice": b"id\tx\tx\na\tb\tc\n",
        "id twice": b"id\tid\na\tb\n",
        "column of 65 characters": b"id\t" + b"x" * 65 + b"\na\tb\n",
        "column name not ASCII": "id\t区\na\tb\n".encode(),
        "blind not last": f"id\tblind\tx\na\t{blind}\tb\n".encode(),
        "blind of 62 characters": f"id\tblind\na\t{blind[2:]}\n".encode(),
        "blind of 66 characters": f"id\tblind\na\t{blind}00\n".encode(),
        "blind in upper case": f"id\tblind\na\t{blind.upper()}\n".encode(),
        "blind not hex": f"id\tblind\na\t{'g' * 64}\n".encode(),
        "blind in full-width digits": f"id\tblind\na\t{'０' * 64}\n".encode(),
        "blind empty": b"id\tblind\na\t\n",
    }
    reject |= {f"U+{c:04X} in an id": f"id\na{chr(c)}b\n".encode() for c in control + invisible}
    reject |= {f"U+{c:04X} at the end of an id": f"id\na{chr(c)}\n".encode() for c in invisible}
    reject |= {f"U+{c:04X} in a field": f"id\tx\na\tb{chr(c)}\n".encode() for c in control}
    return {
        "accept": [{"name": name, "base64": b64(text.encode())} for name, text in accept.items()],
        "reject": [{"name": name, "base64": b64(data)} for name, data in reject.items()],
    }


def signed(a: int, key: bytes, r: int, torsion: ed.Point, message: bytes) -> tuple[bytes, int]:
    """A signature with nonce r, R moved by ``torsion``; also h."""
    big_r = ed.encode(ed.add(ed.times(r, ed.BASE), torsion))
    h = ed.challenge(big_r, key, message)
    return big_r + ((r + h * a) % ed.L).to_bytes(32, "little"), h


def signatures() -> list[dict[str, object]]:
    a, message = ed.scalar(SEED), b"dblrandom"
    key = ed.encode(ed.times(a, ed.BASE))
    good, _ = signed(a, key, 12345, ed.IDENTITY, message)
    s = int.from_bytes(good[32:], "little")
    points = ed.small_order_points()
    no_point = next(y for y in range(2, 100) if ed.recover_x(y, 0) is None)
    cases: list[tuple[str, bool, bytes, bytes, bytes]] = [
        ("plain", True, key, good, message),
        ("S + L", False, key, good[:32] + (s + ed.L).to_bytes(32, "little"), message),
        ("S = L", False, key, good[:32] + ed.L.to_bytes(32, "little"), message),
        ("bit of R flipped", False, key, bytes([good[0] ^ 1]) + good[1:], message),
        ("sign of R flipped", False, key, good[:31] + bytes([good[31] ^ 128]) + good[32:], message),
        ("bit of S flipped", False, key, good[:32] + bytes([good[32] ^ 1]) + good[33:], message),
        ("bit of A flipped", False, bytes([key[0] ^ 1]) + key[1:], good, message),
        ("another message", False, key, good, message + b"!"),
        ("63 bytes", False, key, good[:63], message),
        ("65 bytes", False, key, good + b"\0", message),
        ("no signature", False, key, b"", message),
        ("key of 31 bytes", False, key[:31], good, message),
        ("key of 33 bytes", False, key + b"\0", good, message),
        ("A is no point", False, no_point.to_bytes(32, "little"), good, message),
        ("holds with the cofactor only", False, key, signed(a, key, 12345, points[1], message)[0], message),
        ("R is the identity", False, key, signed(a, key, 0, ed.IDENTITY, message)[0], message),
    ]
    mixed = ed.encode(ed.add(ed.times(a, ed.BASE), points[1]))
    holds = until(8, lambda n: signed(a, mixed, n, ed.IDENTITY, message))
    cases.append(("A has a part of small order", True, mixed, holds, message))
    cases.append(("R of small order, A of mixed order", False, mixed, *small_r(a, mixed, points)))
    for at, name, encoding in small_encodings(points):
        make = lambda n, encoding=encoding: signed(0, encoding, n, ed.IDENTITY, message)  # noqa: E731
        cases.append((f"A of small order: {name} of point {at}", False, encoding, until(8, make), message))
    for y in (3, 4, 18):
        for sign in (0, 1):
            encoding = (ed.P + y | sign << 255).to_bytes(32, "little")
            cases.append((f"A not canonical: y = p + {y}, sign {sign}", False, encoding, good, message))
    names = ("name", "valid", "public_key", "signature", "message")
    return [dict(zip(names, (n, ok, k.hex(), g.hex(), m.hex()), strict=True)) for n, ok, k, g, m in cases]


def until(order: int, make) -> bytes:  # type: ignore[no-untyped-def]
    """The first signature whose h clears the key's part of small order, so that the plain equation holds."""
    return next(found for n in range(1, 10000) for found, h in [make(n)] if h % order == 0)


def small_r(a: int, key: bytes, points: list[ed.Point]) -> tuple[bytes, bytes]:
    """S B = R + h A with R of small order: R = -h T and S = h a, for the first message whose h fits its R."""
    for number in range(10000):
        message = b"dblrandom %d" % number
        for index in range(1, 8):
            big_r = ed.encode(points[index])
            h = ed.challenge(big_r, key, message)
            if -h % 8 == index:
                return big_r + (h * a % ed.L).to_bytes(32, "little"), message
    raise ValueError("no message fits")


def small_encodings(points: list[ed.Point]) -> list[tuple[int, str, bytes]]:
    """Every encoding of the eight points that a lax decoder takes: canonical, y + p, and x = 0 with the sign set."""
    found = []
    for at, (x, y) in enumerate(points):
        found.append((at, "canonical", ed.encode((x, y))))
        if y < 19:
            found.append((at, "y + p", (y + ed.P | (x & 1) << 255).to_bytes(32, "little")))
        if x == 0:
            found.append((at, "sign of zero", (y | 1 << 255).to_bytes(32, "little")))
            if y < 19:
                found.append((at, "y + p and sign of zero", (y + ed.P | 1 << 255).to_bytes(32, "little")))
    return found


def pae() -> list[dict[str, str]]:
    cases = [("http://example.com/HelloWorld", b"hello world"), ("", b""), ("型", b"\x00\xff"), ("a b", b"{}" * 50)]
    return [
        {
            "type": kind,
            "payload": payload.hex(),
            "pae": (f"DSSEv1 {len(kind.encode())} {kind} {len(payload)} ".encode() + payload).hex(),
        }
        for kind, payload in cases
    ]


def document() -> bytes:
    sizes = (0, 1, 2, 255, 256, 257, 512, 513, 1025)
    content = {
        "note": NOTE,
        "suite": "sha256",
        "tickets": tickets(),
        "rosters": [roster(n, False) for n in sizes] + [roster(n, True) for n in (0, 1, 2, 3, 5, 8, 257)],
        "files": files(),
        "canonical": canonical(),
        "ed25519": signatures(),
        "pae": pae(),
    }
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


if __name__ == "__main__":
    if "--stdout" in sys.argv[1:]:
        sys.stdout.buffer.write(document())
    else:
        (Path(__file__).parent / "own_v1.json").write_bytes(document())
