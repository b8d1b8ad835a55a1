"""Very many tickets at once, by an engine where one is installed; the result never depends on it.

Hashing one text after another, Python spends more time around SHA-256 than in it. DataFusion, which the extra
``engine`` brings, hashes whole columns on all cores. It is asked only which tickets are low, and each that it names is
hashed again here.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from dblrandom.kernel.extras import installed, load
from dblrandom.kernel.suite import SHA256, Suite

__all__ = ["ManyTickets", "in_bulk"]

_EXTRA = ("engine", "hashing in bulk")
_BATCH = 8192


def in_bulk(suite: Suite) -> bool:
    """Whether :class:`ManyTickets` can be used here, with this suite."""
    return suite == SHA256 and installed("datafusion", "pyarrow")


class ManyTickets:
    """SHA-256 tickets of texts that each are one of many beginnings with one of ``ends`` after it.

    Raises:
        MissingExtra: there is no engine.
    """

    def __init__(self, ends: Sequence[str]) -> None:
        self._arrow, self._fusion = load("pyarrow", *_EXTRA), load("datafusion", *_EXTRA)
        self._ends = ends

    def below(
        self, beginnings: Sequence[str], bounds: Sequence[bytes], wanted: Sequence[array[int]]
    ) -> list[list[tuple[bytes, int]]]:
        """For each beginning the tickets below its bound, ascending, with the positions of the ends that they have.

        Args:
            beginnings: the texts' beginnings, draw key and colon included.
            bounds: for each beginning, what a ticket must be below; 32 bytes.
            wanted: for each beginning the positions of the ends that it is to be tried with, as C ints, each once.
        """
        found: list[list[tuple[bytes, int]]] = [[] for _ in beginnings]
        for number, place in self._named(beginnings, bounds, wanted):
            ticket = SHA256.hash(f"{beginnings[number]}{self._ends[place]}".encode())
            if ticket < bounds[number]:
                found[number].append((ticket, place))
        return [sorted(each) for each in found]

    def _named(
        self, beginnings: Sequence[str], bounds: Sequence[bytes], wanted: Sequence[array[int]]
    ) -> list[tuple[int, int]]:
        pa, fusion, f = self._arrow, self._fusion, self._fusion.functions
        numbers, places = array("i"), array("i")
        for number, some in enumerate(wanted):
            numbers.extend(array("i", (number,)) * len(some))
            places.extend(some)
        if not places:
            return []
        number, place = (
            pa.Array.from_buffers(pa.int32(), len(each), [None, pa.py_buffer(each)]) for each in (numbers, places)
        )
        table = pa.table(
            {
                "number": number,
                "place": place,
                "beginning": pa.array(beginnings, pa.string()).take(number),
                "end": pa.array(self._ends, pa.string()).take(place),
                "bound": pa.array(bounds, pa.binary()).take(number),
            }
        )
        # Small batches are what the engine spreads over the cores.
        rows = fusion.SessionContext().create_dataframe([table.to_batches(max_chunksize=_BATCH)])
        ticket = f.sha256(f.concat(fusion.col("beginning"), fusion.col("end")))
        low = rows.filter(ticket < fusion.col("bound")).select("number", "place").collect()
        return [pair for each in low for pair in zip(*(column.to_pylist() for column in each.columns), strict=True)]
