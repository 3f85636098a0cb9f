"""`SurveyContract`: what an adapter keeps that invites people to a questionnaire, or reads what they answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import attrs

from crmcore.hooks.adapters import Invites, PullsResponses
from crmcore.hooks.records import Batch, Record
from crmcore.testing.contract import check
from crmcore.testing.invitations import InvitationContract
from crmcore.testing.ledger import last, ledger, missing, said
from crmcore.testing.pull import PullContract
from crmcore.testing.rig import Clock, Rig
from crmcore.testing.rows import ROWS
from crmcore.testing.source import SourceWorld

_NAMES = ("张三", "李四", "王五", "赵六")


def response(number: int) -> tuple[str, dict[str, Any]]:
    """Key and content of one filled questionnaire; `answers` is item -> value."""
    key, day = f"T{number:08d}", f"2026-11-{number % 20 + 1:02d}"
    return key, {
        "key": key,
        "token": key,
        "sample_id": key,
        "wave": "2026-Q3",
        "visit": f"RO{number:08d}",
        "customer": {"name": _NAMES[number % 4], "phone": f"1390013{number % 10_000:04d}"},
        "vehicle": {"plate_number": f"沪A{number % 100_000:05d}"},
        "started_at": f"{day} 10:00:00",
        "completed_at": f"{day} 10:0{number % 10}:30",
        "answers": {
            "OVERALL": str(number % 5 + 1),
            "ATTITUDE": str(number % 4 + 1),
            "REMARK": f"等了{number % 97}分钟才有人接待",
        },
    }


@attrs.define(kw_only=True)
class SurveyWorld(SourceWorld):
    """A survey vendor's system: responses, and whom it asks.

    Attributes:
        asked: the token of each person who was asked, once for each time.
        refused: tokens that the vendor will not take, whatever we do.
    """

    asked: list[str] = attrs.field(factory=list)
    refused: set[str] = attrs.field(factory=set)

    def ask(self, token: str) -> None:
        """The vendor asks somebody; again where he was asked before."""
        self.asked.append(token)
        self.writes += 1


class SurveyContract(PullContract, InvitationContract):
    """Subclass it for an adapter of kind "survey": it must invite, or be pulled, or both.

    The vendor's rows are filled questionnaires, spelled as `ResponseRecord` spells them, with `answers` as item -> value. Where it
    invites, `vendor()` refuses what is in `world.refused`, and calls `world.ask(token)` for everybody whom it would ask.
    """

    entity: ClassVar[str] = "response"
    alike: ClassVar[tuple[str, str, str]] = ("sample_id", "wave", "2026-Q4")
    touched: ClassVar[str] = "answers.OVERALL"
    written: ClassVar[Mapping[str, str]] = {
        "started_at": "2026-11-05 23:30:00",
        "completed_at": "2026-11-06 00:30:00",
        "answers.OVERALL": "2",
        "answers.REMARK": '等了 "很久", 50% & a+b=c; <b>&amp;</b> \\n {x} 1.0',
    }

    def __init_subclass__(cls, **kwargs: object) -> None:
        adapter = getattr(cls, "adapter_class", None)
        if adapter is not None and not issubclass(adapter, Invites | PullsResponses):
            msg = f"{cls.__name__}: {adapter.__name__} neither invites nor can be pulled: it has no use"
            raise TypeError(msg)
        super().__init_subclass__(**kwargs)

    def pulling(self, adapter: Any, cursor: str | None) -> Iterator[Batch]:
        """`pull_responses`."""
        return adapter.pull_responses(cursor)  # type: ignore[no-any-return]

    def make_world(self, folder: Path, clock: Clock) -> SurveyWorld:
        """A vendor with a few filled questionnaires."""
        keys = ("key", "token", "sample_id", "visit")
        world = SurveyWorld(folder=folder, clock=clock, make=response, pattern=r"T\d{8}", keys=keys)
        world.add(ROWS)
        return world

    def personal(self, world: SurveyWorld) -> list[str]:
        """Names, numbers, plates, and what customers said."""
        paths = ("customer.name", "customer.phone", "vehicle.plate_number", "answers.REMARK")
        return [str(found) for row in world.held for path in paths if (found := row.get(path))]

    # ------------------------------------------------------------------ answers

    @check(needs="PullsResponses")
    def test_an_answer_that_is_finished_late_is_not_lost(self, rig: Rig) -> None:
        """A response that is begun before others and finished after them comes, also when that happens during a pull.

        Why: a customer opens his link at the red light and answers in the evening; vendors number responses when they are begun.
        If this fails: a cursor of the highest number has passed those that were not finished; remember which are missing.
        """
        world = rig.world
        late, later = world.begin(), world.begin()
        world.add(30, at=rig.clock.now())
        first: list[Batch] = []
        for batch in self._bounded(rig):
            first.append(batch)
            if len(first) == 1:
                world.finish(late)
        rig.clock.tick(hours=9)
        world.finish(later)
        known = ledger(world, first, second := self.pull(rig, last(first)))

        assert [] == missing(world, known)
        assert [] == missing(world, ledger(world, first, second, self.pull(rig, last(second))))

    @check(needs="PullsResponses")
    def test_an_answer_that_was_left_empty_is_none(self, rig: Rig) -> None:
        """What somebody did not answer is None, or is not said; never "", and never a word for it.

        Why: what does not apply must not count into an average.
        If this fails: `{"item": name, "value": text or None}`.
        """
        row = rig.world.held[1]
        rig.world.change(row, "answers.REMARK", None, at=row.changed_at)
        rig.world.change(row, "answers.ATTITUDE", None, at=row.changed_at)
        answers: list[Any] = [
            answer
            for each in said(self.pull(rig))
            if isinstance(each, Record)
            for answer in each.data["answers"]  # type: ignore[attr-defined]
        ]
        values = [answer["value"] for answer in answers]

        assert any(value is not None for value in values)
        assert [] == [
            answer["item"] for answer in answers if str(answer["value"]).strip().lower() in {"", "null", "n/a"}
        ]
        assert len(rig.world.held) * 3 - 2 == len([value for value in values if value is not None])
