"""Decisions: pure functions over types; `now` is an argument, never read."""
