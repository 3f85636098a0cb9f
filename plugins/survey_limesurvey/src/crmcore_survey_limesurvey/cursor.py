"""Where the reading of responses stands.

LimeSurvey numbers a response when it is begun and shows it when it is finished, so numbers appear out of order: behind the last one
read there may be some that are still to come. They are waited for by name, for as many days as the config says, and then no more.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from datetime import date, timedelta

import attrs

#: First and last number, and the day on which they were found missing.
Gap = tuple[int, int, str]


@attrs.frozen(kw_only=True)
class Cursor:
    """Everything below `next` has been read, but for the gaps.

    Attributes:
        survey: of another survey, the numbers mean nothing.
    """

    survey: int
    next: int = 1
    gaps: tuple[Gap, ...] = ()

    @classmethod
    def read(cls, text: str | None, survey: int) -> Cursor:
        """Out of what `str()` wrote; from the beginning when it is of another survey, or of nobody's."""
        try:
            said = json.loads(text or "{}")
            if said["survey"] == survey:
                gaps = tuple((int(first), int(last), str(day)) for first, last, day in said["gaps"])
                return cls(survey=survey, next=int(said["next"]), gaps=gaps)
        except (ValueError, KeyError, TypeError):
            pass
        return cls(survey=survey)

    def __str__(self) -> str:
        return json.dumps({"survey": self.survey, "next": self.next, "gaps": self.gaps}, separators=(",", ":"))

    def waits_for(self, number: int) -> bool:
        """May this one, below `next`, still come?"""
        return any(first <= number <= last for first, last, _ in self.gaps)

    def spans(self, width: int) -> Iterator[tuple[int, int]]:
        """The gaps, neighbours together while they are no wider than `width`: each is one question to the server."""
        first = last = 0
        for low, high, _ in self.gaps:
            if first and high - first >= width:
                yield first, last
                first = 0
            first, last = first or low, high
        if first:
            yield first, last

    def came(self, numbers: Collection[int]) -> Cursor:
        """These are no longer missing."""
        gaps = self.gaps
        for number in numbers:
            gaps = tuple(part for gap in gaps for part in _without(gap, number))
        return attrs.evolve(self, gaps=gaps)

    def went_to(self, numbers: Collection[int], today: date) -> Cursor:
        """These, all at or above `next`, were read; what lies between is missing as of today."""
        gaps, after = list(self.gaps), self.next
        for number in sorted(numbers):
            if number > after:
                gaps.append((after, number - 1, today.isoformat()))
            after = number + 1
        return attrs.evolve(self, next=after, gaps=tuple(gaps))

    def forgetting(self, today: date, days: int) -> Cursor:
        """Without what has been missing for more than `days`."""
        since = (today - timedelta(days=days)).isoformat()
        return attrs.evolve(self, gaps=tuple(gap for gap in self.gaps if gap[2] >= since))


def _without(gap: Gap, number: int) -> Iterator[Gap]:
    first, last, day = gap
    if not first <= number <= last:
        yield gap
        return
    if first < number:
        yield first, number - 1, day
    if number < last:
        yield number + 1, last, day
