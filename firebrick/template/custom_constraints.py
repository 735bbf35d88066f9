"""Custom constraints of parameters: those that can be checked here, and those for which a cloud must be asked.

A check takes the value's text and says what is wrong with it, in Heat's words; "" is wrong without more words, None is
right. Called by firebrick.template.constraints; `cloud_checks` by whoever can ask the cloud.
"""

import ipaddress
import json
import re
import zoneinfo
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

Check = Callable[[str], str | None]

CLOUD_SERVICES = frozenset(
    "barbican blazar cinder designate glance ironic keystone magnum manila mistral neutron nova octavia sahara senlin "
    "trove zaqar".split()
)
"""The first parts of names like ``nova.flavor``: their checks need the service."""


def needs_cloud(name: str) -> bool:
    service, dot, what = name.partition(".")
    return bool(dot and what) and service in CLOUD_SERVICES


def _ip_addr(text: str) -> str | None:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return "Invalid IP address"
    return "Invalid IP address" if "%" in text else None  # no zones


def _subnet(text: str) -> str | None:
    if not re.fullmatch(r"[^/%]+/\d+", text):  # no netmask in place of a length
        return f"'{text}' is not a valid IP subnet"
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return f"'{text}' is not a valid IP subnet"
    return None


def _ip_or_cidr(text: str) -> str | None:
    if "/" in text:
        return _subnet(text)
    return None if _ip_addr(text) is None else f"'{text}' is not a valid IP address"


_MAC = re.compile(
    r"(?i:[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}|[0-9a-f]{1,2}(-[0-9a-f]{1,2}){5}|[0-9a-f]{12}"
    r"|[0-9a-f]{1,4}([:.-])[0-9a-f]{1,4}\3[0-9a-f]{1,4}|[0-9a-f]{5,6}[:-][0-9a-f]{5,6})"
)


def _mac_addr(text: str) -> str | None:
    return None if _MAC.fullmatch(text) else "Invalid MAC address."


_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_MOST_DNS = 255


def _name_problem(text: str) -> str:
    """What is wrong with a name of DNS; "" for nothing."""
    bare = text.removesuffix(".")
    if len(bare) > _MOST_DNS:
        return f"the name has {len(bare)} characters, more than {_MOST_DNS}"
    labels = bare.split(".")
    for label in labels:
        if not label:
            return "a part of the name is empty"
        if not _LABEL.fullmatch(label):
            return f"Name '{label}' must be 1-63 lower-case letters, digits and hyphens, with no hyphen at an end"
    if text.endswith(".") and len(labels) > 1 and labels[-1].isdigit():
        return f"TLD '{labels[-1]}' must not be all numeric"
    return ""


def _dns_name(text: str) -> str | None:
    problem = _name_problem(text) if text else ""
    return f"'{text}' not in valid format. Reason: {problem}" if problem else None


def _rel_dns_name(text: str) -> str | None:
    if text.endswith("."):
        return f"'{text}' is a FQDN. It should be a relative domain name."
    if len(text) > _MOST_DNS - 3:
        return f"'{text}' has {len(text)} characters: with a domain it would be longer than {_MOST_DNS}"
    return _dns_name(text)


def _dns_domain(text: str) -> str | None:
    wrong = _dns_name(text)
    if wrong is None and text and not text.endswith("."):
        return f"'{text}' must end with '.'."
    return wrong


def _moment(text: str) -> datetime:
    """A date, or date and time, of ISO 8601; ValueError."""
    if not re.match(r"\d{4}", text):
        raise ValueError(f"Unable to parse date string '{text}'")
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _iso_8601(text: str) -> str | None:
    try:
        _moment(text)
    except ValueError:
        return ""
    return None


def _expiration(text: str) -> str | None:
    if not text:
        return None
    try:
        if _moment(text.strip()) > datetime.now(UTC):
            return None
        reason = "Expiration time is out of date."
    except ValueError as error:
        reason = str(error)
    return f"Expiration {text} is invalid: {reason}"


def _timezone(text: str) -> str | None:
    try:
        if text:
            zoneinfo.ZoneInfo(text)
    except (ValueError, KeyError, OSError):
        return f"Invalid timezone: there is no time zone {text}"
    return None


def _json_string(text: str) -> str | None:
    try:
        if text:
            json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"JSON string {text} is invalid: {error}"
    return None


_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_DAYS = "sun mon tue wed thu fri sat".split()
_COLUMNS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, ("", *_MONTHS)),
    (0, 7, tuple(_DAYS)),
    (0, 59, ()),
    (1970, 2099, ()),
)
"""Of each column the least, the most, and words that stand for 0, 1, ...: minute, hour, day, month, day of the week,
and, beyond the usual five, second and year."""
_DAY, _WEEKDAY = 2, 4
_CRON_WORDS = ("@midnight", "@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually")
_PIECE = re.compile(r"(?P<first>\*|\?|\w+)(-(?P<last>\w+))?(/(?P<step>\d+))?")


def _cron_expression(text: str) -> str | None:
    text = text.strip().lower()
    columns = text.split()
    if not text or text in _CRON_WORDS:
        return None
    if not 5 <= len(columns) <= 7:
        return "Invalid CRON expression: Exactly 5, 6 or 7 columns has to be specified for iterator expression."
    for place, column in enumerate(columns):
        if not all(_is_piece(piece, place) for piece in column.split(",")):
            return f"Invalid CRON expression: [{text}] is not acceptable"
    return None


def _is_piece(piece: str, place: int) -> bool:
    if place == _DAY and piece == "l":
        return True
    if place == _WEEKDAY:
        piece = re.sub(r"#[1-5]$", "", piece)
        piece = re.sub(r"^l(?=\d$)", "", piece)
    found = _PIECE.fullmatch(piece)
    if found is None or (found["step"] is not None and int(found["step"]) == 0):
        return False
    if found["first"] == "*":
        return found["last"] is None
    if found["first"] == "?":
        return place in (_DAY, _WEEKDAY) and found["last"] is None
    return all(_is_value(word, place) for word in (found["first"], found["last"]) if word is not None)


def _is_value(word: str, place: int) -> bool:
    least, most, words = _COLUMNS[place]
    return word in words or (word.isdigit() and len(word) < 5 and least <= int(word) <= most)


def _anything(text: str) -> str | None:
    return None


CHECKS: Mapping[str, Check] = {
    "cron_expression": _cron_expression,
    "dns_domain": _dns_domain,
    "dns_name": _dns_name,
    "expiration": _expiration,
    "ip_addr": _ip_addr,
    "ip_or_cidr": _ip_or_cidr,
    "iso_8601": _iso_8601,
    "json_string": _json_string,
    "mac_addr": _mac_addr,
    "net_cidr": _subnet,
    "rel_dns_name": _rel_dns_name,
    "test_constr": _anything,
    "timezone": _timezone,
}
