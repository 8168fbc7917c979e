"""Whether model, domain, data and report are those of an audit: by the digests that its store has."""

import hashlib
import re
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

CONTENT = re.compile(rb"\b\d{4}:[0-9a-f]{64}\b")
"""The digest of a store's content, as reports print it."""


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


def compare_report(path: Path, known: Collection[str], content: str, found: Comparison) -> None:
    """Compare a report with the digests of those that were written, and the store with the digest in the report.

    Parameters
    ----------
    content
        Digest of what the store says now, after its schema and a colon.
    """
    if not path.is_file():
        found.differences.append(f"there is no {path.name}: `relugeom report` writes it from the store")
        return
    page = path.read_bytes()
    digest = hashlib.sha256(page).hexdigest()
    if digest not in known:
        found.differences.append(f"{path.name} is not as it was written of this run: it was edited, or is another one")
        return
    found.compared["report"] = digest
    _compare_store(content, {each.decode() for each in CONTENT.findall(page)}, path.name, found)


def _compare_store(content: str, printed: set[str], page: str, found: Comparison) -> None:
    """Compare what the store says with the digest that a report has of it."""
    schema = content.partition(":")[0]
    if content in printed:
        found.compared["store"] = content
    elif any(each.partition(":")[0] == schema for each in printed):
        found.differences.append(f"the store was changed after {page} was written: its digest is {content}")
    else:
        found.nothing.append(f"the store, which has no digest of schema {schema} in {page}")
