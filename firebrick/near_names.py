"""What to say to somebody who asked for a name that is not there: which one was probably meant, and which there are."""

from collections.abc import Iterable, Sequence

from firebrick.json_values import whole
from firebrick.template.problems import near

MOST_NAMES = 20


def instead_of(name: str, known: Iterable[str], *, none: str) -> str:
    """``Did you mean web? There are: db, web.`` none: what is said where there is none."""
    names = list(known)
    if not names:
        return none
    meant = near(name, names)
    return f"Did you mean {meant}? {there_are(names)}" if meant else there_are(names)


def there_are(names: Sequence[str]) -> str:
    """``There are: a, b.``; of many the first, and how many more."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return whole(f"There are: {', '.join(name[:100] for name in names[:MOST_NAMES])}{more}.")
