"""Has something become slower? Ratios of our time to that of others, and of commands to a loop of the same machine.

Usage: ``make bench``, or ``python -m benchmarks.ratios``: two to three minutes. The ratios are written to
``docs/ratios.json``, from which the page on performance makes its table. All work is on one thread and counted in
processor seconds, so other load matters little; compiled code is compiled before the clock starts.
"""

import json
import logging
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"})

import numpy as np
import pandas as pd
import SimpleITK as sitk  # noqa: N813
from radiomics.featureextractor import RadiomicsFeatureExtractor
from sklearn.ensemble import RandomForestClassifier

from benchmarks.radiomics_extraction import GIVEN, PREPROCESSING, SETTINGS, run_extractor
from tme_platform.expression import gene_set_path, gseapy_ssgsea, read_gmt, ssgsea
from tme_platform.imaging import read_mask, read_series
from tme_platform.radiomics import compile_kernels, extract, feature_map, prepare
from tme_platform.signature.forest import CompiledForest

REPOSITORY = Path(__file__).parent.parent
LANDING = REPOSITORY / "data_lake" / "landing"
RESULT = REPOSITORY / "docs" / "ratios.json"
TUMOURS = ("STS_008", "STS_035", "STS_042")
MAP = "original_glcm_Contrast"
FOREST = {"n_estimators": 100, "class_weight": "balanced", "random_state": 0}
COMMANDS = {
    "tme --help": ["--help"],
    "tme check of 15 patients with images": ["check", "soft_tissue_mr"],
    "tme check of 279 patients with expression": ["check", "ispy2"],
}


def least(work: Callable[[], object], repeats: int = 3, who: int = resource.RUSAGE_SELF) -> float:
    """Least processor seconds of some repeats, of this process or of its children."""
    measured = []
    for _ in range(repeats):
        before = resource.getrusage(who)
        work()
        after = resource.getrusage(who)
        measured.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(measured)


def calibration() -> None:
    """Work that depends on nothing of ours: Python, and sorting in NumPy."""
    total = 0
    for number in range(2_000_000):
        total += number % 7
    np.sort(np.random.default_rng(0).normal(size=2_000_000))


def features() -> dict[str, float]:
    """How many times as long as ours two calls of pyradiomics take, by tumour."""
    found = {}
    for name in TUMOURS:
        image, mask = tumour(name)
        prepared = prepare(image, mask, SETTINGS)
        ours = least(lambda image=image, mask=mask: extract(image, mask))
        theirs = least(lambda image=image, mask=mask: run_extractor("radiomics", image, mask, **PREPROCESSING), 1)
        theirs += least(lambda known=prepared: run_extractor("radiomics", known.image, known.ring), 1)
        found[f"958 features of {name}, pyradiomics"] = theirs / ours
    return found


def tumour(name: str) -> tuple[sitk.Image, sitk.Image]:
    """Image and outline of a bundled tumour."""
    image = read_series(LANDING / "soft_tissue_mr" / "images" / f"{name}_MR_T1_image.nii.gz")
    return image, read_mask(LANDING / "soft_tissue_mr" / "images" / f"{name}_MR_T1_mask.nii.gz", image)


def maps() -> dict[str, float]:
    """The same for a map of a feature of the smallest tumour."""
    image, mask = tumour(TUMOURS[0])
    prepared = prepare(image, mask, SETTINGS)
    extractor = RadiomicsFeatureExtractor(**GIVEN, voxelBatch=500)  # all voxels at once need gigabytes
    extractor.disableAllFeatures()
    extractor.enableFeaturesByName(glcm=["Contrast"])
    theirs = least(lambda: extractor.execute(prepared.image, prepared.tumour, voxelBased=True), 1)
    return {f"a map of {MAP}, pyradiomics": theirs / least(lambda: feature_map(image, mask, MAP))}


def scores() -> dict[str, float]:
    """The same for ssGSEA of the 50 hallmark sets in 100 samples, and gseapy."""
    table = pd.read_csv(LANDING / "scanb" / "log2_fpkm.tsv.gz", sep="\t", index_col=0).iloc[:, :100]
    table = table[~table.index.duplicated()].dropna()
    sets = read_gmt(gene_set_path("msigdb_hallmark_50"))
    ours = least(lambda: ssgsea(table, sets))
    return {"ssGSEA of 50 sets in 100 samples, gseapy": least(lambda: gseapy_ssgsea(table, sets), 1) / ours}


def forests() -> dict[str, float]:
    """The same for a forest of 100 trees on 90 patients and 20 features, and scikit-learn."""
    rng = np.random.default_rng(0)
    x, hot = rng.normal(size=(90, 20)), rng.random(90) < 0.3
    ours = least(lambda: CompiledForest(**FOREST).fit(x, hot))
    return {"a forest of 100 trees, scikit-learn": least(lambda: RandomForestClassifier(**FOREST).fit(x, hot)) / ours}


def commands(unit: float) -> dict[str, float]:
    """How many times as long as the calibration loop a command takes."""
    command = [sys.executable, "-m", "tme_platform.cli.app", "--landing", str(LANDING)]

    def run(words: list[str]) -> None:
        subprocess.run([*command, *words], check=True, capture_output=True, cwd=REPOSITORY)

    children = resource.RUSAGE_CHILDREN
    return {name: least(lambda words=words: run(words), 3, children) / unit for name, words in COMMANDS.items()}


def main() -> None:
    """Measure everything, write the ratios and print them."""
    began = time.monotonic()
    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    compile_kernels()
    unit = least(calibration, 5)
    faster = {**features(), **maps(), **scores(), **forests()}
    result = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}",
        "libraries": {name: version(name) for name in ("pyradiomics-bhklab", "gseapy", "scikit-learn", "numba")},
        "calibration_seconds": round(unit, 4),
        "times_as_fast": {name: round(value, 1) for name, value in faster.items()},
        "calibration_loops": {name: round(value, 1) for name, value in commands(unit).items()},
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    print(f"{time.monotonic() - began:.0f} s; written to {RESULT.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
