"""Compiled features against pyradiomics' classes, on regions and with levels that real images seldom have."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from radiomics import firstorder, glcm, gldm, glrlm, glszm, imageoperations, ngtdm
from threadpoolctl import threadpool_limits

from tme_platform.radiomics import batch
from tme_platform.radiomics._cooccurrence import maximal_correlation
from tme_platform.radiomics._glcm import _maximal_correlation as by_eigenvalues
from tme_platform.radiomics._grey_levels import discretise
from tme_platform.radiomics._intensities import Region, intensity_features
from tme_platform.radiomics.backends import ProcessPool


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1, user_api="blas"):
        yield


CLASSES = {
    "firstorder": firstorder.RadiomicsFirstOrder,
    "glcm": glcm.RadiomicsGLCM,
    "gldm": gldm.RadiomicsGLDM,
    "glrlm": glrlm.RadiomicsGLRLM,
    "glszm": glszm.RadiomicsGLSZM,
    "ngtdm": ngtdm.RadiomicsNGTDM,
}
SPACING = (1.5, 1.0, 0.5)


def cases():
    """Values and region by name; a region touches all sides of its array, as a bounding box does."""
    random = np.random.default_rng(5)
    full = np.ones((9, 10, 11), bool)
    holes = random.random((9, 10, 11)) < 0.5
    holes[0, 0, 0] = holes[-1, -1, -1] = True
    shell = np.ones((9, 12, 12), bool)
    shell[2:-2, 2:-2, 2:-2] = False
    z, y, x = np.indices((9, 10, 11))
    smooth = 100 * np.sin(z / 3) + 80 * np.cos(y / 4) + 9 * x
    noise = random.normal(0, 60, full.shape)
    return {
        "noise": (noise, full),
        "holes": (noise, holes),
        "smooth": (smooth, full),
        "shell": (random.normal(50, 30, shell.shape), shell),
        "slice": (noise[:1], full[:1]),
        "column": (noise[:, :1, :2], full[:, :1, :2]),
        "two_voxels_apart": (noise[:3, :3, :3], np.isin(np.arange(27), (0, 26)).reshape(3, 3, 3)),
        "flat": (np.full(full.shape, 37.0), full),
        "flat_on_an_edge": (np.full(full.shape, -25.0), holes),
        "checkerboard": (np.where((z + y + x) % 2, 40.0, 3.0), full),
        "on_edges": (random.integers(-8, 9, full.shape) * 5.0, full),
        "two_levels_far_apart": (np.where(z < 4, -1e4, 3e4) + noise, full),
        "hundreds_of_levels": (random.normal(0, 200, full.shape), full),
        "negative": (noise - 5e4, holes),
        "large": (noise * 1e3 + 1e6, holes),
        "tiny": (noise * 1e-3, full),
        "float32": (noise.astype("float32"), holes),
    }


CASES = cases()
WIDTHS = {"large": 2e4, "tiny": 0.01, "two_levels_far_apart": 50.0}


def by_pyradiomics(family, values, inside, width):
    image, mask = sitk.GetImageFromArray(values), sitk.GetImageFromArray(inside.astype("uint8"))
    image.SetSpacing(SPACING)
    mask.SetSpacing(SPACING)
    found = CLASSES[family](image, mask, binWidth=width, voxelArrayShift=300).execute()
    return {name: float(value) for name, value in found.items()}


def ours(case):
    values, inside = CASES[case]
    return intensity_features(values[inside], Region(inside), float(np.prod(SPACING)), WIDTHS.get(case, 5.0), 300.0)


@pytest.mark.parametrize("family", CLASSES)
@pytest.mark.parametrize("case", CASES)
def test_families_equal_pyradiomics(case, family):
    values, inside = CASES[case]
    expected = by_pyradiomics(family, values, inside, WIDTHS.get(case, 5.0))
    found = ours(case)[family]
    assert set(found) == set(expected)
    for name, value in expected.items():
        # Below a thousandth, values such as the skewness of a symmetric distribution are rounding errors.
        assert found[name] == pytest.approx(value, rel=1e-9, abs=1e-12, nan_ok=True), name


@pytest.mark.parametrize("seed", range(12))
def test_random_regions_equal_pyradiomics(seed):
    random = np.random.default_rng(seed)
    shape = random.integers(2, 14, 3)
    inside = random.random(shape) < random.uniform(0.2, 1)
    inside[0, 0, 0] = inside[-1, -1, -1] = True
    values = random.gamma(random.uniform(0.3, 5), 40, shape) - random.uniform(0, 200)
    width = random.uniform(1, 30)
    found = intensity_features(values[inside], Region(inside), float(np.prod(SPACING)), width, 300.0)
    for family in CLASSES:
        for name, value in by_pyradiomics(family, values, inside, width).items():
            assert found[family][name] == pytest.approx(value, rel=1e-9, abs=1e-11, nan_ok=True), (family, name)


def joint(random, kinds, pairs, concentration):
    """A symmetric matrix of joint probabilities such as counted pairs give, with levels of very few voxels."""
    weight = np.exp(-(np.subtract.outer(np.arange(kinds), np.arange(kinds)) ** 2) / concentration)
    rare = random.dirichlet(np.full(kinds, 0.3))
    weight *= np.outer(rare, rare)
    counts = random.multinomial(pairs, (weight / weight.sum()).ravel()).reshape(kinds, kinds)
    counts = counts + counts.T
    return counts / counts.sum()


@pytest.mark.parametrize("pairs", [30, 1_000, 100_000, 10_000_000])
@pytest.mark.parametrize("kinds", [2, 3, 7, 25, 60, 110])
def test_the_maximal_correlation_equals_that_from_all_eigenvalues(kinds, pairs):
    random = np.random.default_rng(kinds * pairs)
    good = 0
    for concentration in (0.5, 5, 50, 1e6):
        for _ in range(2):
            p = joint(random, kinds, pairs, concentration)
            found = maximal_correlation(p, p.sum(axis=1))
            if found >= 0:  # otherwise the caller computes all eigenvalues
                good += 1
                assert found == pytest.approx(by_eigenvalues(p), rel=1e-9, abs=1e-7)
    assert good > 0


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (np.eye(4) / 4, 1.0),
        (np.full((5, 5), 1 / 25), 0.0),
        (np.array([[0.0, 0.5], [0.5, 0.0]]), 1.0),
        (np.array([[1.0, 0.0], [0.0, 0.0]]), 0.0),
        (np.array([[0.4, 0.1], [0.1, 0.4]]), 0.6),
    ],
    ids=["blocks", "independent", "opposite", "one_level", "two_levels"],
)
def test_the_maximal_correlation_of_known_matrices(p, expected):
    assert abs(maximal_correlation(p, p.sum(axis=1))) == pytest.approx(expected, abs=1e-7)


def test_equal_eigenvalues_are_left_to_the_general_solver():
    """Two pairs of levels that never meet: the second eigenvalue equals the first, but for what eps changes."""
    p = np.zeros((4, 4))
    p[:2, :2], p[2:, 2:] = [[3e6, 1e6], [1e6, 2e6]], [[0, 1], [1, 0]]
    p /= p.sum()
    assert maximal_correlation(p, p.sum(axis=1)) < 0


def test_bins_equal_pyradiomics_at_their_edges():
    """Multiples of a width that has no exact binary form, and their neighbours among the floating-point numbers."""
    edges = np.arange(-40, 40) * 0.1
    values = np.concatenate([edges, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf)])
    inside = np.ones((1, 1, len(values)), bool)
    region = Region(inside)
    grey = discretise(values, region, 0.1)
    expected, _ = imageoperations.binImage(values.reshape(inside.shape), inside, binWidth=0.1)
    assert (grey.present[grey.grid[region.voxels] - 1] == expected[inside]).all()


PRINT = """
import hashlib, sys
import numpy as np
from tme_platform_tests.radiomics.test_kernels import CASES, ours
found = [[*features.values()] for case in CASES for features in ours(case).values()]
print(hashlib.sha256(np.concatenate(found).tobytes()).hexdigest())
"""


def printed(**environment):
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", PRINT],
        capture_output=True,
        text=True,
        check=True,
        cwd=root,
        env=os.environ | environment,
    )
    return done.stdout.strip()


def test_a_second_call_and_other_processes_give_the_same_bits():
    def digest():
        found = [[*features.values()] for case in CASES for features in ours(case).values()]
        return hashlib.sha256(np.concatenate(found).tobytes()).hexdigest()

    assert digest() == digest() == printed()


@pytest.mark.parametrize(("features", "expected"), [(True, ["compile", "map"]), (False, ["map"])])
def test_a_pool_starts_after_its_parent_has_compiled(monkeypatch, features, expected):
    calls = []

    class Pool(ProcessPool):
        def map(self, function, jobs):
            calls.append("map")
            return iter(())

    monkeypatch.setattr(batch, "local_backend", lambda *_, preload: Pool(2, preload))
    monkeypatch.setattr(batch, "compile_kernels", lambda: calls.append("compile"))
    batch.run_jobs(None, [], batch.BatchOptions(), features=features)
    assert calls == expected


def test_all_compiled_functions_are_compiled_ahead():
    """A module with compiled functions that `compile_kernels` does not import."""
    code = (
        "import sys, tme_platform.radiomics as r; r.compile_kernels(); "
        "print(*sorted(m for m in sys.modules if m.startswith('tme_platform')))"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    for package in ("imaging", "radiomics"):
        for path in (root / "tme_platform" / package).glob("*.py"):
            if "tme_platform.compiled" in path.read_text():
                assert f"tme_platform.{package}.{path.stem}" in loaded


def test_numba_is_imported_only_where_features_are_computed():
    code = "import sys, tme_platform.radiomics; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0
