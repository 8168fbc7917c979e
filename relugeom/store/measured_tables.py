"""Tables of what is measured on a partition or a run beyond its regions: shares, facets, decisions, margins.

A partition without rows here was not measured. Shares, facets and decisions are facts about a partition, whoever found
them; margins belong to the run whose samples they are of.
"""

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKeyConstraint, Index, Integer, Table, Text

from relugeom.store.database.columns import key, metadata, owner, required

__all__ = [
    "admissible_patterns",
    "effect_counts",
    "region_decisions",
    "region_facets",
    "region_volumes",
    "sample_margins",
    "volume_measurements",
]

admissible_patterns = Table(
    "admissible_patterns",
    metadata,
    owner("domain_id", "domains.id", "the domain"),
    owner("pattern_id", "patterns.id", "the pattern"),
    required("met", Boolean, comment="whether some admissible input has the pattern: proved, either way"),
    Index(None, "pattern_id"),
    comment="Which patterns admissible inputs have. Patterns without a row are not settled.",
    sqlite_with_rowid=False,
)

volume_measurements = Table(
    "volume_measurements",
    metadata,
    owner("partition_id", "partitions.id", "the partition"),
    required("method", Text, comment="exact, Monte Carlo or unknown"),
    required("confidence", Double, comment="probability that an interval of region_volumes holds; 1 where proved"),
    Column("domain_volume", Double, comment="volume of the domain within its affine hull; NULL where infinite"),
    required("samples", BigInteger, comment="number of random points; 0 for exact volumes"),
    required("reason", Text, comment="why something is missing or weaker than asked for, or empty"),
    comment="How the volumes of a partition were found.",
)


def _of_region(table: str, *columns: "Column[int] | Column[float] | Column[bool] | Index", comment: str) -> Table:
    return Table(
        table,
        metadata,
        key("partition_id", "the partition"),
        key("position", "the region's place in tree order, from 0"),
        *columns,
        ForeignKeyConstraint(
            ["partition_id", "position"],
            ["partition_regions.partition_id", "partition_regions.position"],
            ondelete="CASCADE",
        ),
        comment=comment,
        sqlite_with_rowid=False,
    )


region_volumes = _of_region(
    "region_volumes",
    Column("volume", Double, comment="volume within the domain's affine hull; NULL where infinite or unknown"),
    Column("share", Double, comment="share of the domain's volume; NULL where the domain is unbounded"),
    Column("low", Double, comment="lower bound of the share"),
    Column("high", Double, comment="upper bound of the share"),
    Index(None, "partition_id", "share"),
    comment="Volumes of the regions of a partition.",
)

region_decisions = _of_region(
    "region_decisions",
    Column("class", Integer, comment="class decided at the interior point; NULL where tied or between two bounds"),
    required("tied", Boolean, comment="whether the largest output is reached twice there"),
    comment="What the network decides at the interior point of each region, exactly.",
)

effect_counts = Table(
    "effect_counts",
    metadata,
    owner("partition_id", "partitions.id", "the partition"),
    key("output", "number of the output, from 0"),
    key("feature", "number of the input, from 0"),
    required("rising", BigInteger, comment="number of regions in which the output rises with the feature: exact signs"),
    required("falling", BigInteger, comment="number of regions in which it falls"),
    required("flat", BigInteger, comment="number of regions in which the feature has no effect"),
    comment="Signs of the effective maps of all regions of a partition, counted.",
    sqlite_with_rowid=False,
)

region_facets = Table(
    "region_facets",
    metadata,
    key("partition_id", "the partition"),
    key("position", "the first region's place in tree order, from 0"),
    key("neighbour", "the second region's place, greater than the first one's"),
    key("layer", "hidden layer of the unit, from 0"),
    key("unit", "index of the unit in its layer, from 0"),
    required("on_first", Boolean, comment="whether the facet lies on the unit's hyperplane as it runs in the first"),
    required("on_second", Boolean, comment="whether it lies on the unit's hyperplane as it runs in the second"),
    ForeignKeyConstraint(
        ["partition_id", "position"],
        ["partition_regions.partition_id", "partition_regions.position"],
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["partition_id", "neighbour"],
        ["partition_regions.partition_id", "partition_regions.position"],
        ondelete="CASCADE",
    ),
    Index(None, "partition_id", "neighbour"),
    comment="Pairs of regions that share a facet, and the units whose hyperplanes hold it.",
    sqlite_with_rowid=False,
)

sample_margins = Table(
    "sample_margins",
    metadata,
    key("run_id", "the run"),
    key("sample", "number of the sample, from 0, in the order of the data"),
    required("layer", Integer, comment="hidden layer of the unit whose hyperplane is nearest, from 0"),
    required("unit", Integer, comment="index of that unit in its layer, from 0"),
    required("distance", Double, comment="Euclidean distance to that hyperplane in input units, rounded"),
    ForeignKeyConstraint(["run_id", "sample"], ["assignments.run_id", "assignments.sample"], ondelete="CASCADE"),
    Index(None, "run_id", "distance"),
    comment="How far each sample is from the boundary of its activation region.",
    sqlite_with_rowid=False,
)
