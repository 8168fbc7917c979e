"""The paper's analysis: clusters of samples by activation pattern, and the features that move the output in each."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from relugeom.analysis.importance import cluster_importance
from relugeom.audit.inputs import ChosenDomain, InputRequest, choose_domain, cluster_inputs, read_inputs
from relugeom.audit.words import columns_in_words
from relugeom.data.samples import Samples
from relugeom.deadline import CLOCK
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import Clusters
from relugeom.remarks import OnRemark, warn
from relugeom.report.clusters import cluster_content
from relugeom.report.content import ReportContent

__all__ = ["ExplainedClusters", "explain_clusters"]


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedClusters:
    """Clusters of samples, with what is known about each.

    Attributes
    ----------
    chosen
        Domain that was asked for, if any.
    content
        Tables about the clusters, importance included.
    remarks
        Remarks on the data.
    seconds
        Time of the work, from reading the model on.
    """

    network: ReLUNetwork
    samples: Samples
    clusters: Clusters
    chosen: ChosenDomain | None
    content: ReportContent
    remarks: tuple[str, ...]
    seconds: float


def explain_clusters(
    request: InputRequest,
    *,
    domain: str | None = None,
    on_remark: OnRemark = warn,
    on_progress: Callable[[str, int], None] = lambda _stage, _done: None,
) -> ExplainedClusters:
    """Group samples by activation pattern, and read the effective map of each group as importance.

    Parameters
    ----------
    domain
        Domain outside which samples count as outside; by default, none does.
    on_remark
        Called with the columns that feed the inputs, and with remarks on the data.

    Raises
    ------
    InputError
        The model, the data or the domain cannot be used.
    """
    began = CLOCK.now()
    network, samples = read_inputs(request, on_remark=on_remark, on_progress=partial(on_progress, "reading data"))
    chosen = None if domain is None else choose_domain(domain, network, samples, Path(request.model))
    counting = partial(on_progress, "clustering samples")
    clusters, doubts = cluster_inputs(network, samples, chosen, on_progress=counting)
    remarks = (*samples.remarks, *doubts)
    for remark in (columns_in_words(network, samples), *remarks):
        on_remark(remark)
    importance = cluster_importance(clusters, samples.table.mean_and_spread()[1])
    content = cluster_content(samples.name, clusters, importance)
    return ExplainedClusters(network, samples, clusters, chosen, content, remarks, CLOCK.now() - began)
