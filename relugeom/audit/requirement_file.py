"""Requirements on a model: the tables `[[requirements]]` of a domain file.

The one idea: every name, number and combination is checked here, before the work begins, so that a requirement which is
judged at all is one that can be met or broken.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from relugeom.audit.questions import movable_features
from relugeom.audit.required_questions import NOTHING, Required
from relugeom.claims.answer import Population
from relugeom.claims.ball import Norm
from relugeom.claims.requirement import Requirement, RequirementKind
from relugeom.claims.subject import Direction
from relugeom.claims.vnnlib import Property, read_property
from relugeom.data.samples import Samples
from relugeom.errors import DomainError, InputError
from relugeom.files import read_packed_text
from relugeom.geometry.domain import Domain
from relugeom.geometry.domain_spec import is_short, read_domain_document
from relugeom.importers.loading import load_network
from relugeom.network.decision import DecisionRule
from relugeom.network.network import ReLUNetwork
from relugeom.printing import counted
from relugeom.questions.properties import set_of_case
from relugeom.questions.requirements import segment_rows

__all__ = ["read_requirements"]

Thing = TypeVar("Thing")

DIRECTIONS = {"up": Direction.RISES, "down": Direction.FALLS}
SCORES = (RequirementKind.ACCURACY, RequirementKind.AUC, RequirementKind.R2)
ENTRIES: Mapping[RequirementKind, tuple[str, ...]] = {
    RequirementKind.MONOTONE: ("direction", "output"),
    RequirementKind.RANGE: ("lower", "upper"),
    RequirementKind.SAME_DECISION: ("of", "at_most"),
    RequirementKind.DIFFERS_FROM: ("at_most",),
    RequirementKind.NEVER: (),
    RequirementKind.ROBUST: ("norm", "of", "at_least"),
    **dict.fromkeys(SCORES, ("segment",)),
}
"""Entries besides the one that names the kind."""
MOST_NAMED = 8


def read_requirements(spec: str | Path, network: ReLUNetwork, domain: Domain, samples: Samples) -> Required:
    """Requirements of a domain file; none if the domain is given in another way.

    Raises
    ------
    DomainError
        A requirement is of no known kind, names something that does not exist, contradicts itself, or cannot be judged
        on this network, domain and data; the message names the entry.
    """
    if is_short(str(spec)):
        return NOTHING
    document = read_domain_document(spec)
    tables = document.get("requirements", [])
    place = f"domain file {str(spec)!r}: requirements"
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise DomainError(f"{place} must be tables, each written as [[requirements]]")
    scales = scales_of(document, network.feature_names, samples)
    about = _About(network, domain, samples, Path(spec).parent, {}, scales)
    found = [_Entry(table, f"{place}[{number}]", about).read() for number, table in enumerate(tables, 1)]
    return Required(tuple(found), about.others)


def scales_of(document: Mapping[str, Any], names: Sequence[str], samples: Samples) -> tuple[float, ...]:
    """Units of distance of each feature: as a domain file has them, by default the spread in the data."""
    given = {name: entry["scale"] for name, entry in document.get("features", {}).items() if "scale" in entry}
    spread = samples.table.mean_and_spread()[1].tolist()
    return tuple(float(given.get(name, usual)) for name, usual in zip(names, spread, strict=True))


class _About(NamedTuple):
    """What requirements are about, the folder of their file, the networks that were read from there, and scales."""

    network: ReLUNetwork
    domain: Domain
    samples: Samples
    folder: Path
    others: dict[str, ReLUNetwork]
    scales: tuple[float, ...]


class _Entry:
    """One table, and what it is about."""

    def __init__(self, table: Mapping[str, Any], place: str, about: _About) -> None:
        self._table, self._place, self._about = table, place, about
        self._network, self._domain, self._samples = about.network, about.domain, about.samples

    def read(self) -> Requirement:
        """The requirement."""
        kind = self._kind()
        if unknown := sorted(set(self._table) - {kind, *ENTRIES[kind]}):
            known = ", ".join(ENTRIES[kind]) or "no other"
            raise self._error(f"has an unknown entry {unknown[0]!r}: {kind} can have {known}")
        return self._readers()[kind]()

    def _readers(self) -> Mapping[RequirementKind, Callable[[], Requirement]]:
        return {
            RequirementKind.MONOTONE: self._monotone,
            RequirementKind.RANGE: self._range,
            RequirementKind.SAME_DECISION: self._same_decision,
            RequirementKind.DIFFERS_FROM: self._differs_from,
            RequirementKind.NEVER: self._never,
            RequirementKind.ROBUST: self._robust,
            **{score: partial(self._score, score) for score in SCORES},
        }

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
        named = self._table["same_decision"]
        if not isinstance(named, list) or not named:
            raise self._error('must list the features that may not matter: same_decision = ["sex"]')
        population = self._population(Population.DOMAIN)
        self._need_decision("the decision to stay the same")
        protected, share = tuple(sorted({self._feature(name) for name in named})), self._share("at_most")
        kind = RequirementKind.SAME_DECISION
        return Requirement(kind=kind, protected=protected, population=population, at_most=share)

    def _differs_from(self) -> Requirement:
        path, most = self._file("differs_from"), self._number("at_most", self._table.get("at_most"))
        if most < 0:
            raise self._error(f"has at_most = {most}: give a difference of 0 or more")
        other = self._read(load_network, path)
        self._need_sizes(path.name, other.inputs, other.outputs)
        self._about.others[path.name] = other
        return Requirement(kind=RequirementKind.DIFFERS_FROM, file=path.name, at_most=Fraction(most))

    def _never(self) -> Requirement:
        path = self._file("never")
        stated = self._read(_property_in, path)
        self._need_sizes(path.name, stated.inputs, stated.outputs)
        if not stated.cases:
            raise self._error(f"names {path.name}, whose assertions contradict each other: nothing can meet them")
        return Requirement(kind=RequirementKind.NEVER, file=path.name, sets=tuple(map(set_of_case, stated.cases)))

    def _robust(self) -> Requirement:
        radius, norm = self._number("robust", self._table["robust"]), self._table.get("norm", Norm.LINF.value)
        if radius < 0:
            raise self._error(f"has robust = {radius}: give a radius of 0 or more, in scaled units")
        if norm not in [each.value for each in Norm]:
            raise self._error(f"has norm = {norm!r}: give {', '.join(Norm)}")
        population, least = self._population(Population.SAMPLES), float(self._share("at_least", 1.0))
        if population is Population.DOMAIN and "at_least" in self._table:
            raise self._error("has at_least for the domain: leave it out, or ask of samples")
        self._need_decision("decisions to be stable")
        stable = Requirement(kind=RequirementKind.ROBUST, radius=Fraction(radius), norm=Norm(norm), at_least=least)
        return replace(stable, population=population, scales=self._about.scales)

    def _population(self, usual: Population) -> Population:
        of = self._table.get("of", usual.value)
        if of not in [population.value for population in Population]:
            raise self._error(f"has of = {of!r}: give {' or '.join(Population)}")
        return Population(of)

    def _need_sizes(self, name: str, inputs: int, outputs: int) -> None:
        """Refuse a file about networks of another size."""
        if (inputs, outputs) != (self._network.inputs, self._network.outputs):
            raise self._error(
                f"names {name}, which is about {counted(inputs, 'input')} and {counted(outputs, 'output')}; the "
                f"network has {self._network.inputs} and {self._network.outputs}"
            )

    def _file(self, name: str) -> Path:
        """A file that is named in relation to the folder of the domain file."""
        named = self._table[name]
        if not isinstance(named, str) or not named:
            raise self._error(f"has {name} = {named!r}: give the name of a file")
        return self._about.folder / named

    def _read(self, read: Callable[[Path], Thing], path: Path) -> Thing:
        try:
            return read(path)
        except InputError as error:
            raise self._error(f"cannot be judged: {error}") from error

    def _share(self, name: str, usual: float = 0.0) -> Fraction:
        share = self._number(name, self._table.get(name, usual))
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


def _property_in(path: Path) -> Property:
    return read_property(read_packed_text(path))
