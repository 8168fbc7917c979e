"""Reading what the analyses of a run found, as tables.

Frames hold Python's numbers; a run that did not ask has empty ones.
"""

from dataclasses import dataclass, fields

import pandas as pd

from relugeom.store.queries import read_frame
from relugeom.store.store import Store

__all__ = ["FindingTables", "read_findings"]


@dataclass(frozen=True, slots=True, eq=False)
class FindingTables:
    """What the store knows of one run beyond clusters, regions and answers.

    Attributes
    ----------
    measures
        Columns measure, output, feature, share.
    scores
        One row: samples, response_mean, accuracy, auc, r2.
    performance
        Columns cluster, samples, target_mean, accuracy, local_auc, global_auc, local_r2, global_r2.
    unobserved
        Columns region, pattern, volume_share, departure, nearest_cluster, admissible; the largest share first.
    ranges
        Columns region, pattern, output, lowest, highest.
    distances
        Columns sample, cluster, norm, distance, verdict, file, sha256; the nearest first.
    counterfactuals
        Columns sample, feature, value, change: changes only.
    groups
        Columns group, samples, clusters, error, rms, bound, conditions.
    effects
        Columns group, output, feature, coefficient, bias.
    tradeoff
        Columns groups, error, rms, entropy, alignment.
    relevance
        Columns cluster, output, feature, coefficient, low, high, relevance.
    """

    measures: pd.DataFrame
    scores: pd.DataFrame
    performance: pd.DataFrame
    unobserved: pd.DataFrame
    ranges: pd.DataFrame
    distances: pd.DataFrame
    counterfactuals: pd.DataFrame
    groups: pd.DataFrame
    effects: pd.DataFrame
    tradeoff: pd.DataFrame
    relevance: pd.DataFrame


MOST_REGIONS = 20_000
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


def read_findings(store: Store, run: int) -> FindingTables:
    """The findings of a run that is there."""
    with store.reading() as connection:
        return FindingTables(
            **{field.name: read_frame(connection, QUERIES[field.name], run) for field in fields(FindingTables)}
        )
