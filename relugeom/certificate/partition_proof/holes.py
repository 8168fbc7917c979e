"""Lines that the compiled prover left out, written in exact arithmetic.

Three ways, the fastest that does it: a linear system in the rows that the dictionary proposed (`path_forms.py`), a
proof found on the affine hull with multipliers of equalities added (`hull_proofs.py`), an exact linear program
(`exact_proof.py`).
"""

from fractions import Fraction
from math import lcm

import numpy as np

from relugeom.certificate.header import hexadecimal
from relugeom.certificate.partition_proof.exact_proof import ExactCell, Proof, proof_tokens
from relugeom.certificate.partition_proof.hull_proofs import HullProofs
from relugeom.certificate.partition_proof.path_forms import PathForms
from relugeom.certificate.partition_proof.tree_columns import OPEN_LEAF, UNDECIDED_UNIT, Text
from relugeom.deadline import NEVER, Deadline
from relugeom.errors import CertificateError
from relugeom.geometry.chart import Chart
from relugeom.partition.partition import Partition

__all__ = ["HoleFiller", "point_line"]


class HoleFiller:
    """Writes the missing lines of one certificate.

    Attributes
    ----------
    multiplier_bits, point_bits
        The longest multiplier, and the longest coordinate or denominator, written so far.
    """

    def __init__(self, partition: Partition, chart: Chart, hull: HullProofs, deadline: Deadline = NEVER) -> None:
        self._deadline = deadline
        self.multiplier_bits = self.point_bits = 1
        self._partition, self._hull = partition, hull
        self._free = np.array(chart.free, dtype=np.int64)
        self._forms = PathForms(partition.network, partition.domain)
        self._exact: ExactCell | None = None

    def lines(self, text: Text, holes: int) -> list[bytes]:
        """Lines for this many holes, the first ones.

        Raises
        ------
        CertificateError
            A unit does not have the bit that the tree says, or no proof of it was found.
        DeadlinePassedError
            The deadline passed before they were written.
        """
        units, bits, firsts = (column[:holes].tolist() for column in (text.units, text.bits, text.firsts))
        counts, rows, N = text.counts[:holes].tolist(), text.rows[:holes].tolist(), text.known.shape[1]
        paths = text.known[:holes].tobytes()
        moving, everywhere = text.moving[:holes], self._free.tolist()
        all_move: list[bool] = np.all(moving, axis=1).tolist()
        lines, longest = [], 1
        for hole in range(holes):
            self._deadline.check()
            unit, bit = units[hole], bits[hole]
            if unit == OPEN_LEAF:
                line, size = point_line(self._partition, bit)
                self.point_bits = max(self.point_bits, size)
                lines.append(line)
                continue
            known, support = paths[hole * N : (hole + 1) * N], rows[hole][: counts[hole]]
            if not firsts[hole]:
                places = everywhere if all_move[hole] else self._free[moving[hole]].tolist()
                solved = self._forms.solve(known, unit, bit, support, places)
                if solved is not None:
                    first, weights = solved
                    longest = max(longest, first, *weights)
                    pairs = " ".join(
                        [f"{row:x} {value:x}" for row, value in zip(support, weights, strict=True) if value]
                    )
                    lines.append(f"{bit} {unit:x} {first:x} {pairs}".rstrip().encode("ascii") + b"\n")
                    continue
            weights = text.weights[hole, : len(support)].tolist()
            proof = self._slowly(known, unit, bit, support, firsts[hole], weights)
            longest = max(longest, proof.first, *map(abs, proof.multipliers.values()))
            lines.append(b"%d %x %b\n" % (bit, unit, proof_tokens(proof)))
        self.multiplier_bits = max(self.multiplier_bits, longest.bit_length())
        return lines

    def _slowly(self, known: bytes, unit: int, bit: int, support: list[int], first: int, weights: list[int]) -> Proof:
        proof = None
        if first:
            weighted = dict(zip(support, weights, strict=True))
            proof = self._hull.complete(self._forms, known, unit, bit, first, weighted)
        if proof is None:
            self._exact = self._exact or ExactCell(self._partition.network, self._partition.domain)
            decided = [u for u, sign in enumerate(known) if sign != UNDECIDED_UNIT]
            proof = self._exact.prove([int(sign == 1) for sign in known], decided, unit, bit, hint=support)
        if proof is None:
            count = sum(sign != UNDECIDED_UNIT for sign in known)
            raise CertificateError(
                f"unit {unit} could not be proved to have the bit {bit} after the decisions of {count:,} of "
                f"{len(known):,} units"
            )
        return proof


def point_line(partition: Partition, row: int) -> tuple[bytes, int]:
    """The line of a leaf with the partition's own point, and how many bits its numbers have."""
    exact = partition.exact_points.get(row) or [Fraction(x) for x in partition.points[row].tolist()]
    denominator = lcm(*(x.denominator for x in exact))
    entries = [denominator, *(int(x * denominator) for x in exact)]
    return b"p %b\n" % hexadecimal(entries).encode(), max(abs(entry).bit_length() for entry in entries)
