"""How clerks and systems write one value: a dozen dresses for numbers, dates and amounts, none of which loses anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from random import Random
from typing import Final

#: Day 0 of Excel's 1900 date system.
EXCEL_EPOCH: Final = date(1899, 12, 30)
_FULL: Final = str.maketrans("0123456789-/:,.", "０１２３４５６７８９－／：，．")
_SECONDS_A_DAY: Final = 86_400


class Dresser:
    """Writes values; `noise` is the share that is not written plainly."""

    def __init__(self, rng: Random, noise: float = 0.25) -> None:
        self._rng = rng
        self._noise = noise

    def _pick(self, plain: str, dresses: tuple[Callable[[], str], ...]) -> str:
        return self._rng.choice(dresses)() if self._rng.random() < self._noise else plain

    def phone(self, digits: str) -> str:
        """A number of eleven digits, or a landline with its area code."""
        if not digits.startswith("1"):
            return self._pick(digits, (lambda: f"{digits[:3]}-{digits[3:]}", lambda: f"（{digits[:3]}）{digits[3:]}"))
        a, b, c = digits[:3], digits[3:7], digits[7:]
        return self._pick(
            digits,
            (
                lambda: f"{a} {b} {c}",
                lambda: f"{a}-{b}-{c}",
                lambda: f"+86 {digits}",
                lambda: f"86-{digits}",
                lambda: full_width(digits),
                lambda: f'="{digits}"',
                lambda: f"{digits}\t",
            ),
        )

    def vin(self, vin: str) -> str:
        """Seventeen characters, perhaps in lower case."""
        return self._pick(vin, (vin.lower, lambda: f"{vin} "))

    def plate(self, plate: str) -> str:
        """A plate, perhaps with the dot that is painted on it."""
        head, tail = plate[:2], plate[2:]
        return self._pick(
            plate,
            (lambda: f"{head}·{tail}", lambda: f"{head} {tail}", plate.lower, lambda: full_width(plate)),
        )

    def day(self, on: date | None) -> str:
        """A date, or nothing."""
        if on is None:
            return ""
        return self._pick(
            on.isoformat(),
            (
                lambda: f"{on.year}/{on.month}/{on.day}",
                lambda: f"{on.year}年{on.month}月{on.day}日",
                lambda: f"{on:%Y%m%d}",
                lambda: str((on - EXCEL_EPOCH).days),
                lambda: full_width(on.isoformat()),
            ),
        )

    def moment(self, at: datetime | None) -> str:
        """A store time to the minute, or nothing; no dress drops the time of day."""
        if at is None:
            return ""
        clock = f"{at:%H:%M}"
        return self._pick(
            f"{at:%Y-%m-%d} {clock}",
            (
                lambda: f"{at.year}/{at.month}/{at.day} {clock}:00",
                lambda: f"{at.year}年{at.month}月{at.day}日 {clock}",
                lambda: f"{at:%Y-%m-%d}T{clock}:00+08:00",
                lambda: serial(at),
                lambda: full_width(f"{at:%Y-%m-%d} {clock}"),
            ),
        )

    def km(self, km: int | None) -> str:
        """Whole kilometres, or nothing."""
        if km is None:
            return ""
        return self._pick(
            str(km), (lambda: f"{km:,}", lambda: f"{km:,} km", lambda: full_width(str(km)), lambda: f"{km}.0")
        )

    def money(self, fen: int) -> str:
        """An amount in yuan, given in fen."""
        yuan = f"{fen // 100}.{fen % 100:02d}"
        return self._pick(yuan, (lambda: f"{fen // 100:,}.{fen % 100:02d}", lambda: f"￥{yuan}"))


def full_width(text: str) -> str:
    """The digits and signs of `text` as a Chinese input method writes them."""
    return text.translate(_FULL)


def serial(at: datetime) -> str:
    """Excel's day number with the time of day as its fraction, as a CSV export of an unformatted cell has it."""
    seconds = at.hour * 3600 + at.minute * 60
    return f"{(at.date() - EXCEL_EPOCH).days + seconds / _SECONDS_A_DAY:.6f}"


def hours(hundredths: int) -> str:
    """Labour hours, given in hundredths."""
    return f"{hundredths / 100:g}"


def yes(answer: bool | None) -> str:
    """是, 否, or nothing when nobody asked."""
    return "" if answer is None else "是" if answer else "否"
