"""What is a complaint at this dealer's only: he has promised a loaner car with every repair, and hears of it when there was none."""

from __future__ import annotations

from crmcore.hooks import hookimpl
from crmcore.types.complaint import ComplaintDraft, Severity
from crmcore.types.contact import ContactAttempt, Reply
from crmcore.types.survey import Response

WORDS = ("没有代步车", "没代步车", "代步车呢", "代步车在哪")


@hookimpl
def crmcore_find_complaint(evidence: Response | ContactAttempt | Reply) -> ComplaintDraft | None:
    """A text, a call or an answer that asks where the car was; what crmcore finds by itself is for crmcore to say."""
    match evidence:
        case Reply(text=said) | ContactAttempt(remark=said):
            pass
        case Response(answers=answers):
            said = " ".join(f"{each.value} {each.comment}" for each in answers)
    found = [word for word in WORDS if word in said]
    if not found:
        return None
    return ComplaintDraft(category="OTHER", severity=Severity.NORMAL, verbatim=said, why=(f"word:{found[0]}",))
