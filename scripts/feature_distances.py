#!/usr/bin/env python3
"""Fréchet distances between training and test sets in the features of `ebm_metrics::features`.

    cargo build --release -p ebm --example features
    EBM_DATA=DATA python3 scripts/feature_distances.py WEIGHTS target/release/examples/features

Prints the table of `benches/record/metrics.md`: the training set against the test set as it is, with Gaussian noise
added (standard deviation of pixels in [-1, 1]), and without its first k classes. Features are ours, distances NumPy's
in double precision. WEIGHTS is the folder of `squeezenet.safetensors` (`scripts/feature_weights.py`); of CIFAR-10,
2 500 random images of each set are looked at, of the others all. Made with NumPy 2.4.6.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

NOISE = [0.05, 0.1, 0.2]
DROPPED = [1, 3, 5]
SETS = [("mnist", "digits", None), ("fashion-mnist", "fashion", None), ("cifar10", "squeezenet", 2500)]


def root(covariance):
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(values.clip(0.0))) @ vectors.T


def frechet(a, b):
    """Of the Gaussians with the sets' moments (Dowson and Landau 1982)."""
    a, b = np.float64(a), np.float64(b)
    first, second = np.cov(a.T), np.cov(b.T)
    half = root(first)
    between = np.sqrt(np.linalg.eigvalsh(half @ second @ half).clip(0.0)).sum()
    return np.square(a.mean(0) - b.mean(0)).sum() + np.trace(first) + np.trace(second) - 2.0 * between


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    weights, program = map(Path, sys.argv[1:])
    columns = ["test"] + [f"noise {noise}" for noise in NOISE] + [f"without {k}" for k in DROPPED]
    print("| set | features | " + " | ".join(columns) + " |\n|---|---|" + "---|" * len(columns))
    with tempfile.TemporaryDirectory() as folder:
        for name, network, images in SETS:

            def features(split, noise=0.0):
                out = Path(folder) / "features.safetensors"
                command = [program, "write", network, name, split, out, f"--noise={noise}"]
                command += [] if network != "squeezenet" else ["--weights", weights / "squeezenet.safetensors"]
                command += [] if images is None else [f"--images={images}"]
                subprocess.run(command, check=True)
                tensors = load_file(out)
                return tensors["features"], tensors["labels"]

            train, _ = features("train")
            test, labels = features("test")
            distances = [frechet(train, test)]
            distances += [frechet(train, features("test", noise)[0]) for noise in NOISE]
            distances += [frechet(train, test[labels >= k]) for k in DROPPED]
            print(f"| {name} | {network} | " + " | ".join(f"{d:.3g}" for d in distances) + " |", flush=True)


if __name__ == "__main__":
    main()
