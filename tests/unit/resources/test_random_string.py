"""OS::Heat::RandomString draws what its properties ask for."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebrick.diagnostics import InvalidInput
from firebrick.resources.heat.random_string import CLASSES, RandomString
from firebrick.resources.schema import TypeSchema
from firebrick.testing.rehearsal import Rehearsal

UNKNOWN = object()
SCHEMA = TypeSchema.of(RandomString)
TOO_SHORT = "Length property cannot be smaller than combined character class and character sequence minimums"


def drawn(properties: dict[str, Any]) -> str:
    resource = Rehearsal(RandomString(), properties)
    resource.create()
    return str(resource.reference_id)


CLASS_LISTS = st.lists(
    st.fixed_dictionaries({"class": st.sampled_from(sorted(CLASSES)), "min": st.integers(1, 20)}), max_size=4
)
SEQUENCES = st.lists(
    st.fixed_dictionaries({"sequence": st.text("!#%&-_=+:.äß", min_size=1), "min": st.integers(1, 20)}),
    min_size=1,
    max_size=3,
)


@settings(max_examples=150)
@given(classes=CLASS_LISTS, sequences=SEQUENCES, spare=st.integers(0, 40))
def test_length_minimums_and_characters_are_as_asked(
    classes: list[dict[str, Any]], sequences: list[dict[str, Any]], spare: int
) -> None:
    sources = [(CLASSES[one["class"]], one["min"]) for one in classes]
    sources += [(one["sequence"], one["min"]) for one in sequences]
    length = sum(minimum for _, minimum in sources) + spare
    properties = {"length": length, "character_classes": classes, "character_sequences": sequences}
    value = drawn(properties)
    assert len(value) == length
    assert set(value) <= set("".join(characters for characters, _ in sources))
    counts = Counter(value)
    for characters, minimum in sources:
        assert sum(counts[one] for one in set(characters)) >= minimum


def test_every_character_of_the_union_is_as_likely_whatever_source_it_stands_in() -> None:
    """Digits stand in two of three classes; of the free places they take no more than their share, 10 of 62."""
    properties = {
        "length": 512,
        "character_classes": [{"class": "digits"}, {"class": "octdigits"}, {"class": "letters"}],
    }
    text = "".join(drawn(properties) for _ in range(60))
    share = sum(text.count(digit) for digit in "0123456789") / len(text)
    assert 0.14 < share < 0.19  # 0.165 expected; the standard deviation is 0.002


def test_the_guaranteed_characters_do_not_stand_at_the_front() -> None:
    properties = {"length": 40, "character_classes": [{"class": "digits", "min": 20}, {"class": "letters", "min": 20}]}
    assert any(not drawn(properties)[:20].isdigit() for _ in range(3))


def test_by_default_there_are_32_letters_and_digits() -> None:
    value = drawn({})
    assert len(value) == 32
    assert value.isascii() and value.isalnum()


def test_two_draws_differ() -> None:
    assert drawn({}) != drawn({})


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_the_old_property_sequence_names_one_class(name: str) -> None:
    assert set(drawn({"sequence": name, "length": 200})) <= set(CLASSES[name])
    assert "sequence" not in SCHEMA.shown()["properties"]


def test_sequences_alone_come_on_top_of_the_default_class() -> None:
    value = drawn({"length": 300, "character_sequences": [{"sequence": "%"}]})
    assert "%" in value
    assert value.replace("%", "").isalnum()


def test_the_string_is_reference_id_attribute_and_data_and_the_physical_id_is_a_name() -> None:
    resource = Rehearsal(RandomString(), {"length": 20}, name="secret")
    done = resource.create()
    assert done.data is not None
    assert done.reference_id == resource.attribute("value") == done.data["value"]
    assert len(done.reference_id or "") == 20
    assert done.physical_id == "stack-secret-abcdefghijkl"
    assert resource.pauses == []


@pytest.mark.parametrize(
    "properties",
    [
        {"length": 2, "character_classes": [{"class": "digits", "min": 3}]},
        {"length": 2, "character_sequences": [{"sequence": "ab", "min": 2}]},
        {"length": 1, "character_classes": [{"class": "digits"}, {}]},
        {"length": 1, "sequence": "digits", "character_classes": [{"class": "letters"}]},
        {"character_classes": [{"class": "digits", "min": 33}]},
    ],
)
def test_minimums_that_need_more_room_are_refused(properties: dict[str, Any]) -> None:
    assert [one.message for one in SCHEMA.check(properties, unknown=UNKNOWN)] == [TOO_SHORT]
    with pytest.raises(InvalidInput, match=TOO_SHORT):
        drawn(properties)


@pytest.mark.parametrize("properties", [{"character_classes": []}, {"character_sequences": [{"sequence": ""}]}])
def test_no_characters_to_choose_from_is_refused(properties: dict[str, Any]) -> None:
    assert [one.message for one in SCHEMA.check(properties, unknown=UNKNOWN)] == [
        "There are no characters to choose from"
    ]


def test_room_is_not_judged_before_the_values_are_known() -> None:
    classes = [{"class": "digits", "min": 50}]
    assert SCHEMA.check({"length": UNKNOWN, "character_classes": classes}, unknown=UNKNOWN) == []
    assert SCHEMA.check({"length": 1, "character_sequences": UNKNOWN}, unknown=UNKNOWN) == []
    assert SCHEMA.check({"length": 1, "character_classes": classes, "salt": UNKNOWN}, unknown=UNKNOWN) != []


def test_the_schema_is_heats() -> None:
    shown = SCHEMA.shown()
    assert shown["properties"]["length"]["constraints"] == [{"range": {"min": 1, "max": 512}}]
    assert shown["properties"]["character_classes"]["default"] == [{"class": "lettersdigits", "min": 1}]
    inner = shown["properties"]["character_classes"]["schema"]["*"]["schema"]
    assert inner["class"]["default"] == "lettersdigits"
    assert inner["class"]["constraints"] == [
        {
            "allowed_values": [
                "lettersdigits",
                "letters",
                "lowercase",
                "uppercase",
                "digits",
                "hexdigits",
                "octdigits",
            ]
        }
    ]
    assert shown["properties"]["character_sequences"]["schema"]["*"]["schema"]["sequence"]["required"] is True
    assert not any(one["update_allowed"] for one in shown["properties"].values())
    assert shown["attributes"]["value"]["type"] == "string"
    assert shown["support_status"]["version"] == "2014.1"
