"""Four published layouts work by their name."""

from __future__ import annotations

import pytest

from crmcore_dms_csv import catalogue


def test_reynolds_service_sales(exports):
    """One row a job: American dates, miles, first and last name."""
    exports.put(
        "CashierDate,RONumber,JobID,JobTitle,JobDesc,TotalPartsSellingPrice,TotalLaborSellingPrice,RONotes,ServiceWriterName,VIN,Make,BikeModel,"
        "Odometer,CustomerAddress1,CustomerFirstName,CustomerLastName,CustomerHomePhone,CustomerMobilePhone,CustomerID\n"
        "1/2/2026,306504,59,Check alarm,Will not shut off,120,350,,John Smith,1HD1KBM36GB675217,Harley-Davidson,FXDB,1000,Main St 1,Ann,Lee,1,2,C9\n"
    )

    (visit,) = exports.records(preset="reynolds")
    assert ("306504", "2026-01-02", "1609", "John Smith") == tuple(
        visit[field] for field in ("key", "invoiced_at", "km_in", "advisor")
    )
    assert {"key": "C9", "name": "Ann Lee", "phone": "2", "phones": ["1"], "address": "Main St 1"} == visit["customer"]
    assert [
        {
            "key": "59",
            "op_name": "Check alarm",
            "complaint": "Will not shut off",
            "parts_amount": "120",
            "labour_amount": "350",
        }
    ] == visit["lines"]


def test_dealervault_service_orders(exports):
    """Dates and times in columns of their own; what the preset does not name is found by its heading."""
    exports.put(
        "time,ronumber,opendate,closedate,service_advisor_name,ro_store,pickup_date,pickup_time,ro_status,customer_number,customer_name,vin,"
        "ro_mileage\n1,RO9,11/01/2026,11/03/2026,Jane,,11/02/2026,17:20,C,77,Ann Lee,V1,100\n"
    )

    (visit,) = exports.records(preset="dealervault")
    assert ("RO9", "2026-11-01", "2026-11-02 17:20", "2026-11-03", "161") == tuple(
        visit[field] for field in ("key", "opened_at", "delivered_at", "invoiced_at", "km_in")
    )
    assert {"key": "77", "name": "Ann Lee"} == visit["customer"]


def test_dynatron_shopdata_orders(exports):
    """Headings in any order, found as they are."""
    exports.put(
        "vin,close_date,ro_number,customer_id,mileage_in\nV1,11/03/2026,RO9,77,100\n",
        name="service_v1_1234_ros_1503711531.csv",
    )

    (visit,) = exports.records(preset="dynatron", path="service_v1_*_ros_*.csv")
    assert ("RO9", "2026-11-03", "161") == (visit["key"], visit["invoiced_at"], visit["km_in"])


@pytest.mark.parametrize("width", [14, 33, 43])
@pytest.mark.parametrize("day", ["20261101", "01/11/2026"])
def test_autovhc_has_no_headings(exports, width, day):
    """Fourteen columns count, in their order; British dates and the plain ones."""
    cells = [day, "BMW", "X5", "J1", "AB12CDE", "Ms", "Ann", "Lee", "", "", "1", "2", "V1", "C9", *[""] * 40]
    exports.put(",".join(cells[:width]) + "\n" + ",".join(["20261102", "BMW", "X3", "J2", *cells[4:width]]) + "\n")

    first, second = exports.records(preset="autovhc")
    assert ("J1", "J2") == (first["key"], second["key"])
    assert first["opened_at"] in {"20261101", "2026-11-01"}
    assert {"key": "C9", "name": "Ann Lee", "phone": "2", "phones": ["1"]} == first["customer"]
    assert {"make": "BMW", "model": "X5", "plate_number": "AB12CDE", "vin": "V1"} == first["vehicle"]


@pytest.mark.parametrize("preset", ["dynatron", "dealervault", "reynolds", "autovhc"])
def test_every_preset_names_its_source_and_only_fields_that_exist(preset):
    """Nobody has to guess where a layout comes from."""
    layout = catalogue.preset(preset)

    assert layout["source"].startswith("https://")
    assert set(layout.get("columns", {})) <= set(catalogue.fields("visit"))


def test_a_chinese_name_in_two_columns_is_put_together_as_chinese(exports):
    """Family name first, no space."""
    exports.put("ro_number,first_name,last_name\n1,三,张\n2,Ann,\n3,,\n")

    assert ["张三", "Ann", None] == [visit.get("customer", {}).get("name") for visit in exports.records()]


def test_the_config_beats_the_preset(exports):
    """A dealer whose Reynolds writes kilometres says so."""
    exports.put('CashierDate,RONumber,Odometer\n31/1/2026,1,"1,000"\n31/1/2026,2,many\n')

    first, second = exports.records(preset="reynolds", distance="km", date_order="dmy")
    assert ("1,000", "2026-01-31") == (first["km_in"], first["invoiced_at"])
    assert ["1609", "many"] == [visit["km_in"] for visit in exports.records(preset="reynolds")]
    assert "many" == second["km_in"]
