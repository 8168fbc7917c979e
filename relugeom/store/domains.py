"""Domains as rows, and back without loss."""

from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from relugeom.errors import StoreError
from relugeom.geometry.domain import Domain, FeatureKind
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.digest import names_digest
from relugeom.store import schema
from relugeom.store.database.insertion import find_id, insert_columns, insert_value

__all__ = ["load_domain", "save_domain"]


def save_domain(connection: Connection, domain: Domain, name: str) -> int:
    """Id of a domain, saved where it is not there yet."""
    digests = {"digest": domain.digest, "names_digest": names_digest(domain.names)}
    known = find_id(connection, schema.domains, **digests)
    if known is not None:
        return known
    facts = {
        "name": name,
        "inputs": domain.inputs,
        "features_named": bool(domain.feature_names),
    }
    domain_id = insert_value(connection, schema.domains, digests | facts)
    group_of = {member: number for number, group in enumerate(domain.groups) for member in group}
    features = {
        "domain_id": domain_id,
        "position": range(domain.inputs),
        "name": domain.names,
        "kind": [kind.value for kind in domain.kinds],
        "lower": domain.lower,
        "upper": domain.upper,
        "one_hot_group": [group_of.get(position) for position in range(domain.inputs)],
    }
    insert_columns(connection, schema.domain_features, features)
    _insert_constraints(connection, domain_id, domain)
    return domain_id


def load_domain(connection: Connection, domain_id: int) -> Domain:
    """The domain with that id, bit by bit.

    Raises
    ------
    StoreError
        The store has none.
    """
    domains, table = schema.domains, schema.domain_features
    named = connection.execute(select(domains.c.features_named).where(domains.c.id == domain_id)).scalar()
    if named is None:
        raise StoreError(f"the store has no domain {domain_id}")
    query = select(table).where(table.c.domain_id == domain_id).order_by(table.c.position)
    features = connection.execute(query).mappings().all()
    groups: dict[int, list[int]] = {}
    for feature in features:
        if feature["one_hot_group"] is not None:
            groups.setdefault(feature["one_hot_group"], []).append(feature["position"])
    A, b = _load_constraints(connection, domain_id, len(features), "<=")
    E, f = _load_constraints(connection, domain_id, len(features), "==")
    return Domain(
        np.array([-np.inf if feature["lower"] is None else feature["lower"] for feature in features]),
        np.array([np.inf if feature["upper"] is None else feature["upper"] for feature in features]),
        A=A,
        b=b,
        E=E,
        f=f,
        kinds=tuple(FeatureKind(feature["kind"]) for feature in features),
        groups=tuple(tuple(groups[number]) for number in sorted(groups)),
        feature_names=tuple(feature["name"] for feature in features) if named else (),
    )


def _insert_constraints(connection: Connection, domain_id: int, domain: Domain) -> None:
    matrix, value = np.vstack([domain.A, domain.E]), np.append(domain.b, domain.f)
    relations = ["<="] * len(domain.b) + ["=="] * len(domain.f)
    rows = {"domain_id": domain_id, "number": range(len(value)), "relation": relations, "value": value}
    insert_columns(connection, schema.domain_constraints, rows)
    number, position = np.nonzero(matrix)
    left: dict[str, Any] = {"domain_id": domain_id, "number": number, "position": position}
    insert_columns(connection, schema.domain_coefficients, left | {"coefficient": matrix[number, position]})


def _load_constraints(
    connection: Connection, domain_id: int, inputs: int, relation: str
) -> tuple[FloatArray, FloatArray]:
    table, left = schema.domain_constraints, schema.domain_coefficients
    query = select(table.c.number, table.c.value).where(table.c.domain_id == domain_id, table.c.relation == relation)
    rows = connection.execute(query.order_by(table.c.number)).all()
    matrix = np.zeros((len(rows), inputs))
    row_of = {number: row for row, (number, _) in enumerate(rows)}
    entries = select(left.c.number, left.c.position, left.c.coefficient).where(left.c.domain_id == domain_id)
    for number, position, coefficient in connection.execute(entries):
        if number in row_of:
            matrix[row_of[number], position] = coefficient
    return matrix, np.array([value for _, value in rows])
