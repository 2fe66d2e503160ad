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
    first, stop = columns.start, columns.stop
    for j in columns:
        if j > first:
            a[j:, j] -= np.einsum("ik...,k...->i...", a[j:, first:j], a[j, first:j])
        a[j:, j] /= np.sqrt(a[j, j])
    if first < stop < p:
        a[stop:, stop:] -= np.einsum("ik...,jk...->ij...", a[stop:, first:stop], a[stop:p, first:stop])


def back_substitute(factor: FloatArray, y: FloatArray) -> FloatArray:
    x = y.copy()
    for j in range(len(factor) - 1, -1, -1):
        x[j] /= factor[j, j]
        x[:j] -= factor[j, :j] * x[j]
    return x


def solve(a: FloatArray, b: FloatArray, ridge: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Solution of each (a + diag(ridge)) x = b, all (p, batch) but a (p, p, batch); and the factor L of the matrix."""
    p, diagonal = len(a), np.arange(len(a))
    swept = np.concatenate([a, b[None]])
    swept[diagonal, diagonal] += ridge
    eliminate(swept, range(p), p)
    return back_substitute(swept[:p], swept[p]), swept[:p]


def inverse_diagonal(factor: FloatArray) -> FloatArray:
    """Diagonal of the inverse of L L', (p, batch), from L (p, p, batch)."""
    root = np.zeros_like(factor)  # inv(L)
    for j in range(len(factor)):
        root[j, j] = 1 / factor[j, j]
        root[j, :j] = np.einsum("kb,kib->ib", factor[j, :j], root[:j, :j]) * -root[j, j]
    return np.asarray((root**2).sum(0))


def running(values: FloatArray) -> FloatArray:
    """Running totals along the first axis, in place: a few long additions where `cumsum` makes many short ones."""
    for i in range(1, len(values)):
        values[i] += values[i - 1]
    return values


def shares(log_weight: FloatArray) -> FloatArray:
    """Weights along the first axis that add up to 1, from their logarithms."""
    weight = np.exp(log_weight - log_weight.max(0))
    return np.asarray(weight / weight.sum(0))


def products(x: FloatArray) -> Pairs:
    """Products of every pair of columns, and which pair is where, (p, p).

    They are laid in blocks, so that a product with few columns is too small for a second thread, which costs more than
    it brings.
    """
    p = x.shape[1]
    left, right = np.triu_indices(p)
    which = np.empty((p, p), dtype=np.intp)
    which[left, right] = which[right, left] = np.arange(len(left))
    rows = p + 1 if p % 2 == 0 else (p + 1) // 2
    return (x.T[left] * x.T[right]).reshape(-1, rows, len(x)), which


def gram(x: FloatArray, pairs: Pairs, steps: FloatArray, weight: FloatArray) -> FloatArray:
    """Weighted cross-products of the design and the steps, (p, p, batch): one matrix product for the shared part."""
    p, extra = x.shape[1], len(steps)
    shared = (pairs[0] @ weight).reshape(-1, weight.shape[1])[pairs[1]]
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
