"""Exact geometry of trained ReLU networks.

This module is the public face: a table of names, each loaded from its room on first use (PEP 562), so that importing
relugeom is fast. Type checkers and editors read the imports under `TYPE_CHECKING`, which name the same.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from relugeom import version

if TYPE_CHECKING:
    # isort: off
    from relugeom.errors import RelugeomError as RelugeomError
    from relugeom.remarks import RelugeomWarning as RelugeomWarning
    from relugeom.network.network import ReLUNetwork as ReLUNetwork
    from relugeom.network.pattern import ActivationPattern as ActivationPattern
    from relugeom.network.decision import (
        Decision as Decision,
        Squashing as Squashing,
    )
    from relugeom.importers.loading import (
        load_network as load_network,
        save_network as save_network,
    )
    from relugeom.importers.live import network_from as network_from
    from relugeom.importers.nnet import read_nnet_normalisation as read_nnet_normalisation
    from relugeom.network.effective import (
        effective_map as effective_map,
        effective_maps as effective_maps,
    )
    from relugeom.network.activation import (
        activation_pattern as activation_pattern,
        activation_patterns as activation_patterns,
    )
    from relugeom.network.forward import (
        evaluate as evaluate,
        predict as predict,
    )
    from relugeom.geometry.domain import Domain as Domain
    from relugeom.geometry.domain_spec import load_domain as load_domain
    from relugeom.partition.clusters import cluster_samples as cluster_samples
    from relugeom.search.locate import locate_pattern as locate_pattern
    from relugeom.search.enumeration import enumerate_regions as enumerate_regions
    from relugeom.search.estimate import estimate_regions as estimate_regions
    from relugeom.search.feasibility import classify_patterns as classify_patterns
    from relugeom.search.admissible import (
        admissible_patterns as admissible_patterns,
        admissible_regions as admissible_regions,
        check_admissible as check_admissible,
    )
    from relugeom.measures.facets import find_facets as find_facets
    from relugeom.measures.adjacency import find_adjacency as find_adjacency
    from relugeom.measures.linear_regions import merge_linear_regions as merge_linear_regions
    from relugeom.measures.volumes import (
        covered_share as covered_share,
        region_volumes as region_volumes,
        volumes_sum_to_domain as volumes_sum_to_domain,
    )
    from relugeom.measures.radii import chebyshev_radii as chebyshev_radii
    from relugeom.measures.slices import slice_regions as slice_regions
    from relugeom.partition.tree import unexplored_prefixes as unexplored_prefixes
    from relugeom.graph.active_subnetwork import active_subnetwork as active_subnetwork
    from relugeom.analysis.importance import (
        cluster_importance as cluster_importance,
        region_importance as region_importance,
    )
    from relugeom.analysis.attributions import (
        Baseline as Baseline,
        exact_integrated_gradients as exact_integrated_gradients,
        gradients as gradients,
        integrated_gradients as integrated_gradients,
    )
    from relugeom.analysis.permutation import permutation_importance as permutation_importance
    from relugeom.analysis.whole_domain import (
        compare_importance as compare_importance,
        domain_importance as domain_importance,
    )
    from relugeom.analysis.unequal_share import (
        UnequalShare as UnequalShare,
        unequal_share as unequal_share,
    )
    from relugeom.analysis.unobserved import find_unobserved as find_unobserved
    from relugeom.analysis.performance import (
        cluster_performance as cluster_performance,
        region_performance as region_performance,
    )
    from relugeom.questions.output_bounds import output_bounds as output_bounds
    from relugeom.questions.output_between import output_between as output_between
    from relugeom.questions.monotonicity import (
        monotonicity as monotonicity,
        sign_map as sign_map,
    )
    from relugeom.questions.robustness import distance_to_other_decision as distance_to_other_decision
    from relugeom.questions.fairness import protected_fairness as protected_fairness
    from relugeom.questions.equivalence import compare_networks as compare_networks
    from relugeom.questions.unit_signs import (
        bound_unit_signs as bound_unit_signs,
        partition_unit_signs as partition_unit_signs,
    )
    from relugeom.questions.verification import verify_property as verify_property
    from relugeom.questions.settler import (
        Prover as Prover,
        Settler as Settler,
    )
    from relugeom.questions.simplification import (
        prove_simplification as prove_simplification,
        simplify_network as simplify_network,
    )
    from relugeom.analysis.parsimony import group_clusters as group_clusters
    from relugeom.analysis.group_bounds import bound_groups as bound_groups
    from relugeom.analysis.group_refit import refit_groups as refit_groups
    from relugeom.analysis.relevance import cluster_relevance as cluster_relevance
    from relugeom.analysis.region_ranges import region_ranges as region_ranges
    from relugeom.questions.sample_robustness import sample_robustness as sample_robustness
    from relugeom.data.samples import read_samples as read_samples
    from relugeom.analysis.decisions import decide_regions as decide_regions
    from relugeom.analysis.margins import sample_margins as sample_margins
    from relugeom.certificate.partition import certify_partition as certify_partition
    from relugeom.certificate.checking import check_certificate as check_certificate
    from relugeom.certificate.claim import (
        certify_claim as certify_claim,
        settle_claim as settle_claim,
    )
    from relugeom.certificate.claim_proof.counterexample import FalseClaimError as FalseClaimError
    from relugeom.claims.claim import (
        Equivalent as Equivalent,
        Excluded as Excluded,
        Monotone as Monotone,
        OutputBound as OutputBound,
        SameDecision as SameDecision,
        SameLargest as SameLargest,
        Twin as Twin,
    )
    from relugeom.claims.inequality import Inequality as Inequality
    from relugeom.claims.ball import (
        l1_ball as l1_ball,
        l2_ball as l2_ball,
        linf_ball as linf_ball,
    )
    from relugeom.claims.patterns import (
        PatternClaims as PatternClaims,
        PatternStatement as PatternStatement,
    )
    from relugeom.store.store import open_store as open_store
    from relugeom.store.query.table import query as query
    from relugeom.audit.warm_up import warm_up as warm_up
    from relugeom.audit.request import AuditRequest as AuditRequest
    from relugeom.budget import (
        Budget as Budget,
        EstimateBudget as EstimateBudget,
        SearchBudget as SearchBudget,
    )

__version__ = version.VERSION

_ROOMS = {
    "relugeom.errors": ("RelugeomError",),
    "relugeom.remarks": ("RelugeomWarning",),
    "relugeom.network.network": ("ReLUNetwork",),
    "relugeom.network.pattern": ("ActivationPattern",),
    "relugeom.network.decision": ("Decision", "Squashing"),
    "relugeom.importers.loading": ("load_network", "save_network"),
    "relugeom.importers.live": ("network_from",),
    "relugeom.importers.nnet": ("read_nnet_normalisation",),
    "relugeom.network.effective": ("effective_map", "effective_maps"),
    "relugeom.network.activation": ("activation_pattern", "activation_patterns"),
    "relugeom.network.forward": ("evaluate", "predict"),
    "relugeom.geometry.domain": ("Domain",),
    "relugeom.geometry.domain_spec": ("load_domain",),
    "relugeom.partition.clusters": ("cluster_samples",),
    "relugeom.search.locate": ("locate_pattern",),
    "relugeom.search.enumeration": ("enumerate_regions",),
    "relugeom.search.estimate": ("estimate_regions",),
    "relugeom.search.feasibility": ("classify_patterns",),
    "relugeom.search.admissible": ("admissible_patterns", "admissible_regions", "check_admissible"),
    "relugeom.measures.facets": ("find_facets",),
    "relugeom.measures.adjacency": ("find_adjacency",),
    "relugeom.measures.linear_regions": ("merge_linear_regions",),
    "relugeom.measures.volumes": ("covered_share", "region_volumes", "volumes_sum_to_domain"),
    "relugeom.measures.radii": ("chebyshev_radii",),
    "relugeom.measures.slices": ("slice_regions",),
    "relugeom.partition.tree": ("unexplored_prefixes",),
    "relugeom.graph.active_subnetwork": ("active_subnetwork",),
    "relugeom.analysis.importance": ("cluster_importance", "region_importance"),
    "relugeom.analysis.attributions": ("Baseline", "exact_integrated_gradients", "gradients", "integrated_gradients"),
    "relugeom.analysis.permutation": ("permutation_importance",),
    "relugeom.analysis.whole_domain": ("compare_importance", "domain_importance"),
    "relugeom.analysis.unequal_share": ("UnequalShare", "unequal_share"),
    "relugeom.analysis.unobserved": ("find_unobserved",),
    "relugeom.analysis.performance": ("cluster_performance", "region_performance"),
    "relugeom.questions.output_bounds": ("output_bounds",),
    "relugeom.questions.output_between": ("output_between",),
    "relugeom.questions.monotonicity": ("monotonicity", "sign_map"),
    "relugeom.questions.robustness": ("distance_to_other_decision",),
    "relugeom.questions.fairness": ("protected_fairness",),
    "relugeom.questions.equivalence": ("compare_networks",),
    "relugeom.questions.unit_signs": ("bound_unit_signs", "partition_unit_signs"),
    "relugeom.questions.verification": ("verify_property",),
    "relugeom.questions.settler": ("Prover", "Settler"),
    "relugeom.questions.simplification": ("prove_simplification", "simplify_network"),
    "relugeom.analysis.parsimony": ("group_clusters",),
    "relugeom.analysis.group_bounds": ("bound_groups",),
    "relugeom.analysis.group_refit": ("refit_groups",),
    "relugeom.analysis.relevance": ("cluster_relevance",),
    "relugeom.analysis.region_ranges": ("region_ranges",),
    "relugeom.questions.sample_robustness": ("sample_robustness",),
    "relugeom.data.samples": ("read_samples",),
    "relugeom.analysis.decisions": ("decide_regions",),
    "relugeom.analysis.margins": ("sample_margins",),
    "relugeom.certificate.partition": ("certify_partition",),
    "relugeom.certificate.checking": ("check_certificate",),
    "relugeom.certificate.claim": ("certify_claim", "settle_claim"),
    "relugeom.certificate.claim_proof.counterexample": ("FalseClaimError",),
    "relugeom.claims.claim": (
        "Equivalent",
        "Excluded",
        "Monotone",
        "OutputBound",
        "SameDecision",
        "SameLargest",
        "Twin",
    ),
    "relugeom.claims.inequality": ("Inequality",),
    "relugeom.claims.ball": ("l1_ball", "l2_ball", "linf_ball"),
    "relugeom.claims.patterns": ("PatternClaims", "PatternStatement"),
    "relugeom.store.store": ("open_store",),
    "relugeom.store.query.table": ("query",),
    "relugeom.audit.warm_up": ("warm_up",),
    "relugeom.audit.request": ("AuditRequest",),
    "relugeom.budget": ("Budget", "EstimateBudget", "SearchBudget"),
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'relugeom' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
