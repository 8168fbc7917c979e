"""Words for a run's report: the network, the linear rows of the domain, the run, the certificate."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping

from relugeom.decimals import shortest_decimal
from relugeom.network.decision import Decision, DecisionRule, decision_in_words
from relugeom.printing import affine_text

__all__ = ["Lines", "constraints_in_words", "describe_certificate", "describe_network", "describe_run"]


def constraints_in_words(rows: Sequence[RowMapping]) -> list[str]:
    """Each linear row of the domain in words, like ``income − 0.5 · rent ≤ 0``."""
    terms: dict[int, list[tuple[float, str]]] = {}
    right: dict[int, str] = {}
    for row in rows:
        own = terms.setdefault(row["number"], [])
        if row["coefficient"] is not None:
            own.append((row["coefficient"], row["feature"]))
        right[row["number"]] = f"{'≤' if row['relation'] == '<=' else '='} {shortest_decimal(row['value'])}"
    return [f"{affine_text(own, shortest_decimal) or '0'} {right[number]}" for number, own in terms.items()]


Lines = tuple[tuple[str, str], ...]
"""Labels and texts, in the order of printing."""


def describe_network(row: RowMapping, name: str) -> Lines:
    """Labels and texts about a network, with the name of its file in the run."""
    rule = Decision(DecisionRule(row["decision_rule"]), row["threshold_lower"], row["threshold_upper"])
    return _lines(
        ("file", name),
        ("format", row["source"]),
        ("inputs", row["inputs"]),
        ("hidden layers", row["hidden_layers"]),
        ("units", row["units"]),
        ("outputs", row["outputs"]),
        ("squashing", row["squashing"]),
        ("decision", decision_in_words(rule)),
        ("computes in", row["precision"]),
        ("rounded weights", row["rounded_numbers"]),
        ("digest", row["digest"]),
        ("names digest", row["names_digest"]),
    )


def describe_run(row: RowMapping, software: Sequence[RowMapping]) -> Lines:
    """Labels and texts about a run and the software that it used."""
    return _lines(
        ("run", row["run"]),
        ("command", row["command"]),
        ("status", row["status"]),
        ("reason", row["reason"]),
        ("started", row["started_at"]),
        ("finished", row["finished_at"]),
        ("seconds", None if row["seconds"] is None else f"{row['seconds']:.3g}"),
        ("data", row["data"]),
        ("data digest", row["data_digest"]),
        ("domain", row["domain"]),
        ("domain digest", row["domain_digest"]),
        ("network digest", row["network_digest"]),
        *((entry["package"], entry["version"]) for entry in software),
    )


def describe_certificate(row: RowMapping, file: str) -> Lines:
    """Labels and texts about a certificate, with the name of its file without the folder."""
    return _lines(
        ("file", file),
        ("SHA-256", row["sha256"]),
        ("SHA-256 of names", row["names_digest"] or "none: no digest covers the names in it"),
        ("size", f"{row['bytes']:,} bytes"),
        ("activation regions", f"{row['regions']:,}"),
        ("proofs", f"{row['proofs']:,}"),
    )


def _lines(*facts: tuple[str, Any]) -> Lines:
    """Labels and texts, without missing values."""
    return tuple((label, str(value)) for label, value in facts if value not in (None, ""))
