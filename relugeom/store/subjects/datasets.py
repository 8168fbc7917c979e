"""Facts about a table of samples: enough to recognise it and to compare clusters with the whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Column, Connection, Double, Integer, Table, Text, UniqueConstraint, select

from relugeom.data.table import SampleTable
from relugeom.geometry.domain_spec import domain_of_data
from relugeom.linalg.arrays import FloatArray, frozen_array
from relugeom.linalg.digest import content_digest
from relugeom.printing import printable
from relugeom.store.database.columns import Digest, key, metadata, owner, required
from relugeom.store.database.insertion import find_id, insert_columns, insert_value
from relugeom.store.subject import StoreSubject

__all__ = [
    "DATASETS",
    "DATASET_FEATURES",
    "OVERALL_OF_RUN",
    "SUBJECT",
    "DatasetRecord",
    "describe_dataset",
    "load_columns",
    "save_dataset",
]

DATASETS = Table(
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
        comment="digest of the domain between the least and largest value of each column; NULL if it is not known",
    ),
    UniqueConstraint("digest"),
    comment="Tables of samples.",
)

DATASET_FEATURES = Table(
    "dataset_features",
    metadata,
    owner("dataset_id", "datasets.id", "the dataset"),
    key("position", "number of the input, from 0"),
    required("name", Text, comment="name of the column"),
    Column("mean", Double, comment="mean over all samples"),
    Column("spread", Double, comment="standard deviation over all samples"),
    comment="Columns of a dataset.",
)


@dataclass(frozen=True, slots=True, eq=False)
class DatasetRecord:
    """A table of samples, described.

    Attributes
    ----------
    name
        Name of the file, for people.
    digest
        SHA-256 of samples, target and names.
    samples
        Number of samples.
    feature_names
        One name per input.
    mean, spread
        Mean and standard deviation of each feature, shape (n,).
    target
        Name of the target column, or None.
    range_digest
        Digest of the domain between the least and the largest value of each feature; None if there are no samples.
    """

    name: str
    digest: str
    samples: int
    feature_names: tuple[str, ...]
    mean: FloatArray = field(repr=False)
    spread: FloatArray = field(repr=False)
    target: str | None = None
    range_digest: str | None = None


def describe_dataset(
    name: str,
    samples: FloatArray | SampleTable,
    feature_names: Sequence[str],
    *,
    target_name: str | None = None,
    target: FloatArray | None = None,
) -> DatasetRecord:
    """Describe samples, shape (s, n), and their target, shape (s,); give both `target_name` and `target`, or
    neither.
    """
    names = (*feature_names, "") if target_name is None else (*feature_names, "", target_name)
    table = samples if isinstance(samples, SampleTable) else SampleTable.of(samples)
    columns = [table] if target is None else [table, target]
    mean, spread = table.mean_and_spread()
    return DatasetRecord(
        name=name,
        digest=content_digest("dataset", *columns, *names),
        samples=len(table),
        feature_names=tuple(feature_names),
        mean=frozen_array(mean),
        spread=frozen_array(spread),
        target=target_name,
        range_digest=domain_of_data(table.range()).digest if len(table) else None,
    )


def save_dataset(connection: Connection, dataset: DatasetRecord) -> int:
    """Id of a dataset, which is saved if it is new."""
    known = find_id(connection, DATASETS, {"digest": dataset.digest})
    if known is not None:
        return known
    facts = {
        "digest": dataset.digest,
        "name": printable(dataset.name),
        "samples": dataset.samples,
        "target": dataset.target,
        "range_digest": dataset.range_digest,
    }
    dataset_id = insert_value(connection, DATASETS, facts)
    features = {
        "dataset_id": dataset_id,
        "position": range(len(dataset.feature_names)),
        "name": dataset.feature_names,
        "mean": dataset.mean,
        "spread": dataset.spread,
    }
    insert_columns(connection, DATASET_FEATURES, features)
    return dataset_id


def load_columns(connection: Connection, dataset_id: int) -> tuple[str | None, tuple[str, ...]]:
    """The target of a dataset, and its columns in the order of the inputs."""
    target = connection.execute(select(DATASETS.c.target).where(DATASETS.c.id == dataset_id)).scalar_one()
    own = DATASET_FEATURES.c
    names = select(own.name).where(own.dataset_id == dataset_id).order_by(own.position)
    return target, tuple(connection.execute(names).scalars())


OVERALL_OF_RUN = """\
SELECT f.name AS feature, d.mean, d.spread
FROM runs r
JOIN dataset_features d ON d.dataset_id = r.dataset_id
JOIN features f ON f.network_id = r.network_id AND f.position = d.position
WHERE r.id = :run ORDER BY d.position"""


SUBJECT = StoreSubject(
    tables=(DATASETS, DATASET_FEATURES),
)
