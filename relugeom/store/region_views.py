"""The views about regions and samples in space, and about two runs beside each other."""

from relugeom.store.database.view import View

__all__ = ["REGION_VIEWS"]

REGION_VIEWS = (
    View(
        "regions_by_share",
        "the share of the domain's volume that each activation region takes, with bounds, and its samples",
        """\
SELECT r.id AS run, v.position + 1 AS region,
       (SELECT p.pattern
        FROM partition_regions g
        JOIN patterns p ON p.id = g.pattern_id
        WHERE g.partition_id = v.partition_id AND g.position = v.position) AS pattern,
       v.share AS volume_share, v.low AS share_low, v.high AS share_high, m.method,
       CASE WHEN r.clusters IS NULL THEN NULL ELSE coalesce(
         (SELECT c.samples - c.outside
          FROM partition_regions g
          JOIN clusters c ON c.run_id = r.id AND c.pattern_id = g.pattern_id
          WHERE g.partition_id = v.partition_id AND g.position = v.position), 0) END AS samples
FROM runs r
JOIN volume_measurements m ON m.partition_id = r.partition_id
JOIN region_volumes v ON v.partition_id = r.partition_id""",
    ),
    View(
        "neighbours",
        "which activation regions share a facet, seen from both sides, and the units whose hyperplanes hold it",
        """\
SELECT r.id AS run, e.position + 1 AS region, p.pattern, e.neighbour + 1 AS neighbour,
       q.pattern AS neighbour_pattern, e.layer, e.unit
FROM runs r
JOIN region_facets e ON e.partition_id = r.partition_id
JOIN partition_regions g ON g.partition_id = e.partition_id AND g.position = e.position
JOIN patterns p ON p.id = g.pattern_id
JOIN partition_regions h ON h.partition_id = e.partition_id AND h.position = e.neighbour
JOIN patterns q ON q.id = h.pattern_id
UNION ALL
SELECT r.id, e.neighbour + 1, q.pattern, e.position + 1, p.pattern, e.layer, e.unit
FROM runs r
JOIN region_facets e ON e.partition_id = r.partition_id
JOIN partition_regions g ON g.partition_id = e.partition_id AND g.position = e.position
JOIN patterns p ON p.id = g.pattern_id
JOIN partition_regions h ON h.partition_id = e.partition_id AND h.position = e.neighbour
JOIN patterns q ON q.id = h.pattern_id""",
    ),
    View(
        "region_classes",
        "the class that is decided at the interior point of each activation region",
        """\
SELECT r.id AS run, d.position + 1 AS region, p.pattern, d.class, k.name AS class_name, d.tied
FROM runs r
JOIN region_decisions d ON d.partition_id = r.partition_id
JOIN partition_regions g ON g.partition_id = d.partition_id AND g.position = d.position
JOIN patterns p ON p.id = g.pattern_id
LEFT JOIN classes k ON k.network_id = r.network_id AND k.position = d.class""",
    ),
    View(
        "decision_flips",
        "pairs of neighbouring regions whose interior points are decided differently: the boundary passes between them",
        """\
SELECT r.id AS run, e.position + 1 AS region, p.pattern, d.class, e.neighbour + 1 AS neighbour,
       q.pattern AS neighbour_pattern, o.class AS neighbour_class
FROM runs r
JOIN region_facets e ON e.partition_id = r.partition_id
JOIN region_decisions d ON d.partition_id = e.partition_id AND d.position = e.position
JOIN region_decisions o ON o.partition_id = e.partition_id AND o.position = e.neighbour AND o.class <> d.class
JOIN partition_regions g ON g.partition_id = e.partition_id AND g.position = e.position
JOIN patterns p ON p.id = g.pattern_id
JOIN partition_regions h ON h.partition_id = e.partition_id AND h.position = e.neighbour
JOIN patterns q ON q.id = h.pattern_id
WHERE NOT EXISTS (
  SELECT 1
  FROM region_facets z
  WHERE z.partition_id = e.partition_id AND z.position = e.position AND z.neighbour = e.neighbour
        AND (z.layer < e.layer OR (z.layer = e.layer AND z.unit < e.unit))
)""",
    ),
    View(
        "region_effects",
        "the effective map at work in each activation region: one row an output and a feature",
        """\
SELECT r.id AS run, g.position + 1 AS region, p.pattern, o.name AS output, f.name AS feature, m.coefficient, m.sign,
       b.bias
FROM runs r
CROSS JOIN partition_regions g
CROSS JOIN patterns p
CROSS JOIN coefficients m
CROSS JOIN biases b
CROSS JOIN outputs o
CROSS JOIN features f
WHERE g.partition_id = r.partition_id AND p.id = g.pattern_id AND m.pattern_id = g.pattern_id
      AND b.pattern_id = m.pattern_id AND b.output = m.output AND o.network_id = r.network_id AND o.position = m.output
      AND f.network_id = r.network_id AND f.position = m.feature""",
    ),
    View(
        "effect_signs",
        "in how many regions each output rises, falls or stays flat with each feature, and whether its sign changes",
        """\
SELECT r.id AS run, o.name AS output, f.name AS feature, e.rising, e.falling, e.flat,
       CASE WHEN e.rising > 0 AND e.falling > 0 THEN 1 ELSE 0 END AS changes_sign,
       e.output AS output_position, e.feature AS position
FROM runs r
JOIN effect_counts e ON e.partition_id = r.partition_id
JOIN outputs o ON o.network_id = r.network_id AND o.position = e.output
JOIN features f ON f.network_id = r.network_id AND f.position = e.feature""",
    ),
    View(
        "samples_near_boundary",
        "how far each sample is from the boundary of its activation region, and the unit that would switch there",
        """\
SELECT n.run_id AS run, n.sample, a.cluster, p.pattern, n.distance, n.layer, n.unit, a.inside
FROM sample_margins n
JOIN assignments a ON a.run_id = n.run_id AND a.sample = n.sample
JOIN clusters c ON c.run_id = a.run_id AND c.cluster = a.cluster
JOIN patterns p ON p.id = c.pattern_id""",
    ),
    View(
        "pattern_units",
        "each pattern taken apart (network, not run): one row a unit, active or not",
        """\
SELECT p.network_id AS network, p.pattern, u.layer, u.unit,
       CASE WHEN substr(p.pattern, u.text_position, 1) = '1' THEN 1 ELSE 0 END AS active
FROM patterns p
JOIN units u ON u.network_id = p.network_id""",
    ),
    View(
        "weights_by_unit",
        "the network itself (network, not run): one row a unit and an input of it, by name where they have one",
        """\
SELECT b.network_id AS network, b.layer, b.unit, o.name AS output, w.input, f.name AS feature, w.weight, b.bias
FROM unit_biases b
LEFT JOIN weights w ON w.network_id = b.network_id AND w.layer = b.layer AND w.unit = b.unit
LEFT JOIN features f ON f.network_id = w.network_id AND f.position = w.input AND w.layer = 0
LEFT JOIN outputs o ON o.network_id = b.network_id AND o.position = b.unit
     AND NOT EXISTS (SELECT 1 FROM units u WHERE u.network_id = b.network_id AND u.layer = b.layer)""",
    ),
    View(
        "run_certificates",
        "the certificate of each run's list of regions: file, digest, size",
        """\
SELECT c.run_id AS run, c.file, c.sha256, c.bytes, c.regions, c.proofs, r.status
FROM certificates c
JOIN runs r ON r.id = c.run_id""",
    ),
    View(
        "answer_list",
        "what was asked of the network on the whole domain: subject, statement, verdict, numbers, witness, certificate",
        """\
SELECT a.run_id AS run, a.position + 1 AS number, a.question, a.statement, a.verdict, a.value, a.witness, a.reason,
       a.file, a.sha256, a.scope, o.name AS output, f.name AS feature, a.direction, a.side, a.second_network,
       a.further, a.part, a.whole, a.from_samples, a.output AS output_position, a.feature AS position
FROM answers a
JOIN runs r ON r.id = a.run_id
LEFT JOIN outputs o ON o.network_id = r.network_id AND o.position = a.output
LEFT JOIN features f ON f.network_id = r.network_id AND f.position = a.feature""",
    ),
    View(
        "answer_features",
        "the features on which a decision should not depend, of each answer about that: one row a feature",
        """\
SELECT p.run_id AS run, p.position + 1 AS number, f.name AS feature, p.feature AS position
FROM protected_features p
JOIN runs r ON r.id = p.run_id
JOIN features f ON f.network_id = r.network_id AND f.position = p.feature""",
    ),
    View(
        "run_provenance",
        "what each run was made with: options, software and versions, digests, machine and process",
        """\
SELECT run_id AS run, 'software' AS kind, package AS item, version AS value
FROM run_software
UNION ALL
SELECT id, 'options', 'parameters', CAST(parameters AS TEXT)
FROM runs
UNION ALL
SELECT r.id, 'digest', 'network', n.digest
FROM runs r
JOIN networks n ON n.id = r.network_id
UNION ALL
SELECT r.id, 'digest', 'domain', d.digest
FROM runs r
JOIN domains d ON d.id = r.domain_id
UNION ALL
SELECT r.id, 'digest', 'data', s.digest
FROM runs r
JOIN datasets s ON s.id = r.dataset_id
UNION ALL
SELECT run_id, 'process', 'host', host
FROM run_processes
UNION ALL
SELECT run_id, 'process', 'number', CAST(process AS TEXT)
FROM run_processes""",
    ),
    View(
        "cluster_changes",
        "two runs of equally built networks side by side: which clusters stayed, vanished or appeared",
        """\
SELECT a.id AS run_before, b.id AS run_after, p.pattern,
       CASE WHEN d.cluster IS NULL THEN 'vanished' ELSE 'stayed' END AS change,
       c.cluster AS cluster_before, d.cluster AS cluster_after, c.samples AS samples_before, d.samples AS samples_after
FROM runs a
CROSS JOIN networks m
CROSS JOIN runs b
CROSS JOIN networks n
CROSS JOIN clusters c
CROSS JOIN patterns p
LEFT JOIN patterns q ON q.network_id = n.id AND q.pattern = p.pattern
LEFT JOIN clusters d ON d.run_id = b.id AND d.pattern_id = q.id
WHERE a.clusters IS NOT NULL AND m.id = a.network_id AND b.clusters IS NOT NULL AND b.id <> a.id
      AND n.id = b.network_id AND n.hidden_layers = m.hidden_layers AND c.run_id = a.id AND p.id = c.pattern_id
UNION ALL
SELECT a.id, b.id, q.pattern, 'appeared', NULL, d.cluster, NULL, d.samples
FROM runs a
CROSS JOIN networks m
CROSS JOIN runs b
CROSS JOIN networks n
CROSS JOIN clusters d
CROSS JOIN patterns q
LEFT JOIN patterns p ON p.network_id = m.id AND p.pattern = q.pattern
LEFT JOIN clusters c ON c.run_id = a.id AND c.pattern_id = p.id
WHERE a.clusters IS NOT NULL AND m.id = a.network_id AND b.clusters IS NOT NULL AND b.id <> a.id
      AND n.id = b.network_id AND n.hidden_layers = m.hidden_layers AND d.run_id = b.id AND q.id = d.pattern_id
      AND c.cluster IS NULL""",
    ),
    View(
        "effect_changes",
        "effects of features in clusters that two runs share, matched by name, and whether the sign changed",
        """\
SELECT a.id AS run_before, b.id AS run_after, p.pattern, o.name AS output, f.name AS feature,
       s.coefficient AS coefficient_before, t.coefficient AS coefficient_after,
       s.sign AS sign_before, t.sign AS sign_after,
       CASE WHEN s.sign <> t.sign THEN 1 ELSE 0 END AS changed_sign
FROM runs a
CROSS JOIN runs b
CROSS JOIN clusters c
CROSS JOIN patterns p
CROSS JOIN patterns q
CROSS JOIN clusters d
CROSS JOIN coefficients s
CROSS JOIN coefficients t
JOIN networks m ON m.id = a.network_id
JOIN networks n ON n.id = b.network_id AND n.hidden_layers = m.hidden_layers
JOIN outputs o ON o.network_id = m.id AND o.position = s.output
JOIN features f ON f.network_id = m.id AND f.position = s.feature
JOIN outputs v ON v.network_id = n.id AND v.name = o.name
JOIN features w ON w.network_id = n.id AND w.name = f.name
WHERE b.id <> a.id AND b.clusters IS NOT NULL AND c.run_id = a.id AND p.id = c.pattern_id
      AND q.network_id = n.id AND q.pattern = p.pattern AND d.run_id = b.id AND d.pattern_id = q.id
      AND s.pattern_id = p.id AND t.pattern_id = q.id AND t.output = v.position AND t.feature = w.position""",
    ),
)
