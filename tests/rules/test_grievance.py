"""A complaint is heard in what customers really write, and in nothing harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rules.complaining import CATEGORIES, POLICY, at, pack

from crmcore.rules.grievance import find, own_words
from crmcore.types.complaint import Category, ComplaintForm, Severity
from crmcore.types.contact import AttemptOutcome, ContactAttempt, Reply
from crmcore.types.survey import Answer, Mode, Response, Side

HARMLESS = [
    "Crude oil is dear, I drive less",
    "谢谢",
    "收到，谢谢",
    "挺好的不用投诉",
    "没有不满意",
    "没什么不满意的",
    "不满意的地方没有",
    "没有任何投诉",
    "客户无投诉",
    "无投诉，无不满",
    "客户对价格无异议",
    "投诉：无",
    "投诉没有",
    "投诉就不用了",
    "不想投诉，谢谢关心",
    "不会起诉的，放心",
    "车很干净",
    "一点也不脏",
    "洗得很干净，态度很好",
    "不太贵，可以接受",
    "没有乱收费",
    "从来没有多收过钱",
    "没有等太久",
    "不用等太久",
    "没有发现质量问题",
    "没有任何质量问题",
    "没有出现反复",
    "没有人受伤",
    "没有不耐烦，很细心",
    "服务态度差不多，都挺好",
    "在抖音看到你们的活动",
    "车打不着火了，能来救援吗",
    "我在法院路，可以上门取车吗",
    "自燃险多少钱",
    "这个配件是不是原厂的",
    "请问有没有人联系我",
    "投诉电话已存，谢谢",
    "上次的投诉处理得很好，谢谢",
    "反复叮嘱我注意事项，很细心",
    "车很脏，想来洗车",
    "车门刮花了想补漆",
    "礼物太贵重了",
    "收到召回通知，怎么预约",
    "合同在哪里签",
    "合格证收到了",
    "不好意思拖延了几天，明天来保养",
    "每次都这样认真，谢谢",
    "里程12345公里",
    "13812315315",
    "气囊灯灭了，谢谢",
    "no complaint",
    "No complaints at all, thank you",
    "nothing to complain about",
    "I have no reason for complaint",
    "never had any real complaints",
    "complaints: none",
    "Complaint? No.",
    "can't complain",
    "not rude at all",
    "He wasn't rude",
    "I don’t want a refund",
    "not too expensive",
    "fire extinguisher is in the boot",
    "Firefly colour looks great",
    "the tennis court next door is loud",
    "no one was injured",
    "everything fine, very clean",
    "R",
    "TD",
    "退订",
    "周六上午可以",
    "没有又坏了，挺好的",
    "不是不满意，就是问问",
    "有没有投诉",
    "我就是来告诉你们修好了，谢谢",
    "请问投诉热线是多少，只是存一下",
    "客户表示满意，未投诉",
    "没有要投诉的",
    "客户没有什么不满意",
    "我身体不太好，下周再来",
    "保险公司赔偿下来了，谢谢",
    "退款收到了",
    "车修好了，没有再响",
    "从不骗人，值得信赖",
    "没觉得太贵",
    "服务很好，下次还来",
    "问题解决了，没有异响了",
    "这次没有被刮花",
    "I am not unhappy",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_opens_nothing(text):
    """Thanks, a no before the word or behind it, a question, a word inside another, a wish for a repair."""
    assert find(text, CATEGORIES, POLICY) is None


HEARD = [
    ("我要投诉", "OTHER", "NORMAL", "COMPLAINT"),
    ("投诉", "OTHER", "NORMAL", "COMPLAINT"),
    ("没修好，又来一次", "REPAIR_QUALITY.NOT_FIXED_FIRST", "NORMAL", "GRUMBLE"),
    ("空调没有修好，又坏了", "REPAIR_QUALITY.NOT_FIXED_FIRST", "NORMAL", "GRUMBLE"),
    ("态度很差，爱理不理，我要投诉", "SERVICE_ATTITUDE", "NORMAL", "COMPLAINT"),
    ("再不解决就投诉到消协", "OTHER", "CRITICAL", "COMPLAINT"),
    ("不得不投诉了", "OTHER", "NORMAL", "COMPLAINT"),
    ("别人不投诉我投诉", "OTHER", "NORMAL", "COMPLAINT"),
    ("等了一上午没人接待", "TIMELINESS.RECEPTION", "NORMAL", "GRUMBLE"),
    ("多收了我两百块，退我钱", "PRICE", "NORMAL", "COMPLAINT"),
    ("没想到又坏了", "REPAIR_QUALITY.REPEAT_FAULT", "NORMAL", "GRUMBLE"),
    ("特别不耐烦", "SERVICE_ATTITUDE", "NORMAL", "GRUMBLE"),
    ("刹车失灵差点撞了", "PRODUCT_QUALITY.IN_USE_FAULT", "CRITICAL", "COMPLAINT"),
    ("行驶中熄火，太危险", "PRODUCT_QUALITY.IN_USE_FAULT", "CRITICAL", "COMPLAINT"),
    ("发动机起火了", "PRODUCT_QUALITY.IN_USE_FAULT", "CRITICAL", "COMPLAINT"),
    ("我已经找律师了，法院见", "OTHER", "CRITICAL", "COMPLAINT"),
    ("不给说法我就找媒体曝光你们", "OTHER", "CRITICAL", "COMPLAINT"),
    ("退一赔三", "OTHER", "CRITICAL", "COMPLAINT"),
    ("机油是假货，不是原厂的，被你们坑了，忍无可忍", "PROMISE_BROKEN.NON_GENUINE", "SERIOUS", "GRUMBLE"),
    ("不满意", "OTHER", "NORMAL", "GRUMBLE"),
    ("不是很满意，等得太久", "TIMELINESS", "NORMAL", "GRUMBLE"),
    ("要求退款，必须赔偿", "OTHER", "NORMAL", "COMPLAINT"),
    ("投诉没有用，没人管", "FEEDBACK_UNANSWERED", "NORMAL", "COMPLAINT"),
    ("The car is still not fixed. I want a refund!", "REPAIR_QUALITY.NOT_FIXED_FIRST", "NORMAL", "COMPLAINT"),
    ("Very rude staff, I will file a complaint", "SERVICE_ATTITUDE", "NORMAL", "COMPLAINT"),
    ("My lawyer will contact you", "OTHER", "CRITICAL", "COMPLAINT"),
    ("car caught fire", "OTHER", "CRITICAL", "COMPLAINT"),
    ("You overcharged me", "PRICE", "NORMAL", "GRUMBLE"),
    ("Nobody called back", "FEEDBACK_UNANSWERED", "NORMAL", "GRUMBLE"),
    ("空调还是老样子，修了好几次", "REPAIR_QUALITY.NOT_FIXED_FIRST", "SERIOUS", "GRUMBLE"),
    ("承诺没兑现", "PROMISE_BROKEN", "NORMAL", "GRUMBLE"),
    ("修 坏 了", "REPAIR_QUALITY", "NORMAL", "GRUMBLE"),
    ("ＲＵＤＥ staff", "SERVICE_ATTITUDE", "NORMAL", "GRUMBLE"),
    ("你们到底退不退款，我要投诉", "OTHER", "NORMAL", "COMPLAINT"),
    ("说好的原厂件，结果不是原厂", "PROMISE_BROKEN.NON_GENUINE", "SERIOUS", "GRUMBLE"),
    ("没用几天又坏了", "REPAIR_QUALITY.REPEAT_FAULT", "NORMAL", "GRUMBLE"),
    ("I want A Refund NOW, your staff lied to me", "FELT_DECEIVED", "SERIOUS", "COMPLAINT"),
    ("车开了不到一周又响了", "REPAIR_QUALITY.REPEAT_FAULT", "NORMAL", "GRUMBLE"),
    ("销售承诺的没兑现", "SALES_LEGACY", "NORMAL", "GRUMBLE"),
    ("等了一上午没人接待，前台没人", "TIMELINESS.RECEPTION", "NORMAL", "GRUMBLE"),
    ("不但没修好，还多收钱", "REPAIR_QUALITY.NOT_FIXED_FIRST", "NORMAL", "GRUMBLE"),
]


@pytest.mark.parametrize(("text", "category", "severity", "form"), HEARD)
def test_what_is_a_complaint_is_heard(text, category, severity, form):
    """With its category, its gravity, and whether the customer asks for something (S2)."""
    found = find(text, CATEGORIES, POLICY)

    assert (category, severity, form, text) == (found.category, found.severity, found.form, found.verbatim)


def test_the_reasons_are_shown():
    """The word that named the category first, then all others, then what makes it critical; nothing but words of the lists."""
    found = find("又坏了，态度很差，我要投诉到消协！", CATEGORIES, POLICY)

    assert ("word:态度很差", "word:又坏了", "word:投诉", "critical:消协") == found.why


def test_the_demand_is_the_sentence_it_stands_in():
    """As it was written."""
    found = find("Still broken. I want a Refund today, thanks. And an apology!", CATEGORIES, POLICY)

    assert "I want a Refund today\nAnd an apology" == found.demand


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("空调维修质量差，态度差", "REPAIR_QUALITY"),
        ("等太久，没人接待", "TIMELINESS.RECEPTION"),
        ("态度差，我要投诉，要求赔偿", "SERVICE_ATTITUDE"),
        ("又坏了，没修好", "REPAIR_QUALITY.REPEAT_FAULT"),
        ("没修好，又坏了", "REPAIR_QUALITY.NOT_FIXED_FIRST"),
    ],
)
def test_the_longest_word_names_the_branch_and_the_most_precise_the_category(text, category):
    """OTHER is for what names no cause; of equals the earlier one."""
    assert category == find(text, CATEGORIES, POLICY).category


def words(**lists):
    """A taxonomy of one category a word list."""
    return {code: Category(code=code, label={}, words=given_) for code, given_ in lists.items()}


def test_a_word_within_a_longer_word_counts_once():
    """A longer harmless phrase takes it away; a longer word takes the harmless phrase away."""
    taxonomy = words(A=("投诉电话打不通",), OTHER=("投诉",))

    assert ("word:投诉电话打不通",) == find("投诉电话打不通", taxonomy, POLICY).why
    assert find("投诉电话已存", taxonomy, POLICY) is None


def test_the_same_phrase_in_both_lists_is_harmless():
    """What the dealer calls harmless is."""
    assert find("打了投诉电话", words(A=("投诉电话",)), POLICY) is None


def test_a_graver_category_makes_the_case_graver():
    """Even when another one names it."""
    found = find("态度很差，还是假货", CATEGORIES, POLICY)

    assert ("SERVICE_ATTITUDE", Severity.SERIOUS) == (found.category, found.severity)


def test_safety_alone_is_a_case():
    """Without any word of the taxonomy, and always with the demand that something is done."""
    found = find("安全隐患", CATEGORIES, POLICY)

    assert ("OTHER", Severity.CRITICAL, ComplaintForm.COMPLAINT, ("critical:安全隐患",)) == (
        found.category,
        found.severity,
        found.form,
        found.why,
    )


def test_a_long_text_is_heard_to_its_end():
    """Thousands of denials do not tire the ear; what stands behind them counts."""
    assert find("没有投诉，" * 3000, CATEGORIES, POLICY) is None
    assert ("word:没修好",) == find("没有投诉，" * 3000 + "没修好", CATEGORIES, POLICY).why


# ------------------------------------------------------------------ where the words come from


def test_the_words_of_each_evidence_are_heard():
    """The text; what the caller wrote down of the customer, not his note to the advisor; free answers and comments, not codes."""
    reply = Reply(sender="13800130001", text="没修好")
    call = ContactAttempt(
        id="", at=at("09:00"), outcome=AttemptOutcome.SUCCESS, result="DONE", remark="客户说没修好", note="态度很差"
    )
    answers = (
        Answer(question="OVERALL", value="3", comment="态度很差"),
        Answer(question="WHY", value="没修好"),
        Answer(question="KIND", value="COMPLAINT"),
        Answer(question="NOTHING", value=""),
    )
    response = Response(
        id="", survey="S", side=Side.INTERNAL, mode=Mode.ONLINE, store="S1", completed_at=at("09:00"), answers=answers
    )

    assert ["没修好", "客户说没修好", "态度很差\n没修好"] == [own_words(each) for each in (reply, call, response)]
    assert ("word:没修好",) == find(reply, CATEGORIES, POLICY).why == find(call, CATEGORIES, POLICY).why
    assert ("word:态度很差", "word:没修好") == find(response, CATEGORIES, POLICY).why


def test_one_answer_does_not_deny_the_next():
    """Lines are sentences."""
    assert find("没有\n不满意", CATEGORIES, POLICY) is not None


# ------------------------------------------------------------------ the lists

LISTS = [
    *(("word", code, word) for code, category in CATEGORIES.items() for word in category.words),
    *(("critical", "", word) for word in POLICY.critical_words),
]


def test_every_word_of_the_lists_is_heard_alone():
    """None is hidden by a harmless phrase, by a "no" or by its own spelling."""
    deaf = [
        word
        for kind, _, word in LISTS
        if f"{kind}:{word}"
        not in (getattr(find(word, CATEGORIES, POLICY), "why", None) or find(word, words(A=(word,)), POLICY).why)
    ]

    assert [] == deaf


def test_no_word_stands_in_two_categories():
    """Which one it names would be chance."""
    every = [word for kind, _, word in LISTS if kind == "word"]

    assert len(every) == len(set(every))


def test_no_harmless_phrase_is_idle():
    """Each holds a word of another list."""
    heard = [word for _, _, word in LISTS]

    assert [] == [phrase for phrase in POLICY.harmless_words if not any(word in phrase for word in heard)]


def test_every_number_and_list_of_the_pack_has_its_source():
    """And nothing else has one."""
    table = pack("complaints")["complaints"]

    assert set(table) - {"sources"} == set(table["sources"])


@given(st.text(max_size=60))
def test_no_text_breaks_the_finder(text):
    """Whatever vendors pass on; what it says comes from the lists."""
    found = find(text, CATEGORIES, POLICY)

    assert found is None or set(found.why) <= {f"{kind}:{word}" for kind, _, word in LISTS}


@given(
    st.sampled_from([word for _, _, word in LISTS]), st.sampled_from(["客户没有", "从来没有", "不用", "no ", "never "])
)
def test_a_no_before_any_word_silences_it(word, no):
    """Words that hold a no of their own included."""
    found = find(no + word, words(A=(word,)), POLICY)

    assert found is None or f"word:{word}" not in found.why
