"""The content of a report, as plain values.

Tables are pandas frames with the columns that are named here. Names of features and classes are raw text, which every
renderer escapes for its own medium.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from relugeom.graph.region_graph import RegionGraph
    from relugeom.report.graph_layers import LayeredGraph
    from relugeom.report.region_map import RegionMap

__all__ = ["Chart", "ChartKind", "Facts", "Headline", "Masthead", "ReportContent", "Section"]

Facts = Sequence[tuple[str, str]]
"""Lines of a label and a text, in the order of printing; labels are only shown, so several may be alike."""


class ChartKind(StrEnum):
    """How the numbers of a chart are drawn."""

    MEASURES = "measures"
    TRADEOFF = "tradeoff"


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """Numbers of a chapter that are shown as a picture.

    Attributes
    ----------
    kind
        MEASURES: columns measure, feature, share. TRADEOFF: columns groups, error, rms.
    data
        The numbers.
    caption
        Text below the picture.
    """

    kind: ChartKind
    data: "pd.DataFrame"
    caption: str


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A further chapter of a report: text, facts, pictures, and tables with any columns.

    Attributes
    ----------
    title
        Heading of the chapter.
    paragraphs
        Plain text.
    facts
        Labels and texts.
    charts
        Pictures.
    tables
        Caption → table with any columns of numbers and texts.
    """

    title: str
    paragraphs: Sequence[str] = ()
    facts: Facts = ()
    charts: Sequence[Chart] = ()
    tables: "Mapping[str, pd.DataFrame]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Masthead:
    """What a report is about, below its title.

    Attributes
    ----------
    finished
        Time at which the run finished, in UTC, like ``2026-11-30T14:05:00Z``; None if it did not.
    run
        Number of the run.
    version
        Version of relugeom that made it; None if that is not recorded.
    network
        Digest of the network.
    """

    finished: str | None
    run: int
    version: str | None
    network: str


@dataclass(frozen=True, slots=True)
class Headline:
    """One line in the summary of verdicts.

    Attributes
    ----------
    statement
        Statement that was examined.
    verdict
        ``"holds"``, ``"fails"``, ``"between bounds"`` or ``"unknown"``; None for a line that only points elsewhere.
    finding
        What was found, or why it is unknown; may be empty.
    proofs
        Files of the certificates of a statement that holds.
    """

    statement: str
    verdict: str | None
    finding: str = ""
    proofs: Sequence[str] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ReportContent:
    """Everything that one report says.

    Attributes
    ----------
    title
        Heading of the report.
    interruption
        What a run that did not finish lacks; empty for a finished one.
    summary, network, provenance
        Labels and texts.
    domain
        Columns feature, kind, lower, upper, group.
    constraints
        Linear rows of the domain in words.
    census
        Columns patterns (which), count (text: a number, "2^80", or "not known").
    clusters
        Columns cluster (from 1), pattern, samples, share, outside, status, prediction (mean of the output),
        positive_share, target_mean, accuracy; None if there is no single value.
    outcomes
        Columns cluster, kind (mean, decided, target), name, value, if there are several outputs; else None or empty.
    profiles
        Columns cluster, feature, mean, spread.
    importance
        Columns cluster, output, feature, coefficient, sign, scaled, contribution.
    patterns
        Columns pattern, status, samples, admissible (number of admissible inputs or None).
    notes
        Limits and remarks, one sentence each.
    answers
        Columns question, statement, verdict, value, lower, upper, witness, reason, short_reason, direction, file,
        sha256, for questions about the network on the whole domain; None if none were asked.
    headlines
        The verdicts in a few lines, for the first page.
    requirements
        What must hold, with verdicts ``"pass"``, ``"fail"`` and ``"open"``; empty if nothing was required.
    maps
        Slices through the regions.
    graph
        Graph of regions that share a facet, or None if there are too many to draw.
    subnetworks
        Active subnetworks, by number of the cluster.
    sections
        Further chapters, after the patterns.
    certificate
        Labels and texts about the proof; empty if there is none.
    certificate_file
        Name of its file, without the folder; empty if there is none.
    masthead
        What the report is about; None if it was made without a store.
    overall
        Mean and spread of each feature over all samples; None to compute them from `profiles`.
    hidden_patterns
        Number of patterns that were settled in addition to those of `patterns`.
    domain_is_range_of_data
        Whether the domain is the box around the data: "yes", "no" or "unknown"; None without both.
    withheld
        Whether everything that shows single rows of the data was left out (`relugeom.report.privacy`).
    """

    title: str
    summary: Facts
    network: Facts
    domain: "pd.DataFrame"
    census: "pd.DataFrame"
    clusters: "pd.DataFrame"
    profiles: "pd.DataFrame"
    importance: "pd.DataFrame"
    patterns: "pd.DataFrame"
    provenance: Facts
    outcomes: "pd.DataFrame | None" = None
    constraints: Sequence[str] = field(default_factory=tuple)
    notes: Sequence[str] = field(default_factory=tuple)
    answers: "pd.DataFrame | None" = None
    headlines: Sequence[Headline] = field(default_factory=tuple)
    requirements: Sequence[Headline] = field(default_factory=tuple)
    maps: "Sequence[RegionMap]" = field(default_factory=tuple)
    graph: "RegionGraph | None" = None
    subnetworks: "Mapping[int, LayeredGraph]" = field(default_factory=dict)
    sections: Sequence[Section] = field(default_factory=tuple)
    certificate: Facts = ()
    certificate_file: str = ""
    masthead: Masthead | None = None
    overall: "pd.DataFrame | None" = None
    hidden_patterns: int = 0
    interruption: str = ""
    domain_is_range_of_data: str | None = None
    withheld: bool = False
