"""Vehicles, their odometers and what is due on them (domain: 车辆)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import attrs

from crmcore.types.refs import ExternalRef

__all__ = ["NextService", "OdometerReading", "Powertrain", "ServiceBasis", "Vehicle", "VehicleStatus"]


class Powertrain(StrEnum):
    ICE = "ICE"
    HEV = "HEV"
    PHEV = "PHEV"
    BEV = "BEV"
    FCEV = "FCEV"
    MHEV = "MHEV"
    OTHER = "OTHER"


class VehicleStatus(StrEnum):
    ACTIVE = "ACTIVE"
    SOLD = "SOLD"
    SCRAPPED = "SCRAPPED"
    OFF_SITE = "OFF_SITE"


class ServiceBasis(StrEnum):
    """How the next service date was found: the model's interval, a fixed cycle, the predicted mileage, or by hand."""

    MODEL = "MODEL"
    FIXED = "FIXED"
    PREDICTED = "PREDICTED"
    MANUAL = "MANUAL"


@attrs.frozen
class OdometerReading:
    """Whole kilometres on a local date."""

    on: date
    km: int


@attrs.frozen(kw_only=True)
class NextService:
    """When the next service is due, whichever of date and mileage comes first, and on what basis."""

    due_on: date
    due_km: int | None
    basis: ServiceBasis


@attrs.frozen(kw_only=True)
class Vehicle:
    """A car (车辆; STAR VehicleIdentifier).

    Attributes:
        readings: the latest odometer readings, oldest first; enough to predict, not the whole history.
        warranty_until / warranty_km: whichever comes first.
    """

    id: str
    vin: str | None = None
    plate_number: str | None = attrs.field(default=None, repr=False)
    make: str | None = None
    series: str | None = None
    model: str | None = None
    powertrain: Powertrain = Powertrain.ICE
    sold_on: date | None = None
    delivered_on: date | None = None
    first_registered_on: date | None = None
    warranty_until: date | None = None
    warranty_km: int | None = None
    inspection_due_on: date | None = None
    compulsory_insurance_until: date | None = None
    commercial_insurance_until: date | None = None
    service_interval_km: int | None = None
    service_interval_months: int | None = None
    readings: tuple[OdometerReading, ...] = ()
    next_service: NextService | None = None
    status: VehicleStatus = VehicleStatus.ACTIVE
    refs: tuple[ExternalRef, ...] = ()
