"""The simulated study: cohorts whose true answer is known, as landing folders or as tables.

What belongs here: patients, expression, breast MRI with lesions and outlines, feature tables, all drawn from one latent
infiltration per patient. What does not: anything that reads a landing folder or judges a signature, which is the rest
of the platform and does not know that the data are simulated but for their provenance.
"""

from tme_platform.simulation.cohorts import COHORTS, SimulatedCohort, published_sizes
from tme_platform.simulation.features import simulate_features
from tme_platform.simulation.image import SimulatedImage, simulate_image
from tme_platform.simulation.landing import Simulation, SimulationError, grown_sizes, write_study
from tme_platform.simulation.patients import simulate_patients

__all__ = [
    "COHORTS",
    "SimulatedCohort",
    "SimulatedImage",
    "Simulation",
    "SimulationError",
    "grown_sizes",
    "published_sizes",
    "simulate_features",
    "simulate_image",
    "simulate_patients",
    "write_study",
]
