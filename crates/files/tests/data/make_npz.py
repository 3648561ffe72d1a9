"""Writes draws.npz beside this file, with Python's zipfile and NumPy: `pip install numpy && python make_npz.py`."""

import io
import pathlib
import zipfile

import numpy as np

ARRAYS = {
    "x": np.arange(24.0).reshape(2, 4, 3) / 7,
    "ε": -(np.arange(8.0).reshape(2, 4) ** 2),
}

path = pathlib.Path(__file__).parent / "draws.npz"
with zipfile.ZipFile(path, "w") as archive:
    for name, array in ARRAYS.items():
        npy = io.BytesIO()
        np.lib.format.write_array(npy, array, version=(1, 0))
        # A ZipInfo has the date 1980-01-01.
        archive.writestr(zipfile.ZipInfo(f"{name}.npy"), npy.getvalue())
with np.load(path) as loaded:
    assert all(np.array_equal(loaded[name], array) for name, array in ARRAYS.items())
