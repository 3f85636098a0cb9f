"""Customers, how to reach them, and what they agreed to (domain: 客户, 联系方式, 授权同意, 人车关系)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

import attrs

from crmcore.types.refs import ExternalRef

__all__ = [
    "BirthCalendar",
    "Channel",
    "Consent",
    "ConsentStatus",
    "ContactPoint",
    "Customer",
    "CustomerKind",
    "NumberState",
    "PartyRole",
    "Purpose",
    "Relative",
    "UseClass",
    "VehicleParty",
]


class CustomerKind(StrEnum):
    PERSON = "PERSON"
    ORGANIZATION = "ORGANIZATION"


class UseClass(StrEnum):
    """私家 / 公务 / 营运."""

    PRIVATE = "PRIVATE"
    OFFICIAL = "OFFICIAL"
    COMMERCIAL = "COMMERCIAL"


class BirthCalendar(StrEnum):
    SOLAR = "SOLAR"
    LUNAR = "LUNAR"


class Channel(StrEnum):
    """Ways to reach a person (domain 6.1)."""

    PHONE = "PHONE"
    SMS = "SMS"
    WECHAT = "WECHAT"
    WECOM = "WECOM"
    APP = "APP"
    EMAIL = "EMAIL"
    POST = "POST"
    IN_PERSON = "IN_PERSON"
    GIFT = "GIFT"
    EVENT = "EVENT"
    BROADCAST = "BROADCAST"
    GROUP = "GROUP"  # a group chat of colleagues, reached through its robot


class NumberState(StrEnum):
    """What is known of a contact point; only UNKNOWN and VALID may be used."""

    UNKNOWN = "UNKNOWN"
    VALID = "VALID"
    UNREACHABLE = "UNREACHABLE"
    WRONG_PERSON = "WRONG_PERSON"
    NOT_IN_SERVICE = "NOT_IN_SERVICE"


class Purpose(StrEnum):
    """What a consent is for (STAR PrivacyConsent; PIPL)."""

    SERVICE = "SERVICE"
    CARE = "CARE"
    SURVEY = "SURVEY"
    MARKETING = "MARKETING"
    THIRD_PARTY = "THIRD_PARTY"
    PROFILING = "PROFILING"


class ConsentStatus(StrEnum):
    GRANTED = "GRANTED"
    DENIED = "DENIED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    NOT_REQUESTED = "NOT_REQUESTED"


@attrs.frozen(kw_only=True)
class ContactPoint:
    """A number or address of one customer.

    Attributes:
        value: E.164 for PHONE.
        refused: channels on which this *number* said no, across all stores of the group (opt-out).
        shared: True when the number belongs to more than one customer; a text then names nobody.
        mobile: False for a landline or 400 number, which cannot take a text.
    """

    channel: Channel = Channel.PHONE
    value: str = attrs.field(repr=False)
    label: str = ""
    preferred: bool = False
    state: NumberState = NumberState.UNKNOWN
    refused: frozenset[Channel] = frozenset()
    shared: bool = False
    mobile: bool = True

    @property
    def reachable(self) -> bool:
        """False once the number is known to be dead, unreachable or somebody else's."""
        return self.state in {NumberState.UNKNOWN, NumberState.VALID}


@attrs.frozen(kw_only=True)
class Consent:
    """An answer to "may we …?", with its proof (授权同意)."""

    purpose: Purpose
    status: ConsentStatus
    channel: Channel | None = None
    evidence: str = ""
    granted_at: datetime | None = None
    withdrawn_at: datetime | None = None
    expires_at: datetime | None = None

    def valid(self, now: datetime) -> bool:
        """True while it is granted and not expired."""
        return self.status is ConsentStatus.GRANTED and (self.expires_at is None or now < self.expires_at)


@attrs.frozen(kw_only=True)
class Relative:
    """A member of the family whose birthday is kept."""

    name: str = attrs.field(repr=False)
    relation: str = ""
    birth_date: date | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class Customer:
    """A person or organisation the dealer looks after (客户; STAR Party)."""

    id: str
    kind: CustomerKind = CustomerKind.PERSON
    use_class: UseClass = UseClass.PRIVATE
    full_name: str = attrs.field(repr=False)
    gender: str | None = None
    birth_date: date | None = attrs.field(default=None, repr=False)
    birth_calendar: BirthCalendar = BirthCalendar.SOLAR
    contact_points: tuple[ContactPoint, ...] = ()
    consents: tuple[Consent, ...] = ()
    relatives: tuple[Relative, ...] = attrs.field(default=(), repr=False)
    deceased: bool = False
    has_open_complaint: bool = False
    home_store: str | None = None
    advisor: str | None = None
    merged_into: str | None = None
    refs: tuple[ExternalRef, ...] = ()
    extra: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    @property
    def gone(self) -> bool:
        """True when nobody is to contact this customer any more: retired, or merged into another who stands for both."""
        return self.merged_into is not None

    def consents_to(self, purpose: Purpose, channel: Channel, now: datetime) -> bool:
        """True when a consent for `purpose` holds at `now` on `channel` and none denies it; silence is no (MIIT 2015)."""
        matching = [c for c in self.consents if c.purpose is purpose and c.channel in {None, channel}]
        denied = any(c.status in {ConsentStatus.DENIED, ConsentStatus.WITHDRAWN} for c in matching)
        return not denied and any(c.valid(now) for c in matching)

    def denies(self, purpose: Purpose, channel: Channel) -> bool:
        """True when a consent for `purpose` was denied or withdrawn on `channel`."""
        return bool(self.consents) and any(
            c.purpose is purpose
            and c.channel in {None, channel}
            and c.status in {ConsentStatus.DENIED, ConsentStatus.WITHDRAWN}
            for c in self.consents
        )


class PartyRole(StrEnum):
    """What a customer is to a vehicle (STAR CustomerRoleToVehicleCode, and buyer, payer, contact)."""

    OWNER = "OWNER"
    CO_OWNER = "CO_OWNER"
    BUYER = "BUYER"
    PRIMARY_DRIVER = "PRIMARY_DRIVER"
    SECONDARY_DRIVER = "SECONDARY_DRIVER"
    PAYER = "PAYER"
    CONTACT = "CONTACT"


@attrs.frozen(kw_only=True)
class VehicleParty:
    """A customer's part in a vehicle, with its dates (人车关系)."""

    vehicle_id: str
    customer_id: str
    role: PartyRole
    start_date: date | None = None
    end_date: date | None = None
