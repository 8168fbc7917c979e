"""Reading a run back as tables, for reports and notebooks.

Frames hold Python's numbers; where there is no value they hold None (or NaN in a column of floats).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

import pandas as pd
from sqlalchemy import Connection, RowMapping, text

from relugeom.errors import StoreError
from relugeom.geometry.domain import Domain
from relugeom.network.network import ReLUNetwork
from relugeom.network.pattern import pattern_texts
from relugeom.store.domains import load_domain
from relugeom.store.networks import load_network
from relugeom.store.store import Store

__all__ = ["RunSource", "RunTables", "read_frame", "read_run", "read_source"]


@dataclass(frozen=True, slots=True, eq=False)
class RunTables:
    """What the store knows about one run.

    Attributes
    ----------
    run
        Its number.
    network, provenance
        Label → text, in the order of reading.
    domain
        Columns feature, kind, lower, upper, group.
    constraints
        Linear rows of the domain in words.
    census
        Columns kind (`CensusKind`), patterns (the same in words), count (text).
    clusters
        Columns cluster, pattern, samples, share, outside, status, prediction, positive_share, target_mean, accuracy.
    outcomes
        Where the network has several outputs: columns cluster, kind (mean, decided, target), name, value; else empty.
    overall
        Mean and spread of each feature over all samples, by feature; None without samples.
    profiles
        Columns cluster, feature, mean, spread; of the largest clusters, at most `MOST_CLUSTERS`.
    importance
        Columns cluster, output, feature, coefficient, sign, scaled, contribution; of the same clusters.
    patterns
        Columns pattern, status, samples, admissible; regions first, those with most samples at the top. At most
        `MOST_PATTERNS`.
    hidden_patterns
        How many more patterns have a status.
    notes
        Limits and remarks, one sentence each.
    answers
        Columns question, statement, verdict, value, part, whole, witness, from_samples, reason, file, sha256,
        output_position, position (of the feature), direction.
    proved_regions
        Activation regions that the certificate proves; None without one.
    certificate
        Label → text about the proof of the list of regions; empty where there is none.
    domain_is_range_of_data
        Whether the domain is the box around the data: yes, no or unknown; None without both.
    partition
        The status of its partition; None where none was saved.
    regions
        Regions of that, or of what a search had found that did not end; None where there is nothing.
    """

    run: int
    network: Mapping[str, str]
    domain: pd.DataFrame
    constraints: Sequence[str]
    census: pd.DataFrame
    clusters: pd.DataFrame
    outcomes: pd.DataFrame
    overall: pd.DataFrame | None
    profiles: pd.DataFrame
    importance: pd.DataFrame
    patterns: pd.DataFrame
    hidden_patterns: int
    provenance: Mapping[str, str]
    notes: Sequence[str]
    answers: pd.DataFrame
    proved_regions: int | None
    certificate: Mapping[str, str]
    domain_is_range_of_data: str | None
    partition: str | None
    regions: int | None


@dataclass(frozen=True, slots=True, eq=False)
class RunSource:
    """What a run was about.

    Attributes
    ----------
    network, domain
        As they were saved; a run without a domain has None.
    regions
        Regions of its partition, or of what an interrupted search had found; None where there is nothing.
    """

    network: ReLUNetwork
    domain: Domain | None
    regions: int | None


FINISHED, ENDED_EARLY = ("complete", "truncated"), ("interrupted", "failed")
MOST_CLUSTERS, MOST_PATTERNS = 1_000, 5_000
"""A report shows a few of them; there may be a million."""

DOMAIN = """\
SELECT f.name AS feature, d.kind, d.lower, d.upper, d.one_hot_group AS "group"
FROM runs r
JOIN domain_features d ON d.domain_id = r.domain_id
JOIN features f ON f.network_id = r.network_id AND f.position = d.position
WHERE r.id = :run ORDER BY d.position"""
CONSTRAINTS = """\
SELECT c.number, c.relation, c.value, k.coefficient, f.name AS feature
FROM runs r
JOIN domain_constraints c ON c.domain_id = r.domain_id
LEFT JOIN domain_coefficients k ON k.domain_id = c.domain_id AND k.number = c.number
LEFT JOIN features f ON f.network_id = r.network_id AND f.position = k.position
WHERE r.id = :run ORDER BY c.number, k.position"""
CENSUS = "SELECT kind, patterns, count_text AS count FROM pattern_counts WHERE run = :run ORDER BY position"
CLUSTERS = """\
SELECT cluster, pattern, samples, share, outside, status, prediction, positive_share, target_mean, accuracy
FROM cluster_list WHERE run = :run ORDER BY cluster"""
OUTCOMES = """\
SELECT m.cluster, m.kind, m.name, m.value FROM (
    SELECT c.run_id, c.cluster, 'mean' AS kind, o.name, c.prediction AS value, c.output AS position
    FROM cluster_outputs c
    JOIN runs r ON r.id = c.run_id
    JOIN outputs o ON o.network_id = r.network_id AND o.position = c.output
    UNION ALL
    SELECT c.run_id, c.cluster, 'decided' AS kind, coalesce(k.name, o.name) AS name, c.share AS value, c.class
    FROM cluster_classes c
    JOIN runs r ON r.id = c.run_id
    JOIN outputs o ON o.network_id = r.network_id AND o.position = c.class
    LEFT JOIN classes k ON k.network_id = r.network_id AND k.position = c.class
    UNION ALL
    SELECT c.run_id, c.cluster, 'target' AS kind, coalesce(k.name, o.name) AS name, c.target_share AS value, c.class
    FROM cluster_classes c
    JOIN runs r ON r.id = c.run_id
    JOIN outputs o ON o.network_id = r.network_id AND o.position = c.class
    LEFT JOIN classes k ON k.network_id = r.network_id AND k.position = c.class
    WHERE c.target_share IS NOT NULL
) m
JOIN runs r ON r.id = m.run_id
WHERE m.run_id = :run AND m.cluster <= :most
      AND (SELECT count(*) FROM outputs o WHERE o.network_id = r.network_id) > 1
ORDER BY m.kind, m.position, m.cluster"""
OVERALL = """\
SELECT f.name AS feature, d.mean, d.spread
FROM runs r
JOIN dataset_features d ON d.dataset_id = r.dataset_id
JOIN features f ON f.network_id = r.network_id AND f.position = d.position
WHERE r.id = :run ORDER BY d.position"""
PROFILES = """\
SELECT cluster, feature, mean, spread FROM cluster_profile WHERE run = :run AND cluster <= :most
ORDER BY cluster, position"""
IMPORTANCE = """\
SELECT cluster, output, feature, coefficient, sign, scaled, contribution
FROM importance_by_cluster WHERE run = :run AND cluster <= :most ORDER BY cluster, output_position, position"""
PATTERNS = """\
SELECT pattern, status, samples, admissible_inputs AS admissible
FROM pattern_list WHERE run = :run
ORDER BY CASE status WHEN 'region' THEN 0 WHEN 'lower-dimensional' THEN 1 WHEN 'unknown' THEN 2 ELSE 3 END,
         samples DESC NULLS LAST, pattern LIMIT :most"""
PATTERN_COUNT = "SELECT count(*) FROM pattern_list WHERE run = :run"
NETWORK = "SELECT n.* FROM runs r JOIN networks n ON n.id = r.network_id WHERE r.id = :run"
OVERVIEW = "SELECT * FROM runs_overview WHERE run = :run"
NOTES = "SELECT note FROM run_notes WHERE run_id = :run ORDER BY position"
ANSWERS = """\
SELECT question, statement, verdict, value, part, whole, witness, from_samples, reason, file, sha256,
       output_position, position, direction FROM answer_list WHERE run = :run ORDER BY number"""
CERTIFICATE = "SELECT file, sha256, names_digest, bytes, regions, proofs FROM certificates WHERE run_id = :run"
SOURCE = """\
SELECT r.network_id, r.domain_id,
       coalesce(p.regions, (SELECT CAST(sum(regions) AS INTEGER) FROM search_blocks WHERE run_id = r.id)) AS regions
FROM runs r LEFT JOIN partitions p ON p.id = r.partition_id
WHERE r.id = :run"""
SOFTWARE = "SELECT package, version FROM run_software WHERE run_id = :run ORDER BY package"
LATEST = """\
SELECT run FROM runs_overview WHERE status <> 'running'
ORDER BY CASE WHEN status IN ('complete', 'truncated') THEN 0
              WHEN clusters IS NOT NULL OR regions IS NOT NULL THEN 1
              WHEN status = 'interrupted' THEN 2 ELSE 3 END, run DESC LIMIT 1"""
LISTED = "SELECT pattern FROM pattern_list WHERE run = :run"
STATUS = "SELECT status FROM runs_overview WHERE run = :run"


def read_run(store: Store, run_id: int | None = None) -> RunTables:
    """The tables of a run; by default of the latest finished one, or of one that ended early where none is finished.

    Of a run that was interrupted or failed they hold every step that was stored, and the regions that its search had
    found.

    Raises
    ------
    StoreError
        There is no such run, or it goes on.
    """
    tables = _read_tables(store, run_id)
    if tables.provenance["status"] not in ENDED_EARLY or tables.partition or not tables.regions:
        return tables
    return _with_found(store, tables)


def _with_found(store: Store, tables: RunTables) -> RunTables:
    """Patterns that have a status, and behind them the regions of a search that did not end."""
    partition = store.load_partition(tables.run)
    with store.reading() as connection:
        known = set(connection.execute(text(LISTED), {"run": tables.run}).scalars())
    found = pattern_texts(partition.packed, partition.network.widths)
    further = [pattern for pattern in found if pattern not in known]
    room = max(MOST_PATTERNS - len(tables.patterns), 0)
    samples = 0 if len(tables.clusters) else None
    rows = {
        "pattern": [*tables.patterns["pattern"], *further[:room]],
        "status": [*tables.patterns["status"], *(["region"] * len(further[:room]))],
        "samples": [*tables.patterns["samples"], *([samples] * len(further[:room]))],
        "admissible": [*tables.patterns["admissible"], *([None] * len(further[:room]))],
    }
    regions = set(found)
    rows["status"] = [
        "region" if status == "unknown" and pattern in regions else status
        for pattern, status in zip(rows["pattern"], rows["status"], strict=True)
    ]
    patterns = pd.DataFrame({name: _series(column) for name, column in rows.items()})
    return replace(tables, patterns=patterns, hidden_patterns=tables.hidden_patterns + len(further[room:]))


def _read_tables(store: Store, run_id: int | None) -> RunTables:
    with store.reading() as connection:
        run = _readable_run(connection, run_id, store.location.text)
        network = _rows(connection, NETWORK, run)[0]
        overall = read_frame(connection, OVERALL, run)
        patterns = read_frame(connection, PATTERNS, run, most=MOST_PATTERNS)
        overview = _rows(connection, OVERVIEW, run)[0]
        certificates = _rows(connection, CERTIFICATE, run)
        return RunTables(
            run=run,
            network=_describe_network(network, overview["network"]),
            domain=read_frame(connection, DOMAIN, run),
            constraints=_constraints(_rows(connection, CONSTRAINTS, run)),
            census=read_frame(connection, CENSUS, run),
            clusters=read_frame(connection, CLUSTERS, run),
            outcomes=read_frame(connection, OUTCOMES, run, most=MOST_CLUSTERS),
            overall=None if overall.empty else overall.set_index("feature"),
            profiles=read_frame(connection, PROFILES, run, most=MOST_CLUSTERS),
            importance=read_frame(connection, IMPORTANCE, run, most=MOST_CLUSTERS),
            patterns=patterns,
            hidden_patterns=connection.execute(text(PATTERN_COUNT), {"run": run}).scalar_one() - len(patterns),
            provenance=_describe_run(overview, _rows(connection, SOFTWARE, run)),
            notes=[row["note"] for row in _rows(connection, NOTES, run)],
            answers=read_frame(connection, ANSWERS, run),
            certificate=_describe_certificate(certificates),
            proved_regions=certificates[-1]["regions"] if certificates else None,
            domain_is_range_of_data=overview["domain_is_range_of_data"],
            partition=overview["partition_status"],
            regions=_rows(connection, SOURCE, run)[0]["regions"],
        )


def read_source(store: Store, run_id: int) -> RunSource:
    """The network and the domain of a run that is there."""
    with store.reading() as connection:
        row = _rows(connection, SOURCE, run_id)[0]
        domain = None if row["domain_id"] is None else load_domain(connection, row["domain_id"])
        return RunSource(load_network(connection, row["network_id"]), domain, row["regions"])


def _readable_run(connection: Connection, run_id: int | None, store: str) -> int:
    if run_id is None:
        latest = connection.execute(text(LATEST)).scalar()
        if latest is None:
            raise StoreError(f"store {store!r} holds no finished run: run `relugeom audit` with it first")
        return int(latest)
    found = connection.execute(text(STATUS), {"run": run_id}).first()
    if found is None:
        raise StoreError(f"store {store!r} has no run {run_id}: see the view runs_overview")
    if found.status not in (*FINISHED, *ENDED_EARLY):
        raise StoreError(f"store {store!r}: run {run_id} is {found.status}: try again when it has finished")
    return run_id


def _rows(connection: Connection, query: str, run: int) -> Sequence[RowMapping]:
    return connection.execute(text(query), {"run": run}).mappings().all()


def read_frame(connection: Connection, query: str, run: int, **values: int) -> pd.DataFrame:
    """The rows of a query about a run, which it names `:run`; further values under their names."""
    result = connection.execute(text(query), {"run": run, **values})
    names = list(result.keys())
    columns = list(zip(*result.all(), strict=True)) or [()] * len(names)
    return pd.DataFrame({name: _series(values) for name, values in zip(names, columns, strict=True)})


def _series(values: Sequence[Any]) -> pd.Series:
    """A column whose whole numbers stay whole beside a None."""
    kinds = {type(value) for value in values}
    return pd.Series(values, dtype=object if {int, type(None)} <= kinds or kinds == {type(None)} else None)


def _constraints(rows: Sequence[RowMapping]) -> list[str]:
    """Each row of the domain in words, like ``income − 0.5 · rent ≤ 0``."""
    sides: dict[int, tuple[str, str]] = {}
    for row in rows:
        left, _ = sides.get(row["number"], ("", ""))
        right = f"{'≤' if row['relation'] == '<=' else '='} {_number(row['value'])}"
        sides[row["number"]] = (left + _term(row, first=not left), right)
    return [f"{left or '0'} {right}" for left, right in sides.values()]


def _term(row: RowMapping, *, first: bool) -> str:
    """One summand with the sign that joins it to those before; nothing for a row without coefficients."""
    coefficient = row["coefficient"]
    if coefficient is None:
        return ""
    minus, plus = ("−", "") if first else (" − ", " + ")
    size = "" if abs(coefficient) == 1.0 else f"{_number(abs(coefficient))} · "
    return f"{minus if coefficient < 0 else plus}{size}{row['feature']}"


def _number(value: float) -> str:
    """The shortest text that means this float64."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _describe_network(row: RowMapping, name: str) -> dict[str, str]:
    facts = {
        "file": name,
        "format": row["source"],
        "inputs": row["inputs"],
        "hidden layers": row["hidden_layers"],
        "units": row["units"],
        "outputs": row["outputs"],
        "squashing": row["squashing"],
        "decision": _decision(row),
        "computes in": row["precision"],
        "rounded weights": row["rounded_numbers"],
        "digest": row["digest"],
        "names digest": row["names_digest"],
    }
    return _texts(facts)


def _decision(row: RowMapping) -> str:
    if row["decision_rule"] == "argmax":
        return "the largest output"
    if row["decision_rule"] == "none":
        return "none"
    lower, upper = _number(row["threshold_lower"]), _number(row["threshold_upper"])
    between = "" if lower == upper else f", class 0 where it is at most {lower}"
    return f"class 1 where the output before squashing exceeds {upper}{between}"


def _describe_run(row: RowMapping, software: Sequence[RowMapping]) -> dict[str, str]:
    facts = {
        "run": row["run"],
        "command": row["command"],
        "status": row["status"],
        "reason": row["reason"],
        "started": row["started_at"],
        "finished": row["finished_at"],
        "seconds": None if row["seconds"] is None else f"{row['seconds']:.3g}",
        "data": row["data"],
        "data digest": row["data_digest"],
        "domain": row["domain"],
        "domain digest": row["domain_digest"],
        "network digest": row["network_digest"],
    }
    return _texts(facts | {entry["package"]: entry["version"] for entry in software})


def _describe_certificate(rows: Sequence[RowMapping]) -> dict[str, str]:
    """The last certificate of a run, by its file name without the folder."""
    if not rows:
        return {}
    row = rows[-1]
    return {
        "file": PurePath(row["file"]).name,
        "SHA-256": row["sha256"],
        "SHA-256 of names": row["names_digest"] or "none: the names in it are in no digest",
        "size": f"{row['bytes']:,} bytes",
        "activation regions": f"{row['regions']:,}",
        "proofs": f"{row['proofs']:,}",
    }


def _texts(facts: Mapping[str, Any]) -> dict[str, str]:
    """Label → text, without what is not there."""
    return {label: str(value) for label, value in facts.items() if value not in (None, "")}
