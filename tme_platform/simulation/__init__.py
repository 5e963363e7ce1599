"""Generate the simulated study, cohorts with known truth, as landing folders or tables.

Patients, expression, breast MRI with lesions and outlines, and feature tables all derive from one latent infiltration
per patient. Nothing here reads a cohort for analysis or evaluates a signature: the rest of the platform treats
simulated data like real data, except for their provenance.
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
