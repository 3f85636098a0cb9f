"""A small vendor of surveys that is asked over HTTP, its adapter that keeps every promise, and the contract that proves it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from tests.testing.mutants.good_dms import CATALOG, URL, Config, Good, GoodDms, json_of

from crmcore.hooks import (
    Gone,
    Invited,
    Invitee,
    Invites,
    NotInvited,
    PullsResponses,
    Record,
    Reject,
    SurveyAdapter,
)
from crmcore.testing.survey import SurveyContract


class GoodSurvey(SurveyAdapter[Config], Invites, PullsResponses):
    """Responses are paged as the visits of the DMS are; POST /people takes tokens and answers {code, states}."""

    name: ClassVar[str] = "good"
    Config: ClassVar[type] = Config
    invites_at_once: ClassVar[int] = 10

    check, pull_responses, since, cursor = GoodDms.check, GoodDms.pull, GoodDms.since, GoodDms.cursor
    ask, said, entries, entry, at = GoodDms.ask, GoodDms.said, GoodDms.entries, GoodDms.entry, GoodDms.at
    digest, bytes, raw = GoodDms.digest, GoodDms.bytes, GoodDms.raw

    def records(self, row: Mapping[str, Any]) -> Iterable[Record | Gone | Reject]:
        said = row["visit"]
        if not said.get("key"):
            return [Reject(self.at(row), "key", "", "KEY_MISSING_IN_ROW", self.raw(row), self.digest(row), CATALOG)]
        return [Record("response", {**said, "answers": self.answers(said["answers"])})]

    def answers(self, answers: Mapping[str, str | None]) -> list[dict[str, str | None]]:
        return [{"item": item, "value": value} for item, value in answers.items()]

    def invite(self, invitees: Sequence[Invitee]) -> Mapping[str, Invited | NotInvited]:
        return {token: self.outcome(token, state) for token, state in self.post([one.token for one in invitees])}

    def post(self, tokens: Sequence[str]) -> list[tuple[str, str]]:
        """(token, what became of it)."""
        answer = self.context.http.read("POST", f"{self.config.url}/people", json={"tokens": [*tokens]})
        return list(zip(tokens, self.said(answer, "states"), strict=True))

    def outcome(self, token: str, state: str) -> Invited | NotInvited:
        return NotInvited(code="REFUSED") if state == "refused" else Invited(link=f"https://survey.example/{token}")


class GoodAsking(SurveyContract):
    """The vendor as he would script himself."""

    adapter_class = GoodSurvey
    config = Good.config

    def vendor(self, rsps: Any, world: Any) -> None:
        def people(request: Any) -> tuple[int, dict[str, str], str]:
            if world.locked or world.failing:
                return json_of({"code": "WHO" if world.locked else "BUSY", "states": []})
            return json_of(
                {"code": "OK", "states": [state(world, token) for token in json.loads(request.body)["tokens"]]}
            )

        Good.vendor(self, rsps, world)
        rsps.add_callback("POST", f"{URL}/people", callback=people)


def state(world: Any, token: str) -> str:
    """What becomes of a token; "again:" before it reminds its holder."""
    if token in world.refused:
        return "refused"
    if token in world.asked:
        return "known"
    world.ask(token.removeprefix("again:"))
    return "new"
