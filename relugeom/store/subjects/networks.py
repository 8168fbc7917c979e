"""Networks, saved and loaded without loss."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Double,
    Integer,
    LargeBinary,
    RowMapping,
    Table,
    Text,
    UniqueConstraint,
    select,
)

from relugeom.errors import StoreError
from relugeom.linalg.arrays import BoolArray
from relugeom.network.decision import Decision, DecisionRule, Squashing
from relugeom.network.network import Origin, ReLUNetwork
from relugeom.store.database.columns import Digest, key, metadata, owner, required
from relugeom.store.database.insertion import find_id, insert_columns, insert_value
from relugeom.store.database.view import View
from relugeom.store.subject import StoreSubject

__all__ = [
    "CLASSES",
    "FEATURES",
    "LAYERS",
    "NETWORKS",
    "NETWORK_OF_RUN",
    "OUTPUTS",
    "SUBJECT",
    "UNITS",
    "UNIT_BIASES",
    "WEIGHTS",
    "load_network",
    "save_network",
]

NETWORKS = Table(
    "networks",
    metadata,
    Column("id", Integer, primary_key=True),
    required("digest", Digest, comment="SHA-256 of layer shapes and weights"),
    required("meaning_digest", Digest, comment="SHA-256 of names, squashing and decision"),
    required("file_name", Text, comment="name of the model file when the network was first saved, or empty"),
    required("source", Text, comment="source of the model: a file format, or memory"),
    required("precision", Text, comment="precision in which the deployed model computes: float32 or float64"),
    required("rounded_numbers", Integer, comment="number of weights and biases that the importer had to round"),
    required("inputs", Integer, comment="number of inputs"),
    required("outputs", Integer, comment="number of outputs"),
    required("units", Integer, comment="number of hidden ReLU units"),
    required("hidden_layers", Text, comment="units in each hidden layer, like 4/2; - without hidden layers"),
    required("squashing", Text, comment="function after the last layer: none, sigmoid or softmax"),
    required("decision_rule", Text, comment="rule that turns outputs into a class: none, threshold or argmax"),
    required("threshold_lower", Double, comment="class 0 if the output before squashing is at most this"),
    required("threshold_upper", Double, comment="class 1 if the output before squashing is greater than this"),
    required("inputs_named", Boolean, comment="whether the model names its inputs"),
    required("outputs_named", Boolean, comment="whether the model names its outputs"),
    required("names_digest", Digest, comment="SHA-256 of the names of inputs, outputs and classes"),
    UniqueConstraint("digest", "meaning_digest"),
    comment="Trained networks; two are the same if weights, names, squashing and decision agree.",
)

LAYERS = Table(
    "layers",
    metadata,
    owner("network_id", "networks.id", "the network"),
    key("layer", "number of the layer, from 0; the last one is the output layer"),
    required("inputs", Integer, comment="number of values that the layer takes"),
    required("outputs", Integer, comment="number of values that the layer returns"),
    required("weights", LargeBinary, comment="W row by row, little-endian float64"),
    required("biases", LargeBinary, comment="b, little-endian float64"),
    Column("rounded_weights", LargeBinary, comment="one bit per weight, 1 if it was rounded; NULL if none was"),
    Column("rounded_biases", LargeBinary, comment="one bit per bias, 1 if it was rounded; NULL if none was"),
    comment="Weights of a network, exactly.",
)

WEIGHTS = Table(
    "weights",
    metadata,
    owner("network_id", "networks.id", "the network"),
    key("layer", "number of the layer, from 0; the last one is the output layer"),
    key("unit", "unit of the layer, or output, from 0"),
    key("input", "unit of the previous layer, or feature, from 0"),
    required("weight", Double, comment="entry of W, never 0"),
    comment="Weights as rows, for queries; the table layers has the same numbers in binary form.",
    sqlite_with_rowid=False,
)

UNIT_BIASES = Table(
    "unit_biases",
    metadata,
    owner("network_id", "networks.id", "the network"),
    key("layer", "number of the layer, from 0; the last one is the output layer"),
    key("unit", "unit of the layer, or output, from 0"),
    required("bias", Double, comment="entry of b"),
    comment="Biases as rows, for queries.",
    sqlite_with_rowid=False,
)

UNITS = Table(
    "units",
    metadata,
    owner("network_id", "networks.id", "the network"),
    key("layer", "hidden layer, from 0"),
    key("unit", "index in the layer, from 0"),
    required(
        "text_position",
        Integer,
        comment="position of its character in the text of a pattern, from 1: substr(pattern, …, 1)",
    ),
    comment="Hidden ReLU units.",
)


def _names_table(table: str, what: str) -> Table:
    return Table(
        table,
        metadata,
        owner("network_id", "networks.id", "the network"),
        key("position", f"number of the {what}, from 0"),
        required("name", Text, comment=f"name of the {what}"),
        comment=f"Names of a network's {what}s.",
    )


FEATURES = _names_table("features", "input")

OUTPUTS = _names_table("outputs", "output")

CLASSES = _names_table("classes", "class")

FLOAT = np.dtype("<f8")


def save_network(connection: Connection, network: ReLUNetwork, file_name: str) -> int:
    """Id of a network, which is saved if it is new."""
    digests = {"digest": network.digest, "meaning_digest": network.meaning_digest}
    known = find_id(connection, NETWORKS, digests)
    if known is not None:
        return known
    rule = network.rule
    facts = {
        "file_name": file_name,
        "source": network.origin.source,
        "precision": network.origin.precision,
        "rounded_numbers": network.origin.rounded_count,
        "inputs": network.inputs,
        "outputs": network.outputs,
        "units": network.units,
        "hidden_layers": "/".join(map(str, network.widths)) or "-",
        "squashing": network.squashing.value,
        "decision_rule": rule.rule.value,
        "threshold_lower": rule.lower,
        "threshold_upper": rule.upper,
        "inputs_named": bool(network.input_names),
        "outputs_named": bool(network.output_names),
        "names_digest": network.names_digest,
    }
    network_id = insert_value(connection, NETWORKS, digests | facts)
    _insert_layers(connection, network_id, network)
    _insert_numbers(connection, network_id, network)
    _insert_units(connection, network_id, network.widths)
    _insert_names(connection, FEATURES, network_id, network.feature_names)
    _insert_names(connection, OUTPUTS, network_id, network.target_names)
    _insert_names(connection, CLASSES, network_id, rule.class_names)
    return network_id


def load_network(connection: Connection, network_id: int) -> ReLUNetwork:
    """Load the network with that id, equal bit by bit.

    Raises
    ------
    StoreError
        The store has no such network.
    """
    row = connection.execute(select(NETWORKS).where(NETWORKS.c.id == network_id)).mappings().first()
    if row is None:
        raise StoreError(f"the store has no network {network_id}")
    found = connection.execute(select(LAYERS).where(LAYERS.c.network_id == network_id).order_by(LAYERS.c.layer))
    stored = found.mappings().all()
    return ReLUNetwork(
        weights=tuple(np.frombuffer(layer["weights"], dtype=FLOAT).reshape(_shape(layer)) for layer in stored),
        biases=tuple(np.frombuffer(layer["biases"], dtype=FLOAT) for layer in stored),
        input_names=_load_names(connection, FEATURES, network_id) if row["inputs_named"] else (),
        output_names=_load_names(connection, OUTPUTS, network_id) if row["outputs_named"] else (),
        squashing=Squashing(row["squashing"]),
        decision=Decision(
            DecisionRule(row["decision_rule"]),
            row["threshold_lower"],
            row["threshold_upper"],
            _load_names(connection, CLASSES, network_id),
        ),
        origin=_origin(row, stored),
    )


def _insert_layers(connection: Connection, network_id: int, network: ReLUNetwork) -> None:
    rows: dict[str, Any] = {
        "network_id": network_id,
        "layer": range(len(network.weights)),
        "inputs": [weight.shape[1] for weight in network.weights],
        "outputs": [weight.shape[0] for weight in network.weights],
        "weights": [weight.astype(FLOAT).tobytes() for weight in network.weights],
        "biases": [bias.astype(FLOAT).tobytes() for bias in network.biases],
    }
    if network.origin.rounded_weights:
        rows["rounded_weights"] = [np.packbits(flags).tobytes() for flags in network.origin.rounded_weights]
        rows["rounded_biases"] = [np.packbits(flags).tobytes() for flags in network.origin.rounded_biases]
    insert_columns(connection, LAYERS, rows)


def _insert_numbers(connection: Connection, network_id: int, network: ReLUNetwork) -> None:
    """Insert weights and biases as rows, which SQL can read."""
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        place = {"network_id": network_id, "layer": layer}
        units, inputs = np.nonzero(weight)
        insert_columns(
            connection,
            WEIGHTS,
            place | {"unit": units, "input": inputs, "weight": weight[units, inputs]},
        )
        insert_columns(connection, UNIT_BIASES, place | {"unit": range(len(bias)), "bias": bias})


def _insert_units(connection: Connection, network_id: int, widths: Sequence[int]) -> None:
    units = [(layer, unit) for layer, width in enumerate(widths) for unit in range(width)]
    rows = {
        "network_id": network_id,
        "layer": [layer for layer, _ in units],
        "unit": [unit for _, unit in units],
        "text_position": [number + layer + 1 for number, (layer, _) in enumerate(units)],  # a slash after each layer
    }
    insert_columns(connection, UNITS, rows)


def _insert_names(connection: Connection, table: Table, network_id: int, names: Sequence[str]) -> None:
    insert_columns(connection, table, {"network_id": network_id, "position": range(len(names)), "name": names})


def _load_names(connection: Connection, table: Table, network_id: int) -> tuple[str, ...]:
    query = select(table.c.name).where(table.c.network_id == network_id).order_by(table.c.position)
    return tuple(connection.execute(query).scalars())


def _shape(layer: RowMapping) -> tuple[int, int]:
    return layer["outputs"], layer["inputs"]


def _origin(network: RowMapping, layers: Sequence[RowMapping]) -> Origin:
    if layers[0]["rounded_weights"] is None:
        return Origin(network["source"], network["precision"])
    return Origin(
        network["source"],
        network["precision"],
        tuple(_flags(layer["rounded_weights"], _shape(layer)) for layer in layers),
        tuple(_flags(layer["rounded_biases"], _shape(layer)[:1]) for layer in layers),
    )


def _flags(content: bytes, shape: tuple[int, ...]) -> BoolArray:
    bits = np.unpackbits(np.frombuffer(content, dtype=np.uint8), count=prod(shape))
    return bits.reshape(shape).astype(np.bool_)


NETWORK_OF_RUN = "SELECT n.* FROM runs r JOIN networks n ON n.id = r.network_id WHERE r.id = :run"


VIEWS = (
    View(
        "weights_by_unit",
        "weights and biases of a network, one row per unit and input, with their names if they have any",
        """\
SELECT b.network_id AS network, b.layer, b.unit, o.name AS output, w.input, f.name AS feature, w.weight, b.bias
FROM unit_biases b
LEFT JOIN weights w ON w.network_id = b.network_id AND w.layer = b.layer AND w.unit = b.unit
LEFT JOIN features f ON f.network_id = w.network_id AND f.position = w.input AND w.layer = 0
LEFT JOIN outputs o ON o.network_id = b.network_id AND o.position = b.unit
     AND NOT EXISTS (SELECT 1 FROM units u WHERE u.network_id = b.network_id AND u.layer = b.layer)""",
    ),
)


SUBJECT = StoreSubject(
    tables=(NETWORKS, LAYERS, WEIGHTS, UNIT_BIASES, UNITS, FEATURES, OUTPUTS, CLASSES),
    views=VIEWS,
)
