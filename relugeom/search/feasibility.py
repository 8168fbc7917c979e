"""The census of all patterns on a domain, and the patterns of samples and admissible inputs.

Regions come from a partition, patterns of admissible inputs from `admissible`. If there are few units,
lower-dimensional patterns are found by a second walk of the prefix tree, which asks only about prefixes without a
region below them; an infeasible prefix settles all its extensions.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import DeadlinePassedError, InputError
from relugeom.geometry.domain import Domain
from relugeom.geometry.exact_simplex import Form
from relugeom.geometry.forms import domain_equalities, matrix_rows, named_inequalities
from relugeom.geometry.strict_point import Witness, find_strict_point
from relugeom.linalg.arrays import ByteArray, IntArray
from relugeom.network.exact import exact_network, first_forms, next_forms
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import ActivationPattern, all_patterns, pack_patterns, pattern_texts, unpack_patterns
from relugeom.partition.census import MAX_LISTED_UNITS, Met, PatternCensus
from relugeom.partition.clusters import Clusters
from relugeom.partition.partition import Partition, PartitionStatus, PatternStatus
from relugeom.search.admissible import admissible_patterns
from relugeom.search.enumeration import enumerate_regions
from relugeom.search.locate import Locator

__all__ = ["classify_patterns", "settle_clusters", "take_census"]


def classify_patterns(
    network: ReLUNetwork, domain: Domain, *, time_limit: TimeLimit = None
) -> dict[str, PatternStatus]:
    """Status of each of the 2^N patterns, in ascending order of their texts.

    Parameters
    ----------
    time_limit
        Seconds or a deadline, of which the search for regions takes at most half; patterns that were not settled are
        UNKNOWN.

    Raises
    ------
    InputError
        The network has more than 20 units.
    """
    if network.units > MAX_LISTED_UNITS:
        raise InputError(
            f"a network of {network.units} units has 2^{network.units} patterns, which are too many to classify one "
            f"by one: enumerate its regions instead"
        )
    deadline = Deadline.of(time_limit)
    partition = enumerate_regions(network, domain, time_limit=deadline.share(1 / 2))
    lower = None
    if partition.status is PartitionStatus.COMPLETE:
        lower = _LowerSearch(network, domain, partition.packed, deadline).run()
    rest = PatternStatus.UNKNOWN if lower is None else PatternStatus.INFEASIBLE
    known = {row.tobytes(): PatternStatus.REGION for row in partition.packed}
    known |= dict.fromkeys(lower or (), PatternStatus.LOWER_DIMENSIONAL)
    packed = all_patterns(network.units)
    texts = pattern_texts(packed, network.widths)
    return {text: known.get(row.tobytes(), rest) for text, row in zip(texts, packed, strict=True)}


def settle_clusters(
    clusters: Clusters,
    domain: Domain,
    *,
    time_limit: TimeLimit = None,
    on_progress: Callable[[int], None] | None = None,
) -> list[PatternStatus]:
    """Settle the status of each cluster's pattern on the domain; UNKNOWN if there was no time for it.

    A sample inside the domain with every z ≠ 0 proves a region; the other patterns are located.
    """
    deadline = Deadline.of(time_limit)
    statuses, locator = list[PatternStatus](), None
    for row, clear in enumerate(clusters.clear.tolist()):
        if clear:
            statuses.append(PatternStatus.REGION)
        else:
            locator = locator or Locator(clusters.network, domain)
            statuses.append(_settled(locator, clusters[row].pattern, deadline))
        if on_progress is not None:
            on_progress(row + 1)
    return statuses


def _settled(locator: Locator, pattern: ActivationPattern, deadline: Deadline) -> PatternStatus:
    try:
        return locator.locate(pattern, deadline=deadline).status
    except DeadlinePassedError:
        return PatternStatus.UNKNOWN


def take_census(partition: Partition, *, time_limit: TimeLimit = None) -> PatternCensus:
    """Count the patterns of each kind on a partition's domain.

    Parameters
    ----------
    time_limit
        Seconds or a deadline for two searches. If admissible inputs have integer features and cannot be listed, the
        first one looks for the patterns that they have. It takes at most half of the time; if it is cut short, or some
        of its findings could not be located, `admissible_complete` is False. The second one looks for lower-dimensional
        patterns; if it does not finish (or there are more than 20 units), only those of admissible inputs are reported,
        and `lower_complete` is False.
    """
    network, domain = partition.network, partition.domain
    complete = partition.status is PartitionStatus.COMPLETE
    deadline = Deadline.of(time_limit)
    regions = {row.tobytes() for row in partition.packed}
    met = _Met({}, complete=False)
    if domain.has_integers:
        met = _admissible_patterns(partition, deadline.share(1 / 2))
    lower: set[bytes] = set()
    unlisted = [pattern for pattern in met.counts if pattern not in regions]
    locator = None if complete or not unlisted else Locator(network, domain)
    for content in unlisted:
        status = PatternStatus.LOWER_DIMENSIONAL  # in a complete partition: feasible, and no region
        if locator is not None:
            status = _settled(locator, ActivationPattern(network.widths, content), deadline)
        if status is PatternStatus.UNKNOWN:
            met = met._replace(complete=False)
            continue
        (regions if status is PatternStatus.REGION else lower).add(content)
    found = None
    if complete and network.units <= MAX_LISTED_UNITS:
        found = _LowerSearch(network, domain, partition.packed, deadline).run()
    lower |= found or set()
    if not domain.has_integers:  # then every input of the relaxation is admissible
        met = _Met(dict.fromkeys(regions | lower), complete=complete and found is not None)
    region_packed, lower_packed = _columns(regions, network.units), _columns(lower, network.units)
    return PatternCensus(
        units=network.units,
        region_packed=region_packed,
        lower_packed=lower_packed,
        region_admissible=met.numbers(region_packed),
        lower_admissible=met.numbers(lower_packed),
        complete=complete,
        lower_complete=found is not None,
        region_met=met.of(region_packed),
        lower_met=met.of(lower_packed),
        admissible_complete=met.complete,
    )


class _Met(NamedTuple):
    """Patterns of admissible inputs, with their numbers of inputs if these were counted."""

    counts: Mapping[bytes, int | None]
    complete: bool
    listed: bool = False

    def numbers(self, packed: ByteArray) -> IntArray | None:
        """Number of admissible inputs with each pattern, or None if they were not listed."""
        return np.array([self.counts.get(row.tobytes(), 0) for row in packed], dtype=np.int64) if self.listed else None

    def of(self, packed: ByteArray) -> IntArray:
        """Whether an admissible input has each pattern."""
        absent = Met.NO if self.complete else Met.UNKNOWN
        met = [Met.YES if row.tobytes() in self.counts else absent for row in packed]
        return np.array(met, dtype=np.int64)


def _admissible_patterns(partition: Partition, deadline: Deadline) -> _Met:
    found = admissible_patterns(partition.network, partition.domain, candidates=partition.points, time_limit=deadline)
    numbers = [None] * len(found) if found.counts is None else found.counts.tolist()
    keys = (row.tobytes() for row in found.packed)
    return _Met(dict(zip(keys, numbers, strict=True)), found.complete, found.counts is not None)


def _columns(patterns: set[bytes], units: int) -> ByteArray:
    width = len(pack_patterns(np.zeros((1, units), dtype=np.bool_))[0])
    return np.frombuffer(b"".join(sorted(patterns)), dtype=np.uint8).reshape(len(patterns), width)


class _LowerSearch:
    """All patterns that some input has and that are not regions, depth first over the prefixes of patterns."""

    def __init__(self, network: ReLUNetwork, domain: Domain, regions: ByteArray, deadline: Deadline) -> None:
        self._network, self._deadline = network, deadline
        self._exact = exact_network(network)
        self._layer_starts = np.cumsum([0, *network.widths]).tolist()
        bits = unpack_patterns(regions, network.units)
        self._region_prefixes = {tuple(row[:length]) for row in bits.tolist() for length in range(len(row) + 1)}
        self._domain_rows = [named.form for named in named_inequalities(domain)]
        for form in domain_equalities(domain):
            self._domain_rows += [form, [-entry for entry in form]]

    def run(self) -> set[bytes] | None:
        """Find the packed patterns; None if time ran out."""
        found: set[bytes] = set()
        stack: list[tuple[bool, ...]] = [()]
        while stack:
            if self._deadline.passed:
                return None
            prefix = stack.pop()
            if prefix not in self._region_prefixes:
                try:
                    is_feasible = self._is_feasible(prefix)
                except DeadlinePassedError:
                    return None
                if not is_feasible:
                    continue
                if len(prefix) == self._network.units:
                    found.add(ActivationPattern.from_bits(self._network.widths, prefix).packed)
            if len(prefix) < self._network.units:
                stack += [(*prefix, True), (*prefix, False)]
        return found

    def _is_feasible(self, prefix: tuple[bool, ...]) -> bool:
        """Whether some input has the prefix: z > 0 for its active units, z ≤ 0 for the others."""
        forms = self._prefix_forms(prefix)
        rows = [form if bit else [-entry for entry in form] for form, bit in zip(forms, prefix, strict=True)]
        strict = [len(self._domain_rows) + position for position, bit in enumerate(prefix) if bit]
        rows = [*self._domain_rows, *rows]
        point = find_strict_point(rows, strict, self._network.inputs, deadline=self._deadline)
        return isinstance(point, Witness)

    def _prefix_forms(self, prefix: tuple[bool, ...]) -> list[Form]:
        below, forms = first_forms(self._exact), []
        for layer, (start, end) in enumerate(zip(self._layer_starts, self._layer_starts[1:], strict=False)):
            if layer:
                previous = prefix[self._layer_starts[layer - 1] : start]
                below = next_forms(self._exact, layer, below, np.array(previous, dtype=np.bool_))
            forms += matrix_rows(below.matrix)
            if end >= len(prefix):
                break
        return forms[: len(prefix)]
