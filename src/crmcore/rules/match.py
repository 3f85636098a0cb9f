"""Is it somebody we know? Same, a proposal for a person to decide, or new. Never a guess, and every answer says why.

A customer is the same by, in this order,
1. the same id in the same source system, whatever else has changed. A derived id proves nothing and never counts;
2. the same mobile and the same name (titles, blanks and brackets aside; two without a name have the same one). For an
   organisation any phone will do. Another id in the same system does not speak against it: a DMS holds people twice.
The same mobile under another name is a proposal: families share phones. A landline under another name says nothing.

A vehicle is the same by, in this order,
1. the same VIN. Two different VINs are two cars, whatever else they share: plates move from car to car;
2. the same source id; where it now comes with another VIN that is a proposal: a typo was mended, or the id given to another car;
3. the same plate together with the same customer, when at least one side has no VIN. With another customer: a proposal.

A sync decides batch by batch, never row by row: clean the batch; fetch what is known in one query for each kind of key
(`customer_keys`, `vehicle_keys`); look source ids and VINs up in dicts of its own; and give what is left to `by_phone` and
`by_plate`, which read such dicts as they are. What a row made new goes into the dicts, so that the next row finds it.
`match_customer` and `match_vehicle` are the same decisions whole, for `explain`, for a single record, and as the oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import attrs

from crmcore.rules.clean import is_mobile, is_organization, name_key
from crmcore.types.refs import ExternalRef


@attrs.frozen
class Same:
    """It is `id`; `why` is a reason code."""

    id: int
    why: str


@attrs.frozen
class Propose:
    """It may be `id`, or one of `others`; a person decides. Until then it is new."""

    id: int
    why: str
    others: tuple[int, ...] = ()


@attrs.frozen
class New:
    """Nobody we know."""


Match = Same | Propose | New
NEW = New()


@attrs.frozen(kw_only=True)
class CustomerFacts:
    """What a row says of a customer, cleaned: phones in E.164, "" for no name."""

    refs: tuple[ExternalRef, ...] = ()
    phones: tuple[str, ...] = attrs.field(default=(), repr=False)
    name: str = attrs.field(default="", repr=False)


@attrs.frozen(kw_only=True)
class KnownCustomer(CustomerFacts):
    """A stored customer; `merged_into` is the one that stands for it since a merge."""

    id: int
    merged_into: int | None = None


@attrs.frozen(kw_only=True)
class VehicleFacts:
    """What a row says of a vehicle, cleaned. `customers` are those the row names, matched before."""

    refs: tuple[ExternalRef, ...] = ()
    vin: str | None = None
    plate: str | None = attrs.field(default=None, repr=False)
    customers: frozenset[int] = frozenset()


@attrs.frozen(kw_only=True)
class KnownVehicle(VehicleFacts):
    """A stored vehicle with every customer that has a part in it."""

    id: int


@attrs.frozen
class Keys:
    """What to look up for one record: (system, key) of its source ids, and its phones, or its VIN and plate."""

    refs: tuple[tuple[str, str], ...]
    values: tuple[str, ...] = attrs.field(repr=False)


def customer_keys(facts: CustomerFacts) -> Keys:
    """Everything that may find this customer: whoever shares none of these keys is nobody we know."""
    return Keys(_proven(facts.refs), tuple(filter(_proves(organization=is_organization(facts.name)), facts.phones)))


def vehicle_keys(facts: VehicleFacts) -> Keys:
    """Everything that may find this vehicle: whatever shares none of these keys is none we know."""
    return Keys(_proven(facts.refs), tuple(filter(None, (facts.vin, facts.plate))))


def match_customer(facts: CustomerFacts, known: Iterable[KnownCustomer]) -> Match:
    """The whole decision for one customer. Somebody who was merged is found as the one who stands for them."""
    known = list(known)
    merged = {each.id: each.merged_into for each in known if each.merged_into is not None}
    found = _same_source_id(facts.refs, known)
    if found is not None:
        return Same(survivor(found, merged), "SAME_SOURCE_ID")
    mine = name_key(facts.name)
    holders: dict[str, dict[int, str]] = {}
    for each in known:
        for phone in each.phones:
            held = holders.setdefault(phone, {})
            if held.get(id_ := survivor(each.id, merged)) != mine:  # a name from before a merge still counts
                held[id_] = name_key(each.name)
    organization = is_organization(facts.name)
    return by_phone(facts.phones, mine, holders, organization=organization, made=_made(facts.refs, known))


def by_phone(
    phones: Iterable[str],
    key: str,
    holders: Mapping[str, Mapping[int, str]],
    *,
    organization: bool = False,
    made: int | None = None,
) -> Match:
    """The decision for a customer whose source id nobody has.

    Args:
        phones: in E.164.
        key: the `name_key`; "" for no name.
        holders: E.164 -> customer id -> name key of all who are known, those who were merged under the id of their survivor.
        organization: is the name that of an organisation? Then a landline proves as much as a mobile.
        made: the customer that this very record made before (by its derived id): of several who fit, it is this one.
    """
    proves = _proves(organization=organization)
    found = [(id_, held, phone) for phone in phones if proves(phone) for id_, held in holders.get(phone, {}).items()]
    same = {id_ for id_, held, _ in found if held == key}
    if same:
        why = "SAME_PHONE_SAME_ORGANIZATION" if organization else "SAME_MOBILE_SAME_NAME"
        return _the_one(same, why, made)
    near = {id_: held for id_, held, phone in found if is_mobile(phone)}
    if not near:
        return NEW
    first, *others = sorted(near)
    return Propose(first, "SAME_MOBILE_OTHER_NAME" if key and near[first] else "SAME_MOBILE_NO_NAME", tuple(others))


def match_vehicle(facts: VehicleFacts, known: Iterable[KnownVehicle]) -> Match:
    """The whole decision for one vehicle."""
    known = list(known)
    for each in known:
        if facts.vin and each.vin == facts.vin:
            return Same(each.id, "SAME_VIN")
    found = _same_source_id(facts.refs, known)
    if found is not None:
        vins = {each.vin for each in known if each.id == found} | {facts.vin}
        return Propose(found, "SAME_SOURCE_ID_OTHER_VIN") if len(vins - {None}) > 1 else Same(found, "SAME_SOURCE_ID")
    held = [each for each in known if facts.plate and each.plate == facts.plate]
    return by_plate(facts.vin, facts.customers, held, made=_made(facts.refs, known))


def by_plate(
    vin: str | None, customers: frozenset[int], holders: Iterable[KnownVehicle], *, made: int | None = None
) -> Match:
    """The decision for a vehicle whose VIN and source id nobody has; `holders` are the vehicles with its plate.

    `made` is the vehicle that this very record made before (by its derived id): of several that fit, it is this one.
    """
    near = {each.id: each for each in holders if not (vin and each.vin)}
    same = {id_ for id_, each in near.items() if each.customers & customers}
    if same:
        return _the_one(same, "SAME_PLATE_SAME_CUSTOMER", made)
    if not near:
        return NEW
    first, *others = sorted(near)
    return Propose(first, "SAME_PLATE_OTHER_CUSTOMER", tuple(others))


def survivor(id_: int, merged: Mapping[int, int]) -> int:
    """Who stands for `id_` after all merges; `merged` maps losers to winners, and to 0 where nobody stands for them."""
    seen = {id_}
    while (into := merged.get(id_)) and into not in seen:
        seen.add(id_ := into)
    return id_


def _proven(refs: Iterable[ExternalRef]) -> tuple[tuple[str, str], ...]:
    return tuple((ref.system, ref.key) for ref in refs if not ref.derived)


def _proves(*, organization: bool) -> Callable[[str], bool]:
    return bool if organization else is_mobile


def _same_source_id(refs: Iterable[ExternalRef], known: Iterable[KnownCustomer | KnownVehicle]) -> int | None:
    holders = {ref: each.id for each in known for ref in _proven(each.refs)}
    return next((holders[ref] for ref in _proven(refs) if ref in holders), None)


def _made(refs: Iterable[ExternalRef], known: Iterable[KnownCustomer | KnownVehicle]) -> int | None:
    derived = {(ref.system, ref.key) for ref in refs if ref.derived}
    return next(
        (each.id for each in known for ref in each.refs if ref.derived and (ref.system, ref.key) in derived), None
    )


def _the_one(same: set[int], why: str, made: int | None) -> Match:
    """One who fits is the one; of several, the one that this record made; else a person has to say which."""
    if made in same:
        return Same(made, why)
    first, *others = sorted(same)
    return Propose(first, "SEVERAL_SAME", tuple(others)) if others else Same(first, why)


# ------------------------------------------------------------------ what a merge keeps


@attrs.frozen
class Conflict:
    """Both had a value in `field`; one of them was kept. Values stay out of the repr."""

    field: str
    kept: object = attrs.field(repr=False)
    dropped: object = attrs.field(repr=False)


@attrs.frozen
class MergePlan:
    """What a merge writes to the winner, and what it had to choose between; the loser's row stays as it is, for the undo."""

    values: Mapping[str, object] = attrs.field(repr=False)
    conflicts: tuple[Conflict, ...]


#: A yes on either side is a yes: these keep somebody from being contacted.
PROTECTIVE = frozenset({"deceased"})


def merge_plan(
    winner: Mapping[str, object],
    loser: Mapping[str, object],
    *,
    corrected: frozenset[str] = frozenset(),
    loser_corrected: frozenset[str] = frozenset(),
) -> MergePlan:
    """Field by field: the winner's value, the loser's where the winner has none or only the loser's was set by staff.

    Pass fields of the person only; ids and times are the database's. A protective flag is never lost.
    """
    values: dict[str, object] = {}
    conflicts: list[Conflict] = []
    for field, theirs in loser.items():
        ours = winner.get(field)
        if theirs in (None, "") or theirs == ours:
            continue
        if ours in (None, "") or (field in PROTECTIVE and theirs):
            values[field] = theirs
        elif field in loser_corrected - corrected:
            values[field] = theirs
            conflicts.append(Conflict(field, theirs, ours))
        elif field not in PROTECTIVE:
            conflicts.append(Conflict(field, ours, theirs))
    return MergePlan(values, tuple(conflicts))
