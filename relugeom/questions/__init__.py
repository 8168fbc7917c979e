"""Questions that need a proof: ranges, monotonicity, fairness, robustness, equivalence, simplification, properties.

Imports certificate for the proofs and analysis for measurements. Never stores or prints an answer.
"""
