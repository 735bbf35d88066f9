"""The garbage collector of a long-lived process that makes many small objects: templates, definitions, rows, plans.

With Python's own settings it walks all of them again and again while a template is read: measured, a template of
1,000 resources and 20,000 lines takes 0.45 s instead of 0.23, one of 10,000 takes 6.1 s instead of 3.4.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG = 100_000
"""New objects before a collection (700 by default). Circles are few here: most of what is made dies by its count."""


def relax() -> None:
    """Call once, when the process has loaded what it needs: that is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)


@contextmanager
def paused() -> Iterator[None]:
    """For work that makes very many objects, keeps them, and makes no circles: no collection meanwhile.

    Each one would walk all that is there already, so that time grows faster than size: measured, reading 10,000
    resources takes 16 times as long as 1,000, and 9 times without. May be nested, and used in several threads at once:
    the one that paused it lets it go on.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
