#!/usr/bin/env python3
"""Writes small state dictionaries in both formats of `torch.save`.

    python3 scripts/state_dicts.py crates/metrics/tests/data

The tests of `ebm_metrics::features` read them. Last run with PyTorch 2.15.0.
"""

import sys
from collections import OrderedDict
from pathlib import Path

import torch

matrix = torch.arange(6.0).reshape(2, 3)
tensors = OrderedDict(
    matrix=matrix,
    transposed=matrix.t(),
    row=matrix[1],
    parameter=torch.nn.Parameter(torch.tensor([-1.5])),
    half=torch.tensor([1.0, -2.0]).half(),
    num_batches_tracked=torch.tensor(7),
)
# In the form in which modules save them.
tensors._metadata = OrderedDict([("", {"version": 1})])
folder = Path(sys.argv[1])
torch.save(tensors, folder / "pickles.pth", _use_new_zipfile_serialization=False)
torch.save(tensors, folder / "archive.pth")
