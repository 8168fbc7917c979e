"""Covering trees of small random problems, by a tiny generator: it cuts and bounds at random until every cell closes.

It plays the checker's own cell, so that what it writes is accepted; whether that is true, others judge.
"""

import io
import json
import math
import random
from fractions import Fraction
from itertools import pairwise

import judge
import oracles
from hand_covering import covering, paired, shortened
from hand_written import Written, excluded

from relugeom.checker import Rejected, Walk

EXPONENT = 6
"""Sides of boxes are integers over 2^6, so that there is something to halve."""


def random_layers(rng: random.Random, sizes: list[int]):
    """Layers of small integers over 1, 2 or 4, full of coincidences."""
    layers = []
    for below, width in pairwise(sizes):
        layers.append(
            (rng.choice((0, 0, 1, 2)), [[rng.randint(-3, 3) for _ in range(below + 1)] for _ in range(width)])
        )
    return layers


def double_units(rng: random.Random, layers) -> None:
    """Make some units multiples of others, and let some cancel in the level above."""
    for (_, rows), (_, above) in pairwise(layers):
        for unit in range(1, len(rows)):
            if rng.random() < 0.6:
                factor, other = rng.choice((1, 1, 2, 3, 0, -1)), rng.randrange(unit)
                rows[unit] = [factor * value for value in rows[other]]
                for row in above:
                    if rng.random() < 0.5:
                        row[unit], row[other] = -row[other], factor * row[other]


def random_domain(rng: random.Random, inputs: int):
    """A box, some with a row, an equality or a group; with integers only, or with none."""
    one, kind = 1 << EXPONENT, rng.choice("ccci")
    sides = [[kind, -one * rng.randint(0, 2), one * rng.randint(0, 2), f"x{k}"] for k in range(inputs)]
    domain = {"exponent": EXPONENT, "inputs": sides, "at_most": [], "equal": [], "groups": []}
    if rng.random() < 0.3:
        domain["at_most"].append([rng.randint(-2, 2) * one for _ in range(inputs)] + [rng.randint(0, 2) * one])
    if rng.random() < 0.15:
        domain["equal"].append([rng.randint(-2, 2) * one for _ in range(inputs)] + [0])
    if inputs > 1 and rng.random() < 0.3:
        domain["inputs"] = [["b", 0, one, f"x{k}"] for k in range(inputs)]
        domain["groups"] = [list(range(inputs))]
    return domain


def sample(rng: random.Random, header, domain, own: list[int]):
    """Inputs of a domain and of its copy (quarters, or integers where all are), with the outputs there."""
    inputs, one = domain["inputs"], 1 << EXPONENT
    forms, (layers,) = judge.read_domain(header["domain"])[0], map(judge.read_network, header["networks"])
    for _ in range(60):
        step = 4 if inputs[0][0] == "c" else 1
        draws = [[Fraction(rng.randint(step * low // one, step * high // one), step) for _, low, high, _ in inputs]] * 2
        draws[1] = [rng.choice((value, draws[0][0])) if k in own else value for k, value in enumerate(draws[0])]
        if all(oracles.satisfies(forms, [], draw) for draw in draws):
            outputs = [value for draw in draws for value in oracles.evaluate_layers(layers, draw)[-1]]
            yield [Fraction(1), *draws[0], *(draws[1][k] for k in own), *outputs]


def tightened(rng: random.Random, written: Written, domain) -> Written:
    """The same claim, with other constants: sets that no sampled input meets, but barely."""
    header, claim = written.header, json.loads(json.dumps(written.header["claim"]))
    if claim["kind"] == "monotone":
        return written
    own = [int(k, 16) for _, text in claim["copies"] for k in text.split()]
    points = [*sample(rng, header, domain, own)]
    for members in claim["sets"]:
        rows = [[Fraction(c, 1 << int(e, 16)) for c in judge.integers(text)] for _, e, text in members]
        values = [[sum(c * x for c, x in zip(row, point, strict=False)) for row in rows] for point in points]
        met = [value[0] for value in values if min(value[1:], default=0) >= 0]
        strict, e, text = members[0]
        first, *rest = judge.integers(text)
        if met:
            first -= math.ceil(max(met) * (1 << int(e, 16))) + (not strict) + rng.choice((0, 0, 1))
        members[0][2] = " ".join(f"{c:x}" for c in (first, *rest))
    return written._replace(header={**header, "claim": claim})


def random_claim(rng: random.Random, sizes: list[int], domain):
    """Sets that outputs may reach or not, of one network or of two inputs; or a slope."""
    inputs, outputs, kinds = sizes[0], sizes[-1], {entry[0] for entry in domain["inputs"]}
    if rng.random() < 0.25:
        numbers = {"output": rng.randrange(outputs), "input": rng.randrange(inputs), "direction": rng.choice((1, -1))}
        return {"kind": "monotone", **{key: f"{number:x}" for key, number in numbers.items()}}
    copies, size = [], inputs + outputs
    if rng.random() < 0.4:
        own = sorted(rng.sample(range(inputs), rng.randint(0, inputs)))
        copies, size = [["0", " ".join(f"{k:x}" for k in own)]], size + len(own) + outputs
    sets = []
    for _ in range(rng.choice((1, 1, 2))):
        members = []
        for _ in range(rng.choice((1, 1, 2))):
            row = [rng.choice((0, 0, 1, -1, 2, -2)) for _ in range(size)]
            members.append(
                [rng.random() < 0.6, rng.choice("0012"), " ".join(f"{c:x}" for c in [rng.randint(-12, 3), *row])]
            )
        sets.append(members)
    return excluded(
        sets, copies=copies, scope="relaxation" if "c" in kinds else rng.choice(("relaxation", "admissible"))
    )


def random_problem(rng: random.Random) -> Written:
    """A header without a tree."""
    sizes = [rng.choice((1, 2, 2)), *rng.choice(([1], [2], [3], [2, 1], [1, 2])), rng.choice((1, 1, 2))]
    domain = random_domain(rng, sizes[0])
    claim, network = random_claim(rng, sizes, domain), random_layers(rng, sizes)
    levels = (len(sizes) - 2) * (1 + len(claim.get("copies", [])))
    bounds = " ".join(f"{rng.choice((0, 1, 3, 20)):x}" for _ in range(levels))
    options = {"outputs": ("y", "w")[: sizes[-1]], "domain": domain, "bounds": bounds, "multiplier_bits": 12}
    written = covering(claim, [network], [], (0, 0), **options)
    if rng.random() < 0.4:
        double_units(rng, network)
        written = covering(claim, [network], [], (0, 0), **options)
        half = bounds.split()[: len(sizes) - 2]
        both = " ".join(half * (1 + len(claim.get("copies", []))))
        written = shortened(written._replace(header={**written.header, "bounds": both}))
    elif claim.get("copies") and rng.random() < 0.7:
        written = paired(written)
    return tightened(rng, written, domain)


class Grower:
    """A tree that grows on a cell of the checker."""

    def __init__(self, rng: random.Random, header):
        self.rng, self.walk = rng, Walk(io.BytesIO(json.dumps(header).encode() + b"\n" + b" " * 10_000))
        self.cell, self.claim, self.lines = self.walk.cell, self.walk.claim, []

    def say(self, line: str) -> None:
        """A line in front of a subtree, as the checker takes it."""
        key, *fields = line.encode().split(b" ")
        self.walk.checks[key](self.walk, fields)
        self.lines.append(line)

    def grow(self, depth: int) -> bool:
        """The tree of the present cell, if cuts of this depth close it."""
        cell, rng = self.cell, self.rng
        unstable = [k for k in range(cell.units) if not self.is_stable(k)]
        half = len(self.cell.fall)
        pairs = [2 * half + k for k in range(half) if {k, k + half} & {*unstable}]
        if unstable:
            self.say("n " + " ".join(f"{k:x}" for k in rng.choice((unstable + pairs, sorted(pairs + unstable)))))
        rows = self.multipliers()
        if rows and unstable and rng.random() < 0.5:
            self.say(f"d {rng.randrange(2)} {rng.choice(unstable):x} {rng.randint(1, 3):x} {rows}")
        if unstable and rng.random() < 0.3:
            self.say(f"a {rng.choice(unstable):x} {rng.choice((0, 1 << 19, 1 << 20)):x}")
        if pairs and cell.problem.share_bits and rng.random() < 0.5:
            self.say(f"a {rng.choice(pairs):x} {rng.choice((0, 1 << 18, 1 << 20)):x}")
        leaf = self.leaf() if depth == 0 or rng.random() < 0.4 else None
        if leaf is not None:
            self.lines += leaf
            return True
        cut = self.cut() if depth else None
        if cut is None:
            return False
        waiting = len(self.walk.waiting)
        self.say(cut)
        if not self.grow(depth - 1):
            return False
        assert len(self.walk.waiting) == waiting + 1
        self.walk.turn()
        return self.grow(depth - 1)

    def is_stable(self, unit: int) -> bool:
        low, high = self.cell.least[unit], self.cell.most[unit]
        return (high is not None and high <= 0) or (low is not None and low >= 0)

    def multipliers(self) -> str:
        """Random multipliers of some rows that the cell has."""
        rng, cell = self.rng, self.cell
        rows = [k for k in range(cell.units) if cell.signs[k]] + [cell.units + k for k in range(len(cell.facts))]
        chosen = rng.sample(rows, min(len(rows), rng.randint(1, 2)))
        signs = [rng.choice((1, -1)) if row >= cell.first_equal else 1 for row in chosen]
        return " ".join(f"{row:x} {sign * rng.randint(1, 4):x}" for row, sign in zip(chosen, signs, strict=True))

    def leaf(self) -> list[str] | None:
        """The lines that close the cell, if some do."""
        if self.cell.is_empty[0]:
            return ["e"]
        if self.claim.kind == "monotone":
            return self.closing(["g"])
        found = []
        for place in range(len(self.claim.sets)):
            line = self.apart(self.claim.sets[place])
            if line is None:
                return None
            found.append(line)
        return found

    def apart(self, members) -> str | None:
        for _ in range(12):
            weights = [self.rng.choice((0, 1, 1, 2)) for _ in members]
            line = " ".join(["c", *(f"{weight:x}" for weight in weights)])
            rows = self.multipliers()
            line = f"{line} {rows}" if rows and self.rng.random() < 0.5 else line
            try:
                self.cell.prove_apart(members, line.encode().split(b" ")[1:])
            except Rejected:
                continue
            return line
        return None

    def closing(self, lines: list[str]) -> list[str] | None:
        try:
            self.walk.checks[lines[0].encode()](self.walk, [])
        except Rejected:
            return None
        return lines

    def cut(self) -> str | None:
        """A line that cuts the cell in two."""
        cell, rng = self.cell, self.rng
        split = [f"s {k:x}" for k in range(cell.units) if not self.is_stable(k) and not cell.signs[k]]
        wide = [k for k in range(cell.n) if cell.upper[k] - cell.lower[k] > 1]
        halves = [f"b {k:x} {(cell.upper[k] + cell.lower[k]) // 2:x}" for k in wide]
        if self.walk.claim.trees[0][0] == "admissible":
            halves += [f"k {k:x} {(cell.upper[k] + cell.lower[k]) // 2 >> EXPONENT:x}" for k in wide]
        return rng.choice(split + halves) if split or halves else None


def grown(rng: random.Random, depth: int = 3) -> Written | None:
    """A certificate of a random problem, if one grows."""
    written = random_problem(rng)
    grower = Grower(rng, written.header)
    if not grower.grow(depth):
        return None
    lines, sets = grower.lines, len(written.header["claim"].get("sets", [0]))
    proofs = sum({"n": 2 * (len(line.split()) - 1), "d": 1}.get(line[0], 0) for line in lines)
    closed = sum(line[0] in "eg" for line in lines) + sum(line[0] == "c" for line in lines) // sets
    return written._replace(lines=lines, counts=(0, 0, proofs, closed))
