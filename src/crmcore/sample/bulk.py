"""A dealer of any size in one file, for benchmarks: written in constant memory, block by block, each from its own seed.

A row depends on the seed and its number only, so the same rows can be written in another order, or a share of them changed.
About one person and 1.1 cars stand behind every five rows. Beyond twenty thousand people the two blocks of numbers are used up and others follow:
such a file measures and must never be sent to.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

import attrs

from crmcore.errors import UsageError
from crmcore.sample.invent import GIVEN, MOBILE_HEADS, SURNAMES, vin
from crmcore.sample.plan import JOBS

HEADINGS: Final = (
    "工单号", "车牌号", "车架号", "客户姓名", "手机号", "进厂日期", "交车日期", "结算日期", "进厂里程", "服务顾问", "项目", "工时", "工时费",
    "配件费", "备注",
)  # fmt: skip
BLOCK: Final = 2_000
ROWS_A_CUSTOMER: Final = 5
FIRST_DAY: Final = date(2023, 1, 1)
LAST_DAY: Final = date(2026, 11, 18)
ADVISORS: Final = tuple(a + b + c for a, b, c in zip(SURNAMES, GIVEN, GIVEN[7:], strict=False))
#: A prime: each customer comes once in every round of all customers, and neighbours in the file are strangers.
_STRIDE: Final = 7_368_787

_DIGITS: Final = str.maketrans("0123456789", "０１２３４５６７８９")


@attrs.frozen
class Bulk:
    """What was written.

    Attributes:
        rejected: rows that must be rejected, all for a number in scientific notation.
        dressed: rows with a value that is fine but not plainly written.
        changed: rows that differ from the file without `change`.
    """

    path: Path
    rows: int
    customers: int
    rejected: int
    dressed: int
    changed: int


def stream_csv(
    path: Path,
    rows: int,
    seed: int = 1,
    *,
    noise: float = 0.03,
    shuffle: bool = False,
    change: float = 0.0,
    encoding: str = "utf-8",
) -> Bulk:
    """Write `rows` visits, one row each, oldest first.

    Args:
        path: the file; overwritten.
        rows: how many, the heading not counted.
        seed: the same seed gives the same rows.
        noise: the share of rows in another dress; a tenth of them is beyond repair.
        shuffle: the same rows in another order.
        change: the share of rows whose mileage and remark differ.
        encoding: of the file.
    """
    if rows < 1 or not 0 <= change <= 1:
        raise UsageError("CRM-U303")
    job = _Job(rows, max(1, rows // ROWS_A_CUSTOMER), noise, change)
    blocks = list(range(-(-rows // BLOCK)))
    if shuffle:
        Random(f"{seed}:order").shuffle(blocks)  # noqa: S311 - reproducible on purpose
    tally = _Tally()
    with path.open("w", encoding=encoding, newline="") as file:
        file.write(",".join(HEADINGS) + "\r\n")
        for block in blocks:
            first = block * BLOCK
            lines = job.block(f"{seed}:{block}", first, tally)
            if shuffle:
                Random(f"{seed}:{block}:order").shuffle(lines)  # noqa: S311
            file.write("".join(lines))
    return Bulk(path, rows, job.customers, tally.rejected, tally.dressed, tally.changed)


@attrs.define
class _Tally:
    rejected: int = 0
    dressed: int = 0
    changed: int = 0


@attrs.frozen
class _Job:
    rows: int
    customers: int
    noise: float
    change: float

    def block(self, seed: str, first: int, tally: _Tally) -> list[str]:
        """The lines of one block; what decides about noise and change never shifts what decides about the rows."""
        rng, noisy, moved = Random(seed), Random(seed + ":noise"), Random(seed + ":change")  # noqa: S311
        span = (LAST_DAY - FIRST_DAY).days
        lines = []
        for number in range(first, min(first + BLOCK, self.rows)):
            cells = _row(rng, number, span * number // self.rows, number * _STRIDE % self.customers)
            if moved.random() < self.change:
                cells[8] = str(int(cells[8]) + 7)
                cells[14] = "已更正"
                tally.changed += 1
            if noisy.random() < self.noise:
                kind = noisy.randrange(len(_DRESSES))
                _DRESSES[kind](cells)
                tally.rejected += kind == 0
                tally.dressed += kind != 0
            lines.append(",".join(cells) + "\r\n")
        return lines


def _row(rng: Random, number: int, day: int, customer: int) -> list[str]:
    """One plain row; a tenth of the customers has two cars."""
    chance = rng.random()
    car = customer * 11 // 10 + (1 if customer % 10 == 9 and chance < 0.5 else 0)
    job = JOBS[int(chance * 9)]
    on = _DAYS[day]
    settled = _DAYS[min(day + int(chance * 40) % 4, len(_DAYS) - 1)]
    return [
        f"RO{number:09d}",
        f"京{_LETTERS[car // 100_000 % 22]}{car % 100_000:05d}",
        vin(car % 1_000_000),
        _name(customer),
        _mobile(customer),
        f"{on} {8 + number % 4:02d}:{number % 60:02d}",
        f"{on} {14 + number % 3:02d}:{number % 59:02d}",
        settled,
        str(1_000 + day * 33 + customer % 700),
        ADVISORS[customer % len(ADVISORS)],
        job.name,
        f"{job.hours / 100:g}",
        f"{job.labour // 100}.00",
        f"{job.parts // 100 + int(chance * 100)}.00",
        "" if chance < 0.9 else "客户在店等待",
    ]


_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_DAYS: Final = tuple((FIRST_DAY + timedelta(days=day)).isoformat() for day in range((LAST_DAY - FIRST_DAY).days + 1))


def _name(customer: int) -> str:
    rest, last = divmod(customer, len(GIVEN))
    rest, middle = divmod(rest, len(GIVEN))
    return SURNAMES[rest % len(SURNAMES)] + GIVEN[middle] + GIVEN[last]


def _mobile(customer: int) -> str:
    if customer < 20_000:
        return f"{MOBILE_HEADS[customer // 10_000]}{customer % 10_000:04d}"
    return f"136{customer:08d}"


def _set(column: int, change: Callable[[str], str]) -> Callable[[list[str]], None]:
    def dress(cells: list[str]) -> None:
        cells[column] = change(cells[column])

    return dress


_DRESSES: Final = (
    _set(4, lambda phone: f"{phone[0]}.{phone[1:3]}E+10"),
    _set(4, lambda phone: f"+86 {phone}"),
    _set(4, lambda phone: f"{phone[:3]}-{phone[3:7]}-{phone[7:]}"),
    _set(4, lambda phone: phone.translate(_DIGITS)),
    _set(2, str.lower),
    _set(1, lambda plate: f"{plate[:2]}·{plate[2:]}"),
    _set(7, lambda day: day.replace("-", "/")),
    _set(7, lambda day: f"{day[:4]}年{int(day[5:7])}月{int(day[8:])}日"),
    _set(8, lambda km: f'"{int(km):,}"'),
    _set(3, lambda name: name + " "),
)
