"""Answers say in columns what they are about, and what a pattern is, is its status.

Subjects of earlier answers are filled in where their sentence names one output, and one feature, of their network; the
sentence stays as it is. The table `verdicts` becomes `pattern_statuses`; the views keep `verdict` beside `status`. Runs
keep the names that they were given themselves; data keep the digest of the box around them.

Revision 0013, of 2026-11-30.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ANSWER_COLUMNS = (
    ("scope", sa.Text(), "of which inputs: relaxation or admissible; NULL before revision 0013"),
    ("output", sa.Integer(), "number of the output, from 0; NULL where none is meant"),
    ("feature", sa.Integer(), "number of the input, from 0; NULL where none is meant"),
    ("direction", sa.Text(), "how the output is said to move with the feature: rises or falls"),
    ("side", sa.Text(), "which end of a range: lowest or highest; NULL for both"),
    ("second_network", sa.Text(), "file of the smaller network that is said to be the same function"),
    ("further", sa.Integer(), "how many more subjects are meant together, which were not asked about"),
    ("part", sa.BigInteger(), "how many inputs have a counterpart with another decision, or units are kept"),
    ("whole", sa.BigInteger(), "of how many"),
    ("from_samples", sa.Boolean(), "whether the witness was sought from samples, and may be one"),
)
RUN_COLUMNS = (
    ("network_name", sa.Text(), "name of its file in this run; NULL for runs before revision 0013"),
    ("domain_name", sa.Text(), "how it was specified in this run; NULL without one, or before revision 0013"),
    ("dataset_name", sa.Text(), "name of their file in this run; NULL without any, or before revision 0013"),
)
RANGE_DIGEST = "digest that the domain of the least and largest value of each column has; NULL where it is not known"
KIND = "which patterns are counted: all, region, lower-dimensional, infeasible, admissible"
PATTERNS = {"before": "which patterns are counted", "after": "the same in words"}
QUESTION = {
    "before": "what kind of question: range, monotonicity, …",
    "after": "what kind of question: range, monotonicity, fairness or simplification",
}
KINDS = (
    ("all patterns", "all"),
    ("regions", "region"),
    ("lower-dimensional", "lower-dimensional"),
    ("infeasible", "infeasible"),
    ("met by an admissible input", "admissible"),
)
STATUSES = "status IN ('running', 'complete', 'truncated', 'failed', 'interrupted')"
WORDS = "region, lower-dimensional or infeasible"

# --- what earlier sentences tell -----------------------------------------------------------------------------------

SENTENCES = {
    "range": (
        re.compile(r"the ranges of (?P<further>[\d,]+) more outputs"),
        re.compile(r"the range of (?P<output>.+)"),
        re.compile(r"(?P<output>.+) is bounded (?P<side>below|above)"),
        re.compile(r"(?P<output>.+) (?P<side>[≥≤]) [^ ]+"),
    ),
    "monotonicity": (
        re.compile(r"the direction of (?P<further>[\d,]+) more pairs of an output and a feature"),
        re.compile(r"(?P<output>.+) never (?P<direction>falls|rises) when (?P<feature>.+) alone rises"),
    ),
    "simplification": (
        re.compile(
            r"(?P<part>[\d,]+) of the (?P<whole>[\d,]+) units give the same outputs on the domain "
            r"\((?P<second_network>.+)\)"
        ),
    ),
}
"""The sentences of earlier versions, by question; those of fairness list any number of features."""
CONFUSING = re.compile(r"^the |[≥≤]|\b(?:is bounded|never|when|alone)\b")
"""Names that could be taken for another part of the sentence."""
FAIR = ("inputs that differ only in ", " get the same decision")
MEANINGS = {
    "side": {"≥": "lowest", "below": "lowest", "≤": "highest", "above": "highest"},
    "direction": {"falls": "rises", "rises": "falls"},  # what never falls rises
}
FILLED = ("output", "feature", "direction", "side", "second_network", "further", "part", "whole")


def fill_subjects() -> None:
    """What a sentence tells of its subject, where its names are those of one output and feature of the network."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT a.run_id, a.position, a.question, a.statement, r.network_id "
            "FROM answers a JOIN runs r ON r.id = a.run_id ORDER BY r.network_id"
        )
    ).all()
    known: dict[int, dict[str, dict[str, int]]] = {}
    update = sa.text(
        f"UPDATE answers SET {', '.join(f'{name} = :{name}' for name in FILLED)} "
        "WHERE run_id = :run_id AND position = :position"
    )
    for row in rows:
        names = known.setdefault(row.network_id, {})
        for kind in () if names else ("output", "feature"):
            query = sa.text(f"SELECT name, position FROM {kind}s WHERE network_id = :network")
            names[kind] = dict(tuple(pair) for pair in connection.execute(query, {"network": row.network_id}))
        own = {"run_id": row.run_id, "position": row.position}
        told = read_sentence(row.question, row.statement, names)
        if told:
            connection.execute(update, dict.fromkeys(FILLED) | told | own)
        features = row.statement.removeprefix(FAIR[0]).removesuffix(FAIR[1]).split(", ")
        listed = row.question == "fairness" and not any(", " in name for name in names["feature"])
        if listed and all(name in names["feature"] for name in features):
            insert = sa.text("INSERT INTO protected_features VALUES (:run_id, :position, :feature)")
            for name in features:
                connection.execute(insert, own | {"feature": names["feature"][name]})


def read_sentence(question: str, statement: str, names: dict[str, dict[str, int]]) -> dict[str, int | str]:
    """The columns of a subject; nothing where a name is not one of the network's."""
    for sentence in SENTENCES.get(question, ()):
        found = sentence.fullmatch(statement)
        if found is None:
            continue
        told: dict[str, int | str] = {}
        for column, text in found.groupdict().items():
            if column in MEANINGS:
                told[column] = MEANINGS[column][text]
            elif column in names:
                if text not in names[column] or CONFUSING.search(text):
                    return {}
                told[column] = names[column][text]
            else:
                told[column] = text if column == "second_network" else int(text.replace(",", ""))
        return told
    return {}


# --- tables --------------------------------------------------------------------------------------------------------


def is_sqlite() -> bool:
    return bool(op.get_bind().dialect.name == "sqlite")


def rebuilt(table: str):
    """Changes of a table, which SQLite builds anew."""
    return op.batch_alter_table(table, recreate="always" if is_sqlite() else "never")


def say(batch, column: str, comments: dict[str, str], after: str) -> None:
    """Change what a column is said to mean."""
    before = "after" if after == "before" else "before"
    batch.alter_column(
        column,
        existing_type=sa.Text(),
        existing_nullable=False,
        comment=comments[after],
        existing_comment=comments[before],
    )


def move_statuses(old: str, new: str, old_column: str, new_column: str) -> None:
    """Move what patterns are into a table of another name."""
    op.create_table(
        new,
        sa.Column("domain_id", sa.Integer(), autoincrement=False, nullable=False, comment="the domain"),
        sa.Column("pattern_id", sa.Integer(), autoincrement=False, nullable=False, comment="the pattern"),
        sa.Column(new_column, sa.Text(), nullable=False, comment=WORDS),
        sa.Column(
            "admissible_inputs",
            sa.BigInteger(),
            nullable=True,
            comment="how many admissible inputs have it; NULL where not counted",
        ),
        sa.CheckConstraint(
            f"{new_column} IN ('region', 'lower-dimensional', 'infeasible')", name=op.f(f"ck_{new}_{new_column}")
        ),
        sa.ForeignKeyConstraint(["domain_id"], ["domains.id"], name=op.f(f"fk_{new}_domain_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["pattern_id"], ["patterns.id"], name=op.f(f"fk_{new}_pattern_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("domain_id", "pattern_id", name=op.f(f"pk_{new}")),
        comment="What a pattern is on a domain. Patterns without a row are not settled.",
        sqlite_with_rowid=False,
    )
    op.execute(
        f"INSERT INTO {new} (domain_id, pattern_id, {new_column}, admissible_inputs) "
        f"SELECT domain_id, pattern_id, {old_column}, admissible_inputs FROM {old}"
    )
    op.drop_table(old)
    op.create_index(op.f(f"ix_{new}_pattern_id"), new, ["pattern_id"], unique=False)


# --- views ---------------------------------------------------------------------------------------------------------

SILENT = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-120 seconds')",
    "postgresql": """to_char((now() - interval '120 seconds') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')""",
}
BEFORE = {
    "runs_overview": """\
SELECT r.id AS run, r.command,
       CASE WHEN r.status = 'running' AND (h.run_id IS NULL OR h.heartbeat_at < {silent})
            THEN 'interrupted' ELSE r.status END AS status, r.reason, r.started_at, r.finished_at, r.seconds,
       n.file_name AS network, n.hidden_layers, n.units, n.digest AS network_digest,
       d.name AS domain, d.digest AS domain_digest, s.name AS data, s.digest AS data_digest,
       r.samples, r.clusters, p.regions, p.status AS partition_status, v.version AS relugeom_version,
       h.host, h.process, h.heartbeat_at
FROM runs r
JOIN networks n ON n.id = r.network_id
LEFT JOIN domains d ON d.id = r.domain_id
LEFT JOIN datasets s ON s.id = r.dataset_id
LEFT JOIN partitions p ON p.id = r.partition_id
LEFT JOIN run_software v ON v.run_id = r.id AND v.package = 'relugeom'
LEFT JOIN run_processes h ON h.run_id = r.id""",
    "pattern_counts": """\
SELECT run_id AS run, position, patterns, count, count_text
FROM pattern_census
UNION ALL
SELECT run_id, 100, 'holding samples of the domain', count(*), CAST(count(*) AS TEXT)
FROM clusters
WHERE samples > outside
GROUP BY run_id""",
    "pattern_verdicts": """\
SELECT r.id AS run, p.pattern, p.active_units, v.verdict, v.admissible_inputs, c.cluster,
       CASE WHEN r.clusters IS NULL THEN NULL ELSE coalesce(c.samples - c.outside, 0) END AS samples,
       CASE WHEN a.met OR v.admissible_inputs > 0 THEN 'yes'
            WHEN NOT a.met OR v.admissible_inputs = 0 OR v.verdict = 'infeasible' THEN 'no'
            ELSE 'unknown' END AS admissible
FROM runs r
JOIN verdicts v ON v.domain_id = r.domain_id
JOIN patterns p ON p.id = v.pattern_id AND p.network_id = r.network_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = v.pattern_id
LEFT JOIN clusters c ON c.run_id = r.id AND c.pattern_id = p.id
WHERE r.status IN ('complete', 'truncated') OR r.partition_id IS NOT NULL OR r.clusters IS NOT NULL
UNION ALL
SELECT r.id, p.pattern, p.active_units, 'unknown', NULL, c.cluster, c.samples - c.outside,
       CASE WHEN a.met THEN 'yes' WHEN NOT a.met THEN 'no' ELSE 'unknown' END
FROM clusters c
JOIN runs r ON r.id = c.run_id
JOIN patterns p ON p.id = c.pattern_id
LEFT JOIN verdicts v ON v.domain_id = r.domain_id AND v.pattern_id = c.pattern_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = c.pattern_id
WHERE r.domain_id IS NOT NULL AND v.pattern_id IS NULL""",
    "region_list": """\
SELECT run, pattern, active_units, admissible_inputs, cluster, samples, admissible
FROM pattern_verdicts
WHERE verdict = 'region'""",
    "regions_without_data": """\
SELECT run, pattern, active_units, admissible_inputs, admissible
FROM region_list
WHERE samples = 0""",
    "cluster_list": """\
SELECT c.run_id AS run, c.cluster, p.pattern, c.samples, c.share, c.outside,
       CASE WHEN r.domain_id IS NULL THEN NULL ELSE coalesce(v.verdict, 'unknown') END AS verdict,
       CASE WHEN n.outputs = 1 THEN o.prediction END AS prediction, c.positive_share, c.target_mean, c.accuracy
FROM clusters c
JOIN runs r ON r.id = c.run_id
JOIN networks n ON n.id = r.network_id
JOIN patterns p ON p.id = c.pattern_id
JOIN cluster_outputs o ON o.run_id = c.run_id AND o.cluster = c.cluster AND o.output = 0
LEFT JOIN verdicts v ON v.domain_id = r.domain_id AND v.pattern_id = c.pattern_id""",
    "unobserved_regions": """\
SELECT u.run_id AS run, u.position + 1 AS region, p.pattern, v.share AS volume_share, u.departure, u.nearest_cluster,
       CASE WHEN a.met OR w.admissible_inputs > 0 THEN 'yes'
            WHEN NOT a.met OR w.admissible_inputs = 0 THEN 'no'
            ELSE 'unknown' END AS admissible
FROM region_departures u
JOIN runs r ON r.id = u.run_id
JOIN partition_regions g ON g.partition_id = u.partition_id AND g.position = u.position
JOIN patterns p ON p.id = g.pattern_id
LEFT JOIN region_volumes v ON v.partition_id = u.partition_id AND v.position = u.position
LEFT JOIN verdicts w ON w.domain_id = r.domain_id AND w.pattern_id = g.pattern_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = g.pattern_id""",
    "answer_list": """\
SELECT a.run_id AS run, a.position + 1 AS number, a.question, a.statement, a.verdict, a.value, a.witness, a.reason,
       a.file, a.sha256
FROM answers a""",
}
AFTER = {
    "runs_overview": """\
SELECT r.id AS run, r.command,
       CASE WHEN r.status = 'running' AND (h.run_id IS NULL OR h.heartbeat_at < {silent})
            THEN 'interrupted' ELSE r.status END AS status, r.reason, r.started_at, r.finished_at, r.seconds,
       coalesce(r.network_name, n.file_name) AS network, n.hidden_layers, n.units, n.digest AS network_digest,
       coalesce(r.domain_name, d.name) AS domain, d.digest AS domain_digest,
       coalesce(r.dataset_name, s.name) AS data, s.digest AS data_digest,
       r.samples, r.clusters, p.regions, p.status AS partition_status, v.version AS relugeom_version,
       h.host, h.process, h.heartbeat_at,
       CASE WHEN d.digest = s.range_digest THEN 'yes' WHEN s.range_digest IS NOT NULL THEN 'no'
            WHEN d.id IS NOT NULL AND s.id IS NOT NULL THEN 'unknown' END AS domain_is_range_of_data
FROM runs r
JOIN networks n ON n.id = r.network_id
LEFT JOIN domains d ON d.id = r.domain_id
LEFT JOIN datasets s ON s.id = r.dataset_id
LEFT JOIN partitions p ON p.id = r.partition_id
LEFT JOIN run_software v ON v.run_id = r.id AND v.package = 'relugeom'
LEFT JOIN run_processes h ON h.run_id = r.id""",
    "pattern_counts": """\
SELECT run_id AS run, position, patterns, count, count_text, kind
FROM pattern_census
UNION ALL
SELECT run_id, 100, 'holding samples of the domain', count(*), CAST(count(*) AS TEXT), 'observed'
FROM clusters
WHERE samples > outside
GROUP BY run_id""",
    "pattern_list": """\
SELECT r.id AS run, p.pattern, p.active_units, v.status, v.admissible_inputs, c.cluster,
       CASE WHEN r.clusters IS NULL THEN NULL ELSE coalesce(c.samples - c.outside, 0) END AS samples,
       CASE WHEN a.met OR v.admissible_inputs > 0 THEN 'yes'
            WHEN NOT a.met OR v.admissible_inputs = 0 OR v.status = 'infeasible' THEN 'no'
            ELSE 'unknown' END AS admissible
FROM runs r
JOIN pattern_statuses v ON v.domain_id = r.domain_id
JOIN patterns p ON p.id = v.pattern_id AND p.network_id = r.network_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = v.pattern_id
LEFT JOIN clusters c ON c.run_id = r.id AND c.pattern_id = p.id
WHERE r.status IN ('complete', 'truncated') OR r.partition_id IS NOT NULL OR r.clusters IS NOT NULL
UNION ALL
SELECT r.id, p.pattern, p.active_units, 'unknown', NULL, c.cluster, c.samples - c.outside,
       CASE WHEN a.met THEN 'yes' WHEN NOT a.met THEN 'no' ELSE 'unknown' END
FROM clusters c
JOIN runs r ON r.id = c.run_id
JOIN patterns p ON p.id = c.pattern_id
LEFT JOIN pattern_statuses v ON v.domain_id = r.domain_id AND v.pattern_id = c.pattern_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = c.pattern_id
WHERE r.domain_id IS NOT NULL AND v.pattern_id IS NULL""",
    "pattern_verdicts": """\
SELECT run, pattern, active_units, status AS verdict, admissible_inputs, cluster, samples, admissible, status
FROM pattern_list""",
    "region_list": """\
SELECT run, pattern, active_units, admissible_inputs, cluster, samples, admissible
FROM pattern_list
WHERE status = 'region'""",
    "regions_without_data": """\
SELECT run, pattern, active_units, admissible_inputs, admissible
FROM region_list
WHERE samples = 0""",
    "cluster_list": """\
SELECT c.run_id AS run, c.cluster, p.pattern, c.samples, c.share, c.outside,
       CASE WHEN r.domain_id IS NULL THEN NULL ELSE coalesce(v.status, 'unknown') END AS verdict,
       CASE WHEN n.outputs = 1 THEN o.prediction END AS prediction, c.positive_share, c.target_mean, c.accuracy,
       CASE WHEN r.domain_id IS NULL THEN NULL ELSE coalesce(v.status, 'unknown') END AS status
FROM clusters c
JOIN runs r ON r.id = c.run_id
JOIN networks n ON n.id = r.network_id
JOIN patterns p ON p.id = c.pattern_id
JOIN cluster_outputs o ON o.run_id = c.run_id AND o.cluster = c.cluster AND o.output = 0
LEFT JOIN pattern_statuses v ON v.domain_id = r.domain_id AND v.pattern_id = c.pattern_id""",
    "unobserved_regions": """\
SELECT u.run_id AS run, u.position + 1 AS region, p.pattern, v.share AS volume_share, u.departure, u.nearest_cluster,
       CASE WHEN a.met OR w.admissible_inputs > 0 THEN 'yes'
            WHEN NOT a.met OR w.admissible_inputs = 0 THEN 'no'
            ELSE 'unknown' END AS admissible
FROM region_departures u
JOIN runs r ON r.id = u.run_id
JOIN partition_regions g ON g.partition_id = u.partition_id AND g.position = u.position
JOIN patterns p ON p.id = g.pattern_id
LEFT JOIN region_volumes v ON v.partition_id = u.partition_id AND v.position = u.position
LEFT JOIN pattern_statuses w ON w.domain_id = r.domain_id AND w.pattern_id = g.pattern_id
LEFT JOIN admissible_patterns a ON a.domain_id = r.domain_id AND a.pattern_id = g.pattern_id""",
    "answer_list": """\
SELECT a.run_id AS run, a.position + 1 AS number, a.question, a.statement, a.verdict, a.value, a.witness, a.reason,
       a.file, a.sha256, a.scope, o.name AS output, f.name AS feature, a.direction, a.side, a.second_network,
       a.further, a.part, a.whole, a.from_samples, a.output AS output_position, a.feature AS position
FROM answers a
JOIN runs r ON r.id = a.run_id
LEFT JOIN outputs o ON o.network_id = r.network_id AND o.position = a.output
LEFT JOIN features f ON f.network_id = r.network_id AND f.position = a.feature""",
    "answer_features": """\
SELECT p.run_id AS run, p.position + 1 AS number, f.name AS feature, p.feature AS position
FROM protected_features p
JOIN runs r ON r.id = p.run_id
JOIN features f ON f.network_id = r.network_id AND f.position = p.feature""",
}


def make_views(views: dict[str, str]) -> None:
    """In their order: later ones read earlier ones."""
    connection = op.get_bind()
    for name, query in views.items():
        connection.exec_driver_sql(
            f"CREATE VIEW {name} AS\n" + query.replace("{silent}", SILENT[connection.dialect.name])
        )


def drop_views(views: dict[str, str]) -> None:
    for name in reversed(views):
        op.execute(f"DROP VIEW {name}")


def upgrade() -> None:
    drop_views(BEFORE)
    move_statuses("verdicts", "pattern_statuses", "verdict", "status")
    with rebuilt("answers") as batch:
        for name, kind, comment in ANSWER_COLUMNS:
            batch.add_column(sa.Column(name, kind, nullable=True, comment=comment))
        say(batch, "question", QUESTION, "after")
    op.create_table(
        "protected_features",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="the run"),
        sa.Column(
            "position",
            sa.Integer(),
            autoincrement=False,
            nullable=False,
            comment="place of the answer among those of the run, from 0",
        ),
        sa.Column("feature", sa.Integer(), autoincrement=False, nullable=False, comment="number of the input, from 0"),
        sa.ForeignKeyConstraint(
            ["run_id", "position"],
            ["answers.run_id", "answers.position"],
            name=op.f("fk_protected_features_run_id_position"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "position", "feature", name=op.f("pk_protected_features")),
        comment="Features on which, an answer says, the decision does or does not depend.",
        sqlite_with_rowid=False,
    )
    fill_subjects()
    with rebuilt("runs") as batch:
        for name, kind, comment in RUN_COLUMNS:
            batch.add_column(sa.Column(name, kind, nullable=True, comment=comment))
        if is_sqlite():
            batch.create_check_constraint(op.f("ck_runs_status"), STATUSES)
    with rebuilt("datasets") as batch:
        batch.add_column(sa.Column("range_digest", sa.String(64), nullable=True, comment=RANGE_DIGEST))
    with rebuilt("pattern_census") as batch:
        batch.add_column(sa.Column("kind", sa.Text(), nullable=True, comment=KIND))
        say(batch, "patterns", PATTERNS, "after")
    for label, kind in KINDS:
        op.execute(f"UPDATE pattern_census SET kind = '{kind}' WHERE patterns = '{label}'")
    with rebuilt("pattern_census") as batch:
        batch.alter_column("kind", existing_type=sa.Text(), nullable=False, existing_comment=KIND)
    make_views(AFTER)


def downgrade() -> None:
    drop_views(AFTER)
    with rebuilt("pattern_census") as batch:
        batch.drop_column("kind")
        say(batch, "patterns", PATTERNS, "before")
    with rebuilt("datasets") as batch:
        batch.drop_column("range_digest")
    with rebuilt("runs") as batch:
        for name, _, _ in RUN_COLUMNS:
            batch.drop_column(name)
        if is_sqlite():
            batch.create_check_constraint(op.f("ck_runs_status"), STATUSES)
    op.drop_table("protected_features")
    with rebuilt("answers") as batch:
        for name, _, _ in ANSWER_COLUMNS:
            batch.drop_column(name)
        say(batch, "question", QUESTION, "before")
    move_statuses("pattern_statuses", "verdicts", "status", "verdict")
    make_views(BEFORE)
