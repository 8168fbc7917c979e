"""The public names of the package and where each is defined, for the page that shows their docstrings."""

import relugeom

__all__ = ["SECTIONS", "home_of", "names_page"]

SECTIONS = {
    "Networks": """load_network network_from read_nnet_normalisation ReLUNetwork ActivationPattern Decision Squashing
        activation_pattern activation_patterns effective_map effective_maps evaluate predict""",
    "Domains and data": "load_domain Domain read_samples",
    "Clusters of samples": """cluster_samples cluster_importance cluster_relevance cluster_performance group_clusters
        refit_groups bound_groups sample_margins sample_robustness""",
    "Activation regions": """enumerate_regions estimate_regions locate_pattern classify_patterns admissible_patterns
        admissible_regions check_admissible unexplored_prefixes""",
    "Measures of regions": """region_volumes covered_share volumes_sum_to_domain chebyshev_radii find_facets
        find_adjacency merge_linear_regions slice_regions region_ranges region_importance region_performance
        decide_regions find_unobserved""",
    "Importance": """domain_importance compare_importance gradients integrated_gradients exact_integrated_gradients
        Baseline permutation_importance""",
    "Questions about the whole domain": """output_bounds output_between monotonicity sign_map protected_fairness
        unequal_share UnequalShare distance_to_other_decision verify_property compare_networks simplify_network
        prove_simplification bound_unit_signs partition_unit_signs Prover Settler""",
    "Claims": """OutputBound Monotone SameDecision SameLargest Equivalent Excluded Twin Inequality l1_ball l2_ball
        linf_ball PatternClaims PatternStatement""",
    "Certificates": "certify_partition certify_claim settle_claim check_certificate FalseClaimError",
    "Graphs": "active_subnetwork",
    "The store": "open_store",
    "Requests and budgets": "AuditRequest Budget SearchBudget EstimateBudget",
    "Errors and warnings": "RelugeomError RelugeomWarning",
}
"""Section of the page for each name; names that are not listed here are in `OTHERS`."""
OTHERS = "Further names"


def home_of(name: str) -> str:
    """The dotted name of a public value in the module that defines it."""
    value = getattr(relugeom, name)
    return f"{value.__module__}.{value.__qualname__}"


def sections() -> dict[str, list[str]]:
    """Public names of each section: every name is in one section, and new ones are in the last."""
    public = [name for name in relugeom.__all__ if name != "__version__"]
    chosen = {title: [name for name in text.split() if name in public] for title, text in SECTIONS.items()}
    placed = {name for names in chosen.values() for name in names}
    others = [name for name in public if name not in placed]
    return chosen | ({OTHERS: others} if others else {})


def names_page() -> str:
    """A table of contents, then the docstring of every public name, section by section."""
    parts = []
    for title, names in sections().items():
        parts.append(f"## {title}\n")
        parts += [f"::: {home_of(name)}\n    options:\n      heading_level: 3\n" for name in names]
    return "\n".join(parts)
