"""The exit codes, from the tables that the verbs use."""

from from_code.markdown import in_cell
from relugeom.cli.exit_codes import MEANINGS, STATUSES, VERBS, ExitCode

__all__ = ["codes_table", "statuses_table", "verbs_table"]

OUTCOMES = (ExitCode.DONE, ExitCode.FAILS, ExitCode.UNKNOWN)


def codes_table() -> str:
    """One row per code."""
    rows = [f"| {code:d} | {in_cell(meaning)} |" for code, meaning in MEANINGS.items()]
    return "\n".join(["| code | meaning |", "|---|---|", *rows])


def statuses_table() -> str:
    """Code of each `status` of an answer."""
    rows = []
    for code in OUTCOMES:
        names = ", ".join(f"`{status}`" for status, own in STATUSES.items() if own is code)
        rows.append(f"| {names} | {code:d} |")
    return "\n".join(["| `status` | code |", "|---|---|", *rows])


def verbs_table() -> str:
    """Meaning of the codes, one row per verb."""
    rows = []
    for verb, meanings in VERBS.items():
        cells = " | ".join(in_cell(meanings.get(code, "")) for code in OUTCOMES)
        rows.append(f"| `{verb}` | {cells} |")
    heading = " | ".join(f"{code:d}" for code in OUTCOMES)
    return "\n".join([f"| verb | {heading} |", "|---" * (1 + len(OUTCOMES)) + "|", *rows])
