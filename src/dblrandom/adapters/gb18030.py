"""GB 18030 as its edition of 2022 has it, as a codec of Python.

Python's own codec follows the edition of 2000. It puts 19 characters of two bytes, and one of four, among those for
private use, where the later editions, browsers and iconv have characters: one file would have two roots. In code page
936, which offices call GBK, the byte 0x80 is the euro sign; here it is that too, as it is in browsers.
"""

from __future__ import annotations

import codecs

from typing_extensions import Buffer

__all__ = ["CODEC", "MOVED"]

CODEC = "dblrandom_gb18030"
"""The codec's name, for ``open`` and whatever else takes the name of an encoding; known once this is imported."""

MOVED = {
    bytes.fromhex(code): character
    for code, character in {
        "a6d9": "\ufe10",
        "a6da": "\ufe12",
        "a6db": "\ufe11",
        "a6dc": "\ufe13",
        "a6dd": "\ufe14",
        "a6de": "\ufe15",
        "a6df": "\ufe16",
        "a6ec": "\ufe17",
        "a6ed": "\ufe18",
        "a6f3": "\ufe19",
        "a8bc": "\u1e3f",
        "fe59": "\u9fb4",
        "fe61": "\u9fb5",
        "fe66": "\u9fb6",
        "fe67": "\u9fb7",
        "fe6d": "\u9fb8",
        "fe7e": "\u9fb9",
        "fe90": "\u9fba",
        "fea0": "\u9fbb",
        "8135f437": "\ue7c7",
    }.items()
}
"""The positions that the editions of 2005 and 2022 filled or changed: the bytes, and the character that they are."""

_EURO = "dblrandom_euro"
# Asked of Python itself, so that a later codec of its own needs no change here.
_TABLE = {
    ord(found): character
    for found, character in ((code.decode("gb18030"), character) for code, character in MOVED.items())
    if found != character
}
_SOUGHT = tuple(map(chr, _TABLE))


def _as_standard(text: str) -> str:
    # A search for each is far quicker than a translation, which nearly no text needs.
    return text.translate(_TABLE) if any(character in text for character in _SOUGHT) else text


def _euro(error: UnicodeError) -> tuple[str, int]:
    if isinstance(error, UnicodeDecodeError) and error.object[error.start : error.start + 1] == b"\x80":
        return "\u20ac", error.start + 1
    raise error


class _Incremental(codecs.IncrementalDecoder):
    def __init__(self, errors: str = "strict") -> None:
        super().__init__(errors)
        self._decoder = codecs.getincrementaldecoder("gb18030")(_EURO)

    def decode(self, input: Buffer, final: bool = False) -> str:  # noqa: A002 -- the base's name for it
        return _as_standard(self._decoder.decode(bytes(input), final))

    def reset(self) -> None:
        self._decoder.reset()

    def getstate(self) -> tuple[bytes, int]:
        return self._decoder.getstate()

    def setstate(self, state: tuple[bytes, int]) -> None:
        self._decoder.setstate(state)


class _Reader(codecs.StreamReader):
    def decode(self, input: bytes, errors: str = "strict") -> tuple[str, int]:  # noqa: A002
        decoder = codecs.getincrementaldecoder("gb18030")(_EURO)
        text = decoder.decode(input)
        return _as_standard(text), len(input) - len(decoder.getstate()[0])


def _decode(data: Buffer, errors: str = "strict", /) -> tuple[str, int]:
    found = bytes(data)
    return _as_standard(found.decode("gb18030", _EURO)), len(found)


def _encode(text: str, errors: str = "strict") -> tuple[bytes, int]:
    raise NotImplementedError("this codec only reads")


def _search(name: str) -> codecs.CodecInfo | None:
    if name != CODEC:
        return None
    return codecs.CodecInfo(_encode, _decode, _Reader, None, None, _Incremental, name=CODEC)


codecs.register_error(_EURO, _euro)
codecs.register(_search)
