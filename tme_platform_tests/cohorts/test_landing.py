"""The bundled cohorts have the documented content, and a rule handles each of their known data problems."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tme_platform.cohorts import (
    ClinicalTables,
    Role,
    check_cohort,
    list_cohorts,
    read_cell_scores,
    read_clinical,
    read_cohort,
    read_expression,
    read_features,
    read_manifest,
)
from tme_platform.expression import lineage_map, unit_warning

COHORTS = [
    "ispy2", "scanb", "soft_tissue_mr", "tcga_brca", "tcga_brca_fractions", "tcga_brca_mri", "tcga_brca_rnaseq",
]  # fmt: skip


@pytest.fixture(scope="module")
def tcga(landing: Path) -> ClinicalTables:
    return read_clinical(folder := landing / "tcga_brca_fractions", folder.name, read_cohort(folder))


@pytest.fixture(scope="module")
def patients(tcga: ClinicalTables) -> pd.DataFrame:
    return tcga.patients.set_index("patient_id")


def of_rule(tables: ClinicalTables, rule: str) -> pd.DataFrame:
    return tables.rejected[tables.rejected["rule"] == rule]


@pytest.mark.parametrize("name", COHORTS)
def test_every_bundled_cohort_is_ready_and_has_provenance(landing, name):
    report = check_cohort(landing / name)
    assert report.problems == ()
    assert (landing / name / "PROVENANCE.md").is_file()
    assert not read_cohort(landing / name).simulated


def test_the_bundled_cohorts_are_small(landing):
    assert list_cohorts(landing) == COHORTS
    assert sum(check_cohort(landing / name).counts["bytes"] for name in COHORTS) < 25e6


def test_tcga_has_1082_tumours_with_fractions(landing, patients):
    folder = landing / "tcga_brca_fractions"
    declared = read_cohort(folder)
    lineages, groups, rejected = read_cell_scores(folder, folder.name, declared.cell_scores)
    assert lineages.shape == (20, 1082)
    assert rejected.empty
    assert set(lineages.columns) == set(patients.index)
    counts = pd.Series(groups).value_counts().to_dict()
    assert counts == {"adaptive": 8, "innate_activated": 5, "non_immune": 4, "innate_inactivated": 3}
    raw, groups, rejected = read_cell_scores(folder, folder.name, declared.other_scores["raw_fractions"])
    assert raw.shape == (41, 1082)
    assert rejected.empty
    assert set(raw.index) == set(lineage_map("instaprism").lineage)
    assert not any("Cancer" in name or "Luminal" in name or name == "Myoepithelial" for name in groups)


def test_tcga_has_934_tumours_with_rna_and_lm22(landing, patients):
    folder = landing / "tcga_brca"
    declared = read_cohort(folder)
    matrix, rejected = read_expression(folder, folder.name, declared)
    assert matrix.shape == (2422, 934)
    assert rejected.empty
    assert unit_warning(matrix, declared.expression.unit) is None
    assert set(matrix.columns) <= set(patients.index)
    times = patients["leukocyte_fraction"]
    assert times.notna().sum() == 1066
    scores, groups, rejected = read_cell_scores(folder, folder.name, declared.other_scores["lm22"], times=times)
    assert scores.shape == (16, 1065)
    assert rejected.empty
    assert 10 ** scores.max(axis=None) <= times.max()
    assert set(groups) == set(lineage_map("lm22").group)


def test_tcga_clinical_values(patients):
    known = patients.notna().sum()
    assert known[["age_years", "sex", "os_event", "laterality", "site"]].tolist() == [1082, 1082, 1082, 1081, 1082]
    assert known["os_days"] == 1069
    assert int(patients.loc[patients["os_days"].notna(), "os_event"].sum()) == 152
    assert patients["sex"].value_counts().to_dict() == {"female": 1070, "male": 12}
    assert patients["os_days"].min() > 0
    assert patients["age_years"].between(20, 95).all()
    assert set(patients["stage"].dropna()) == {"I", "IA", "IB", "II", "IIA", "IIB", "III", "IIIA", "IIIB", "IIIC", "IV"}
    # counted once by hand in plain pandas: Xena's immunohistochemistry first, then cBioPortal's
    counts = {name: patients[name].value_counts().to_dict() for name in ("er", "pr", "her2", "pam50")}
    assert counts == {
        "er": {"positive": 795, "negative": 237},
        "pr": {"positive": 613, "negative": 306},
        "her2": {"negative": 859, "positive": 205},
        "pam50": {"LumA": 559, "LumB": 211, "Basal": 188, "Her2": 82, "Normal": 40},
    }


def test_negative_times_are_replaced_or_missing(tcga, patients):
    negative = of_rule(tcga, "negative_os_time")
    assert negative["patient_id"].tolist() == ["TCGA-A8-A082", "TCGA-PL-A8LV"]
    assert (negative["file"] == "xena_survival.tsv.gz").all()
    assert patients.loc["TCGA-A8-A082", "os_days"] == pytest.approx(18.04911727 * 365.25 / 12), (
        "the value of cBioPortal"
    )
    assert np.isnan(patients.loc["TCGA-PL-A8LV", "os_days"])


def test_zero_times_are_missing(tcga, patients):
    zero = of_rule(tcga, "zero_os_time")
    assert len(zero) == 13
    assert patients.loc[zero["patient_id"], "os_days"].isna().all()
    assert set(patients.index[patients["os_days"].isna()]) == set(zero["patient_id"])
    # missing in Xena's survival table; cBioPortal gives months
    assert patients.loc["TCGA-BH-A0B2", "os_days"] == pytest.approx(40.814985 * 365.25 / 12)


def test_normal_tissue_and_metastases_are_left_out(tcga):
    others = of_rule(tcga, "other_samples").set_index("file")["message"]
    assert "169 of 1,268 rows" in others["xena_survival.tsv.gz"]
    assert "170 of 1,283 rows" in others["xena_phenotype.tsv.gz"]
    assert "7 of 1,120 rows" in others["purity.tsv"]


def test_decimal_commas_of_the_purity_table_are_read(patients):
    # the line in the file: TCGA-3C-AAAU-01A BRCA 0,9333 NaN NaN 0,7 0,7886
    row = patients.loc["TCGA-3C-AAAU"]
    assert (row["purity_estimate"], row["purity_ihc"]) == (0.9333, 0.7)
    assert row[["purity_absolute", "purity_lump"]].isna().all()
    columns = ["purity_estimate", "purity_absolute", "purity_lump", "purity_ihc"]
    assert patients[columns].notna().sum().tolist() == [1077, 830, 726, 1079]
    assert patients[columns].min().min() >= 0.15
    assert patients[columns].max().max() <= 1


def test_the_first_of_several_purity_rows_is_kept(tcga, patients):
    twice = of_rule(tcga, "duplicate_patient")
    assert len(twice) == 12
    assert (twice["file"] == "purity.tsv").all()
    assert patients.loc["TCGA-AC-A3QQ", "purity_ihc"] == 0.85, "vial A; vial B has 0.15"
    assert patients.index.is_unique


def test_disagreements_of_the_tcga_tables_are_reported(tcga):
    disagreements = of_rule(tcga, "sources_disagree")
    assert disagreements["message"].str.extract(r"^(\w+) differs .* for (\d+) ").to_numpy().tolist() == [
        ["os_days", "3"],
        ["os_event", "1"],
        ["her2", "42"],
    ]


def test_tcga_has_no_other_rejections(tcga):
    assert set(tcga.rejected["rule"]) == {
        "negative_os_time",
        "zero_os_time",
        "other_samples",
        "duplicate_patient",
        "sources_disagree",
        "patient_id_missing",
    }
    assert not tcga.rejected.duplicated(["file", "patient_id", "rule", "message"]).any()


def test_columns_that_nobody_asked_for_are_not_kept(tcga):
    assert tcga.other.empty


def test_mri_features_of_91_patients(landing, patients):
    cohort = read_cohort(landing / "tcga_brca_mri")
    features, rejected = read_features(landing / "tcga_brca_mri", "tcga_brca_mri", cohort)
    assert features.shape == (91, 36)
    assert rejected.empty
    assert features.notna().all(axis=None)
    assert all(name.replace("_", "").isalnum() for name in features.columns)
    assert set(features.index) - set(patients.index) == {"TCGA-BH-A0B6"}
    # identities that hold between features: K3 = K1 / K2, G3 = S3 / S1
    np.testing.assert_allclose(
        features["K3_uptake_rate"], features["K1_maximum_enhancement"] / features["K2_time_to_peak"], rtol=1e-3
    )
    np.testing.assert_allclose(
        features["G3_surface_to_volume_ratio"], features["S3_surface_area"] / features["S1_lesion_volume"], rtol=1e-3
    )
    assert cohort.split is not None
    assert {Role.SIGNATURE_DISCOVERY, Role.SIGNATURE_VALIDATION} == set(cohort.roles)


def test_counts_of_60_patients(landing, patients):
    folder = landing / "tcga_brca_rnaseq"
    counts, rejected = read_expression(folder, "tcga_brca_rnaseq", read_cohort(folder))
    assert counts.shape == (20124, 60)
    assert rejected.empty
    assert (counts.to_numpy() % 1 == 0).all()
    assert counts.loc["A2M", "TCGA-5L-AAT0"] == 22097
    assert set(counts.columns) <= set(patients.index)


def test_scanb(landing):
    folder = landing / "scanb"
    cohort = read_cohort(folder)
    matrix, rejected = read_expression(folder, "scanb", cohort)
    assert matrix.shape == (10000, 400)
    assert rejected.empty
    clinical = read_clinical(folder, "scanb", cohort)
    assert clinical.rejected.empty
    assert set(clinical.patients["patient_id"]) == set(matrix.columns)
    assert clinical.patients["os_event"].sum() == 48
    assert clinical.patients["os_days"].notna().all()
    counts = {name: clinical.patients[name].value_counts().to_dict() for name in ("er", "pr", "her2", "pam50")}
    assert counts == {
        "er": {"positive": 300, "negative": 100},
        "pr": {"positive": 281, "negative": 103},
        "her2": {"negative": 343, "positive": 42},
        "pam50": {"LumA": 212, "LumB": 65, "Basal": 63, "Her2": 42, "Normal": 18},
    }
    assert clinical.other.empty


def test_soft_tissue_outlines(landing):
    folder = landing / "soft_tissue_mr"
    cohort = read_cohort(folder)
    outlines, rejected = read_manifest(folder, "soft_tissue_mr", cohort)
    assert len(outlines) == outlines["patient_id"].nunique() == 15
    assert rejected.empty
    assert outlines["image_sha256"].is_unique
    clinical = read_clinical(folder, "soft_tissue_mr", cohort)
    assert clinical.other.query("column == 'lung_metastasis'")["value"].astype(int).sum() == 2
