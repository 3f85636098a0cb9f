"""Surveys: what is asked, who was asked, and what was answered (domain 6.5: 满意度调查).

Answers are kept as they were given; a score is always derived from them (`rules/score`), with its n and its interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import attrs

from crmcore.types.store import Role

__all__ = [
    "Answer",
    "Factor",
    "InvitationState",
    "Mode",
    "Question",
    "QuestionKind",
    "Response",
    "Side",
    "Survey",
    "SurveyScope",
]


class SurveyScope(StrEnum):
    """What the questions are about: the sale, the workshop, or how a complaint was handled."""

    SALES = "SALES"
    SERVICE = "SERVICE"
    COMPLAINT = "COMPLAINT"


class Side(StrEnum):
    """Who asked: the dealer himself, or a third party for the brand (S3: 内部 / 外部 CSI)."""

    INTERNAL = "INTERNAL"
    EXTERNAL = "EXTERNAL"


class Mode(StrEnum):
    """How it was asked (S3)."""

    PHONE = "PHONE"
    ONLINE = "ONLINE"
    FACE = "FACE"
    PAPER = "PAPER"
    MYSTERY = "MYSTERY"


class QuestionKind(StrEnum):
    """SCALE and NPS are numbers from `minimum` to `maximum`; YESNO is 1 or 0; SINGLE and MULTI are codes; TEXT is free."""

    SCALE = "SCALE"
    NPS = "NPS"
    YESNO = "YESNO"
    SINGLE = "SINGLE"
    MULTI = "MULTI"
    TEXT = "TEXT"


@attrs.frozen(kw_only=True)
class Factor:
    """One branch of the satisfaction index (因子).

    Attributes:
        label: {"zh": …, "en": …}.
        weight: share of the index; None: unknown, and then no weighted index is computed. None is invented.
        parent: the factor it belongs to.
    """

    code: str
    label: Mapping[str, str]
    weight: Decimal | None = None
    parent: str | None = None
    source: str = ""


@attrs.frozen(kw_only=True)
class Question:
    """One item.

    Attributes:
        factor: the factor it counts for; None: it counts for none (a recommendation, a remark).
        minimum / maximum: the ends of the scale, inclusive; None for what is no scale.
        reverse: True when a low number is the good answer.
        alert_below: an answer under it opens a complaint (S3: 低分预警); on a reversed scale an answer over its mirror does.
        category: what a low answer is a complaint about (packs/categories.toml); None: it does not tell.
        phone: True when the callback clerk asks it; False: only in writing.
        choices: code -> {"zh": …, "en": …} for SINGLE and MULTI.
        source: where the item comes from, and why its `alert_below` is what it is.
    """

    code: str
    text: Mapping[str, str]
    kind: QuestionKind = QuestionKind.SCALE
    factor: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    reverse: bool = False
    alert_below: int | None = None
    category: str | None = None
    phone: bool = True
    choices: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    source: str = ""


@attrs.frozen(kw_only=True)
class Survey:
    """A questionnaire (packs/survey_*.toml); the side and the mode are the response's, since one questionnaire serves several.

    Attributes:
        version: changes with its items, so that answers to different questions are never pooled unseen.
        role: whose work it scores: SALES_CONSULTANT or SERVICE_ADVISOR; None: nobody's.
        source: where the items come from, shown in the reference.
    """

    code: str
    version: str
    label: Mapping[str, str]
    scope: SurveyScope
    role: Role | None = None
    factors: Mapping[str, Factor]
    questions: Mapping[str, Question]
    source: str


class InvitationState(StrEnum):
    """PLANNED: we mean to; INVITED: the survey's vendor knows the token; SENT: our text with the link is on its way."""

    PLANNED = "PLANNED"
    INVITED = "INVITED"
    SENT = "SENT"
    PARTIAL = "PARTIAL"
    COMPLETE = "COMPLETE"
    DECLINED = "DECLINED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"


@attrs.frozen(kw_only=True)
class Answer:
    """One answer as it was given.

    Attributes:
        question: our question's code.
        value: the raw text, e.g. "9", "Y", "太慢"; empty with `na`.
        na: "does not apply": counts for nothing, and is not a low score.
        minimum / maximum: the scale on which it was given; an agency's 1-5 stays 1-5 here and meets our 1-10 as an index only.
    """

    question: str
    value: str = attrs.field(repr=False)
    na: bool = False
    comment: str = attrs.field(default="", repr=False)
    minimum: int | None = None
    maximum: int | None = None


@attrs.frozen(kw_only=True)
class Response:
    """One filled questionnaire.

    Attributes:
        id: "Q12"; empty before it is stored (a hook that looks for complaints sees it then).
        staff: the code of the consultant or advisor it scores.
        wave: the survey round of an external agency, e.g. "2026-Q3"; empty: the month of `completed_at`.
        flags: integrity codes; they mark, they never delete.
        valid: False once a person has excluded it from scores, with a reason in the audit.
    """

    id: str
    survey: str
    version: str = ""
    side: Side
    mode: Mode
    store: str
    customer_id: str | None = None
    visit_id: str | None = None
    vehicle_id: str | None = None
    staff: str | None = None
    wave: str = ""
    started_at: datetime | None = None
    completed_at: datetime
    complete: bool = True
    valid: bool = True
    flags: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
