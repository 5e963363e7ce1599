"""Compiled co-occurrence: pairs of neighbouring grey levels, their 24 features, the maximal correlation coefficient.

Loops are written for the compiler; levels are numbered 1, 2, ... without gaps, 0 is outside.
"""

import math

import numpy as np
from numpy.typing import NDArray

from tme_platform.compiled import compiled, inlined

Array = NDArray[np.float64]
Numbers = NDArray[np.uint32]
Steps = NDArray[np.int64]

# fmt: off
FEATURES = (
    "Autocorrelation", "JointAverage", "ClusterProminence", "ClusterShade", "ClusterTendency", "Contrast",
    "Correlation", "JointEnergy", "MaximumProbability", "SumSquares", "DifferenceAverage", "DifferenceEntropy",
    "DifferenceVariance", "Id", "Idm", "Idmn", "Idn", "InverseVariance", "SumAverage", "SumEntropy", "JointEntropy",
    "Imc1", "Imc2", "MCC",
)
# fmt: on
"""Order of the columns that the compiled functions return."""

EPSILON = 2.0**-52
"""Added by pyradiomics wherever a logarithm or a quotient of a probability might be undefined."""
_MCC = 23


@inlined
def _probabilities(counts: Numbers, kinds: int, p: Array, px: Array) -> bool:
    """Fill the symmetric joint and the marginal probabilities; return whether there are any pairs."""
    total = 0
    for a in range(1, kinds + 1):
        for b in range(1, kinds + 1):
            total += counts[a * (kinds + 1) + b]
    if total == 0:
        return False
    for a in range(kinds):
        for b in range(a, kinds):
            both = int(counts[(a + 1) * (kinds + 1) + b + 1]) + int(counts[(b + 1) * (kinds + 1) + a + 1])
            p[a, b] = p[b, a] = both / (2.0 * total)
    for a in range(kinds):
        px[a] = 0.0
        for b in range(kinds):
            px[a] += p[a, b]
    return True


@inlined
def _difference_features(apart: Array, highest: float, out: Array) -> None:
    average = entropy = variance = inverse = inverse_squared = 0.0
    normalised = squared_normalised = inverse_variance = 0.0
    for k in range(len(apart)):
        share = apart[k]
        if share == 0:
            continue
        average += k * share
        entropy -= share * math.log2(share + EPSILON)
        inverse += share / (1 + k)
        inverse_squared += share / (1 + k * k)
        normalised += share / (1 + k / highest)
        squared_normalised += share / (1 + (k * k) / (highest * highest))
        if k > 0:
            inverse_variance += share / (k * k)
    for k in range(len(apart)):
        variance += apart[k] * (k - average) ** 2
    out[10], out[11], out[12], out[13], out[14] = average, entropy, variance, inverse, inverse_squared
    out[15], out[16], out[17] = squared_normalised, normalised, inverse_variance


@inlined
def _marginals(px: Array, i: Array) -> tuple[float, float, float]:
    """Return mean, variance and entropy of the levels."""
    mean = variance = entropy = 0.0
    for a in range(len(i)):
        mean += px[a] * i[a]
    for a in range(len(i)):
        variance += px[a] * (i[a] - mean) ** 2
        if px[a] > 0:
            entropy -= px[a] * math.log2(px[a] + EPSILON)
    return mean, variance, entropy


@inlined
def _features(p: Array, px: Array, i: Array, highest: int, added: Array, apart: Array, out: Array) -> None:
    """Fill all features but the last from one direction's probabilities of the levels ``i``."""
    kinds, low, span = len(i), int(i[0]), int(i[-1]) - int(i[0])
    for k in range(2 * span + 1):
        added[k] = 0.0
    for k in range(span + 1):
        apart[k] = 0.0
    mean, variance, marginal = _marginals(px, i)
    product = tendency = shade = prominence = contrast = covariance = 0.0
    energy = largest = joint = mixed = independent = 0.0
    for a in range(kinds):
        if px[a] == 0:
            continue
        for b in range(a, kinds):
            both = px[a] * px[b]
            if both == 0:
                continue
            times = 1.0 if a == b else 2.0
            log_both = math.log2(both + EPSILON)
            independent -= times * (both * log_both)
            if p[a, b] == 0:
                continue
            probability = times * p[a, b]
            joint -= times * (p[a, b] * math.log2(p[a, b] + EPSILON))
            mixed -= probability * log_both
            energy += probability * p[a, b]
            largest = max(largest, p[a, b])
            product += probability * (i[a] * i[b])
            centred = i[a] + i[b] - 2 * mean
            squared = probability * (centred * centred)
            tendency += squared
            shade += squared * centred
            prominence += squared * (centred * centred)
            covariance += probability * ((i[a] - mean) * (i[b] - mean))
            difference = i[b] - i[a]
            contrast += probability * (difference * difference)
            added[int(i[a]) + int(i[b]) - 2 * low] += probability
            apart[int(difference)] += probability
    out[0], out[1], out[2], out[3], out[4], out[5] = product, mean, prominence, shade, tendency, contrast
    out[6] = covariance / (variance + EPSILON) if variance != 0 else 1.0
    out[7], out[8], out[9] = energy, largest, variance
    out[20] = joint
    out[21] = (joint - mixed) / marginal if marginal != 0 else 0.0
    out[22] = math.sqrt(1 - math.exp(-2 * (independent - joint))) if independent != joint else 0.0
    _difference_features(apart[: span + 1], float(highest), out)
    sum_average, sum_entropy = 0.0, 0.0
    for k in range(2 * span + 1):
        if added[k] > 0:
            sum_average += added[k] * (k + 2 * low)
            sum_entropy -= added[k] * math.log2(added[k] + EPSILON)
    out[18], out[19] = sum_average, sum_entropy


@inlined
def _dot(x: Array, y: Array) -> float:
    a = b = c = d = 0.0  # four sums that do not wait for each other
    whole = len(x) - len(x) % 4
    for k in range(0, whole, 4):
        a += x[k] * y[k]
        b += x[k + 1] * y[k + 1]
        c += x[k + 2] * y[k + 2]
        d += x[k + 3] * y[k + 3]
    for k in range(whole, len(x)):
        a += x[k] * y[k]
    return (a + b) + (c + d)


@inlined
def _multiply(rows: Array, x: Array, result: Array) -> None:
    """Fill the sum of rows multiplied by ``x``: the product of a symmetric matrix and a vector, but vectorised."""
    for b in range(len(result)):
        result[b] = 0.0
    for a in range(len(x)):
        for b in range(len(result)):
            result[b] += rows[a, b] * x[a]


@inlined
def _tridiagonal(diagonal: Array, beside: Array, vectors: Array) -> None:
    """Diagonalise a symmetric tridiagonal matrix in place by implicit QL steps, and fill rows with its eigenvectors."""
    n = len(diagonal)
    for at in range(n):
        for _ in range(60):
            end = at
            while end < n - 1 and abs(beside[end]) > EPSILON * (abs(diagonal[end]) + abs(diagonal[end + 1])) + 1e-17:
                end += 1
            if end == at:
                break
            g = (diagonal[at + 1] - diagonal[at]) / (2.0 * beside[at])
            g = diagonal[end] - diagonal[at] + beside[at] / (g + math.copysign(math.hypot(g, 1.0), g))
            sine, cosine, shift = 1.0, 1.0, 0.0
            k = end - 1
            while k >= at:
                f, b = sine * beside[k], cosine * beside[k]
                r = math.hypot(f, g)
                beside[k + 1] = r
                if r == 0.0:
                    diagonal[k + 1] -= shift
                    break
                sine, cosine = f / r, g / r
                g = diagonal[k + 1] - shift
                r = (diagonal[k] - g) * sine + 2.0 * cosine * b
                shift = sine * r
                diagonal[k + 1] = g + shift
                g = cosine * r - b
                for column in range(n):
                    f = vectors[k + 1, column]
                    vectors[k + 1, column] = sine * vectors[k, column] + cosine * f
                    vectors[k, column] = cosine * vectors[k, column] - sine * f
                k -= 1
            if k < at:
                diagonal[at] -= shift
                beside[at] = g
            beside[end] = 0.0


@inlined
def _orthogonalise(vector: Array, basis: Array) -> float:
    """Make a vector orthogonal to rows, once more if little of it is left, and return its length."""
    before, length = 0.0, math.sqrt(_dot(vector, vector))
    for _ in range(2):
        before = length
        for row in range(len(basis)):
            projection = _dot(basis[row], vector)
            for b in range(len(vector)):
                vector[b] -= projection * basis[row, b]
        length = math.sqrt(_dot(vector, vector))
        if length > 0.7 * before:
            break
    return length


@inlined
def _ritz_pairs(diagonal: Array, beside: Array, values: Array, vectors: Array) -> tuple[int, int]:
    """Fill the eigenvalues of a tridiagonal matrix and its eigenvectors; return the places of the two largest."""
    rest = np.empty(len(values))
    for k in range(len(values)):
        values[k], rest[k] = diagonal[k], beside[k]
        for b in range(len(values)):
            vectors[k, b] = 1.0 if k == b else 0.0
    _tridiagonal(values, rest, vectors)
    first = 0
    for k in range(1, len(values)):
        first = k if abs(values[k]) > abs(values[first]) else first
    second = int(first == 0)
    for k in range(len(values)):
        second = k if k != first and abs(values[k]) > abs(values[second]) else second
    return first, second


@inlined
def _lanczos(matrix: Array, basis: Array, u: Array) -> tuple[float, float]:
    """Fill the eigenvector of a symmetric matrix whose eigenvalue is largest in magnitude; return it and the next.

    Only eigenvectors orthogonal to the first row of ``basis`` count.
    """
    n = len(u)
    diagonal, beside, values, vector, ritz = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty((n, n))
    for a in range(n):  # any vector without symmetry
        vector[a] = 0.5 + ((a + 1) * 0.6180339887498949) % 1.0
    size, first, second = 0, 0, 0
    while True:
        length = _orthogonalise(vector, basis[: size + 1])
        exhausted = size == n - 1 or length < 1e-14
        if size > 0:
            beside[size - 1] = length
        if size > 0 and (exhausted or size % 6 == 0):
            first, second = _ritz_pairs(diagonal[:size], beside[:size], values[:size], ritz[:size])
            if exhausted:
                break
            gap = abs(values[first]) - abs(values[second])
            error, other = length * abs(ritz[first, size - 1]), length * abs(ritz[second, size - 1])
            if error < 1e-10 and other < max(1e-10, 0.1 * gap):
                break
        size += 1
        for b in range(n):
            basis[size, b] = vector[b] / length
        _multiply(matrix, basis[size], vector)
        diagonal[size - 1] = _dot(vector, basis[size])
    _multiply(basis[1 : size + 1], ritz[first, :size], u)
    return values[first], values[second] if size > 1 else 0.0


@compiled("float64(float64[:, ::1], float64[::1])")
def maximal_correlation(p: Array, px: Array) -> float:
    """Return the square root of the second largest eigenvalue of Q; negative if it may differ by more than 1e-11.

    With ``eps`` in its denominators, Q is similar to W T, where T[i, j] = p[i, j] / sqrt(px[i] px[j]) and
    W = T / (1 + eps / (px[i] px[j])) are symmetric. T has the eigenvector sqrt(px) with eigenvalue 1. Of the others,
    the largest in magnitude is found by Lanczos iteration. An eigenvector u of W T has the left eigenvector T u, so
    that the quotient (T u)' W (T u) / u' T u, computed from the eigenvector of T, differs from the eigenvalue of W T
    only by the second order of W - T. The bound of that difference decides whether the result is good enough.
    """
    n, active = 0, np.empty(len(px), dtype=np.int64)
    for a in range(len(px)):
        if px[a] > 0:
            active[n] = a
            n += 1
    if n < 2:
        return 0.0
    symmetric, weighted, basis = np.empty((n, n)), np.empty((n, n)), np.empty((n + 1, n))
    change = 0.0
    for a in range(n):
        basis[0, a] = math.sqrt(px[active[a]])
    for a in range(n):
        for b in range(n):
            both = px[active[a]] * px[active[b]]
            symmetric[a, b] = p[active[a], active[b]] / (basis[0, a] * basis[0, b])
            weighted[a, b] = symmetric[a, b] / (1 + EPSILON / both)
            change += (symmetric[a, b] - weighted[a, b]) ** 2
    change = math.sqrt(change)
    u, image, again = np.empty(n), np.empty(n), np.empty(n)
    first, second = _lanczos(symmetric, basis, u)
    gap = min(1 - first * first, first * first - second * second)
    if change < 1e-14 or abs(first) < 1e-7:
        return abs(first)
    if gap <= 4 * change:
        return abs(first) if change < 1e-11 else -abs(first)
    _multiply(symmetric, u, image)
    _multiply(weighted, image, again)
    value = _dot(image, again) / _dot(image, u)
    residual = 0.0
    for b in range(n):
        residual += (again[b] - value * u[b]) ** 2
    return math.sqrt(value) if residual < 1e-11 * gap * value else -math.sqrt(value)


@compiled("float64[:, ::1](uint32[::1], uint32[::1], int64[::1], float64[::1], int64)")
def region_features(grid: Numbers, voxels: Numbers, steps: Steps, levels: Array, highest: int) -> Array:
    """Return directions x features of a region; NaN for directions without pairs.

    Takes the grid of ``GreyLevels``, the positions of the voxels in it, the offsets to one neighbour of each opposite
    pair, the levels that are numbered 1, 2, ..., and the highest of them.
    """
    features = np.full((len(steps), len(FEATURES)), np.nan)
    kinds = len(levels)
    counts = np.empty((kinds + 1) * (kinds + 1), dtype=np.uint32)
    p, px = np.empty((kinds, kinds)), np.empty(kinds)
    span = int(levels[-1]) - int(levels[0])
    added, apart = np.empty(2 * span + 1), np.empty(span + 1)
    for direction in range(len(steps)):
        step = np.uint64(steps[direction])
        for k in range(len(counts)):
            counts[k] = 0
        for voxel in voxels:
            here = np.uint64(voxel)
            counts[np.uint64(grid[here]) * np.uint64(kinds + 1) + np.uint64(grid[here + step])] += np.uint32(1)
        if _probabilities(counts, kinds, p, px):
            _features(p, px, levels, highest, added, apart, features[direction])
            features[direction, _MCC] = maximal_correlation(p, px) if kinds > 1 else 1.0
    return features


@inlined
def _levels_around(grid: Numbers, centre: int, cube: Steps, levels: Array, number: Steps, here: Array) -> int:
    """Fill the levels in a cube, and their numbers among them; return how many there are."""
    for level in range(len(number)):
        number[level] = 0
    for offset in cube:
        number[grid[centre + offset]] = 1
    number[0], kinds = 0, 0
    for level in range(1, len(number)):
        if number[level] > 0:
            here[kinds] = levels[level - 1]
            kinds += 1
            number[level] = kinds
    return kinds


@compiled(
    "float64[::1](uint32[::1], uint32[::1], int64[::1], int64[::1], int64[::1], int64[::1], float64[::1], int64)",
)
def feature_around(
    grid: Numbers,
    centres: Numbers,
    cube: Steps,
    steps: Steps,
    first: Steps,
    pairs: Steps,
    levels: Array,
    feature: int,
) -> Array:
    """Return one feature of the cube round each of ``centres``: the mean over the directions that have pairs, or NaN.

    ``cube`` has the offsets from its centre to all of its voxels, ``first`` those to the first voxel of each pair in
    it, of which those from ``pairs[k]`` on belong to direction k; ``feature`` is a position in ``FEATURES``. The rest
    is as in ``region_features``; the margin of the grid is as wide as the cube's radius.
    """
    most = min(len(cube), len(levels))
    counts = np.empty((most + 1) * (most + 1), dtype=np.uint32)
    p, px, here, found = np.empty((most, most)), np.empty(most), np.empty(most), np.empty(len(FEATURES))
    span = int(levels[-1]) - int(levels[0])
    added, apart = np.empty(2 * span + 1), np.empty(span + 1)
    number = np.zeros(len(levels) + 1, dtype=np.int64)
    result = np.empty(len(centres))
    for k in range(len(centres)):
        kinds = _levels_around(grid, centres[k], cube, levels, number, here)
        total, directions = 0.0, 0
        for direction in range(len(steps)):
            for pair in range((kinds + 1) * (kinds + 1)):
                counts[pair] = 0
            for pair in range(pairs[direction], pairs[direction + 1]):
                at = centres[k] + first[pair]
                counts[number[grid[at]] * (kinds + 1) + number[grid[at + steps[direction]]]] += np.uint32(1)
            if _probabilities(counts, kinds, p, px[:kinds]):
                directions += 1
                if feature == _MCC:
                    total += abs(maximal_correlation(p, px[:kinds])) if len(levels) > 1 else 1.0
                else:
                    _features(p, px[:kinds], here[:kinds], int(levels[-1]), added, apart, found)
                    total += found[feature]
        result[k] = total / directions if directions > 0 else np.nan
    return result
