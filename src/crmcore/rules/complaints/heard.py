"""What the second callback has heard, by the answers on the sheet: is the customer content again, more than before, or not?"""

from __future__ import annotations

from crmcore.rules.surveys.alerts import low_answers
from crmcore.rules.surveys.reading import number_of, scale_of
from crmcore.types.complaint import Restoration
from crmcore.types.contact import AttemptOutcome, CallResult
from crmcore.types.survey import Question, Response, Survey

#: Questions of packs/survey_complaint_followup.toml: is it solved, and how content is the customer with the solution?
SOLVED, OVERALL = "SOLVED", "OVERALL"


def heard(
    result: CallResult, response: Response | None, survey: Survey | None, *, complains: bool = False
) -> Restoration | None:
    """What the customer said of the solution; None: nothing yet, and he is called again.

    One answer below its limit is enough to say no. "Solved" must be said in so many words: a call without it restores nobody,
    unless the dealer's questionnaire does not ask.

    Args:
        response: his answers to `survey`; None: none.
        complains: the caller has ticked that he still complains of it.
    """
    if result.outcome is not AttemptOutcome.SUCCESS:
        return None
    if complains or (response is not None and survey is not None and low_answers(response, survey)):
        return Restoration.NOT_RESTORED
    if not result.ends or (asks(survey) and _number(response, SOLVED) is None):
        return None
    overall = survey.questions.get(OVERALL) if survey is not None else None
    return Restoration.EXCEEDED if overall is not None and _best(response, overall) else Restoration.RESTORED


def asks(survey: Survey | None) -> bool:
    """Does the questionnaire ask on the phone whether it is solved?"""
    return survey is not None and SOLVED in survey.questions and survey.questions[SOLVED].phone


def _best(response: Response | None, question: Question) -> bool:
    least, most = scale_of(question)
    said = _number(response, question.code)
    return said is not None and said == (least if question.reverse else most)


def _number(response: Response | None, code: str) -> object:
    given = () if response is None else response.answers
    return next((number_of(each.value) for each in given if each.question == code and not each.na), None)
