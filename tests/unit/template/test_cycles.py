"""Circles of requirements, beside what reachability says of thousands of random graphs."""

import random
from collections.abc import Mapping, Sequence

from firebrick.template.cycles import find_cycles


def reachable(requires: Mapping[str, Sequence[str]], start: str) -> set[str]:
    seen: set[str] = set()
    work = list(requires[start])
    while work:
        name = work.pop()
        if name not in seen:
            seen.add(name)
            work += requires.get(name, ())
    return seen


def random_graph(seed: int) -> dict[str, tuple[str, ...]]:
    """Up to nine nodes; some share their requirements, name one twice, need themselves, or what is no node."""
    draw = random.Random(seed)
    names = [f"n{number}" for number in range(draw.randrange(1, 10))]
    pools = [tuple(draw.choices([*names, "elsewhere"], k=draw.randrange(4))) for _ in range(3)]
    ordered = draw.random() < 0.5  # half of them without circles
    graph = {}
    for place, name in enumerate(names):
        needs = draw.choice(pools) if draw.random() < 0.7 else tuple(draw.choices(names, k=draw.randrange(4)))
        graph[name] = tuple(need for need in needs if need in names[:place]) if ordered else needs
    return graph


def test_the_members_of_knots_are_those_that_reach_themselves() -> None:
    with_circles = 0
    for seed in range(5_000):
        graph = random_graph(seed)
        knots = find_cycles(graph)
        members = [name for knot in knots for name in knot]
        assert len(members) == len(set(members)), seed
        assert set(members) == {name for name in graph if name in reachable(graph, name)}, seed
        for knot in knots:
            assert all(set(knot) <= reachable(graph, name) for name in knot), seed
        with_circles += bool(knots)
    assert 1_000 < with_circles < 4_000


def test_a_large_layered_graph_has_none() -> None:
    layers = [tuple(f"r{number}" for number in range(first, first + 50)) for first in range(0, 10_000, 50)]
    graph = {name: layers[place - 1] if place else () for place, layer in enumerate(layers) for name in layer}
    assert find_cycles(graph) == []
