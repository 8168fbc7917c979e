"""Exact geometry of trained ReLU networks.

This module is the public face: a table of names, each loaded from its room on first use (PEP 562), so that importing
relugeom is fast.
"""

from importlib import import_module
from typing import Any

from relugeom import version

__version__ = version.VERSION

_ROOMS = {
    "relugeom.errors": ("RelugeomError",),
    "relugeom.remarks": ("RelugeomWarning",),
    "relugeom.network.network": ("ReLUNetwork",),
    "relugeom.network.pattern": ("ActivationPattern",),
    "relugeom.network.decision": ("Decision", "Squashing"),
    "relugeom.importers.loading": ("load_network",),
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
