"""The naive truth about claims: every pattern of every copy, settled by Fourier–Motzkin elimination.

A set is met iff it is met on the closure of some pattern's cell, as the network's map is continuous. Forms are those of
`oracles.py`: (c₁, …, c_n, c₀) in rationals.
"""

import json
from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from pathlib import Path

import oracles

from relugeom.certificate.claim import certify_claim
from relugeom.certificate.claim_proof.counterexample import FalseClaimError
from relugeom.certificate.claim_proof.header_entry import as_excluded, claim_object
from relugeom.checker import check
from relugeom.claims.claim import Excluded, Monotone, Scope
from relugeom.claims.patterns import PatternClaims
from relugeom.errors import CertificateError


def columns(inputs: int, own: Sequence[int]) -> list[int]:
    """Where the second input's coordinates stand among all."""
    return [inputs + own.index(k) if k in own else k for k in range(inputs)]


def placed(form, places: Sequence[int], size: int) -> list[Fraction]:
    """A form of some coordinates among all."""
    found = [Fraction(0)] * size + [Fraction(form[-1])]
    for place, entry in zip(places, form[:-1], strict=True):
        found[place] += Fraction(entry)
    return found


def joint_domain(domain, own: Sequence[int]) -> list[list[Fraction]]:
    """The relaxation of x and of x'."""
    n, size = domain.inputs, domain.inputs + len(own)
    forms = oracles.domain_forms(domain)
    return [placed(f, range(n), size) for f in forms] + [placed(f, columns(n, own), size) for f in forms]


def ball_forms(ball) -> list[list[Fraction]]:
    """A ball of l1 or linf as weak forms."""
    if ball is None:
        return []
    n, rows = len(ball.centre), []
    if ball.norm.value == "linf":
        normals = [[sign * (j == k) for j in range(n)] for k in range(n) for sign in (1, -1)]
    else:
        normals = product((1, -1), repeat=n)
    for normal in normals:
        constant = ball.size + sum(s * c for s, c in zip(normal, ball.centre, strict=True))
        rows.append([*(-Fraction(s) for s in normal), constant])
    return rows


def cells(network, places, size):
    """Closed cells of all patterns: (weak forms, forms of the outputs), in all coordinates."""
    layers = oracles.exact_layers(network)
    for pattern in oracles.all_patterns(network.widths):
        positive, negative = oracles.pattern_system(layers, pattern)
        outputs = oracles.unit_forms(layers, pattern)[-1]
        yield (
            [placed(form, places, size) for form in [*positive, *negative]],
            [placed(form, places, size) for form in outputs],
        )


def set_systems(members, outputs, size):
    """Weak and strict forms of a set, given the forms of all outputs."""
    weak, strict = [], []
    for part in members:
        form = [*(part.inputs or (0,) * (size - len(part.own_inputs))), *part.own_inputs]
        form = [*(Fraction(entry) for entry in form), *[Fraction(0)] * (size - len(form)), part.constant]
        weights = [*part.outputs] + [Fraction(0)] * (len(outputs) - len(part.outputs) - len(part.copy_outputs))
        for weight, output in zip([*weights, *part.copy_outputs], outputs, strict=True):
            form = [a + weight * b for a, b in zip(form, output, strict=True)]
        (strict if part.strict else weak).append(form)
    return weak, strict


def is_met(claim: Excluded, networks, domain) -> bool:
    """Whether an input of the relaxation (in a ball of l1 or linf) lies in a set."""
    own = claim.twin.own if claim.twin else ()
    n, size = domain.inputs, domain.inputs + len(own)
    base = joint_domain(domain, own) + ball_forms(claim.ball)
    copies = [list(cells(networks[0], range(n), size))]
    if claim.twin:
        copies.append(list(cells(networks[-1] if claim.twin.second_network else networks[0], columns(n, own), size)))
    for chosen in product(*copies):
        weak = [*base, *(form for cell, _ in chosen for form in cell)]
        if oracles.find_point(weak, [], size) is None:
            continue
        outputs = [form for _, forms in chosen for form in forms]
        for members in claim.sets:
            more, strict = set_systems(members, outputs, size)
            if oracles.find_point([*weak, *more], strict, size) is not None:
                return True
    return False


def moves_wrongly(claim: Monotone, network, domain) -> bool:
    """Whether two inputs that differ in the feature only show that the output moves the other way."""
    n = domain.inputs
    base = oracles.domain_forms(domain)
    for weak, outputs in cells(network, range(n), n):
        if outputs[claim.output][claim.feature] * claim.direction >= 0:
            continue
        rows = [[*form[:n], Fraction(0), form[-1]] for form in base + weak]
        rows += [[*form[:n], form[claim.feature], form[-1]] for form in base + weak]
        if oracles.find_point(rows, [[*[Fraction(0)] * n, Fraction(1), Fraction(0)]], n + 1) is not None:
            return True
    return False


def lies_in_set(claim: Excluded, networks, domain, shown) -> bool:
    """Whether a counterexample is one, by the naive evaluation alone."""
    own = claim.twin.own if claim.twin else ()
    x, second = shown.x, shown.second_x if claim.twin else shown.x
    if any(a != b for k, (a, b) in enumerate(zip(x, second, strict=True)) if k not in own):
        return False
    for point in (x, second):
        if not oracles.satisfies(oracles.domain_forms(domain), [], point):
            return False
        whole = claim.scope is Scope.ADMISSIBLE
        if whole and any(kind and v.denominator != 1 for kind, v in zip(domain.integral.tolist(), point, strict=True)):
            return False
    every = [*x, *(second[k] for k in own)]
    if claim.ball is not None:
        steps = [abs(a - c) for a, c in zip(every, claim.ball.centre, strict=True)]
        size = {"l1": sum(steps), "linf": max(steps), "l2": sum(s * s for s in steps)}[claim.ball.norm.value]
        if size > claim.ball.size:
            return False
    outputs = oracles.evaluate_layers(oracles.exact_layers(networks[0]), x)[-1]
    if claim.twin:
        other = networks[-1] if claim.twin.second_network else networks[0]
        outputs = [*outputs, *oracles.evaluate_layers(oracles.exact_layers(other), second)[-1]]
    constants = [[Fraction(0)] * len(every) + [value] for value in outputs]
    for members in claim.sets:
        weak, strict = set_systems(members, constants, len(every))
        if oracles.satisfies(weak, strict, every):
            return True
    return False


def settle(claim, network, domain, path: Path, **options) -> bool:
    """Certify a claim and check the file; or verify that what is shown against it is true. Whether it holds."""
    networks = [network] if options.get("second_network") is None else [network, options["second_network"]]
    try:
        written = certify_claim(claim, network, domain, path, **options)
    except FalseClaimError as error:
        assert not path.exists()
        shown = error.counterexample
        if isinstance(claim, Monotone):
            layers = oracles.exact_layers(network)
            low, high = (oracles.evaluate_layers(layers, x)[-1][claim.output] for x in (shown.x, shown.second_x))
            differ = [k for k in range(domain.inputs) if shown.x[k] != shown.second_x[k]]
            assert differ == [claim.feature] and shown.x[claim.feature] < shown.second_x[claim.feature]
            assert all(oracles.satisfies(oracles.domain_forms(domain), [], x) for x in (shown.x, shown.second_x))
            assert (high - low) * claim.direction < 0
        elif not isinstance(claim, PatternClaims):
            assert lies_in_set(as_excluded(claim, networks), networks, domain, shown)
        return False
    found = check(str(path))
    assert found["closed"] == written.cells and found["proofs"] == written.proofs
    assert found["networks"] == [each.digest for each in networks] and found["domain"] == domain.digest
    return True


def refuse(claim, network, domain, path: Path, **options) -> str:
    """The text with which the prover refuses a claim."""
    try:
        certify_claim(claim, network, domain, path, **options)
    except CertificateError as error:
        assert not path.exists() and not list(path.parent.glob(".*.part"))
        return str(error)
    raise AssertionError("the claim was certified")


def with_claim(content: bytes, claim, networks, inputs: int) -> bytes:
    """A certificate's tree under a header with another claim."""
    first, rest = content.split(b"\n", 1)
    header = json.loads(first)
    asked = claim if isinstance(claim, Monotone | PatternClaims) else as_excluded(claim, networks)
    header["claim"] = claim_object(asked, networks, inputs)
    changed = json.dumps(header).encode() + b"\n"
    lines = rest.splitlines()
    *counts, index = lines[-1].split()
    moved = int(index, 16) + len(changed) - len(first) - 1
    return changed + b"\n".join([*lines[:-1], b" ".join([*counts, b"%x" % moved])]) + b"\n"
