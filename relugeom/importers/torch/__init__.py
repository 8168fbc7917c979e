"""PyTorch models in memory, saved tensors and state_dicts; nothing in a file is run."""
