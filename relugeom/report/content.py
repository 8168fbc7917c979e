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
    from relugeom.report.graph_drawing import LayeredGraph
    from relugeom.report.region_map import RegionMap

__all__ = ["Chart", "ChartKind", "Headline", "ReportContent", "Section"]


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
        Label → text.
    charts
        Pictures.
    tables
        Caption → table with any columns of numbers and texts.
    """

    title: str
    paragraphs: Sequence[str] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    charts: Sequence[Chart] = ()
    tables: "Mapping[str, pd.DataFrame]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Headline:
    """One line in the summary of verdicts.

    Attributes
    ----------
    statement
        Statement that was examined.
    verdict
        ``"holds"``, ``"fails"`` or ``"unknown"``; None for a line that only points elsewhere.
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
        Label → text, in the order of printing.
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
        Columns question, statement, verdict, value, witness, reason, file, sha256, for questions about the network on
        the whole domain; None if none were asked.
    headlines
        The verdicts in a few lines, for the first page.
    maps
        Slices through the regions.
    graph
        Graph of regions that share a facet, or None if there are too many to draw.
    subnetworks
        Active subnetworks, by number of the cluster.
    sections
        Further chapters, after the patterns.
    certificate
        Label → text about the proof: file, SHA-256, bytes, regions, proofs; empty if there is none.
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
    summary: Mapping[str, str]
    network: Mapping[str, str]
    domain: "pd.DataFrame"
    census: "pd.DataFrame"
    clusters: "pd.DataFrame"
    profiles: "pd.DataFrame"
    importance: "pd.DataFrame"
    patterns: "pd.DataFrame"
    provenance: Mapping[str, str]
    outcomes: "pd.DataFrame | None" = None
    constraints: Sequence[str] = field(default_factory=tuple)
    notes: Sequence[str] = field(default_factory=tuple)
    answers: "pd.DataFrame | None" = None
    headlines: Sequence[Headline] = field(default_factory=tuple)
    maps: "Sequence[RegionMap]" = field(default_factory=tuple)
    graph: "RegionGraph | None" = None
    subnetworks: "Mapping[int, LayeredGraph]" = field(default_factory=dict)
    sections: Sequence[Section] = field(default_factory=tuple)
    certificate: Mapping[str, str] = field(default_factory=dict)
    overall: "pd.DataFrame | None" = None
    hidden_patterns: int = 0
    interruption: str = ""
    domain_is_range_of_data: str | None = None
    withheld: bool = False
