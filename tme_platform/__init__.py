"""Immune phenotypes of breast tumours from RNA-seq, a rad-score from MRI, and how well it holds (Han et al. 2024).

The packages in the order of the study: ``study`` and ``cohorts`` (what is asked, what landed), ``expression``,
``phenotypes``, ``survival``, ``imaging``, ``radiomics``, ``signature``, ``evaluation`` (plain science: arrays and
frames in, frames out), then ``lake``, ``tracking`` and ``orchestration`` (Delta and DuckDB, MLflow, Dagster).
"""
