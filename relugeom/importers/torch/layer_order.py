"""In which order layers make a chain, each taking as many values as the one before gives.

The one idea: sizes are places and layers are roads between them, each to be taken once. Orders are then the Eulerian
trails of a directed graph: one is found in linear time, and whether there is another is seen on the trail itself.

Notation: a layer goes from its inputs to its outputs; a trail of L layers visits the places v_0, …, v_L.
"""

from collections import Counter
from collections.abc import Mapping

__all__ = ["find_orders"]


def find_orders(sizes: Mapping[str, tuple[int, int]]) -> tuple[tuple[str, ...], ...]:
    """Up to two orders of all layers that are chains.

    Parameters
    ----------
    sizes
        Numbers of inputs and outputs of each layer.

    Returns
    -------
    tuple
        Nothing where no order is a chain; one order where it is the only one; else two of them.

    References
    ----------
    Hierholzer's algorithm; Pevzner, *DNA physical mapping and alternating Eulerian cycles in colored graphs*
    (Algorithmica 13, 1995): one Eulerian trail turns into any other by exchanging two parts with the same ends, or,
    where it is closed, by starting elsewhere.
    """
    trail = _find_trail(sizes)
    if trail is None:
        return ()
    other = _find_other(trail, [sizes[trail[0]][0], *(sizes[name][1] for name in trail)])
    return (trail,) if other is None else (trail, other)


def _find_trail(sizes: Mapping[str, tuple[int, int]]) -> tuple[str, ...] | None:
    if not sizes:
        return None
    leaving: dict[int, list[str]] = {}
    for layer in reversed(tuple(sizes)):  # taken from the end, so that the first comes first
        leaving.setdefault(sizes[layer][0], []).append(layer)
    surplus = Counter(start for start, _ in sizes.values())
    surplus.subtract(end for _, end in sizes.values())
    ends = [place for place, count in surplus.items() if count]
    starts = [place for place in ends if surplus[place] == 1]
    if ends and (len(ends), len(starts)) != (2, 1):
        return None
    place = starts[0] if starts else next(iter(sizes.values()))[0]
    waiting: list[tuple[int, str | None]] = [(place, None)]
    found: list[str] = []
    while waiting:
        place, name = waiting[-1]
        if leaving.get(place):
            following = leaving[place].pop()
            waiting.append((sizes[following][1], following))
        else:
            waiting.pop()
            if name is not None:
                found.append(name)
    return tuple(reversed(found)) if len(found) == len(sizes) else None


def _find_other(trail: tuple[str, ...], places: list[int]) -> tuple[str, ...] | None:
    """A second order, where parts of the first can be exchanged."""
    if len(trail) > 1 and places[0] == places[-1]:
        return (*trail[1:], trail[0])
    visits: dict[int, list[int]] = {}
    for position, place in enumerate(places):
        visits.setdefault(place, []).append(position)
    for positions in visits.values():
        if len(positions) > 2:
            a, b, c = positions[:3]
            return (*trail[:a], *trail[b:c], *trail[a:b], *trail[c:])
    open_places: list[int] = []
    for position, place in enumerate(places):
        if len(visits[place]) < 2:
            continue
        if position == visits[place][0]:
            open_places.append(place)
        elif open_places[-1] == place:
            open_places.pop()
        else:  # x … y … x … y: the two ways from x to y can be exchanged
            (a, c), (b, d) = visits[place], visits[open_places[-1]]
            return (*trail[:a], *trail[c:d], *trail[b:c], *trail[a:b], *trail[d:])
    return None
