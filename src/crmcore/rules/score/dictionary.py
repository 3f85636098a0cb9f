"""Every metric, in the order of the reference."""

from __future__ import annotations

from crmcore.rules.score import factors, index, scores
from crmcore.rules.score.definition import Metric
from crmcore.rules.score.rates import inverse, rate
from crmcore.rules.score.scores import Unit

_ANSWERS = {
    "zh": "有效答卷中对该题的回答；“不适用”不计",
    "en": "answers in valid responses; “does not apply” counts for nothing",
}

_SATISFACTION = (
    Metric(
        id="mean",
        label={"zh": "原始均分", "en": "raw mean"},
        formula={
            "zh": "回答之和 / 回答数，按题目原有量表",
            "en": "sum of the answers / answers, on the question's own scale",
        },
        population=_ANSWERS,
        source="Convention.",
        unit=Unit.SCALE,
        method="t",
        function=scores.mean_score,
    ),
    Metric(
        id="index_100",
        label={"zh": "百分制指数", "en": "index of 100"},
        formula={
            "zh": "（均分 - 量表最低分）/（最高分 - 最低分）x 100；反向题从最高分起算",
            "en": "(mean - lowest) / (highest - lowest) x 100; a reversed question counts from its highest",
        },
        population=_ANSWERS,
        source="S3: 0-100 over the items; from the lowest answer on, so that every scale meets: J.",
        unit=Unit.INDEX_100,
        method="t",
        function=scores.mean_score,
    ),
    Metric(
        id="index_1000",
        label={"zh": "千分制指数", "en": "index of 1,000"},
        formula={"zh": "百分制指数 x 10，不加权", "en": "index of 100 x 10, unweighted"},
        population=_ANSWERS,
        source="C10 publishes on 1,000 points, with weights that are not public; this one has none.",
        unit=Unit.INDEX_1000,
        method="t",
        function=index.index_1000,
    ),
    Metric(
        id="index_plain",
        label={"zh": "问卷指数（不加权）", "en": "questionnaire index, unweighted"},
        formula={
            "zh": "计入因子的全部回答换算为百分制后的算术平均；区间按人计算",
            "en": "plain mean of all answers that count for a factor, each on 0-100; the interval goes by people",
        },
        population={
            "zh": "有效答卷中计入因子的回答；n 为人数",
            "en": "answers to questions of a factor in valid responses; n counts people",
        },
        source="J: where a weight is unknown, none is invented.",
        unit=Unit.INDEX_100,
        method="t",
        function=factors.index_score,
    ),
    Metric(
        id="index_weighted",
        label={"zh": "问卷指数（加权）", "en": "questionnaire index, weighted"},
        formula={
            "zh": "各一级因子（权重 x 因子得分）之和 / 权重之和；所有一级因子权重已知才计算",
            "en": "sum of weight x factor / sum of the weights, over the top factors; only where each weight is known",
        },
        population={
            "zh": "有效答卷中计入因子的回答；任一因子无回答则不计算；n 取回答最少的因子",
            "en": "answers to questions of a factor in valid responses; none where a factor has no answers; n is that of the factor with fewest people",
        },
        source="C10 weights its factors; the weights here are those of the questionnaire, and none is made up.",
        unit=Unit.INDEX_100,
        method="t_cautious",
        function=factors.index_score,
    ),
    Metric(
        id="top_box",
        label={"zh": "高分占比", "en": "top box"},
        formula={
            "zh": "最好的几档（scores.top_box）回答数 / 回答数",
            "en": "answers in the best boxes (scores.top_box) / answers",
        },
        population=_ANSWERS,
        source="Convention; how many of how many boxes stands in the method.",
        unit=Unit.SHARE,
        method="wilson",
        function=index.top_box,
    ),
    Metric(
        id="csat",
        label={"zh": "满意率", "en": "CSAT"},
        formula={
            "zh": "百分制不低于 scores.satisfied_from 的回答数 / 回答数",
            "en": "answers whose index reaches scores.satisfied_from / answers",
        },
        population=_ANSWERS,
        source="Convention; the limit is J.",
        unit=Unit.SHARE,
        method="wilson",
        function=index.csat,
    ),
    Metric(
        id="nps",
        label={"zh": "净推荐值", "en": "NPS"},
        formula={"zh": "9-10 分占比 - 0-6 分占比，百分点", "en": "percent of 9-10 minus percent of 0-6"},
        population={
            "zh": "推荐意愿题的回答，只计 0-10 量表",
            "en": "answers to the question of recommending, on 0-10 and on no other scale",
        },
        source="C27a.",
        unit=Unit.NPS,
        method="t",
        function=index.nps,
    ),
    Metric(
        id="loyalty_band",
        label={"zh": "满意-忠诚分层", "en": "band of loyalty"},
        formula={
            "zh": "某层（不满意、一般、基本满意、非常满意）回答数 / 回答数，界限见 scores.bands",
            "en": "answers in a band (dissatisfied, neutral, basically satisfied, very satisfied; scores.bands) / answers",
        },
        population=_ANSWERS,
        source="S0 names the bands; the limits are J.",
        unit=Unit.SHARE,
        method="wilson",
        function=rate("loyalty_band"),
    ),
)

_REPAIR = (
    Metric(
        id="first_time_fix_same_fault",
        label={"zh": "一次修复率（同一故障）", "en": "first-time fix, same fault"},
        formula={
            "zh": "1 - 同一故障返修的工单数 / 维修工单数",
            "en": "1 - orders that came back for the same fault / repair orders",
        },
        population={
            "zh": "故障维修工单；交车未满 rework.same_fault_days 天的不计，它们还可能返修",
            "en": "orders that repaired a fault; not those handed over less than rework.same_fault_days ago, which may still come back",
        },
        source="S0, S1, S2; same complaint within 30 days: C13b.",
        unit=Unit.SHARE,
        method="wilson",
        function=inverse("first_time_fix_same_fault"),
    ),
    Metric(
        id="first_time_fix_dms_flag",
        label={"zh": "一次修复率（DMS 返修标记）", "en": "first-time fix, DMS flag"},
        formula={
            "zh": "1 - 被 DMS 标记返修的原工单数 / 维修工单数",
            "en": "1 - orders whose return the DMS has flagged / repair orders",
        },
        population={
            "zh": "与同一故障口径相同的工单，限提供返修标记的来源",
            "en": "the orders of the same-fault variant, of sources that deliver the flag",
        },
        source="C3: comeback flag of the DMS.",
        unit=Unit.SHARE,
        method="wilson",
        function=inverse("first_time_fix_dms_flag"),
    ),
    Metric(
        id="first_time_fix_customer",
        label={"zh": "一次修复率（客户回答）", "en": "first-time fix, customer's word"},
        formula={
            "zh": "回答“一次修好”的人数 / 回答人数",
            "en": "people who said it was fixed the first time / people who answered",
        },
        population={
            "zh": _ANSWERS["zh"] + "；`rework list` 按工单计，投诉未修好的客户一并计入",
            "en": _ANSWERS["en"] + "; `rework list` counts orders instead, and who complained beside who answered",
        },
        source="S1; the question of survey `aftersales`.",
        unit=Unit.SHARE,
        method="wilson",
        function=rate("first_time_fix_customer"),
    ),
    Metric(
        id="avoidable_rate",
        label={"zh": "可避免投诉占比", "en": "avoidable complaints"},
        formula={
            "zh": "判定为可避免的投诉数 / 已判定的投诉数",
            "en": "complaints judged avoidable / complaints judged either way",
        },
        population={
            "zh": "已判定可否避免的投诉；未判定的不计",
            "en": "complaints about which it has been decided; undecided ones count for nothing",
        },
        source="S2: 可否避免.",
        unit=Unit.SHARE,
        method="wilson",
        function=rate("avoidable_rate"),
    ),
)

_KEPT = (
    Metric(
        id="retention_12_of_36",
        label={"zh": "客户保持率（近 12 月 / 近 36 月）", "en": "retention, 12 of 36 months"},
        formula={
            "zh": "近 12 个月进厂客户数 / 近 36 个月进厂客户数",
            "en": "customers who came in the last 12 months / customers who came in the last 36",
        },
        population={"zh": "有进厂记录的客户", "en": "customers with a visit"},
        source="C8.",
        unit=Unit.SHARE,
        method="wilson",
        function=rate("retention_12_of_36"),
    ),
    Metric(
        id="hold_13_24",
        label={"zh": "客户掌握率", "en": "hold rate"},
        formula={
            "zh": "前 13-24 个月进厂、且近 12 个月又进厂的客户数 / 前 13-24 个月进厂客户数",
            "en": "customers of months 13-24 back who came again in the last 12 / customers of months 13-24 back",
        },
        population={"zh": "前 13-24 个月进厂的客户", "en": "customers who came 13 to 24 months ago"},
        source="C8: 掌握率.",
        unit=Unit.SHARE,
        method="wilson",
        function=rate("hold_13_24"),
    ),
    Metric(
        id="churn_month_12",
        label={"zh": "月流失率（12 个月前的客户）", "en": "monthly churn, 12 months"},
        formula={
            "zh": "第 N-12 月进厂、此后未再进厂的客户数 / 第 N-12 月进厂客户数",
            "en": "visitors of month N-12 who have not returned / visitors of month N-12",
        },
        population={"zh": "第 N-12 月进厂的客户", "en": "customers who came in month N-12"},
        source="C8.",
        unit=Unit.SHARE,
        method="wilson",
        function=rate("churn_month_12"),
    ),
    Metric(
        id="churn_cohort_6",
        label={"zh": "月流失率（6 个月前的客户）", "en": "monthly churn, 6 months"},
        formula={
            "zh": "1 - 第 N-6 月进厂、此后又进厂的客户数 / 第 N-6 月进厂客户数",
            "en": "1 - visitors of month N-6 who returned / visitors of month N-6",
        },
        population={"zh": "第 N-6 月进厂的客户", "en": "customers who came in month N-6"},
        source="C17b.",
        unit=Unit.SHARE,
        method="wilson",
        function=inverse("churn_cohort_6"),
    ),
    Metric(
        id="return_rate_target",
        label={"zh": "回厂率（占应回厂）", "en": "return rate of those due"},
        formula={"zh": "回厂客户数 / 应回厂客户数", "en": "customers who came / customers who were due"},
        population={"zh": "期内应回厂的客户，不论是否提醒过", "en": "customers due in the period, reminded or not"},
        source="C8, one page.",
        unit=Unit.SHARE,
        method="wilson",
        function=rate("return_rate_target"),
    ),
    Metric(
        id="return_rate_reminded",
        label={"zh": "回厂率（占已提醒）", "en": "return rate of those reminded"},
        formula={
            "zh": "提醒后回厂客户数 / 已提醒客户数",
            "en": "customers who came after a reminder / customers reminded",
        },
        population={"zh": "期内已成功提醒的客户", "en": "customers a reminder has reached in the period"},
        source="C8, another page.",
        unit=Unit.SHARE,
        method="wilson",
        function=rate("return_rate_reminded"),
    ),
)

#: In the order of the reference.
ALL = (*_SATISFACTION, *_REPAIR, *_KEPT)
