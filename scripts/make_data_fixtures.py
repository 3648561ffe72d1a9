#!/usr/bin/env python3
"""Writes the files of `crates/data/tests/data` with the libraries that usually write such files.

    python3 scripts/make_data_fixtures.py

Last run with numpy 2.4.6, scipy 1.17.1 and Pillow 13.0.0 (Python 3). All numbers come from one seed.
"""

import gzip
import pathlib
import struct

import numpy as np
from PIL import Image
from scipy.io import savemat

ROOT = pathlib.Path(__file__).resolve().parent.parent / "crates" / "data"
TARGET = ROOT / "tests" / "data"
SIDE = 12


def photo(rng: np.random.Generator) -> np.ndarray:
    """Returns 40 x 30 pixels: waves of three colours, with a little noise."""
    y, x = np.mgrid[0:30, 0:40]
    waves = [np.sin(x / 5 + y / 9), np.cos(x / 7 - y / 4), np.sin((x + y) / 6)]
    return (np.stack(waves, -1) * 100 + 128 + rng.normal(0, 6, (30, 40, 3))).clip(0, 255).astype(np.uint8)


def fitted(picture: Image.Image) -> Image.Image:
    """Returns the centred square, scaled as by torchvision's Resize(antialias=True) and CenterCrop."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    return square.resize((SIDE, SIDE), Image.Resampling.BILINEAR)


def pictures(rng: np.random.Generator) -> None:
    picture = Image.fromarray(photo(rng))
    picture.save(TARGET / "photo.png")
    picture.save(TARGET / "photo.jpg", quality=92, subsampling=0)
    picture.save(TARGET / "progressive.jpg", quality=80, progressive=True)
    for name in ["photo.png", "photo.jpg"]:
        fitted(Image.open(TARGET / name)).save(TARGET / f"{name.replace('.', '-')}-{SIDE}.png")


def arrays(rng: np.random.Generator) -> None:
    images = rng.integers(0, 256, (5, 6, 4, 3), dtype=np.uint8)
    labels = np.array([3, 1, 4, 1, 5])
    np.savez_compressed(TARGET / "nhwc.npz", images=images, labels=labels)
    np.savez(TARGET / "nchw.npz", images=images.transpose(0, 3, 1, 2).copy(), labels=labels.astype(np.uint8))
    np.save(TARGET / "float.npy", (images.transpose(0, 3, 1, 2) / 127.5 - 1).astype(np.float32))


def keras() -> None:
    """Writes Keras's cache of MNIST, here with the embedded digits 0, 100, … of each class."""
    raw = gzip.decompress((ROOT / "data" / "digits-images-idx3-ubyte.gz").read_bytes())
    count, height, width = struct.unpack(">III", raw[4:16])
    images = np.frombuffer(raw, np.uint8, offset=16).reshape(count, height, width)[::100]
    raw = gzip.decompress((ROOT / "data" / "digits-labels-idx1-ubyte.gz").read_bytes())
    labels = np.frombuffer(raw, np.uint8, offset=8)[::100]
    np.savez_compressed(
        TARGET / "keras.npz", x_train=images[:40], y_train=labels[:40], x_test=images[40:], y_test=labels[40:]
    )


def matlab(rng: np.random.Generator) -> None:
    """Writes SVHN's format of cropped digits; 10 is the class of the digit 0."""
    images = rng.integers(0, 256, (7, 3, 32, 32), dtype=np.uint8)
    images[:, 0, :16] = np.arange(7)[:, None, None]  # Distinguishes rows from columns by eye.
    labels = np.array([1, 10, 2, 9, 10, 5, 3], dtype=np.uint8)
    contents = {"X": images.transpose(2, 3, 1, 0), "y": labels[:, None]}
    savemat(TARGET / "cropped.mat", contents, do_compression=True)
    contents["y"] = contents["y"].astype(np.float64)
    savemat(TARGET / "plain.mat", contents, do_compression=False)
    np.savez_compressed(TARGET / "cropped.npz", images=images, labels=labels % 10)


def main() -> None:
    TARGET.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(20260101)
    pictures(rng)
    arrays(rng)
    keras()
    matlab(rng)


if __name__ == "__main__":
    main()
