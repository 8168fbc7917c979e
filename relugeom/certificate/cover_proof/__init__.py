"""Proofs by covering trees: bounds are replayed in integers by the rule of FORMAT.md, and a leaf takes a line."""
