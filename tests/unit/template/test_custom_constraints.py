"""Custom constraints: what is checked here, in Heat's words, and what a cloud must be asked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from firebrick.template import cloud_checks

TEMPLATE = "parameters: {{p: {{type: {kind}, constraints: [{{custom_constraint: {name}}}]}}}}"
LATER = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S")

GOOD = {
    "cron_expression": [
        "",
        "* * * * *",
        "*/5 0 1-5 jan MON",
        "@daily",
        "0 0 L * *",
        "0 0 * * 5#2",
        "0 0 * * 7 30",
        "5-1 * * * *",
    ],
    "expiration": ["", LATER, LATER + "Z", LATER.replace("T", " "), LATER[:10]],
    "iso_8601": ["2015-01-01T00:00:00", "2015-01-01T00:00:00Z", "2015-01-01"],
    "timezone": ["", "UTC", "Europe/Paris"],
    "ip_addr": ["10.0.0.1", "::1"],
    "ip_or_cidr": ["10.0.0.1", "10.0.0.1/8", "::/0"],
    "net_cidr": ["10.0.0.0/8", "10.0.0.1/8", "::1/64"],
    "mac_addr": ["aa:bb:cc:dd:ee:ff", "AA-BB-CC-DD-EE-FF", "aabbccddeeff", "aabb.ccdd.eeff", "0:1:2:3:4:5"],
    "json_string": ["", "{}", "5"],
    "dns_name": ["", "a", "a.b.", "1.2.3", "x" * 63],
    "rel_dns_name": ["", "a.123", "123"],
    "dns_domain": ["", "a.", "example.com."],
    "nova.flavor": ["anything"],
}
BAD = {
    "cron_expression": [
        ("* * * *", "Invalid CRON expression: Exactly 5, 6 or 7 columns"),
        ("60 * * * *", ""),
        ("a b c d e", ""),
        ("0 24 * * *", ""),
        ("* * * * 8", ""),
        ("*/0 * * * *", ""),
        ("* * 0 * *", ""),
    ],
    "expiration": [
        ("2001-01-01T00:00:00", "Expiration 2001-01-01T00:00:00 is invalid: Expiration time is out of date."),
        ("x", "Expiration x is invalid: Unable to parse date string 'x'"),
        ("2030-13-01", ""),
    ],
    "iso_8601": [("PT5M", ""), ("", ""), ("5M", "")],
    "timezone": [("Mars/X", "Invalid timezone: "), ("../etc/passwd", "")],
    "ip_addr": [("10.0.0", "Invalid IP address"), ("fe80::1%eth0", ""), ("010.0.0.1", ""), ("", "")],
    "ip_or_cidr": [("10.0.0.0/33", "'10.0.0.0/33' is not a valid IP subnet"), ("x", ""), ("10.0.0.0/255.0.0.0", "")],
    "net_cidr": [("10.0.0.1", ""), ("10.0.0.0/", ""), ("10.0.0.0/255.0.0.0", ""), ("", "")],
    "mac_addr": [("aa:bb", "Invalid MAC address."), ("aa:bb:cc:dd:ee:gg", ""), ("", "")],
    "json_string": [("{", "JSON string { is invalid: ")],
    "dns_name": [
        ("-a.b", "'-a.b' not in valid format. Reason: "),
        ("a..b", ""),
        ("a_b.c", ""),
        ("A.COM", ""),
        ("x" * 64, ""),
    ],
    "rel_dns_name": [("a.b.", "'a.b.' is a FQDN. It should be a relative domain name."), ("a_b", "")],
    "dns_domain": [("a.b", "'a.b' must end with '.'."), ("x.123.", "'x.123.' not in valid format. Reason: TLD '123'")],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in GOOD.items() for value in values])
def test_what_fits(language: Any, name: str, value: str) -> None:
    definition = language.define(TEMPLATE.format(kind="string", name=name), p=value)
    assert definition.parameters["p"].value == value


@pytest.mark.parametrize(("name", "value", "words"), [(name, *one) for name, many in BAD.items() for one in many])
def test_what_does_not_fit_is_refused_in_heats_words(language: Any, name: str, value: str, words: str) -> None:
    problem = language.only_problem(TEMPLATE.format(kind="string", name=name), p=value)
    start = f"Parameter 'p' is invalid: Error validating value '{value}'"
    assert problem.message.startswith(f"{start}: {words}" if words else start)


def test_every_item_of_a_list_is_checked(language: Any) -> None:
    template = TEMPLATE.format(kind="comma_delimited_list", name="ip_addr")
    assert "'x'" in language.only_problem(template, p="10.0.0.1,x").message
    assert language.define(template, p="10.0.0.1,::1").parameters["p"].value == ["10.0.0.1", "::1"]


def test_a_name_that_nobody_knows_is_refused(language: Any) -> None:
    problem = language.only_problem(TEMPLATE.format(kind="string", name="nova_flavor"), p="m1")
    assert problem.message == "Parameter 'p' is invalid: \"m1\" does not validate nova_flavor (constraint not found)"


def test_what_a_cloud_must_be_asked_is_listed(language: Any) -> None:
    definition = language.define("""
        parameters:
          flavor: {type: string, default: m1, constraints: [{custom_constraint: nova.flavor}]}
          images: {type: comma_delimited_list, constraints: [{custom_constraint: glance.image, description: No image.}]}
          key: {type: string, hidden: true, default: k, constraints: [{custom_constraint: nova.keypair}]}
          when: {type: string, default: UTC, constraints: [{custom_constraint: timezone}]}
        """, images="a,b")  # fmt: skip
    asked = cloud_checks(definition.schemas, definition.parameters)
    assert [(one.parameter, one.constraint, one.value) for one in asked] == [
        ("flavor", "nova.flavor", "m1"),
        ("images", "glance.image", "a"),
        ("images", "glance.image", "b"),
        ("key", "nova.keypair", "k"),
    ]
    assert [one.problem("No such.").message for one in asked] == [
        "Parameter 'flavor' is invalid: Error validating value 'm1': No such.",
        "Parameter 'images' is invalid: No image.",
        "Parameter 'images' is invalid: No image.",
        "Parameter 'key' is invalid: it is no nova.keypair",
    ]
    given = cloud_checks(definition.schemas, definition.parameters, defaults=False)
    assert [one.parameter for one in given] == ["images", "images"]
