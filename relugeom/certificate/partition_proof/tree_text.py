"""The tree of a partition's certificate as text, piece by piece: the compiled prover, and its holes filled exactly."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from relugeom.budget import Budget, Pace
from relugeom.certificate.header import domain_exponent
from relugeom.certificate.partition_proof import tree_columns as places
from relugeom.certificate.partition_proof.exact_kernel import make_exact
from relugeom.certificate.partition_proof.holes import HoleFiller, point_line
from relugeom.certificate.partition_proof.hull_proofs import HullProofs
from relugeom.certificate.partition_proof.plan import make_plan
from relugeom.certificate.partition_proof.proof_kernel import LEFT_OUT, write_tree
from relugeom.deadline import CLOCK, NEVER, Deadline
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.compiled import hurry
from relugeom.partition.partition import Partition
from relugeom.search import columns
from relugeom.search.path import stand_at
from relugeom.search.setup import Setup, grown

__all__ = ["TreePiece", "tree_pieces"]

USUAL = Budget().proving
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


def tree_pieces(partition: Partition, deadline: Deadline = NEVER, pace: Pace = USUAL) -> Iterator[TreePiece]:
    """The tree's lines in preorder.

    Raises
    ------
    CertificateError
        A decision of the tree could not be proved; the text names it.
    DeadlinePassedError
        The deadline passed before all of them were.
    """
    if partition.network.units == 0:
        text, bits = point_line(partition, 0)
        yield TreePiece(text, [], 1, 0, 0, 1, bits)
        return
    deadline.check()
    hurry(write_tree, deadline)
    walker = _Walker(partition, deadline, pace)
    while not walker.done:
        deadline.check()
        yield walker.run()


class _Walker:
    """The compiled prover's state, and what it needs from outside."""

    def __init__(self, partition: Partition, deadline: Deadline, pace: Pace) -> None:
        self.partition, self.done = partition, False
        self._pace, self._steps = pace, pace.first
        network, domain = partition.network, partition.domain
        chart = domain_chart(domain)
        self._setup = Setup(network, chart)
        problem = self._setup.problem
        N, d = network.units, chart.dimension
        self._plan = make_plan(partition.tree, problem.starts, len(partition))
        self._state, self._waiting = self._setup.first_state()
        words = self._plan.begins.shape[2]
        hull = HullProofs(network, chart)
        numbers, scales = hull.row_scales(problem.domain_rows)
        cursor = np.zeros(places.CURSORS, dtype=np.int64)
        cursor[places.MARKED] = -1
        cursor[places.SHIFT], cursor[places.LIFTED] = domain_exponent(domain), not hull.is_plain
        self._walk = places.Walk(
            cursor=cursor,
            todo=np.zeros((2, words), dtype=np.uint64),
            known=np.full(N, places.UNDECIDED_UNIT, dtype=np.int64),
            trail=np.zeros(N, dtype=np.int64),
            split_of=np.zeros(N + 2, dtype=np.int64),
            trail_of=np.zeros(N + 2, dtype=np.int64),
            blind_of=np.zeros(N + 2, dtype=np.int64),
            numbers=numbers,
            scales=scales,
        )
        self._text = places.Text(
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
        self._network = make_exact(network)
        self._filler = HoleFiller(partition, chart, hull, deadline)
        self._tried = (-1, -1)  # the node at which the dictionary was set up again

    def _advance(self, steps: int) -> int:
        code: int = write_tree(
            self._setup.problem,
            self._state,
            self._waiting,
            self._walk,
            self._text,
            self._network,
            self._plan,
            self.partition.tree,
            self.partition.points,
            steps,
        )
        return code

    def run(self) -> TreePiece:
        """The next lines."""
        cursor = self._walk.cursor
        proofs, leaves, place = (int(cursor[k]) for k in (places.PROOFS, places.LEAF, places.PLACE))
        began = CLOCK.now()
        steps = min(self._steps, self._pace.most)
        code = self._advance(steps)
        self._steps = self._pace.after(steps, CLOCK.now() - began)
        if code == columns.GROW:
            self._state, self._waiting = grown(self._state, self._waiting)
        elif code == LEFT_OUT:
            self._stand_again()
        self.done = code == columns.DONE
        text, marks = self._filled()
        longest = int(cursor[places.LONG]).bit_length() + int(cursor[places.SHIFT])
        tokens = self.partition.tree[place : int(cursor[places.PLACE])]
        return TreePiece(
            text=text,
            marks=marks,
            leaves=int(cursor[places.LEAF]) - leaves,
            unexplored=int((tokens == places.UNEXPLORED).sum()),
            proofs=int(cursor[places.PROOFS]) - proofs,
            multiplier_bits=max(self._filler.multiplier_bits, longest, int(cursor[places.HUGE])),
            point_bits=max(self._filler.point_bits, int(cursor[places.WIDE]).bit_length()),
        )

    def _stand_again(self) -> None:
        """Put the dictionary at a point of the cell; continue without one if that has been tried."""
        cursor, counters = self._walk.cursor, self._state.counters
        here = (int(counters[columns.U]), int(cursor[places.PLACE]))
        point = self.partition.points[int(cursor[places.LEAF])] if len(self.partition) > cursor[places.LEAF] else None
        tried, self._tried = self._tried == here, here
        stack = counters[[columns.S, columns.BASE]].copy()
        if tried or point is None:
            cursor[places.BLIND] = 1
            return
        self._state.point[:] = point[list(self._setup.chart.free)]
        if not stand_at(self._setup.problem, self._state):
            cursor[places.BLIND] = 1
        counters[[columns.S, columns.BASE]] = stack

    def _filled(self) -> tuple[bytes, list[int]]:
        """The text with its holes filled, and where marks are in it."""
        cursor, text = self._walk.cursor, self._text
        end, holes, count = (int(cursor[k]) for k in (places.END, places.HOLES, places.MARKS))
        cursor[[places.END, places.HOLES, places.MARKS]] = 0
        content = text.text[:end].tobytes()
        marks = text.marks[:count].tolist()
        if not holes:
            return content, [place for place, _ in marks]
        parts, begin, lengths = [], 0, [0]
        for place, line in zip(text.places[:holes].tolist(), self._filler.lines(text, holes), strict=True):
            parts += [content[begin:place], line]
            begin = place
            lengths.append(lengths[-1] + len(line))
        parts.append(content[begin:])
        return b"".join(parts), [place + lengths[before] for place, before in marks]
