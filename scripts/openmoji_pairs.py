#!/usr/bin/env python3
"""Draws pairs of OpenMoji, line art and colour, for `data.set=FOLDER` and `condition.kind=pair`.

    npm pack openmoji@17.0.0 && tar xzf openmoji-17.0.0.tgz
    pip install resvg-py==0.5.0 pillow
    python3 scripts/openmoji_pairs.py package openmoji

Each picture shows the emoji in colour on the left and its line art on the right, on white. Of the
first code points, which all variants of an emoji share, every tenth goes into `test`, the others into
`train`: no test emoji appears in training with another skin tone. OpenMoji's licence is CC BY-SA 4.0.
"""

import argparse
import io
import pathlib

import resvg_py
from PIL import Image


def draw(path: pathlib.Path, side: int) -> Image.Image:
    png = resvg_py.svg_to_bytes(
        svg_path=str(path), width=side, height=side, background="#ffffff", skip_system_fonts=True
    )
    return Image.open(io.BytesIO(bytes(png))).convert("RGB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("package", type=pathlib.Path, help="the unpacked package, with color/svg and black/svg")
    parser.add_argument("out", type=pathlib.Path, help="the folder to make")
    parser.add_argument("--side", type=int, default=64, help="of each image of a pair, in pixels")
    given = parser.parse_args()
    colour, black = (given.package / kind / "svg" for kind in ("color", "black"))
    names = sorted(path.name for path in colour.glob("*.svg") if (black / path.name).exists())
    if not names:
        parser.error(f"{given.package} has no pairs color/svg/NAME.svg and black/svg/NAME.svg")
    first = {name: name.removesuffix(".svg").split("-")[0] for name in names}
    tested = set(sorted(set(first.values()))[::10])
    for split in ("train", "test"):
        (given.out / split).mkdir(parents=True)
    for name in names:
        pair = Image.new("RGB", (2 * given.side, given.side))
        pair.paste(draw(colour / name, given.side), (0, 0))
        pair.paste(draw(black / name, given.side), (given.side, 0))
        split = "test" if first[name] in tested else "train"
        pair.save(given.out / split / name.replace(".svg", ".png"))
    print(f"{len(names)} pairs, {sum(first[name] in tested for name in names)} of them in test")


if __name__ == "__main__":
    main()
