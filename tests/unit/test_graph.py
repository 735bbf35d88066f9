"""The graph: order, reversal, cycles."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firebrick.graph import CycleFound, Graph


@st.composite
def edges(draw: st.DrawFn, *, acyclic: bool = False) -> dict[int, tuple[int, ...]]:
    count = draw(st.integers(1, 9))
    ids = draw(st.permutations([3 * number + 1 for number in range(count)]))
    found = {}
    for index, node in enumerate(ids):
        others = ids[:index] if acyclic else ids
        found[node] = tuple(draw(st.lists(st.sampled_from(others), max_size=4))) if others else ()
    keys = draw(st.permutations(ids))
    return {node: found[node] for node in keys}


def reachable(graph: Graph, start: int) -> set[int]:
    """What a node requires, directly or not."""
    seen: set[int] = set()
    todo = list(graph.requires(start))
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo.extend(graph.requires(node))
    return seen


def test_nodes_with_equal_requirements_are_one_bundle() -> None:
    graph = Graph({1: (), 2: (), 3: (2, 1), 4: (1, 2, 2), 5: (1, 2)})
    assert [(bundle.requires, bundle.members) for bundle in graph.bundles] == [((), (1, 2)), ((1, 2), (3, 4, 5))]
    assert graph.requires(4) is graph.requires(5)
    assert graph.waiting_for(1) == graph.waiting_for(2) == (1,)


def test_layers_cost_as_much_as_their_bundles() -> None:
    layer: tuple[int, ...] = ()
    given_edges: dict[int, tuple[int, ...]] = {}
    for base in range(0, 5000, 50):
        ids = tuple(range(base, base + 50))
        given_edges.update(dict.fromkeys(ids, layer))
        layer = ids
    graph = Graph(given_edges)
    assert len(graph.bundles) == 100
    assert sum(len(bundle.requires) for bundle in graph.bundles) == 4950
    turned = graph.reversed()
    assert len(turned.bundles) == 100 and turned.requires(49) is turned.requires(0)


def test_a_requirement_that_is_no_node_is_refused() -> None:
    with pytest.raises(ValueError, match="node 1 requires 9"):
        Graph({1: (9,)})


@settings(deadline=None)
@given(edges(acyclic=True))
def test_the_order_has_each_node_once_after_what_it_requires(given_edges: dict[int, tuple[int, ...]]) -> None:
    graph = Graph(given_edges)
    order = graph.order()
    assert sorted(order) == sorted(given_edges)
    place = {node: index for index, node in enumerate(order)}
    assert all(place[other] < place[node] for node in order for other in graph.requires(node))
    assert graph.cycle() == ()


@settings(deadline=None)
@given(edges())
def test_a_cycle_is_found_where_there_is_one_and_is_one(given_edges: dict[int, tuple[int, ...]]) -> None:
    graph = Graph(given_edges)
    cycle = graph.cycle()
    assert bool(cycle) == any(node in reachable(graph, node) for node in graph.nodes)
    if cycle:
        assert cycle[0] == min(cycle) and len(set(cycle)) == len(cycle)
        for node, other in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
            assert other in graph.requires(node)
        with pytest.raises(CycleFound) as error:
            graph.order()
        assert error.value.cycle == cycle


def test_a_cycle_is_named_from_its_smallest_node() -> None:
    with pytest.raises(CycleFound, match="circular dependency: 2 -> 5 -> 3 -> 2"):
        Graph({1: (3,), 3: (2,), 5: (3,), 2: (5,)}).order()
    assert Graph({4: (4,)}).cycle() == (4,)


@settings(deadline=None)
@given(edges())
def test_reversed_twice_is_the_same_graph(given_edges: dict[int, tuple[int, ...]]) -> None:
    graph = Graph(given_edges)
    turned = graph.reversed()
    for node in graph.nodes:
        assert turned.requires(node) == tuple(sorted(n for n in graph.nodes if node in graph.requires(n)))
    again = turned.reversed()
    assert again.nodes == graph.nodes
    assert all(again.requires(node) == graph.requires(node) for node in graph.nodes)


def test_a_chain_as_long_as_a_large_stack_needs_no_recursion() -> None:
    count = 20_000
    graph = Graph({node: (node + 1,) if node < count else () for node in range(1, count + 1)})
    assert graph.order() == tuple(range(count, 0, -1))
    assert len(Graph({node: (node % count + 1,) for node in range(1, count + 1)}).cycle()) == count
