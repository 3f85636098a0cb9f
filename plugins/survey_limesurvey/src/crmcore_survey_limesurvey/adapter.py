"""The adapter: invites by our own tokens, and pulls finished responses by number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from crmcore.hooks import (
    Batch,
    Context,
    Invited,
    Invitee,
    Invites,
    NotInvited,
    PermanentError,
    PullsResponses,
    SurveyAdapter,
)
from crmcore_survey_limesurvey.client import RemoteControl
from crmcore_survey_limesurvey.config import CATALOG, LimeSurveyConfig
from crmcore_survey_limesurvey.cursor import Cursor
from crmcore_survey_limesurvey.reading import Reader, Row, rows_of

_TOKEN = re.compile(r"[A-Za-z0-9]{1,35}")
_TAKEN = "has already been taken"
_LAST = 2**31 - 1  # of LimeSurvey's numbers: its column is an integer
_PROPERTIES = ("active", "expires", "anonymized", "datestamp", "language", "additional_languages")


class LimeSurvey(SurveyAdapter[LimeSurveyConfig], Invites, PullsResponses):
    """One survey of a LimeSurvey server, over RemoteControl 2.

    LimeSurvey never learns a name or a number: it gets our token, a language, and the codes that `attributes` names.
    """

    name: ClassVar[str] = "limesurvey"
    Config: ClassVar[type] = LimeSurveyConfig

    def __init__(self, config: LimeSurveyConfig, context: Context) -> None:
        super().__init__(config, context)
        self._zone = config.timezone or context.timezone
        self._remote = RemoteControl(config, context.http)
        self._reader = Reader(config.survey_id, self._zone, context.salt)
        self._open = False

    def check(self) -> None:
        """Log in, and raise when nobody could answer, or when an answer would not find its way back; writes nothing."""
        self._must_be_open()
        self._remote.call("list_participants", 0, 1)

    def close(self) -> None:
        """Give the session back."""
        self._remote.close()

    # -------------------------------------------------------------- inviting

    def invite(self, invitees: Sequence[Invitee]) -> Mapping[str, Invited | NotInvited]:
        """Add each token once; one that is there already is an invitation too, so a broken call may be repeated whole."""
        outcomes: dict[str, Invited | NotInvited] = {}
        fitting: dict[str, Invitee] = {}
        for one in invitees:
            if _TOKEN.fullmatch(one.token):
                fitting[one.token] = one
            else:  # LimeSurvey would drop the offending characters without a word
                outcomes[one.token] = NotInvited(code="TOKEN_MALFORMED")
        if fitting and not self._open:
            self._must_be_open()  # a link to a closed survey would be texted to a customer
        waiting = list(fitting.values())
        for start in range(0, len(waiting), self.config.batch):
            outcomes |= self._add(waiting[start : start + self.config.batch])
        return outcomes

    def _add(self, invitees: Sequence[Invitee]) -> dict[str, Invited | NotInvited]:
        # `false`: with `true` LimeSurvey would make tokens of its own and forget ours
        rows = self._remote.call("add_participants", [self._participant(one) for one in invitees], False)
        if (
            not isinstance(rows, list)
            or len(rows) != len(invitees)
            or not all(isinstance(row, Mapping) for row in rows)
        ):
            raise self._garbled("add_participants")
        return {one.token: self._outcome(one, row) for one, row in zip(invitees, rows, strict=True)}

    def _participant(self, one: Invitee) -> dict[str, str]:
        said = {"token": one.token, "language": self.config.language_of(one.lang)}
        if one.expires_at is not None:
            said["validuntil"] = f"{one.expires_at.astimezone(ZoneInfo(self._zone)):%Y-%m-%d %H:%M:%S}"
        return said | {theirs: one.attributes.get(ours, "") for theirs, ours in self.config.attributes.items()}

    def _outcome(self, one: Invitee, row: Mapping[str, Any]) -> Invited | NotInvited:
        """Per row: errors arrive inside a list that says success."""
        invited = Invited(link=self.config.link(one.token, self.config.language_of(one.lang)))
        errors = row.get("errors")
        if not errors:
            return invited if row.get("token") == one.token else NotInvited(code="TOKEN_CHANGED")
        wrong = errors if isinstance(errors, Mapping) else {}
        if "token" in wrong:
            return invited if self._is_there(one.token, str(wrong["token"])) else NotInvited(code="TOKEN_REFUSED")
        return NotInvited(code="LANGUAGE_UNKNOWN" if "language" in wrong else "PARTICIPANT_REFUSED")

    def _is_there(self, token: str, said: str) -> bool:
        """Is the token taken? LimeSurvey says so in the language it is set to, so other words are a reason to ask."""
        if _TAKEN in said:
            return True
        return bool(self._remote.call("list_participants", 0, 1, False, [], {"token": token}))

    # -------------------------------------------------------------- pulling

    def pull_responses(self, cursor: str | None) -> Iterator[Batch]:
        """First those that were begun earlier and finished late, then the new ones, `page` numbers at a time."""
        today = self._today()
        at = Cursor.read(cursor, self.config.survey_id).forgetting(today, self.config.open_days)
        for first, last in tuple(at.spans(self.config.page)):
            late = [row for row in self._export(first, last) if at.waits_for(row["id"])]
            if late:
                at = at.came([row["id"] for row in late])
                yield Batch(self._reader.entries(late), str(at))
        while rows := self._from(at.next):
            at = at.went_to([row["id"] for row in rows], today)
            yield Batch(self._reader.entries(rows), str(at))

    def _from(self, first: int) -> list[Row]:
        """The next responses. An empty page is not yet the end: somebody may have deleted that many."""
        return self._export(first, first + self.config.page - 1) or self._export(first, _LAST)

    def _export(self, first: int, last: int) -> list[Row]:
        """The finished responses with these numbers, in order."""
        form = ("json", self.config.language, "complete", "code", "short")
        export = self._remote.call("export_responses", *form, first, last)
        if export is None:
            return []
        rows = rows_of(export)
        if rows is None:
            raise self._garbled("export_responses")
        return sorted((row for row in rows if first <= row["id"] <= last), key=lambda row: int(row["id"]))

    # -------------------------------------------------------------- the survey

    def _must_be_open(self) -> None:
        """Raise what would keep a customer from answering, or his answer from being his."""
        said = self._remote.call("get_survey_properties", list(_PROPERTIES))
        if not isinstance(said, Mapping):
            raise self._garbled("get_survey_properties")
        if said.get("active") != "Y":
            raise self._unfit("CRM-L201")
        if (expires := said.get("expires")) and self._is_past(str(expires)):
            raise self._unfit("CRM-L202")
        if said.get("anonymized") == "Y":
            raise self._unfit("CRM-L204")
        if said.get("datestamp") == "N":
            raise self._unfit("CRM-L205")
        known = {str(said.get("language")), *str(said.get("additional_languages") or "").split()}
        for language in (self.config.language, *self.config.languages.values()):
            if language not in known:
                raise self._unfit("CRM-L206", language=language)
        self._open = True

    def _is_past(self, local: str) -> bool:
        try:
            at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(self._zone))
        except ValueError:
            return False
        return at <= self.context.clock.now()

    def _today(self) -> date:
        return self.context.clock.now().astimezone(UTC).date()

    def _unfit(self, code: str, **params: object) -> PermanentError:
        return PermanentError(code, at=self.config.url_place, catalog=CATALOG, survey=self.config.survey_id, **params)

    def _garbled(self, method: str) -> PermanentError:
        return PermanentError("CRM-L109", at=self.config.url_place, catalog=CATALOG, method=method)
