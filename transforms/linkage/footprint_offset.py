"""The local offset between two sets of footprints, from the votes of pairs of like-sized outlines.

Each pair votes for the offset between its two boxes. In a cell the votes of the cell and its eight neighbours are put
together, the offset with the most votes wins (a neighbour that merely looks alike votes elsewhere, so the mode holds where
a mean would not), and the winner shrinks towards zero where few have voted.
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
# A vote in the cell itself, beside it, at its corner: the binomial kernel.
_KERNEL = {0: 1.0, 1: 0.5, 2: 0.25}
_STEPS = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]


def estimate_offsets(con: duckdb.DuckDBPyConnection, reach_m: float, shrink_votes: float) -> None:
    """Make temp table footprint_cell(cx, cy, dx, dy, votes): the offset left minus right in metres, per grid cell.

    Args:
        con: connection with temp table footprint_vote (footprint_vote.sql).
        reach_m: offsets beyond this were not counted; sets the size of the histogram.
        shrink_votes: the weight of the belief that there is no offset, in votes.
    """
    found = con.execute("FROM footprint_vote").fetchnumpy()
    votes = {name: np.asarray(column, dtype=np.float64) for name, column in found.items()}
    cx, cy = votes["cx"].astype(np.int64), votes["cy"].astype(np.int64)
    width = int(reach_m) + 2
    bins = 2 * width + 1
    # Cells are numbered row by row with a free column between, so that a neighbour is one addition away.
    span = int(cx.max(initial=0)) + 3
    keys, cell = np.unique(cy * span + cx, return_inverse=True)
    bin_ = (votes["bin_y"].astype(np.int64) + width) * bins + votes["bin_x"].astype(np.int64) + width
    layers = np.zeros((3, len(keys), bins * bins))
    for layer, name in zip(layers, ("votes", "sum_x", "sum_y"), strict=True):
        layer[cell, bin_] = votes[name]
    targets = np.unique((keys[:, None] + [dy * span + dx for dx, dy in _STEPS]).ravel()) if len(keys) else keys
    rows = [_winner(_pool(layers, keys, part, span), bins, shrink_votes) for part in _chunks(targets)]
    dx, dy, count = (np.concatenate(column) for column in zip(*rows, strict=True)) if rows else (np.empty(0),) * 3
    # A target left of column 0 belongs to the free column of the row above: floor division puts it back.
    table = pa.table(
        {
            "cx": (targets + 1) % span - 1,
            "cy": (targets + 1) // span,
            "dx": np.asarray(dx, dtype=np.float64),
            "dy": np.asarray(dy, dtype=np.float64),
            "votes": np.asarray(count, dtype=np.float64),
        }
    )
    con.register("footprint_cell_arrow", table)
    con.execute("CREATE OR REPLACE TEMP TABLE footprint_cell AS FROM footprint_cell_arrow")
    con.unregister("footprint_cell_arrow")


def _chunks(targets: Ints, size: int = 20_000) -> list[Ints]:
    return [targets[at : at + size] for at in range(0, len(targets), size)]


def _pool(layers: Floats, keys: Ints, targets: Ints, span: int) -> Floats:
    """The three layers of the target cells, each with its neighbours' by the kernel."""
    pooled = np.zeros((3, len(targets), layers.shape[2]))
    for dx, dy in _STEPS:
        wanted = targets + dy * span + dx
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        found = keys[at] == wanted
        pooled[:, found] += _KERNEL[abs(dx) + abs(dy)] * layers[:, at[found]]
    return pooled


def _winner(pooled: Floats, bins: int, shrink_votes: float) -> tuple[Floats, Floats, Floats]:
    """Offset and votes of each cell: the mean vote of the strongest three by three metres, shrunk."""
    cells = pooled.shape[1]
    grid = pooled.reshape(3, cells, bins, bins)
    summed = np.zeros_like(grid)
    for dx, dy in _STEPS:
        summed[:, :, 1:-1, 1:-1] += grid[:, :, 1 + dy : bins - 1 + dy, 1 + dx : bins - 1 + dx]
    # A metre costs a fiftieth of the cell's votes: among equals (a row of equal houses) the shortest way wins.
    axis = np.abs(np.arange(bins) - bins // 2)
    length = np.hypot(axis[:, None], axis[None, :])
    merit = summed[0] - length * grid[0].sum(axis=(1, 2))[:, None, None] / 50
    # Exact ties are averaged: picking one would make the answer depend on which side is called left.
    best = (merit >= merit.max(axis=(1, 2), keepdims=True) - 1e-9).astype(np.float64)
    count, sum_x, sum_y = (np.einsum("cij,cij->c", layer, best) for layer in summed)
    held = np.maximum(count, 1e-9)
    count = count / best.sum(axis=(1, 2))
    kept = count / (count + shrink_votes)
    return sum_x / held * kept, sum_y / held * kept, count
