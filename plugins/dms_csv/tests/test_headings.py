"""Usual exports are understood without a word of configuration."""

from __future__ import annotations

import logging

import attrs
import pytest

from crmcore import lang
from crmcore.errors import ConfigError, SourceError
from crmcore.hooks import Record
from crmcore.types.visit import VisitKind
from crmcore_dms_csv import CsvConfig, catalogue


def test_a_chinese_repair_order(exports):
    """Every heading of an ordinary workshop export finds its field; hand-over and settlement are two dates."""
    exports.put(
        "示范店维修明细\n"
        "单据号,车牌,车架号,车主,送修人,送修人电话,联系电话,出生日期,进厂日期,交车日期,结算日期,里程,服务顾问,维修类型,项目,工时,工时费,配件费,备注,"
        "保险到期,年检到期,购车日期\n"
        "RO1,京A12345,LSVAA4182E2184847,张三,李四,13900130002,13800130001,1980-02-03,2026-11-01 08:30,2026-11-02,2026-11-30,12345,王五,一般维修,"
        "换机油,0.5,80.00,200.00,客户等待,2027-01-01,2027-02-01,2022-03-04\n",
        encoding="gb18030",
    )

    assert [
        {
            "key": "RO1",
            "ro_number": "RO1",
            "kind": "SERVICE",
            "opened_at": "2026-11-01 08:30",
            "delivered_at": "2026-11-02",
            "invoiced_at": "2026-11-30",
            "km_in": "12345",
            "advisor": "王五",
            "repair_type": "一般维修",
            "remark": "客户等待",
            "customer": {"name": "张三", "phone": "13800130001", "birth_date": "1980-02-03"},
            "brought_by": {"name": "李四", "phone": "13900130002"},
            "vehicle": {
                "plate_number": "京A12345",
                "vin": "LSVAA4182E2184847",
                "commercial_insurance_until": "2027-01-01",
                "inspection_due_on": "2027-02-01",
                "sold_on": "2022-03-04",
            },
            "lines": [{"op_name": "换机油", "hours_sold": "0.5", "labour_amount": "80.00", "parts_amount": "200.00"}],
        }
    ] == exports.records()


def test_an_english_repair_order(exports):
    """The same in English, separated by semicolons."""
    exports.put(
        "ro_number;plate;VIN;customer_name;mobile;date_in;delivery_date;mileage;advisor\nRO1;A1;V1;Li;1;d1;d2;9;B\n"
    )

    (visit,) = exports.records()
    assert ("RO1", "d1", "d2", "9", "B") == tuple(
        visit[f] for f in ("key", "opened_at", "delivered_at", "km_in", "advisor")
    )
    assert ({"name": "Li", "phone": "1"}, {"plate_number": "A1", "vin": "V1"}) == (visit["customer"], visit["vehicle"])


def test_every_field_says_which_column_it_came_from(exports):
    """So that a reject of the core names the column as the file writes it."""
    exports.put("工单号,手机号,VIN\nRO1,1,V\n")

    (entry,) = exports.entries()
    assert {"ro_number": "工单号", "customer.phone": "手机号", "vehicle.vin": "VIN"} == entry.columns
    assert {"工单号": "RO1", "手机号": "1", "VIN": "V"} == entry.raw()
    assert ("ro.csv:2",) == entry.at


def test_an_empty_cell_says_nothing(exports):
    """It never erases what another export knows."""
    exports.put("工单号,客户姓名,手机号,交车日期,项目\nRO1, ,　,,\n")

    assert [{"key": "RO1", "ro_number": "RO1", "kind": "SERVICE"}] == exports.records()


@pytest.mark.parametrize(
    ("word", "kind"),
    [("维修", "SERVICE"), ("交车", "DELIVERY"), ("新车交付", "DELIVERY"), ("展厅", "SHOWROOM"), ("", "SERVICE")],
)
def test_a_column_may_tell_services_deliveries_and_showroom_visits_apart(exports, word, kind):
    """An empty cell is what the config says, by default a service."""
    exports.put(f"单据号,类型,客户姓名\n1,{word},张三\n")

    assert kind == exports.records()[0]["kind"]


def test_the_config_says_the_kind_of_a_file_without_such_a_column(exports):
    """A file of deliveries needs no column that repeats it."""
    exports.put("订单号,客户姓名,计划交车时间,交车日期\nXS1,张三,2026-11-03 10:00,\n")

    (visit,) = exports.records(kind=VisitKind.DELIVERY)
    assert ("DELIVERY", "2026-11-03 10:00") == (visit["kind"], visit["promised_at"])


def test_what_a_showroom_visit_brings(exports):
    """Arrival, leaving, a booked callback and the interest that brought the customer."""
    exports.put(
        "接待单号,类型,客户姓名,到店时间,离店时间,意向级别,预约回访时间,预约回访方式\nZ1,展厅,张三,t1,t2,H,t3,电话\n"
    )

    (visit,) = exports.records()
    assert ("t1", "t2", "t3", "电话") == tuple(
        visit[f] for f in ("opened_at", "completed_at", "booked_at", "booked_channel")
    )
    assert {"intention": "H"} == visit["extra"]


def test_a_second_phone_column_is_a_further_number(exports):
    """手机号 twice, and the phone at work: the first is the number, the others follow."""
    exports.put("工单号,手机号,手机号,办公电话\nRO1,1,2,3\nRO2,,2,\n")

    first, second = exports.records()
    assert {"phone": "1", "phones": ["2", "3"]} == first["customer"]
    assert {"phone": "2"} == second["customer"]


def test_an_owner_beside_the_customer_is_the_owner_of_the_car(exports):
    """车主 alone is the customer; beside 客户姓名 it is who the car belongs to."""
    exports.put("工单号,VIN,客户姓名,车主,车主电话\nRO1,V1,张三,李四,2\n")

    (visit,) = exports.records()
    assert "张三" == visit["customer"]["name"]
    assert {"name": "李四"} == visit["vehicle"]["owner"]


def test_family_consent_and_refusals(exports):
    """What a customer file knows beyond a number: family, marketing consent, texts refused, and who must not be called."""
    exports.put(
        "工单号,客户姓名,家属姓名,家属关系,家属生日,营销同意,退订,请勿致电,已故\nRO1,张三,张小三,儿子,2010-01-02,否,退订,是,否\n"
    )

    assert {
        "name": "张三",
        "relatives": [{"name": "张小三", "relation": "儿子", "birth_date": "2010-01-02"}],
        "consents": [{"purpose": "MARKETING", "granted": "否"}],
        "opted_out": "是",
        "do_not_call": "是",
        "deceased": "否",
    } == exports.records()[0]["customer"]


@pytest.mark.parametrize(("said", "refused"), [("否", {"opted_out": "是"}), ("是", {}), ("", {})])
def test_no_consent_to_texts_is_a_refusal(exports, said, refused):
    """A column 接受短信 that says no; a yes is no proof of a consent."""
    exports.put(f"工单号,客户姓名,接受短信\nRO1,张三,{said}\n")

    assert {"name": "张三", **refused} == exports.records()[0]["customer"]


def test_a_time_beside_its_date_is_one_instant(exports):
    """交车日期 and 交车时间; where the second repeats the first it is left alone."""
    exports.put("工单号,交车日期,交车时间,完工日期,完工时间\nRO1,2026-11-02,17:20,2026-11-02,2026-11-02 09:00\n")

    (visit,) = exports.records()
    assert ("2026-11-02 17:20", "2026-11-02") == (visit["delivered_at"], visit["completed_at"])


@pytest.mark.parametrize(
    ("content", "entity", "data"),
    [
        (
            "预约单号,客户姓名,手机号,车牌号,预约时间,状态\nY1,张三,1,京A1,2026-11-23 09:00,已确认\n",
            "appointment",
            {
                "key": "Y1",
                "customer": {"name": "张三", "phone": "1"},
                "vehicle": {"plate_number": "京A1"},
                "start": "2026-11-23 09:00",
                "status": "已确认",
            },
        ),
        (
            "工号,姓名,岗位,电话,在职\n007,王五,服务顾问,1,在职\n",
            "staff",
            {"key": "007", "name": "王五", "role": "服务顾问", "phone": "1", "active": "是"},
        ),
        (
            "投诉单号,客户姓名,工单号,受理时间,状态\nT1,张三,RO1,2026-11-20,处理中\n",
            "complaint",
            {"key": "T1", "customer": {"name": "张三"}, "visit": "RO1", "received_at": "2026-11-20", "state": "处理中"},
        ),
        ("客户编号,姓名,手机\nC1,张三,1\n", "customer", {"key": "C1", "name": "张三", "phone": "1"}),
    ],
)
def test_the_headings_tell_what_a_row_is(exports, content, entity, data):
    """Appointments, staff, complaints and customers need no configuration either."""
    exports.put(content)

    assert [Record(entity, data)] == exports.said()


def test_a_customer_file_may_bring_the_car(exports):
    """One row, two records: the customer, and the car with its owner."""
    exports.put("客户编号,姓名,手机,VIN,商业险到期\nC1,张三,1,V1,2027-01-01\n")

    who = {"key": "C1", "name": "张三", "phone": "1"}
    car = {"vin": "V1", "commercial_insurance_until": "2027-01-01", "owner": who}
    assert [Record("customer", who), Record("vehicle", car)] == exports.said()


def test_unknown_columns_are_reported_once_and_others_not_at_all(exports, caplog):
    """What we do not understand is said once by its heading; an identity number is known and never read."""
    exports.put("工单号,客户姓名,身份证号,星座\nRO1,张三,1,白羊\n")
    adapter = exports.adapter()

    with caplog.at_level(logging.WARNING):
        visits = [entry.records()[0].data for _ in range(2) for batch in adapter.pull(None) for entry in batch.entries]

    assert [{"key": "RO1", "ro_number": "RO1", "kind": "SERVICE", "customer": {"name": "张三"}}] * 2 == visits
    assert {"ro.csv": ("星座",)} == adapter.unknown_columns
    assert ["ro.csv: columns not used: 星座"] == caplog.messages


def test_visits_without_their_numbers_do_not_pass_for_customers(exports):
    """A name and a phone do not make an export of visits a list of customers; whoever says so in crm.toml is believed."""
    exports.put("客户姓名,手机,车牌,进厂日期,交车日期\n张三,13800130001,京A1,2026-11-01,2026-11-02\n")

    with pytest.raises(SourceError) as raised:
        exports.batches()
    (batch,) = exports.batches(entity="customer")

    assert ("CRM-S141", "ro.csv") == (raised.value.code, raised.value.at)
    assert 1 == len(batch.entries)


def test_a_file_without_the_column_of_its_key_is_an_error_with_its_headings(exports):
    """So that the dealer sees which one to name in crm.toml."""
    exports.put("车牌号,进厂日期,里程\n京A1,2026-11-01,9\n")

    with pytest.raises(SourceError) as raised:
        exports.batches()

    assert ("CRM-S141", "ro.csv") == (raised.value.code, raised.value.at)
    assert "车牌号, 进厂日期, 里程" in raised.value.render("zh")


def test_the_config_names_columns_of_its_own(exports):
    """It beats the built-in headings, and several columns can feed the further numbers."""
    exports.put("号,电话甲,电话乙,电话丙,备注\nRO1,1,2,3,x\n")

    columns = {
        "ro_number": "号",
        "customer.phone": "电话乙",
        "customer.phones": ("电话甲", "电话丙"),
        "extra.note": "备注",
    }
    (visit,) = exports.records(columns=columns)
    assert {"phone": "2", "phones": ["1", "3"]} == visit["customer"]
    assert {"note": "x"} == visit["extra"]


def test_a_configured_heading_that_is_not_there_is_an_error_with_the_nearest(exports):
    """A typo in crm.toml does not silently empty a field."""
    exports.put("工单号,手机号码\nRO1,1\n")

    with pytest.raises(SourceError) as raised:
        exports.batches(columns={"customer.phone": "手机号马"})

    assert ("CRM-S142", "手机号码") == (raised.value.code, raised.value.params["nearest"])


def test_a_field_that_does_not_exist_is_an_error_before_any_file_is_read(exports):
    """With the nearest that does, and the place in crm.toml."""
    with pytest.raises(ConfigError) as raised:
        exports.adapter(columns={"customer.fone": "手机号"}, words={"stauts": {}})

    assert [("columns.customer.fone", "customer.phone"), ("words.stauts", "status")] == [
        (error.at, error.params["nearest"]) for error in raised.value.errors
    ]


def test_words_and_stores_are_translated(exports):
    """Their word for ours; the store is part of the key, because two stores count their orders alike."""
    exports.put("工单号,门店,类型,状态\n1,东城店,洗美,已出厂\n1,西城店,维修,在修\n")

    visits = exports.records(
        words={"kind": {"洗美": "SERVICE"}, "status": {"已出厂": "DELIVERED"}},
        store_codes={"东城店": "S01", "西城店": "S02"},
    )
    assert [("S01/1", "S01", "DELIVERED"), ("S02/1", "S02", "在修")] == [
        (v["key"], v["store"], v["status"]) for v in visits
    ]


def test_no_heading_means_two_fields_by_accident():
    """Where a heading stands twice, both fields expect it, in this order."""
    for entity in catalogue.ENTITIES:
        seen = {}
        for field, keys in catalogue.fields(entity).items():
            for key in keys:
                seen.setdefault(key, []).append(field)
        shared = {tuple(fields) for fields in seen.values() if len(fields) > 1}
        assert all(
            any(field.endswith((".time", "phones", "owner.name", "owner.phone")) for field in fields)
            for fields in shared
        ), (entity, shared)


@pytest.mark.parametrize("language", lang.LANGUAGES)
def test_every_field_of_the_config_is_explained(language):
    """In Chinese and in English."""
    assert all(field.metadata["help"][language] for field in attrs.fields(CsvConfig))
