"""The verbs that read data: audit and cluster."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby, product
from pathlib import Path
from typing import Any

import pandas as pd

from relugeom.analysis.importance import cluster_importance
from relugeom.audit import audit, choose_domain, columns_in_words, read_inputs
from relugeom.cli.model_file import Reading
from relugeom.cli.output import is_whole, print_json, print_parts, progress, tell
from relugeom.errors import InputError
from relugeom.network.decision import Decision
from relugeom.partition.clusters import cluster_samples
from relugeom.partition.partition import PartitionStatus
from relugeom.report.clusters import cluster_content
from relugeom.report.tables import cluster_tables, summary_tables

__all__ = ["run_audit", "run_cluster"]

TRUNCATED = 3


def run_audit(
    model: str,
    data: str,
    *,
    threshold: float | None,
    probability: float | None,
    reading: Reading,
    as_json: bool,
    **options: Any,
) -> int:
    """`relugeom audit`."""
    decision = _choose_decision(threshold, probability)
    with progress() as report:
        result = audit(
            model,
            data,
            layers=reading.layers,
            activations=reading.activations,
            decision=decision,
            on_remark=tell,
            on_progress=report,
            **options,
        )
    counts = dict(zip(result.content.census["patterns"], result.content.census["count"], strict=True))
    if as_json:
        print_json(
            {
                "status": result.partition.status.value,
                "reason": result.partition.reason,
                "samples": len(result.samples),
                "outside": int((~result.clusters.inside).sum()),
                "clusters": len(result.clusters),
                "regions": len(result.partition),
                "patterns": counts,
                "domain": result.domain.source,
                "network": result.network.digest,
                "seconds": result.partition.seconds,
                "run": result.run,
                "store": result.store,
                "report": str(result.report),
                "certificate": None if result.certificate is None else str(result.certificate.path),
                "certificate_sha256": None if result.certificate is None else result.certificate.digest,
            }
        )
    else:
        places = [f"store   {result.store}", f"report  {result.report}"]
        if result.certificate is None:
            places.append("proof   none: see the remarks in the report")
        else:
            places.append(f"proof   {result.certificate.path}")
        print_parts([*summary_tables(result.content), "", *places])
    return 0 if is_whole(result.leftover) and result.partition.status is PartitionStatus.COMPLETE else TRUNCATED


def run_cluster(
    model: str,
    data: str,
    *,
    data_url: str | None,
    target: str | None,
    features: Sequence[str] | None,
    ignore: Sequence[str],
    threshold: float | None,
    probability: float | None,
    domain: str | None,
    reading: Reading,
    as_json: bool,
) -> int:
    """`relugeom cluster`."""
    decision = _choose_decision(threshold, probability)
    doubts: list[str] = []
    with progress() as report:
        network, samples = read_inputs(
            model,
            data,
            url=data_url,
            target=target,
            features=features,
            ignore=ignore,
            layers=reading.layers,
            activations=reading.activations,
            decision=decision,
            on_remark=tell,
            on_progress=lambda done: report("reading data", done),
        )
        chosen = None if domain is None else choose_domain(domain, network, samples, Path(model))
        clusters = cluster_samples(
            network,
            samples.table,
            target=samples.coded_target,
            on_remark=doubts.append,
            domain=None if chosen is None else chosen.domain,
            on_progress=lambda done: report("clustering samples", done),
        )
    for remark in (columns_in_words(network, samples), *samples.remarks, *doubts):
        tell(remark)
    spread = samples.table.mean_and_spread()[1]
    content = cluster_content(samples.name, clusters, cluster_importance(clusters, spread))
    if as_json:
        rows = content.clusters.to_dict(orient="records")
        pairs = product(network.target_names, network.feature_names)
        place = {pair: number for number, pair in enumerate(pairs)}
        for row, profile, importance in zip(
            rows, _by_cluster(content.profiles), _by_cluster(content.importance), strict=True
        ):
            in_order = sorted(importance, key=lambda entry: place[entry["output"], entry["feature"]])
            row |= {"features": profile, "importance": in_order, "verdict": row["status"]}
        if content.outcomes is not None:
            for number, kind, name, value in content.outcomes.itertuples(index=False):
                rows[number - 1].setdefault(kind, {})[name] = value
        print_json(
            {
                "samples": len(samples),
                "outside": int(clusters.outside.sum()),
                "domain": None if chosen is None else chosen.source,
                "remarks": [*samples.remarks, *doubts],
                "network": network.digest,
                "clusters": rows,
            }
        )
    else:
        print_parts(cluster_tables(content))
    return 0


def _choose_decision(threshold: float | None, probability: float | None) -> Decision | None:
    """The decision that the options ask for, or None for that of the model."""
    if threshold is not None and probability is not None:
        raise InputError("give --threshold or --probability, not both")
    if threshold is not None:
        return Decision.at_threshold(threshold)
    return None if probability is None else Decision.at_probability(probability)


def _by_cluster(table: pd.DataFrame) -> Iterator[list[dict[Hashable, Any]]]:
    """The rows of each cluster in a table that stands in the order of clusters."""
    for _, rows in groupby(table.to_dict(orient="records"), key=lambda row: row["cluster"]):
        yield [{column: value for column, value in row.items() if column != "cluster"} for row in rows]
