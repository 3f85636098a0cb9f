"""What the callback desk goes by: rules and questionnaires, call results, who may call, and the form that is filled in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

import attrs
from sqlalchemy import Row

from crmcore.flows.evidence import Cases
from crmcore.flows.planning import Settings
from crmcore.rules import people
from crmcore.rules.attempts import CallbackPolicy, may_call
from crmcore.types.complaint import Category
from crmcore.types.contact import CallResult
from crmcore.types.store import Staff
from crmcore.types.survey import Survey
from crmcore.worklist.form import Asked, Form, asked_by, form


@attrs.frozen(kw_only=True)
class Desk:
    """Made by `Crm.desk()`.

    Attributes:
        settings: those of planning: rules, stores, texts, staff.
        cases: what a complaint is found and opened by.
        handover: a call that is written down later than this is late.
        cooldown: so long after an agency has asked him nobody is asked on the phone how content he is.
    """

    settings: Settings
    policy: CallbackPolicy
    results: Mapping[str, CallResult]
    categories: Mapping[str, Category]
    surveys: Mapping[str, Survey]
    cases: Cases
    handover: timedelta
    cooldown: timedelta = timedelta(0)

    def asks(self, rules: Iterable[str]) -> list[Survey]:
        """The questionnaires of these rules, each once."""
        codes = [self.settings.rules[code].survey or "" for code in rules if code in self.settings.rules]
        return [self.surveys[code] for code in dict.fromkeys(codes) if code in self.surveys]

    def asked(self, surveys: Iterable[Survey]) -> list[Asked]:
        """The score columns of these questionnaires."""
        return [one for survey in surveys for one in asked_by(survey)]

    def form(self, asked: Iterable[Asked], staff: Iterable[Staff]) -> Form:
        """The answer part, with whoever works here to choose from."""
        callers = sorted((one.code, one.name) for one in staff if one.active)
        return form(self.results, self.categories, asked, callers)

    def why_not(
        self, caller: Staff | None, call: Row[object], rules: Sequence[str], accused: Collection[str] = ()
    ) -> str | None:
        """None, or the reason code why this colleague may not make this call; a stranger to the staff list is nobody's advisor.

        Args:
            accused: of the case whose second callback it is.
        """
        if caller is None:
            return None
        if caller.code in accused:
            return "CALLER_ACCUSED"
        asks_content = any(
            self.settings.rules[code].purpose in people.NOT_BY_THE_OWN for code in rules if code in self.settings.rules
        )
        advisors = (call.advisor, call.customer_advisor)
        own = self.policy.own_customers
        may = not asks_content or may_call(caller, advisors, own_customers=own)
        return None if may else "OWN_CUSTOMER"
