"""Names are under a digest of their own: of networks, of domains (one for each set of names) and of certificates.

The way back is refused where a store has domains or partitions that differ in names only.

Revision 0009, of 2026-11-30.
"""

import hashlib
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

DIGEST = sa.String(length=64)
NETWORKS = "SHA-256 of the names of inputs, outputs and classes"
DOMAINS = "SHA-256 of the names of its features"
CERTIFICATES = "SHA-256 of the names in it; NULL where the file has no digest of them"


def names_digest(*lists: Sequence[str]) -> str:
    """SHA-256 of three lists of names, each with its length before it."""
    state = hashlib.sha256()
    for text in ("names", *(part for names in lists for part in (str(len(names)), *names))):
        content = text.encode("utf-8", "surrogatepass")
        state.update(b"s:%d:" % len(content) + content)
    return state.hexdigest()


def fill(table: str, owner: str, *tables: str) -> None:
    """The digests of the names that these tables hold for each row of another one."""
    connection = op.get_bind()
    for (row,) in connection.execute(sa.text(f"SELECT id FROM {table}")).all():
        names: list[Sequence[str]] = [[], [], []]
        for place, kept in enumerate(tables):
            query = sa.text(f"SELECT name FROM {kept} WHERE {owner} = :row ORDER BY position")
            names[place] = connection.execute(query, {"row": row}).scalars().all()
        statement = sa.text(f"UPDATE {table} SET names_digest = :digest WHERE id = :row")
        connection.execute(statement, {"digest": names_digest(*names), "row": row})


def upgrade() -> None:
    sqlite = (
        op.get_bind().dialect.name == "sqlite"
    )  # where a table is built anew, its text is as if it were declared so
    for table, comment in (("networks", NETWORKS), ("domains", DOMAINS), ("certificates", CERTIFICATES)):
        with op.batch_alter_table(table, recreate="always" if sqlite else "never") as batch:
            batch.add_column(sa.Column("names_digest", DIGEST, nullable=True, comment=comment))
    fill("networks", "network_id", "features", "outputs", "classes")
    fill("domains", "domain_id", "domain_features")
    with op.batch_alter_table("networks") as batch:
        batch.alter_column("names_digest", existing_type=DIGEST, nullable=False)
    with op.batch_alter_table("domains") as batch:
        batch.alter_column("names_digest", existing_type=DIGEST, nullable=False)
        batch.drop_constraint(op.f("uq_domains_digest"), type_="unique")
        batch.create_unique_constraint(op.f("uq_domains_digest_names_digest"), ["digest", "names_digest"])
    with op.batch_alter_table("partitions") as batch:
        batch.drop_constraint(op.f("uq_partitions_network_id_digest"), type_="unique")
        batch.create_unique_constraint(
            op.f("uq_partitions_network_id_domain_id_digest"), ["network_id", "domain_id", "digest"]
        )


def downgrade() -> None:
    with op.batch_alter_table("partitions") as batch:
        batch.drop_constraint(op.f("uq_partitions_network_id_domain_id_digest"), type_="unique")
        batch.create_unique_constraint(op.f("uq_partitions_network_id_digest"), ["network_id", "digest"])
    with op.batch_alter_table("domains") as batch:
        batch.drop_constraint(op.f("uq_domains_digest_names_digest"), type_="unique")
        batch.create_unique_constraint(op.f("uq_domains_digest"), ["digest"])
    for table in ("certificates", "domains", "networks"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("names_digest")
