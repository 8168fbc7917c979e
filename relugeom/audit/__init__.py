"""The main job: a model and its data in, a store and a report out.

Read `audit` like a table of contents: read, choose the domain, cluster, settle the samples' patterns, enumerate,
prove, count, ask, measure, report. What is found is stored at once, so that a job that is ended early loses no more
than the step under way. The store and the pictures are slow to load, and only the functions that need them do.

Imports every room but the command line: here everything meets. Never computes, queries or draws by itself.
"""

import os
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path

from relugeom.analysis.importance import ClusterImportance, cluster_importance
from relugeom.audit.findings import Findings
from relugeom.audit.inputs import DOMAIN_FILE, ChosenDomain, choose_domain, find_protected, read_inputs
from relugeom.audit.page import report_content
from relugeom.audit.questions import FOLDER, ask_questions
from relugeom.audit.schedule import Schedule, affordable
from relugeom.audit.words import audit_notes, columns_in_words, resumption_in_words, storing_notes
from relugeom.certificate.partition import Certificate, certify_partition
from relugeom.claims.answer import Answer
from relugeom.data.samples import Samples
from relugeom.deadline import Deadline, TimeLimit
from relugeom.errors import CertificateError, InputError
from relugeom.files import make_folder
from relugeom.linalg.arrays import FloatArray, IntArray
from relugeom.network.decision import Decision
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import PatternCensus
from relugeom.partition.clusters import Clusters, cluster_samples
from relugeom.partition.found import SearchProgress
from relugeom.partition.partition import Partition, PartitionStatus, PatternStatus
from relugeom.printing import counted
from relugeom.remarks import warn
from relugeom.report.content import ReportContent
from relugeom.search.enumeration import enumerate_regions
from relugeom.search.feasibility import settle_clusters, take_census

__all__ = [
    "CERTIFICATE",
    "DOMAIN_FILE",
    "AuditResult",
    "ChosenDomain",
    "audit",
    "choose_domain",
    "columns_in_words",
    "read_inputs",
    "report_content",
    "resumption_in_words",
]

CERTIFICATE = "partition.cert"
MOST_CANDIDATES, MOST_DRAWN = 10_000, 50_000
"""Samples from which the search for extreme inputs sets out, and samples that are drawn on maps."""


@dataclass(frozen=True, slots=True, eq=False)
class AuditResult:
    """What an audit found, and where it was written.

    Attributes
    ----------
    statuses
        What the pattern of each cluster is on the domain.
    content
        What the report says.
    run
        Number of the run in the store.
    store, report
        Where they are.
    certificate
        The proof of the list of regions, or None where it could not be proved; the content's notes say which.
    answers
        What was asked of the network on the whole domain; the certificates are in the folder ``proofs``.
    leftover
        One line on what a copy of the store's file would lack, for want of room or because others read it; else empty.
    """

    network: ReLUNetwork
    samples: Samples
    domain: ChosenDomain
    clusters: Clusters
    statuses: Sequence[PatternStatus]
    partition: Partition
    census: PatternCensus
    importance: ClusterImportance
    content: ReportContent
    run: int
    store: str
    report: Path
    certificate: Certificate | None
    answers: Sequence[Answer]
    leftover: str


def audit(
    model: str | Path,
    data: str | Path,
    *,
    layers: Sequence[str] | None = None,
    activations: Sequence[str] | None = None,
    data_url: str | None = None,
    target: str | None = None,
    features: Sequence[str] | None = None,
    ignore: Collection[str] = (),
    decision: Decision | None = None,
    domain: str | None = None,
    store: str | Path | None = None,
    out: str | Path = "audit",
    protected: Sequence[str] = (),
    max_regions: int | None = 1_000_000,
    time_limit: TimeLimit = 120.0,
    threads: int = 1,
    resume: bool = False,
    show_samples: bool = True,
    map_features: Sequence[str] | None = None,
    on_remark: Callable[[str], None] | None = None,
    on_progress: Callable[[str, int | SearchProgress], None] | None = None,
) -> AuditResult:
    """Cluster the samples, list every region of the domain, and write a store and a report.

    Parameters
    ----------
    model, data
        A model file, and a CSV or Parquet file; with a `data_url`, a table or view of that database, or a SELECT.
    layers, activations
        How the layers of a file of tensors follow each other, as `load_network` takes it.
    data_url
        A database, for SQLAlchemy.
    target
        The column that the model should predict.
    features, ignore
        Which columns feed the inputs, and which are left out.
    decision
        How a class follows from the outputs; by default as the model file says.
    domain
        ``box:LO,HI``, ``all``, ``data`` or a TOML file; by default ``domain.toml`` beside the model, else ``data``.
    store
        File name or URL of the store; by default ``audit.db`` in `out`.
    out
        Folder for the store, ``partition.cert`` and ``report.html``; made where it does not exist.
    protected
        Names of features on which a decision should not depend: whether it does is asked, together for all of them.
    max_regions
        How many regions are listed at most; fewer where there is no time to store so many.
    time_limit
        Seconds, or a deadline, for the whole job. Every part has its share (`schedule.py`): the samples' patterns are
        settled first, and what is left out, or cut short, is said in the report. Compiling does not count.
    threads
        How many threads enumerate; a COMPLETE answer does not depend on it.
    resume
        Whether to go on with what an earlier run of the store found on this network and domain.
    show_samples
        Whether the report may show rows of the data: samples on maps, means of very small clusters, inputs of rows.
    map_features
        Names of the two features of the report's map; by default those that move the outputs most.
    on_remark
        Called before the work begins with each choice that was made: which columns, which domain.
    on_progress
        Called now and then with what is being done and how much of it is done.

    Raises
    ------
    InputError
        Something that was given cannot be used; then nothing is written. Where only the page cannot be, the run stays.
    """
    from relugeom.report.region_map import find_features
    from relugeom.store.datasets import describe_dataset
    from relugeom.store.store import open_store

    tell, remark = on_progress or _ignore, on_remark or _ignore
    schedule = Schedule(Deadline.of(time_limit))
    network, samples = read_inputs(
        model,
        data,
        layers=layers,
        activations=activations,
        url=data_url,
        target=target,
        features=features,
        ignore=ignore,
        decision=decision,
        on_remark=on_remark or warn,
        on_progress=lambda done: tell("reading data", done),
    )
    chosen = choose_domain(domain, network, samples, Path(model))
    if map_features is not None:
        find_features(network, map_features)  # refuses names that are none before the work begins
    own = find_protected(network, protected)
    record = describe_dataset(
        samples.name, samples.table, network.feature_names, target_name=target, target=samples.target
    )
    parameters: dict[str, object] = {"model": str(model), "data": str(data), "target": target, "domain": domain}
    if data_url is not None:
        parameters["data_url"] = data_url
    if protected:
        parameters["protected"] = list(protected)
    for name, given in (("layers", layers), ("activations", activations)):
        if given is not None:
            parameters[name] = list(given)
    seconds = schedule.deadline.seconds_left if isinstance(time_limit, Deadline) else time_limit
    limits = {"max_regions": max_regions, "time_limit": None if seconds == inf else seconds}
    place: Path | str
    with _made_folder(Path(out)) as folder:
        report, place = folder / "report.html", folder / "audit.db" if store is None else store
        with (
            open_store(place) as opened,
            opened.run(
                "audit",
                network=network,
                network_name=Path(model).name,
                domain=chosen.domain,
                domain_name=chosen.source,
                dataset=record,
                parameters=parameters | limits,
            ) as run,
        ):
            remark(columns_in_words(network, samples))
            remark(f"domain: {chosen.source}")
            for text in samples.remarks:
                remark(text)
            doubts: list[str] = []
            tell("clustering samples", 0)
            most = affordable(network, schedule.deadline)
            clusters = cluster_samples(
                network,
                samples.table,
                target=samples.coded_target,
                domain=chosen.domain,
                on_remark=doubts.append,
                on_progress=lambda done: tell("clustering samples", done),
            )
            for text in doubts:
                remark(text)
            run.save_notes([f"{text[0].upper()}{text[1:]}." for text in (*samples.remarks, *doubts)])
            importance = cluster_importance(clusters, record.spread)
            run.save_clusters(clusters, importance, told=most.clusters)
            statuses = settle_clusters(
                clusters,
                chosen.domain,
                time_limit=schedule.part("settling"),
                on_progress=lambda done: tell("settling the samples' patterns", done),
            )
            run.save_statuses(statuses)
            tell("enumerating regions", 0)
            known = run.resume() if resume else None
            if resume:
                remark(resumption_in_words(known))
            partition = enumerate_regions(
                network,
                chosen.domain,
                threads=threads,
                max_regions=most.regions if max_regions is None else min(max_regions, most.regions or max_regions),
                time_limit=schedule.part("enumeration"),
                resume=known,
                on_progress=lambda found: tell("enumerating regions", found),
                on_block=run.save_block,
            )
            tell("storing", 0)
            run.save_partition(partition)
            certificate, proof_note = _certify(partition, folder / CERTIFICATE, schedule.part("certificate"), tell)
            with run.step():
                if certificate is not None:
                    run.save_certificate(certificate)
                run.save_notes([proof_note])
            tell("counting patterns", 0)
            census = take_census(partition, time_limit=schedule.part("census"))
            run.save_census(census)
            run.save_notes(
                [*audit_notes(clusters, statuses, partition, census), *storing_notes(clusters, partition, most)]
            )
            tell("asking about the whole domain", 0)
            known_rows = samples.excerpt(MOST_CANDIDATES)
            answers = ask_questions(
                partition,
                samples.table.take(known_rows if show_samples else known_rows[:0]),  # a witness may be one of them
                folder,
                protected=own,
                time_limit=schedule.part("questions"),
                on_progress=lambda done: tell("asking about the whole domain", done),
                on_answers=run.save_answers,
            )
            findings = Findings(run, partition, clusters, samples, importance, folder / FOLDER, schedule=schedule)
            findings.record(tell, show_samples=show_samples)
    tell("writing the report", 0)
    with open_store(place, create=False) as opened:
        content = report_content(
            opened,
            run.id,
            clustered=_excerpt(samples, clusters),
            show_samples=show_samples,
            map_features=map_features,
            time_limit=schedule.part("report"),
        )
    leftover = run.leftover()
    _write_report(content, report, opened.location.text, leftover)
    return AuditResult(
        network=network,
        samples=samples,
        domain=chosen,
        clusters=clusters,
        statuses=statuses,
        partition=partition,
        census=census,
        importance=importance,
        content=content,
        run=run.id,
        store=opened.location.text,
        report=report,
        certificate=certificate,
        answers=answers,
        leftover=leftover,
    )


def _excerpt(samples: Samples, clusters: Clusters) -> tuple[FloatArray, IntArray]:
    """Samples to be drawn, and the cluster of each."""
    rows = samples.excerpt(MOST_DRAWN)
    return samples.table.take(rows), clusters.assignment[rows]


def _certify(
    partition: Partition, path: Path, deadline: Deadline, tell: Callable[[str, int | SearchProgress], None]
) -> tuple[Certificate | None, str]:
    """The proof of a list of regions, and what to say of it."""
    tell("proving regions", 0)
    try:
        certificate = certify_partition(
            partition, path, time_limit=deadline, on_progress=lambda done: tell("proving regions", done)
        )
    except CertificateError as error:
        return None, f"The list of regions is not certified: {error}."
    part = "" if partition.status is PartitionStatus.COMPLETE else " of the part that was searched"
    if certificate.reason:
        part = f" in part: {certificate.reason}"
    return certificate, (
        f"The file {path.name} proves the list of activation regions{part} ({counted(certificate.regions, 'region')}, "
        f"{counted(certificate.proofs, 'proof')}, {certificate.size:,} bytes, SHA-256 {certificate.digest}). It is "
        f"checked without relugeom by the one file checker.py that relugeom comes with: "
        f"python -I -S checker.py {path.name}"
    )


def _write_report(content: ReportContent, path: Path, store: str, leftover: str) -> None:
    """Write the page; the run is finished, and stays even where the page cannot be written."""
    from relugeom.report.html import write_report

    try:
        write_report(content, path)
    except InputError as error:
        raise InputError(
            f"{error}; the run is in the store {store!r}, and `relugeom report` writes its page"
            + (f"; {leftover}" if leftover else "")
        ) from error


@contextmanager
def _made_folder(folder: Path) -> Iterator[Path]:
    """A folder to write to, made where there is none; a new one is taken away again where bad input ends the job.

    What a full disk or a lost server cut short stays, to go on from.
    """
    is_new = not os.path.lexists(folder)
    make_folder(folder)
    try:
        yield folder
    except InputError as error:
        cut_short = error.__cause__ is not None and any(folder.iterdir())
        if is_new and not cut_short:
            shutil.rmtree(folder)
        raise


def _ignore(*_news: object) -> None:
    """Say nothing."""
