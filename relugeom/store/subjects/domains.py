"""Domains: boxes with linear rows and rules, saved and loaded without loss."""

from typing import Any

import numpy as np
from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Double,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    select,
)

from relugeom.errors import StoreError
from relugeom.geometry.domain import Domain, FeatureKind
from relugeom.linalg.arrays import FloatArray
from relugeom.linalg.digest import names_digest
from relugeom.store.database.columns import Digest, key, metadata, owner, required
from relugeom.store.database.insertion import find_id, insert_columns, insert_value
from relugeom.store.subject import StoreSubject

__all__ = [
    "CONSTRAINTS_OF_RUN",
    "DOMAINS",
    "DOMAIN_COEFFICIENTS",
    "DOMAIN_CONSTRAINTS",
    "DOMAIN_FEATURES",
    "DOMAIN_OF_RUN",
    "SUBJECT",
    "load_domain",
    "save_domain",
]

DOMAINS = Table(
    "domains",
    metadata,
    Column("id", Integer, primary_key=True),
    required("digest", Digest, comment="SHA-256 of the box, the linear rows and the rules"),
    required("name", Text, comment="specification when it was first saved: box:LO,HI, data, all or a file"),
    required("inputs", Integer, comment="number of inputs"),
    required("features_named", Boolean, comment="whether the domain names its features"),
    required("names_digest", Digest, comment="SHA-256 of the names of its features"),
    UniqueConstraint("digest", "names_digest"),
    comment="Domains: sets of inputs on which networks are used.",
)

DOMAIN_FEATURES = Table(
    "domain_features",
    metadata,
    owner("domain_id", "domains.id", "the domain"),
    key("position", "number of the input, from 0"),
    required("name", Text, comment="name of the feature when the domain was first saved"),
    required("kind", Text, comment="continuous, integer or binary"),
    Column("lower", Double, comment="lower bound; NULL if the side is open"),
    Column("upper", Double, comment="upper bound; NULL if the side is open"),
    Column("one_hot_group", Integer, comment="number of its one-hot group (exactly one member is 1), or NULL"),
    comment="The box of a domain and the rules of its features.",
)

DOMAIN_CONSTRAINTS = Table(
    "domain_constraints",
    metadata,
    owner("domain_id", "domains.id", "the domain"),
    key("number", "number of the row, from 0"),
    required("relation", String(2), comment="<= or =="),
    required("value", Double, comment="right-hand side"),
    CheckConstraint("relation IN ('<=', '==')", name="relation"),
    comment="Linear rows of a domain; one-hot groups are not repeated here.",
)

DOMAIN_COEFFICIENTS = Table(
    "domain_coefficients",
    metadata,
    key("domain_id", "the domain"),
    key("number", "number of the row in domain_constraints"),
    key("position", "number of the input, from 0"),
    required("coefficient", Double, comment="coefficient of the input, never 0"),
    ForeignKeyConstraint(
        ["domain_id", "number"], ["domain_constraints.domain_id", "domain_constraints.number"], ondelete="CASCADE"
    ),
    comment="Left-hand sides of the linear rows of a domain.",
)


def save_domain(connection: Connection, domain: Domain, name: str) -> int:
    """Id of a domain, which is saved if it is new."""
    digests = {"digest": domain.digest, "names_digest": names_digest(domain.names)}
    known = find_id(connection, DOMAINS, digests)
    if known is not None:
        return known
    facts = {
        "name": name,
        "inputs": domain.inputs,
        "features_named": bool(domain.feature_names),
    }
    domain_id = insert_value(connection, DOMAINS, digests | facts)
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
    insert_columns(connection, DOMAIN_FEATURES, features)
    _insert_constraints(connection, domain_id, domain)
    return domain_id


def load_domain(connection: Connection, domain_id: int) -> Domain:
    """Load the domain with that id, equal bit by bit.

    Raises
    ------
    StoreError
        The store has no such domain.
    """
    named = connection.execute(select(DOMAINS.c.features_named).where(DOMAINS.c.id == domain_id)).scalar()
    if named is None:
        raise StoreError(f"the store has no domain {domain_id}")
    query = select(DOMAIN_FEATURES).where(DOMAIN_FEATURES.c.domain_id == domain_id).order_by(DOMAIN_FEATURES.c.position)
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
    insert_columns(connection, DOMAIN_CONSTRAINTS, rows)
    number, position = np.nonzero(matrix)
    left: dict[str, Any] = {"domain_id": domain_id, "number": number, "position": position}
    insert_columns(connection, DOMAIN_COEFFICIENTS, left | {"coefficient": matrix[number, position]})


def _load_constraints(
    connection: Connection, domain_id: int, inputs: int, relation: str
) -> tuple[FloatArray, FloatArray]:
    query = select(DOMAIN_CONSTRAINTS.c.number, DOMAIN_CONSTRAINTS.c.value).where(
        DOMAIN_CONSTRAINTS.c.domain_id == domain_id, DOMAIN_CONSTRAINTS.c.relation == relation
    )
    rows = connection.execute(query.order_by(DOMAIN_CONSTRAINTS.c.number)).all()
    matrix = np.zeros((len(rows), inputs))
    row_of = {number: row for row, (number, _) in enumerate(rows)}
    entries = select(
        DOMAIN_COEFFICIENTS.c.number, DOMAIN_COEFFICIENTS.c.position, DOMAIN_COEFFICIENTS.c.coefficient
    ).where(DOMAIN_COEFFICIENTS.c.domain_id == domain_id)
    for number, position, coefficient in connection.execute(entries):
        if number in row_of:
            matrix[row_of[number], position] = coefficient
    return matrix, np.array([value for _, value in rows])


DOMAIN_OF_RUN = """\
SELECT f.name AS feature, d.kind, d.lower, d.upper, d.one_hot_group AS "group"
FROM runs r
JOIN domain_features d ON d.domain_id = r.domain_id
JOIN features f ON f.network_id = r.network_id AND f.position = d.position
WHERE r.id = :run ORDER BY d.position"""

CONSTRAINTS_OF_RUN = """\
SELECT c.number, c.relation, c.value, k.coefficient, f.name AS feature
FROM runs r
JOIN domain_constraints c ON c.domain_id = r.domain_id
LEFT JOIN domain_coefficients k ON k.domain_id = c.domain_id AND k.number = c.number
LEFT JOIN features f ON f.network_id = r.network_id AND f.position = k.position
WHERE r.id = :run ORDER BY c.number, k.position"""


SUBJECT = StoreSubject(
    tables=(DOMAINS, DOMAIN_FEATURES, DOMAIN_CONSTRAINTS, DOMAIN_COEFFICIENTS),
)
