"""How well ComBat learns a scanner from few patients, which is why a batch needs eight by default.

    python benchmarks/combat_batches.py        # half a minute

Two scanners with 40 patients each, and a third one with n patients. As in radiomics, features are correlated: five
factors explain 80 % of their variance. The third scanner shifts and scales every feature (location 0.5 with a standard
deviation of 0.5, log scale with a standard deviation of 0.2, in standard deviations of a feature), or does nothing. Per
n the script prints the root mean square error of the learned location and log scale, and of the values of 200 other
patients of that scanner, harmonised, compared with their values on a perfect scanner.
"""

import numpy as np
import pandas as pd

from tme_platform.radiomics import fit_combat

SIZES = (2, 3, 4, 6, 8, 12, 20, 40)
FEATURES, FACTORS, OTHERS, NEW = 100, 5, 40, 200
SHARE_OF_FACTORS = 0.8


def patients(random: np.random.Generator, n: int, loadings: np.ndarray) -> np.ndarray:
    """Draw patients x features of variance 1."""
    common = random.normal(size=(n, FACTORS)) @ loadings
    return np.sqrt(SHARE_OF_FACTORS) * common + np.sqrt(1 - SHARE_OF_FACTORS) * random.normal(size=(n, FEATURES))


def errors(random: np.random.Generator, n: int, *, effect: bool) -> dict[str, float]:
    """Simulate one study and return the errors of location, log scale and values, and of values left as they are."""
    loadings = random.normal(size=(FACTORS, FEATURES))
    loadings /= np.linalg.norm(loadings, axis=0)
    shift = random.normal(0.5, 0.5, FEATURES) if effect else np.zeros(FEATURES)
    scale = np.exp(random.normal(0, 0.2, FEATURES)) if effect else np.ones(FEATURES)
    drawn = patients(random, 2 * OTHERS + n, loadings)
    drawn[2 * OTHERS :] = drawn[2 * OTHERS :] * scale + shift
    index = [f"p{number}" for number in range(len(drawn))]
    batch = pd.Series(["a"] * OTHERS + ["b"] * OTHERS + ["new"] * n, index)
    combat = fit_combat(pd.DataFrame(drawn, index), batch)
    sd = combat.sd.to_numpy()
    location = combat.shift.loc["new"].to_numpy() * sd + combat.mean.to_numpy()
    others = patients(random, NEW, loadings)
    seen = pd.DataFrame(others * scale + shift, [f"q{number}" for number in range(NEW)])
    moved = combat.transform(seen, pd.Series("new", seen.index)).to_numpy()
    return {
        "location": np.sqrt(np.mean((location - shift) ** 2)),
        "log scale": np.sqrt(np.mean(np.log(combat.scale.loc["new"].to_numpy() * sd / scale) ** 2)),
        "harmonised": np.sqrt(np.mean((moved - others) ** 2)),
        "left as it is": np.sqrt(np.mean((seen.to_numpy() - others) ** 2)),
    }


def simulate(n: int, *, effect: bool, repeats: int, seed: int = 0) -> pd.Series:
    """Average the errors over simulated studies."""
    random = np.random.default_rng(seed)
    return pd.DataFrame([errors(random, n, effect=effect) for _ in range(repeats)]).mean()


if __name__ == "__main__":
    for effect in (True, False):
        print("the scanner shifts and scales the features" if effect else "the scanner does nothing")
        table = pd.DataFrame({n: simulate(n, effect=effect, repeats=100) for n in SIZES}).T
        print(table.rename_axis("patients").round(2).to_string())
