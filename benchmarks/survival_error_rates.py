"""Error rates of the survival analyses on simulated patients: what their p-values and intervals promise.

Three questions. Does the log-rank p corrected for searching over k = 2..8 keep its level if phenotypes have nothing to
do with survival? Does the interval of the difference in restricted mean survival cover the truth, also if hazards
cross? Does the interval of the adjusted hazard ratio cover the truth at ten events per term, and with fewer?

Run: ``python benchmarks/survival_error_rates.py`` (two to four minutes; ``--repeats 100`` for a quick look).
"""

import argparse
import warnings

import numpy as np
import pandas as pd

from tme_platform.statistics import proportion_interval
from tme_platform.survival import adjusted_cox, cox_multivariable, restricted_mean, searched_log_rank


def main() -> None:
    """Print a table of all error rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=500)
    parser.add_argument("--seed", type=int, default=2024)
    given = parser.parse_args()
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    print("| question | setting | share | 95 % CI | promised |\n| --- | --- | ---: | --- | ---: |")
    for number, simulate in enumerate((corrected_p, mean_difference, adjusted_ratio)):
        for question, setting, hits, promised in simulate(given.repeats, np.random.default_rng(given.seed + number)):
            low, high = proportion_interval(int(np.sum(hits)), len(hits))
            shown = f"{np.mean(hits):.3f} | {low:.3f} to {high:.3f}"
            print(f"| {question} | {setting} | {shown} | {promised} |", flush=True)


def corrected_p(repeats, random):
    """Smallest p over seven cuts of one score, naive and corrected, without any effect; 400 patients."""
    naive, corrected = [], []
    for repeat in range(repeats):
        score = pd.Series(random.normal(size=400))
        labels = {
            str(k): pd.qcut(score, k, labels=False).map({0: "cold", k - 1: "hot"}).astype("object") for k in range(2, 9)
        }
        time, limit = random.exponential(1, 400), random.exponential(0.15, 400)
        found = searched_log_rank(np.minimum(time, limit), time <= limit, labels, permutations=199, seed=repeat)
        naive.append(found["p"].min() < 0.05)
        corrected.append(found["p_corrected"].min() <= 0.05)
    yield "smallest p over k = 2..8 below 0.05, no effect", "not corrected", naive, "0.05"
    yield "smallest p over k = 2..8 below 0.05, no effect", "corrected, 199 permutations", corrected, "0.05"


def mean_difference(repeats, random):
    """Coverage of the difference for proportional and crossing hazards; the true value by numerical integration."""
    grid = np.linspace(0, 1, 20001)
    for name, shapes, scales in (
        ("proportional hazards", (1.0, 1.0), (1.0, 0.6)),
        ("crossing hazards", (0.7, 1.5), (1.0, 1.0)),
    ):
        curves = [np.exp(-((grid / scale) ** shape)) for shape, scale in zip(shapes, scales, strict=True)]
        truth = np.trapezoid(curves[0] - curves[1], grid)
        for n in (30, 100):
            group, covered, unplanned = np.repeat(["hot", "cold"], n), [], []
            for _ in range(repeats):
                times = np.concatenate([s * random.weibull(k, n) for k, s in zip(shapes, scales, strict=True)])
                limit = random.uniform(0.5, 3, 2 * n)
                seen, event = np.minimum(times, limit), times <= limit
                found = restricted_mean(seen, event, group, "hot", "cold", tau=1).iloc[2]
                covered.append(found["ci_low"] <= truth <= found["ci_high"])
                free = restricted_mean(seen, event, group, "hot", "cold").iloc[2]
                at = np.linspace(0, free["tau"], 4001)
                there = [np.exp(-((at / s) ** k)) for k, s in zip(shapes, scales, strict=True)]
                unplanned.append(free["ci_low"] <= np.trapezoid(there[0] - there[1], at) <= free["ci_high"])
            yield "interval of the mean difference covers", f"{name}, {n} per group, limit fixed", covered, "0.95"
            setting = f"{name}, {n} per group, limit where 10 are at risk"
            yield "interval of the mean difference covers", setting, unplanned, "0.95"


def adjusted_ratio(repeats, random):
    """Coverage of the adjusted ratio of a phenotype (true log ratio 0.5) with three covariates that matter."""
    for per_term in (3, 5, 10, 20):
        covered, shown = [], []
        for _ in range(repeats):
            n, events = 300, 4 * per_term
            hot = random.integers(0, 2, n).astype(float)
            others = random.normal(size=(n, 3)) + 0.4 * hot[:, None]
            time = random.exponential(np.exp(-(0.5 * hot + others @ [0.5, 0.3, -0.3])))
            limit = np.sort(time)[events - 1]  # follow-up ends with the last of the wanted events
            frame = pd.DataFrame(others, columns=list("abc")).assign(
                time=np.minimum(time, limit), event=(time <= limit) * 1.0, hot=hot
            )
            row = cox_multivariable(frame, "time", "event", ["hot", "a", "b", "c"]).iloc[0]
            covered.append(row["ci_low"] <= np.exp(0.5) <= row["ci_high"])
            rule = adjusted_cox(frame, "time", "event", "hot", {name: frame[[name]] for name in "abc"})
            shown.append(rule["hr"].notna().all())
        kept = "all four terms enter" if np.all(shown) else "the rule keeps terms out"
        yield "interval of the adjusted hazard ratio covers", f"{per_term} events per term ({kept})", covered, "0.95"


if __name__ == "__main__":
    main()
