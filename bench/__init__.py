"""Benchmarks: ratios, not seconds. See `__main__`."""
