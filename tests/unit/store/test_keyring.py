"""Keys: what they seal opens again, and only with them."""

import base64
import json
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from firebrick.diagnostics import InvalidInput, Unavailable
from firebrick.store import Keyring

OLD, NEW = base64.b64encode(b"o" * 32).decode(), base64.b64encode(b"n" * 32).decode()


@given(st.binary(max_size=300))
def test_what_is_sealed_opens_again_and_is_never_sealed_the_same_way_twice(plain: bytes) -> None:
    keyring = Keyring.from_values({"a": OLD}, current="a")
    first, second = keyring.seal(plain), keyring.seal(plain)
    assert keyring.open(first) == keyring.open(second) == plain
    assert first != second
    assert len(plain) < 8 or plain not in first


def test_after_a_rotation_old_values_open_and_new_ones_use_the_new_key() -> None:
    before = Keyring.from_values({"old": OLD}, current="old")
    after = Keyring.from_values({"old": OLD, "new": NEW}, current="new")
    sealed_before, sealed_after = before.seal(b"value"), after.seal(b"value")
    assert after.open(sealed_before) == after.open(sealed_after) == b"value"
    assert sealed_before[2:5] == b"old"
    assert sealed_after[2:5] == b"new"
    with pytest.raises(Unavailable, match=r"lacks \(new\)"):
        before.open(sealed_after)


@given(st.integers(min_value=0, max_value=10_000), st.integers(min_value=1, max_value=255))
def test_a_changed_value_does_not_open(place: int, flip: int) -> None:
    keyring = Keyring.from_values({"a": OLD}, current="a")
    sealed = bytearray(keyring.seal(b"some value"))
    sealed[place % len(sealed)] ^= flip
    with pytest.raises(Unavailable) as refusal:
        keyring.open(bytes(sealed))
    assert refusal.value.first.code == "store-key-missing"


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"plain text", b"\x01\x01a", b"\x01\x01a" + b"0" * 12])
def test_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    with pytest.raises(Unavailable):
        Keyring.from_values({"a": OLD}, current="a").open(sealed)


def test_another_key_under_the_same_id_does_not_open() -> None:
    sealed = Keyring.from_values({"a": OLD}, current="a").seal(b"value")
    with pytest.raises(Unavailable, match="does not open"):
        Keyring.from_values({"a": NEW}, current="a").open(sealed)


def test_a_missing_file_is_made_for_its_owner_only_and_read_ever_after(tmp_path: Path) -> None:
    file = tmp_path / "keyring"
    sealed = Keyring.from_file(file).seal(b"value")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Keyring.from_file(file).open(sealed) == b"value"
    assert [one.name for one in tmp_path.iterdir()] == ["keyring"]


def test_rotating_a_file_adds_a_key_and_keeps_the_old_ones(tmp_path: Path) -> None:
    file = tmp_path / "keyring"
    first = Keyring.from_file(file)
    sealed = first.seal(b"value")
    rotated = Keyring.rotate_file(file)
    assert rotated.current != first.current
    assert rotated.open(sealed) == Keyring.from_file(file).open(sealed) == b"value"
    assert Keyring.from_file(file).open(rotated.seal(b"later")) == b"later"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "content",
    ["", "not json", "[]", '{"keys": {}}', '{"current": "a", "keys": {"a": "short"}}', '{"current": "b", "keys": {}}']
    + [json.dumps({"current": "a", "keys": {"a": base64.b64encode(b"x").decode()}})]
    + [json.dumps({"current": "ä", "keys": {"ä": OLD}})],
)
def test_a_file_that_is_no_keyring_is_refused_without_showing_it(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keyring"
    file.write_text(content)
    with pytest.raises(InvalidInput) as refusal:
        Keyring.from_file(file)
    assert refusal.value.first.code == "keyring-invalid"
    assert "short" not in str(refusal.value)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nowhere.*cannot be written"):
        Keyring.from_file(tmp_path / "nowhere" / "keyring")


def test_a_signature_holds_for_its_text_its_purpose_and_its_keys_only() -> None:
    ring = Keyring({"a": b"a" * 32, "b": b"b" * 32}, "a")
    signature = ring.sign("plan", b"text")
    assert ring.is_signed("plan", b"text", signature)
    assert Keyring({"a": b"a" * 32, "b": b"b" * 32}, "b").is_signed("plan", b"text", signature)
    assert not ring.is_signed("plan", b"other", signature) and not ring.is_signed("hook", b"text", signature)
    for wrong in ("", "a:", "b" + signature[1:], "c" + signature[1:], "nonsense", signature + "0", "a:\u00e9"):
        assert not ring.is_signed("plan", b"text", wrong)


def test_a_keyring_that_others_can_read_is_complained_about_and_mended(tmp_path: Path) -> None:
    file = tmp_path / "keyring"
    Keyring.from_file(file)
    file.chmod(0o644)
    with capture_logs() as logs:
        Keyring.from_file(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (told,) = [one for one in logs if one["log_level"] == "warning"]
    assert told["mode"] == "0644" and "rotate-key" in told["then"]
    with capture_logs() as logs:
        Keyring.from_file(file)
    assert logs == []


def test_while_its_file_is_gone_nothing_is_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firebrick.store.keyring.NOTICED_WITHIN", 0.0)
    file = tmp_path / "keyring"
    ring = Keyring.from_file(file)
    sealed = ring.seal(b"x")
    file.rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match="is gone"):
        ring.seal(b"y")
    assert ring.open(sealed) == b"x"
    (tmp_path / "elsewhere").rename(file)
    assert ring.open(ring.seal(b"y")) == b"y"
