"""The Titanic study of Picchiotti & Gori, section 5, from the committed network.

python examples/titanic/study.py --out study      # prints what README.md shows; leaves a store, a report, a proof
"""

import argparse
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

import relugeom as rg
from relugeom.audit import audit

HERE = Path(__file__).resolve().parent
TARGET = "Survived"
PAPER = {
    "a": "38% survived",
    "b": "4% of all, men of the third class, predicted 0",
    "c": "16% of all, women of the first class, predicted 1",
}
BLUE, ORANGE, GREY = "#3a86c8", "#e07b39", "#8a929c"


def effective_vector(network: rg.ReLUNetwork, cluster) -> np.ndarray:
    """ω of the cluster's only output."""
    omega, _ = rg.effective_map(network, cluster.pattern)
    return omega[0]


def name_clusters(network: rg.ReLUNetwork, table: pd.DataFrame):
    """The clusters as the paper names them: a the largest, b predicted to die, c to survive."""
    clusters = list(rg.cluster_samples(network, table[list(network.feature_names)], target=table[TARGET]))
    largest = clusters[0]
    names = {"a": largest}
    for cluster in clusters[1:]:
        names["c" if cluster.positive_share > 0.5 else "b"] = cluster
    return names


def print_profiles(network: rg.ReLUNetwork, table: pd.DataFrame, names) -> None:
    """Each cluster in numbers, beside the paper."""
    patterns = [str(rg.activation_pattern(network, x)) for x in table[list(network.feature_names)].to_numpy(float)]
    for name, cluster in names.items():
        members = table[np.array(patterns) == str(cluster.pattern)]
        men, third = (members["Gender"] == 0).mean(), (members["PClass"] == 3).mean()
        first = (members["PClass"] == 1).mean()
        print(
            f"cluster {name}  {cluster.pattern}  {cluster.size} passengers ({cluster.share:.1%}); "
            f"{cluster.target_mean:.1%} survived, {cluster.positive_share:.1%} predicted to; "
            f"{men:.0%} men; class 1: {first:.0%}, class 3: {third:.0%}"
        )
        print(f"           the paper: {PAPER[name]}")


def check_claims(network: rg.ReLUNetwork, names) -> list[tuple[str, bool, str]]:
    """What section 5 says, whether it is so here, and the numbers."""
    features = list(network.feature_names)
    omega = {
        name: dict(zip(features, effective_vector(network, cluster), strict=True)) for name, cluster in names.items()
    }

    def strongest(name: str) -> list[str]:
        return sorted(features, key=lambda feature: -abs(omega[name][feature]))

    def share(name: str, feature: str) -> float:
        return abs(omega[name][feature]) / sum(map(abs, omega[name].values()))

    age = {name: omega[name]["Age"] for name in omega}
    weights = [share(name, "Age") for name in "ba"]
    b, c = (names[name].positive_share for name in "bc")
    return [
        ("there are three clusters", len(names) == 3, str(len(names))),
        (
            "a: gender and class weigh most",
            set(strongest("a")[:2]) == {"Gender", "PClass"},
            ", ".join(strongest("a")[:2]),
        ),
        ("b: the prediction is always 0", b == 0, f"{b:.0%} predicted 1"),
        (
            "b: age weighs slightly more than in a",
            weights[0] > weights[1],
            f"{weights[0]:.0%} of all weight, {weights[1]:.0%} in a",
        ),
        ("c: the prediction is always 1", c == 1, f"{c:.0%} predicted 1"),
        ("c: title raises predicted survival", omega["c"]["Title"] > 0, f"{omega['c']['Title']:+.3f}"),
        (
            "c: age works the other way than in a and b",
            age["c"] * age["a"] < 0 and age["c"] * age["b"] < 0,
            f"{age['c']:+.4f}, {age['a']:+.3f} in a, {age['b']:+.3f} in b",
        ),
    ]


def draw_importance(network: rg.ReLUNetwork, names, path: Path) -> None:
    """Bars as in the paper's Fig. 2: one panel per cluster."""
    figure = Figure(figsize=(8.6, 2.9), layout="constrained")
    panels = figure.subplots(1, len(names), sharey=True)
    for axes, (name, cluster) in zip(panels, names.items(), strict=True):
        omega = effective_vector(network, cluster)
        axes.barh(network.feature_names, omega, color=np.where(omega > 0, BLUE, ORANGE), height=0.7)
        axes.axvline(0, color=GREY, linewidth=0.8)
        axes.invert_yaxis()
        axes.set_xlim(-1.15, 1.15)
        axes.set_title(f"Cluster {name}: {cluster.size} passengers", fontsize=10)
        axes.grid(axis="x", color=GREY, alpha=0.3, linewidth=0.6)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
    panels[0].invert_yaxis()
    save(figure, path)


def draw_seeds(tables: dict[str, pd.DataFrame], path: Path) -> None:
    """Clusters and accuracy of every seed, per setting."""
    figure = Figure(figsize=(8.6, 3.0), layout="constrained")
    for axes, (setting, table) in zip(figure.subplots(1, len(tables), sharey=True), tables.items(), strict=True):
        constant = table["is_constant"].astype(bool)
        for chosen, colour, label in ((~constant, BLUE, "trained"), (constant, ORANGE, "constant prediction")):
            axes.scatter(
                table["clusters"][chosen], 100 * table["accuracy"][chosen], s=18, color=colour, alpha=0.6, label=label
            )
        axes.set_title(f"Settings of the {setting}", fontsize=10)
        axes.set_xlabel("clusters of passengers")
        axes.set_xscale("log")
        axes.set_xticks([1, 2, 3, 5, 10, 20], [1, 2, 3, 5, 10, 20])
        axes.minorticks_off()
        axes.grid(color=GREY, alpha=0.3, linewidth=0.6)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("accuracy, %")
    figure.axes[0].legend(frameon=False, fontsize=9, loc="lower right")
    save(figure, path)


def save(figure: Figure, path: Path) -> None:
    """An SVG that is the same every time."""
    with matplotlib.rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Print the study, draw its pictures, and audit the network."""
    parser = argparse.ArgumentParser(description="The Titanic study, from the committed network.")
    parser.add_argument("--out", type=Path, default=Path("study"), help="folder for pictures, store, report and proof")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    network = rg.load_network(HERE / "network.onnx")
    table = pd.read_csv(HERE / "passengers.csv")
    names = name_clusters(network, table)
    said = rg.evaluate(network, table[list(network.feature_names)].to_numpy(float))[:, 0] > 0
    print(f"accuracy {np.mean(said == table[TARGET]):.1%} on the {len(table)} passengers (the paper: 77%)")
    print_profiles(network, table, names)
    for claim, holds, numbers in check_claims(network, names):
        print(f"{'yes' if holds else 'no ':3}  {claim} ({numbers})")
    tables = {setting: pd.read_csv(HERE / "seeds" / f"{setting}.csv") for setting in ("text", "script")}
    for setting, seeds in tables.items():
        three, accuracy = seeds["clusters"] == 3, seeds["accuracy"]
        both = int((three & (accuracy >= 0.75)).sum())
        print(
            f"settings of the {setting}, {len(seeds)} seeds: {int(seeds['is_constant'].sum())} constant networks, "
            f"{int(three.sum())} with 3 clusters, {both} of them with an accuracy of 75% or more; "
            f"{seeds['clusters'].min()} to {seeds['clusters'].max()} clusters, median {seeds['clusters'].median():g}; "
            f"accuracy {accuracy.min():.1%} to {accuracy.max():.1%}, median {accuracy.median():.1%}"
        )
    draw_importance(network, names, out / "importance.svg")
    draw_seeds(tables, out / "seeds.svg")
    result = audit(HERE / "network.onnx", HERE / "passengers.csv", target=TARGET, out=out)
    print(f"{len(result.partition)} activation regions on the domain, {result.partition.status}; {result.report.name}, "
          f"{Path(result.store).name} and {result.certificate.path.name} are in {out}")  # fmt: skip


if __name__ == "__main__":
    main()
