"""The documented views of the store: the questions people ask, in plain words.

Each view names its run in the column `run`; clusters are numbered from 1, regions too. SQLite joins tables in the order
given where a view says CROSS JOIN, which is meant there: what narrows the answer comes first.
"""

from sqlalchemy import Connection, MetaData, event

from relugeom.errors import StoreError
from relugeom.store.database.clock import SILENT_BEFORE
from relugeom.store.database.view import View
from relugeom.store.finding_views import FINDING_VIEWS
from relugeom.store.region_views import REGION_VIEWS
from relugeom.store.schema import metadata

__all__ = ["VIEWS", "View", "find_view", "list_views"]


VIEWS = (
    View(
        "runs_overview",
        "every run: what was asked, how it ended, on which network, domain and data; interrupted: its process is gone",
        f"""\
SELECT r.id AS run, r.command,
       CASE WHEN r.status = 'running' AND (h.run_id IS NULL OR h.heartbeat_at < {SILENT_BEFORE})
            THEN 'interrupted' ELSE r.status END AS status, r.reason, r.started_at, r.finished_at, r.seconds,
       coalesce(r.network_name, n.file_name) AS network, n.hidden_layers, n.units, n.digest AS network_digest,
       coalesce(r.domain_name, d.name) AS domain, d.digest AS domain_digest,
       coalesce(r.dataset_name, s.name) AS data, s.digest AS data_digest,
       r.samples, r.clusters, p.regions, p.status AS partition_status, v.version AS relugeom_version,
       h.host, h.process, h.heartbeat_at,
       CASE WHEN d.digest = s.range_digest THEN 'yes' WHEN s.range_digest IS NOT NULL THEN 'no'
            WHEN d.id IS NOT NULL AND s.id IS NOT NULL THEN 'unknown' END AS domain_is_range_of_data
FROM runs r
JOIN networks n ON n.id = r.network_id
LEFT JOIN domains d ON d.id = r.domain_id
LEFT JOIN datasets s ON s.id = r.dataset_id
LEFT JOIN partitions p ON p.id = r.partition_id
LEFT JOIN run_software v ON v.run_id = r.id AND v.package = 'relugeom'
LEFT JOIN run_processes h ON h.run_id = r.id""",
    ),
    View(
        "pattern_counts",
        "how all 2^N patterns divide: regions, infeasible, met by an admissible input, holding samples",
        """\
SELECT run_id AS run, position, patterns, count, count_text, kind
FROM pattern_census
UNION ALL
SELECT run_id, 100, 'holding samples of the domain', count(*), CAST(count(*) AS TEXT), 'observed'
FROM clusters
WHERE samples > outside
GROUP BY run_id""",
    ),
    View(
        "pattern_list",
        "every settled or observed pattern: status, admissible inputs, and samples of the domain that have it",
        """\
SELECT r.id AS run, p.pattern, p.active_units, v.status, v.admissible_inputs, c.cluster,
       CASE WHEN r.clusters IS NULL THEN NULL ELSE coalesce(c.samples - c.outside, 0) END AS samples,
       CASE WHEN a.met OR v.admissible_inputs > 0 THEN 'yes'
            WHEN NOT a.met OR v.admissible_inputs = 0 OR v.status = 'infeasible' THEN 'no'
            ELSE 'unknown' END AS admissible
FROM runs r
JOIN pattern_statuses v ON v.domain_id = r.domain_id
JOIN patterns p ON p.id = v.pattern_id AND p.network_id = r.network_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = v.pattern_id
LEFT JOIN clusters c ON c.run_id = r.id AND c.pattern_id = p.id
WHERE r.status IN ('complete', 'truncated') OR r.partition_id IS NOT NULL OR r.clusters IS NOT NULL
UNION ALL
SELECT r.id, p.pattern, p.active_units, 'unknown', NULL, c.cluster, c.samples - c.outside,
       CASE WHEN a.met THEN 'yes' WHEN NOT a.met THEN 'no' ELSE 'unknown' END
FROM clusters c
JOIN runs r ON r.id = c.run_id
JOIN patterns p ON p.id = c.pattern_id
LEFT JOIN pattern_statuses v ON v.domain_id = r.domain_id AND v.pattern_id = c.pattern_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = c.pattern_id
WHERE r.domain_id IS NOT NULL AND v.pattern_id IS NULL""",
    ),
    View(
        "pattern_verdicts",
        "the same as pattern_list under its former name, for one version; its status is called verdict here, too",
        """\
SELECT run, pattern, active_units, status AS verdict, admissible_inputs, cluster, samples, admissible, status
FROM pattern_list""",
    ),
    View(
        "region_list",
        "every known activation region: active units, admissible inputs, and samples of the domain in it",
        """\
SELECT run, pattern, active_units, admissible_inputs, cluster, samples, admissible
FROM pattern_list
WHERE status = 'region'""",
    ),
    View(
        "regions_without_data",
        "activation regions of the domain that hold no sample, and whether an admissible input could",
        """\
SELECT run, pattern, active_units, admissible_inputs, admissible
FROM region_list
WHERE samples = 0""",
    ),
    View(
        "region_points",
        "an interior point of each activation region, one row a feature",
        """\
SELECT r.id AS run, g.position + 1 AS region, p.pattern, f.name AS feature, i.value, i.exact_value
FROM runs r
CROSS JOIN partition_regions g
CROSS JOIN patterns p
CROSS JOIN interior_points i
CROSS JOIN features f
WHERE g.partition_id = r.partition_id AND p.id = g.pattern_id AND i.partition_id = g.partition_id
      AND i.position = g.position AND f.network_id = r.network_id AND f.position = i.feature""",
    ),
    View(
        "effective_coefficients",
        "the effective map of each pattern (network, not run): one row an output and a feature",
        """\
SELECT p.network_id AS network, p.pattern, o.name AS output, f.name AS feature, m.coefficient, m.sign, b.bias
FROM patterns p
JOIN coefficients m ON m.pattern_id = p.id
JOIN biases b ON b.pattern_id = p.id AND b.output = m.output
JOIN outputs o ON o.network_id = p.network_id AND o.position = m.output
JOIN features f ON f.network_id = p.network_id AND f.position = m.feature""",
    ),
    View(
        "cluster_list",
        "every cluster: pattern, size, status, decisions, target rate, accuracy",
        """\
SELECT c.run_id AS run, c.cluster, p.pattern, c.samples, c.share, c.outside,
       CASE WHEN r.domain_id IS NULL THEN NULL ELSE coalesce(v.status, 'unknown') END AS verdict,
       CASE WHEN n.outputs = 1 THEN o.prediction END AS prediction, c.positive_share, c.target_mean, c.accuracy,
       CASE WHEN r.domain_id IS NULL THEN NULL ELSE coalesce(v.status, 'unknown') END AS status
FROM clusters c
JOIN runs r ON r.id = c.run_id
JOIN networks n ON n.id = r.network_id
JOIN patterns p ON p.id = c.pattern_id
JOIN cluster_outputs o ON o.run_id = c.run_id AND o.cluster = c.cluster AND o.output = 0
LEFT JOIN pattern_statuses v ON v.domain_id = r.domain_id AND v.pattern_id = c.pattern_id""",
    ),
    View(
        "cluster_profile",
        "mean and spread of each feature in each cluster, beside those of all samples",
        """\
SELECT c.run_id AS run, c.cluster, f.name AS feature, c.mean, c.spread,
       d.mean AS mean_of_all, d.spread AS spread_of_all, c.feature AS position
FROM cluster_features c
JOIN runs r ON r.id = c.run_id
JOIN features f ON f.network_id = r.network_id AND f.position = c.feature
LEFT JOIN dataset_features d ON d.dataset_id = r.dataset_id AND d.position = c.feature""",
    ),
    View(
        "importance_by_cluster",
        "the effective vector of each cluster, also scaled by each feature's spread, and mean contributions",
        """\
SELECT i.run_id AS run, i.cluster, o.name AS output, f.name AS feature, m.coefficient, m.sign,
       i.scaled, i.contribution, i.output AS output_position, i.feature AS position
FROM cluster_importance i
JOIN clusters c ON c.run_id = i.run_id AND c.cluster = i.cluster
JOIN runs r ON r.id = i.run_id
JOIN coefficients m ON m.pattern_id = c.pattern_id AND m.output = i.output AND m.feature = i.feature
JOIN outputs o ON o.network_id = r.network_id AND o.position = i.output
JOIN features f ON f.network_id = r.network_id AND f.position = i.feature""",
    ),
    View(
        "cluster_active_units",
        "the active units of each cluster, by layer",
        """\
SELECT c.run_id AS run, c.cluster, u.layer, u.unit
FROM clusters c
JOIN patterns p ON p.id = c.pattern_id
JOIN units u ON u.network_id = p.network_id AND substr(p.pattern, u.text_position, 1) = '1'""",
    ),
    View(
        "sample_clusters",
        "the cluster and pattern of each sample, and whether it lies in the domain",
        """\
SELECT a.run_id AS run, a.sample, a.cluster, p.pattern, a.inside, a.float32_doubtful
FROM assignments a
JOIN clusters c ON c.run_id = a.run_id AND c.cluster = a.cluster
JOIN patterns p ON p.id = c.pattern_id""",
    ),
    *REGION_VIEWS,
    *FINDING_VIEWS,
)


@event.listens_for(metadata, "after_create")
def create_views(target: MetaData, connection: Connection, **options: object) -> None:
    """Add the views to the tables, in this order: later views read earlier ones."""
    for view in VIEWS:
        connection.exec_driver_sql(view.statement(connection.dialect.name))


def list_views() -> dict[str, str]:
    """Each view and what it answers."""
    return {view.name: view.description for view in VIEWS}


def find_view(name: str) -> View:
    """The view of that name.

    Raises
    ------
    StoreError
        There is none; the text lists those that exist.
    """
    for view in VIEWS:
        if view.name == name:
            return view
    raise StoreError(f"there is no view {name!r}: the views are {', '.join(list_views())}")
