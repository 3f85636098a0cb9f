"""A dealer whose answers, cases and calls are written straight into the store, so that every figure on a page is known."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

from crmcore.db import schema
from crmcore.db.columns import stamp
from crmcore.db.engine import Database
from crmcore.flows.report_head import Frame, frame
from crmcore.reports.call_quality import CallQuality, CauseCount, Decay, GroupCount, ResultCount
from crmcore.rules.score.policy import ScorePolicy
from crmcore.types.complaint import Category
from crmcore.types.contact import AnchorKind, TouchpointRule
from crmcore.types.store import Department, Store
from crmcore.types.survey import Factor, Question, QuestionKind, Survey, SurveyScope

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, a Sunday on which the store is open
S01, S02 = Store(code="S01", name="示范店"), Store(code="S02", name="东店")


def zh_en(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


def scale(code: str, factor: str | None, zh: str, en: str, **more: Any) -> Question:
    return Question(code=code, factor=factor, text=zh_en(zh, en), **{"minimum": 1, "maximum": 10, **more})


SURVEY = Survey(
    code="aftersales",
    version="1",
    label=zh_en("售后满意度", "After-sales satisfaction"),
    scope=SurveyScope.SERVICE,
    source="tests",
    factors={
        code: Factor(code=code, label=zh_en(zh, en))
        for code, zh, en in (("TEAM", "服务团队", "Service team"), ("QUALITY", "服务质量", "Service quality"), ("VALUE", "服务价值", "Value"))
    },
    questions={
        each.code: each
        for each in (
            scale("OVERALL", None, "总体满意吗？", "Satisfied all in all?"),
            scale("ATTITUDE", "TEAM", "态度如何？", "How was the attitude?"),
            scale("ON_TIME", "QUALITY", "按时交车吗？", "Ready in time?"),
            scale("NOISE", "QUALITY", "还有异响吗？", "Is there still a noise?", reverse=True),
            scale("COST", "VALUE", "费用清楚吗？", "Was the cost explained?"),
            Question(code="FIXED_FIRST_TIME", text=zh_en("一次修好？", "Fixed at once?"), kind=QuestionKind.YESNO),
            Question(code="RECOMMEND", text=zh_en("会推荐吗？", "Would you recommend us?"), kind=QuestionKind.NPS, minimum=0, maximum=10),
        )
    },
)  # fmt: skip

POLICY = ScorePolicy(
    min_n=30,
    confidence=0.95,
    top_box=2,
    satisfied_from=70,
    bands={"NEUTRAL": 40, "BASICALLY_SATISFIED": 60, "VERY_SATISFIED": 90},
    target={"aftersales": Decimal(85)},
)

CATEGORIES = {
    code: Category(code=code, label=zh_en(zh, en), department=Department.SERVICE)
    for code, zh, en in (
        ("REPAIR_QUALITY.REPEAT_FAULT", "同一故障重复", "Repeat fault"),
        ("SERVICE_ATTITUDE", "服务态度", "Service attitude"),
        ("PRICE", "价格", "Price"),
    )
}

RULE = TouchpointRule(
    code="POST_REPAIR_CALLBACK",
    label=zh_en("维修后回访", "Callback after the repair"),
    purpose="CALLBACK",
    anchor=AnchorKind.HANDED_OVER,
    source="S1",
)


def of(stores: tuple[Store, ...] = (S01,), *, lang: str = "zh", **window: Any) -> Frame:
    return frame(stores, NOW, lang=lang, **window)


@attrs.define
class Voices:
    """Writes people, answers, cases and calls."""

    db: Database
    ids: dict[str, int] = attrs.field(factory=dict)

    def next(self, table: str) -> int:
        self.ids[table] = self.ids.get(table, 0) + 1
        return self.ids[table]

    def insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        with self.db.writing() as connection:
            connection.execute(table.insert(), rows)

    def staff(self, *people: tuple[str, str, str]) -> None:
        rows = [
            {"code": code, "name": name, "store": store, "role": "SERVICE_ADVISOR", "source": "config"}
            for code, name, store in people
        ]
        self.insert(schema.staff, rows)

    def customer(self, name: str = "王小明") -> int:
        number = self.next("customer")
        row = {
            "id": number,
            "kind": "PERSON",
            "name": name,
            "name_key": name,
            "created_at": stamp(NOW),
            "updated_at": stamp(NOW),
        }
        self.insert(schema.customer, [row])
        return number

    def answered(
        self,
        count: int = 1,
        *,
        days: float = 1,
        side: str = "INTERNAL",
        ends: tuple[int, int] | None = None,
        **given: Any,
    ) -> None:
        """`count` filled questionnaires alike; capitals are answers, the rest columns of the response."""
        at = NOW - timedelta(days=days)
        columns = {key: value for key, value in given.items() if not key.isupper()}
        rows, answers = [], []
        for _ in range(count):
            number = self.next("survey_response")
            rows.append(
                {
                    "id": number, "survey": "aftersales", "source": "callbacks", "key": f"A{number}", "side": side, "mode": "PHONE",
                    "store": "S01", "staff": "A01", "completed_at": stamp(at), "month": f"{at:%Y-%m}", "recorded_at": stamp(at),
                    "complete": 1, "valid": 1, "flags": "[]", **columns,
                }
            )  # fmt: skip
            for question, value in given.items():
                if question.isupper():
                    answers.append(self._answer(number, question, value, ends))
        self.insert(schema.survey_response, rows)
        self.insert(schema.survey_answer, answers)

    def _answer(self, number: int, question: str, value: Any, ends: tuple[int, int] | None) -> dict[str, Any]:
        kind = SURVEY.questions[question].kind if question in SURVEY.questions else QuestionKind.SCALE
        low, high = (None, None) if kind is QuestionKind.YESNO else ends or (0 if kind is QuestionKind.NPS else 1, 10)
        return {
            "response_id": number, "question": question, "value": None if value is None else str(value),
            "number": None if value is None else round(value * 100), "minimum": low, "maximum": high, "na": int(value is None),
        }  # fmt: skip

    def case(self, *clocks: dict[str, Any], days: float = 1, **columns: Any) -> int:
        """One complaint with its clocks (`kind`, `due` and `started` in minutes from now)."""
        number, at = self.next("complaint"), stamp(NOW - timedelta(days=days))
        row = {
            "id": number, "store": "S01", "origin": "CRM", "state": "HANDED_OVER", "received_at": at, "recorded_at": at, "updated_at": at,
            "category": "PRICE", "customer_id": None, "accused": "[]", **dict.fromkeys(_OPTIONAL), **columns,
        }  # fmt: skip
        self.insert(schema.complaint, [row])
        for clock in clocks:
            due, started = clock.pop("due"), clock.pop("started", -60)
            values = {
                "complaint_id": number, "round": 1, "kind": "RESPONSE", "basis": "WALL", "target_minutes": due - started, "pauses": "[]",
                "started_at": stamp(NOW + timedelta(minutes=started)), "due_at": stamp(NOW + timedelta(minutes=due)), **clock,
            }  # fmt: skip
            self.insert(schema.complaint_clock, [values])
        return number

    def escalated(self, case: int, *, late: int = 0, level: int = 1) -> None:
        due = NOW - timedelta(hours=2)
        row = {
            "complaint_id": case, "round": 1, "level": level, "clock": "HANDOVER", "role": "CR_MANAGER", "staff": "A02",
            "due_at": stamp(due), "at": stamp(due + timedelta(minutes=late)), "late": int(late > 0),
        }  # fmt: skip
        self.insert(schema.escalation, [row])

    def call(self, person: int, *, late: bool, executor: str = "CR_AGENT", store: str = "S01") -> int:
        number = self.next("touchpoint")
        row = {
            "id": number, "rule": RULE.code, "subject": f"visit:{number}", "anchor": f"visit:{number}", "anchor_on": "2026-11-19",
            "occurrence": "1", "store": store, "customer_id": person, "due_at": stamp(NOW - timedelta(days=1)),
            "deadline_at": stamp(NOW + timedelta(hours=-1 if late else 5)), "channel": "PHONE", "message_class": "SERVICE", "state": "DUE",
            "explanation": "{}", "created_at": stamp(NOW), "updated_at": stamp(NOW), "executor": executor, "supervisors": "[]",
        }  # fmt: skip
        self.insert(schema.touchpoint, [row])
        return number

    def action(self, **columns: Any) -> None:
        row = {
            "id": self.next("improvement_action"), "store": "S01", "survey": "aftersales", "factor": "VALUE", "item": "COST",
            "cause": "未说明费用", "measure": "交车时逐项说明费用", "responsible": "A01", "supervisor": "A02", "due_on": "2026-11-10",
            "created_at": stamp(NOW), "updated_at": stamp(NOW), **columns,
        }  # fmt: skip
        self.insert(schema.improvement_action, [row])


_OPTIONAL = (
    "root_cause", "owner", "first_asked", "responsible", "department", "handed_over_at", "acknowledged_at",
    "responded_at", "resolved_at", "closed_at", "avoidable",
)  # fmt: skip


def busy(db: Database) -> Voices:
    """A quarter of a dealer with two advisors, both sides, a group's second store, cases in every lane, a morning's calls."""
    voices = Voices(db)
    voices.staff(("A01", "周婷", "S01"), ("A02", "陈晓明", "S01"), ("A03", "刘洋", "S02"))
    for months_ago, level in ((0, 9), (1, 9), (2, 8), (3, 7), (4, 7), (6, 8)):
        days = months_ago * 30 + 1
        for staff, lift in (("A01", 0), ("A02", -1)):
            for value, count in ((level + lift, 14), (level + lift - 2, 8), (10, 4)):
                voices.answered(count, days=days, staff=staff, OVERALL=value, ATTITUDE=value, ON_TIME=max(value - 1, 1), NOISE=11 - value, COST=max(value - 3, 1), RECOMMEND=value, FIXED_FIRST_TIME=int(value > 6))  # fmt: skip
    voices.answered(12, days=3, staff="A03", store="S02", OVERALL=9, ATTITUDE=10, ON_TIME=9, NOISE=2, COST=8, RECOMMEND=10, FIXED_FIRST_TIME=1)  # fmt: skip
    for value, count in ((5, 20), (4, 14), (3, 9)):
        voices.answered(count, days=20, side="EXTERNAL", staff=None, ends=(1, 5), OVERALL=value, ATTITUDE=value, ON_TIME=value, NOISE=6 - value, COST=max(value - 1, 1))  # fmt: skip
    voices.answered(2, days=2, flags=json.dumps(["STRAIGHT_LINE"]), OVERALL=10, ATTITUDE=10)
    voices.answered(1, days=2, valid=0, OVERALL=1, ATTITUDE=1)
    voices.action()
    cases(voices)
    for number in range(6):
        voices.call(voices.customer(), late=number < 2, executor="A01" if number % 2 else "CR_AGENT")
    return voices


def cases(voices: Voices) -> None:
    """One in each lane, and six that are closed."""
    person = voices.customer("王小明")
    first = voices.case(
        {"kind": "RESPONSE", "due": -80, "started": -200}, customer_id=person, category="REPAIR_QUALITY.REPEAT_FAULT", severity="CRITICAL",
        owner="A02", first_asked="A01", responsible="A01", department="SERVICE",
    )  # fmt: skip
    voices.escalated(first, late=45)
    voices.case(
        {"kind": "CLOSE", "due": 60},
        customer_id=voices.customer("李雷"),
        category="PRICE",
        owner="A02",
        department="SERVICE",
    )
    voices.case(
        {"kind": "CLOSE", "due": 450, "basis": "STORE", "target_minutes": 420},
        category="SERVICE_ATTITUDE",
        accused='["A01"]',
    )
    voices.case({"kind": "CALLBACK", "due": 900}, state="CALLBACK_PENDING", category="PRICE")
    paused = json.dumps([{"since": stamp(NOW - timedelta(minutes=30)), "until": None, "why": "CUSTOMER_AWAY"}])
    voices.case({"kind": "CLOSE", "due": 300, "pauses": paused}, category="PRICE")
    voices.case(origin="DMS", days=3)
    start = NOW - timedelta(days=10)
    for number in range(6):
        done = {
            key: stamp(start + timedelta(minutes=10 * (number + 1) * (place + 1)))
            for place, key in enumerate(_OPTIONAL[5:10])
        }
        voices.case(
            {"kind": "HANDOVER", "due": -14000, "started": -14400, "stopped_at": done["handed_over_at"]},
            days=10, state="CLOSED", customer_id=person if number == 0 else None, category="PRICE" if number < 4 else "SERVICE_ATTITUDE",
            root_cause="PRICE" if number < 2 else None, avoidable=number % 2, department="SALES" if number > 3 else "SERVICE", **done,
        )  # fmt: skip


def quality(lang: str = "zh") -> CallQuality:
    """What the room of callbacks would say."""
    zh = lang == "zh"
    group = GroupCount(code="main", label="main", calls=20, success=12, failed=5, invalid=3, customers=16, reached=12)
    person = attrs.evolve(group, code="A01", label="周婷")
    return CallQuality(
        store="示范店",
        since=of().period.since,
        until=of().period.until,
        generated_at="2026-11-22 10:00",
        data_through="2026-11-22 09:40",
        calls=20,
        success=12,
        failed=5,
        invalid=3,
        customers=16,
        reached=12,
        calls_to_reached=15,
        late=1,
        given_up=2,
        instead=1,
        proposals=2,
        results=(
            ResultCount(result="DONE", label="已完成" if zh else "Done", outcome="SUCCESS", cause="", calls=12, share=0.6),
            ResultCount(result="NO_ANSWER", label="无人接听" if zh else "No answer", outcome="FAILED", cause="CUSTOMER", calls=5, share=0.25),
            ResultCount(result="WRONG", label="号码错误" if zh else "Wrong number", outcome="INVALID", cause="NUMBER", calls=3, share=0.15),
        ),
        causes=(
            CauseCount(cause="CUSTOMER", label="客户" if zh else "Customer", outcome="FAILED", outcome_label="失败" if zh else "Failed", calls=5, share=0.625, cumulated=0.625),
            CauseCount(cause="NUMBER", label="号码" if zh else "Number", outcome="INVALID", outcome_label="无效" if zh else "Invalid", calls=3, share=0.375, cumulated=1.0),
        ),
        sources=(group,),
        advisors=(person, attrs.evolve(group, code="", label="", calls=2, success=0, failed=2, invalid=0, customers=2, reached=0)),
        callers=(person,),
        decay=(Decay(source="main", label="main", month="2026-11", dialled=18, bad=3),),
    )  # fmt: skip
