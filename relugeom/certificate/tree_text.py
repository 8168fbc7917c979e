"""The tree of a partition's certificate as text, piece by piece: the compiled prover, and its holes filled exactly."""

from collections.abc import Iterator
from fractions import Fraction
from math import lcm
from typing import NamedTuple

import numpy as np

from relugeom.certificate import proof_kernel as kernel
from relugeom.certificate.exact_proof import ExactCell, Proof, proof_tokens
from relugeom.certificate.header import domain_exponent, hexadecimal
from relugeom.certificate.hull_proofs import HullProofs
from relugeom.certificate.path_forms import PathForms
from relugeom.certificate.plan import make_plan
from relugeom.errors import CertificateError
from relugeom.geometry.chart import domain_chart
from relugeom.partition import columns
from relugeom.partition.partition import Partition
from relugeom.partition.path import stand_at
from relugeom.partition.setup import Setup, grown

__all__ = ["TreePiece", "tree_pieces"]

STEPS = 50_000
TEXT, HOLES, MARKS = 1 << 22, 1 << 12, 1 << 12


class TreePiece(NamedTuple):
    """Consecutive lines of a tree.

    Attributes
    ----------
    text
        The lines.
    marks
        Offsets in it at which marked subtrees begin and end, in turn over all pieces.
    leaves, unexplored, proofs
        How many lines of each kind are in it.
    multiplier_bits, point_bits
        The longest multiplier and the longest coordinate or denominator so far.
    """

    text: bytes
    marks: list[int]
    leaves: int
    unexplored: int
    proofs: int
    multiplier_bits: int
    point_bits: int


def tree_pieces(partition: Partition) -> Iterator[TreePiece]:
    """The tree's lines in preorder.

    Raises
    ------
    CertificateError
        A decision of the tree could not be proved; the text names it.
    """
    if partition.network.units == 0:
        text, bits = point_line(partition, 0)
        yield TreePiece(text, [], 1, 0, 0, 1, bits)
        return
    walker = _Walker(partition)
    while not walker.done:
        yield walker.run()


class _Walker:
    """The compiled prover's state, and what it needs from outside."""

    def __init__(self, partition: Partition) -> None:
        self.partition, self.done = partition, False
        network, domain = partition.network, partition.domain
        chart = domain_chart(domain)
        self._setup = Setup(network, chart)
        problem = self._setup.problem
        N, d = network.units, chart.dimension
        self._plan = make_plan(partition.tree, problem.starts)
        self._state, self._waiting = self._setup.first_state()
        words = self._plan.begins.shape[2]
        self._lift = HullProofs(network, chart)
        numbers, scales = self._lift.row_scales(problem.domain_rows)
        cursor = np.zeros(kernel.CURSORS, dtype=np.int64)
        cursor[kernel.MARKED] = -1
        cursor[kernel.SHIFT], cursor[kernel.LIFTED] = domain_exponent(domain), not self._lift.is_plain
        self._walk = kernel.Walk(
            cursor=cursor,
            todo=np.zeros((2, words), dtype=np.uint64),
            known=np.full(N, kernel.UNDECIDED_UNIT, dtype=np.int64),
            trail=np.zeros(N, dtype=np.int64),
            split_of=np.zeros(N + 2, dtype=np.int64),
            trail_of=np.zeros(N + 2, dtype=np.int64),
            blind_of=np.zeros(N + 2, dtype=np.int64),
            numbers=numbers,
            scales=scales,
        )
        self._text = kernel.Text(
            text=np.zeros(TEXT + 64 * (N + d), dtype=np.uint8),
            places=np.zeros(HOLES, dtype=np.int64),
            units=np.zeros(HOLES, dtype=np.int64),
            bits=np.zeros(HOLES, dtype=np.int64),
            rows=np.zeros((HOLES, d), dtype=np.int64),
            counts=np.zeros(HOLES, dtype=np.int64),
            moving=np.zeros((HOLES, d), dtype=np.bool_),
            firsts=np.zeros(HOLES, dtype=np.int64),
            weights=np.zeros((HOLES, d), dtype=np.int64),
            known=np.zeros((HOLES, N), dtype=np.int8),
            marks=np.zeros((MARKS, 2), dtype=np.int64),
        )
        self._forms, self._free = PathForms(network, domain), np.array(chart.free, dtype=np.int64)
        self._exact: ExactCell | None = None
        self._multiplier_bits = self._point_bits = 1

    def run(self) -> TreePiece:
        """The next lines."""
        cursor, plan = self._walk.cursor, self._plan
        proofs, leaves, place = (int(cursor[k]) for k in (kernel.PROOFS, kernel.LEAF, kernel.PLACE))
        code = kernel.write_tree(
            self._setup.problem,
            self._state,
            self._waiting,
            self._walk,
            self._text,
            self.partition.tree,
            plan.begins,
            plan.sides,
            plan.sizes,
            self.partition.points,
            STEPS,
        )
        if code == columns.GROW:
            self._state, self._waiting = grown(self._state, self._waiting)
        elif code == kernel.LEFT_OUT:
            self._stand_again()
        self.done = code == columns.DONE
        text, marks = self._filled()
        longest = int(cursor[kernel.LONG]).bit_length() + int(cursor[kernel.SHIFT])
        self._multiplier_bits = max(self._multiplier_bits, longest)
        self._point_bits = max(self._point_bits, int(cursor[kernel.WIDE]).bit_length())
        tokens = self.partition.tree[place : int(cursor[kernel.PLACE])]
        return TreePiece(
            text=text,
            marks=marks,
            leaves=int(cursor[kernel.LEAF]) - leaves,
            unexplored=int((tokens == kernel.UNEXPLORED).sum()),
            proofs=int(cursor[kernel.PROOFS]) - proofs,
            multiplier_bits=self._multiplier_bits,
            point_bits=self._point_bits,
        )

    def _stand_again(self) -> None:
        """Put the dictionary at a point of the cell; go on without one where that has been tried."""
        cursor, counters = self._walk.cursor, self._state.counters
        here = (int(counters[columns.U]), int(cursor[kernel.PLACE]))
        point = self.partition.points[int(cursor[kernel.LEAF])] if len(self.partition) > cursor[kernel.LEAF] else None
        tried, self._tried = getattr(self, "_tried", None) == here, here
        stack = counters[[columns.S, columns.BASE]].copy()
        if tried or point is None:
            cursor[kernel.BLIND] = 1
            return
        self._state.point[:] = point[list(self._setup.chart.free)]
        if not stand_at(self._setup.problem, self._state):
            cursor[kernel.BLIND] = 1
        counters[[columns.S, columns.BASE]] = stack

    def _filled(self) -> tuple[bytes, list[int]]:
        """The text with its holes filled, and where marks are in it."""
        cursor, text = self._walk.cursor, self._text
        end, holes, count = (int(cursor[k]) for k in (kernel.END, kernel.HOLES, kernel.MARKS))
        cursor[[kernel.END, kernel.HOLES, kernel.MARKS]] = 0
        content = text.text[:end].tobytes()
        marks = text.marks[:count].tolist()
        if not holes:
            return content, [place for place, _ in marks]
        parts, begin, lengths = [], 0, [0]
        for hole in range(holes):
            place = int(text.places[hole])
            line = self._fill(hole)
            parts += [content[begin:place], line]
            begin = place
            lengths.append(lengths[-1] + len(line))
        parts.append(content[begin:])
        return b"".join(parts), [place + lengths[before] for place, before in marks]

    def _fill(self, hole: int) -> bytes:
        unit, bit = int(self._text.units[hole]), int(self._text.bits[hole])
        if unit == kernel.OPEN_LEAF:
            line, bits = point_line(self.partition, bit)
            self._point_bits = max(self._point_bits, bits)
            return line
        known = self._text.known[hole].tobytes()
        support = self._text.rows[hole, : int(self._text.counts[hole])].tolist()
        first = int(self._text.firsts[hole])
        if first:
            weights = self._text.weights[hole, : len(support)].tolist()
            proof = self._lift.complete(self._forms, known, unit, bit, first, dict(zip(support, weights, strict=True)))
        else:
            moving = self._free[self._text.moving[hole]].tolist()
            proof = self._forms.solve(known, unit, bit, support, moving)
        if proof is None:
            decided = [u for u, sign in enumerate(known) if sign != kernel.UNDECIDED_UNIT]
            self._exact = self._exact or ExactCell(self.partition.network, self.partition.domain)
            proof = self._exact.prove([int(sign == 1) for sign in known], decided, unit, bit, hint=support)
        if proof is None:
            path = "".join("01.0"[sign] for sign in known)
            raise CertificateError(f"unit {unit} could not be proved to have the bit {bit} behind the decisions {path}")
        self._count(proof)
        return b"%d %x %b\n" % (bit, unit, proof_tokens(proof))

    def _count(self, proof: Proof) -> None:
        values = [proof.first, *proof.multipliers.values()]
        self._multiplier_bits = max(self._multiplier_bits, *(abs(value).bit_length() for value in values))


def point_line(partition: Partition, row: int) -> tuple[bytes, int]:
    """The line of a leaf with the partition's own point, and how many bits its numbers have."""
    exact = partition.exact_points.get(row) or [Fraction(x) for x in partition.points[row].tolist()]
    denominator = lcm(*(x.denominator for x in exact))
    entries = [denominator, *(int(x * denominator) for x in exact)]
    return b"p %b\n" % hexadecimal(entries).encode(), max(abs(entry).bit_length() for entry in entries)
