"""Large collections of numbers in little memory: a crawl remembers every id and every guid that it met."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, MutableSet
from itertools import accumulate
from typing import Any

_CHUNK = 256
_LONGEST = 10_000_000  # the most ids in one range: no site has so many
_RANGE = re.compile(r"(-?\d{1,19})(?:-(-?\d{1,19}))?", re.A)
_FIRST_SLOTS = 1 << 10


class IdSet(MutableSet[int]):
    """Row ids as bits. 200,000 ids of a usual site take about 1 MB; a set of Python takes 14 MB."""

    def __init__(self) -> None:
        self._bits: dict[int, bytearray] = {}
        self._count = 0

    def add(self, value: int) -> None:
        self.insert(value)

    def insert(self, row_id: int) -> bool:
        """Add an id. Returns whether it is new."""
        chunk, place = divmod(row_id, _CHUNK)
        bits = self._bits.get(chunk)
        if bits is None:
            bits = self._bits[chunk] = bytearray(_CHUNK // 8)
        byte, bit = place >> 3, 1 << (place & 7)
        if bits[byte] & bit:
            return False
        bits[byte] |= bit
        self._count += 1
        return True

    def discard(self, value: int) -> None:
        if value in self:
            chunk, place = divmod(value, _CHUNK)
            self._bits[chunk][place >> 3] &= ~(1 << (place & 7))
            self._count -= 1

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, int):
            return False
        chunk, place = divmod(value, _CHUNK)
        bits = self._bits.get(chunk)
        return bits is not None and bits[place >> 3] & 1 << (place & 7) != 0

    def __iter__(self) -> Iterator[int]:
        for chunk, bits in self._bits.items():
            for byte, value in enumerate(bits):
                if value:
                    yield from (chunk * _CHUNK + byte * 8 + bit for bit in range(8) if value >> bit & 1)

    def __len__(self) -> int:
        return self._count

    def ranges(self) -> str:
        """The ids as text: "1-5,9"."""
        pieces: list[str] = []
        first = last = None
        for number in self._ascending():
            if last is not None and number == last + 1:
                last = number
                continue
            _add_range(pieces, first, last)
            first = last = number
        _add_range(pieces, first, last)
        return ",".join(pieces)

    def _ascending(self) -> Iterator[int]:
        # A sorted list of 200,000 ids takes 7 MB.
        for chunk in sorted(self._bits):
            bits = self._bits[chunk]
            yield from (chunk * _CHUNK + place for place in range(_CHUNK) if bits[place >> 3] >> (place & 7) & 1)

    @classmethod
    def of_ranges(cls, text: str) -> IdSet:
        """The ids that ``ranges`` wrote. Raises ValueError."""
        found = cls()
        for piece in filter(None, text.split(",")):
            if (match := _RANGE.fullmatch(piece)) is None:
                raise ValueError(f"{piece!r} is no range of ids")
            first, last = int(match[1]), int(match[2] or match[1])
            if last - first > _LONGEST:
                raise ValueError(f"{piece!r} is no range of ids")
            for number in range(first, last + 1):
                found.insert(number)
        return found

    @classmethod
    def _from_iterable(cls, it: Any) -> set[int]:  # type: ignore[override]
        """The result of the operators (``-``, ``|``)."""
        return set(it)


def _add_range(pieces: list[str], first: int | None, last: int | None) -> None:
    if first is not None:
        pieces.append(f"{first}" if first == last else f"{first}-{last}")


class KeyOwners:
    """Hash keys of 63 bits and the owner of each. 200,000 keys take 2.6 MB; a dict of Python takes 18 MB.

    Open addressing with linear probing: the keys are hashes already, so their low bits choose the slot.
    """

    def __init__(self) -> None:
        self._keys = array("q", [0]) * _FIRST_SLOTS
        self._owners = array("H", [0]) * _FIRST_SLOTS  # 0: the slot is free
        self._count = 0
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}

    def get(self, key: int) -> str | None:
        """The owner of a key, None for a key that is not known."""
        number = self._owners[self._slot(key)]
        return self._names[number - 1] if number else None

    def setdefault(self, key: int, owner: str) -> str:
        """Store the first owner of a key. Returns that owner."""
        slot = self._slot(key)
        if number := self._owners[slot]:
            return self._names[number - 1]
        self._keys[slot], self._owners[slot] = key, self._number(owner)
        self._count += 1
        # At most four of five slots are filled: 200,000 keys then fit into 2.5 MiB, and the search for an unknown key
        # takes about ten steps.
        if self._count * 5 > len(self._keys) * 4:
            self._grow()
        return owner

    def __len__(self) -> int:
        return self._count

    def items(self) -> Iterator[tuple[int, str]]:
        """Each key with its owner."""
        for key, number in zip(self._keys, self._owners, strict=True):
            if number:
                yield key, self._names[number - 1]

    def _number(self, owner: str) -> int:
        number = self._numbers.get(owner)
        if number is None:
            self._names.append(owner)
            number = self._numbers[owner] = len(self._names)
            if number > 0xFFFF and self._owners.typecode == "H":
                self._owners = array("L", self._owners)
        return number

    def _slot(self, key: int) -> int:
        """The slot that holds a key, or the free slot where it belongs."""
        keys, owners, mask = self._keys, self._owners, len(self._keys) - 1
        slot = key & mask
        while owners[slot] and keys[slot] != key:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        keys, owners = self._keys, self._owners
        self._keys = array("q", [0]) * (2 * len(keys))
        self._owners = array(owners.typecode, [0]) * (2 * len(owners))
        for key, number in zip(keys, owners, strict=True):
            if number:
                slot = self._slot(key)
                self._keys[slot], self._owners[slot] = key, number


class SortedKeys:
    """A set of hash keys that does not change. 200,000 keys take 1.6 MB; a set of Python takes 16 MB."""

    def __init__(self, keys: Iterable[int] = ()) -> None:
        # The keys are sorted in parts by their first bits: a list of all keys takes five times the memory. Two large
        # arrays hold the keys, since many small growing arrays leave unused gaps in the memory.
        given = array("q", keys)
        least = min(given, default=0)
        shift = max(0, (max(given, default=0) - least).bit_length() - 8)
        counts = [0] * 256
        for key in given:
            counts[(key - least) >> shift] += 1
        starts = [0, *accumulate(counts)][:256]
        places = starts.copy()
        self._keys = array("q", [0]) * len(given)
        for key in given:
            part = (key - least) >> shift
            self._keys[places[part]] = key
            places[part] += 1
        for start, end in zip(starts, places, strict=True):
            self._keys[start:end] = array("q", sorted(self._keys[start:end]))

    def __contains__(self, key: object) -> bool:
        if not isinstance(key, int):
            return False
        place = bisect_left(self._keys, key)
        return place < len(self._keys) and self._keys[place] == key

    def __len__(self) -> int:
        """The number of keys. A key that was given twice counts twice."""
        return len(self._keys)
