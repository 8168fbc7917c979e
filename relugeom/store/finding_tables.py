"""Tables of what the analyses of a run found: importance, scores, ranges, counterfactuals, groups, relevance.

A run without rows here did not ask. Ranges of outputs are facts about a partition; the rest belongs to the run whose
samples it is about.
"""

from sqlalchemy import BigInteger, Column, Double, ForeignKeyConstraint, Index, Integer, Table, Text

from relugeom.store.database.columns import Digest, key, metadata, owner, required

__all__ = [
    "cluster_groups",
    "cluster_relevance",
    "cluster_scores",
    "counterfactual_features",
    "group_biases",
    "group_coefficients",
    "importance_shares",
    "region_departures",
    "region_extreme_points",
    "region_extremes",
    "region_scores",
    "run_groups",
    "run_scores",
    "sample_distances",
    "tradeoff_steps",
]

importance_shares = Table(
    "importance_shares",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("position", "place of the measure among those of the run, from 0"),
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    required("measure", Text, comment="how importance is measured"),
    Column("share", Double, comment="share of the feature: those of one measure and output sum to 1, or all are 0"),
    comment="Measures of importance over the whole domain and the data, side by side.",
    sqlite_with_rowid=False,
)


def _scores() -> list[Column[float]]:
    return [
        Column("local_auc", Double, comment="area under the ROC curve of the map on its own samples"),
        Column("global_auc", Double, comment="area under the ROC curve of the map on all samples"),
        Column("local_r2", Double, comment="R² of the map on its own samples"),
        Column("global_r2", Double, comment="R² of the map on all samples"),
    ]


def _means() -> list[Column[float]]:
    return [
        Column("response_mean", Double, comment="mean of the target"),
        Column("accuracy", Double, comment="share of samples whose decision is the target"),
    ]


run_scores = Table(
    "run_scores",
    metadata,
    owner("run_id", "runs.id", "the run"),
    required("samples", BigInteger, comment="number of samples that the scores of the run are of"),
    *_means(),
    Column("auc", Double, comment="area under the ROC curve of the network"),
    Column("r2", Double, comment="R² of the network"),
    comment="How well the network predicts the samples of a run.",
)

cluster_scores = Table(
    "cluster_scores",
    metadata,
    key("run_id", "the run"),
    key("cluster", "number of the cluster, from 1"),
    *_scores(),
    ForeignKeyConstraint(["run_id", "cluster"], ["clusters.run_id", "clusters.cluster"], ondelete="CASCADE"),
    comment="How well the map of each cluster predicts. NULL where a score does not exist or was not asked for.",
    sqlite_with_rowid=False,
)

PARTITION_REGION = ["partition_regions.partition_id", "partition_regions.position"]

region_scores = Table(
    "region_scores",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("partition_id", "the partition"),
    key("position", "the region's place in tree order, from 0"),
    required("samples", BigInteger, comment="number of samples of the domain in the region"),
    *_means(),
    *_scores(),
    ForeignKeyConstraint(["partition_id", "position"], PARTITION_REGION, ondelete="CASCADE"),
    Index(None, "partition_id", "position"),
    comment="How well the map of each region that holds samples predicts.",
    sqlite_with_rowid=False,
)

region_departures = Table(
    "region_departures",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("partition_id", "the partition"),
    key("position", "the region's place in tree order, from 0"),
    Column("departure", Double, comment="from the map of the nearest cluster, in units of the output"),
    Column("nearest_cluster", Integer, comment="that cluster, from 1; NULL where no cluster is inside the domain"),
    ForeignKeyConstraint(["partition_id", "position"], PARTITION_REGION, ondelete="CASCADE"),
    Index(None, "partition_id", "position"),
    Index(None, "run_id", "departure"),
    comment="Regions without a sample, and how far their maps depart from those of observed clusters.",
    sqlite_with_rowid=False,
)

region_extremes = Table(
    "region_extremes",
    metadata,
    key("partition_id", "the partition"),
    key("position", "the region's place in tree order, from 0"),
    key("output", "number of the output, from 0"),
    Column("lowest", Double, comment="the float64 nearest to the exact minimum on the closed region; NULL without one"),
    Column("highest", Double, comment="the float64 nearest to the exact maximum on it; NULL without one"),
    ForeignKeyConstraint(["partition_id", "position"], PARTITION_REGION, ondelete="CASCADE"),
    comment="The range of each output over each region, before squashing.",
    sqlite_with_rowid=False,
)

region_extreme_points = Table(
    "region_extreme_points",
    metadata,
    key("partition_id", "the partition"),
    key("position", "the region's place in tree order, from 0"),
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    Column("lowest_at", Double, comment="coordinate of an input that reaches the minimum, to the nearest float64"),
    Column("highest_at", Double, comment="coordinate of an input that reaches the maximum, to the nearest float64"),
    ForeignKeyConstraint(
        ["partition_id", "position", "output"],
        ["region_extremes.partition_id", "region_extremes.position", "region_extremes.output"],
        ondelete="CASCADE",
    ),
    comment="Inputs that reach the ends of the ranges.",
    sqlite_with_rowid=False,
)

sample_distances = Table(
    "sample_distances",
    metadata,
    key("run_id", "the run"),
    key("sample", "number of the sample, from 0, in the order of the data"),
    required("norm", Text, comment="l1, l2 or linf, in input units"),
    required("verdict", Text, comment="holds: the distance is proved; fails: no other decision exists; or unknown"),
    Column("distance", Double, comment="of the nearest input found that gets another decision; NULL without one"),
    Column("file", Text, comment="the certificate of a distance that is proved"),
    Column("sha256", Digest, comment="SHA-256 of the certificate"),
    ForeignKeyConstraint(["run_id", "sample"], ["assignments.run_id", "assignments.sample"], ondelete="CASCADE"),
    Index(None, "run_id", "distance"),
    comment="How far samples are from another decision.",
    sqlite_with_rowid=False,
)

counterfactual_features = Table(
    "counterfactual_features",
    metadata,
    key("run_id", "the run"),
    key("sample", "number of the sample, from 0"),
    key("feature", "number of the input, from 0"),
    required("value", Double, comment="its value in the nearest input with another decision"),
    required("change", Double, comment="that value minus the sample's"),
    ForeignKeyConstraint(
        ["run_id", "sample"], ["sample_distances.run_id", "sample_distances.sample"], ondelete="CASCADE"
    ),
    comment="The nearest inputs that get another decision: counterfactuals.",
    sqlite_with_rowid=False,
)

run_groups = Table(
    "run_groups",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("group_number", "number of the group, from 1, largest first"),
    required("samples", BigInteger, comment="number of samples in it"),
    required("clusters", Integer, comment="number of clusters in it"),
    required("error", Double, comment="largest change of an output by the group's map, measured on its samples"),
    required("rms", Double, comment="root of the mean of its squares"),
    Column("bound", Double, comment="the change on all its regions is at most this; NULL where not known"),
    required("conditions", Text, comment="the units that say what belongs to it, and whether each is active"),
    comment="Clusters merged into few groups with one affine map each.",
    sqlite_with_rowid=False,
)


def _of_group(table: str, *columns: "Column[int] | Column[float]", comment: str) -> Table:
    return Table(
        table,
        metadata,
        key("run_id", "the run"),
        key("group_number", "number of the group, from 1"),
        *columns,
        ForeignKeyConstraint(
            ["run_id", "group_number"], ["run_groups.run_id", "run_groups.group_number"], ondelete="CASCADE"
        ),
        comment=comment,
        sqlite_with_rowid=False,
    )


group_coefficients = _of_group(
    "group_coefficients",
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    required("coefficient", Double, comment="coefficient of the group's map"),
    comment="Maps of groups: output ≈ bias + sum of coefficient * feature, before squashing.",
)

group_biases = _of_group(
    "group_biases",
    key("output", "number of the output, from 0"),
    required("bias", Double, comment="constant term of the group's map"),
    comment="Constant terms of the maps of groups.",
)

cluster_groups = Table(
    "cluster_groups",
    metadata,
    key("run_id", "the run"),
    key("cluster", "number of the cluster, from 1"),
    required("group_number", Integer, comment="number of its group, from 1"),
    ForeignKeyConstraint(["run_id", "cluster"], ["clusters.run_id", "clusters.cluster"], ondelete="CASCADE"),
    ForeignKeyConstraint(
        ["run_id", "group_number"], ["run_groups.run_id", "run_groups.group_number"], ondelete="CASCADE"
    ),
    Index(None, "run_id", "group_number"),
    comment="The group of each cluster.",
    sqlite_with_rowid=False,
)

tradeoff_steps = Table(
    "tradeoff_steps",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("groups", "number of groups"),
    required("error", Double, comment="largest change of an output that so few maps make, measured on the samples"),
    required("rms", Double, comment="root of the mean of its squares"),
    required("entropy", Double, comment="entropy of the groups' sizes in bits"),
    required("alignment", Double, comment="mean |cosine| between separating hyperplanes: 0 where all are orthogonal"),
    comment="What fewer groups would cost.",
    sqlite_with_rowid=False,
)

cluster_relevance = Table(
    "cluster_relevance",
    metadata,
    key("run_id", "the run"),
    key("cluster", "number of the cluster, from 1"),
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    Column("low", Double, comment="least coefficient among the maps that predict the cluster's samples as well"),
    Column("high", Double, comment="largest one; both NULL where not identifiable or not known"),
    required("relevance", Text, comment="strong, weak, irrelevant, not identifiable or unknown"),
    ForeignKeyConstraint(["run_id", "cluster"], ["clusters.run_id", "clusters.cluster"], ondelete="CASCADE"),
    comment="What the samples of a cluster say of each coefficient when features are correlated.",
    sqlite_with_rowid=False,
)
