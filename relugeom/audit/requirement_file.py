"""Requirements on a model: the tables `[[requirements]]` of a domain file.

The one idea: every name, number and combination is checked here, before the work begins, so that a requirement which is
judged at all is one that can be met or broken.
"""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

from relugeom.audit.questions import movable_features
from relugeom.claims.answer import Population
from relugeom.claims.requirement import Requirement, RequirementKind
from relugeom.claims.subject import Direction
from relugeom.data.samples import Samples
from relugeom.errors import DomainError
from relugeom.geometry.domain import Domain
from relugeom.geometry.domain_spec import read_domain_document
from relugeom.network.decision import DecisionRule
from relugeom.network.network import ReLUNetwork
from relugeom.questions.requirements import segment_rows

__all__ = ["read_requirements"]

DIRECTIONS = {"up": Direction.RISES, "down": Direction.FALLS}
SCORES = (RequirementKind.ACCURACY, RequirementKind.AUC, RequirementKind.R2)
ENTRIES: Mapping[RequirementKind, tuple[str, ...]] = {
    RequirementKind.MONOTONE: ("direction", "output"),
    RequirementKind.RANGE: ("lower", "upper"),
    RequirementKind.SAME_DECISION: ("of", "at_most"),
    **dict.fromkeys(SCORES, ("segment",)),
}
"""Entries besides the one that names the kind."""
MOST_NAMED = 8


def read_requirements(
    path: str | Path, network: ReLUNetwork, domain: Domain, samples: Samples
) -> tuple[Requirement, ...]:
    """Requirements of a domain file, in their order; empty without any.

    Raises
    ------
    DomainError
        A requirement is of no known kind, names something that does not exist, contradicts itself, or cannot be judged
        on this network, domain and data; the message names the entry.
    """
    tables = read_domain_document(path).get("requirements", [])
    place = f"domain file {str(path)!r}: requirements"
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise DomainError(f"{place} must be tables, each written as [[requirements]]")
    return tuple(
        _Entry(table, f"{place}[{number}]", network, domain, samples).read() for number, table in enumerate(tables, 1)
    )


class _Entry:
    """One table, and what it is about."""

    def __init__(
        self, table: Mapping[str, Any], place: str, network: ReLUNetwork, domain: Domain, samples: Samples
    ) -> None:
        self._table, self._place = table, place
        self._network, self._domain, self._samples = network, domain, samples

    def read(self) -> Requirement:
        """The requirement."""
        kind = self._kind()
        if unknown := sorted(set(self._table) - {kind, *ENTRIES[kind]}):
            raise self._error(f"has an unknown entry {unknown[0]!r}: {kind} can have {', '.join(ENTRIES[kind])}")
        readers: Mapping[RequirementKind, Callable[[], Requirement]] = {
            RequirementKind.MONOTONE: self._monotone,
            RequirementKind.RANGE: self._range,
            RequirementKind.SAME_DECISION: self._same_decision,
            **{score: partial(self._score, score) for score in SCORES},
        }
        return readers[kind]()

    def _error(self, text: str) -> DomainError:
        return DomainError(f"{self._place} {text}")

    def _kind(self) -> RequirementKind:
        kinds = [kind for kind in RequirementKind if kind in self._table]
        if len(kinds) != 1:
            named = " and ".join(kinds) or "nothing that can be required"
            raise self._error(f"names {named}: give exactly one of {', '.join(RequirementKind)}")
        return kinds[0]

    def _monotone(self) -> Requirement:
        feature, direction = self._feature(self._table["monotone"]), self._table.get("direction")
        if not isinstance(direction, str) or direction not in DIRECTIONS:
            raise self._error(f"has direction {direction!r}: give {' or '.join(DIRECTIONS)}")
        if feature not in movable_features(self._domain):
            name = self._network.feature_names[feature]
            raise self._error(f"is about {name!r}, which cannot change alone, because it is a member of a group")
        output = self._output(self._table.get("output"))
        return Requirement(
            kind=RequirementKind.MONOTONE, output=output, feature=feature, direction=DIRECTIONS[direction]
        )

    def _range(self) -> Requirement:
        lower, upper = (self._limit(name) for name in ("lower", "upper"))
        if lower is None and upper is None:
            raise self._error("has no bound: give lower, upper, or both")
        if lower is not None and upper is not None and lower > upper:
            raise self._error(f"contradicts itself: lower = {float(lower)} is above upper = {float(upper)}")
        output = self._output(self._table["range"])
        return Requirement(kind=RequirementKind.RANGE, output=output, lower=lower, upper=upper)

    def _same_decision(self) -> Requirement:
        named, of = self._table["same_decision"], self._table.get("of", Population.DOMAIN.value)
        if not isinstance(named, list) or not named:
            raise self._error('must list the features that may not matter: same_decision = ["sex"]')
        if of not in [population.value for population in Population]:
            raise self._error(f"has of = {of!r}: give {' or '.join(Population)}")
        self._need_decision("the decision to stay the same")
        protected, share = tuple(sorted({self._feature(name) for name in named})), self._share("at_most")
        kind, population = RequirementKind.SAME_DECISION, Population(of)
        return Requirement(kind=kind, protected=protected, population=population, at_most=share)

    def _share(self, name: str) -> Fraction:
        share = self._number(name, self._table.get(name, 0.0))
        if not 0 <= share <= 1:
            raise self._error(f"has {name} = {share}: give a share from 0 to 1")
        return Fraction(share)

    def _score(self, kind: RequirementKind) -> Requirement:
        least = self._number(kind, self._table[kind])
        if least > 1 or (least < 0 and kind is not RequirementKind.R2):
            raise self._error(f"asks for {kind} = {least}: give a number from 0 to 1")
        if self._samples.target is None:
            raise self._error(f"asks for {kind}, but the data have no target: name its column with --target")
        self._need_value(kind)
        return Requirement(kind=kind, at_least=least, segment=self._segment())

    def _need_value(self, kind: RequirementKind) -> None:
        """Refuse a score that a network of this kind does not have."""
        outputs, classes = self._network.outputs, self._network.classes
        if kind is not RequirementKind.R2:
            self._need_decision(f"its {kind}")
        elif self._network.rule.rule is not DecisionRule.NONE:
            raise self._error("asks for r2, but the network decides between classes: ask for accuracy or auc")
        elif outputs != 1:
            raise self._error(f"asks for r2, but there are {outputs} outputs, and one target")
        if kind is RequirementKind.AUC and classes != 2:
            raise self._error(f"asks for auc, but there are {classes} classes: ask for accuracy")

    def _segment(self) -> tuple[tuple[int, float], ...]:
        table = self._table.get("segment", {})
        if not isinstance(table, dict):
            raise self._error("has a segment that is no table: write segment = { sex = 1 }")
        pairs = tuple((self._feature(name), self._number(name, value)) for name, value in table.items())
        if not segment_rows(self._samples.table, pairs).any():
            told = ", ".join(f"{name} = {value}" for name, value in table.items())
            raise self._error(f"is about a segment without samples: {told}")
        return pairs

    def _need_decision(self, what: str) -> None:
        if self._network.rule.rule is DecisionRule.NONE:
            raise self._error(
                f"asks for {what}, but the network takes no decision: give the output above which it decides for "
                f"class 1 with --threshold"
            )

    def _feature(self, name: object) -> int:
        return self._numbered(name, "feature", self._network.feature_names)

    def _output(self, name: object) -> int:
        if name is None and self._network.outputs == 1:
            return 0
        return self._numbered(name, "output", self._network.target_names)

    def _numbered(self, name: object, thing: str, names: Sequence[str]) -> int:
        if not isinstance(name, str) or name not in names:
            more = f" and {len(names) - MOST_NAMED:,} more" if len(names) > MOST_NAMED else ""
            known = ", ".join(names[:MOST_NAMED]) + more
            raise self._error(f"names {thing} {name!r}, which does not exist: the {thing}s are {known}")
        return names.index(name)

    def _limit(self, name: str) -> Fraction | None:
        value = self._table.get(name)
        return None if value is None else Fraction(self._number(name, value))

    def _number(self, name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise self._error(f"has {name} = {value!r}, which is no number")
        return float(value)
