"""The test types speak to the fake provider as real types speak to a cloud."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from firebrick.resources.base import Found, Poll
from firebrick.resources.errors import ConflictError, PermanentError, ThrottledError, TransientError
from firebrick.resources.registry import Registry
from firebrick.testing.ledger import CREATED, DELETED
from firebrick.testing.provider_process import ProviderProcess
from firebrick.testing.rehearsal import Rehearsal
from firebrick.testing.types import RESOURCE_TYPES, TestBlind, TestObject, TestToken, TestType

EACH = pytest.mark.parametrize("kind", [TestObject, TestToken, TestBlind])


@pytest.fixture(autouse=True)
def address(provider: ProviderProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FIREBRICK_TEST_PROVIDER", provider.url)
    yield


def test_they_are_a_plug_in(provider: ProviderProcess) -> None:
    registry = Registry.default(provider.environment)
    assert {one.type_name for one in RESOURCE_TYPES} <= set(registry.names())


@EACH
def test_an_object_is_made_and_unmade(kind: type[TestType], provider: ProviderProcess) -> None:
    resource = Rehearsal(kind(), {"size": "3", "value": "hello"}, name="web")
    resource.create()
    assert (resource.attribute("size"), resource.attribute("value")) == (3, "hello")
    assert [one.id for one in provider.ledger.living()] == [resource.physical_id]
    resource.delete()
    resource.delete()  # not found is success
    assert [(one.what, one.label) for one in provider.ledger.effects()] == [(CREATED, "web"), (DELETED, "web")]


def test_the_create_polls_for_as_long_as_the_provider_says(provider: ProviderProcess) -> None:
    resource = Rehearsal(TestToken(), {"ready_after": 3600})
    first = TestToken().create(resource.context("CREATE", "key"))
    assert isinstance(first, Poll)
    assert 3590 < first.after < 3601
    assert first.physical_id == provider.ledger.living()[0].id


def test_create_and_delete_end_when_the_object_is_there_and_gone(provider: ProviderProcess) -> None:
    resource = Rehearsal(TestObject(), {"ready_after": 0.1, "gone_after": 0.1})
    resource.create()
    assert resource.pauses
    resource.delete()
    assert resource.pauses
    assert provider.request("GET", f"/objects/{resource.physical_id}")[0] == 404


def test_an_object_that_fails_is_an_error_and_its_id_is_known(provider: ProviderProcess) -> None:
    resource = Rehearsal(TestBlind(), {"fail": True}, name="web")
    with pytest.raises(PermanentError, match="object of web went into ERROR"):
        resource.create()
    assert resource.physical_id == provider.ledger.living()[0].id


@EACH
@pytest.mark.parametrize("do", ["drop-after-effect", "die-after-effect"])
def test_a_lost_answer_is_transient_and_says_that_it_may_have_happened(
    kind: type[TestType], do: str, provider: ProviderProcess
) -> None:
    provider.fault(do, method="POST", match="web")
    with pytest.raises(TransientError) as caught:
        Rehearsal(kind(), name="web").create()
    assert not caught.value.not_sent
    assert len(provider.ledger.effects("web", what=CREATED)) == 1


def test_a_lost_object_is_found_by_its_key(provider: ProviderProcess) -> None:
    resource = Rehearsal(TestObject(), name="web", key="key of web")
    context = resource.context("CREATE", "key of web")
    assert TestObject().find_by_key(context) is None
    provider.fault("drop-after-effect", method="POST")
    with pytest.raises(TransientError):
        resource.create()
    assert TestObject().find_by_key(context) == Found(physical_id=provider.ledger.living()[0].id)


def test_a_lost_create_is_safely_repeated_under_its_token(provider: ProviderProcess) -> None:
    resource = Rehearsal(TestToken(), name="web")
    provider.fault("drop-after-effect", method="POST")
    with pytest.raises(TransientError):
        resource.create()
    resource.create()
    assert [one.id for one in provider.ledger.living()] == [resource.physical_id]


def test_each_type_says_how_it_bears_lost_answers() -> None:
    said = [(one.type_name, one.find_by_key is not None, one.idempotent_create) for one in RESOURCE_TYPES]
    assert said == [
        ("Firebrick::Test::Object", True, False),
        ("Firebrick::Test::Token", False, True),
        ("Firebrick::Test::Blind", False, False),
        ("Firebrick::Test::Snapshotted", True, False),
        ("Firebrick::Test::Normalised", True, False),
        ("Firebrick::Test::Signalled", False, False),
    ]


@pytest.mark.parametrize(
    ("status", "error", "not_sent"),
    [
        (429, ThrottledError, True),
        (409, ConflictError, True),
        (500, TransientError, False),
        (503, TransientError, False),
    ],
)
def test_refusals_become_errors_by_what_helps_against_them(
    provider: ProviderProcess, status: int, error: type[TransientError], not_sent: bool
) -> None:
    provider.fault("fail", method="POST", status=status, retry_after=7)
    with pytest.raises(error) as caught:
        Rehearsal(TestObject()).create()
    assert caught.value.not_sent is not_sent
    assert caught.value.delay == (7 if status == 429 else None)


def test_a_wrong_request_is_permanent(provider: ProviderProcess) -> None:
    provider.fault("fail", method="POST", status=400)
    with pytest.raises(PermanentError, match="the provider says 400 to POST"):
        Rehearsal(TestObject()).create()


def test_a_provider_that_is_away_was_surely_not_reached(provider: ProviderProcess) -> None:
    provider.kill()
    with pytest.raises(TransientError) as caught:
        Rehearsal(TestBlind()).create()
    assert caught.value.not_sent


def test_an_object_that_vanished_while_it_was_made_is_an_error(provider: ProviderProcess) -> None:
    resource = Rehearsal(TestObject(), name="web")
    resource.physical_id = "object-999999"
    with pytest.raises(PermanentError, match="object-999999 of web is gone"):
        TestObject().poll_create(resource.context("CREATE", "key"))


def test_without_an_address_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FIREBRICK_TEST_PROVIDER")
    with pytest.raises(PermanentError, match="FIREBRICK_TEST_PROVIDER is not set"):
        Rehearsal(TestBlind()).create()


def test_how_long_a_call_may_take_is_set_from_outside(provider: ProviderProcess) -> None:
    provider.fault("stall-before-effect", method="GET", seconds=20)
    script = """
from firebrick.resources.errors import TransientError
from firebrick.testing.types import TestBlind, call
assert TestBlind.call_timeout == 0.2
try:
    call("GET", "/objects/x")
except TransientError as error:
    print(error)
"""
    environment = {**os.environ, **provider.environment, "FIREBRICK_TEST_CALL_TIMEOUT": "0.2"}
    ended = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=15)
    assert ended.stdout.strip() == "the provider's answer was lost: TimeoutError", ended.stderr
