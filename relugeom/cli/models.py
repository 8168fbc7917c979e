"""The verbs about one model: `inspect`, `locate`, `graph`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relugeom.audit.inputs import choose_domain
from relugeom.claims.words import point_in_words
from relugeom.cli.model_file import Reading
from relugeom.cli.output import show, show_file
from relugeom.deadline import Deadline
from relugeom.decimals import exact_text, whole_text
from relugeom.graph.active_subnetwork import active_subnetwork
from relugeom.network.decision import decision_in_words
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import patterns_in_words
from relugeom.partition.partition import PatternStatus
from relugeom.report.plain_tables import fact_table
from relugeom.search.locate import Location, locate_pattern

if TYPE_CHECKING:
    from rich.console import RenderableType

__all__ = ["run_graph", "run_inspect", "run_locate"]


def run_inspect(model: str, *, reading: Reading, as_json: bool) -> int:
    """`relugeom inspect`."""
    network = reading.network(model)
    return show(_Inspected(Path(model).name, network), as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Inspected:
    """Contents of a model file, under a title."""

    title: str
    network: ReLUNetwork
    status = None

    def as_json(self) -> dict[str, Any]:
        facts, network = self._facts(), self.network
        return facts | {"network": network.digest, "names": network.names_digest}  # the facts have older names of both

    def as_parts(self) -> "list[RenderableType]":
        return [fact_table(self.title, [(key.replace("_", " "), _text(fact)) for key, fact in self._facts().items()])]

    def _facts(self) -> dict[str, Any]:
        network = self.network
        return {
            "inputs": network.inputs,
            "input_names": list(network.feature_names),
            "hidden_layers": list(network.widths),
            "units": network.units,
            "patterns": patterns_in_words(network.units),
            "outputs": network.outputs,
            "output_names": list(network.target_names),
            "squashing": network.squashing.value,
            "decision": decision_in_words(network.rule),
            "format": network.origin.source,
            "precision": network.origin.precision,
            "rounded_weights": network.origin.rounded_count,
            "digest": network.digest,
            "names_digest": network.names_digest,
        }


def _text(fact: Any) -> str:
    return (", ".join(map(str, fact)) or "none") if isinstance(fact, list) else str(fact)


def run_locate(
    model: str, pattern: str, domain: str | None, *, time_limit: float, reading: Reading, as_json: bool
) -> int:
    """`relugeom locate`."""
    deadline = Deadline.of(time_limit)
    network = reading.network(model)
    chosen = choose_domain(domain, network, None, Path(model))
    location = locate_pattern(network, chosen.domain, pattern, time_limit=deadline)
    return show(_Located(network, location, chosen.source), as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Located:
    """Status of a pattern on a domain."""

    network: ReLUNetwork
    location: Location
    domain: str

    @property
    def status(self) -> str:
        return self.location.status

    def as_json(self) -> dict[str, Any]:
        return _location_json(self.network, self.location, self.domain)

    def as_parts(self) -> "list[RenderableType]":
        facts = _location_facts(self.network, self.location, self.domain)
        return [fact_table(f"Pattern {self.location.pattern}", facts)]


def _location_json(network: ReLUNetwork, location: Location, domain: str) -> dict[str, Any]:
    names = network.feature_names
    ball = location.ball
    return {
        "status": location.status.value,
        "reason": location.reason,
        "pattern": str(location.pattern),
        "domain": domain,
        "point": None if location.point is None else dict(zip(names, location.point.tolist(), strict=True)),
        "exact_point": None
        if location.exact_point is None
        else dict(zip(names, map(exact_text, location.exact_point), strict=True)),
        "ball": None
        if ball is None
        else {"centre": dict(zip(names, ball.centre.tolist(), strict=True)), "radius": ball.radius},
        "proof": [
            {"row": term.name, "multiplier": whole_text(term.value), "form": [whole_text(entry) for entry in term.form]}
            for term in location.proof
        ],
        "network": network.digest,
        "seconds": location.seconds,
    }


def _location_facts(network: ReLUNetwork, location: Location, domain: str) -> Iterator[tuple[str, str]]:
    yield "Status", location.status.value
    yield "Domain", domain
    if location.reason:
        yield "Reason", location.reason
    if location.point is not None:
        yield "Input that has it", point_in_words(network.feature_names, location.point.tolist())
    if location.ball is not None:
        radius = location.ball.radius
        yield "Largest ball", "balls of every radius fit" if radius is None else f"radius {radius:.6g}"
    if location.proof:
        what = "no input has it" if location.status is PatternStatus.INFEASIBLE else "it has no interior"
        rows = ", ".join(term.name for term in location.proof)
        yield "Why", f"{what}, because a positive combination of these rows is nowhere positive: {rows}"
        yield "Proof", "--json prints the rows and their integer multipliers"


def run_graph(model: str, pattern: str, out: str, *, prune_unreached: bool, reading: Reading, as_json: bool) -> int:
    """`relugeom graph`."""
    from relugeom.report.graph_files import check_graph_file, write_graph_file  # slow to load

    check_graph_file(out)
    network = reading.network(model)
    graph = active_subnetwork(network, pattern, prune_unreached=prune_unreached)
    write_graph_file(graph, out)
    facts = {"file": out, "nodes": len(graph), "arcs": graph.number_of_edges(), "network": network.digest}
    return show_file(facts, f"{out}: {facts['nodes']:,} nodes, {facts['arcs']:,} arcs", as_json=as_json)
