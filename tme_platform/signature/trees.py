"""Compiled growth and evaluation of classification trees. What a forest is made of belongs in `forest`.

The trees are those of scikit-learn's `DecisionTreeClassifier` for two classes, without missing values: Gini impurity,
best split among features drawn without replacement, grown until pure. The order of the random draws and of the
floating-point operations is part of the definition, so that the result has the same bits (`test_forest.py`).

References
----------
Breiman 2001, Mach Learn 45:5; Pedregosa et al. 2011, J Mach Learn Res 12:2825; Marsaglia 2003, J Stat Softw 8:14
(the generator of the features that a node tries).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tme_platform.compiled import compiled, inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SAME_VALUE = np.float32(1e-7)
"""Two values of a feature are not split apart if they differ by no more."""

_PURE = np.finfo(np.float64).eps
"""Impurity up to which a node is a leaf."""

_LEAF = -1


class Trees(NamedTuple):
    """Trees x nodes, in the order in which the nodes were made; node 0 is the root."""

    n_nodes: NDArray[np.int64]
    """Nodes of each tree (one-dimensional)."""
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    """The node of values up to the threshold; -1 of a leaf."""
    right: NDArray[np.int64]
    share: NDArray[np.float64]
    """Share of the positive class."""
    weight: NDArray[np.float64]
    """Patients, as often as each was drawn."""
    impurity: NDArray[np.float64]

    @classmethod
    def empty(cls, n_trees: int, n: int) -> Trees:
        """Return room for trees of up to `n` patients, without nodes."""
        whole = [np.full((n_trees, 2 * n - 1), _LEAF) for _ in range(3)]
        numbers = [np.zeros((n_trees, 2 * n - 1)) for _ in range(4)]
        feature, left, right = whole
        return cls(np.zeros(n_trees, dtype=np.int64), feature, numbers[0], left, right, *numbers[1:])


@compiled()
def grow(  # noqa: C901 (every step changes the state that the next one needs)
    x: NDArray[np.float32],
    order: NDArray[np.int64],
    positive: NDArray[np.bool_],
    drawn: NDArray[np.int64],
    states: NDArray[np.int64],
    max_features: int,
    min_samples_leaf: int,
    trees: Trees,
) -> None:
    """Grow one tree per bootstrap sample into `trees`.

    Parameters
    ----------
    x
        Features x patients.
    order
        The patients of each feature from the smallest value to the largest.
    positive
        Class of each patient.
    drawn
        Trees x patients: how often each patient was drawn.
    states
        First state of each tree's generator of features.
    max_features
        Features that a node tries, constant ones included; more until one is not constant.
    min_samples_leaf
        Least number of different patients in a leaf.
    """
    n_features, n = x.shape
    most = 2 * n - 1
    n_nodes, feature, threshold, left, right, share, weight, impurity = trees
    rank = np.empty((n_features, n), np.int64)
    for f in range(n_features):
        for at in range(n):
            rank[f, order[f, at]] = at
    few = int(2 * np.sqrt(n))
    inside = np.zeros(n, np.bool_)
    members, spare, column = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    features, constant = np.empty(n_features, np.int64), np.empty(n_features, np.int64)
    stack_from, stack_to, stack_parent = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    stack_constant, stack_left = np.empty(most, np.int64), np.empty(most, np.bool_)
    stack_impurity = np.empty(most)
    for tree in range(drawn.shape[0]):
        state = states[tree]
        size, total, total_positive = 0, 0, 0
        for patient in range(n):
            if drawn[tree, patient] > 0:
                members[size] = patient
                size += 1
                total += drawn[tree, patient]
                total_positive += drawn[tree, patient] * positive[patient]
        for f in range(n_features):
            features[f] = f
        stack_from[0], stack_to[0], stack_parent[0], stack_left[0] = 0, size, _LEAF, False
        stack_constant[0], stack_impurity[0] = 0, _gini(total, total_positive)
        waiting = 1
        while waiting:
            waiting -= 1
            begin, end, n_known = stack_from[waiting], stack_to[waiting], stack_constant[waiting]
            gini = stack_impurity[waiting]
            size, node_weight, node_positive = end - begin, 0, 0
            for at in range(begin, end):
                node_weight += drawn[tree, members[at]]
                node_positive += drawn[tree, members[at]] * positive[members[at]]
            node = n_nodes[tree]
            n_nodes[tree] += 1
            weight[tree, node], impurity[tree, node] = node_weight, gini
            share[tree, node] = node_positive / node_weight
            if stack_parent[waiting] >= 0:
                if stack_left[waiting]:
                    left[tree, stack_parent[waiting]] = node
                else:
                    right[tree, stack_parent[waiting]] = node
            if size < 2 or size < 2 * min_samples_leaf or gini <= _PURE:
                continue
            if size > few:
                for at in range(begin, end):
                    inside[members[at]] = True
            best, best_feature, best_threshold, best_left, best_left_positive = -np.inf, -1, 0.0, 0, 0
            visited, found, passed, n_constant, open_to = 0, 0, 0, n_known, n_features
            while open_to > n_constant and (visited < max_features or visited <= found + passed):
                visited += 1
                if state == 0:
                    state = 1
                state ^= (state << 13) & 0xFFFFFFFF
                state ^= state >> 17
                state ^= (state << 5) & 0xFFFFFFFF
                chosen = passed + (state & 0x7FFFFFFF) % (open_to - found - passed)
                if chosen < n_known:
                    features[passed], features[chosen] = features[chosen], features[passed]
                    passed += 1
                    continue
                chosen += found
                f = features[chosen]
                if size > few:
                    _pick(order[f], inside, column)
                else:
                    _sort(members[begin:end], rank[f], column)
                if x[f, column[size - 1]] <= x[f, column[0]] + _SAME_VALUE:
                    features[chosen], features[n_constant] = features[n_constant], features[chosen]
                    found += 1
                    n_constant += 1
                    continue
                open_to -= 1
                features[open_to], features[chosen] = features[chosen], features[open_to]
                purity, cut, on_left, on_left_positive = _best_cut(
                    x[f], column[:size], drawn[tree], positive, node_weight, node_positive, min_samples_leaf
                )
                if purity > best:
                    best, best_feature, best_threshold = purity, f, cut
                    best_left, best_left_positive = on_left, on_left_positive
            if size > few:
                for at in range(begin, end):
                    inside[members[at]] = False
            # the known constants keep their order, which the nodes of the other side rely on
            for at in range(n_known):
                features[at] = constant[at]
            for at in range(n_known, n_constant):
                constant[at] = features[at]
            if best_feature < 0:
                continue
            best_right = node_weight - best_left
            gini_left = _gini(best_left, best_left_positive)
            gini_right = _gini(best_right, node_positive - best_left_positive)
            better = gini - best_right / node_weight * gini_right - best_left / node_weight * gini_left
            if node_weight / total * better + _PURE < 0:
                continue
            feature[tree, node], threshold[tree, node] = best_feature, best_threshold
            middle, others = begin, 0
            for at in range(begin, end):
                patient = members[at]
                if x[best_feature, patient] <= best_threshold:
                    members[middle] = patient
                    middle += 1
                else:
                    spare[others] = patient
                    others += 1
            for at in range(others):
                members[middle + at] = spare[at]
            for side in range(2):  # the left one is taken first
                stack_from[waiting], stack_to[waiting] = (middle, end) if side == 0 else (begin, middle)
                stack_parent[waiting], stack_left[waiting], stack_constant[waiting] = node, side == 1, n_constant
                stack_impurity[waiting] = gini_right if side == 0 else gini_left
                waiting += 1


@compiled()
def add_shares(x: NDArray[np.float32], trees: Trees, sums: NDArray[np.float64]) -> None:
    """Add up over trees the share of the positive class in the leaf of each row of `x` (patients x features)."""
    for tree in range(trees.n_nodes.size):
        for row in range(x.shape[0]):
            node = 0
            while trees.left[tree, node] != _LEAF:
                smaller = x[row, trees.feature[tree, node]] <= trees.threshold[tree, node]
                node = trees.left[tree, node] if smaller else trees.right[tree, node]
            sums[row] += trees.share[tree, node]


@compiled()
def add_decrease(trees: Trees, decrease: NDArray[np.float64]) -> None:
    """Add up by how much the splits on each feature lower the impurity times the weight (trees x features)."""
    for tree in range(trees.n_nodes.size):
        for node in range(trees.n_nodes[tree]):
            left, right = trees.left[tree, node], trees.right[tree, node]
            if left != _LEAF:
                decrease[tree, trees.feature[tree, node]] += (
                    trees.weight[tree, node] * trees.impurity[tree, node]
                    - trees.weight[tree, left] * trees.impurity[tree, left]
                    - trees.weight[tree, right] * trees.impurity[tree, right]
                )


@inlined
def _pick(order: NDArray[np.int64], inside: NDArray[np.bool_], column: NDArray[np.int64]) -> None:
    """Put the patients that are inside a node in the order of all patients."""
    filled = 0
    for patient in order:
        if inside[patient]:
            column[filled] = patient
            filled += 1


@inlined
def _sort(members: NDArray[np.int64], rank: NDArray[np.int64], column: NDArray[np.int64]) -> None:
    """Put the few patients of a node in the order of their ranks, by insertion."""
    for filled in range(members.size):
        at = filled
        while at > 0 and rank[column[at - 1]] > rank[members[filled]]:
            column[at] = column[at - 1]
            at -= 1
        column[at] = members[filled]


@inlined
def _best_cut(
    values: NDArray[np.float32],
    column: NDArray[np.int64],
    times: NDArray[np.int64],
    positive: NDArray[np.bool_],
    weight: int,
    weight_positive: int,
    min_samples_leaf: int,
) -> tuple[float, float, int, int]:
    """Return the purity of the best cut of a feature, its threshold, and the weights (all, positive) on its left."""
    best, threshold, best_left, best_left_positive = -np.inf, 0.0, 0, 0
    on_left, on_left_positive = 0, 0
    for at in range(1, column.size):
        before = column[at - 1]
        on_left += times[before]
        on_left_positive += times[before] * positive[before]
        if values[column[at]] <= values[before] + _SAME_VALUE:
            continue
        if at < min_samples_leaf or column.size - at < min_samples_leaf:
            continue
        on_right = weight - on_left
        purity = -on_right * _gini(on_right, weight_positive - on_left_positive)
        purity -= on_left * _gini(on_left, on_left_positive)
        if purity > best:
            best, best_left, best_left_positive = purity, on_left, on_left_positive
            threshold = np.float64(values[before]) / 2.0 + np.float64(values[column[at]]) / 2.0
    return best, threshold, best_left, best_left_positive


@inlined
def _gini(weight: int, positive: int) -> float:
    negative = weight - positive
    return 1.0 - float(negative * negative + positive * positive) / float(weight * weight)
