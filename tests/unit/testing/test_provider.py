"""The fake provider does what it says, in a process of its own, also when it dies on order."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from firebrick.testing.ledger import CREATED, DELETED
from firebrick.testing.provider_process import ProviderProcess


def make(provider: ProviderProcess, name: str = "x", **more: object) -> tuple[int, dict[str, object]]:
    status, body = provider.request("POST", "/objects", {"name": name, "stack": "s", "label": "web", **more})
    return status, body


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)


def test_objects_are_made_found_and_unmade(provider: ProviderProcess) -> None:
    status, made = make(provider, properties={"size": 3})
    assert status == 201
    assert (made["status"], made["properties"]) == ("ACTIVE", {"size": 3})
    place = f"/objects/{made['id']}"
    assert provider.request("GET", place)[0] == 200
    assert [one["id"] for one in provider.request("GET", "/objects?name=x")[1]["objects"]] == [made["id"]]
    assert provider.request("GET", "/objects?name=y")[1] == {"objects": []}
    assert provider.request("DELETE", place) == (204, None)
    assert provider.request("GET", place)[0] == 404
    assert provider.request("DELETE", place)[0] == 404
    assert provider.request("GET", "/objects?name=x")[1] == {"objects": []}
    assert [one.what for one in provider.ledger.effects("web")] == [CREATED, DELETED]


def test_a_name_can_be_used_twice_but_a_token_makes_one_object(provider: ProviderProcess) -> None:
    assert make(provider)[1]["id"] != make(provider)[1]["id"]
    first = make(provider, "y", token="t")
    again = make(provider, "y", token="t")
    assert (first[0], again[0]) == (201, 200)
    assert first[1]["id"] == again[1]["id"]
    assert provider.ledger.doubles() == ["created s/web"]  # the two without a token


def test_one_token_at_once_from_many_makes_one_object(provider: ProviderProcess) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: make(provider, token="t"), range(16)))
    assert sorted(status for status, _ in answers) == [200] * 15 + [201]
    assert len(provider.ledger.effects()) == 1


def test_objects_take_their_time_to_be_ready_to_fail_and_to_go(provider: ProviderProcess) -> None:
    slow = make(provider, properties={"ready_after": 0.1, "gone_after": 0.1})[1]
    broken = make(provider, properties={"ready_after": 0.1, "fail": True})[1]
    assert slow["status"] == broken["status"] == "BUILDING"

    def status(made: dict[str, object]) -> object:
        code, body = provider.request("GET", f"/objects/{made['id']}")
        return body["status"] if code == 200 else code

    wait_for(lambda: status(slow) == "ACTIVE")
    wait_for(lambda: status(broken) == "ERROR")
    assert provider.request("DELETE", f"/objects/{slow['id']}")[0] == 202
    wait_for(lambda: status(slow) == 404)
    assert len(provider.ledger.effects(what=DELETED)) == 1


def test_what_is_held_comes_when_it_is_released(provider: ProviderProcess) -> None:
    def made(what: str, stack: str = "s") -> dict[str, object]:
        return make(provider, properties={"hold": what}, stack=stack)[1]

    def seen(object_: dict[str, object]) -> tuple[int, object]:
        status, body = provider.request("GET", f"/objects/{object_['id']}")
        return status, body.get("status")

    making, other, leaving = made("ready"), made("ready", stack="other"), made("gone")
    assert (making["status"], other["status"], leaving["status"]) == ("BUILDING", "BUILDING", "ACTIVE")
    assert provider.request("DELETE", f"/objects/{leaving['id']}")[0] == 202
    assert (seen(making), seen(leaving)) == ((200, "BUILDING"), (200, "DELETING"))
    provider.release("db")  # no such one
    assert (seen(making), seen(leaving)) == ((200, "BUILDING"), (200, "DELETING"))
    provider.release("web", stack="s")
    assert (seen(making), seen(other), seen(leaving)[0]) == ((200, "ACTIVE"), (200, "BUILDING"), 404)
    assert made("ready")["status"] == "ACTIVE"  # those made later are meant, too
    provider.release()
    assert seen(other) == (200, "ACTIVE")


def test_objects_and_tokens_outlive_a_kill_and_the_address_stays(provider: ProviderProcess) -> None:
    kept, lost = make(provider, token="t")[1], make(provider, "z")[1]
    provider.request("DELETE", f"/objects/{lost['id']}")
    url = provider.url
    provider.restart()
    assert provider.url == url
    assert provider.request("GET", f"/objects/{kept['id']}")[0] == 200
    assert provider.request("GET", f"/objects/{lost['id']}")[0] == 404
    assert make(provider, token="t") == (200, kept)
    assert make(provider)[1]["id"] not in (kept["id"], lost["id"])


def test_it_can_take_effect_and_die_before_it_answers(provider: ProviderProcess) -> None:
    provider.fault("die-after-effect", method="POST", match="web")
    with pytest.raises(OSError):
        make(provider)
    provider.wait_for_death()
    assert not provider.alive
    assert [one.fault for one in provider.ledger.requests("web")] == ["die-after-effect"]
    provider.start()
    assert len(provider.request("GET", "/objects?name=x")[1]["objects"]) == 1


def test_it_can_die_before_anything_happened(provider: ProviderProcess) -> None:
    provider.fault("die-before-effect", method="POST")
    with pytest.raises(OSError):
        make(provider)
    provider.wait_for_death()
    assert provider.ledger.effects() == []


@pytest.mark.parametrize(("do", "effects"), [("drop-after-effect", 1), ("drop-before-effect", 0)])
def test_it_can_hang_up_and_live_on(provider: ProviderProcess, do: str, effects: int) -> None:
    provider.fault(do, method="POST")
    with pytest.raises(OSError):
        make(provider)
    assert provider.alive
    assert len(provider.ledger.effects()) == effects
    assert make(provider)[0] == 201


def test_faults_hit_the_request_they_are_meant_for(provider: ProviderProcess) -> None:
    made = make(provider, label="db")[1]
    provider.fault("fail", method="DELETE", match="db", nth=2, times=2, status=409)
    assert make(provider, label="db")[0] == 201
    other = make(provider)[1]
    assert provider.request("DELETE", f"/objects/{other['id']}")[0] == 204
    place = f"/objects/{made['id']}"
    assert provider.request("DELETE", place)[0] == 204
    assert [provider.request("DELETE", place)[0] for _ in range(3)] == [409, 409, 404]


def test_an_object_can_be_meant_by_its_own_name_and_orders_can_be_taken_back(provider: ProviderProcess) -> None:
    provider.fault("fail", match="x", times=100, status=500)
    assert make(provider)[0] == 500
    assert make(provider, "y")[0] == 201
    provider.clear_faults()
    assert make(provider)[0] == 201


@pytest.mark.parametrize(("do", "first"), [("stall-before-effect", "answer"), ("stall-after-effect", "effect")])
def test_it_can_answer_late(provider: ProviderProcess, do: str, first: str) -> None:
    provider.fault(do, method="POST", seconds=0.3)
    began = time.time()
    assert make(provider)[0] == 201
    assert time.time() - began >= 0.3
    [effect] = provider.ledger.effects()
    assert (effect.time - began < 0.2) == (first == "effect")


def test_an_unknown_order_is_refused_with_the_ones_there_are(provider: ProviderProcess) -> None:
    with pytest.raises(ValueError, match="no such fault: explode; there are: die-before-effect"):
        provider.fault("explode")


def test_nonsense_is_answered_and_not_written_down_as_an_effect(provider: ProviderProcess) -> None:
    assert provider.request("POST", "/objects", {})[0] == 400
    assert provider.request("GET", "/objects")[0] == 400
    assert provider.request("DELETE", "/objects")[0] == 405
    assert provider.request("GET", "/nowhere")[0] == 404
    assert provider.ledger.effects() == []


def test_answers_take_the_latency_that_is_asked_for(tmp_path: Path) -> None:
    with ProviderProcess(tmp_path, latency=0.1, jitter=0.05, seed=3) as provider:
        began = time.monotonic()
        make(provider)
        assert time.monotonic() - began >= 0.1


def test_it_prints_where_it_answers_and_ends_with_whoever_started_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "firebrick.testing.provider", "--ledger", str(tmp_path / "l"), "--end-with-stdin"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    assert said == {"url": f"http://127.0.0.1:{said['port']}", "port": said["port"], "pid": process.pid}
    process.communicate(timeout=20)
    assert process.returncode == 0


def test_it_starts_without_the_library(tmp_path: Path) -> None:
    """It is started hundreds of times: nothing heavy may creep into its imports."""
    script = (
        "import sys, firebrick.testing.provider; print(sorted({'pydantic', 'yaml', 'temporalio'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"
