"""A forest of isolation trees as arrays: walked for all rows and trees at once.

Each node knows the path length that a row in it has to expect: its depth for a leaf, plus c(m) where m > 1 training
rows were left there, and the mean over the training rows below it for an inner node. Along a row's path the changes of
that expectation add up to root minus leaf; each change belongs to the column that the node asks for (Palczewska et al.
2013, arXiv:1312.1121).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.errors import UserError

LEAF = -1
ROWS_AT_ONCE = 512  # rows times trees fit the cache


@dataclass(frozen=True, eq=False)
class Forest:
    """Nodes of all trees side by side, (N,) each; ``roots`` is (trees,). A leaf's children are itself."""

    column: NDArray[np.int64]  # LEAF where it is one
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]  # where x <= threshold
    right: NDArray[np.int64]
    expected: NDArray[np.float64]  # path length
    roots: NDArray[np.int64]
    usual: float  # c(sample), the mean path length that scores are relative to

    @classmethod
    def of(cls, fitted: Any) -> Self:
        """The trees of a fitted ``sklearn.ensemble.IsolationForest``."""
        nodes, roots, start = [], [], 0
        for estimator in fitted.estimators_:
            tree = estimator.tree_
            inner = tree.children_left >= 0
            own = np.arange(tree.node_count)
            left, right = np.where(inner, tree.children_left, own), np.where(inner, tree.children_right, own)
            column = np.where(inner, tree.feature, LEAF)
            expected = _expected(left, right, inner, tree.n_node_samples)
            nodes.append((column, np.where(inner, tree.threshold, 0.0), left + start, right + start, expected))
            roots.append(start)
            start += tree.node_count
        column, threshold, left, right, expected = (np.concatenate(one) for one in zip(*nodes, strict=True))
        usual = float(average_path(np.array([fitted.max_samples_]))[0])
        return cls(column, threshold, left, right, expected, np.array(roots), usual)

    def checked(self, columns: int) -> Self:
        """Itself. UserError unless every path ends, within the arrays and at columns below ``columns``: a forest that
        comes from a file must not send a row in circles."""
        n, own = len(self.column), np.arange(len(self.column))
        inner = self.column >= 0
        sizes = {len(self.threshold), len(self.left), len(self.right), len(self.expected)}
        sound = (
            sizes == {n}
            and len(self.roots) > 0
            and bool((self.column < columns).all())
            and bool(((self.roots >= 0) & (self.roots < n)).all())
            and all(bool(((one > own) & (one < n))[inner].all()) for one in (self.left, self.right))
        )
        if not sound:
            raise UserError("The model's trees are damaged", "", "Train it again or upload it again")
        return self

    def judge(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(n,) scores 2^(-E[h] / c) in (0, 1), and (n, p) how much each column shortened the mean path, in units of
        c: they add up to the root's expectation less E[h]."""
        scores, parts = np.empty(len(rows)), np.empty(rows.shape)
        for start in range(0, len(rows), ROWS_AT_ONCE):
            stop = start + ROWS_AT_ONCE
            scores[start:stop], parts[start:stop] = self._judge(rows[start:stop])
        return scores, parts

    def _judge(self, rows: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        n, p = rows.shape
        trees = len(self.roots)
        total = np.zeros(n * p)
        flat = np.ascontiguousarray(rows).ravel()
        # One entry per row and tree that is still on its way; those at a leaf leave.
        row = np.repeat(np.arange(n), trees)
        node = np.tile(self.roots, n)
        length = np.zeros(n)
        while len(row):
            column = self.column[node]
            place = row * p + column
            going = column >= 0
            if not going.all():
                length += np.bincount(row[~going], self.expected[node[~going]], n)
                row, node, place = row[going], node[going], place[going]
            after = np.where(flat[place] <= self.threshold[node], self.left[node], self.right[node])
            total += np.bincount(place, self.expected[node] - self.expected[after], n * p)
            node = after
        return 2 ** -(length / (trees * self.usual)), total.reshape(n, p) / (trees * self.usual)


def average_path(samples: NDArray[np.integer]) -> NDArray[np.float64]:
    """c(m): mean depth of an unsuccessful search in a binary tree of m rows (Liu et al. 2008, equation 1)."""
    m = np.maximum(samples, 2).astype(np.float64)
    return np.where(
        samples <= 1, 0.0, np.where(samples == 2, 1.0, 2 * (np.log(m - 1) + np.euler_gamma) - 2 * (m - 1) / m)
    )


def _expected(
    left: NDArray[np.int64], right: NDArray[np.int64], inner: NDArray[np.bool_], samples: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Expected path length per node of one tree, whose children come after their parents."""
    depth = np.zeros(len(left))
    for node in np.flatnonzero(inner):
        depth[left[node]] = depth[right[node]] = depth[node] + 1
    expected = depth + average_path(samples)
    for node in np.flatnonzero(inner)[::-1]:
        a, b = left[node], right[node]
        expected[node] = (samples[a] * expected[a] + samples[b] * expected[b]) / samples[node]
    return expected
