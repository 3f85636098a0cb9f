"""A customer with whom everything has happened, written straight into the store, as often as wanted."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from crmcore.app import Crm
from crmcore.db import schema
from crmcore.db.columns import stamp
from crmcore.db.engine import Database, take_ids

STAFF = [
    {"code": "A01", "name": "客服", "role": "CR_AGENT"},
    {"code": "M01", "name": "经理", "role": "CR_MANAGER"},
    {"code": "V01", "name": "主管", "role": "SERVICE_MANAGER"},
]
CONFIG = {"lang": "en", "store": {"code": "S01", "name": "示范店"}, "staff": STAFF}


def crm(db: Database, clock: Any, config: Any = None) -> Crm:
    """A `Crm` on a store that is the test's."""
    return Crm(CONFIG if config is None else config, connection=db.engine, clock=clock)


class Living:
    """Writes rows; each has the next number of its table."""

    def __init__(self, db: Database, now: datetime) -> None:
        self.db, self.now = db, now
        self._open: Any = None

    def at(self, hours: float) -> str:
        """So many hours ago, as a stamp."""
        return stamp(self.now - timedelta(hours=hours))

    def put(self, table: str, **values: Any) -> int:
        found = schema.metadata.tables[table]
        with contextlib.nullcontext(self._open) if self._open else self.db.writing() as connection:
            if "id" not in found.c or "id" in values:
                connection.execute(found.insert().values(**values))
                return 0
            (number,) = take_ids(connection, found, 1)
            connection.execute(found.insert().values(id=number, **values))
        return number

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """One transaction for everything that is put meanwhile."""
        with self.db.writing() as self._open:
            yield
        self._open = None

    def customer(self, name: str = "王小明", phone: str = "+8613800130001", **more: Any) -> int:
        times = {"created_at": self.at(0), "updated_at": self.at(0)}
        number = self.put("customer", **{"kind": "PERSON", "name": name, "name_key": name, **times, **more})
        self.put("contact_point", customer_id=number, value=phone, preferred=1)
        return number

    def car(self, person: int, plate: str = "京A12345", **more: Any) -> int:
        times = {"created_at": self.at(0), "updated_at": self.at(0)}
        number = self.put("vehicle", plate=plate, **{**times, **more})
        self.put("vehicle_party", vehicle_id=number, customer_id=person, role="OWNER")
        return number

    def happen(self, person: int, car: int, hours: float) -> None:
        """One of each, `hours` ago and some minutes, in the order of the names below."""
        when = {"created_at": self.at(hours), "updated_at": self.at(hours)}
        visit = self.put("visit", kind="SERVICE", ro_number="R1", store="S01", customer_id=person, vehicle_id=car,
                         opened_at=self.at(hours), status="DELIVERED", reason_verbatim="异响", **when)  # fmt: skip
        for no in ("1", "2"):
            self.put("visit_line", visit_id=visit, no=no, op_name="换机油", hours=150, labour_amount=19950)
        touch = self.put("touchpoint", rule="POST_REPAIR_CALLBACK", subject=f"visit:{visit}", anchor=f"visit:{visit}",
                         anchor_on="2026-11-20", occurrence="1", store="S01", customer_id=person, vehicle_id=car,
                         visit_id=visit, due_at=self.at(hours - 0.1), channel="PHONE", message_class="SERVICE",
                         state="DUE", explanation="{}", **when)  # fmt: skip
        self.put("message", touchpoint_id=touch, customer_id=person, value="+8613800130001", channel="SMS",
                           message_class="CARE", purpose="CARE", template="BIRTHDAY", params="{}", text="您好",
                           store="S01", key=f"k{touch}", dedupe=f"d{touch}", state="DELIVERED",
                           due_at=self.at(hours), created_at=self.at(hours), state_at=self.at(hours - 0.2))  # fmt: skip
        self.put("attempt", touchpoint_id=touch, customer_id=person, at=self.at(hours - 0.3), recorded_at=self.at(0),
                 staff="A01", channel="PHONE", outcome="SUCCESS", result="DONE", remark="满意")  # fmt: skip
        self.put("reply", account="sms", sender="+8613800130001", text="谢谢", at=self.at(hours - 0.4),
                 recorded_at=self.at(0), vendor_id=f"v{touch}", customer_id=person, state="WAITING")  # fmt: skip
        response = self.put("survey_response", survey="aftersales", source="survey.web", key=f"q{touch}",
                            side="INTERNAL", mode="ONLINE", store="S01", customer_id=person,
                            completed_at=self.at(hours - 0.5), month="2026-11", recorded_at=self.at(0))  # fmt: skip
        for question, value in (("OVERALL", "9"), ("REMARK", "好")):
            self.put("survey_answer", response_id=response, question=question, value=value)
        case = self.put("complaint", store="S01", customer_id=person, origin="CRM", state="RECEIVED",
                        received_at=self.at(hours - 0.6), verbatim="又坏了", updated_at=self.at(0),
                        needs=json.dumps(["RESPECT"]))  # fmt: skip
        self.put("complaint_clock", complaint_id=case, round=1, kind="HANDOVER", basis="WALL", target_minutes=30,
                 started_at=self.at(hours), due_at=self.at(hours))  # fmt: skip
