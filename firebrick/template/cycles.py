"""Finding circles among the requirements of resources, to name them."""

from collections.abc import Mapping, Sequence

from firebrick.graph import Graph


def find_cycles(requires: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Each knot of resources that need each other, all members named, in the order in which they were given.

    Where the knot is a plain circle the members stand in its order: each needs the next, the last the first. What is
    required and is no key itself is in no circle.
    """
    if _is_free(requires):
        return []
    order = {name: place for place, name in enumerate(requires)}
    found = []
    for knot in _knots(requires):
        members = sorted(knot, key=order.__getitem__)
        found.append(_as_circle(members, requires))
    return sorted(found, key=lambda knot: min(order[name] for name in knot))


def _is_free(requires: Mapping[str, Sequence[str]]) -> bool:
    """Whether there is no circle, as is usual; it costs little where many resources require the same others."""
    places = {name: place for place, name in enumerate(requires)}
    shared: dict[tuple[str, ...], tuple[int, ...]] = {}
    edges: dict[int, tuple[int, ...]] = {}
    for name, needs in requires.items():
        names = tuple(needs)
        if names not in shared:
            shared[names] = tuple(places[need] for need in names if need in places)
        edges[places[name]] = shared[names]
    return not Graph(edges).cycle()


def _as_circle(members: list[str], requires: Mapping[str, Sequence[str]]) -> list[str]:
    inside = set(members)
    walk = [members[0]]
    seen = {members[0]}
    while True:
        following = [name for name in requires[walk[-1]] if name in inside]
        if len(following) != 1:
            return members
        if following[0] == walk[0]:
            return walk if len(walk) == len(members) else members
        if following[0] in seen:
            return members
        seen.add(following[0])
        walk.append(following[0])


def _knots(requires: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Strongly connected sets of more than one, and single nodes that need themselves (Tarjan, without recursion)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    on_path: set[str] = set()
    path: list[str] = []
    found: list[list[str]] = []
    for start in requires:
        if start in number:
            continue
        work = [(start, iter(requires[start]))]
        number[start] = low[start] = len(number)
        path.append(start)
        on_path.add(start)
        while work:
            name, needs = work[-1]
            for need in needs:
                if need not in requires:
                    continue
                if need not in number:
                    number[need] = low[need] = len(number)
                    path.append(need)
                    on_path.add(need)
                    work.append((need, iter(requires[need])))
                    break
                if need in on_path:
                    low[name] = min(low[name], number[need])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == number[name]:
                    knot = []
                    while True:
                        member = path.pop()
                        on_path.discard(member)
                        knot.append(member)
                        if member == name:
                            break
                    if len(knot) > 1 or name in requires[name]:
                        found.append(knot)
    return found
