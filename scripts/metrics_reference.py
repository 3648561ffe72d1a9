#!/usr/bin/env python3
"""Measures of sets of features and of images, by the usual libraries.

    pip install scipy==1.17.1 torchmetrics==1.9.0 scikit-image==0.26.0 prdc==0.2
    python3 scripts/metrics_reference.py crates/metrics/tests/data/metrics.json

`crates/metrics/tests/reference.rs` compares the measures of `ebm_metrics` with these numbers.
Features and images come from a formula that the test shares, whose numbers are exact in single
precision, so only measures are stored. Last run with Python 3.11.7, NumPy 2.4.6 and PyTorch 2.15.0.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from prdc import compute_prdc
from scipy.linalg import sqrtm
from skimage.metrics import structural_similarity
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import poly_mmd


def noise(count: int, seed: int) -> np.ndarray:
    """Returns multiples of 2^-11 in [0, 1), by SplitMix64 of seed * 2^32 + index."""
    mask = (1 << 64) - 1
    values = []
    for index in range(count):
        z = ((seed << 32) + index + 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        values.append((z ^ (z >> 31)) >> 53)
    return np.array(values, dtype=np.float64) / 2048


def features(rows: int, dim: int, shift: float, seed: int) -> np.ndarray:
    """Returns features that are mixtures of neighbours, so that covariances are not diagonal."""
    u = noise(rows * (dim + 1), seed).reshape(rows, dim + 1)
    return u[:, :-1] + 0.5 * u[:, 1:] + shift


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Computes pytorch-fid's calculate_frechet_distance."""
    (m1, s1), (m2, s2) = ((x.mean(axis=0), np.atleast_2d(np.cov(x, rowvar=False))) for x in (a, b))
    root = sqrtm(s1 @ s2)
    assert np.abs(np.imag(root)).max() < 1e-6
    return float((m1 - m2) @ (m1 - m2) + np.trace(s1) + np.trace(s2) - 2 * np.trace(root.real))


class Probabilities(torch.nn.Module):
    """A network for torchmetrics whose logits are the logarithms of its inputs."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.log()


def inception(probabilities: np.ndarray, splits: int) -> list[float]:
    metric = InceptionScore(feature=Probabilities(), splits=splits).set_dtype(torch.float64)
    # torchmetrics shuffles; the comparison is of parts in their original order.
    torch.randperm = lambda n: torch.arange(n)
    metric.update(torch.tensor(probabilities))
    mean, std = metric.compute()
    # Its standard deviation divides by n - 1.
    return [mean.item(), std.item() * ((splits - 1) / splits) ** 0.5]


def main() -> None:
    reference = {}
    sizes = {"small": (40, 36, 3), "square": (90, 80, 16), "wide": (200, 180, 64)}
    for name, (rows, others, dim) in sizes.items():
        a, b = features(rows, dim, 0.0, 1), features(others, dim, 0.125, 2)
        # torchmetrics takes sets of equal size.
        kernel = poly_mmd(torch.tensor(a[:others]), torch.tensor(b)).item()
        scores = {"frechet": frechet(a, b), "kernel": kernel}
        for k in (1, 5):
            scores[f"neighbours_{k}"] = {
                key: float(value) for key, value in compute_prdc(a, b, nearest_k=k).items()
            }
        reference[name] = {"rows": rows, "others": others, "dim": dim, **scores}
    weights = 1 + np.floor(noise(60 * 7, 3) * 64)
    weights = weights.reshape(60, 7) ** 3
    probabilities = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32).astype(np.float64)
    reference["inception"] = {"1": inception(probabilities, 1)[:1], "5": inception(probabilities, 5)}
    images = noise(2 * 3 * 16 * 21, 4).reshape(2, 3, 16, 21) * 2 - 1
    change = noise(2 * 3 * 16 * 21, 5).reshape(images.shape) - 0.5
    reference["ssim"] = [
        structural_similarity(
            image, other, channel_axis=0, data_range=2, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        for image, other in zip(images, images + change)
    ]
    Path(sys.argv[1]).write_text(json.dumps(reference, indent=1) + "\n")


if __name__ == "__main__":
    main()
