"""The first page of a report, which is the one to sign: the verdict on everything, and what exactly it is about.

The one idea: a reader who sees only this page knows how many statements are proved, refuted and open, and the digests
with which the files at hand are compared.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from relugeom.claims.requirement import Judgement
from relugeom.claims.settlement import Verdict
from relugeom.printing import counted
from relugeom.report.content import Facts, ReportContent
from relugeom.report.page_tables import by_name, records_of
from relugeom.report.two_sides import BETWEEN, shown_verdict

__all__ = ["STORE_DIGEST", "FrontPage", "front_page", "tally"]

SEVERAL = {
    Verdict.HOLDS.value: ("holds", "hold"),
    Verdict.FAILS.value: ("fails", "fail"),
    BETWEEN: ("is between bounds", "are between bounds"),
    Verdict.UNKNOWN.value: ("is open", "are open"),
}
"""Verdicts as they are shown, and the verbs for one statement and for several."""
REQUIRED = {
    Judgement.FAIL.value: ("bad", "fails", "fail"),
    Judgement.OPEN.value: ("fair", "is open", "are open"),
    Judgement.PASS.value: ("good", "passes", "pass"),
}
"""Verdicts on requirements, worst first: the class of their colour, and the verbs for one and for several."""
STORE_DIGEST = "store digest"
"""Label of the digest of all that the store says about the run."""
DIGESTS = ("network digest", "names digest", "domain digest", "data digest", STORE_DIGEST)
"""Labels of what a reader compares, among those of the network and of the provenance."""


@dataclass(frozen=True, slots=True)
class FrontPage:
    """What stands on the first page besides the summary.

    Attributes
    ----------
    overall
        The verdict on all statements in a sentence; empty if none was examined.
    tone
        Class of its colour: "good" if every statement is settled, else "fair".
    required, required_tone
        The verdict on all requirements in a sentence, empty without any, and the class of its colour: "good", "bad" or
        "fair".
    identity
        What the report is about: labels and digests.
    """

    overall: str
    tone: str
    required: str
    required_tone: str
    identity: Facts


def front_page(content: ReportContent) -> FrontPage:
    """Gather the first page."""
    counts = tally(content)
    settled = not any(counts[verdict] for verdict in (BETWEEN, Verdict.UNKNOWN.value))
    return FrontPage(
        _overall(counts, settled=settled),
        "good" if settled else "fair",
        *_required(content),
        tuple(_identity(content)),
    )


def _required(content: ReportContent) -> tuple[str, str]:
    """The verdict on all requirements, and the class of its colour."""
    counts = Counter(line.verdict for line in content.requirements)
    if not counts:
        return "", "good"
    worst = next(word for word in REQUIRED if counts[word])
    parts = [f"{counts[word]:,} {words[counts[word] > 1]}" for word, (_, *words) in REQUIRED.items() if counts[word]]
    about = counted(counts.total(), "requirement")
    return f"{worst.upper()}: of {about}, {' and '.join(parts)}.", REQUIRED[worst][0]


def tally(content: ReportContent) -> Counter[str]:
    """Numbers of statements by the verdict that is shown."""
    return (
        Counter() if content.answers is None else Counter(map(shown_verdict, map(by_name, records_of(content.answers))))
    )


def _overall(counts: Counter[str], *, settled: bool) -> str:
    if not counts:
        return ""
    parts = [
        f"{counts[verdict]:,} {one if counts[verdict] == 1 else several}"
        for verdict, (one, several) in SEVERAL.items()
        if counts[verdict]
    ]
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    about = f"{counted(counts.total(), 'statement')} about the whole domain"
    if not settled:
        return f"Of {about}, {listed}."
    return f"{about} {parts[0].split(' ', 1)[1]}." if counts.total() == 1 else f"All {about} are settled: {listed}."


def _identity(content: ReportContent) -> Iterator[tuple[str, str]]:
    known = dict(content.network) | dict(content.provenance)
    for label in DIGESTS:
        if label in known:
            yield label, known[label]
    if content.certificate:
        proof = dict(content.certificate)
        yield f"SHA-256 of {content.certificate_file}", proof.get("SHA-256", "")
