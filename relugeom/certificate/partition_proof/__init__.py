"""Proofs that a list of activation regions is complete: what a split tree leaves to prove, and the multipliers."""
