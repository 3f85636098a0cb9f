"""What the database sums up and a score is made of: a few exact numbers for any number of answers.

A `Sample` is sums, so samples can be pooled, taken apart and moved to another scale without seeing an answer.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Self

import attrs

#: The ends of a scale, inclusive.
Scale = tuple[int, int]

INDEX: Scale = (0, 100)
NPS: Scale = (-100, 100)
HUNDREDTHS = 100


@attrs.frozen(kw_only=True)
class Sample:
    """Sums of the answers of `n` people on one scale.

    Where one person gives several answers (the items of a factor) they are no strangers to each other: counting them as
    independent would make every interval too narrow. So the sums go over people, and `n` counts people.

    Attributes:
        n: people.
        answers: all their answers.
        total: sum of the answers.
        squares: sum over the people of (the sum of his answers)².
        crossed: sum over the people of (the sum of his answers) x (how many he gave).
        counts: sum over the people of (how many he gave)².
    """

    scale: Scale
    n: int
    answers: int
    total: Fraction
    squares: Fraction
    crossed: Fraction
    counts: int

    def __attrs_post_init__(self) -> None:
        low, high = self.scale
        if not (low < high and 0 <= self.n <= self.answers and low * self.answers <= self.total <= high * self.answers):
            raise ValueError("these are no sums of answers on this scale")

    @classmethod
    def single(cls, scale: Scale, n: int, total: int, squares: int, *, steps: int = HUNDREDTHS) -> Self:
        """One answer each; `total` and `squares` are sums of the answers as SQL gives them, in `steps` of a point."""
        return cls.several(scale, n, total, squares, answers=n, crossed=total, counts=n, steps=steps)

    @classmethod
    def several(
        cls,
        scale: Scale,
        n: int,
        total: int,
        squares: int,
        *,
        answers: int,
        crossed: int,
        counts: int,
        steps: int = HUNDREDTHS,
    ) -> Self:
        """Several answers each: sums over people, in `steps` of a point (hundredths, as answers are stored)."""
        return cls(
            scale=scale,
            n=n,
            answers=int(answers),  # PostgreSQL sums whole numbers into a Decimal
            total=Fraction(int(total), steps),
            squares=Fraction(int(squares), steps**2),
            crossed=Fraction(int(crossed), steps),
            counts=int(counts),
        )

    @classmethod
    def empty(cls, scale: Scale = INDEX) -> Self:
        """Nobody answered."""
        return cls.single(scale, 0, 0, 0)

    @property
    def mean(self) -> Fraction | None:
        """Plain mean of all answers; None of none."""
        return self.total / self.answers if self.answers else None

    @property
    def variance(self) -> Fraction | None:
        """Squared standard error of the mean; None for fewer than two people, whose spread nobody can know.

        With one answer each it is s²/n; with several, the linearised ratio estimator over people (Cochran; "clustered").
        """
        if self.n < 2:
            return None
        mean = self.total / self.answers
        around = self.squares - 2 * mean * self.crossed + mean * mean * self.counts
        return around * self.n / (self.n - 1) / self.answers**2

    def on_index(self, *, reverse: bool = False) -> Self:
        """The same people on 0 to 100; `reverse` where a low answer is the good one. So an agency's 1-5 meets our 1-10."""
        low, high = self.scale
        by = Fraction(100, high - low) * (-1 if reverse else 1)
        shift = -by * (high if reverse else low)
        return attrs.evolve(
            self,
            scale=INDEX,
            total=shift * self.answers + by * self.total,
            squares=shift**2 * self.counts + 2 * shift * by * self.crossed + by**2 * self.squares,
            crossed=shift * self.counts + by * self.crossed,
        )

    def __add__(self, other: Self) -> Self:
        return self._merged(other, operator.add)

    def __sub__(self, part: Self) -> Self:
        """Everybody else: what is left without `part`, which must be in it."""
        return self._merged(part, operator.sub)

    def _merged(self, other: Self, how: Callable[[Fraction, Fraction], Fraction]) -> Self:
        if self.scale != other.scale:
            raise ValueError("answers on different scales meet on the index only")
        return attrs.evolve(
            self,
            n=int(how(Fraction(self.n), Fraction(other.n))),
            answers=int(how(Fraction(self.answers), Fraction(other.answers))),
            total=how(self.total, other.total),
            squares=how(self.squares, other.squares),
            crossed=how(self.crossed, other.crossed),
            counts=int(how(Fraction(self.counts), Fraction(other.counts))),
        )


def pooled(samples: Iterable[Sample], scale: Scale = INDEX) -> Sample:
    """All of them as one; they must be of different people."""
    return sum(samples, Sample.empty(scale))


@attrs.frozen
class Spread:
    """How often each answer was given to one question: at most a dozen numbers, as SQL groups them.

    Attributes:
        counts: answer in hundredths -> how many people gave it.
        reverse: a low answer is the good one.
    """

    scale: Scale
    counts: Mapping[int, int]
    reverse: bool = False

    def __attrs_post_init__(self) -> None:
        low, high = self.scale
        if low >= high or any(not low * HUNDREDTHS <= each <= high * HUNDREDTHS for each in self.counts):
            raise ValueError("an answer lies outside its scale")

    @property
    def n(self) -> int:
        """People who answered."""
        return sum(self.counts.values())

    def where(self, good: Callable[[Fraction], bool]) -> int:
        """How many gave an answer that is `good`, the best being the high end also on a reversed scale."""
        return sum(count for answer, count in self.counts.items() if good(self.upright(answer)))

    def upright(self, answer: int) -> Fraction:
        """An answer (in hundredths) as it would read with the best at the high end."""
        read = Fraction(answer, HUNDREDTHS)
        return sum(self.scale) - read if self.reverse else read

    def sample(self) -> Sample:
        """The answers as they were given, as sums."""
        total = sum(answer * count for answer, count in self.counts.items())
        return Sample.single(self.scale, self.n, total, sum(a * a * count for a, count in self.counts.items()))
