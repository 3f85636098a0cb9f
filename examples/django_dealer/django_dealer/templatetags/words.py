"""The words of the pages as filters and tags: `{% load words %}`."""

from __future__ import annotations

from datetime import datetime

from django import template

from crmcore.types.survey import Answer
from django_dealer.apps import the_crm
from django_dealer.words import Words

register = template.Library()


@register.filter
def local(at: datetime) -> str:
    """An instant, as the clock of the store shows it."""
    return Words(the_crm()).local(at)


@register.filter
def say(code: str, room: str) -> str:
    """A code of a room, e.g. `state|say:"state.complaint"`."""
    return Words(the_crm()).say(code, room)


@register.filter
def why(code: str) -> str:
    """A reason code."""
    return Words(the_crm()).why(code)


@register.filter
def label(code: str, known: str) -> str:
    """What the packs call a code, e.g. `rule|label:"rules"`."""
    return Words(the_crm()).label(code, known)


@register.filter
def asked(answer: Answer, survey: str) -> tuple[str, str]:
    """A question, and what was answered."""
    return Words(the_crm()).asked(answer, survey)


@register.simple_tag
def store_name() -> str:
    """The name of the (first) store."""
    return the_crm().store().name
