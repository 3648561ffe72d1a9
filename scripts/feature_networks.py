#!/usr/bin/env python3
"""Features of SqueezeNet 1.1, EfficientNet-lite0 and pytorch-fid's Inception v3 in PyTorch.

    pip install torchvision==0.29.2 pytorch-fid==0.3.0 efficientnet_lite_pytorch==0.1.0 safetensors==0.8.0
    python3 scripts/feature_networks.py WEIGHTS crates/metrics/tests/data

`crates/metrics/tests/feature_networks.rs` compares the networks of `ebm_metrics::features` with
these numbers. The modules are those of torchvision, pytorch-fid and efficientnet_lite_pytorch, in
double precision. Images and one set of weights per network come from formulas that the test shares,
so only features, probabilities, and the names and shapes of weights are stored. WEIGHTS is the folder
of `squeezenet.safetensors` and `efficientnet-lite0.safetensors`, which `scripts/feature_weights.py`
writes; the released weights yield a second set of features. Last run with Python 3.12.3, PyTorch
2.15.0 (on a CPU) and NumPy 2.4.6.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from efficientnet_lite_pytorch import EfficientNet
from pytorch_fid import inception as fid
from safetensors.numpy import load_file, save_file

# From the names of the authors' Caffe model to those of torchvision's module.
SQUEEZENET = {"conv1": "features.0", "conv10": "classifier.1"} | {
    f"fire{fire}.{ours}": f"features.{index}.{theirs}"
    for fire, index in zip(range(2, 10), [3, 4, 6, 7, 9, 10, 11, 12])
    for ours, theirs in [("squeeze1x1", "squeeze"), ("expand1x1", "expand1x1"), ("expand3x3", "expand3x3")]
}
BGR_MEAN = torch.tensor([103.939, 116.779, 123.68], dtype=torch.float64).reshape(1, 3, 1, 1)


def images():
    """Returns waves, their direction by image and their phase by channel, [2, 3, 32, 32] in [-1, 1]."""
    i, j = np.meshgrid(np.arange(32.0), np.arange(32.0), indexing="ij")
    waves = [
        [np.cos(0.35 * (i * math.cos(n) + j * math.sin(n)) + n + channel) for channel in range(3)]
        for n in range(2)
    ]
    return torch.from_numpy(np.float32(waves)).double()


def resized(x, side):
    return F.interpolate(x, size=(side, side), mode="bilinear", align_corners=False)


def hashed(tensor, count):
    """Returns numbers in [0, 1) from the finaliser of MurmurHash3."""
    h = np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9) + np.uint32(tensor * 0x85EBCA6B % 2**32)
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return ((h ^ (h >> np.uint32(16))) >> np.uint32(8)) / 2.0**24


def made(shapes):
    """Returns weights by formula: large enough for every layer to matter, too small to overflow."""
    weights = {}
    for index, (name, shape) in enumerate(shapes.items()):
        u = hashed(index, math.prod(shape)).reshape(shape)
        if len(shape) > 1:
            value = (2.0 * u - 1.0) * math.sqrt(6.0 / math.prod(shape[1:]))
        elif name.endswith(("weight", "running_var")):
            value = 0.5 + u
        else:
            value = 0.2 * (u - 0.5)
        weights[name] = np.float32(value)
    return weights


class SqueezeNet:
    def __init__(self):
        self.module = torchvision.models.squeezenet1_1(weights=None)

    def names(self):
        """Returns the names in the file of weights, by those of the module."""
        ours = {theirs: ours for ours, theirs in SQUEEZENET.items()}
        split = [name.rsplit(".", 1) for name in self.module.state_dict()]
        return {f"{layer}.{part}": f"{ours[layer]}.{part}" for layer, part in split}

    def __call__(self, x):
        x = (resized(x, 227).flip(1) + 1.0) * 127.5 - BGR_MEAN
        features = self.module.features(x)
        return features.mean((2, 3)), self.module.classifier(features).flatten(1)


class EfficientNetLite0:
    def __init__(self):
        self.module = EfficientNet.from_name("efficientnet-lite0")

    def names(self):
        return {name: name for name in self.module.state_dict() if not name.endswith("num_batches_tracked")}

    def __call__(self, x):
        x = ((resized(x, 224) + 1.0) * 127.5 - 127.0) / 128.0
        features = self.module.extract_features(x).mean((2, 3))
        return features, self.module._fc(features)


class Inception:
    """pytorch-fid's module, without its download of weights."""

    def __init__(self):
        fid.load_state_dict_from_url = lambda *_, **__: None
        torchvision.models.Inception3.load_state_dict, load = lambda *_: None, torch.nn.Module.load_state_dict
        self.module = fid.fid_inception_v3()
        torchvision.models.Inception3.load_state_dict = load

    names = EfficientNetLite0.names

    def __call__(self, x):
        features = []
        hook = self.module.avgpool.register_forward_hook(lambda _, __, output: features.append(output.flatten(1)))
        logits = self.module(resized(x, 299))
        hook.remove()
        return features[0], logits


def evaluated(network, weights):
    names = network.names()
    state = {theirs: torch.from_numpy(weights[ours]) for theirs, ours in names.items()}
    missing = network.module.load_state_dict(state, strict=False)
    assert all(name.endswith("num_batches_tracked") for name in missing.missing_keys), missing
    network.module.double().eval()
    with torch.no_grad():
        features, logits = network(images())
    return features.numpy(), logits.softmax(1).numpy()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    weights, target = map(Path, sys.argv[1:])
    numbers, shapes = {}, {}
    for name, network in [
        ("squeezenet", SqueezeNet()),
        ("efficientnet-lite0", EfficientNetLite0()),
        ("inception", Inception()),
    ]:
        state = network.module.state_dict()
        shapes[name] = {ours: list(state[theirs].shape) for theirs, ours in network.names().items()}
        sets = {"made": made(shapes[name])}
        if name != "inception":
            sets["released"] = load_file(weights / f"{name}.safetensors")
        for source, tensors in sets.items():
            features, probabilities = evaluated(network, tensors)
            print(name, source, features.shape, "features", features.mean(), "and", features.std(),
                  "between images", np.abs(features[0] - features[1]).mean(),
                  "largest probability", probabilities.max(1), file=sys.stderr)  # fmt: skip
            numbers[f"{name}.{source}.features"] = np.float32(features)
            numbers[f"{name}.{source}.probabilities"] = np.float32(probabilities)
    save_file(numbers, target / "feature_networks.safetensors")
    lists = {name: list(tensors.items()) for name, tensors in shapes.items()}
    (target / "feature_networks.json").write_text(json.dumps(lists, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
