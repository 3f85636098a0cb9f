"""Names, numbers, VINs and plates that belong to nobody, each given out once."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

SURNAMES: Final = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂文辉玲建华宇欣晨雪梅海波云峰子涵浩然思远嘉怡"
#: Two blocks of mobile numbers; 13800138000 is an operator's own and is left out.
MOBILE_HEADS: Final = ("1380013", "1390013")
OPERATORS_OWN: Final = "13800138000"

_VALUES: Final = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
) | {str(digit): digit for digit in range(10)}
_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_PLATE_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def check_digit(vin: str) -> str:
    """The ninth character that `vin` must have (ISO 3779 with the North American and Chinese check digit, GB 16735)."""
    total = sum(_VALUES[letter] * weight for letter, weight in zip(vin, _WEIGHTS, strict=True))
    return "0123456789X"[total % 11]


def vin(serial: int, model: str = "A1S") -> str:
    """A synthetic VIN with the right check digit; one for each serial below a million."""
    bare = f"LXCRM{model}0RS{serial:06d}"
    return bare[:8] + check_digit(bare) + bare[9:]


def names() -> tuple[str, ...]:
    """Every name this page can compose of a common surname and two common characters, in a fixed order."""
    return tuple(s + a + b for s in SURNAMES for a in GIVEN for b in GIVEN)


class Inventor:
    """Gives out each name, number, VIN and plate once."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        pool = list(names())
        rng.shuffle(pool)
        self._names: Iterator[str] = iter(pool)
        self._mobiles: Iterator[str] = iter(_mobiles(rng))
        self._serials: Iterator[int] = iter(rng.sample(range(1_000_000), 100_000))
        self._plates: set[str] = set()
        self._landlines = 0

    def name(self) -> str:
        """A person's name of three characters."""
        return next(self._names)

    def mobile(self) -> str:
        """Eleven digits."""
        return next(self._mobiles)

    def landline(self) -> str:
        """A Beijing number of ten digits with its area code: `01055500001`."""
        self._landlines += 1
        return f"0105550{self._landlines:04d}"

    def vin(self, model: str = "A1S") -> str:
        """A VIN with the right check digit."""
        return vin(next(self._serials), model)

    def plate(self, *, electric: bool = False) -> str:
        """A Beijing plate without separators; five places, or six that begin with D for an electric car."""
        while True:
            tail = f"{self._rng.randrange(100_000):05d}"
            made = f"京{self._rng.choice(_PLATE_LETTERS)}{'D' if electric else ''}{tail}"
            if made not in self._plates:
                self._plates.add(made)
                return made


def _mobiles(rng: Random) -> list[str]:
    pool = [f"{head}{tail:04d}" for head in MOBILE_HEADS for tail in range(10_000)]
    pool.remove(OPERATORS_OWN)
    rng.shuffle(pool)
    return pool
