"""The Boolean samples: ten features, the target t = (v1 ∧ v3) ∨ (v2 ∧ ¬v3) [Picchiotti & Gori, section 4]."""

import numpy as np

FEATURES = [f"v{number}" for number in range(1, 11)]
SAMPLES, TRAINED = 100_000, 80_000


def draw_samples(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """100,000 inputs of zeros and ones, shape (samples, 10), and their targets; the first 80,000 are for training."""
    X = np.random.default_rng(seed).integers(0, 2, (SAMPLES, len(FEATURES)))
    return X, formula(X)


def formula(X: np.ndarray) -> np.ndarray:
    """t for rows of zeros and ones."""
    v1, v2, v3 = (X[:, k].astype(bool) for k in range(3))
    return ((v1 & v3) | (v2 & ~v3)).astype(int)
