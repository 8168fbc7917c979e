"""Networks as rows, and back without loss."""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from sqlalchemy import Connection, RowMapping, Table, select

from relugeom.errors import StoreError
from relugeom.linalg.arrays import BoolArray
from relugeom.network.decision import Decision, DecisionRule, Squashing
from relugeom.network.network import Origin, ReLUNetwork
from relugeom.store import network_tables
from relugeom.store.database.insertion import find_id, insert_columns, insert_value

__all__ = ["load_network", "save_network"]

FLOAT = np.dtype("<f8")


def save_network(connection: Connection, network: ReLUNetwork, file_name: str) -> int:
    """Id of a network, saved where it is not there yet."""
    digests = {"digest": network.digest, "meaning_digest": network.meaning_digest}
    known = find_id(connection, network_tables.networks, **digests)
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
    network_id = insert_value(connection, network_tables.networks, digests | facts)
    _insert_layers(connection, network_id, network)
    _insert_numbers(connection, network_id, network)
    _insert_units(connection, network_id, network.widths)
    _insert_names(connection, network_tables.features, network_id, network.feature_names)
    _insert_names(connection, network_tables.outputs, network_id, network.target_names)
    _insert_names(connection, network_tables.classes, network_id, rule.class_names)
    return network_id


def load_network(connection: Connection, network_id: int) -> ReLUNetwork:
    """The network with that id, bit by bit.

    Raises
    ------
    StoreError
        The store has none.
    """
    table = network_tables.networks
    row = connection.execute(select(table).where(table.c.id == network_id)).mappings().first()
    if row is None:
        raise StoreError(f"the store has no network {network_id}")
    layers = network_tables.layers
    found = connection.execute(select(layers).where(layers.c.network_id == network_id).order_by(layers.c.layer))
    stored = found.mappings().all()
    return ReLUNetwork(
        weights=tuple(np.frombuffer(layer["weights"], dtype=FLOAT).reshape(_shape(layer)) for layer in stored),
        biases=tuple(np.frombuffer(layer["biases"], dtype=FLOAT) for layer in stored),
        input_names=_names(connection, network_tables.features, network_id) if row["inputs_named"] else (),
        output_names=_names(connection, network_tables.outputs, network_id) if row["outputs_named"] else (),
        squashing=Squashing(row["squashing"]),
        decision=Decision(
            DecisionRule(row["decision_rule"]),
            row["threshold_lower"],
            row["threshold_upper"],
            _names(connection, network_tables.classes, network_id),
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
    insert_columns(connection, network_tables.layers, rows)


def _insert_numbers(connection: Connection, network_id: int, network: ReLUNetwork) -> None:
    """Weights and biases as rows, which SQL can read."""
    for layer, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        place = {"network_id": network_id, "layer": layer}
        units, inputs = np.nonzero(weight)
        insert_columns(
            connection,
            network_tables.weights,
            place | {"unit": units, "input": inputs, "weight": weight[units, inputs]},
        )
        insert_columns(connection, network_tables.unit_biases, place | {"unit": range(len(bias)), "bias": bias})


def _insert_units(connection: Connection, network_id: int, widths: Sequence[int]) -> None:
    units = [(layer, unit) for layer, width in enumerate(widths) for unit in range(width)]
    rows = {
        "network_id": network_id,
        "layer": [layer for layer, _ in units],
        "unit": [unit for _, unit in units],
        "text_position": [number + layer + 1 for number, (layer, _) in enumerate(units)],  # a slash after each layer
    }
    insert_columns(connection, network_tables.units, rows)


def _insert_names(connection: Connection, table: Table, network_id: int, names: Sequence[str]) -> None:
    insert_columns(connection, table, {"network_id": network_id, "position": range(len(names)), "name": names})


def _names(connection: Connection, table: Table, network_id: int) -> tuple[str, ...]:
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
