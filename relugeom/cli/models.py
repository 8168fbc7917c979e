"""The verbs that need a model and a domain: inspect, enumerate, locate, graph."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relugeom.audit import ChosenDomain, choose_domain, resumption_in_words
from relugeom.cli.measuring import measure_partition
from relugeom.cli.model_file import Reading
from relugeom.cli.output import is_whole, print_json, print_parts, progress, tell
from relugeom.deadline import Deadline
from relugeom.errors import InputError
from relugeom.graph.active_subnetwork import active_subnetwork
from relugeom.graph.export import GRAPH_SUFFIXES, write_graph
from relugeom.network.decision import DecisionRule
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import patterns_in_words
from relugeom.partition.partition import PartitionStatus, PatternStatus
from relugeom.partition.tree import unexplored_prefixes
from relugeom.printing import counted
from relugeom.report.plain_tables import fact_table
from relugeom.search.enumeration import enumerate_regions
from relugeom.search.locate import Location, locate_pattern

if TYPE_CHECKING:
    from relugeom.store.runs import Run

__all__ = ["run_enumerate", "run_graph", "run_inspect", "run_locate"]

TRUNCATED = 3
NOT_A_REGION = 1
LOCATED = {PatternStatus.REGION: 0, PatternStatus.UNKNOWN: TRUNCATED}
SEARCHING = 0.5
"""Part of the time for the search, where the regions are measured too."""
MAX_PREFIXES = 4
"""Unexplored parts of the tree that are named; of more, only their number is told."""


def run_inspect(model: str, *, reading: Reading, as_json: bool) -> int:
    """`relugeom inspect`."""
    network = reading.network(model)
    facts = describe_network(network)
    if as_json:
        print_json(facts)
    else:
        print_parts([fact_table(Path(model).name, {label.replace("_", " "): _text(facts[label]) for label in facts})])
    return 0


def _text(fact: Any) -> str:
    return (", ".join(map(str, fact)) or "none") if isinstance(fact, list) else str(fact)


def describe_network(network: ReLUNetwork) -> dict[str, Any]:
    """What `inspect` says."""
    rule = network.rule
    decision = {
        DecisionRule.NONE: "none",
        DecisionRule.THRESHOLD: f"class 1 where the output before squashing exceeds {rule.upper:g}",
        DecisionRule.ARGMAX: "the class of the largest output",
    }[rule.rule]
    return {
        "inputs": network.inputs,
        "input_names": list(network.feature_names),
        "hidden_layers": list(network.widths),
        "units": network.units,
        "patterns": patterns_in_words(network.units),
        "outputs": network.outputs,
        "output_names": list(network.target_names),
        "squashing": network.squashing.value,
        "decision": decision,
        "format": network.origin.source,
        "precision": network.origin.precision,
        "rounded_weights": network.origin.rounded_count,
        "digest": network.digest,
        "names_digest": network.names_digest,
    }


def run_enumerate(
    model: str,
    domain: str | None,
    *,
    max_regions: int,
    time_limit: float,
    threads: int,
    store: str | None,
    resume: bool,
    measure: bool,
    reading: Reading,
    as_json: bool,
) -> int:
    """`relugeom enumerate`."""
    deadline = Deadline.of(time_limit)
    cores = os.cpu_count() or 1
    if threads > cores:
        tell(f"--threads {threads}: this machine has {cores} cores, more threads than that do not help")
    if resume and store is None:
        raise InputError("--resume goes on with what a store holds: say which, with --store")
    network = reading.network(model)
    chosen = choose_domain(domain, network, None, Path(model))
    limits: dict[str, Any] = {"max_regions": max_regions, "time_limit": time_limit}
    with _recorded(store, network, chosen, {"model": model, "domain": domain} | limits) as run, progress() as report:
        known = run.resume() if resume and run is not None else None
        if resume:
            tell(resumption_in_words(known))
        partition = enumerate_regions(
            network,
            chosen.domain,
            threads=threads,
            resume=known,
            on_progress=partial(report, "enumerating regions"),
            on_block=None if run is None else run.save_block,
            max_regions=max_regions,
            time_limit=deadline.share(SEARCHING) if measure else deadline,
        )
        if run is not None:
            run.save_partition(partition)
        measured, measures, finished = measure_partition(partition, deadline, report) if measure else ({}, {}, True)
    unexplored = unexplored_prefixes(partition)
    if as_json:
        print_json(
            {
                "status": partition.status.value,
                "reason": partition.reason,
                "regions": len(partition),
                "inputs": network.inputs,
                "units": network.units,
                "dimension": partition.dimension,
                "domain": chosen.source,
                "seconds": partition.seconds,
                "network": network.digest,
                "run": None if run is None else run.id,
                "unexplored": unexplored,
                **measures,
            }
        )
    else:
        found = f"{counted(len(partition), 'activation region')} of {patterns_in_words(network.units)} patterns"
        facts = {"Domain": chosen.source, "Found": found, "Status": partition.status.value}
        if partition.reason:
            facts["Reason"] = partition.reason
        if unexplored:
            facts["Unexplored"] = _unexplored_in_words(unexplored)
        facts |= measured
        facts["Time"] = f"{partition.seconds:.3g} s"
        if run is not None:
            facts["Store"] = f"run {run.id} in {run.location.text}"
        print_parts([fact_table(f"Activation regions of {Path(model).name}", facts)])
    whole = run is None or is_whole(run.leftover())
    return 0 if whole and finished and partition.status is PartitionStatus.COMPLETE else TRUNCATED


def _unexplored_in_words(prefixes: list[str]) -> str:
    if prefixes == [""]:
        return "everything"
    shown = ", ".join(f"{prefix}…" for prefix in prefixes[:MAX_PREFIXES])
    more = f" and {len(prefixes) - MAX_PREFIXES:,} more beginnings" if len(prefixes) > MAX_PREFIXES else ""
    return f"patterns that begin with {shown}{more}"


@contextmanager
def _recorded(
    store: str | None, network: ReLUNetwork, chosen: ChosenDomain, parameters: Mapping[str, Any]
) -> "Iterator[Run | None]":
    """A run of the store that was asked for, open before the search begins; None where none was."""
    if store is None:
        yield None
        return
    from relugeom.store.store import open_store

    with (
        open_store(store) as opened,
        opened.run(
            "enumerate",
            network=network,
            network_name=Path(parameters["model"]).name,
            domain=chosen.domain,
            domain_name=chosen.source,
            parameters=parameters,
        ) as run,
    ):
        yield run


def run_locate(
    model: str, pattern: str, domain: str | None, *, time_limit: float, reading: Reading, as_json: bool
) -> int:
    """`relugeom locate`."""
    deadline = Deadline.of(time_limit)
    network = reading.network(model)
    chosen = choose_domain(domain, network, None, Path(model))
    location = locate_pattern(network, chosen.domain, pattern, time_limit=deadline)
    if as_json:
        print_json(_location_json(network, location, chosen.source))
    else:
        print_parts([fact_table(f"Pattern {location.pattern}", _location_facts(network, location, chosen.source))])
    return LOCATED.get(location.status, NOT_A_REGION)


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
        else dict(zip(names, map(str, location.exact_point), strict=True)),
        "ball": None
        if ball is None
        else {"centre": dict(zip(names, ball.centre.tolist(), strict=True)), "radius": ball.radius},
        "proof": [
            {"row": term.name, "multiplier": str(term.value), "form": [str(entry) for entry in term.form]}
            for term in location.proof
        ],
        "network": network.digest,
    }


def _location_facts(network: ReLUNetwork, location: Location, domain: str) -> dict[str, str]:
    facts = {"Status": location.status.value, "Domain": domain}
    if location.reason:
        facts["Reason"] = location.reason
    if location.point is not None:
        pairs = zip(network.feature_names, location.point.tolist(), strict=True)
        facts["An input that has it"] = ", ".join(f"{name} = {value:.6g}" for name, value in pairs)
    if location.ball is not None:
        radius = location.ball.radius
        facts["Largest ball"] = "balls of every radius fit" if radius is None else f"radius {radius:.6g}"
    if location.proof:
        what = "no input has it" if location.status is PatternStatus.INFEASIBLE else "it has no interior"
        rows = ", ".join(term.name for term in location.proof)
        facts["Why"] = f"{what}, for a positive combination of these rows is nowhere positive: {rows}"
        facts["Proof"] = "--json prints the rows and their integer multipliers"
    return facts


def run_graph(model: str, pattern: str, out: str, *, prune_unreached: bool, reading: Reading, as_json: bool) -> int:
    """`relugeom graph`."""
    from relugeom.report.graph_drawing import PICTURE_SUFFIXES, write_drawing

    suffix = Path(out).suffix.lower()
    if suffix not in (*GRAPH_SUFFIXES, *PICTURE_SUFFIXES):
        known = ", ".join((*GRAPH_SUFFIXES, *PICTURE_SUFFIXES))
        raise InputError(f"--out {out!r}: a graph is written as {known}")
    network = reading.network(model)
    graph = active_subnetwork(network, pattern, prune_unreached=prune_unreached)
    write = write_graph if suffix in GRAPH_SUFFIXES else write_drawing
    write(graph, out)
    if as_json:
        print_json({"file": out, "nodes": len(graph), "arcs": graph.number_of_edges(), "network": network.digest})
    else:
        tell(f"{out}: {len(graph):,} nodes, {graph.number_of_edges():,} arcs")
    return 0
