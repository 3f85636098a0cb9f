"""crmcore complaints, escalate, explain K1: the whole life of a case from the command line."""

from __future__ import annotations

import re

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


def screen(crm, *arguments, lang="en"):
    told = crm(*arguments, "--lang", lang)
    assert 0 == told.exit_code, told.stderr
    return told.stdout


def heading(text, title):
    """The headings of the table under `title`."""
    lines = text.splitlines()
    return re.split(r"  +", lines[lines.index(title) + 1])


def test_whether_the_customer_is_content_is_known_at_the_end(store):
    """An open case says nothing of it, nor does one that was taken back; a closed one does."""
    told = []
    for words, *steps in (
        ("等太久了",),
        ("太脏了", ("withdraw", "K2")),
        ("太贵了", ("resolve", "K3", "解释"), ("callback", "K3", "RESTORED", "--close")),
    ):
        said(store, "complaints", "open", words, "--customer", "C1", "--apart", *at("10:00"))
        for step in steps:
            said(store, "complaints", *step, *at("10:10"))
        told.append(said(store, "complaints", "show", f"K{len(told) + 1}", *at("10:20"))["complaint"]["restored"])

    assert [None, None, True] == told
    assert "customer content" not in screen(store, "complaints", "show", "K1", *at("10:20"))


def test_the_history_says_what_came_of_it(store):
    """The three steps of an offer are told apart, and what the second callback has heard is there; both languages, both commands."""
    said(store, "complaints", "open", "等太久了", "--customer", "C1", "--channel", "BRAND_HOTLINE", *at("10:00"))
    for offer, answer in (("O1", "yes"), ("O2", "no")):
        said(store, "complaints", "offer", "K1", "GIFT", "50", "--by", "D01", *at("10:10"))
        said(store, "complaints", "approve", offer, "--by", "V01", *at("10:11"))
        said(store, "complaints", "answer", offer, answer, *at("10:12"))
    said(store, "complaints", "resolve", "K1", "解释", *at("10:20"))
    said(store, "complaints", "callback", "K1", "--result", "NO_ANSWER", *at("10:30"))
    said(store, "complaints", "callback", "K1", "EXCEEDED", *at("10:40"))
    english = [screen(store, *command, *at("11:00")) for command in (("complaints", "show", "K1"), ("explain", "K1"))]
    chinese = screen(store, "complaints", "show", "K1", *at("11:00"), lang="zh")

    steps = ("offer made", "offer approved", "offer accepted", "offer declined")
    heard = ("second callback: No answer", "second callback: customer more than content")
    assert all(words in text for text in english for words in (*steps, *heard))
    assert all(
        words in chinese
        for words in ("提出补偿", "补偿获批", "客户接受补偿", "客户不接受补偿", "超出客户期望", "厂家热线")
    )
    assert "how it came: hotline of the brand" in english[0]


def test_a_heading_means_the_column_it_stands_over(store):
    """An offer has its own number, a rung the deadline it is about; why and by whom are in words; colleagues have names."""
    said(store, "complaints", "open", "等太久了", "--customer", "C1", *at("10:00"))
    said(store, "complaints", "offer", "K1", "GIFT", "50", "--by", "D01", *at("10:10"))
    said(store, "complaints", "assign", "K1", "--to", "V01", *at("10:45"))
    said(
        store,
        "complaints",
        "classify",
        "K1",
        "--responsible",
        "D01",
        "--need",
        "RESPECT",
        "--department",
        "SERVICE",
        *at("10:46"),
    )
    said(store, "escalate", *at("10:50"))
    text = screen(store, "complaints", "show", "K1", *at("11:00"))

    assert "offer" == heading(text, "Offers")[0]
    assert ["deadline", "was due"] == [heading(text, "Escalations")[at_] for at_ in (2, 5)]
    assert ["said in", "id"] == heading(text, "Rests on")[:2]
    assert "somebody says so" in text
    assert {"owner: 主管 (V01)", "responsible: 顾问 (D01)", "department: Service", "needs: respect"} <= {
        *text.splitlines()
    }


@pytest.mark.parametrize(
    ("lang", "lines"),
    [
        (
            "en",
            [
                "√ K1: handed over",
                "√ K1: solved",
                "√ K1: second callback: No answer",
                "  Nobody has heard yet whether the customer is content: call again by 2026-11-25 11:50",
                "√ K1: second callback: customer not content; now reopened",
                "√ K1: second callback: customer content",
                "  It is not closed yet: crmcore complaints close K1",
                "√ K1: closed",
            ],
        ),
        (
            "zh",
            [
                "√ K1：已移交",
                "√ K1：已解决",
                "√ K1：二次回访：无人接听",
                "  客户是否满意仍未可知：请在 2026-11-25 11:50 前再次致电",
                "√ K1：二次回访：客户未挽回；当前 重新打开",
                "√ K1：二次回访：客户已挽回",
                "  尚未结案：crmcore complaints close K1",
                "√ K1：已结案",
            ],
        ),
    ],
)
def test_what_was_done_is_said_once_and_what_is_left_too(store, lang, lines):
    """Nothing is said twice; a callback says what it heard, and whoever is still owed a call or a close is told."""
    said(store, "complaints", "open", "等太久了", "--customer", "C1", *at("10:00"))
    told = "".join(
        screen(store, "complaints", *arguments, *at(clock), lang=lang)
        for clock, *arguments in (
            ("10:10", "assign", "K1", "--to", "V01"),
            ("10:20", "resolve", "K1", "解释"),
            ("10:30", "callback", "K1", "RESTORED", "--result", "NO_ANSWER"),
            ("10:40", "callback", "K1", "NOT_RESTORED"),
        )
    )
    said(store, "complaints", "resolve", "K1", "解释", *at("10:50"))
    told += screen(store, "complaints", "callback", "K1", "RESTORED", *at("11:00"), lang=lang)
    told += screen(store, "complaints", "close", "K1", *at("11:10"), lang=lang)

    assert lines == [line for line in told.splitlines() if "V01" not in line]


@pytest.mark.parametrize(("lang", "hint"), [("en", "not closed yet"), ("zh", "尚未结案")])
def test_a_waiver_closes_nothing_and_says_so(store, lang, hint):
    """The case stays solved until somebody closes it."""
    said(store, "complaints", "open", "等太久了", "--customer", "C1", *at("10:00"))
    said(store, "complaints", "resolve", "K1", "解释", *at("10:10"))
    told = screen(store, "complaints", "waive", "K1", "unreachable", *at("10:20"), lang=lang)

    assert hint in told
    assert "crmcore complaints close K1" in told


def test_climbing_has_one_word_in_chinese(store):
    """What the group reads, what the run says and what stands in the record call it the same; nobody climbs at the very minute."""
    said(store, "complaints", "open", "等太久了", "--customer", "C1", *at("10:00"))
    in_time = said(store, "escalate", *at("10:30"))
    listed = said(store, "complaints", "list", *at("10:30"))["complaints"]
    text = "".join(
        screen(store, *arguments, *at("10:31"), lang="zh")
        for arguments in (("escalate",), ("complaints", "show", "K1"), ("explain", "K1"), ("alerts", "list"))
    )

    assert ([], [False]) == (in_time["escalations"], [row["overdue"] for row in listed])
    assert 5 <= text.count("升级")
    assert "上报" not in text
