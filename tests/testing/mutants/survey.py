"""Survey adapters that each break one promise; those that a DMS can break as well are in `dms`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.testing.mutants.good_survey import GoodAsking, GoodSurvey
from tests.testing.mutants.runner import adapters, contracts

from crmcore.hooks import Adapter, Batch, Entry, Invited, Invitee, NotInvited, PermanentError, Reject, hookimpl


class TestGood(GoodAsking):
    """Keeps every promise."""


class PassesOverOldNumbers(GoodSurvey):
    """What was begun long before the last that was read is taken for read."""

    highest = 0

    def pull_responses(self, cursor: str | None) -> Iterator[Batch]:
        since, _, highest = (cursor or "").partition(" ")
        self.highest = int(highest) if highest.isdigit() else 0
        for batch in super().pull_responses(since):
            yield Batch(batch.entries, f"{batch.cursor} {self.highest}")

    def entries(self, rows: Iterable[Mapping[str, Any]]) -> tuple[Entry | Reject, ...]:
        numbered = [(int(row["id"][1:] or self.highest), row) for row in rows]
        before = self.highest
        self.highest = max([before, *(number for number, _ in numbered)])
        return super().entries(row for number, row in numbered if number > before - 20)


class SaysEmptyText(GoodSurvey):
    def answers(self, answers: Mapping[str, str | None]) -> list[dict[str, str | None]]:
        return [{"item": item, "value": value or ""} for item, value in answers.items()]


class IsBlindToCase(GoodSurvey):
    def post(self, tokens: Sequence[str]) -> list[tuple[str, str]]:
        return super().post([*{token.lower(): token for token in reversed(tokens)}.values()])


class HasOneLinkForAll(GoodSurvey):
    def outcome(self, token: str, state: str) -> Invited | NotInvited:
        found = super().outcome(token, state)
        return Invited(link="https://survey.example/") if isinstance(found, Invited) else found


class LogsLinks(GoodSurvey):
    def outcome(self, token: str, state: str) -> Invited | NotInvited:
        found = super().outcome(token, state)
        self.context.logger.debug("invited %s", getattr(found, "link", ""))
        return found


class RemindsThoseItKnows(GoodSurvey):
    known: frozenset[str] = frozenset()

    def post(self, tokens: Sequence[str]) -> list[tuple[str, str]]:
        sent = [f"again:{token}" if token in self.known else token for token in tokens]
        self.known |= {*tokens}
        return [(token, state) for token, (_, state) in zip(tokens, super().post(sent), strict=True)]


class RaisesForOneRefusal(GoodSurvey):
    def outcome(self, token: str, state: str) -> Invited | NotInvited:
        found = super().outcome(token, state)
        if isinstance(found, NotInvited):
            raise PermanentError("CRM-H202")
        return found


class TakesNineOfTen(GoodSurvey):
    def invite(self, invitees: Sequence[Invitee]) -> Mapping[str, Invited | NotInvited]:
        return super().invite(invitees[:9])


class SendsNumbers(GoodSurvey):
    """A token of digits becomes a number on its way."""

    def post(self, tokens: Sequence[str]) -> list[tuple[str, str]]:
        sent = [str(int(token)) if token.isdigit() else token for token in tokens]
        return [(token, state) for token, (_, state) in zip(tokens, super().post(sent), strict=True)]


class KnowsNoRepetition(GoodSurvey):
    """A whole call of people who are known is taken for a mistake; a token of four characters is a test."""

    def invite(self, invitees: Sequence[Invitee]) -> Mapping[str, Invited | NotInvited]:
        said = self.post([one.token for one in invitees])
        if all(state == "known" and len(token) > 4 for token, state in said):
            raise PermanentError("CRM-H202")
        return {token: self.outcome(token, state) for token, state in said}


MUTANTS = {
    "test_an_answer_that_is_finished_late_is_not_lost": PassesOverOldNumbers,
    "test_an_answer_that_was_left_empty_is_none": SaysEmptyText,
    "test_each_token_has_an_outcome": IsBlindToCase,
    "test_each_link_is_one_persons": HasOneLinkForAll,
    "test_no_link_is_shown": LogsLinks,
    "test_inviting_twice_asks_once": RemindsThoseItKnows,
    "test_one_refusal_costs_no_other": RaisesForOneRefusal,
    "test_as_many_as_it_says_are_invited_in_one_call": TakesNineOfTen,
    "test_any_token_of_ours_is_taken": SendsNumbers,
    "test_a_call_that_broke_off_can_be_repeated_whole": KnowsNoRepetition,
}

globals().update(contracts(TestGood, MUTANTS))


@hookimpl
def crmcore_adapters() -> Iterable[type[Adapter[Any]]]:
    return adapters(TestGood, MUTANTS)
