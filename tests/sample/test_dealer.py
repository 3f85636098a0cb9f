"""What the sample dealer promises to everybody who checks against it."""

import csv
import io
import itertools
import re
import sys
from collections import Counter
from datetime import date, timedelta

import chinese_calendar
import phonenumbers
import pytest

from crmcore.errors import MissingExtra, UsageError
from crmcore.sample import TODAY, generate, write
from crmcore.sample.files import ENCODINGS
from crmcore.sample.invent import check_digit
from crmcore.types.customer import CustomerKind
from crmcore.types.vehicle import Powertrain, VehicleStatus
from crmcore.types.visit import OrderType, VisitKind

PLANNED = {
    "appointment_cancelled",
    "appointment_tomorrow",
    "at_risk",
    "birthday_forbidden",
    "birthday_today",
    "booked_callback",
    "buyer_not_driver",
    "callbacks_today",
    "came_back",
    "delivered_week_ago",
    "delivered_yesterday",
    "delivery_ahead",
    "electric",
    "exact_duplicates",
    "family_birthday",
    "family_phone",
    "fleet",
    "handover_unknown",
    "injury_accident",
    "inspection",
    "insurance",
    "lost",
    "maintenance",
    "make_up_workday",
    "namesakes",
    "odd_plates",
    "open_complaint",
    "opted_out",
    "placeholder_birthday",
    "rare_character",
    "ready_for_pickup",
    "rows_apart",
    "settled_late",
    "showroom_booked",
    "showroom_yesterday",
    "sold_car",
    "two_dresses",
    "two_orders_one_day",
    "two_phones",
    "uncounted_orders",
    "warranty",
    "wrong_check_digit",
}


@pytest.fixture(scope="module")
def dealer():
    return generate()


@pytest.fixture(scope="module")
def files(dealer, tmp_path_factory):
    return write(dealer, tmp_path_factory.mktemp("dealer"))


def read(files, name):
    text = files.paths[name].read_bytes().decode(ENCODINGS.get(name, "utf-8"))
    return list(csv.reader(io.StringIO(text, newline="")))


def rows_of(files, dealer, name):
    """The data rows of a file with the number a spreadsheet shows, whatever its kind."""
    sheet = next(sheet for sheet in dealer.sheets if sheet.file == name)
    if name.endswith(".xlsx"):
        return list(enumerate([[str(cell) for cell in row] for row in sheet.rows], sheet.first_row))
    rows = read(files, name)[sheet.first_row - 1 :]
    return list(enumerate(rows[:-1] if sheet.total else rows, sheet.first_row))


def visits_of(dealer, case):
    people = set(dealer.truth.cases[case])
    return [visit for visit in dealer.visits if visit.customer in people]


def test_size(dealer):
    """The dealer has exactly as many visits and customers as were asked for."""
    assert (300, 200) == (len(dealer.visits), len(dealer.people))

    larger = generate(7, visits=900, customers=400)
    assert (900, 400) == (len(larger.visits), len(larger.people))


def test_same_seed_same_bytes(dealer, files, tmp_path):
    """The same seed gives the same files, byte for byte, and the same truth."""
    again = generate()
    written = write(again, tmp_path)

    assert {name: path.read_bytes() for name, path in files.paths.items()} == {
        name: path.read_bytes() for name, path in written.paths.items()
    }
    assert dealer.truth == again.truth


def test_another_seed_another_dealer(dealer):
    """Another seed gives other people with the same cases."""
    other = generate(99)

    assert {person.phones for person in dealer.people.values()} != {person.phones for person in other.people.values()}
    assert dealer.truth.cases.keys() == other.truth.cases.keys()


def test_files_are_for_the_owner_only(files):
    """Exports hold personal data, also invented ones: nobody else may read them."""
    assert {0o600} == {path.stat().st_mode & 0o777 for path in files.paths.values()}


def test_without_the_extra_the_workbook_is_refused(dealer, tmp_path, monkeypatch):
    """Without the library for workbooks the error names the extra; no other kind of file takes its place."""
    monkeypatch.setitem(sys.modules, "xlsxwriter", None)

    with pytest.raises(MissingExtra, match=r"crmcore\[app\]"):
        write(dealer, tmp_path)
    assert not list(tmp_path.rglob("deliveries.*"))


def test_every_planned_case_is_there(dealer):
    """Each planned case is named in the truth, with people who exist."""
    assert set(dealer.truth.cases) == PLANNED
    assert all(person in dealer.people for people in dealer.truth.cases.values() for person in people)


def test_too_small_or_too_early_is_refused():
    """A dealer without room for its cases, or set before they can have happened, is not made."""
    with pytest.raises(UsageError, match="CRM-U302"):
        generate(visits=50, customers=20)
    with pytest.raises(UsageError, match="CRM-U302"):
        generate(visits=100, customers=200)
    for day in (date(2026, 10, 1), date(2026, 12, 31), date(2027, 1, 1)):
        with pytest.raises(UsageError, match="CRM-U301"):
            generate(today=day)


@pytest.mark.parametrize("today", [TODAY, date(2027, 1, 2), date(2027, 2, 26), date(2028, 2, 29)])
def test_any_day_will_do(today):
    """The story can be told on any later day, also around the new year and in a leap year."""
    told = generate(3, today=today)

    assert set(told.truth.cases) == PLANNED
    assert told.truth.due_on(today)


# ------------------------------------------------------------------ nobody is real


def test_phones_are_mobiles_of_the_two_blocks(dealer):
    """Every number is a valid Chinese mobile of the two blocks or an office line of 010-5550, and none is an operator's own."""
    phones = {phone for person in dealer.people.values() for phone in person.phones} | {
        one.phone for one in dealer.staff
    }

    assert all(re.fullmatch(r"(1380013|1390013)\d{4}|0105550\d{4}", phone) for phone in phones)
    assert "13800138000" not in phones
    for phone in phones:
        parsed = phonenumbers.parse(phone, "CN")
        assert phonenumbers.is_valid_number(parsed)
        expected = phonenumbers.PhoneNumberType.MOBILE if phone[0] == "1" else phonenumbers.PhoneNumberType.FIXED_LINE
        assert expected == phonenumbers.number_type(parsed)


def test_vins_check_and_are_unique(dealer):
    """Every VIN is unique and has the right check digit, but for the one that is wrong on purpose."""
    vins = [car.vin for car in dealer.cars.values()]

    assert len(vins) == len(set(vins))
    assert dealer.truth.warnings == tuple(vin for vin in vins if vin[8] != check_digit(vin))


def test_check_digit():
    """The check digit is that of the standard: 1M8GDM9AXKP042788 and seventeen ones are its textbook examples."""
    assert check_digit("1M8GDM9AXKP042788") == "X"
    assert check_digit("11111111111111111") == "1"


def test_plates_are_unique(dealer):
    """No two cars bear one plate."""
    plates = [car.plate for car in dealer.cars.values()]

    assert len(plates) == len(set(plates))


# ------------------------------------------------------------------ the files


def test_files_decode_in_their_own_encoding(files):
    """The orders are GB18030 and not GBK, the showroom begins with a BOM, the rest is UTF-8."""
    raw = {name: path.read_bytes() for name, path in files.paths.items()}

    assert "李䶮" in raw["ro.csv"].decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        raw["ro.csv"].decode("gbk")
    with pytest.raises(UnicodeDecodeError):
        raw["ro.csv"].decode("utf-8")
    assert b"\xef\xbb\xbf" == raw["showroom.csv"][:3]
    for name in ("appointments.csv", "staff.csv", "complaints.csv"):
        raw[name].decode("utf-8")


def test_the_dress_of_real_exports(dealer, files):
    """The orders wear all that real exports wear: title, total, a heading twice, full width, serials, line breaks, and lost numbers."""
    rows = read(files, "ro.csv")
    text = files.paths["ro.csv"].read_bytes().decode("gb18030")

    assert rows[0][0].startswith("示范店 维修工单明细")
    assert "合计" == rows[-1][0]
    assert 2 == Counter(rows[1])["备注"]
    assert all(len(row) == len(rows[1]) for row in rows)
    for dress in (
        r"京[A-Z]·\d{5}",
        r"[０-９]{11}",
        r"lxcrm",
        r"\d\.\d+E\+10",
        r",4[0-9]{4}\.\d{6},",
        r",4[0-9]{4},",
        r'"\d\d,\d{3}"',
        r"\d{4}年\d{1,2}月\d{1,2}日",
        r'"客户反映低速异响\n',
        r'"=""1\d{10}"""',
    ):
        assert re.search(dress, text), dress


def test_several_rows_make_one_order(dealer, files):
    """Every job of an order is a row, and one order's rows stand apart."""
    per_order = Counter(row[0] for row in read(files, "ro.csv")[2:-1])
    apart = visits_of(dealer, "rows_apart")[0].key
    places = [number for number, row in rows_of(files, dealer, "ro.csv") if row[0] == apart]

    assert 3 == max(per_order.values())
    assert 2 == len(places)
    assert places[1] - places[0] > 1
    for visit in dealer.visits:
        if visit.kind is VisitKind.SERVICE and visit.key not in twice(dealer, files):
            assert len(visit.jobs) == per_order[visit.key]


def twice(dealer, files):
    seen = Counter(tuple(row) for row in read(files, "ro.csv")[2:-1])
    return {row[0] for row, times in seen.items() if times > 1}


def test_every_visit_stands_in_a_file(dealer, files):
    """What the dealer knows is what the exports tell, nothing more or less, but for the rows that are lost."""
    bad = {(one.file, one.row) for one in dealer.truth.bad_rows}
    told = {
        row[0]
        for name in ("ro.csv", "deliveries.xlsx", "showroom.csv")
        for number, row in rows_of(files, dealer, name)
        if (name, number) not in bad
    }

    assert {visit.key for visit in dealer.visits} == told


def test_counts_reconcile(dealer, files):
    """Read is accepted, duplicates and rejected together, for every file, and read is what the file holds."""
    for counts in dealer.truth.counts:
        rows = [tuple(row) for _, row in rows_of(files, dealer, counts.file)]
        bad = [one for one in dealer.truth.bad_rows if one.file == counts.file]

        assert counts.read == counts.accepted + counts.duplicates + counts.rejected
        assert counts.read == len(rows)
        assert counts.duplicates == len(rows) - len(set(rows))
        assert counts.rejected == len(bad)


def test_duplicates_are_no_neighbours(dealer, files):
    """A row that stands there twice has other rows between."""
    rows = [row for _, row in rows_of(files, dealer, "ro.csv")]

    assert 4 == len(twice(dealer, files))
    assert not any(first == second for first, second in itertools.pairwise(rows))


def test_bad_rows_are_where_the_truth_says(dealer, files):
    """Each bad row's place, by row and by line, leads to the spoilt cell; nobody is known from a bad row alone."""
    spoilt = {
        "手机号": r"\d\.\d+E\+10|1380013",
        "车架号": r"LXCRM.{6,12}",
        "进厂日期": r"2026-13-45",
        "交车日期": r"03/04/2026",
        "进厂里程": r"约三万",
        "客户姓名": r"\?\?\?",
    }
    named = {(one.file, one.row) for one in dealer.truth.mentions}
    for bad in dealer.truth.bad_rows:
        sheet = next(sheet for sheet in dealer.sheets if sheet.file == bad.file)
        cells = dict(rows_of(files, dealer, bad.file))[bad.row]

        assert re.fullmatch(spoilt[bad.column], cells[sheet.headings.index(bad.column)])
        assert (bad.file, bad.row) not in named
        if not bad.file.endswith(".xlsx"):
            lines = files.paths[bad.file].read_bytes().decode(ENCODINGS.get(bad.file, "utf-8")).split("\n")
            assert lines[bad.line - 1].lstrip("\ufeff").startswith(cells[0])


def test_no_other_number_is_lost(dealer, files):
    """Every row with a number in scientific notation is among the bad ones."""
    lost = {
        (name, number)
        for name in ("ro.csv", "showroom.csv", "appointments.csv", "complaints.csv", "staff.csv")
        for number, row in rows_of(files, dealer, name)
        if any(re.fullmatch(r"\d\.\d+E\+\d+", cell) for cell in row)
    }

    assert lost == {(bad.file, bad.row) for bad in dealer.truth.bad_rows if "PHONE_SCIENTIFIC" in bad.reasons}


def test_the_workbook_keeps_numbers_and_dates(files, dealer):
    """A workbook has phones as numbers and real dates, so nothing in it is lost."""
    import openpyxl

    page = openpyxl.load_workbook(files.paths["deliveries.xlsx"]).active
    sheet = next(sheet for sheet in dealer.sheets if sheet.file == "deliveries.xlsx")
    rows = list(page.iter_rows(values_only=True))

    assert sheet.title == rows[0][0]
    assert list(sheet.headings) == list(rows[1])
    assert len(sheet.rows) == len(rows) - 2
    phone, handed = sheet.headings.index("手机号"), sheet.headings.index("交车日期")
    assert any(isinstance(row[phone], int) for row in rows[2:])
    assert {type(None), type(dealer.visits[0].opened)} == {type(row[handed]) for row in rows[2:]}


# ------------------------------------------------------------------ who is who


def test_mentions_name_whom_the_row_names(dealer, files):
    """The name in the row is the name in the truth, whatever spaces it wears."""
    for mention in dealer.truth.mentions:
        sheet = next(sheet for sheet in dealer.sheets if sheet.file == mention.file)
        cells = sheet.rows[mention.row - sheet.first_row]
        column = "送修人" if mention.column == "送修人电话" else "客户姓名"

        assert mention.name == re.sub(r"\s", "", str(cells[sheet.headings.index(column)]))
        assert mention.person in dealer.people


def test_clusters(dealer):
    """Everybody is known under one name and number, but for the person with two."""
    clusters = dealer.truth.clusters
    two = dealer.truth.cases["two_phones"][0]

    assert set(dealer.people) == set(clusters)
    assert {two} == {person for person, known in clusters.items() if len(known) > 1}
    assert set(dealer.truth.twins[0]) == clusters[two]
    assert len(dealer.people) + 1 == len(dealer.truth.customers)


def test_a_family_shares_one_number(dealer):
    """One number, three customers; it is the only shared one."""
    family = [dealer.people[person] for person in dealer.truth.cases["family_phone"]]

    assert 3 == len({person.name for person in family})
    assert {"+86" + family[0].phones[0]} == dealer.truth.shared_phones


def test_namesakes_are_two(dealer):
    """Two people of one name have two numbers."""
    first, second = dealer.truth.strangers[0]

    assert first[0] == second[0]
    assert first[1] != second[1]
    assert {first, second} <= dealer.truth.customers


def test_one_person_in_three_writings(dealer):
    """The same name in three writings with the same number is one customer."""
    visits = visits_of(dealer, "two_dresses")

    assert 3 == len({visit.writing for visit in visits})
    assert 1 == len({visit.phone for visit in visits})


def test_buyer_and_driver(dealer):
    """The owner bought the car, somebody else brought it."""
    buyer, driver = dealer.truth.cases["buyer_not_driver"]
    (visit,) = visits_of(dealer, "buyer_not_driver")

    assert (buyer, driver) == (visit.customer, visit.brought_by)
    assert {"手机号", "送修人电话"} == {one.column for one in dealer.truth.mentions if one.person in {buyer, driver}}


def test_fleet(dealer):
    """One company has eight cars."""
    company = dealer.truth.cases["fleet"][0]

    assert CustomerKind.ORGANIZATION is dealer.people[company].kind
    assert 8 == sum(car.owner == company for car in dealer.cars.values())


# ------------------------------------------------------------------ who is due, who must not be


def test_due_contacts_stand_on_facts(dealer):
    """Every contact owed names people, cars and orders that exist."""
    vins, keys = {car.vin for car in dealer.cars.values()}, {visit.key for visit in dealer.visits}
    for due in dealer.truth.due:
        assert set(due.persons) <= set(dealer.people)
        assert set(due.cars) <= vins
        assert set(due.visits) <= keys
        assert due.at is None or due.on == due.at.date()
        assert due.deadline is None or (due.at is not None and due.at < due.deadline)
    for never in dealer.truth.never:
        assert never.person in dealer.people
        assert never.car is None or never.car in vins
        assert never.visit is None or never.visit in keys


def test_nothing_is_both_owed_and_forbidden(dealer):
    """What is owed to a person on a day is not forbidden to the same person on that day."""
    owed = {(due.rule, person, due.on) for due in dealer.truth.due for person in due.persons}
    forbidden = {
        (never.rule, never.person, due.on)
        for never in dealer.truth.never
        for due in dealer.truth.due
        if not never.text_only and never.on in {None, due.on}
    }

    assert not owed & forbidden


def test_callbacks_are_complete(dealer):
    """Every order handed over in the last three days is owed a callback or is forbidden one: nothing in the background is."""
    first = dealer.today - timedelta(days=3)
    recent = {
        visit.key
        for visit in dealer.visits
        if visit.kind is VisitKind.SERVICE and first <= (visit.delivered or visit.invoiced or long_ago(visit)).date()
    }
    owed = {
        key
        for due in dealer.truth.due
        if due.rule == "POST_REPAIR_CALLBACK" and due.on >= dealer.today
        for key in due.visits
    }
    forbidden = {never.visit for never in dealer.truth.never if never.rule == "POST_REPAIR_CALLBACK"}
    earlier = {min((visit for visit in visits_of(dealer, "came_back")), key=lambda visit: visit.delivered).key}

    assert owed - earlier == recent - forbidden


def long_ago(visit):
    return visit.opened - timedelta(days=999)


def test_birthdays_are_complete(dealer):
    """Whoever has a birthday from today to three days later is in the truth, as owed or as forbidden."""
    days = {(dealer.today + timedelta(days=ahead)).strftime("%m-%d") for ahead in range(4)}
    having = {
        person.id for person in dealer.people.values() if person.birth_date and f"{person.birth_date:%m-%d}" in days
    }
    told = {person for due in dealer.truth.due if due.rule == "BIRTHDAY" for person in due.persons}
    told |= {
        never.person for never in dealer.truth.never if never.rule == "BIRTHDAY" and never.on.year == dealer.today.year
    }

    assert having == told


def test_the_make_up_workday(dealer):
    """The callback of the holiday's last car falls on a Saturday that China works."""
    (due,) = [due for due in dealer.truth.due if due.case == "make_up_workday"]

    assert date(2026, 10, 10) == due.on
    assert 6 == due.on.isoweekday()
    assert chinese_calendar.is_workday(due.on)


def test_delivery_steps_are_instants(dealer):
    """T-72 h and T-24 h are measured from the planned hand-over to the minute."""
    for due in dealer.truth.due:
        if due.rule in {"DELIVERY_T72", "DELIVERY_T24"}:
            (visit,) = [visit for visit in dealer.visits if visit.key in due.visits]
            assert timedelta(hours=int(due.rule[-2:])) == visit.promised - due.at


def test_settled_late(dealer):
    """One car was handed over four weeks before its settlement; one is handed over and not settled."""
    early, late = sorted(visits_of(dealer, "settled_late"), key=lambda visit: visit.opened)

    assert 25 == (early.invoiced.date() - early.delivered.date()).days
    assert late.invoiced is None
    assert dealer.today - timedelta(days=3) == late.delivered.date()


def test_marked_people_and_cars(dealer):
    """The opted-out, the sold, the electric, the injured and the uncounted are marked as such."""
    cases = dealer.truth.cases
    cars = {car.owner: car for car in dealer.cars.values()}

    assert dealer.people[cases["opted_out"][0]].opted_out
    assert dealer.people[cases["birthday_forbidden"][1]].deceased
    assert VehicleStatus.SOLD is cars[cases["sold_car"][0]].status
    assert Powertrain.BEV is cars[cases["electric"][0]].powertrain
    assert visits_of(dealer, "injury_accident")[0].injury
    assert {OrderType.INTERNAL, OrderType.PDI, OrderType.VOID} == {
        visit.order_type for visit in visits_of(dealer, "uncounted_orders")
    }
    assert {False: 1, True: 2} == dict(Counter(case.open for case in dealer.complaints))


def test_lost_and_at_risk(dealer):
    """The lost stayed away for twelve months or more, the one at risk for seven."""
    months = {
        case: [(dealer.today - visit.delivered.date()).days // 30 for visit in visits_of(dealer, case)]
        for case in ("lost", "at_risk")
    }

    assert {"lost": [12, 13, 12], "at_risk": [7]} == months


def test_maintenance_is_due_for_its_own_reason(dealer):
    """One car was never seen since its delivery, one not for six months, one drives 100 km a day, one is electric."""
    fresh, regular, far = dealer.truth.cases["maintenance"]
    visits = {
        person: [visit for visit in dealer.visits if visit.customer == person] for person in (fresh, regular, far)
    }
    older, newer = visits[far]

    assert [VisitKind.DELIVERY] == [visit.kind for visit in visits[fresh]]
    assert 169 == (dealer.today - visits[regular][-1].delivered.date()).days
    assert 100 == (newer.km - older.km) / (newer.delivered.date() - older.delivered.date()).days
    assert 4 == sum(due.rule.endswith("_MAINTENANCE") for due in dealer.truth.due_on(dealer.today))


def test_odometers_never_run_backwards(dealer):
    """A later visit of a car shows at least as many kilometres."""
    seen = {}
    for visit in sorted((one for one in dealer.visits if one.km is not None), key=lambda one: one.opened):
        assert seen.get(visit.car, 0) <= visit.km
        seen[visit.car] = visit.km


def test_three_customers_will_answer(dealer):
    """Two are owed something that is texted; one had his car back the day before yesterday and is asked how it was."""
    texted = {"READY_FOR_PICKUP", "DELIVERY_THANKS"}
    owed = {person for due in dealer.truth.due if due.rule in texted for person in due.persons}
    angry, *others = dealer.answers
    (handed,) = (visit.delivered.date() for visit in dealer.visits if visit.customer == angry.person)

    assert {"谢谢", "退订"} == {answer.text for answer in others}
    assert all(answer.person in owed for answer in others)
    assert timedelta(days=2) == dealer.today - handed
    assert angry.person not in owed
