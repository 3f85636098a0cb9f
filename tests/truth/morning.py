"""The dealer's morning, from ten to twenty to eleven: customers are asked, and answer on the web, on the telephone and by text."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import datetime, time
from fractions import Fraction
from pathlib import Path
from typing import Any

import attrs
import openpyxl
from tests.truth.test_speak import speaking
from tests.truth.world import World

from crmcore.db import schema
from crmcore.flows import complaints
from crmcore.flows.callbacks import export
from crmcore.flows.callbacks_import import ImportReport, take_in
from crmcore.flows.collect import CollectReport
from crmcore.flows.escalate import EscalateReport
from crmcore.sample import Dealer
from crmcore.sample.gateway import LoopbackGateway
from crmcore.sample.limesurvey import LoopbackLimeSurvey
from crmcore.sample.people import CHINA
from crmcore.sample.robot import LoopbackRobot
from crmcore.sample.voices import WEB_ITEMS, WEB_QUESTIONS, ClerkCall
from crmcore.types.store import Role

#: Our questions on a scale of ten that belong to a factor, as the web and the telephone ask them.
SCALES = ("DIAGNOSIS", "ATTITUDE", "FACILITY_COMFORT", "WORK_DONE", "ON_TIME", "COST_EXPLAINED")


@attrs.define(kw_only=True)
class Morning:
    """The dealer with all its vendors on loopback."""

    world: World
    gateway: LoopbackGateway
    survey: LoopbackLimeSurvey
    robot: LoopbackRobot
    collected: list[CollectReport] = attrs.field(factory=list)
    imported: list[ImportReport] = attrs.field(factory=list)
    climbed: EscalateReport = attrs.field(factory=EscalateReport)

    @property
    def dealer(self) -> Dealer:
        return self.world.dealer

    @property
    def clerk(self) -> str:
        return next(one.code for one in self.dealer.staff if one.role is Role.CR_AGENT)

    def at(self, clock: time) -> datetime:
        return datetime.combine(self.dealer.today, clock, CHINA)

    # ------------------------------------------------------------------ what happens, in order

    def ask(self) -> None:
        """Ten o'clock: learn, decide, invite and send; whoever answers by text does so at once."""
        crm = self.world.crm
        self.world.sync()
        self.collect()
        self.world.plan()
        crm.invite(yes=True)
        crm.send(yes=True)
        self.gateway.settle()
        crm.alert(yes=True)

    def collect(self) -> CollectReport:
        self.collected.append(self.world.crm.collect())
        return self.collected[-1]

    def answer_online(self) -> None:
        """Who got the link opens it, in his own time."""
        for voice in self.dealer.voices.online:
            self.survey.answer(self.token(voice.person), voice.answers, self.at(time(10)) + voice.after)

    def export(self) -> Path:
        """The worklist with the clerk's morning written into it."""
        path = self.world.folder / "worklist.xlsx"
        crm = self.world.crm
        export(crm.db, crm.desk(), path, crm.clock.now(), lang="zh", by=self.clerk)
        fill(path, {self.touchpoint(call.person): self.cells(call) for call in self.dealer.voices.calls})
        return path

    def hand_in(self, path: Path) -> ImportReport:
        crm = self.world.crm
        self.imported.append(take_in(crm.db, crm.desk(), path, crm.clock, by=self.clerk))
        return self.imported[-1]

    def through(self) -> None:
        """All of it: the case of the text is on somebody's desk at twenty past ten, that of the web is heard of at twenty to eleven."""
        self.ask()
        self.answer_online()
        path = self.export()
        self.world.go(0, "10:20")
        complaints.assign(self.world.crm.office(), self.case_of("REPLY"), by=self.clerk)
        self.world.go(0, "10:34")
        self.hand_in(path)
        self.world.go(0, "10:40")
        self.collect()
        self.climbed = self.world.crm.escalate()
        self.world.crm.alert(yes=True)

    # ------------------------------------------------------------------ the way back to the truth

    def token(self, person: str) -> str:
        number = self.world.customer_of(person)
        (row,) = self.world.rows(schema.survey_invitation, customer_id=number)
        return str(row.token)

    def touchpoint(self, person: str) -> str:
        return f"T{self.callback(person).row.id}"

    def callback(self, person: str) -> Any:
        (found,) = (
            each for each in self.world.contacts() if (each.rule, each.person) == ("POST_REPAIR_CALLBACK", person)
        )
        return found

    def case_of(self, kind: str) -> str:
        """The case that evidence of this kind has opened, the first of them."""
        rows = sorted(self.world.rows(schema.complaint_evidence), key=lambda row: row.at)
        return f"K{next(row.complaint_id for row in rows if row.kind == kind)}"

    def advisor(self, person: str) -> str:
        """The code of whoever had this customer's car last."""
        codes = {one.name: one.code for one in self.dealer.staff}
        return codes[max((v for v in self.dealer.visits if v.customer == person), key=lambda v: v.opened).advisor]

    def cells(self, call: ClerkCall) -> dict[str, Any]:
        """One row as a clerk leaves it: numbers as numbers, times as Excel types them, words from the lists."""
        config = self.world.crm.config
        said: dict[str, Any] = {
            "result": config.results[call.result].label["zh"],
            "called_at": call.at,
            "remark": call.verbatim,
            **{f"aftersales.{name}": int(value) for name, value in call.scores.items() if name != "FIXED_FIRST_TIME"},
        }
        if "FIXED_FIRST_TIME" in call.scores:
            said["aftersales.FIXED_FIRST_TIME"] = "是" if call.scores["FIXED_FIRST_TIME"] == "1" else "否"
        if call.category:
            said |= {"complaint": "是", "category": config.categories[call.category].label["zh"]}
        return said | ({"next_at": call.next_at} if call.next_at else {})

    # ------------------------------------------------------------------ counting on one's fingers

    def answered(self) -> dict[str, dict[str, int]]:
        """Person -> our question -> the number he gave, on the web or to the clerk; yes is 1."""
        said = {call.person: dict(call.scores) for call in self.dealer.voices.calls if call.scores}
        for voice in self.dealer.voices.online:
            said[voice.person] = {WEB_ITEMS.get(item, item): value for item, value in voice.answers.items()}
        yes_no = {"Y": "1", "N": "0"}
        return {
            person: {name: int(yes_no.get(value, value)) for name, value in given.items() if name != "ADVICE"}
            for person, given in said.items()
        }


def index_of(values: list[int], low: int = 1, high: int = 10) -> Fraction:
    """The mean, moved to 0 to 100."""
    return (Fraction(sum(values), len(values)) - low) * 100 / (high - low)


def fill(path: Path, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Write answers into the workbook; the hidden first row says which column is which."""
    book = openpyxl.load_workbook(path)
    sheet = book.active
    columns = {cell.value: cell.column for cell in sheet[1]}
    found = {str(row[0].value): row[0].row for row in sheet.iter_rows(min_row=3)}
    for number, said in rows.items():
        for column, value in said.items():
            sheet.cell(found[number], columns[column]).value = value
    book.save(path)


@contextlib.contextmanager
def opened(dealer: Dealer, folder: Path) -> Iterator[Morning]:
    """The dealer at ten o'clock, before anything is read."""
    held: list[World] = []

    def now() -> datetime:
        return held[0].clock.at

    with (
        LoopbackLimeSurvey(questions=WEB_QUESTIONS, now=now) as survey,
        LoopbackRobot(now=now) as robot,
        speaking(dealer, folder, survey=survey.url, robot=robot.dingtalk_url) as (world, gateway),
    ):
        held.append(world)
        yield Morning(world=world, gateway=gateway, survey=survey, robot=robot)
