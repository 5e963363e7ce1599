"""Immune phenotypes of breast tumours from RNA-seq, a rad-score from MRI, and how well it holds (Han et al. 2024).

The packages from the ground up: ``statistics``; the science (``expression``, ``imaging``, ``phenotypes``, ``survival``,
``evaluation``, ``radiomics``, ``signature``, ``scoring``), plain functions on arrays and frames; ``cohorts`` and
``study`` (what landed, and the settings); ``figures``, ``simulation`` and ``report``; ``tables``, ``lake`` and
``tracking`` (schemas, Delta and DuckDB, MLflow); ``steps`` (what each asset computes); ``orchestration`` (Dagster); and
``cli`` (the ``tme`` command).
"""

__version__ = "0.1.0"
