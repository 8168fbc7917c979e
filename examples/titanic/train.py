"""Train the network 7-4-2-1 on passengers.csv with the settings of Picchiotti & Gori and export it to ONNX.

    python train.py                 # the chosen seed, writes network.onnx
    python train.py --seeds 100     # accuracy and number of clusters of seeds 0 to 99, writes nothing

Weights start, and the activity regulariser is scaled, as in Keras. Training runs in double precision on one
thread and the weights are rounded once to float32 at the end, so that a seed gives the same weights whatever
vector instructions the processor has.
"""

import argparse
import io
import json
from dataclasses import dataclass
from pathlib import Path

import onnx
import pandas as pd
import torch
from torch import Tensor, nn

HERE = Path(__file__).parent
FEATURES = ["Age", "Gender", "PClass", "Fare", "Embarked", "Title", "IsAlone"]
TARGET = "Survived"

CHOSEN_SEED = 72  # README.md says how it was chosen
EPOCHS = 10
BATCH_SIZE = 100
STEP_SIZE = 0.01
ADAM_EPSILON = 1e-7  # Keras' default; PyTorch's is 1e-8
ACTIVITY_PENALTY = 0.02
TARGET_ACCURACY = 0.77  # the paper's


class Network(nn.Module):
    """7-4-2-1: two hidden ReLU layers and a sigmoid."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden0 = nn.Linear(7, 4, dtype=torch.float64)
        self.hidden1 = nn.Linear(4, 2, dtype=torch.float64)
        self.output = nn.Linear(2, 1, dtype=torch.float64)
        for layer in (self.hidden0, self.hidden1, self.output):
            nn.init.xavier_uniform_(layer.weight)  # Glorot's
            nn.init.zeros_(layer.bias)

    def pre_activations(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the two hidden layers and the sigmoid get."""
        first = self.hidden0(features)
        second = self.hidden1(torch.relu(first))
        return first, second, self.output(torch.relu(second))

    def forward(self, features: Tensor) -> Tensor:
        return torch.sigmoid(self.pre_activations(features)[-1])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trained network does with the passengers."""

    accuracy: float
    clusters: int
    predicted_survivors: int
    is_constant: bool


def read_data(path: Path) -> tuple[Tensor, Tensor]:
    """The integer codes, as they are, and the target as a column."""
    table = pd.read_csv(path)
    features = torch.tensor(table[FEATURES].to_numpy(), dtype=torch.float64)
    return features, torch.tensor(table[[TARGET]].to_numpy(), dtype=torch.float64)


def train_network(features: Tensor, target: Tensor, *, seed: int) -> Network:
    """Train from a seed; the weights that come back are those of the float32 network."""
    torch.manual_seed(seed)
    network = Network()
    optimiser = torch.optim.Adam(network.parameters(), lr=STEP_SIZE, eps=ADAM_EPSILON)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(features)).split(BATCH_SIZE):
            optimiser.zero_grad()
            first, _, logit = network.pre_activations(features[batch])
            loss = nn.functional.binary_cross_entropy_with_logits(logit, target[batch])
            activity = torch.relu(first).sum() / len(batch)
            (loss + ACTIVITY_PENALTY * activity).backward()
            optimiser.step()
    return network.float()


def judge_network(network: Network, features: Tensor, target: Tensor) -> Outcome:
    """Count hits and distinct activation patterns; the float32 weights are taken as doubles for it."""
    exact = Network()
    exact.load_state_dict(network.state_dict())
    with torch.no_grad():
        first, second, logit = exact.pre_activations(features)
    patterns = torch.cat([first, second], dim=1) > 0
    survives = logit > 0
    return Outcome(
        accuracy=(survives == (target > 0)).double().mean().item(),
        clusters=len(patterns.unique(dim=0)),
        predicted_survivors=int(survives.sum()),
        is_constant=len(survives.unique()) == 1,
    )


def write_network(network: Network, path: Path) -> None:
    """Export to ONNX, sigmoid included and batch left open, and note the names of the features."""
    buffer = io.BytesIO()
    torch.onnx.export(
        network,
        (torch.zeros(1, len(FEATURES)),),
        buffer,
        dynamo=False,
        input_names=["features"],
        output_names=[TARGET],
        dynamic_axes={"features": {0: "batch"}, TARGET: {0: "batch"}},
    )
    model = onnx.load_from_string(buffer.getvalue())
    names = {"input_names": json.dumps(FEATURES), "output_names": json.dumps([TARGET])}
    onnx.helper.set_model_props(model, names)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString(deterministic=True))


def print_seeds(features: Tensor, target: Tensor, *, seeds: int) -> None:
    """Print a line for each seed and, below them, how many came out well."""
    print("seed  accuracy  clusters  predicted survivors")
    outcomes = []
    for seed in range(seeds):
        outcome = judge_network(train_network(features, target, seed=seed), features, target)
        outcomes.append(outcome)
        survivors = "constant" if outcome.is_constant else str(outcome.predicted_survivors)
        print(f"{seed:4d}  {outcome.accuracy:8.4f}  {outcome.clusters:8d}  {survivors:>19}")
    good = [outcome.clusters for outcome in outcomes if outcome.accuracy >= TARGET_ACCURACY]
    print(f"{sum(outcome.is_constant for outcome in outcomes)} of {seeds} predict a constant")
    print(f"{len(good)} of {seeds} reach an accuracy of {TARGET_ACCURACY}")
    for clusters in sorted(set(good)):
        print(f"    {good.count(clusters):3d} of them with {clusters} clusters")


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the Titanic network and export it to ONNX.")
    parser.add_argument("--seed", type=int, default=CHOSEN_SEED, help="default: %(default)s")
    parser.add_argument("--seeds", type=int, metavar="N", help="compare seeds 0 to N - 1 and write nothing")
    parser.add_argument("--data", type=Path, default=HERE / "passengers.csv")
    parser.add_argument("--out", type=Path, default=HERE / "network.onnx")
    options = parser.parse_args()
    torch.set_num_threads(1)
    features, target = read_data(options.data)
    if options.seeds is not None:
        print_seeds(features, target, seeds=options.seeds)
        return
    network = train_network(features, target, seed=options.seed)
    outcome = judge_network(network, features, target)
    write_network(network, options.out)
    print(f"seed {options.seed}: accuracy {outcome.accuracy:.4f}, {outcome.clusters} clusters: {options.out}")


if __name__ == "__main__":
    main()
