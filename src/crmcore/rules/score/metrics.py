"""The metric dictionary: what a name means, over whom it is counted, and who says so.

One name, one formula. A name that could mean two refuses to run and says which they are; the reference is made from here.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from crmcore.errors import UsageError
from crmcore.rules.score.definition import Metric
from crmcore.rules.score.dictionary import ALL

METRICS: Mapping[str, Metric] = {each.id: each for each in ALL}

_INDEX = ("index_100", "index_1000", "index_plain", "index_weighted")
_FIXED = ("first_time_fix_same_fault", "first_time_fix_dms_flag", "first_time_fix_customer")
_RETENTION = ("retention_12_of_36", "hold_13_24")
_CHURN = ("churn_month_12", "churn_cohort_6")
_RETURN = ("return_rate_target", "return_rate_reminded")

#: Names people use, and what each of them could mean.
AMBIGUOUS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("csi", "index", "score", "指数"), _INDEX),
    **dict.fromkeys(("satisfaction", "满意度"), (*_INDEX, "csat", "top_box")),
    **dict.fromkeys(("first_time_fix", "first_time_fix_rate", "fix_rate", "ftf", "一次修复率"), _FIXED),
    **dict.fromkeys(("retention", "retention_rate", "客户保持率", "保持率"), _RETENTION),
    **dict.fromkeys(("churn", "churn_rate", "monthly_churn", "流失率", "月流失率"), _CHURN),
    **dict.fromkeys(("return_rate", "回厂率"), _RETURN),
}


def metric(name: str) -> Metric:
    """The one metric of a name: its id, or its label in Chinese or English.

    Raises UsageError: CRM-T701 for a name that could mean several, CRM-T702 / CRM-T703 for one that means none.
    """
    key = _key(name)
    if key in AMBIGUOUS:
        raise UsageError("CRM-T701", name=name, known=", ".join(AMBIGUOUS[key]))
    by_name = {_key(each): found for found in METRICS.values() for each in (found.id, *found.label.values())}
    if key in by_name:
        return by_name[key]
    close = difflib.get_close_matches(key, [*by_name, *AMBIGUOUS], n=1)
    if close:
        meant = by_name[close[0]].id if close[0] in by_name else ", ".join(AMBIGUOUS[close[0]])
        raise UsageError("CRM-T702", name=name, guess=meant)
    raise UsageError("CRM-T703", name=name, known=", ".join(METRICS))


def _key(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")
