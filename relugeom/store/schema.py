"""The tables of the store.

A value is stored once: networks, domains, datasets and partitions are found again by their digests, patterns by their
text. A pattern belongs to a network; a status is a fact about a pattern on a domain (a region is a pattern whose
status is ``region``); an effective map belongs to a pattern. Runs refer to all of these and own their clusters,
assignments and counts. Rows that something owns go with it; what others refer to cannot be deleted.

Layers, units, features, outputs, classes and samples are numbered from 0, clusters from 1 (largest first). Rows that
come by the million have their owner first in the key, and no row number of their own on SQLite. Where a number is not
finite (an open side of a box, a coefficient beyond the largest float64), it is NULL.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from relugeom.store import answers, certificates, finding_tables, measured_tables, network_tables, process_table
from relugeom.store.database.columns import SCHEMA_TABLE, Digest, PatternText, key, metadata, owner, reference, required

__all__ = [
    "SCHEMA_TABLE",
    "answers",
    "certificates",
    "finding_tables",
    "measured_tables",
    "metadata",
    "network_tables",
    "process_table",
]

# --- domains and data ----------------------------------------------------------------------------------------------

domains = Table(
    "domains",
    metadata,
    Column("id", Integer, primary_key=True),
    required("digest", Digest, comment="SHA-256 of the box, the linear rows and the rules"),
    required("name", Text, comment="how it was specified when it was first saved: box:LO,HI, data, all or a file"),
    required("inputs", Integer, comment="number of inputs"),
    required("features_named", Boolean, comment="whether the domain names its features"),
    required("names_digest", Digest, comment="SHA-256 of the names of its features"),
    UniqueConstraint("digest", "names_digest"),
    comment="Sets of inputs that networks are used on.",
)

domain_features = Table(
    "domain_features",
    metadata,
    owner("domain_id", "domains.id", "the domain"),
    key("position", "number of the input, from 0"),
    required("name", Text, comment="name of the feature when the domain was first saved"),
    required("kind", Text, comment="continuous, integer or binary"),
    Column("lower", Double, comment="lower bound; NULL where the side is open"),
    Column("upper", Double, comment="upper bound; NULL where the side is open"),
    Column("one_hot_group", Integer, comment="number of its one-hot group (exactly one member is 1), or NULL"),
    comment="The box of a domain and the rules of its features.",
)

domain_constraints = Table(
    "domain_constraints",
    metadata,
    owner("domain_id", "domains.id", "the domain"),
    key("number", "number of the row, from 0"),
    required("relation", String(2), comment="<= or =="),
    required("value", Double, comment="right-hand side"),
    CheckConstraint("relation IN ('<=', '==')", name="relation"),
    comment="Linear rows of a domain; one-hot groups are not repeated here.",
)

domain_coefficients = Table(
    "domain_coefficients",
    metadata,
    key("domain_id", "the domain"),
    key("number", "the row of domain_constraints"),
    key("position", "number of the input, from 0"),
    required("coefficient", Double, comment="its coefficient, never 0"),
    ForeignKeyConstraint(
        ["domain_id", "number"], ["domain_constraints.domain_id", "domain_constraints.number"], ondelete="CASCADE"
    ),
    comment="Left-hand sides of the linear rows of a domain.",
)

datasets = Table(
    "datasets",
    metadata,
    Column("id", Integer, primary_key=True),
    required("digest", Digest, comment="SHA-256 of the samples, the target and their names"),
    required("name", Text, comment="name of the file when the data were first saved"),
    required("samples", Integer, comment="number of samples"),
    Column("target", Text, comment="name of the target column, or NULL"),
    Column(
        "range_digest",
        Digest,
        comment="digest that the domain of the least and largest value of each column has; NULL where it is not known",
    ),
    UniqueConstraint("digest"),
    comment="Tables of samples.",
)

dataset_features = Table(
    "dataset_features",
    metadata,
    owner("dataset_id", "datasets.id", "the dataset"),
    key("position", "number of the input, from 0"),
    required("name", Text, comment="name of the column"),
    Column("mean", Double, comment="mean over all samples"),
    Column("spread", Double, comment="standard deviation over all samples"),
    comment="Columns of a dataset.",
)

# --- patterns: what is known about them, whoever found it ------------------------------------------------------------

patterns = Table(
    "patterns",
    metadata,
    Column("id", Integer, primary_key=True),
    reference("network_id", "networks.id", "the network"),
    required("pattern", PatternText, comment="one character per unit, layer by layer: 0110/10; - without hidden units"),
    required("packed", LargeBinary, comment="the same bits, eight units a byte, first unit first"),
    required("active_units", Integer, comment="number of active units"),
    UniqueConstraint("network_id", "pattern"),
    comment="Activation patterns.",
)

pattern_statuses = Table(
    "pattern_statuses",
    metadata,
    owner("domain_id", "domains.id", "the domain"),
    owner("pattern_id", "patterns.id", "the pattern"),
    required("status", Text, comment="region, lower-dimensional or infeasible"),
    Column("admissible_inputs", BigInteger, comment="how many admissible inputs have it; NULL where not counted"),
    CheckConstraint("status IN ('region', 'lower-dimensional', 'infeasible')", name="status"),
    Index(None, "pattern_id"),
    comment="What a pattern is on a domain. Patterns without a row are not settled.",
    sqlite_with_rowid=False,
)

coefficients = Table(
    "coefficients",
    metadata,
    owner("pattern_id", "patterns.id", "the pattern"),
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    Column("coefficient", Double, comment="the float64 nearest to the exact coefficient"),
    required("sign", Integer, comment="its exact sign: -1, 0 or 1"),
    CheckConstraint("sign IN (-1, 0, 1)", name="sign"),
    comment="Effective maps: output = bias + sum of coefficient * feature, before squashing.",
    sqlite_with_rowid=False,
)

biases = Table(
    "biases",
    metadata,
    owner("pattern_id", "patterns.id", "the pattern"),
    key("output", "number of the output, from 0"),
    Column("bias", Double, comment="the float64 nearest to the exact bias"),
    required("sign", Integer, comment="its exact sign: -1, 0 or 1"),
    CheckConstraint("sign IN (-1, 0, 1)", name="sign"),
    comment="Constant terms of the effective maps.",
    sqlite_with_rowid=False,
)

# --- partitions ----------------------------------------------------------------------------------------------------

partitions = Table(
    "partitions",
    metadata,
    Column("id", Integer, primary_key=True),
    required("digest", Digest, comment="SHA-256 of network, domain, regions, interior points, split tree and status"),
    reference("network_id", "networks.id", "the network"),
    reference("domain_id", "domains.id", "the domain"),
    required("status", Text, comment="complete or truncated"),
    required("reason", Text, comment="why it is truncated, or empty"),
    required("regions", BigInteger, comment="number of activation regions found"),
    required("dimension", Integer, comment="dimension of the affine hull of the domain"),
    required("tree", LargeBinary, comment="split tree in preorder, a byte a node: 0, 1 stable, 2 split, 3 unexplored"),
    CheckConstraint("status IN ('complete', 'truncated')", name="status"),
    UniqueConstraint("network_id", "domain_id", "digest"),
    comment="All activation regions of a network over a domain.",
)

partition_regions = Table(
    "partition_regions",
    metadata,
    owner("partition_id", "partitions.id", "the partition"),
    key("position", "its place in tree order, from 0"),
    reference("pattern_id", "patterns.id", "its pattern"),
    comment="The regions of a partition.",
    sqlite_with_rowid=False,
)

interior_points = Table(
    "interior_points",
    metadata,
    key("partition_id", "the partition"),
    key("position", "the region's place in tree order, from 0"),
    key("feature", "number of the input, from 0"),
    required("value", Double, comment="coordinate of an interior point, or the float64 nearest to it"),
    Column("exact_value", Text, comment="the coordinate as a fraction where no float64 point was found, else NULL"),
    ForeignKeyConstraint(
        ["partition_id", "position"],
        ["partition_regions.partition_id", "partition_regions.position"],
        ondelete="CASCADE",
    ),
    comment="A point inside each region of a partition.",
    sqlite_with_rowid=False,
)

# --- runs and what they own --------------------------------------------------------------------------------------

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    required("command", Text, comment="what was asked for: audit, cluster, enumerate, save"),
    required("status", Text, comment="running, complete, truncated, failed, or interrupted: its process is gone"),
    required("reason", Text, comment="why it is not complete, or empty"),
    required("started_at", Text, comment="UTC, like 2026-11-23T10:15:00Z"),
    Column("finished_at", Text, comment="UTC; NULL while it runs"),
    Column("seconds", Double, comment="time from start to finish"),
    Column("search_seconds", Double, comment="time of the search for regions; NULL without one"),
    reference("network_id", "networks.id", "the network"),
    Column("network_name", Text, comment="name of its file in this run; NULL for runs before revision 0013"),
    reference("domain_id", "domains.id", "the domain, if any", nullable=True),
    Column("domain_name", Text, comment="how it was specified in this run; NULL without one, or before revision 0013"),
    reference("dataset_id", "datasets.id", "the data, if any", nullable=True),
    Column("dataset_name", Text, comment="name of their file in this run; NULL without any, or before revision 0013"),
    reference("partition_id", "partitions.id", "the partition, if any", nullable=True),
    Column("samples", Integer, comment="number of samples assigned to clusters; NULL where none were"),
    Column("clusters", Integer, comment="number of clusters; NULL where no samples were clustered"),
    required("parameters", JSON, comment="the options of the run, passwords hidden"),
    CheckConstraint("status IN ('running', 'complete', 'truncated', 'failed', 'interrupted')", name="status"),
    Index(None, "network_id"),
    comment="What was run, when and on what.",
)

search_blocks = Table(
    "search_blocks",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("number", "number of the block, from 0"),
    required("regions", BigInteger, comment="number of activation regions in it"),
    required("seconds", Double, comment="time of the search until then"),
    required("packed", LargeBinary, comment="their patterns, eight units a byte, one region after the other"),
    required("points", LargeBinary, comment="their interior points, little-endian float64"),
    required(
        "exact_points", JSON, comment="row of the block: coordinates as fractions, where no float64 point was found"
    ),
    required("tree", LargeBinary, comment="the split tree since the block before, a byte a node"),
    required("empty_leaves", JSON, comment="leaves of the block that turned out to be empty, by number"),
    comment="What a search has found so far; gone when its run is finished.",
)

run_software = Table(
    "run_software",
    metadata,
    owner("run_id", "runs.id", "the run"),
    Column("package", Text, primary_key=True, comment="name of the package, or python, or platform"),
    required("version", Text, comment="its version"),
    comment="Software that a run used.",
)

run_notes = Table(
    "run_notes",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("position", "order of reading"),
    required("note", Text, comment="one sentence"),
    comment="Limits and remarks that a run's report repeats.",
)

pattern_census = Table(
    "pattern_census",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("position", "order of reading"),
    required(
        "kind", Text, comment="which patterns are counted: all, region, lower-dimensional, infeasible, admissible"
    ),
    required("patterns", Text, comment="the same in words"),
    Column("count", BigInteger, comment="how many; NULL where that is not known, or is beyond 2^63"),
    required("count_text", Text, comment="the same in words: a number, 2^80, at least 7, not known"),
    comment="How all 2^N patterns of the network divide on the domain of a run.",
)

clusters = Table(
    "clusters",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("cluster", "number of the cluster, from 1, largest first"),
    reference("pattern_id", "patterns.id", "the pattern that its samples share"),
    required("samples", Integer, comment="number of samples"),
    required("share", Double, comment="share of all samples"),
    required("outside", Integer, comment="how many of its samples lie outside the domain"),
    required("representative", Integer, comment="number of a sample of the cluster, in the domain where one is"),
    Column("positive_share", Double, comment="share of samples decided for class 1, where there are two classes"),
    Column("target_mean", Double, comment="mean of the target (the target rate of a 0/1 target)"),
    Column("accuracy", Double, comment="share of samples whose decision is the target"),
    UniqueConstraint("run_id", "pattern_id"),
    comment="Samples that share an activation pattern.",
)


def _of_cluster(table: str, *columns: "Column[int] | Column[float]", comment: str) -> Table:
    return Table(
        table,
        metadata,
        key("run_id", "the run"),
        key("cluster", "number of the cluster, from 1"),
        *columns,
        ForeignKeyConstraint(["run_id", "cluster"], ["clusters.run_id", "clusters.cluster"], ondelete="CASCADE"),
        comment=comment,
        sqlite_with_rowid=False,
    )


cluster_features = _of_cluster(
    "cluster_features",
    key("feature", "number of the input, from 0"),
    Column("mean", Double, comment="mean over the samples of the cluster"),
    Column("spread", Double, comment="standard deviation over the samples of the cluster"),
    comment="Features of the samples of a cluster.",
)

cluster_outputs = _of_cluster(
    "cluster_outputs",
    key("output", "number of the output, from 0"),
    Column("prediction", Double, comment="mean of the output after squashing"),
    comment="Predictions for the samples of a cluster.",
)

cluster_classes = _of_cluster(
    "cluster_classes",
    key("class", "number of the class, from 0"),
    Column("share", Double, comment="share of samples decided for the class"),
    Column(
        "target_share",
        Double,
        comment="share of samples whose target is the class; NULL without a target, and for runs before revision 0011",
    ),
    comment="Decisions for the samples of a cluster.",
)

cluster_importance = _of_cluster(
    "cluster_importance",
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    Column("scaled", Double, comment="coefficient times the standard deviation of the feature over all samples"),
    Column("contribution", Double, comment="coefficient times the mean of the feature in the cluster"),
    comment="Importance of features in a cluster, beside the coefficients of its pattern.",
)

assignments = Table(
    "assignments",
    metadata,
    owner("run_id", "runs.id", "the run"),
    key("sample", "number of the sample, from 0, in the order of the data"),
    required("cluster", Integer, comment="number of its cluster, from 1"),
    required("inside", Boolean, comment="whether it lies in the domain"),
    required("float32_doubtful", Boolean, comment="whether a float32 evaluation could give another pattern"),
    ForeignKeyConstraint(["run_id", "cluster"], ["clusters.run_id", "clusters.cluster"], ondelete="CASCADE"),
    Index(None, "run_id", "cluster"),
    comment="The cluster of each sample.",
    sqlite_with_rowid=False,
)
