"""What the pages say codes and times with: the words of crmcore and of its packs, and the clock on the wall of the store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from crmcore import Crm
from crmcore.lang import reason, say
from crmcore.types.survey import Answer, QuestionKind


class Words:
    """The words of one `Crm`; `own` are those of reason codes that the application has brought itself."""

    def __init__(self, crm: Crm, own: Mapping[str, str] | None = None) -> None:
        self.config, self.lang, self.store, self.own = crm.config, crm.lang, crm.store(), own or {}
        self.zone = ZoneInfo(self.store.timezone)

    def local(self, at: datetime) -> str:
        """An instant, as the clock of the store shows it."""
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def say(self, code: str, room: str) -> str:
        """A code in the words of crmcore, e.g. "DELIVERED" of "state"."""
        return say(f"{room}.{code}", self.lang)

    def why(self, code: str) -> str:
        """A reason code; that of a hook is "plugin:<name>:<code>"."""
        return self.own.get(code.rpartition(":")[2]) or reason(code, self.lang)[0]

    def label(self, code: str, known: str) -> str:
        """What the packs call a code of "rules", "results", "categories" or "surveys"."""
        entries: Mapping[str, Any] = getattr(self.config, known)
        return str(entries[code].label[self.lang]) if code in entries else code

    def asked(self, answer: Answer, survey: str) -> tuple[str, str]:
        """A question, and what was answered."""
        known = self.config.surveys.get(survey)
        question = known.questions.get(answer.question) if known else None
        if question is None:
            return answer.question, answer.value
        said = {"0": "否", "1": "是"}.get(answer.value, "") if question.kind is QuestionKind.YESNO else ""
        return question.text[self.lang], "不适用" if answer.na else said or answer.value
