"""crmcore complaints, escalate, explain K1: the whole life of a case from the command line."""

from __future__ import annotations

import pytest

PEOPLE = """
[[staff]]
code = "M01"
name = "经理"
role = "CR_MANAGER"
[[staff]]
code = "V01"
name = "主管"
role = "SERVICE_MANAGER"
[[staff]]
code = "D01"
name = "顾问"
role = "SERVICE_ADVISOR"
[dms.main]
adapter = "csv"
path = "ro.csv"
"""
ORDERS = "工单号,客户姓名,手机,进厂日期,交车日期\nR1,王小明,13800130001,2026-11-18 09:00,2026-11-19 16:00\n"


@pytest.fixture(name="store")
def _store(crm):
    """A store with three people and one customer, C1."""
    crm.toml(PEOPLE)
    (crm.folder / "ro.csv").write_text(ORDERS, "utf-8")
    assert 0 == crm("sync").exit_code
    return crm


def at(clock):
    return ("--now", f"2026-11-22T{clock}")


def said(crm, *arguments):
    code, body = crm.json(*arguments)
    assert 0 == code, body
    return body


def test_a_case_from_its_first_word_to_its_second_callback(store):
    """Each command says what happened and where the case stands; the JSON is flat and by code."""
    opened = said(store, "complaints", "open", "又坏了，要退钱", "--visit", "R1", "--by", "D01", *at("10:00"))
    (row,) = said(store, "complaints", "list", *at("10:01"))["complaints"]
    steps = [
        said(store, "complaints", *arguments, *at(clock))
        for clock, *arguments in (
            ("10:05", "acknowledge", "K1"),
            ("10:10", "assign", "K1", "--by", "M01"),
            ("10:20", "classify", "K1", "--accused", "D01", "--need", "RESPECT", "--need", "ACTION", "--avoidable"),
            ("10:30", "investigate", "K1", "--note", "异响"),
            ("10:40", "pause", "K1", "parts"),
            ("10:50", "resume", "K1"),
            ("11:00", "respond", "K1", "--at", "2026-11-22T10:55"),
            ("11:10", "note", "K1", "电话已打"),
        )
    ]
    offer = said(store, "complaints", "offer", "K1", "FREE_REPAIR", "99.50", "--by", "D01", *at("11:11"))
    approved = said(store, "complaints", "approve", offer["id"], "--by", "V01", *at("11:12"))
    answered = said(store, "complaints", "answer", offer["id"], "yes", *at("11:13"))
    said(store, "complaints", "resolve", "K1", "换件", *at("11:20"))
    closed = said(store, "complaints", "callback", "K1", "RESTORED", "--close", "--by", "M01", *at("14:00"))
    shown = said(store, "complaints", "show", "K1", *at("14:01"))["complaint"]

    assert ("crmcore/complaint@1", "OPEN", "HANDOVER", "2026-11-22T10:30:00+08:00") == (
        opened["schema"], opened["event"], opened["clock"], opened["clock_due_at"],
    )  # fmt: skip
    assert ("K1", "C1", "王**", "D01", "R1") == (
        row["id"],
        row["customer"],
        row["name"],
        row["first_asked"],
        row["visit"],
    )
    assert ["RECEIVED", *["HANDED_OVER"] * 2, *["INVESTIGATING"] * 3, *["RESPONDED"] * 2] == [
        step["state"] for step in steps
    ]
    assert ("O1", "99.5", "V01", True) == (offer["id"], answered["cost"], approved["approved_by"], answered["accepted"])
    assert ("CLOSED", None) == (closed["state"], closed["clock"])
    assert (["RESPECT", "ACTION"], ["D01"], True, "RESTORED", True) == (
        shown["needs"], shown["accused"], shown["avoidable"], shown["outcome"], shown["restored"],
    )  # fmt: skip
    assert not any(clock["breached"] for clock in shown["clocks"])
    assert (None, None) == (shown["verbatim"], shown["resolution"])
    assert "王小明" not in str(shown)
    assert [] == said(store, "complaints", "list", *at("15:00"))["complaints"]


def test_what_comes_after(store):
    """Closed with a waiver, reopened, withdrawn; a stranger's case opened apart."""
    said(store, "complaints", "open", "太贵了", "--customer", "C1", "--category", "PRICE", *at("10:00"))
    joined = said(store, "complaints", "open", "还是太贵", "--customer", "C1", *at("10:01"))
    apart = said(store, "complaints", "open", "还是太贵", "--customer", "C1", "--apart", *at("10:02"))
    said(store, "complaints", "resolve", "K1", "解释", *at("10:03"))
    said(store, "complaints", "waive", "K1", "unreachable", "--by", "M01", *at("10:04"))
    states = [
        said(store, "complaints", verb, "K1", *at(clock))["state"]
        for verb, clock in (("close", "10:05"), ("reopen", "10:06"), ("withdraw", "10:07"))
    ]
    every = said(store, "complaints", "list", "--state", "all", *at("10:08"))["complaints"]

    assert (("K1", "JOIN"), ("K2", "OPEN")) == ((joined["id"], joined["event"]), (apart["id"], apart["event"]))
    assert ["CLOSED", "REOPENED", "WITHDRAWN"] == states
    assert {"K1": "WITHDRAWN", "K2": "RECEIVED"} == {row["id"]: row["state"] for row in every}


def test_what_is_overdue_is_seen(store):
    """Escalate says each rung once; explain and the list say how late; run does the same between collect and plan."""
    said(store, "complaints", "open", "等太久了", "--customer", "C1", *at("10:00"))
    first = said(store, "escalate", *at("10:40"))
    again = said(store, "escalate", *at("10:41"))
    (row,) = said(store, "complaints", "list", *at("10:42"))["complaints"]
    explained = said(store, "explain", "K1", *at("10:42"))
    whole = said(store, "run", *at("12:30"))

    assert [("K1", 1, "HANDOVER", "CR_MANAGER", True)] == [
        (each["case"], each["level"], each["clock"], each["role"], each["late"]) for each in first["escalations"]
    ]
    assert ([], 1, 1, 0) == (again["escalations"], again["looked"], first["late"], again["late"])
    assert row["overdue"]
    assert ("crmcore/explain@1", [10]) == (
        explained["schema"], [each["minutes_late"] for each in explained["escalations"]],
    )  # fmt: skip
    assert [2] == [each["level"] for each in whole["escalate"]["escalations"]]
    steps = ("collect", "escalate", "alert", "plan", "send")
    assert list(steps) == [step for step in whole if step in steps]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_people_read_words(store, lang):
    """On the screen codes are words, in both languages, and nobody's name is there."""
    store("complaints", "open", "等太久了，退钱", "--customer", "C1", *at("10:00"))
    store("complaints", "offer", "K1", "GIFT", "50", "--by", "D01", *at("10:01"))
    outputs = [
        store(*arguments, "--lang", lang, *at("10:45"))
        for arguments in (
            ("complaints", "list"), ("complaints", "show", "K1"), ("escalate",), ("explain", "K1"),
            ("complaints", "assign", "K1"), ("complaints", "approve", "O1", "--by", "V01"), ("staff", "away", "V01", "2026-11-30"),
            ("complaints", "show", "K1", "--full"),
        )
    ]  # fmt: skip
    text = "\n".join(each.stdout for each in outputs)

    assert {0} == {each.exit_code for each in outputs}
    assert not any(
        code in text for code in ("HANDOVER", "RECEIVED", "HAND_OVER", "state.", "complaint.", "explain.", "{")
    )
    assert "王小明" not in "".join(each.stdout for each in outputs[:-1])
    assert "王小明" in outputs[-1].stdout
    text.encode("gbk")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "K99"), "CRM-T501"),
        (("close", "K1"), "CRM-T504"),
        (("resume", "K1"), "CRM-T508"),
        (("assign", "K1", "--to", "X99"), "CRM-U117"),
        (("assign", "K1", "--to", "D01", "--at", "2027-01-01"), "CRM-T507"),
        (("classify", "K1"), "CRM-T510"),
        (("classify", "K1", "--category", "XX"), "CRM-T505"),
        (("callback", "K1", "RESTORED", "--result", "XX"), "CRM-T505"),
        (("callback", "K1", "RESTORED"), "CRM-T503"),
        (("offer", "K1", "GIFT", "viel"), "CRM-T505"),
        (("approve", "O9", "--by", "V01"), "CRM-T509"),
        (("adopt", "K1"), "CRM-T503"),
        (("pause", "K1", "lunch"), "CRM-T505"),
        (("list", "--store", "S9"), "CRM-U113"),
    ],
)
def test_mistakes_are_told_with_what_to_do(store, arguments, code):
    """Each likely mistake has a code and a fix in both languages, exit 2, and changes nothing."""
    store("complaints", "open", "等太久了", "--customer", "C1", *at("10:00"))
    before = store.json("complaints", "show", "K1", *at("10:05"))
    exit_code, body = store.json("complaints", *arguments, *at("10:05"))
    in_chinese = store.json("complaints", *arguments, "--lang", "zh", *at("10:05"))[1]

    assert (2, code) == (exit_code, body["code"])
    assert body["fix"]
    assert in_chinese["message"] != body["message"]
    assert "{" not in body["message"] + body["fix"]
    assert before == store.json("complaints", "show", "K1", *at("10:05"))


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (("approve", "O1", "--by", "V01"), ("Let a colleague approve it", "请同事批准")),
        (("assign", "K1", "--to", "D01"), ("Name somebody the complaint is not about", "指定与投诉无关的人")),
        (("close", "K1"), ("Write down the solution first: crmcore complaints resolve", "先登记解决方案：crmcore complaints resolve")),
    ],
)  # fmt: skip
def test_what_is_refused_says_what_helps_against_its_own_reason(store, arguments, remedy):
    """Not one fix for every refusal: each reason has its own, in both languages."""
    store("complaints", "open", "等太久了", "--customer", "C1", *at("10:00"))
    store("complaints", "classify", "K1", "--accused", "D01", *at("10:01"))
    store("complaints", "offer", "K1", "GIFT", "50", "--by", "V01", *at("10:02"))
    told = [store("complaints", *arguments, "--lang", lang, *at("10:05")).stderr for lang in ("en", "zh")]

    assert [True, True] == [words in said for words, said in zip(remedy, told, strict=True)], told
    assert all("CRM-T504" in said and "crmcore complaints show K1" in said for said in told)
