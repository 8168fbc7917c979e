"""Random claims about regions: units that keep one side, patterns, complete lists, smaller networks."""

from collections.abc import Callable
from dataclasses import replace

from claims_about_pairs import largest_differences
from oracles import all_patterns, exact_layers, form_value, pattern_system, unit_forms
from oracles_by_vertices import closure, pieces, slices, supremum
from random_instances import Instance, chance, pick, random_instance
from settled_claims import ONE, agreed, pieces_of, settles

from relugeom.certificate.partition import certify_partition
from relugeom.checker import check
from relugeom.claims.claim import Scope
from relugeom.claims.patterns import PatternClaims, PatternStatement
from relugeom.questions.leaf_extremes import leaf_extremes
from relugeom.questions.simplification import prove_simplification, simplify_network
from relugeom.questions.unit_signs import bound_unit_signs, partition_unit_signs
from relugeom.search.enumeration import enumerate_regions


def _on_the_relaxation(random, *, narrow: bool) -> Instance | None:
    instance = replace(random_instance(random, narrow=narrow), scope=Scope.RELAXATION)
    return instance if instance.domain.inputs <= (3 if narrow else 4) else None


def stable_units(random, folder) -> str:
    """Units that are proved to keep one side of 0 do so at all inputs; in the first layer none is missed."""
    instance = _on_the_relaxation(random, narrow=False)
    if instance is None:
        return ""
    signs = bound_unit_signs(instance.network, instance.domain).signs.tolist()
    truth = true_signs(instance)
    for unit, sign in enumerate(signs):  # of what is 0 everywhere, either side is true
        assert all(sign * value >= 0 for piece in pieces_of(instance) for value in unit_values(instance, piece, unit))
    first = instance.network.widths[0]
    assert signs[:first] == truth[:first]
    return "holds" if signs == truth else "unknown"


def true_signs(instance: Instance) -> list[int]:
    """−1 where a unit is ≤ 0 everywhere, 1 where it is ≥ 0 (but not always 0), else 0."""
    found = []
    for unit in range(instance.network.units):
        values = [value for piece in pieces_of(instance) for value in unit_values(instance, piece, unit)]
        found.append(-1 if max(values) <= 0 else 1 if min(values) >= 0 else 0)
    return found


def unit_values(instance: Instance, piece, unit: int) -> list:
    """What a unit gets at the vertices of a piece: the forms of its pattern hold on its closure."""
    forms = [form for layer in unit_forms(instance.layers, piece.bits)[:-1] for form in layer]
    return [form_value(forms[unit], x) for x in piece.polytope.points]


def complete_list(random, folder) -> str:
    """All regions, certified; units that keep one side in all of them; and the ends of the output over them."""
    instance = _on_the_relaxation(random, narrow=False)
    if instance is None:
        return ""
    every, partition = pieces_of(instance), enumerate_regions(instance.network, instance.domain)
    assert sorted(str(region.pattern) for region in partition) == sorted(piece.bits for piece in every)
    path = folder / "partition.cert"
    certify_partition(partition, path)
    assert check(str(path))["regions"] == len(every)
    for sign, truth in zip(partition_unit_signs(partition).signs.tolist(), true_signs(instance), strict=True):
        assert sign == truth or (sign == 0 and truth == 1)  # what is 0 all over a region counts as switching
    least, most = leaf_extremes(partition, 0)
    assert (-least.value, most.value) == (supremum((-ONE,), every), supremum((ONE,), every))
    return "holds"


def pattern_standing(random, folder) -> str:
    """What a pattern is: a region, something flat, nothing, or nothing admissible."""
    instance = random_instance(random, narrow=True)
    if instance.domain.inputs > 3:
        return ""
    regions = [piece.bits for piece in pieces([instance.layers], instance.domain, admissible=False)]
    pattern = pick(random, regions if chance(random, 0.3) else all_patterns(instance.network.widths))
    standing = pick(random, ("region", "flat", "lower-dimensional", "infeasible", "inadmissible"))
    is_somewhere, is_admissible = (
        any(has_pattern(part, instance.layers, pattern) for part in slices(instance.domain, admissible=admissible))
        for admissible in (False, True)
    )
    truth = {
        "region": pattern in regions,
        "flat": pattern not in regions,
        "lower-dimensional": is_somewhere and pattern not in regions,
        "infeasible": not is_somewhere,
        "inadmissible": not is_admissible,
    }[standing]
    claim = PatternClaims((PatternStatement(pattern, standing),))
    return agreed(settles(random, folder, instance.network).settle(claim, instance.domain), truth)


def has_pattern(polytope, layers, pattern: str) -> bool:
    """Whether some input of a polytope has this pattern."""
    positive, negative = pattern_system(layers, pattern)
    return closure(polytope, negative, positive) is not None


def simplification(random, folder) -> str:
    """A smaller network with the same function on a domain."""
    instance = _on_the_relaxation(random, narrow=True)
    if instance is None:
        return ""
    smaller = simplify_network(instance.network, bound_unit_signs(instance.network, instance.domain))
    every = pieces([instance.layers, exact_layers(smaller.network)], instance.domain, admissible=False)
    assert max(largest_differences(list(every), 1)) == 0
    settler = settles(random, folder, instance.network, smaller.network)
    return agreed(prove_simplification(smaller, instance.domain, settle=settler), True)


CLAIMS_ABOUT_REGIONS: dict[str, Callable] = {
    "units that keep one side": stable_units,
    "a complete list of regions": complete_list,
    "what a pattern is": pattern_standing,
    "a smaller network": simplification,
}
