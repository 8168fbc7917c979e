"""Train 10-4-2-1 on the Boolean samples with the paper's settings, with and without its regulariser.

python examples/boolean/train.py regularised                  # seeds 0 to 99, writes seeds/regularised.csv
python examples/boolean/train.py unregularised
python examples/boolean/train.py regularised --seed 3 --keep networks
"""

import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from samples import FEATURES, TRAINED, draw_samples  # noqa: E402
from training import Settings, run_seeds  # noqa: E402

import relugeom as rg  # noqa: E402

REGULARISED = Settings(widths=(4, 2), step_size=0.01, epochs=10, batch_size=100, activity_l1=0.02)
UNREGULARISED = Settings(widths=(4, 2), step_size=0.01, epochs=10, batch_size=100)


def main() -> None:
    """Train and describe."""
    X, target = draw_samples()

    def describe(network: rg.ReLUNetwork) -> dict[str, object]:
        clusters = rg.cluster_samples(network, X)
        said = rg.evaluate(network, X[TRAINED:])[:, 0] > 0
        return {
            "accuracy": round(float(np.mean(said == target[TRAINED:])), 4),
            "clusters": len(clusters),
            "is_constant": int(said.all() or not said.any()),
        }

    run_seeds(
        {"regularised": REGULARISED, "unregularised": UNREGULARISED},
        X, target, FEATURES, "t", describe, table=HERE / "seeds", trained_rows=TRAINED,
    )  # fmt: skip


if __name__ == "__main__":
    main()
