"""Template versions: which there are, and what a template's version key says.

Source of the facts: Heat's documentation of HOT and its answers (`/template_versions`).
"""

from collections.abc import Mapping
from typing import Any

from firebrick.template.problems import Problems, near, shorten

HOT = "heat_template_version"
CFN = {"AWSTemplateFormatVersion": "2010-09-09", "HeatTemplateFormatVersion": "2012-12-12"}
AWS_VERSION = "AWSTemplateFormatVersion.2010-09-09"
HEAT_VERSION = "HeatTemplateFormatVersion.2012-12-12"

HOT_VERSIONS = (
    "2013-05-23",
    "2014-10-16",
    "2015-04-30",
    "2015-10-15",
    "2016-04-08",
    "2016-10-14",
    "2017-02-24",
    "2017-09-01",
    "2018-03-02",
    "2018-08-31",
    "2021-04-16",
)
ALIASES = {
    "newton": "2016-10-14",
    "ocata": "2017-02-24",
    "pike": "2017-09-01",
    "queens": "2018-03-02",
    "rocky": "2018-08-31",
    "wallaby": "2021-04-16",
}

# What came with which version. Dates compare as text.
CONDITIONS_SINCE = "2016-10-14"  # conditions, condition, external_id, lower-case deletion policies
LATE_CONDITIONS_SINCE = "2017-09-01"  # yaql and contains in conditions
MODULO_SINCE = "2017-02-24"
TAGS_SINCE = "2018-03-02"


def read_version(tree: Mapping[str, Any], problems: Problems) -> str | None:
    """The version's name (``heat_template_version.2021-04-16``, aliases replaced), or None with the reason among the
    problems."""
    keys = [key for key in (HOT, *CFN) if isinstance(tree.get(key), str)]
    if len(keys) > 1:
        problems.add(
            "ambiguous-version",
            f"the template has several version keys: {', '.join(keys)}",
            (keys[1],),
            detail="Keep one.",
            heat=f"The template version is invalid: Ambiguous versions ({', '.join(keys)})",
            heat_type="InvalidTemplateVersion",
        )
        return None
    if not keys:
        _no_version(tree, problems)
        return None
    key, given = keys[0], tree[keys[0]]
    version = str(ALIASES.get(given, given)) if key == HOT else str(given)
    known = [*HOT_VERSIONS, *sorted(ALIASES)] if key == HOT else [CFN[key]]
    if version in known:
        return f"{key}.{version}"
    _unknown(key, given, known, problems)
    return None


def _no_version(tree: Mapping[str, Any], problems: Problems) -> None:
    misplaced = [key for key in (HOT, *CFN) if key in tree]
    if misplaced:
        summary = f"{misplaced[0]} is not text"
    else:
        summary = "the template does not say its version"
    nearest = next((key for key in tree if near(key, [HOT, *CFN], cutoff=0.75)), None)
    detail = f"Write {HOT}: {HOT_VERSIONS[-1]} as its first line."
    if nearest is not None and not misplaced:
        detail = f"Did you mean {near(nearest, [HOT, *CFN])} instead of {shorten(nearest)}?"
    problems.add(
        "no-version",
        summary,
        (misplaced[0],) if misplaced else (),
        detail=detail,
        heat="The template version is invalid: Template version was not provided",
        heat_type="InvalidTemplateVersion",
    )


def _unknown(key: str, given: str, known: list[str], problems: Problems) -> None:
    shown = shorten(given)
    problems.add(
        "unknown-version",
        f"there is no {key} {shown!r}",
        (key,),
        detail=f"{problems.suggest(given, known)} Known are: {', '.join(known)}.".strip(),
        heat=f'The template version is invalid: "{key}: {shown}". "{key}" should be one of: {", ".join(known)}',
        heat_type="InvalidTemplateVersion",
    )
