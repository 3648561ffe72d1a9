"""Writes diagnostics.csv (draws) and diagnostics.json (what ArviZ computes of them) beside this file.

    pip install arviz==0.23.4 && python make_diagnostics.py

Draws come from a linear congruential generator, so that they do not depend on a random-number library.
"""

import json
import logging
import math
import pathlib
import warnings

warnings.simplefilter("ignore")

import arviz as az
import numpy as np

logging.disable(logging.WARNING)
HERE = pathlib.Path(__file__).parent


def uniforms(seed, count):
    draws = []
    for _ in range(count):
        seed = (1664525 * seed + 1013904223) % 2**32
        draws.append((seed + 0.5) / 2**32)
    return np.array(draws)


def normals(seed, count):
    u = uniforms(seed, count + count % 2).reshape(-1, 2)
    radius, angle = np.sqrt(-2 * np.log(u[:, 0])), 2 * np.pi * u[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).ravel()[:count]


def autoregressive(seed, phi, chains, draws):
    x = np.stack([normals(seed + chain, draws) for chain in range(chains)])
    x[:, 0] /= math.sqrt(1 - phi * phi)
    for t in range(1, draws):
        x[:, t] += phi * x[:, t - 1]
    return x


def cases():
    iid = np.stack([normals(100 + chain, 250) for chain in range(4)])
    yield "iid", iid
    yield "ar1_phi0.9", autoregressive(200, 0.9, 4, 250)
    yield "shifted_means", iid + np.array([[0.0], [0.0], [0.0], [2.0]])
    yield "scale_mismatch", iid * np.array([[1.0], [1.0], [1.0], [5.0]])
    yield "antithetic", autoregressive(300, -0.6, 3, 150)
    yield "odd_draws", autoregressive(400, 0.5, 3, 101)
    yield "one_chain", autoregressive(500, 0.7, 1, 200)
    yield "cauchy", np.tan(np.pi * (np.stack([uniforms(600 + c, 120) for c in range(4)]) - 0.5))
    yield "ties", np.round(autoregressive(700, 0.8, 2, 120))
    yield "nonzero_mean", 50 + 0.1 * autoregressive(800, 0.3, 2, 111)
    yield "four_draws", normals(900, 8).reshape(2, 4)
    yield "five_draws", normals(901, 15).reshape(3, 5)
    # Without splitting, the first pair of lags that is not summed is (−0.07, 0.17).
    yield "negative_even_lag", np.stack([normals(1268, 5), normals(8268, 5)])
    yield "alternating", np.stack([np.arange(40) % 2.0, np.arange(40) % 2.0])
    yield "two_values_once", np.where(np.arange(80) == 33, 1.0, 0.0).reshape(2, 40)
    yield "constant", np.full((2, 10), 0.5)
    yield "each_chain_constant", np.repeat([[0.0], [1.0], [2.0]], 12, axis=1)
    hole, infinite = iid[:2, :20].copy(), iid[:2, :20].copy()
    hole[1, 3], infinite[1, 3] = np.nan, np.inf
    yield "nan", hole
    yield "infinite", infinite


def expected(x):
    numbers = {
        "mean": x.mean(),
        "sd": x.std(ddof=1),
        "rhat": az.rhat(x, method="rank"),
        "rhat_bulk": az.rhat(x, method="z_scale"),
        "rhat_folded": az.rhat(x, method="folded"),
        "rhat_split": az.rhat(x, method="split"),
        "rhat_plain": az.rhat(x, method="identity"),
        "ess_bulk": az.ess(x, method="bulk"),
        "ess_tail": az.ess(x, method="tail"),
        "ess_mean": az.ess(x, method="mean"),
        "ess_sd": az.ess(x, method="sd"),
        "ess_unsplit": az.ess(x, method="identity"),
        "mcse_mean": az.mcse(x, method="mean"),
        "mcse_sd": az.mcse(x, method="sd"),
    }
    for probability in (0.1, 0.5):
        numbers[f"ess_quantile_{probability}"] = az.ess(x, method="quantile", prob=probability)
        numbers[f"mcse_quantile_{probability}"] = az.mcse(x, method="quantile", prob=probability)
    lists = {
        "bfmi": az.bfmi(x),
        "autocovariance": az.autocov(x[0])[:4],
        "autocorrelation": az.autocorr(x[0])[:4],
    }
    # JSON has no NaN and no infinity.
    number = lambda value: float(value) if np.isfinite(value) else str(float(value))
    return {k: number(v) for k, v in numbers.items()} | {
        k: [number(v) for v in list_] for k, list_ in lists.items()
    }


def main():
    answers = {}
    with open(HERE / "diagnostics.csv", "w") as file:
        for name, x in cases():
            for chain in x:
                file.write(",".join([name, *(repr(float(v)) for v in chain)]) + "\n")
            answers[name] = expected(x)
    (HERE / "diagnostics.json").write_text(json.dumps(answers, indent=1) + "\n")


if __name__ == "__main__":
    main()
