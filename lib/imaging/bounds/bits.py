"""Read numbers bit by bit, as the headers of HEVC and AV1 have them."""

from __future__ import annotations


class Bits:
    """The bits of some bytes, the highest first. Reading behind them raises IndexError."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        """Return the number that the next `count` bits are."""
        if count > self._left:
            raise IndexError("the header ends early")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def take_exp_golomb(self) -> int:
        """Return the number that an Exp-Golomb code is: `ue(v)` in HEVC, `uvlc` in AV1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("a number of more than 32 bits")
        return (1 << zeros) - 1 + self.take(zeros)
