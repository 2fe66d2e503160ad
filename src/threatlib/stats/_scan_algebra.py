"""Many small linear problems at once: matrices are (rows, columns, ..., batch), the batch last."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Pairs: TypeAlias = tuple[FloatArray, NDArray[np.intp]]


def eliminate(a: FloatArray, columns: range, p: int) -> None:
    """Cholesky sweep, in place, of some of the p columns of each matrix (p, p, batch) and of the rows below it.

    After all p columns the matrix holds its factor L and a row r below it r @ inv(L)'. Columns may be swept in parts:
    what two matrices share is swept once.
    """
    for j in columns:
        a[j:, j] /= np.sqrt(a[j, j])
        if j + 1 < p:
            a[j + 1 :, j + 1 :] -= a[j + 1 :, j, None] * a[None, j + 1 : p, j]


def back_substitute(factor: FloatArray, y: FloatArray) -> FloatArray:
    x = y.copy()
    for j in range(len(factor) - 1, -1, -1):
        x[j] /= factor[j, j]
        x[:j] -= factor[j, :j] * x[j]
    return x


def shares(log_weight: FloatArray) -> FloatArray:
    """Weights along the first axis that add up to 1, from their logarithms."""
    weight = np.exp(log_weight - log_weight.max(0))
    return np.asarray(weight / weight.sum(0))


def products(x: FloatArray) -> Pairs:
    """Products of every pair of columns, one row a pair; and which row each pair is, (p, p)."""
    left, right = np.triu_indices(x.shape[1])
    which = np.empty((x.shape[1], x.shape[1]), dtype=np.intp)
    which[left, right] = which[right, left] = np.arange(len(left))
    return np.ascontiguousarray((x[:, left] * x[:, right]).T), which


def gram(x: FloatArray, pairs: Pairs, steps: FloatArray, weight: FloatArray) -> FloatArray:
    """Weighted cross-products of the design and the steps, (p, p, batch): one matrix product for the shared part."""
    p, extra = x.shape[1], len(steps)
    shared = (pairs[0] @ weight)[pairs[1]]
    if not extra:
        return np.asarray(shared)
    a = np.empty((p + extra, p + extra, weight.shape[1]))
    a[:p, :p] = shared
    for j in range(extra):
        part = weight * steps[j]
        a[p + j, :p] = a[:p, p + j] = x.T @ part
        for i in range(j + 1):
            a[p + i, p + j] = a[p + j, p + i] = (part * steps[i]).sum(0)
    return a


def project(x: FloatArray, steps: FloatArray, values: FloatArray) -> FloatArray:
    b = x.T @ values
    return np.concatenate([b, np.einsum("klb,lb->kb", steps, values)]) if len(steps) else b
