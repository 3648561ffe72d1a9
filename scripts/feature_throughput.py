#!/usr/bin/env python3
"""Images per second through the feature networks, ours and PyTorch's alternately on one CPU.

    cargo build --release -p ebm-run --example features
    python3 scripts/feature_throughput.py WEIGHTS target/release/examples/features

Images of 32 x 32 pixels (28 x 28 for digits) are resized and evaluated in batches of 16 (256 for
digits); the fastest of two repetitions counts, and the median of three rounds. Both programs use one
thread. The modules and WEIGHTS are those of `feature_networks.py`, in single precision; Inception's
weights come from a formula. Prints the table of `benches/record/metrics.md`.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import torch
from feature_networks import EfficientNetLite0, Inception, SqueezeNet, made
from safetensors.numpy import load_file, save_file
from torch import nn

import feature_networks

ROUNDS, REPEATS = 3, 2
DIGITS = "crates/metrics/src/features/weights/digits.safetensors"


class Digits:
    """The classifier of `ebm_metrics::features`."""

    def __init__(self):
        convolutions = [nn.Conv2d(a, b, 3, padding=1) for a, b in [(1, 16), (16, 32), (32, 64)]]
        self.module = nn.ModuleDict(
            {"convolutions": nn.ModuleList(convolutions), "hidden": nn.Linear(576, 128), "head": nn.Linear(128, 10)}
        )

    def names(self):
        return {name: name for name in self.module.state_dict()}

    def __call__(self, x):
        for convolution in self.module["convolutions"]:
            x = nn.functional.max_pool2d(convolution(x).relu(), 2)
        features = self.module["hidden"](x.flatten(1)).relu()
        return features, self.module["head"](features)


def pytorch(network, images):
    fastest = float("inf")
    with torch.no_grad():
        for repeat in range(REPEATS + 1):
            start = time.perf_counter()
            network(images)
            if repeat > 0:
                fastest = min(fastest, time.perf_counter() - start)
    return len(images) / fastest


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    weights, program = map(Path, sys.argv[1:])
    torch.set_num_threads(1)
    alone = {**os.environ, "RAYON_NUM_THREADS": "1"}
    feature_networks.BGR_MEAN = feature_networks.BGR_MEAN.float()
    print("| network | images at a time | ebm, images/s | PyTorch, images/s | ratio |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name, network, images in [
            ("digits", Digits(), torch.rand(256, 1, 28, 28)),
            ("squeezenet", SqueezeNet(), torch.rand(16, 3, 32, 32)),
            ("efficientnet-lite0", EfficientNetLite0(), torch.rand(16, 3, 32, 32)),
            ("inception", Inception(), torch.rand(16, 3, 32, 32)),
        ]:
            path = Path(DIGITS) if name == "digits" else weights / f"{name}.safetensors"
            if name == "inception":
                path = Path(folder) / "inception.safetensors"
                state = network.module.state_dict()
                save_file(made({key: list(state[key].shape) for key in network.names()}), path)
            tensors = load_file(path)
            state = {theirs: torch.from_numpy(tensors[ours]).float() for theirs, ours in network.names().items()}
            network.module.load_state_dict(state, strict=False)
            network.module.eval()
            command = [program, "throughput", name, f"--images={len(images)}", f"--repeats={REPEATS}"]
            command += [] if name == "digits" else ["--weights", path]
            rates = []
            for _ in range(ROUNDS):
                ours = float(subprocess.run(command, check=True, capture_output=True, text=True, env=alone).stdout)
                rates.append((ours, pytorch(network, images * 2.0 - 1.0)))
            ours, theirs = (median(rate[i] for rate in rates) for i in (0, 1))
            ratio = median(a / b for a, b in rates)
            print(f"| {name} | {len(images)} | {ours:.1f} | {theirs:.1f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
