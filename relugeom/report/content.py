"""What a report shows, as plain values.

Tables are pandas frames whose columns are named as here; names of features and classes are raw text, and every renderer
escapes them for its own medium.
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
    """Numbers of a chapter as a picture.

    Attributes
    ----------
    kind
        MEASURES: columns measure, feature, share. TRADEOFF: columns groups, error, rms.
    data
        The numbers.
    caption
        What the picture shows.
    """

    kind: ChartKind
    data: "pd.DataFrame"
    caption: str


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """A further chapter of a report: words, facts, pictures and tables of any columns.

    Attributes
    ----------
    title
        Its heading.
    paragraphs
        Plain text.
    facts
        Label → text.
    charts
        Pictures.
    tables
        Caption → any columns of numbers and texts.
    """

    title: str
    paragraphs: Sequence[str] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    charts: Sequence[Chart] = ()
    tables: "Mapping[str, pd.DataFrame]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Headline:
    """One line on the page of verdicts.

    Attributes
    ----------
    statement
        What is claimed.
    verdict
        ``"holds"``, ``"fails"`` or ``"unknown"``; None for a line that only points elsewhere.
    finding
        What was found, or why it is not known; may be empty.
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
        The heading.
    interruption
        What a run lacks that did not reach its end; empty for a finished one.
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
        positive_share, target_mean, accuracy; None where there is no value, or not one but several.
    outcomes
        Where there are several outputs: columns cluster, kind (mean, decided, target), name, value; else None or empty.
    profiles
        Columns cluster, feature, mean, spread.
    importance
        Columns cluster, output, feature, coefficient, sign, scaled, contribution.
    patterns
        Columns pattern, status, samples, admissible (number of admissible inputs or None).
    notes
        Limits and remarks, one sentence each.
    answers
        Columns question, statement, verdict, value, witness, reason, file, sha256: what was asked of the network on
        the whole domain; None where nothing was.
    headlines
        The verdicts in few lines, for the first page.
    maps
        Slices through the regions.
    graph
        Which regions share a facet, or None where there are too many to be drawn.
    subnetworks
        Active subnetworks by the number of the cluster.
    sections
        Further chapters, behind the patterns.
    certificate
        Label → text about the proof: file, SHA-256, bytes, regions, proofs; empty where there is none.
    overall
        Mean and spread by feature over all samples, or None: then those of `profiles` together.
    hidden_patterns
        How many patterns were settled beside those of `patterns`.
    domain_is_range_of_data
        Whether the domain is the box around the data: "yes", "no" or "unknown"; None without both.
    withheld
        Whether everything that shows single rows of the data was kept out (`relugeom.report.privacy`).
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
