"""Proofs of claims about all inputs: the tree, its cells, and the input that shows a claim to be false."""
