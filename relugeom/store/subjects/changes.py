"""Comparison of two runs: which clusters and effects stayed, vanished, appeared or changed."""

from relugeom.store.database.view import View
from relugeom.store.subject import StoreSubject

__all__ = ["SUBJECT"]


VIEWS = (
    View(
        "cluster_changes",
        "clusters of two runs whose networks have the same shape: which ones stayed, vanished or appeared",
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
        columns={
            "change": "stayed, vanished or appeared",
        },
    ),
    View(
        "effect_changes",
        "effects of features in clusters that two runs share, matched by name, and whether their signs changed",
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
        columns={
            "changed_sign": "1 if the sign of the coefficient differs between the runs",
        },
    ),
    View(
        "decision_changes",
        "samples of two runs on the same data: their clusters, and whether these show that the decision changed",
        """\
SELECT a.id AS run_before, b.id AS run_after, s.sample, s.cluster AS cluster_before, t.cluster AS cluster_after,
       k.class AS class_before, l.class AS class_after, m.name AS decision_before, n.name AS decision_after,
       CASE WHEN a.network_id = b.network_id THEN 'no'
            WHEN k.class IS NULL OR l.class IS NULL THEN 'unknown'
            WHEN coalesce(m.name = n.name, k.class = l.class) THEN 'no' ELSE 'yes' END AS changed
FROM runs a
CROSS JOIN runs b
CROSS JOIN assignments s
CROSS JOIN assignments t
LEFT JOIN cluster_classes k ON k.run_id = a.id AND k.cluster = s.cluster AND k.share = 1
LEFT JOIN cluster_classes l ON l.run_id = b.id AND l.cluster = t.cluster AND l.share = 1
LEFT JOIN classes m ON m.network_id = a.network_id AND m.position = k.class
LEFT JOIN classes n ON n.network_id = b.network_id AND n.position = l.class
WHERE a.dataset_id IS NOT NULL AND b.dataset_id = a.dataset_id AND b.id <> a.id
      AND s.run_id = a.id AND t.run_id = b.id AND t.sample = s.sample""",
        columns={
            "changed": "whether the clusters show that the decision changed: yes, no or unknown",
        },
    ),
    View(
        "cluster_overlaps",
        "clusters of two runs on the same data, whatever their networks: number of samples that each pair of clusters "
        "shares",
        """\
SELECT run_before, run_after, cluster_before, cluster_after, count(*) AS samples, changed
FROM decision_changes
GROUP BY run_before, run_after, cluster_before, cluster_after, changed""",
    ),
)


SUBJECT = StoreSubject(
    views=VIEWS,
)
