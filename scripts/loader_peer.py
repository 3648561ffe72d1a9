#!/usr/bin/env python3
"""The measurements of `benches/benches/data.rs` in PyTorch, as lines of JSON with the same names.

    python3 scripts/loader_peer.py --data DIR --photos DIR [--threads N]

Last run with torch 2.15, numpy 2.4.6 and Pillow 13.0. Pictures are loaded as by torchvision's
ImageFolder with Resize and CenterCrop: decoded and scaled by Pillow, one file at a time, in as many
worker processes as there are threads.
"""

import argparse
import gzip
import json
import pathlib
import time
from collections.abc import Callable, Iterable

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

BATCH = 100
SIDE = 64
# The fastest of these passes counts: other work on the machine can only slow a pass down.
PASSES = 5


def line(what: str, unit: str, value: float) -> None:
    print(json.dumps({"what": what, "unit": unit, "value": value}), flush=True)


def fastest(batches: Callable[[], Iterable[torch.Tensor]]) -> float:
    rates = []
    for _ in range(PASSES):
        started = time.perf_counter()
        seen = sum(len(batch) for batch in batches())
        rates.append(seen / (time.perf_counter() - started))
    return max(rates)


def read(folder: pathlib.Path) -> torch.Tensor:
    packed = (folder / "mnist" / "train-images-idx3-ubyte.gz").read_bytes()
    return torch.from_numpy(np.frombuffer(gzip.decompress(packed), np.uint8, offset=16).copy().reshape(-1, 1, 28, 28))


class Items(Dataset):
    """A data set of single images, as those of torchvision."""

    def __init__(self, images: torch.Tensor):
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.images[index].float() / 127.5 - 1


class Photos(Dataset):
    def __init__(self, folder: pathlib.Path):
        self.files = sorted(folder.glob("*.jpg"))

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self.files[index]) as picture:
            picture = picture.convert("RGB")
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        # Cropping first scales fewer pixels than Resize followed by CenterCrop.
        picture = picture.crop((left, top, left + side, top + side))
        picture = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        return torch.from_numpy(np.asarray(picture).transpose(2, 0, 1).copy())


def batches(folder: pathlib.Path) -> None:
    started = time.perf_counter()
    images = read(folder)
    line("MNIST from .gz, checked by SHA-256", "s", time.perf_counter() - started)
    def epoch():
        order = torch.randperm(len(images))
        for first in range(0, len(images) - BATCH + 1, BATCH):
            yield images[order[first : first + BATCH]].float() / 127.5 - 1

    line("MNIST in batches of 100", "images/s", fastest(epoch))
    loader = DataLoader(Items(images), BATCH, shuffle=True, drop_last=True)
    line("MNIST in batches of 100 by a DataLoader", "images/s", fastest(lambda: loader))


def photographs(folder: pathlib.Path, threads: int) -> None:
    photos = Photos(folder)
    for what, workers in [("", threads), (", in one process", 0)]:
        loader = DataLoader(photos, BATCH, num_workers=workers)
        line(f"178 × 218 JPEG files to 64 × 64{what}", "images/s", fastest(lambda: loader))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=pathlib.Path)
    parser.add_argument("--photos", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    # The harness passes these options; they have no alternatives.
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.data:
        batches(arguments.data)
    photographs(arguments.photos, arguments.threads)


if __name__ == "__main__":
    main()
