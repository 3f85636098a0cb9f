"""Work that makes many objects and no cycles does without looking for any; only here, where the process is ours alone."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def no_collecting() -> Iterator[None]:
    """A batch of a sync makes a million objects, and a plan a hundred thousand; looking for cycles among them costs a fifth."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
