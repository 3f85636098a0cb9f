"""Use cases, one file a verb: fetch, decide, act, record."""
