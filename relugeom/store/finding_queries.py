"""Reading what the analyses of a run found, as tables for its report."""

import pandas as pd
from sqlalchemy import text

from relugeom.store.queries import read_frame
from relugeom.store.store import Store

__all__ = ["PARTS", "QUERIES", "read_findings", "read_parts"]


MOST_REGIONS = 20_000
"""Rows that are read where there is one a region."""
QUERIES = {
    "measures": """\
SELECT measure, output, feature, share FROM importance_measures WHERE run = :run
ORDER BY output_position, measure_position, position""",
    "scores": "SELECT samples, response_mean, accuracy, auc, r2 FROM run_scores WHERE run_id = :run",
    "performance": """\
SELECT cluster, samples, target_mean, accuracy, local_auc, global_auc, local_r2, global_r2
FROM cluster_performance WHERE run = :run ORDER BY cluster""",
    "unobserved": f"""\
SELECT region, pattern, volume_share, departure, nearest_cluster, admissible
FROM unobserved_regions WHERE run = :run
ORDER BY volume_share DESC NULLS LAST, region LIMIT {MOST_REGIONS}""",
    "ranges": f"""\
SELECT region, pattern, output, lowest, highest FROM region_ranges WHERE run = :run
ORDER BY region, output_position LIMIT {MOST_REGIONS}""",
    "distances": """\
SELECT sample, cluster, norm, distance, verdict, file, sha256 FROM nearest_other_decisions WHERE run = :run
ORDER BY distance NULLS LAST, sample""",
    "counterfactuals": """\
SELECT sample, feature, value, change FROM counterfactuals WHERE run = :run AND change <> 0
ORDER BY sample, position""",
    "groups": """\
SELECT group_number AS "group", samples, clusters, error, rms, bound, conditions FROM group_list WHERE run = :run
ORDER BY group_number""",
    "effects": """\
SELECT group_number AS "group", output, feature, coefficient, bias FROM group_effects WHERE run = :run
ORDER BY group_number, output_position, position""",
    "tradeoff": "SELECT groups, error, rms, entropy, alignment FROM group_tradeoff WHERE run = :run ORDER BY groups",
    "relevance": """\
SELECT cluster, output, feature, coefficient, low, high, relevance FROM relevance_by_cluster WHERE run = :run
ORDER BY cluster, output_position, position""",
}

OF_RUN = "SELECT run_id FROM {} WHERE run_id = :run"
OF_PARTITION = "SELECT r.id FROM runs r JOIN {} t ON t.partition_id = r.partition_id WHERE r.id = :run"
PARTS = {
    "the samples' margins": OF_RUN.format("sample_margins"),
    "shares of the domain": OF_PARTITION.format("volume_measurements"),
    "neighbours": OF_PARTITION.format("region_facets"),
    "decisions by region": OF_PARTITION.format("region_decisions"),
    "ranges by region": OF_PARTITION.format("region_extremes"),
    "unobserved regions": OF_RUN.format("region_departures"),
    "measures of importance": OF_RUN.format("importance_shares"),
    "scores": OF_RUN.format("run_scores"),
    "groups": OF_RUN.format("run_groups"),
    "relevance": OF_RUN.format("cluster_relevance"),
    "distances to other decisions": OF_RUN.format("sample_distances"),
}
"""What an audit measures, in this order, and rows that there are of it."""


def read_parts(store: Store, run: int) -> dict[str, bool]:
    """Which of `PARTS` are there of a run."""
    with store.reading() as connection:
        return {
            part: connection.execute(text(f"{query} LIMIT 1"), {"run": run}).first() is not None
            for part, query in PARTS.items()
        }


def read_findings(store: Store, run: int) -> dict[str, pd.DataFrame]:
    """The findings of a run that is there, by the names in `QUERIES`; a run that did not ask has empty ones."""
    with store.reading() as connection:
        return {name: read_frame(connection, query, run) for name, query in QUERIES.items()}
