"""Whether model, domain, data and report are those of an audit: by the digests that its store has."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from relugeom.data.samples import Samples
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork

if TYPE_CHECKING:
    from relugeom.store.reading import RunTables

__all__ = ["Comparison", "Given", "compare_given", "compare_report"]


class Given(NamedTuple):
    """What an audit should be about; None where nothing was given."""

    network: ReLUNetwork
    domain: Domain | None
    samples: Samples | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found.

    Attributes
    ----------
    compared
        Digests that are as they should be, by what they are of.
    nothing
        What could be compared with nothing.
    differences
        What is not as it should be.
    """

    compared: dict[str, str] = field(default_factory=dict)
    nothing: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


def compare_given(
    given: Given, kept: ReLUNetwork, domain: Domain, named: ReLUNetwork, tables: "RunTables"
) -> Comparison:
    """Compare what was given with the digests of a run.

    Parameters
    ----------
    kept, domain
        The network in the store, and the domain of the check.
    named
        The network that was given, with the names that the data have.
    """
    found, known = Comparison(), dict(tables.provenance)
    for thing, digest in _digests(given, named).items():
        _compare(thing, digest, known, found)
    if kept.digest != given.network.digest or domain.digest != known.get("domain digest"):
        found.differences.append("the network or the domain in the store is not that of the check")
    _compare_names(given.network, kept, found)
    return found


def _digests(given: Given, named: ReLUNetwork) -> dict[str, str | None]:
    return {
        "network": given.network.digest,
        "domain": None if given.domain is None else given.domain.digest,
        "data": None if given.samples is None else _data_digest(given.samples, named),
    }


def _data_digest(samples: Samples, named: ReLUNetwork) -> str:
    from relugeom.store.subjects.datasets import describe_dataset

    names, target = named.feature_names, samples.target_name
    return describe_dataset("", samples.table, names, target_name=target, target=samples.target).digest


def _compare(thing: str, digest: str | None, known: Mapping[str, str], found: Comparison) -> None:
    stored = known.get(f"{thing} digest")
    if digest is None:
        found.nothing.append(thing)
    elif digest != stored:
        found.differences.append(f"the audit is about another {thing}: {stored}, not {digest}")
    else:
        found.compared[thing] = digest


def _compare_names(network: ReLUNetwork, kept: ReLUNetwork, found: Comparison) -> None:
    own, stored = (
        {"inputs": each.input_names, "outputs": each.output_names, "classes": each.rule.class_names}
        for each in (network, kept)
    )
    for thing in own:
        if not own[thing] and stored[thing]:
            found.nothing.append(f"names of {thing}")
        elif own[thing] and own[thing] != stored[thing]:
            found.differences.append(f"the audit has other names of {thing} than the model")
    if replace(network.rule, class_names=()) != replace(kept.rule, class_names=()):
        found.nothing.append("the decision rule, which is not that of the model file")


def compare_report(path: Path, known: Collection[str], found: Comparison) -> None:
    """Compare a report with the digests of those that were written."""
    if not path.is_file():
        found.differences.append(f"there is no {path.name}: `relugeom report` writes it from the store")
        return
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest in known:
        found.compared["report"] = digest
    else:
        found.differences.append(f"{path.name} is not as it was written of this run: it was edited, or is another one")
