"""The regions that hold samples, and the regions around them, where the partition is not listed."""

from collections.abc import Sequence

from relugeom.audit.job import Job
from relugeom.audit.search_plan import Listing
from relugeom.deadline import Deadline
from relugeom.measures.expansion import expand_regions
from relugeom.partition.clusters import Clusters
from relugeom.partition.partition import Partition, PatternStatus
from relugeom.search.observed import observed_regions

__all__ = ["list_data_first"]


def list_data_first(
    job: Job, clusters: Clusters, statuses: Sequence[PatternStatus], listing: Listing, whole: Deadline
) -> Partition:
    """List the regions that hold samples, and if asked for, their neighbours, those with the most samples first."""
    X = job.inputs.samples.table.take(clusters.representative)
    observed = observed_regions(clusters, X, job.inputs.domain.domain, statuses, time_limit=whole)
    if listing is Listing.OBSERVED:
        return observed
    places = {row.tobytes(): place for place, row in enumerate(observed.packed)}
    return expand_regions(
        observed,
        [places[row.tobytes()] for row in clusters.packed if row.tobytes() in places],
        most=_room(job),
        time_limit=whole,
        on_progress=lambda done: job.listeners.tell("finding regions next to those with samples", done),
    ).partition


def _room(job: Job) -> int:
    """Most regions of the list: as many as can be stored, and as have their neighbours recorded."""
    budget = job.request.budget
    limits = (budget.max_regions, job.most.regions, budget.counts.regions)
    return min(limit for limit in limits if limit is not None)
