#!/usr/bin/env python3
"""Reads the files of `ebm_mcmc::export` with ArviZ, and computes the BFMI of a run of NUTS.

    pip install arviz==0.23.4
    cargo run --release -p ebm-mcmc --example export -- DRAWS.json
    cargo run --release -p ebm-mcmc --example export -- DRAWS.npz
    python3 scripts/sample_stats.py DRAWS.json DRAWS.npz crates/mcmc/tests/data/sample_stats.json

Checks that both files hold the same groups with the types that ArviZ expects, then writes the total
energies of each chain and their BFMI by ArviZ, with which `crates/mcmc/tests/transitions.rs` compares.
"""

import json
import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import arviz
import numpy as np

TYPES = {
    "lp": float,
    "acceptance_rate": float,
    "step_size": float,
    "energy": float,
    "diverging": bool,
    "n_steps": np.int64,
    "tree_depth": np.int64,
}


def from_npz(path):
    groups = {"posterior": {}, "sample_stats": {}}
    for name, array in np.load(path).items():
        group, _, name = name.rpartition("/")
        groups[group or "posterior"][name] = array
    return arviz.from_dict(**groups)


def main(draws_json, draws_npz, fixture):
    data = arviz.from_dict(**json.loads(Path(draws_json).read_text()))
    other = from_npz(draws_npz)
    for idata in (data, other):
        stats = idata.sample_stats
        assert {name: stats[name].dtype for name in stats} == TYPES, stats
        assert stats["diverging"].dims == ("chain", "draw")
    assert np.array_equal(data.posterior["x"], other.posterior["x"])
    for name in TYPES:
        assert np.array_equal(data.sample_stats[name], other.sample_stats[name]), name
    energy = data.sample_stats["energy"].values
    answer = {"energy": energy.tolist(), "bfmi": arviz.bfmi(data).tolist()}
    Path(fixture).write_text(json.dumps(answer) + "\n")
    print(arviz.summary(data), answer["bfmi"], sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
