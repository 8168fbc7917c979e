"""The verbs that read data: audit and cluster."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from itertools import groupby, product
from typing import TYPE_CHECKING, Any

import pandas as pd

from relugeom.audit.clustering import ExplainedClusters, explain_clusters
from relugeom.claims.answer import Answer
from relugeom.claims.subject import Question, Side
from relugeom.cli.output import progress, show, tell
from relugeom.cli.written_files import file_entries
from relugeom.decimals import float_above, float_below, nearest
from relugeom.errors import InputError
from relugeom.report.tables import cluster_tables, summary_tables

if TYPE_CHECKING:
    from rich.console import RenderableType

    from relugeom.analysis.sample_ranges import SampleRange
    from relugeom.audit.inputs import InputRequest
    from relugeom.audit.request import AuditRequest
    from relugeom.audit.result import AuditResult
    from relugeom.report.content import Headline

__all__ = ["run_audit", "run_cluster"]


def run_audit(request: "AuditRequest", *, fail_on: str, as_json: bool) -> int:
    """`relugeom audit`; with ``fail_on="fail"``, what a limit left open is no failure."""
    if fail_on not in FAIL_ON:
        raise InputError(f"--fail-on {fail_on!r} is unknown: give {' or '.join(FAIL_ON)}")
    from relugeom.audit.conduct import conduct_audit  # slow to load, and `cluster` does without

    with progress() as report:
        result = conduct_audit(request, on_remark=tell, on_progress=report)
    return show(_Audited(result), as_json=as_json, leftover=result.leftover, accepts_open=fail_on == "fail")


@dataclass(frozen=True, slots=True)
class _Audited:
    """Findings of an audit, and where they are stored."""

    result: "AuditResult"

    @property
    def status(self) -> str:
        return self.result.status

    def as_json(self) -> dict[str, Any]:
        result, kept, table = self.result, self.result.certificate, self.result.content.census
        census, labelled = (dict(zip(table[key], table["count"], strict=True)) for key in ("kind", "patterns"))
        return {
            "status": result.partition.status.value,
            "reason": result.partition.reason,
            "verdict": result.verdict and result.verdict.value,
            "requirements": [_required(line) for line in result.content.requirements],
            "open": result.open,
            "cut_short": result.cut_short,
            "samples": len(result.samples),
            "outside": result.clusters.samples_outside,
            "clusters": len(result.clusters),
            "regions": len(result.partition),
            "census": census,
            "patterns": labelled,  # its older name
            "ranges": _ranges(result),
            "answers": [_answer(row) for row in _rows(result.content.answers)],
            "domain": result.domain.source,
            "network": result.network.digest,
            "seconds": result.seconds,
            "search_seconds": result.partition.seconds,
            "run": result.run,
            "store": result.store,
            "report": str(result.report),
            "certificates": file_entries([kept]),
            "certificate": None if kept is None else str(kept.path),  # this key and the next are older names
            "certificate_sha256": None if kept is None else kept.digest,
        }

    def as_parts(self) -> "list[RenderableType]":
        result = self.result
        required = [f"requirements: {result.verdict}"] if result.verdict else []
        required += [f"  {line.verdict:<5} {line.statement}: {line.finding}" for line in result.content.requirements]
        kept = ", ".join(map(str, result.proofs)) or "none: see the remarks in the report"
        places = [f"store   {result.store}", f"report  {result.report}", f"proof   {kept}"]
        return [*summary_tables(result.content), *required, "", *places]


FAIL_ON = ("open", "fail")


def _required(line: "Headline") -> dict[str, Any]:
    return {"requirement": line.statement, "verdict": line.verdict, "finding": line.finding}


RANGE_KEYS = ("lower", "upper", "lowest_seen", "highest_seen", "sample_lowest", "sample_highest")
ANSWER_KEYS = ("question", "statement", "verdict", "value", "lower", "upper", "reason")


def _rows(table: "pd.DataFrame | None") -> list[dict[Hashable, Any]]:
    return [] if table is None else table.to_dict(orient="records")


def _answer(row: dict[Hashable, Any]) -> dict[str, Any]:
    """A statement about the whole domain, with its verdict and both sides of what it is about."""
    return {key: row[key] for key in ANSWER_KEYS}


def _ranges(result: "AuditResult") -> list[dict[str, Any]]:
    """The range of each output that was asked for: what is proved, and the best that inputs and samples reach."""
    names, ranges = result.network.target_names, dict[int, dict[str, Any]]()
    for answer in result.answers:
        about = answer.subject
        if about.question is not Question.RANGE or about.output is None:
            continue
        entry = ranges.setdefault(about.output, {"output": names[about.output], **dict.fromkeys(RANGE_KEYS)})
        lower, upper = _floats(answer)
        if about.side is not Side.HIGHEST:
            entry["lower"] = lower
        if about.side is not Side.LOWEST:
            entry["upper"] = upper
        if about.side is not None and answer.value is not None:
            entry["lowest_seen" if about.side is Side.LOWEST else "highest_seen"] = nearest(answer.value)
    for output, entry in ranges.items():
        if output < len(result.sample_ranges):
            entry |= _with_samples(entry, result.sample_ranges[output])
    return list(ranges.values())


def _with_samples(entry: dict[str, Any], over: "SampleRange") -> dict[str, float]:
    """The ends over samples, which are inputs, too."""
    low, high = nearest(over.lowest), nearest(over.highest)
    seen = entry["lowest_seen"], entry["highest_seen"]
    return {
        "lowest_seen": low if seen[0] is None else min(seen[0], low),
        "highest_seen": high if seen[1] is None else max(seen[1], high),
        "sample_lowest": low,
        "sample_highest": high,
    }


def _floats(answer: Answer) -> tuple[float | None, float | None]:
    """Both sides of an answer, rounded outwards."""
    lower = None if answer.lower is None else float_below(answer.lower)
    return lower, None if answer.upper is None else float_above(answer.upper)


def run_cluster(request: "InputRequest", *, domain: str | None, as_json: bool) -> int:
    """`relugeom cluster`."""
    with progress() as report:
        found = explain_clusters(request, domain=domain, on_remark=tell, on_progress=report)
    return show(_Clustered(found), as_json=as_json)


@dataclass(frozen=True, slots=True)
class _Clustered:
    """Clusters of samples."""

    found: ExplainedClusters
    status = None

    def as_json(self) -> dict[str, Any]:
        found = self.found
        return {
            "samples": len(found.samples),
            "outside": found.clusters.samples_outside,
            "domain": None if found.chosen is None else found.chosen.source,
            "remarks": list(found.remarks),
            "network": found.network.digest,
            "seconds": found.seconds,
            "clusters": _cluster_rows(found),
        }

    def as_parts(self) -> "list[RenderableType]":
        return list(cluster_tables(self.found.content))


def _cluster_rows(found: ExplainedClusters) -> list[dict[Hashable, Any]]:
    """One object per cluster: its row, the means of its features, and their importance in the order of the inputs."""
    network, content = found.network, found.content
    rows: list[dict[Hashable, Any]] = content.clusters.to_dict(orient="records")
    place = {pair: number for number, pair in enumerate(product(network.target_names, network.feature_names))}
    tables = (_by_cluster(content.profiles), _by_cluster(content.importance))
    for row, profile, importance in zip(rows, *tables, strict=True):
        in_order = sorted(importance, key=lambda entry: place[entry["output"], entry["feature"]])
        row |= {"features": profile, "importance": in_order, "verdict": row["status"]}  # its former name
    if content.outcomes is not None:
        for number, kind, name, value in content.outcomes.itertuples(index=False):
            rows[number - 1].setdefault(kind, {})[name] = value
    return rows


def _by_cluster(table: pd.DataFrame) -> Iterator[list[dict[Hashable, Any]]]:
    """Rows of each cluster, from a table that is sorted by cluster."""
    for _, rows in groupby(table.to_dict(orient="records"), key=lambda row: row["cluster"]):
        yield [{column: value for column, value in row.items() if column != "cluster"} for row in rows]
