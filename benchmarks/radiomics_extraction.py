"""Compare the time and values of feature extraction with plain pyradiomics, on one thread.

Run: ``python benchmarks/radiomics_extraction.py [--images FOLDER] [--only STS_008 ...] [--pool | --icc | --maps |
--memory]``.

Plain pyradiomics is called twice per tumour: on the original image and mask, and on the preprocessed image with the
ring mask. The time to prepare the ring counts for tme_platform but not for pyradiomics; it is also given alone (the
least of three calls). Times are processor seconds, so that other load on the machine matters little. ``--pool`` instead
times the cohort on one and on two processes by the clock; ``--icc`` times the agreement of 958 features of 30 patients
in 3 readings; ``--maps`` compares ``feature_map``, including its preparation of the image, with pyradiomics'
voxel-based mode on the prepared image; ``--memory`` measures the peak memory of a process that extracts one lesion from
a large image, and fails if it is above `MOST_COPIES` images.

flash-radiomics is timed on the same two calls if it is installed (``uv pip install --group bench``); the platform
does not depend on it.
"""

import argparse
import importlib.util
import logging
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

os.environ.update({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1"})

import numpy as np
import pandas as pd
import SimpleITK as sitk  # noqa: N813
from radiomics.featureextractor import RadiomicsFeatureExtractor

from tme_platform.imaging import read_mask, read_series
from tme_platform.radiomics import (
    WHOLE_IMAGE,
    BatchOptions,
    ExtractionJob,
    ExtractionSettings,
    compile_kernels,
    extract,
    extract_many,
    feature_map,
    icc,
    prepare,
)

SETTINGS = WHOLE_IMAGE
GIVEN = {"binWidth": 5, "voxelArrayShift": 300, "additionalInfo": False}
PREPROCESSING = {
    "normalize": True,
    "normalizeScale": 100,
    "resampledPixelSpacing": [1, 1, 1],
    "interpolator": "sitkBSpline",
}

MAPS = [("firstorder", "Mean"), ("firstorder", "Entropy"), ("glcm", "Contrast"), ("glcm", "JointEntropy")]


LARGE = (300, 512, 512)
"""Slices, rows and columns of the image of ``--memory``: 157 MB of 16-bit integers."""
MOST_COPIES = 4
"""Sizes of that image by which the peak may exceed the memory after all imports: reading it takes two."""


def run_extractor(module, image, mask, **given):
    """Extract the features of one region with a library that has the interface of pyradiomics."""
    if module == "flash_radiomics":  # it writes every result to a file, by default in the working directory
        given["hdf5OutputDirectory"] = tempfile.gettempdir()
    extractor = importlib.import_module(module).featureextractor.RadiomicsFeatureExtractor(**GIVEN, **given)
    extractor.enabledImagetypes = SETTINGS.filters()
    return pd.Series({name: float(value) for name, value in extractor.execute(image, mask).items()})


def timed(function, *arguments, clock=time.process_time, **named):
    """Return the result and the seconds of a call."""
    start = clock()
    result = function(*arguments, **named)
    return result, clock() - start


def tumours(folder, only):
    """Yield the name, the image and the mask of each tumour."""
    for path in sorted(folder.glob("*_image.nii.gz")):
        name = "_".join(path.name.split("_")[:2])
        if not only or name in only:
            image = read_series(path)
            yield name, image, read_mask(path.with_name(path.name.replace("_image", "_mask")), image)


def compare(folder, only):
    """Print one row per tumour: sizes, seconds, ratio, largest relative difference."""
    rows = []
    for name, image, mask in tumours(folder, only):
        ours, seconds = timed(extract, image, mask)
        prepared, preparation = min((timed(prepare, image, mask, SETTINGS) for _ in range(3)), key=lambda run: run[1])
        tumour, first = timed(run_extractor, "radiomics", image, mask, **PREPROCESSING)
        ring, second = timed(run_extractor, "radiomics", prepared.image, prepared.ring)
        theirs = pd.concat([tumour.add_prefix("tumour_"), ring.add_prefix("ring_")])
        difference = (ours[theirs.index] - theirs).abs() / theirs.abs().clip(lower=1e-9)
        row = {
            "tumour": name,
            "tumour voxels": int(sitk.GetArrayViewFromImage(prepared.tumour).sum()),
            "ring voxels": int(sitk.GetArrayViewFromImage(prepared.ring).sum()),
            "pyradiomics s": first + second,
            "tme s": seconds,
            "preparation s": preparation,
            "ratio": (first + second) / seconds,
            "largest relative difference": difference.max(),
            "in": difference.idxmax(),
        }
        if importlib.util.find_spec("flash_radiomics"):
            values, first = timed(run_extractor, "flash_radiomics", image, mask, **PREPROCESSING)
            row["flash s"] = first + timed(run_extractor, "flash_radiomics", prepared.image, prepared.ring)[1]
            row["flash ratio"] = row["pyradiomics s"] / row["flash s"]
            apart = (values[tumour.index] - tumour).abs() / tumour.abs().clip(lower=1e-9)
            row["flash: different tumour values (of 479)"] = int((apart > 1e-6).sum())
        rows.append(row)
        print(
            "  ".join(
                f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items()
            ),
            flush=True,
        )
    _table(rows)
    ratios = [row["ratio"] for row in rows]
    print(
        f"{len(rows)} tumours: median ratio {statistics.median(ratios):.2f}, minimum {min(ratios):.2f}, "
        f"overall {sum(r['pyradiomics s'] for r in rows) / sum(r['tme s'] for r in rows):.2f}; "
        f"largest relative difference {max(r['largest relative difference'] for r in rows):.1e}"
    )


def _table(rows):
    """Print the rows as a Markdown table."""
    names = ["tumour", "tumour voxels", "ring voxels", "pyradiomics s", "flash s", "tme s", "preparation s"]
    names += ["flash ratio", "ratio"]
    names = [name for name in names if name in rows[0]]
    print("| " + " | ".join(names) + " |\n" + "| --- " * len(names) + "|")
    for row in rows:
        cells = [f"{row[name]:.2f}" if isinstance(row[name], float) else f"{row[name]:,}" for name in names[1:]]
        print("| " + " | ".join([row["tumour"], *cells]) + " |")


def maps(folder, only):
    """Print the time of the map of each of a few features, and the largest relative difference."""
    for name, image, mask in tumours(folder, only):
        prepared = prepare(image, mask, SETTINGS)
        voxels = int(sitk.GetArrayViewFromImage(prepared.tumour).sum())
        for family, feature in MAPS:
            extractor = RadiomicsFeatureExtractor(**GIVEN, voxelBatch=500)  # all voxels at once need gigabytes
            extractor.disableAllFeatures()
            extractor.enableFeaturesByName(**{family: [feature]})
            full = f"original_{family}_{feature}"
            found, theirs = timed(extractor.execute, prepared.image, prepared.tumour, voxelBased=True)
            runs = [timed(feature_map, image, mask, full, outside=0) for _ in range(3)]
            ours, seconds = min(runs, key=lambda run: run[1])
            first = ours.TransformPhysicalPointToIndex(found[full].GetOrigin())
            values = sitk.GetArrayFromImage(sitk.RegionOfInterest(ours, found[full].GetSize(), first))
            expected = sitk.GetArrayFromImage(found[full])
            apart = np.nanmax(np.abs(values - expected) / np.maximum(np.abs(expected), 1e-9))
            same = np.array_equal(np.isnan(values), np.isnan(expected))
            print(
                f"{name}, {voxels:,} voxels, {full}: pyradiomics {theirs:.2f} s, tme {seconds:.3f} s, "
                f"ratio {theirs / seconds:.0f}, largest relative difference {apart:.1e}"
                f"{'' if same else ', DIFFERENT voxels are missing'}",
                flush=True,
            )


def agreement_speed():
    """Print the time of the ICCs with their intervals for 958 features of 30 patients in 3 readings."""
    random = np.random.default_rng(0)
    values = random.normal(size=(30, 1, 958)) + 0.5 * random.normal(size=(30, 3, 958))
    table = pd.DataFrame(values.reshape(90, 958), columns=[f"f{n}" for n in range(958)])
    table.insert(0, "subject", np.repeat(np.arange(30), 3))
    table.insert(1, "rater", np.tile(np.arange(3), 30))
    for form in ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"):
        times = [timed(icc, table, form=form, clock=time.perf_counter)[1] for _ in range(5)]
        print(f"{form}: 958 features x 30 patients x 3 readings in {statistics.median(times):.3f} s (median of 5)")


def pool(folder):
    """Print the time of the whole cohort on one and on two processes."""
    jobs = [
        ExtractionJob(path.name.split("_image")[0], path, path.with_name(path.name.replace("_image", "_mask")))
        for path in sorted(folder.glob("*_image.nii.gz"), key=lambda path: -path.stat().st_size)
    ]
    alone = timed(extract_many, jobs, options=BatchOptions(workers=1), clock=time.perf_counter)
    started = timed(extract_many, jobs, options=BatchOptions(workers=2), clock=time.perf_counter)
    both = timed(extract_many, jobs, options=BatchOptions(workers=2), clock=time.perf_counter)
    same = alone[0][0].equals(both[0][0]) and alone[0][0].equals(started[0][0])
    for what, run in (
        ("two including the start of the fork server", started),
        ("two with a running fork server", both),
    ):
        print(
            f"{len(jobs)} tumours: one process {alone[1]:.1f} s, {what} {run[1]:.1f} s, ratio {alone[1] / run[1]:.2f}"
        )
    print("same values" if same else "DIFFERENT values")


def peak_mb():
    """Return the largest memory of this process until now."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def extract_large(folder):
    """Return the peak memory of this process (MB) after imports and a small case, after reading, after extraction."""
    small = np.zeros((24, 24, 24), np.uint8)
    small[8:16, 8:16, 8:16] = 1
    noise = np.random.default_rng(0).normal(100, 10, small.shape)
    extract(sitk.GetImageFromArray(noise), sitk.GetImageFromArray(small))
    peaks = [peak_mb()]
    image = read_series(folder / "image.nii")
    mask = read_mask(folder / "mask.nii", image)
    peaks.append(peak_mb())
    extract(image, mask, ExtractionSettings())
    return [*peaks, peak_mb()]


def write_large(folder):
    """Write an image of the size `LARGE` with a lesion of 3 cm, and its outline; return the megabytes of the image."""
    y, x = np.arange(LARGE[1]).reshape(-1, 1), np.arange(LARGE[2])
    random = np.random.default_rng(0)
    spacing = (0.7, 0.7, 1.0)
    values, inside = np.empty(LARGE, np.int16), np.zeros(LARGE, np.uint8)
    for number in range(LARGE[0]):
        body = (x - 256) ** 2 + (y - 256) ** 2 < 220**2
        radius = ((x - 300) * spacing[0]) ** 2 + ((y - 220) * spacing[1]) ** 2 + ((number - 150) * spacing[2]) ** 2
        inside[number] = radius < 15**2
        values[number] = np.where(body, 400 + 60.0 * inside[number], 10) + random.normal(0, 8, LARGE[1:])
    for name, array in (("image", values), ("mask", inside)):
        volume = sitk.GetImageFromArray(array)
        volume.SetSpacing(spacing)
        sitk.WriteImage(volume, str(Path(folder, f"{name}.nii")))
    return values.nbytes / 1e6


def memory():
    """Print the peak memory of a new process for a lesion of 3 cm in a large image; fail if it is too much.

    Another process writes the image, since a new process takes over the peak of the one that started it.
    """
    processes = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        with processes.Pool(1) as pool:
            size = pool.apply(write_large, (Path(folder),))
        with processes.Pool(1) as pool:
            start, read, extracted = pool.apply(extract_large, (Path(folder),))
    copies = (extracted - start) / size
    print(
        f"image of {size:.0f} MB: {start:.0f} MB after imports and a small case, {read:.0f} MB after reading image and "
        f"mask, {extracted:.0f} MB after extraction: {copies:.1f} sizes of the image more than at the start"
    )
    if copies > MOST_COPIES:
        raise SystemExit(f"too much: at most {MOST_COPIES} sizes of the image are allowed")


if __name__ == "__main__":
    for noisy in ("radiomics", "flash_radiomics"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--images", type=Path, default=Path(__file__).parents[1] / "data_lake/landing/soft_tissue_mr/images"
    )
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--pool", action="store_true")
    parser.add_argument("--icc", action="store_true")
    parser.add_argument("--maps", action="store_true")
    parser.add_argument("--memory", action="store_true")
    chosen = parser.parse_args()
    compile_kernels()
    if chosen.icc:
        agreement_speed()
    elif chosen.memory:
        memory()
    elif chosen.pool:
        pool(chosen.images)
    elif chosen.maps:
        maps(chosen.images, chosen.only or ["STS_008"])
    else:
        compare(chosen.images, chosen.only)
