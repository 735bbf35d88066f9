"""OS::Heat::MultipartMime makes messages that any mail library reads back, of texts and of other configs."""

import email
import re
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Any

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.resources.errors import PermanentError
from firebrick.resources.heat.multipart_mime import MultipartMime
from firebrick.testing.rehearsal import Rehearsal

ID = "c8a19429-7fde-47ea-a42f-40045488226c"


def message(parts: list[dict[str, Any]], others: dict[str, dict[str, Any]] | None = None, key: str = "key") -> str:
    resource = Rehearsal(MultipartMime(), {"parts": parts}, others=others, key=key)
    resource.create()
    text = resource.attribute("config")
    assert isinstance(text, str)
    return text


def message_parts(text: str) -> list[str]:
    payload = email.message_from_string(text).get_payload()
    return [str(part.get_payload()) for part in payload if isinstance(part, Message)]


def read(text: str) -> list[tuple[str, str, str | None, str]]:
    """Of each part: its type, charset, file name and text."""
    whole = email.message_from_string(text)
    assert whole.get_content_type() == "multipart/mixed" and whole["MIME-Version"] == "1.0" and not whole.defects
    payload = whole.get_payload()
    found = []
    for part in payload if isinstance(payload, list) else []:
        assert isinstance(part, Message)
        charset = str(part.get_content_charset())
        raw = part.get_payload(decode=True)
        assert isinstance(raw, bytes)
        found.append((part.get_content_type(), charset, part.get_filename(), raw.decode(charset)))
    return found


def test_a_message_has_the_form_heat_gives_it() -> None:
    text = message([{"config": "#!/bin/sh\necho 1\n"}, {"config": "x", "filename": "boothook.sh"}])
    boundary = re.findall(r'boundary="(=+[0-9a-f]+==)"', text)[0]
    assert text == (
        f'Content-Type: multipart/mixed; boundary="{boundary}"\n'
        "MIME-Version: 1.0\n"
        "\n"
        f"--{boundary}\n"
        'Content-Type: text/plain; charset="us-ascii"\n'
        "MIME-Version: 1.0\n"
        "Content-Transfer-Encoding: 7bit\n"
        "\n"
        "#!/bin/sh\necho 1\n"
        "\n"
        f"--{boundary}\n"
        'Content-Type: text/boothook; charset="us-ascii"\n'
        "MIME-Version: 1.0\n"
        "Content-Transfer-Encoding: 7bit\n"
        'Content-Disposition: attachment; filename="boothook.sh"\n'
        "\n"
        "x\n"
        f"--{boundary}--\n"
    )


@pytest.mark.parametrize(
    ("part", "kind", "filename"),
    [
        ({}, "text/plain", None),
        ({"subtype": "cloud-config"}, "text/cloud-config", None),
        ({"filename": "part-handler.py"}, "text/part-handler", "part-handler.py"),
        ({"filename": "a.sh", "subtype": "x-shellscript"}, "text/x-shellscript", "a.sh"),
        ({"filename": "", "subtype": ""}, "text/plain", None),
        ({"filename": "größe.sh", "subtype": "x"}, "text/x", "größe.sh"),
    ],
)
def test_the_subtype_is_the_given_one_or_the_stem_of_the_file_name(
    part: dict[str, str], kind: str, filename: str | None
) -> None:
    [(type_, _, name, _)] = read(message([{"config": "x", **part}]))
    assert type_ == kind
    assert (collapse_rfc2231_value(name) if name else None) == filename


@pytest.mark.parametrize("text", ["", "\n", "a", "a\n", "From here\n.\n--x\n", "ä\n€ 😀", "a\n" * 1000 + "ß"])
def test_a_text_comes_out_as_it_went_in(text: str) -> None:
    [(_, charset, _, read_back)] = read(message([{"config": text}]))
    assert read_back == text
    assert charset == ("us-ascii" if text.isascii() else "utf-8")


def test_a_part_that_is_the_id_of_a_config_has_that_configs_content() -> None:
    others = {ID: {"config": "#!/bin/sh\n"}}
    texts = [text for *_, text in read(message([{"config": ID}, {"config": ID.upper()}, {"config": "own"}], others))]
    assert texts == ["#!/bin/sh\n", "#!/bin/sh\n", "own"]


@pytest.mark.parametrize("text", [ID, f" {ID}", ID.replace("-", ""), "z" * 36])
def test_a_part_that_names_no_config_is_its_own_text(text: str) -> None:
    assert [one for *_, one in read(message([{"config": text}]))] == [text]


def test_only_ids_are_asked_for() -> None:
    kind = MultipartMime()
    resource = Rehearsal(kind, {"parts": [{"config": "text"}, {"config": ID.upper()}, {"config": f"{ID}\n"}]})
    assert list(kind.reads(resource.properties)) == [ID]


def test_a_config_without_a_text_is_an_empty_part() -> None:
    assert [text for *_, text in read(message([{"config": ID}], {ID: {"config": None}}))] == [""]


def test_a_config_that_is_a_map_cannot_be_a_part() -> None:
    with pytest.raises(PermanentError, match=rf"parts\[1\]: the config {ID} is a map"):
        message([{"config": "x"}, {"config": ID}], {ID: {"config": {"secret": "hush"}}})


def test_the_parts_of_a_message_are_taken_one_by_one_with_their_names() -> None:
    inner = message(
        [
            {"config": "one\n"},
            {"config": "zwö", "filename": "b.sh"},
            {"config": "three", "subtype": "cloud-config"},
        ],
        key="inner",
    )
    outer = message([{"config": "zero"}, {"config": ID, "type": "multipart"}], {ID: {"config": inner}})
    assert read(outer) == [
        ("text/plain", "us-ascii", None, "zero"),
        ("text/plain", "us-ascii", None, "one\n"),
        ("text/b", "utf-8", "b.sh", "zwö"),
        ("text/cloud-config", "us-ascii", None, "three"),
    ]


def test_messages_inside_a_message_are_taken_apart_too() -> None:
    inner = message([{"config": "deep"}], key="inner")
    boundary = "outer"
    nested = f'Content-Type: multipart/mixed; boundary="{boundary}"\n\n--{boundary}\n{inner}\n--{boundary}--\n'
    assert [text for *_, text in read(message([{"config": nested, "type": "multipart"}]))] == ["deep"]


def test_a_text_that_is_no_message_adds_no_parts() -> None:
    assert read(message([{"config": "#!/bin/sh\n", "type": "multipart"}, {"config": "x"}])) == [
        ("text/plain", "us-ascii", None, "x")
    ]


def test_a_part_of_a_message_that_is_no_text_is_refused() -> None:
    bad = (
        'Content-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: image/png; charset="utf-8"\n'
        "Content-Transfer-Encoding: base64\n\niVBORw==\n--b--\n"
    )
    with pytest.raises(PermanentError, match=r"parts\[0\]: a part of type image/png is no text"):
        message([{"config": bad, "type": "multipart"}])


def test_a_message_without_parts_can_be_read_and_says_nothing() -> None:
    assert message_parts(message([])) == [""]


def test_the_same_create_gives_the_same_message_and_another_one_another_boundary() -> None:
    parts = [{"config": "x"}]
    assert message(parts) == message(parts) != message(parts, key="other")


def test_a_part_that_has_the_boundary_in_it_does_not_end_early() -> None:
    plain = message([{"config": "x"}])
    boundary = re.findall(r'boundary="(.*?)"', plain)[0]
    text = f"a\n--{boundary}\nb\n--{boundary}--\n"
    assert [one for *_, one in read(message([{"config": text}, {"config": "x"}]))] == [text, "x"]


@pytest.mark.parametrize("part", [{"filename": "a\nX: y"}, {"subtype": "plain\r\n\r\nbody"}])
def test_a_part_cannot_write_headers_of_its_own(part: dict[str, str]) -> None:
    with pytest.raises(InvalidInput, match="has a line break"):
        message([{"config": "x", **part}])


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({"parts": [{"filename": "x"}]}, "Property config not assigned"),
        ({"parts": [{"config": "x", "type": "html"}]}, '"html" is not an allowed value ["text", "multipart"]'),
    ],
)
def test_what_does_not_fit_is_refused(properties: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Rehearsal(MultipartMime(), properties)
    assert caught.value.first.summary == text
