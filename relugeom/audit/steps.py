"""The steps of an audit, one function each: findings are saved at once, and cut short when time is over.

A job that is ended early loses no more than the step in progress. The store and the pictures are slow to load, so only
the functions that need them do so.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from relugeom.analysis.importance import cluster_importance
from relugeom.analysis.sample_ranges import SampleRange, sample_ranges
from relugeom.audit.allowance import allowance_in_words
from relugeom.audit.data_first import list_data_first
from relugeom.audit.findings import Findings
from relugeom.audit.inputs import (
    ChosenDomain,
    choose_domain,
    cluster_inputs,
    find_features,
    find_protected,
    read_inputs,
)
from relugeom.audit.job import Found, Grouped, Inputs, Job, Listeners
from relugeom.audit.page import report_content
from relugeom.audit.questions import PROOFS, ask_questions
from relugeom.audit.request import AuditRequest
from relugeom.audit.requirement_file import read_requirements
from relugeom.audit.result import AuditResult
from relugeom.audit.schedule import share_time
from relugeom.audit.search_plan import WHOLE_TIME, Listing, SearchLimits, SearchPlan, plan_search
from relugeom.audit.words import audit_notes, columns_in_words, resumption_in_words, storing_notes
from relugeom.certificate.partition import Certificate, certify_partition
from relugeom.certificate.proof_file import ProofFile
from relugeom.claims.answer import Answer
from relugeom.data.samples import Samples
from relugeom.deadline import CLOCK, Deadline
from relugeom.defaults import MOST_REGIONS
from relugeom.errors import CertificateError, InputError
from relugeom.files import make_folder
from relugeom.linalg.arrays import FloatArray
from relugeom.network.network import ReLUNetwork
from relugeom.partition.census import PatternCensus
from relugeom.partition.clusters import Clusters
from relugeom.partition.partition import Partition, PartitionStatus, PatternStatus
from relugeom.printing import counted, sentence
from relugeom.report.content import ReportContent
from relugeom.search.enumeration import INTERRUPTED, enumerate_regions
from relugeom.search.feasibility import settle_clusters, take_census
from relugeom.store.records import Answers, ClusterRecord, ClusterStatuses, Notes, PartitionRecord

if TYPE_CHECKING:
    from relugeom.store.run import Run
    from relugeom.store.store import Store
    from relugeom.store.subjects.datasets import DatasetRecord

__all__ = [
    "CERTIFICATE",
    "Page",
    "ask",
    "begin",
    "count_patterns",
    "group_samples",
    "list_regions",
    "measure",
    "prove_regions",
    "settle_patterns",
    "sum_up",
    "tell_choices",
    "write_page",
]

CERTIFICATE, STORE, REPORT = "partition.cert", "audit.db", "report.html"
"""Files in the folder of an audit."""


class Page(NamedTuple):
    """The report, its location and that of the store, and what a copy of the store's file would lack."""

    content: ReportContent
    path: Path
    store: str
    leftover: str


def _read_inputs(request: AuditRequest, listeners: Listeners) -> Inputs:
    """Read the inputs of the audit; refuse unusable ones before anything is written."""
    reading = partial(listeners.tell, "reading data")
    network, samples = read_inputs(request, on_remark=listeners.doubt, on_progress=reading)
    domain = choose_domain(request.domain, network, samples, Path(request.model))
    if request.map_features is not None:
        find_features(network, request.map_features)
    protected = find_protected(network, request.protected)
    required = read_requirements(domain.spec, network, domain.domain, samples)
    return Inputs(network, samples, domain, protected, required, _described(request, network, samples))


def _described(request: AuditRequest, network: ReLUNetwork, samples: Samples) -> "DatasetRecord":
    """What the store keeps of the samples."""
    from relugeom.store.subjects.datasets import describe_dataset

    return describe_dataset(
        samples.name, samples.table, network.feature_names, target_name=request.target, target=samples.target
    )


@contextmanager
def _made_folder(folder: Path) -> Iterator[Path]:
    """Make a folder to write to if there is none; a new one is removed again if bad input ends the job.

    A job that a full disk or a lost server cut short keeps it, to continue from.
    """
    is_new = not os.path.lexists(folder)
    make_folder(folder)
    try:
        yield folder
    except InputError as error:
        if is_new and (error.__cause__ is None or not any(folder.iterdir())):  # else it was cut short
            shutil.rmtree(folder)
        raise


@contextmanager
def begin(request: AuditRequest, listeners: Listeners) -> Iterator[Job]:
    """Read the inputs, then make a folder and begin a run; do neither if the inputs cannot be used."""
    from relugeom.store.store import open_store

    began, deadline = CLOCK.now(), Deadline.of(request.budget.time_limit)
    inputs = _read_inputs(request, listeners)
    with _made_folder(Path(request.out)) as folder:
        place: Path | str = folder / STORE if request.store is None else request.store
        with open_store(place, waits=request.budget.storing) as store, _begin_run(store, request, inputs) as run:
            most, schedule = share_time(inputs.network, len(inputs.samples), deadline, request.budget.shares)
            proofs = ProofFile(folder / PROOFS, inputs.network)
            yield Job(request, inputs, schedule, most, listeners, folder, proofs, place, run, began)


def _begin_run(store: "Store", request: AuditRequest, inputs: Inputs) -> AbstractContextManager["Run"]:
    """Begin a run of the store, with its request and budget."""
    return store.run(
        "audit",
        network=inputs.network,
        network_name=Path(request.model).name,
        domain=inputs.domain.domain,
        domain_name=inputs.domain.source,
        dataset=inputs.record,
        parameters=request.parameters() | request.budget.parameters() | _told(inputs.domain),
    )


def _told(chosen: ChosenDomain) -> dict[str, object]:
    """What the store keeps of the model besides the network: the words of its owner."""
    return {"model_facts": dict(chosen.model_facts)} if chosen.model_facts else {}


def tell_choices(job: Job) -> None:
    """Report which columns and which domain were taken, and what the time limit buys."""
    inputs, samples = job.inputs, job.inputs.samples
    chosen = columns_in_words(inputs.network, samples), f"domain: {inputs.domain.source}", *samples.remarks
    for text in (*chosen, allowance_in_words(inputs, job.request.budget)):
        job.listeners.remark(text)


def group_samples(job: Job) -> Grouped:
    """Cluster the samples, and compute the importance of each feature in the clusters."""
    inputs, samples = job.inputs, job.inputs.samples
    counting = job.listeners.counting("clustering samples")
    clusters, doubts = cluster_inputs(inputs.network, samples, inputs.domain, on_progress=counting)
    for text in doubts:
        job.listeners.remark(text)
    job.run.save(Notes([*map(sentence, (*samples.remarks, *doubts))]))
    most = None if len(clusters) <= job.request.budget.counts.regions else job.most.clusters
    importance = cluster_importance(clusters, inputs.record.spread, most=most)
    job.run.save(ClusterRecord(clusters, importance, told=job.most.clusters))
    return Grouped(clusters, importance, sample_ranges(inputs.network, samples.table, clusters.inside))


def settle_patterns(job: Job, clusters: Clusters) -> list[PatternStatus]:
    """Settle the status of each cluster's pattern on the domain."""
    statuses = settle_clusters(
        clusters,
        job.inputs.domain.domain,
        time_limit=job.schedule.part("settling"),
        on_progress=lambda done: job.listeners.tell("settling the samples' patterns", done),
    )
    job.run.save(ClusterStatuses(statuses))
    return statuses


def list_regions(job: Job, clusters: Clusters, statuses: list[PatternStatus]) -> tuple[Listing, Partition]:
    """List every activation region of the domain, or the first of them, or those that hold samples."""
    job.listeners.tell("enumerating regions", 0)
    listing, partition = _found_regions(job, clusters, statuses)
    job.listeners.tell("storing", 0)
    job.run.save(PartitionRecord(partition, maps=partition.status is PartitionStatus.COMPLETE))
    if partition.reason == INTERRUPTED:  # the search gives what it has found, but the user wants the audit to end
        raise KeyboardInterrupt
    return listing, partition


def _found_regions(job: Job, clusters: Clusters, statuses: list[PatternStatus]) -> tuple[Listing, Partition]:
    """The regions that the plan lists; without samples inside the domain, the search takes a part of its time."""
    known, whole = _find_known(job), job.schedule.part("enumeration")
    most = min((most for most in (job.request.budget.max_regions, job.most.regions) if most is not None), default=None)
    plan = _plan_search(job, whole, most, resumes=known is not None)
    if plan.remark:
        job.listeners.remark(plan.remark)
    if plan.listing is not Listing.ALL and PatternStatus.REGION in statuses:
        return plan.listing, list_data_first(job, clusters, statuses, plan.listing, whole)
    if plan.part == 1.0:
        return plan.listing, _search(job, known, most, whole)
    return plan.listing, _search(job, known, _few(job, most), whole.share(plan.part))


def _few(job: Job, most: int | None) -> int | None:
    """Most regions of a list that cannot be finished, so that the store stays small unless more are asked for."""
    asked = job.request.budget.max_regions
    return most if asked is not None and asked != MOST_REGIONS else min(most or job.most.prefix, job.most.prefix)


def _search(job: Job, known: Partition | None, most: int | None, deadline: Deadline) -> Partition:
    """Search for regions, as many as may be listed and can be stored; blocks of them are stored as they are found."""
    budget = job.request.budget
    return enumerate_regions(
        job.inputs.network,
        job.inputs.domain.domain,
        threads=budget.threads,
        max_regions=most,
        time_limit=deadline,
        resume=known,
        budget=budget.search,
        on_progress=lambda found: job.listeners.tell("enumerating regions", found),
        on_block=job.run.save,
    )


def _plan_search(job: Job, whole: Deadline, most: int | None, *, resumes: bool) -> SearchPlan:
    """What was asked for, or else what can be done."""
    if resumes or job.request.regions == Listing.ALL:
        return WHOLE_TIME
    if job.request.regions in (Listing.OBSERVED, Listing.NEIGHBOURS):
        return SearchPlan(1.0, "", Listing(job.request.regions))
    asked = job.request.budget.max_regions
    room = job.most.room if asked in (None, MOST_REGIONS) else None
    limits = SearchLimits(job.schedule.deadline, whole.seconds_left, most, job.request.budget.threads, room)
    return plan_search(job.inputs.network, job.inputs.domain.domain, limits)


def _find_known(job: Job) -> Partition | None:
    """Partition of an earlier run, if that is asked for."""
    if not job.request.resume:
        return None
    known = job.run.resume()
    job.listeners.remark(resumption_in_words(known))
    return known


def prove_regions(job: Job, partition: Partition) -> Certificate | None:
    """Prove the list of regions; None if it is not complete, or cannot be proved."""
    if partition.status is not PartitionStatus.COMPLETE:
        job.run.save(Notes(["A list of regions that is not complete is not certified; `relugeom certify` does so."]))
        return None
    try:
        certificate = _certify(job, partition)
    except CertificateError as error:
        job.run.save(Notes([f"The list of regions is not certified: {error}."]))
        return None
    with job.run.step():
        job.run.save(certificate)
        job.run.save(Notes([_proof_in_words(certificate)]))
    return certificate


def _certify(job: Job, partition: Partition) -> Certificate:
    return certify_partition(
        partition,
        job.folder / CERTIFICATE,
        time_limit=job.schedule.part("certificate"),
        pace=job.request.budget.proving,
        on_progress=job.listeners.counting("proving regions"),
    )


def _proof_in_words(certificate: Certificate) -> str:
    part = f" in part: {certificate.reason}" if certificate.reason else ""
    name = certificate.path.name
    return (
        f"The file {name} proves the list of activation regions{part} ({counted(certificate.regions, 'region')}, "
        f"{counted(certificate.proofs, 'proof')}, {certificate.size:,} bytes, SHA-256 {certificate.digest}). It can "
        f"be checked without relugeom, by the single file checker.py that comes with it: python -I -S checker.py {name}"
    )


def count_patterns(job: Job, clusters: Clusters, statuses: list[PatternStatus], partition: Partition) -> PatternCensus:
    """Take the census of all patterns, and note the limits of the lists so far."""
    job.listeners.tell("counting patterns", 0)
    census = take_census(partition, time_limit=job.schedule.part("census"))
    job.run.save(census)
    notes = audit_notes(clusters, statuses, partition, census)
    job.run.save(Notes([*notes, *storing_notes(clusters, partition, job.most)]))
    return census


def ask(job: Job, partition: Partition, ranges: Sequence[SampleRange]) -> list[Answer]:
    """Ask questions about the whole domain."""
    return ask_questions(
        partition,
        _candidates(job, ranges),
        job.proofs,
        protected=job.inputs.protected,
        required=job.inputs.required,
        counts=job.request.budget.counts,
        time_limit=job.schedule.part("questions"),
        on_progress=job.listeners.counting("asking about the whole domain"),
        on_answers=lambda found: job.run.save(Answers(found)),
    )


def _candidates(job: Job, ranges: Sequence[SampleRange]) -> FloatArray:
    """Samples from which inputs are sought that show an answer, those at the ends of the outputs' ranges among them;
    none if it may not show samples.
    """
    rows = job.inputs.samples.excerpt(job.request.budget.counts.candidates)
    ends = [row for own in ranges[: job.request.budget.counts.outputs] for row in own.rows]
    both = np.union1d(rows, np.array(ends, dtype=rows.dtype))
    return job.inputs.samples.table.take(both if job.request.show_samples else rows[:0])


def measure(job: Job, partition: Partition, grouped: Grouped) -> None:
    """Find measures, scores, distances and groups."""
    Findings(job, partition, grouped).record()


def write_page(job: Job, clusters: Clusters) -> Page:
    """Write the report of the run; the run is finished, and stays even if the report cannot be written."""
    from relugeom.store.store import open_store

    job.listeners.tell("writing the report", 0)
    with open_store(job.place, create=False) as store:
        content, name = _read_content(job, store, clusters), store.location.text
        page = Page(content, job.folder / REPORT, name, job.run.leftover())
        _write_file(page)
        store.keep_report(job.run.id, page.path, page.path.read_bytes())
    return page._replace(leftover=job.run.leftover())


def sum_up(job: Job, found: Found, page: Page) -> AuditResult:
    """The result of an audit whose report is written."""
    return AuditResult(
        network=job.inputs.network,
        samples=job.inputs.samples,
        domain=job.inputs.domain,
        clusters=found.grouped.clusters,
        sample_ranges=found.grouped.ranges,
        statuses=found.statuses,
        listing=found.listing,
        partition=found.partition,
        census=found.census,
        importance=found.grouped.importance,
        content=page.content,
        run=job.run.id,
        store=page.store,
        report=page.path,
        certificate=found.certificate,
        answers=found.answers,
        judged=found.judged,
        leftover=page.leftover,
        seconds=CLOCK.now() - job.began,
    )


def _read_content(job: Job, store: "Store", clusters: Clusters) -> ReportContent:
    samples, request = job.inputs.samples, job.request
    rows = samples.excerpt(request.budget.counts.drawn)
    return report_content(
        store,
        job.run.id,
        clustered=(samples.table.take(rows), clusters.assignment[rows]),
        show_samples=request.show_samples,
        map_features=request.map_features,
        time_limit=job.schedule.part("report"),
    )


def _write_file(page: Page) -> None:
    from relugeom.report.html import write_report

    try:
        write_report(page.content, page.path)
    except InputError as error:
        raise InputError(
            f"{error}; the run is in the store {page.store!r}, and `relugeom report` writes its report"
            + (f"; {page.leftover}" if page.leftover else "")
        ) from error
