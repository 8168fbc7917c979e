"""Inputs of a job: a model, its samples and their clusters, and the domain."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from relugeom.audit.model_facts import read_model_facts
from relugeom.data.samples import Samples, read_samples
from relugeom.errors import InputError
from relugeom.geometry.chart import domain_chart
from relugeom.geometry.domain import Domain
from relugeom.geometry.domain_spec import is_short, load_domain
from relugeom.importers.loading import load_network
from relugeom.network.decision import Decision, DecisionRule
from relugeom.network.network import ReLUNetwork
from relugeom.partition.clusters import Clusters, cluster_samples
from relugeom.remarks import OnRemark, warn

__all__ = [
    "DOMAIN_FILE",
    "ChosenDomain",
    "InputRequest",
    "choose_domain",
    "cluster_inputs",
    "find_features",
    "find_protected",
    "read_inputs",
]

DOMAIN_FILE = "domain.toml"
MAX_NAMED = 20
SOURCES = {"data": "the range of the data", "all": "all of R^n"}


@dataclass(frozen=True, slots=True, eq=False)
class ChosenDomain:
    """A domain, its source in words, how it is specified on the command line, and what its file says of the model."""

    domain: Domain
    source: str
    spec: str
    model_facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRequest:
    """Request for a model and samples.

    Attributes
    ----------
    model, data
        A model file, and a CSV or Parquet file; with a `data_url`, a table or view of that database, or a SELECT.
    layers, activations
        How the layers of a file of tensors follow each other; see `load_network`.
    data_url
        URL of a database, for SQLAlchemy.
    target
        Column that the model should predict.
    features, ignore
        Columns that feed the inputs, and columns to leave out.
    decision
        Rule that turns outputs into a class; by default, that of the model file.
    """

    model: str | Path
    data: str | Path
    layers: Sequence[str] | None = None
    activations: Sequence[str] | None = None
    data_url: str | None = None
    target: str | None = None
    features: Sequence[str] | None = None
    ignore: Collection[str] = ()
    decision: Decision | None = None


def read_inputs(
    request: InputRequest, *, on_remark: OnRemark = warn, on_progress: Callable[[int], None] | None = None
) -> tuple[ReLUNetwork, Samples]:
    """Read a model and its samples; a model without names of inputs takes the names of the columns."""
    network = load_network(request.model, layers=request.layers, activations=request.activations, on_remark=on_remark)
    if request.decision is not None:
        network = replace(network, decision=replace(request.decision, class_names=network.rule.class_names))
    samples = _read_samples(request, network, on_progress)
    return network if network.input_names else network.with_inputs(samples.columns), samples


def _read_samples(request: InputRequest, network: ReLUNetwork, on_progress: Callable[[int], None] | None) -> Samples:
    return read_samples(
        request.data,
        inputs=network.inputs,
        url=request.data_url,
        input_names=network.input_names,
        target=request.target,
        classes=network.classes,
        class_names=network.rule.class_names,
        features=request.features,
        ignore=request.ignore,
        on_progress=on_progress,
    )


def choose_domain(spec: str | Path | None, network: ReLUNetwork, samples: Samples | None, model: Path) -> ChosenDomain:
    """Choose the domain: the one that was asked for, else the file beside the model, else the range of the data.

    Raises
    ------
    InputError
        The domain cannot be read or is empty, or none was asked for and there is no default.
    """
    beside = model.parent / DOMAIN_FILE
    if spec is not None:
        place, source = str(spec), SOURCES.get(str(spec), str(spec))
    elif beside.exists():
        place, source = str(beside), f"{DOMAIN_FILE} beside the model"
    elif samples is not None:
        place, source = "data", SOURCES["data"]
    else:
        raise InputError(f"give a domain with --domain: box:LO,HI, all, or a TOML file like {DOMAIN_FILE}")
    domain = load_domain(place, network, data=None if samples is None else samples.table.range())
    domain_chart(domain)  # refuses an empty domain
    return ChosenDomain(domain, source, place, {} if is_short(place) else read_model_facts(place))


def cluster_inputs(
    network: ReLUNetwork, samples: Samples, chosen: ChosenDomain | None, *, on_progress: Callable[[int], None]
) -> tuple[Clusters, tuple[str, ...]]:
    """Cluster the samples; returns the clusters, and remarks on what the network makes of the data."""
    doubts = list[str]()
    clusters = cluster_samples(
        network,
        samples.table,
        target=samples.coded_target,
        domain=None if chosen is None else chosen.domain,
        on_remark=doubts.append,
        on_progress=on_progress,
    )
    return clusters, tuple(doubts)


def find_protected(network: ReLUNetwork, names: Sequence[str]) -> tuple[int, ...]:
    """Indices of the features with these names, on which a decision should not depend.

    Raises
    ------
    InputError
        There is no such feature, or the network takes no decision.
    """
    for name in names:
        if name not in network.feature_names:
            known = ", ".join(network.feature_names[:MAX_NAMED])
            more = f" and {network.inputs - MAX_NAMED:,} more" if network.inputs > MAX_NAMED else ""
            raise InputError(f"there is no feature {name!r} to protect: the features are {known}{more}")
    if names and network.rule.rule is DecisionRule.NONE:
        raise InputError(
            "the network takes no decision that a protected feature could change: give the output above which it "
            "decides for class 1 with --threshold"
        )
    return tuple(sorted({network.feature_names.index(name) for name in names}))


def find_features(network: ReLUNetwork, names: Sequence[str]) -> tuple[int, int]:
    """Numbers of the inputs with two names, along which a map runs.

    Raises
    ------
    InputError
        There are not two names, or the network has no such input.
    """
    if len(names) != 2 or names[0] == names[1]:
        raise InputError(f"a map runs along two different features, not {len(set(names))}: write --map A,B")
    for name in names:
        if name not in network.feature_names:
            known = ", ".join(network.feature_names[:8]) + (", …" if network.inputs > 8 else "")
            raise InputError(f"--map: the network has no feature {name!r}: its features are {known}")
    first, second = (network.feature_names.index(name) for name in names)
    return first, second
