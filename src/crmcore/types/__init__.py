"""What a dealer talks about: frozen values without I/O, without a clock.

Conventions (STAR style): instants are aware and in UTC, dates are plain dates in the store's zone, distance is whole km,
labour is `Decimal` hours, money is `Decimal` yuan, phones are E.164, ids are strings with a letter for the kind
("C17" customer, "V5" vehicle, "R9" visit, "T12" touchpoint, "M3" message, "J4" reject, "P2" proposal, "I7" reply, "K1" complaint).
"""
