"""The Boolean study of Picchiotti & Gori, section 4, from the committed networks.

python examples/boolean/study.py --out study      # prints what README.md shows; leaves a store, a report, a proof
"""

import argparse
from itertools import product
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from samples import FEATURES, SAMPLES, TRAINED, draw_samples, formula

import relugeom as rg
from relugeom.audit import audit

HERE = Path(__file__).resolve().parent
BLUE, ORANGE, GREY = "#3a86c8", "#e07b39", "#8a929c"
COMBINATIONS = np.array([[*three, *[0] * 7] for three in product((1, 0), repeat=3)], dtype=float)
ZERO = 0.02
"""An importance counts as zero up to this share of the largest."""


def effective_vector(network: rg.ReLUNetwork, pattern) -> np.ndarray:
    """ω of the only output."""
    omega, _ = rg.effective_map(network, pattern)
    return omega[0]


def name_clusters(network: rg.ReLUNetwork) -> dict[int, str]:
    """The patterns of the paper's clusters: 1 predicts 0, 2 has v1 in its first term, 3 has v2."""
    patterns = {str(rg.activation_pattern(network, x)) for x in COMBINATIONS}
    vectors = {pattern: effective_vector(network, pattern) for pattern in patterns}
    trivial = next(pattern for pattern, omega in vectors.items() if not omega.any())
    first, second = sorted(patterns - {trivial}, key=lambda pattern: -vectors[pattern][0])
    return {1: trivial, 2: first, 3: second}


def signs(omega: np.ndarray) -> str:
    """Signs of the first three importances, as in Fig. 1."""
    zero = ZERO * max(np.abs(omega).max(), 1e-300)
    return " ".join("0" if abs(value) <= zero else "+" if value > 0 else "−" for value in omega[:3])


def print_combinations(network: rg.ReLUNetwork, names: dict[int, str]) -> None:
    """The table of Fig. 1: the eight combinations of the first three features."""
    clusters = {pattern: number for number, pattern in names.items()}
    said = rg.evaluate(network, COMBINATIONS)[:, 0] > 0
    print("v1 v2 v3  t  predicted  cluster  importance of v1 v2 v3")
    for x, target, predicted in zip(COMBINATIONS, formula(COMBINATIONS), said, strict=True):
        pattern = str(rg.activation_pattern(network, x))
        values = "  ".join(f"{int(value)}" for value in x[:3])
        shown = signs(effective_vector(network, pattern))
        print(f" {values}  {target}  {int(predicted):9}  {clusters[pattern]:7}  {shown}")


def check_claims(network: rg.ReLUNetwork, names: dict[int, str], X: np.ndarray, target: np.ndarray):
    """What section 4 says, whether it is so here, and the numbers."""
    clusters = {str(cluster.pattern): cluster for cluster in rg.cluster_samples(network, X, target=target)}
    said = rg.evaluate(network, X)[:, 0] > 0
    omega = {number: effective_vector(network, pattern) for number, pattern in names.items()}
    noise = max(np.abs(omega[number][3:]).max() / np.abs(omega[number]).max() for number in (2, 3))
    combos = {
        number: [
            x[:3].astype(int).tolist() for x in COMBINATIONS if str(rg.activation_pattern(network, x)) == names[number]
        ]
        for number in names
    }
    first, second = (pattern.split("/") for pattern in (names[2], names[3]))
    positive = [clusters[names[number]].positive_share for number in (1, 2, 3)]
    return [
        (
            "the accuracy is 100%",
            bool((said == target).all()),
            f"{np.mean((said == target)[TRAINED:]):.2%} of the {SAMPLES - TRAINED:,} samples that were not trained on",
        ),
        (
            "there are three clusters",
            len(clusters) == 3,
            ", ".join(f"{pattern}: {cluster.size:,}" for pattern, cluster in clusters.items()),
        ),
        (
            "1: no unit is active, and everything is predicted as 0",
            set(names[1]) <= {"0", "/"} and positive[0] == 0,
            names[1],
        ),
        (
            "2 and 3: both units of the last layer are active, and one each of the first",
            first[1] == second[1] == "11"
            and first[0].count("1") == second[0].count("1") == 1
            and first[0] != second[0],
            f"{names[2]}, {names[3]}",
        ),
        (
            "2: predicted as 1, and holds v1 v2 v3 = 111 and 101",
            positive[1] == 1 and combos[2] == [[1, 1, 1], [1, 0, 1]],
            f"{positive[1]:.0%} predicted 1",
        ),
        (
            "3: predicted as 1, and holds 110 and 010",
            positive[2] == 1 and combos[3] == [[1, 1, 0], [0, 1, 0]],
            f"{positive[2]:.0%} predicted 1",
        ),
        (
            "2: v1 positive, v2 zero, v3 positive",
            signs(omega[2]) == "+ 0 +",
            ", ".join(f"{value:.2f}" for value in omega[2][:3]),
        ),
        (
            "3: v1 zero, v2 positive, v3 negative",
            signs(omega[3]) == "0 + −",
            ", ".join(f"{value:.2f}" for value in omega[3][:3]),
        ),
        ("v4 to v10 have no importance", noise <= ZERO, f"at most {noise:.3%} of the largest"),
    ]


def draw_importance(network: rg.ReLUNetwork, names: dict[int, str], path: Path) -> None:
    """Bars as in Fig. 1: the importance in the two clusters that are not trivial."""
    figure = Figure(figsize=(7.2, 3.0), layout="constrained")
    axes = figure.add_subplot()
    places = np.arange(len(FEATURES))
    for number, colour, step in ((2, BLUE, -0.2), (3, ORANGE, 0.2)):
        axes.bar(
            places + step,
            effective_vector(network, names[number]),
            0.4,
            color=colour,
            label=f"cluster {number}: {names[number]}",
        )
    axes.axhline(0, color=GREY, linewidth=0.8)
    axes.set_xticks(places, FEATURES)
    axes.set_ylabel("importance ω")
    axes.legend(frameon=False)
    finish(figure, axes, path)


def draw_seeds(tables: dict[str, pd.DataFrame], path: Path) -> None:
    """How many clusters the seeds end in, with and without the regulariser."""
    figure = Figure(figsize=(7.2, 2.9), layout="constrained")
    axes = figure.add_subplot()
    most = max(table["clusters"].max() for table in tables.values())
    for (setting, table), colour, step in zip(tables.items(), (BLUE, ORANGE), (-0.2, 0.2), strict=True):
        solved = table["accuracy"] == 1
        for chosen, base, alpha in ((solved, None, 1.0), (~solved, solved, 0.35)):
            counts, below = (
                [(rows["clusters"] == k).sum() for k in range(1, most + 1)] if rows is not None else 0
                for rows in (table[chosen], None if base is None else table[base])
            )
            label = f"{setting}, {'accuracy 100%' if base is None else 'below'}"
            axes.bar(np.arange(1, most + 1) + step, counts, 0.4, bottom=below, color=colour, alpha=alpha, label=label)
    axes.set_xlabel("clusters of the 100,000 samples")
    axes.set_ylabel("seeds")
    axes.set_xticks(range(1, most + 1, 1 if most < 20 else 2))
    axes.legend(frameon=False, fontsize=9)
    finish(figure, axes, path)


def finish(figure: Figure, axes, path: Path) -> None:
    """The common look, and an SVG that is the same every time."""
    axes.grid(axis="y", color=GREY, alpha=0.3, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    with matplotlib.rc_context({"svg.hashsalt": path.stem, "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})


def print_regions(network: rg.ReLUNetwork, X: np.ndarray) -> None:
    """What the paper does not say: the regions of the whole cube."""
    domain = rg.load_domain(str(HERE / "domain.toml"), network)
    partition = rg.enumerate_regions(network, domain)
    cube = np.array(list(product((0.0, 1.0), repeat=len(FEATURES))))
    held = {str(rg.activation_pattern(network, x)) for x in cube}
    seen = {str(cluster.pattern) for cluster in rg.cluster_samples(network, X)}
    regions = {str(region.pattern) for region in partition}
    print(
        f"{len(partition)} activation regions of [0, 1]^10 ({partition.status}); {len(held & regions)} hold one of "
        f"the 1,024 Boolean points, {len(seen & regions)} hold a sample"
    )


def main() -> None:
    """Print the study, draw its pictures, and audit the network."""
    parser = argparse.ArgumentParser(description="The Boolean study, from the committed networks.")
    parser.add_argument("--out", type=Path, default=Path("study"), help="folder for pictures, store, report and proof")
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    X, target = draw_samples()
    network = rg.load_network(HERE / "network.onnx")
    names = name_clusters(network)
    print_combinations(network, names)
    for claim, holds, numbers in check_claims(network, names, X, target):
        print(f"{'yes' if holds else 'no ':3}  {claim} ({numbers})")
    plain = rg.load_network(HERE / "unregularised.onnx")
    several = rg.cluster_samples(plain, X, target=target)
    own = len({str(rg.activation_pattern(plain, x)) for x in COMBINATIONS})
    said = rg.evaluate(plain, X)[:, 0] > 0
    print(
        f"without the regulariser: accuracy {np.mean(said == target):.2%}, {len(several)} clusters, "
        f"{own} of them among the 8 combinations"
    )
    tables = {setting: pd.read_csv(HERE / "seeds" / f"{setting}.csv") for setting in ("regularised", "unregularised")}
    for setting, seeds in tables.items():
        solved = seeds[seeds["accuracy"] == 1]
        counts = solved["clusters"].value_counts().sort_index()
        print(
            f"{setting}, {len(seeds)} seeds: {len(solved)} reach 100%, {int(seeds['is_constant'].sum())} are constant; "
            f"clusters of those that reach 100%: " + ", ".join(f"{k}: {n}" for k, n in counts.items())
        )
    print("the network with the regulariser, on the whole cube:", end=" ")
    print_regions(network, X)
    print("the network without it:", end=" ")
    print_regions(plain, X)
    draw_importance(network, names, out / "importance.svg")
    draw_seeds(tables, out / "seeds.svg")
    pd.DataFrame(X, columns=FEATURES).assign(t=target).to_csv(out / "samples.csv", index=False)
    result = audit(HERE / "network.onnx", out / "samples.csv", target="t", out=out)
    print(f"{result.report.name}, {Path(result.store).name} and {result.certificate.path.name} are in {out}")


if __name__ == "__main__":
    main()
