"""The request for an audit, as one value: its inputs, its domain, where the answer goes, and what it may spend."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from relugeom.audit.inputs import InputRequest
from relugeom.audit.search_plan import Listing
from relugeom.budget import Budget, Limits
from relugeom.errors import InputError
from relugeom.network.decision import Decision

__all__ = ["AuditOptions", "AuditRequest"]

DEFAULT = Budget()
AUTO = "auto"
"""All regions, if there is time for them."""


class AuditOptions(Limits, total=False):
    """Options of an audit besides model and data: fields of `AuditRequest`, and three of `Budget`."""

    layers: Sequence[str] | None
    activations: Sequence[str] | None
    data_url: str | None
    target: str | None
    features: Sequence[str] | None
    ignore: Collection[str]
    decision: Decision | None
    domain: str | Path | None
    store: str | Path | None
    out: str | Path
    protected: Sequence[str]
    regions: str | None
    resume: bool
    show_samples: bool
    map_features: Sequence[str] | None
    budget: Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRequest(InputRequest):
    """Request for an audit.

    Attributes
    ----------
    domain
        ``box:LO,HI``, ``all``, ``data`` or a TOML file; by default ``domain.toml`` beside the model if it exists, else
        ``data``.
    store
        File name or URL of the store; by default ``audit.db`` in `out`.
    out
        Folder for the store, ``partition.cert`` and ``report.html``; it is made if it does not exist.
    protected
        Names of features on which a decision should not depend; the audit asks whether it does, for all of them
        together.
    regions
        ``all`` to search for all regions, ``observed`` to list only those that hold samples, ``neighbours`` to list
        also the regions across their facets, those of the regions with the most samples first, as far as time and room
        go. By default (``auto``) all where an estimate of their number says that there is time for it, else those that
        hold samples.
    resume
        Whether to continue from what an earlier run of the store found on this network and domain.
    show_samples
        Whether the report may show rows of the data: samples in maps, means of very small clusters, inputs of rows.
    map_features
        Names of the two features of the report's map; by default, the two that move the outputs most.
    budget
        What the audit may spend. Every part has its share of the time. The samples' patterns are settled first, and the
        report says what was left out or cut short.
    """

    domain: str | Path | None = None
    store: str | Path | None = None
    out: str | Path = "audit"
    protected: Sequence[str] = ()
    regions: str | None = None
    resume: bool = False
    show_samples: bool = True
    map_features: Sequence[str] | None = None
    budget: Budget = DEFAULT

    def __post_init__(self) -> None:
        if self.regions not in (None, AUTO, *Listing):
            raise InputError(f"regions={self.regions!r} is unknown: give {', '.join((AUTO, *Listing))}")

    @classmethod
    def of(cls, model: str | Path, data: str | Path, **options: Unpack[AuditOptions]) -> "AuditRequest":
        """Request from keywords; the limits among them change the budget."""
        given: dict[str, Any] = dict(options)
        limits = {name: given.pop(name) for name in Limits.__annotations__ if name in given}
        return cls(model=model, data=data, budget=replace(given.pop("budget", DEFAULT), **limits), **given)

    def parameters(self) -> dict[str, object]:
        """Parameters that a store keeps, besides the inputs; the limits are those of the budget."""
        domain = None if self.domain is None else str(self.domain)
        inputs = {"model": str(self.model), "data": str(self.data), "target": self.target, "domain": domain}
        given = {
            "data_url": self.data_url,
            "protected": list(self.protected) or None,
            "regions": self.regions,
            "layers": None if self.layers is None else list(self.layers),
            "activations": None if self.activations is None else list(self.activations),
        }
        return inputs | {name: value for name, value in given.items() if value is not None}
