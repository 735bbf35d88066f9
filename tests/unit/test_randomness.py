"""Nobody gets bytes that somebody else got: not another thread, not a child process."""

import multiprocessing
import threading
from typing import Any
from uuid import RFC_4122, UUID

from firebrick.randomness import random_bytes, random_uuid


def take(found: list[bytes]) -> None:
    found.extend(random_bytes(12) for _ in range(2_000))


def test_bytes_are_handed_out_once() -> None:
    shares: list[list[bytes]] = [[] for _ in range(4)]
    threads = [threading.Thread(target=take, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = [one for share in shares for one in share]
    assert {len(one) for one in together} == {12}
    assert len(set(together)) == len(together) == 8_000


def test_more_than_is_fetched_at_once() -> None:
    assert len(random_bytes(10_000)) == 10_000


def _of_a_child(answer: Any) -> None:
    answer.send(random_bytes(32))


def test_a_child_process_does_not_hand_out_its_parents_bytes() -> None:
    context = multiprocessing.get_context("fork")
    random_bytes(1)  # there are fetched ones now, which the child has, too
    ours, childs = context.Pipe()
    child = context.Process(target=_of_a_child, args=(childs,))
    child.start()
    told = ours.recv()
    child.join()
    assert told != random_bytes(32)


def test_uuids() -> None:
    made = {random_uuid() for _ in range(1_000)}
    assert len(made) == 1_000
    assert {(UUID(one).version, UUID(one).variant, str(UUID(one)) == one) for one in made} == {(4, RFC_4122, True)}
    drawn = [{one[place] for one in made} for place in range(36)]
    assert [len(digits) for digits in drawn] == [
        1 if place in (8, 13, 14, 18, 23) else 4 if place == 19 else 16 for place in range(36)
    ]
