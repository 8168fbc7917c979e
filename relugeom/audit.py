"""The main job: a model and its data in, a store and a report out.

Read `audit` like a table of contents: read, choose the domain, cluster, settle the samples' patterns, enumerate,
count, measure importance, store, report.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from relugeom.analysis.importance import ClusterImportance, cluster_importance
from relugeom.data.samples import Samples, read_samples
from relugeom.errors import InputError
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain
from relugeom.geometry.domain_spec import load_domain
from relugeom.network.importers import load_network
from relugeom.network.network import ReLUNetwork
from relugeom.network.rounding import rounding_bound
from relugeom.partition.census import PatternCensus
from relugeom.partition.clusters import Clusters, cluster_samples
from relugeom.partition.enumeration import enumerate_regions
from relugeom.partition.feasibility import settle_clusters, take_census
from relugeom.partition.partition import Partition, PartitionStatus, PatternStatus
from relugeom.report.content import ReportContent
from relugeom.report.html import write_report
from relugeom.store.datasets import describe_dataset
from relugeom.store.queries import RunTables, read_run
from relugeom.store.store import Store, open_store

__all__ = ["AuditResult", "ChosenDomain", "audit", "choose_domain", "named_network", "report_content"]

DOMAIN_FILE = "domain.toml"

Progress = Callable[[str, int], None]
"""Called with what is being done and how much of it is done."""


@dataclass(frozen=True, slots=True, eq=False)
class ChosenDomain:
    """A domain, and in words where it comes from."""

    domain: Domain
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class AuditResult:
    """What an audit found, and where it was written.

    Attributes
    ----------
    verdicts
        What the pattern of each cluster is on the domain.
    content
        What the report says.
    run
        Number of the run in the store.
    store, report
        Where they are.
    """

    network: ReLUNetwork
    samples: Samples
    domain: ChosenDomain
    clusters: Clusters
    verdicts: Sequence[PatternStatus]
    partition: Partition
    census: PatternCensus
    importance: ClusterImportance
    content: ReportContent
    run: int
    store: str
    report: Path


def audit(
    model: str | Path,
    data: str | Path,
    *,
    target: str | None = None,
    features: Sequence[str] | None = None,
    ignore: Collection[str] = (),
    domain: str | None = None,
    store: str | Path | None = None,
    out: str | Path = "audit",
    max_regions: int | None = 1_000_000,
    time_limit: float | None = 600.0,
    threads: int = 1,
    on_progress: Progress | None = None,
) -> AuditResult:
    """Cluster the samples, list every region of the domain, and write a store and a report.

    Parameters
    ----------
    model, data
        A model file and a CSV file.
    target
        The column that the model should predict.
    features, ignore
        Which columns feed the inputs, and which are left out.
    domain
        ``box:LO,HI``, ``all``, ``data`` or a TOML file; by default ``domain.toml`` beside the model, else ``data``.
    store
        File name or URL of the store; by default ``audit.db`` in `out`.
    out
        Folder for the store and ``report.html``; made where it does not exist.
    max_regions, time_limit
        Limits of the enumeration, which then is TRUNCATED. The samples' patterns are settled before it.
    on_progress
        Called now and then with what is being done and how much of it is done.

    Raises
    ------
    InputError
        Something that was given cannot be used; then nothing is written.
    """
    tell = on_progress or _silent
    network, samples = read_inputs(model, data, target=target, features=features, ignore=ignore)
    chosen = choose_domain(domain, network, samples, Path(model))
    domain_chart(chosen.domain)  # refuses an empty domain before anything is written
    folder = _make_folder(Path(out))
    parameters: dict[str, Any] = {"model": str(model), "data": str(data), "target": target}
    parameters |= {"domain": chosen.source, "max_regions": max_regions, "time_limit": time_limit}
    record = describe_dataset(samples.name, samples.X, network.feature_names, target_name=target, target=samples.target)
    with open_store(folder / "audit.db" if store is None else store) as opened:
        with opened.run(
            "audit",
            network=network,
            network_name=Path(model).name,
            domain=chosen.domain,
            domain_name=chosen.source,
            dataset=record,
            parameters=parameters,
        ) as run:
            tell("clustering samples", 0)
            clusters = cluster_samples(network, samples.X, target=samples.target, domain=chosen.domain)
            verdicts = settle_clusters(
                clusters, chosen.domain, on_progress=lambda done: tell("settling the samples' patterns", done)
            )
            partition = enumerate_regions(
                network,
                chosen.domain,
                threads=threads,
                max_regions=max_regions,
                time_limit=time_limit,
                on_progress=lambda found: tell("enumerating regions", found),
            )
            tell("counting patterns", 0)
            census = take_census(partition, time_limit=time_limit)
            tell("measuring importance", 0)
            importance = cluster_importance(clusters, samples.X.std(axis=0))
            tell("storing", 0)
            run.save_partition(partition)
            run.save_clusters(clusters, importance, verdicts=verdicts)
            run.save_census(census)
            run.save_notes(audit_notes(network, chosen.domain, clusters, partition, census))
        tell("writing the report", 0)
        content = report_content(opened, run.id)
        location = opened.location.text
    write_report(content, folder / "report.html")
    return AuditResult(
        network=network,
        samples=samples,
        domain=chosen,
        clusters=clusters,
        verdicts=verdicts,
        partition=partition,
        census=census,
        importance=importance,
        content=content,
        run=run.id,
        store=location,
        report=folder / "report.html",
    )


def read_inputs(
    model: str | Path,
    data: str | Path,
    *,
    target: str | None = None,
    features: Sequence[str] | None = None,
    ignore: Collection[str] = (),
) -> tuple[ReLUNetwork, Samples]:
    """A model and its samples; a model that names no inputs takes the names of the columns."""
    network = load_network(model)
    samples = read_samples(
        data, inputs=network.inputs, input_names=network.input_names, target=target, features=features, ignore=ignore
    )
    return named_network(network, samples), samples


def named_network(network: ReLUNetwork, samples: Samples) -> ReLUNetwork:
    """The network with the names of the columns where the model names no inputs."""
    return network if network.input_names else network.with_inputs(samples.columns)


def choose_domain(spec: str | None, network: ReLUNetwork, samples: Samples | None, model: Path) -> ChosenDomain:
    """The domain that was asked for; without a word, the file beside the model, else the range of the data."""
    beside = model.parent / DOMAIN_FILE
    if spec is None and beside.is_file():
        return ChosenDomain(load_domain(beside, network), f"{beside.name} beside the model")
    if spec is None and samples is None:
        raise InputError(f"say which domain with --domain: box:LO,HI, all, or a TOML file like {DOMAIN_FILE}")
    domain = load_domain(spec or "data", network, data=None if samples is None else samples.X)
    names = {"data": "the range of the data", "all": "all of R^n"}
    return ChosenDomain(domain, names.get(spec or "data", str(spec)))


def report_content(store: Store, run: int | None = None) -> ReportContent:
    """What the report of a run says; by default of the latest finished one."""
    tables = read_run(store, run)
    return ReportContent(
        title=f"Audit of {tables.network.get('file', 'a network')}",
        summary=_summary(tables),
        network=tables.network,
        domain=tables.domain,
        census=tables.census,
        clusters=tables.clusters,
        profiles=tables.profiles,
        importance=tables.importance,
        patterns=tables.patterns,
        provenance=tables.provenance,
        constraints=tables.constraints,
        notes=tables.notes,
    )


def audit_notes(
    network: ReLUNetwork, domain: Domain, clusters: Clusters, partition: Partition, census: PatternCensus
) -> list[str]:
    """Limits and remarks, one sentence each."""
    notes = [
        "Counted are activation regions: patterns whose set of inputs has an interior in the domain's affine hull."
    ]
    if partition.status is PartitionStatus.TRUNCATED:
        notes.append(
            f"The list of regions is truncated: {partition.reason}; the clusters' patterns are settled all the same."
        )
    if not census.lower_complete:
        notes.append("Lower-dimensional patterns were not searched for; only those of admissible inputs are listed.")
    outside = int((~clusters.inside).sum())
    if outside:
        notes.append(f"{outside:,} samples lie outside the domain: they stay in their clusters and cover no region.")
    doubtful = int(clusters.float32_doubtful.sum())
    if doubtful and network.origin.precision == "float32":
        notes.append(
            f"{doubtful:,} samples lie so near a unit's boundary that the float32 model may see another pattern."
        )
    if network.origin.rounded_count:
        bound = float(np.max(rounding_bound(network, domain.lower, domain.upper)))
        notes.append(
            f"{network.origin.rounded_count:,} weights had to be computed by the importer and were rounded once to "
            f"float64; on the domain this changes no output by more than {bound:.2g}."
        )
    return notes


def _summary(tables: RunTables) -> Mapping[str, str]:
    counts = dict(zip(tables.census["patterns"], tables.census["count"], strict=True))
    samples = int(tables.clusters["samples"].sum()) if len(tables.clusters) else 0
    summary = {"Run": str(tables.run), "Status": tables.provenance.get("status", "")}
    if samples:
        summary["Samples"] = f"{samples:,} in {len(tables.clusters):,} clusters"
    summary["Activation regions"] = str(counts.get("regions", "not known"))
    return summary


def _make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder {str(folder)!r} cannot be made: {error.strerror}") from None
    return folder


def _silent(_stage: str, _done: int) -> None:
    """Say nothing."""
