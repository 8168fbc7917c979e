"""The views about what the analyses found."""

from relugeom.store.database.view import View

__all__ = ["FINDING_VIEWS"]

FINDING_VIEWS = (
    View(
        "importance_measures",
        "importance of features over the whole domain and the data, measured in several ways: shares that sum to 1",
        """\
SELECT s.run_id AS run, s.measure, o.name AS output, f.name AS feature, s.share,
       s.position AS measure_position, s.output AS output_position, s.feature AS position
FROM importance_shares s
JOIN runs r ON r.id = s.run_id
JOIN outputs o ON o.network_id = r.network_id AND o.position = s.output
JOIN features f ON f.network_id = r.network_id AND f.position = s.feature""",
    ),
    View(
        "cluster_performance",
        "how well the map of each cluster predicts its own samples and all samples",
        """\
SELECT s.run_id AS run, s.cluster, p.pattern, c.samples, c.target_mean, c.accuracy,
       s.local_auc, s.global_auc, s.local_r2, s.global_r2
FROM cluster_scores s
JOIN clusters c ON c.run_id = s.run_id AND c.cluster = s.cluster
JOIN patterns p ON p.id = c.pattern_id""",
    ),
    View(
        "region_performance",
        "the same for each activation region with samples of the domain",
        """\
SELECT s.run_id AS run, s.position + 1 AS region, p.pattern, s.samples, s.response_mean AS target_mean, s.accuracy,
       s.local_auc, s.global_auc, s.local_r2, s.global_r2
FROM region_scores s
JOIN partition_regions g ON g.partition_id = s.partition_id AND g.position = s.position
JOIN patterns p ON p.id = g.pattern_id""",
    ),
    View(
        "unobserved_regions",
        "activation regions without a sample: share of the domain, and departure of the map from the nearest cluster's",
        """\
SELECT u.run_id AS run, u.position + 1 AS region, p.pattern, v.share AS volume_share, u.departure, u.nearest_cluster,
       CASE WHEN a.met OR w.admissible_inputs > 0 THEN 'yes'
            WHEN NOT a.met OR w.admissible_inputs = 0 THEN 'no'
            ELSE 'unknown' END AS admissible
FROM region_departures u
JOIN runs r ON r.id = u.run_id
JOIN partition_regions g ON g.partition_id = u.partition_id AND g.position = u.position
JOIN patterns p ON p.id = g.pattern_id
LEFT JOIN region_volumes v ON v.partition_id = u.partition_id AND v.position = u.position
LEFT JOIN pattern_statuses w ON w.domain_id = r.domain_id AND w.pattern_id = g.pattern_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = g.pattern_id""",
    ),
    View(
        "region_ranges",
        "lowest and highest value of each output over each activation region; NULL where there is no limit",
        """\
SELECT r.id AS run, e.position + 1 AS region, p.pattern, o.name AS output, e.lowest, e.highest,
       e.output AS output_position
FROM runs r
JOIN region_extremes e ON e.partition_id = r.partition_id
JOIN partition_regions g ON g.partition_id = e.partition_id AND g.position = e.position
JOIN patterns p ON p.id = g.pattern_id
JOIN outputs o ON o.network_id = r.network_id AND o.position = e.output""",
    ),
    View(
        "region_range_inputs",
        "inputs that reach the lowest and the highest value of each output in each region, one row a feature",
        """\
SELECT r.id AS run, e.position + 1 AS region, o.name AS output, f.name AS feature, e.lowest_at, e.highest_at,
       e.output AS output_position, e.feature AS position
FROM runs r
CROSS JOIN region_extreme_points e
JOIN outputs o ON o.network_id = r.network_id AND o.position = e.output
JOIN features f ON f.network_id = r.network_id AND f.position = e.feature
WHERE e.partition_id = r.partition_id""",
    ),
    View(
        "nearest_other_decisions",
        "how far samples are from another decision, in the norm that is named, and whether that is proved",
        """\
SELECT d.run_id AS run, d.sample, a.cluster, d.norm, d.distance, d.verdict, d.file, d.sha256
FROM sample_distances d
JOIN assignments a ON a.run_id = d.run_id AND a.sample = d.sample""",
    ),
    View(
        "counterfactuals",
        "the nearest input with another decision for those samples, one row a feature: value, and change to get there",
        """\
SELECT d.run_id AS run, d.sample, f.name AS feature, c.value, c.change, c.feature AS position
FROM counterfactual_features c
JOIN sample_distances d ON d.run_id = c.run_id AND d.sample = c.sample
JOIN runs r ON r.id = c.run_id
JOIN features f ON f.network_id = r.network_id AND f.position = c.feature""",
    ),
    View(
        "group_list",
        "clusters merged into few groups with one map each: size, what belongs to each, how much outputs change",
        """\
SELECT run_id AS run, group_number, samples, clusters, error, rms, bound, conditions
FROM run_groups""",
    ),
    View(
        "group_members",
        "the group of each cluster",
        """\
SELECT g.run_id AS run, g.group_number, g.cluster, p.pattern, c.samples
FROM cluster_groups g
JOIN clusters c ON c.run_id = g.run_id AND c.cluster = g.cluster
JOIN patterns p ON p.id = c.pattern_id""",
    ),
    View(
        "group_effects",
        "the map of each group: coefficient of each feature, and bias",
        """\
SELECT k.run_id AS run, k.group_number, o.name AS output, f.name AS feature, k.coefficient, b.bias,
       k.output AS output_position, k.feature AS position
FROM group_coefficients k
JOIN group_biases b ON b.run_id = k.run_id AND b.group_number = k.group_number AND b.output = k.output
JOIN runs r ON r.id = k.run_id
JOIN outputs o ON o.network_id = r.network_id AND o.position = k.output
JOIN features f ON f.network_id = r.network_id AND f.position = k.feature""",
    ),
    View(
        "group_tradeoff",
        "the curve of groups against error: what one, two, three … groups would cost",
        """\
SELECT run_id AS run, groups, error, rms, entropy, alignment
FROM tradeoff_steps""",
    ),
    View(
        "relevance_by_cluster",
        "which coefficients the cluster's samples settle, although features are correlated: interval and class",
        """\
SELECT v.run_id AS run, v.cluster, o.name AS output, f.name AS feature, m.coefficient, v.low, v.high, v.relevance,
       v.output AS output_position, v.feature AS position
FROM cluster_relevance v
JOIN clusters c ON c.run_id = v.run_id AND c.cluster = v.cluster
JOIN runs r ON r.id = v.run_id
JOIN coefficients m ON m.pattern_id = c.pattern_id AND m.output = v.output AND m.feature = v.feature
JOIN outputs o ON o.network_id = r.network_id AND o.position = v.output
JOIN features f ON f.network_id = r.network_id AND f.position = v.feature""",
    ),
)
