"""Train networks on passengers.csv under two settings: those of the paper's text, and those of its authors' script.

python examples/titanic/train.py text                  # seeds 0 to 99, writes seeds/text.csv
python examples/titanic/train.py script
python examples/titanic/train.py script --seed 3 --keep networks
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from training import Settings, run_seeds  # noqa: E402

import relugeom as rg  # noqa: E402

FEATURES = ["Age", "Gender", "PClass", "Fare", "Embarked", "Title", "IsAlone"]
TARGET = "Survived"
TEXT = Settings(widths=(4, 2), step_size=0.01, epochs=10, batch_size=100, activity_l1=0.02)
SCRIPT = Settings(widths=(3, 2), step_size=0.001, epochs=100, batch_size=32, kernel_l2=0.1, validation_share=0.1)


def main() -> None:
    """Train and describe."""
    table = pd.read_csv(HERE / "passengers.csv")
    X, target = table[FEATURES].to_numpy(), table[TARGET].to_numpy()

    def describe(network: rg.ReLUNetwork) -> dict[str, object]:
        clusters = rg.cluster_samples(network, X)
        said = rg.evaluate(network, X)[:, 0] > 0
        sizes = sorted((cluster.size for cluster in clusters), reverse=True)
        return {
            "accuracy": round(float(np.mean(said == target)), 4),
            "clusters": len(clusters),
            "is_constant": int(said.all() or not said.any()),
            "largest": sizes[0],
            "smallest": sizes[-1],
        }

    run_seeds({"text": TEXT, "script": SCRIPT}, X, target, FEATURES, TARGET, describe, table=HERE / "seeds")


if __name__ == "__main__":
    main()
