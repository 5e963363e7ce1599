import random
from pathlib import Path

import pytest

from tme_platform.cohorts import check_cohort

from .conftest import HEAD

GOOD = """features: {file: f.csv, feature_set: x}
clinical: [{file: c.csv, patient_id: id, columns: {os_days: t, os_event: e}, other: [more]}]
"""
FILES = {"f.csv": "patient_id,a\nP1,1\nP2,2\n", "c.csv": "id,t,e,more\nP1,10,1,x\nP2,-1,1,y\n"}


def snapshot(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*"))


def test_check_counts_and_rejects_without_writing(land):
    folder, _ = land(GOOD, FILES)
    before = snapshot(folder)
    report = check_cohort(folder)
    assert report.ok
    assert report.title == "A cohort"
    assert report.counts["patients"] == 2
    assert report.counts["patients with survival"] == 1
    assert report.counts["deaths"] == 1
    assert report.counts["features"] == 1
    assert report.counts["unmapped clinical columns"] == 1
    assert report.counts["files"] == 3
    assert report.rejected["rule"].tolist() == ["negative_os_time"]
    assert snapshot(folder) == before


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ("", "roles need features, imaging, cell_scores or expression"),
        ("features: {file: f.csv, feature_set: x}\n", "features cannot be used"),
        ("imaging: {}\n", "no outline can be used"),
        ("imaging: {}\ncell_scores: {file: s, groups: g, method: m}\n", "cell scores cannot be used"),
        ("imaging: {}\nexpression: {file: e.tsv, unit: tpm}\n", "expression matrix cannot be used"),
        (
            "imaging: {}\nphenotypes: {by: patient, cohort: other}\n",
            "cohort 'other', which is not in the landing folder",
        ),
        ("imaging: {}\nscore_comparison: {cohort: other}\n", "score_comparison names cohort 'other'"),
        ("imaging: {}\nscore_comparison: {cohort: other, pairs: p.tsv}\n", "p.tsv cannot be read"),
        ("imaging: {}\nother_scores: {x: {file: s.tsv, groups: g.tsv, method: m}}\n", "other_scores: x cannot be used"),
        ("imaging: {}\ncontrol_arm: placebo\n", "No patient has an arm"),
        ("imaging: {}\nother_scores: {x: {file: s, groups: g, times: pd_l1, method: m}}\n", "`times` multiplies"),
        ("expresion: {}\n", "unknown key"),
    ],
)
def test_problems_are_reported_not_raised(tmp_path, declared, problem):
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "cohort.yaml").write_text(HEAD + declared)
    report = check_cohort(folder)
    assert not report.ok
    assert problem in " ".join(report.problems)


def test_a_control_arm_that_no_patient_has_is_a_problem(land):
    declared = "{file: c.csv, patient_id: id, columns: {arm: a}}"
    cohort = f"features: {{file: f.csv, feature_set: x}}\nclinical: [{declared}]\ncontrol_arm: "
    files = {"f.csv": FILES["f.csv"], "c.csv": "id,a\nP1,old\nP2,new\n"}
    folder, _ = land(f"{cohort}placebo\n", files)
    (problem,) = check_cohort(folder).problems
    assert problem == "control_arm 'placebo' is not a value of arm. Write one of new, old."
    assert check_cohort(land(f"{cohort}old\n", files)[0]).ok


def test_other_scores_are_counted_and_say_what_they_lack(land):
    other = "other_scores: {lm: {file: s.tsv, kind: fractions, lineages: lm22, times: leukocyte_fraction, method: m}}\n"
    files = {**FILES, "s.tsv": "patient_id\tMonocytes\nP1\t0.4\nP2\t0.5\n"}
    folder, _ = land(GOOD + other, files)
    report = check_cohort(folder)
    assert "other_scores: lm cannot be used" in " ".join(report.problems)
    assert "no patient of s.tsv has leukocyte_fraction. Map it" in " ".join(report.rejected["message"])
    folder, _ = land(GOOD.replace("os_event: e", "os_event: e, leukocyte_fraction: l") + other,
                     {**files, "c.csv": "id,t,e,l\nP1,10,1,0.3\nP2,5,1,\n"})  # fmt: skip
    report = check_cohort(folder)
    assert report.ok
    assert report.counts["patients with lm scores"] == 1


def test_values_that_do_not_fit_the_unit_are_a_problem(land):
    folder, _ = land(
        f"{GOOD}expression: {{file: e.tsv, unit: counts}}\n", {**FILES, "e.tsv": "gene\tP1\nA\t2.5\nB\t1\n"}
    )
    assert "look like logarithms" in " ".join(check_cohort(folder).problems)


def test_how_counts_are_converted_is_noted(land):
    counts = "gene\tP1\nCD8A\t90\nCD4\t10\n"
    folder, _ = land(f"{GOOD}expression: {{file: e.tsv, unit: counts}}\n", {**FILES, "e.tsv": counts})
    assert check_cohort(folder).notes == ("counts become log2 TPM by the packaged gene lengths",)
    folder, _ = land(
        f"{GOOD}expression: {{file: e.tsv, unit: counts, gene_lengths: l.tsv}}\n",
        {**FILES, "e.tsv": counts, "l.tsv": "gene\tlength\nX\t1\n"},
    )
    report = check_cohort(folder)
    assert "log2 CPM without gene lengths" in report.notes[0]
    assert "gene_lengths_unusable" in set(report.rejected["rule"])


def test_missing_and_misnamed_folders_are_problems(tmp_path):
    assert "no folder" in check_cohort(tmp_path / "nowhere").problems[0]
    (tmp_path / "No Good").mkdir()
    report = check_cohort(tmp_path / "No Good")
    assert "Rename it" in report.problems[0]
    assert "there is no" in report.problems[1]
    assert report.rejected.empty


DECLARED = """expression: {file: e.tsv, unit: tpm, gene_id: ensembl, gene_map: m.tsv}
features: {file: f.csv, feature_set: x, rename: {a: b}}
cell_scores: {file: s.tsv, groups: g.tsv, method: m}
imaging: {}
clinical:
  - file: c.csv
    patient_id: {column: id, pattern: '^(P.)'}
    columns: {os_days: {column: t, unit: months}, os_event: e, er: er, stage: st, site: si}
  - {file: d.csv, patient_id: id, columns: {os_days: t, os_event: e, er: er}}
"""
TABLES = {
    "e.tsv": "gene\tP1\tP2\nENSG1.1\t1\t2\nENSG2\t3\t4\n",
    "m.tsv": "id\tsymbol\nENSG1\tA\nENSG2\tB\n",
    "f.csv": "patient_id,a,c\nP1,1,2\nP2,3,4\n",
    "s.tsv": "patient_id\tx\ty\nP1\t1\t2\nP2\t3\t4\n",
    "g.tsv": "population\tgroup\nx\tadaptive\ny\tnon_immune\n",
    "imaging.csv": "patient_id,image,mask,session\nP1,f.csv,s.tsv,1\nP2,e.tsv,m.tsv,2\n",
    "c.csv": "id,t,e,er,st,si\nP1,10,1,positive,IIA,x\nP2,20,0,negative,X,y\n",
    "d.csv": "id,t,e,er,more\nP1,300,1,negative,a\nP2,600,0,negative,b\n",
}
JUNK = ["", "\t", ",", "\n", '"', "'", "NA", "\x00", "é", "-1", "1e999", "nan", "P1", "\r", "  ", "\ufeff", "..", "id"]


@pytest.mark.parametrize("seed", range(8))
def test_damaged_files_raise_no_error(land, seed):
    """Characters are removed, replaced or inserted, or a file is cut or doubled."""
    rng = random.Random(seed)  # noqa: S311  # no secret
    for attempt in range(8):
        files = dict(TABLES)
        for name in rng.sample(sorted(files), k=3):
            text = files[name]
            start = rng.randrange(len(text) + 1)
            cut = text[start + rng.randint(0, 6) :]
            files[name] = rng.choice([text[:start] + rng.choice(JUNK) + cut, text[:start], text + text])
        folder, _ = land(DECLARED, files, name=f"c{seed}_{attempt}")
        report = check_cohort(folder)
        assert set(report.rejected["cohort"]) <= {folder.name}
        assert report.rejected["message"].notna().all()


TRIAL = """expression: {file: e.tsv, unit: log2_tpm}
features: {file: f.csv, feature_set: x, rename: {b: volume}}
phenotypes: {by: fit}
clinical:
  - file: c.csv
    patient_id: id
    columns: {age_years: age, os_days: {column: months, unit: months}, os_event: dead, er: er}
endpoints: {lesion: {column: lesion, positive: [seen], negative: [none]}}
"""
TRIAL_FILES = {
    "e.tsv": "gene\tP1\tP2\tP3\nCD8A\t1\t2\t3.5\nCD4\t2\t3\t1.5\n",
    "f.csv": "patient_id,a,b,note\nP1,1.5,2,x\nP2,3,4,y\nP3,5,6,z\n",
    "c.csv": "id,age,months,dead,er,lesion\nP1,40,12,1,positive,seen\nP2,50,24,0,negative,seen\nP3,,6,0,,\n",
    "old_scores.csv": "x\n",
    "README.md": "about",
}


def test_check_says_what_files_and_columns_were_taken_for(land):
    report = check_cohort(land(TRIAL, TRIAL_FILES)[0])
    taken = {use.file: use for use in report.files}
    assert {file: use.taken_for for file, use in taken.items()} == {
        "c.csv": "clinical table",
        "e.tsv": "expression (log2_tpm)",
        "f.csv": "features (set x)",
        "old_scores.csv": "not used",
    }
    assert taken["c.csv"].facts == (
        "3 patients (column id): P1, P2, P3",
        "1 column without mapping, kept in clinical_other: lesion",
    )
    assert taken["e.tsv"].facts[0] == "2 genes (rows): CD8A, CD4"
    assert taken["e.tsv"].facts[1] == "3 samples (columns), each a patient: P1, P2, P3"
    assert "2 features: a, volume" in taken["f.csv"].facts
    assert "1 column not taken for features: note" in taken["f.csv"].facts
    assert [line for column in report.columns for line in column.lines] == [
        "age_years <- c.csv: age (2 known): 40 to 50 years",
        "os_days <- c.csv: months (3 known): 6 to 24 months",
        "os_event <- c.csv: dead (3 known): 0 (2), 1 (1)",
        "er <- c.csv: er (2 known): negative (1), positive (1)",
    ]


def test_check_counts_the_classes_of_endpoints_and_says_which_cannot_be_compared(land):
    report = check_cohort(land(TRIAL, TRIAL_FILES)[0])
    counts = {endpoint.name: (endpoint.n, endpoint.n_positive) for endpoint in report.endpoints}
    assert counts == {"os": (3, 1), "lesion": (2, 2)}
    assert "endpoint lesion: all 2 patients are positive, so nothing can be compared with it." in report.warnings
    unseen = check_cohort(land(TRIAL.replace("[seen]", "[maybe]").replace("[none]", "[no]"), TRIAL_FILES)[0])
    assert "endpoint lesion is declared, but no patient has a value. Check its columns." in unseen.warnings


def test_check_names_tables_that_do_not_meet(land):
    files = TRIAL_FILES | {"e.tsv": TRIAL_FILES["e.tsv"].replace("P1\tP2\tP3", "p.1\tp.2\tp.3")}
    report = check_cohort(land(TRIAL, files)[0])
    assert any("clinical table c.csv (3 patients) and expression (3) have no patient" in one for one in report.problems)
    few = TRIAL_FILES | {"e.tsv": TRIAL_FILES["e.tsv"].replace("P1\tP2", "Q1\tQ2")}
    report = check_cohort(land(TRIAL, few)[0])
    assert report.ok
    assert any("have 1 of 3 patients in common" in one for one in report.warnings)
    assert not check_cohort(land(TRIAL, few)[0], min_shared_patients=0.4).ok


def test_readers_series_and_images_are_listed(land):
    manifest = (
        "patient_id,image,mask,reader\nA,i/a.nii,i/a_m.nii,anna\nA,i/a.nii,i/a_n.nii,ben\nB,i/b.nii,i/b_m.nii,anna\n"
    )
    names = ("i/a.nii", "i/b.nii", "i/a_m.nii", "i/a_n.nii", "i/b_m.nii", "i/left.nii")
    folder, _ = land("imaging: {}\n", {"imaging.csv": manifest, **{name: name for name in names}})
    listed, images, outlines, unused = check_cohort(folder).files
    assert listed.facts == (
        "3 outlines of 2 patients: A, B",
        "1 series: 1 (2 patients)",
        "2 readers: anna (2 patients), ben (1 patient)",
        "1 session: 1 (2 patients)",
    )
    assert (images.taken_for, outlines.taken_for) == ("2 images", "3 outlines")
    assert (unused.file, unused.taken_for) == ("i/left.nii", "not used")


@pytest.mark.parametrize(
    ("declared", "files", "problem"),
    [
        ("phenotypes: {by: fit}\n", {}, "`phenotypes: {by: fit}` clusters this cohort, which needs"),
        ("phenotypes: {by: patient, cohort: other}\n", {"../other/cohort.yaml": HEAD + "imaging: {}\n"}, "fits none"),
        ("phenotypes: {by: patient, cohort: other}\n", {"../other/cohort.yaml": "title: ["}, "file cannot be read"),
    ],
)
def test_phenotypes_that_cannot_be_had_are_a_problem(land, declared, files, problem):
    report = check_cohort(land(GOOD + declared, FILES | files)[0])
    assert problem in " ".join(report.problems)


def test_a_role_without_phenotypes_is_worth_a_look(land):
    folder, _ = land(GOOD, FILES)
    text = (folder / "cohort.yaml").read_text().replace("[immune_phenotype]", "[signature_validation]")
    (folder / "cohort.yaml").write_text(text)
    report = check_cohort(folder)
    assert report.ok
    assert "nobody is called hot or cold, and the role signature_validation has no effect" in " ".join(report.warnings)


def test_a_split_is_stratified_by_phenotype_only(land):
    from tme_platform.cohorts import CohortError

    with pytest.raises(CohortError, match="stratify_by"):
        land(
            GOOD.replace("features", "split: {stratify_by: stage}\nfeatures"),
            FILES,
        )


MAPPED = """features: {file: f.csv, feature_set: x}
clinical:
  - file: c.csv
    patient_id: id
    columns: {os_event: e, her2: h, er: er, cd8_percent: cd8, site: s, stage: none, grade: g, age_years: a}
  - {file: d.csv, patient_id: id, columns: {er: {column: er, values: {"0": negative, "1": positive}}, pr: pr}}
  - {file: lost.csv, patient_id: id, columns: {er: er}}
"""


def columns_of(land, rows: str) -> dict[str, tuple[str, ...]]:
    """The lines of each canonical column of two tables, the first with the given rows."""
    files = {"f.csv": "patient_id,x\nA,1\nB,2\nC,4\n", "d.csv": "id,er,pr\nA,1,positive\nB,0,negative\n"}
    folder, _ = land(MAPPED, {**files, "c.csv": f"id,e,h,er,cd8,s,g,a\n{rows}"})
    return {column.name: column.lines for column in check_cohort(folder).columns}


def test_each_clinical_column_is_shown_once_with_how_its_values_were_read(land):
    rows = "A,1,negative,pos,0.1,Ward 4 Jane Roe,,50\nB,2,negative,neg,0.2,H1,,50\nC,2,Jane Roe,neg,0.6,H1,,50\n"
    assert columns_of(land, rows) == {
        "age_years": ("age_years <- c.csv: a (3 known): 50 years",),
        "os_event": ("os_event <- c.csv: e: 1 -> not read (1), 2 -> not read (2)",),
        "stage": ("stage <- c.csv: none: not read, see below",),
        "grade": ("grade <- c.csv: g: no patient has a value",),
        "er": (
            "er (2 known)",
            "    <- c.csv: er: neg -> not read (2), pos -> not read (1)",
            "    <- d.csv: er: 0 -> negative (1), 1 -> positive (1)",
            "    <- lost.csv: er: not read, see below",
        ),
        "pr": ("pr <- d.csv: pr (2 known): negative (1), positive (1)",),
        "her2": ("her2 <- c.csv: h: negative -> not read (2), other text -> not read (1)",),
        "cd8_percent": ("cd8_percent <- c.csv: cd8: not read, see below",),
        "site": ("site <- c.csv: s (3 known): H1 (2), 1 value of one patient",),
    }


def test_text_that_may_hold_a_name_is_repeated_only_where_it_must_be_corrected(land):
    """A row that has slipped puts names where numbers belong; two rows of a patient differ in free text."""
    rows = "A,1,positive,,Jane Roe,Jane Roe,1,Jane Roe\nA,1,positive,,5,Ann Poe,1,40\nB,0,negative,,50,H1,2,50\n"
    files = {"f.csv": "patient_id,x,shape\nA,1,Jane Roe\nB,2,3\nC,4,5\n", "d.csv": "id,er,pr,s\nA,,,Ann Poe\nB,,,H2\n"}
    declared = MAPPED.replace("pr: pr", "pr: pr, site: s")
    folder, _ = land(declared, {**files, "c.csv": f"id,e,h,er,cd8,s,g,a\n{rows}"})
    report = check_cohort(folder)
    said = " ".join([*report.rejected["message"], *report.problems, *report.warnings])
    assert "age_years (column a) is 'Jane" in said
    assert "shape is 'Jane" in said
    assert "several rows differ in site (2 texts)" in said
    assert "site differs from the value kept for 2 patients (A; B)" in said
    shown = [line for column in report.columns for line in column.lines]
    assert [text for text in shown if "Roe" in text or "Poe" in text] == []


@pytest.mark.parametrize(
    ("declared", "files"),
    [
        ("features: {file: f.csv, feature_set: x}\n", {"f.csv": "patient_id;a\nA;1\nB;2\n"}),
        ("clinical: [{file: c.csv, patient_id: id, columns: {age_years: a}}]\n", {"c.csv": 'id,a\nA,"1\nB,2\nC,3\n'}),
        ("expression: {file: e.tsv, unit: tpm}\n", {"e.tsv": "gene\tA\tB\nCD8A\t1,5\t2,5\nCD4\t1,5\t2,5\n"}),
        ("cell_scores: {file: s.csv, groups: g.csv, method: m}\n", {"s.csv": "patient_id,T\nA,1\n", "g.csv": "x\n1\n"}),
        ("imaging: {}\n", {"imaging.csv": "patient,image,mask\nA,a,b\n"}),
    ],
)
def test_a_refused_file_is_said_to_be_so_and_not_that_it_names_nobody(land, declared, files):
    report = check_cohort(land(declared, files)[0])
    assert report.files[0].facts == ("not read, see below",)
    assert not report.ok or len(report.rejected)
    assert not any("names any patients" in problem for problem in report.problems)


def test_arms_and_endpoints_are_not_missed_where_the_clinical_table_is_refused(land):
    declared = GOOD.replace("os_event: e", "os_event: e, arm: more") + "control_arm: x\nendpoints:\n"
    declared += "  seen: {column: more, positive: [x], negative: [y]}\n"
    report = check_cohort(land(declared, FILES | {"c.csv": FILES["c.csv"].replace(",", ";")})[0])
    assert (report.problems, report.warnings) == ((), ())
    assert "cells are separated by semicolons" in report.rejected["message"].iloc[0]


def test_a_table_without_rows_names_nobody(land):
    report = check_cohort(land("clinical: [{file: c.csv, patient_id: id}]\n", {"c.csv": "id,a\n"})[0])
    assert "no file names any patients. Declare one that does." in report.problems
    assert report.files[0].facts == ("0 patients (column id)", "1 column not used (to keep: `other` in cohort.yaml): a")


def test_a_file_named_in_another_unicode_form_is_used(land):
    composed, decomposed = "Gr\u00f6\u00dfe.csv", "Gro\u0308\u00dfe.csv"
    declared = GOOD.replace("c.csv", composed)
    report = check_cohort(land(declared, {"f.csv": FILES["f.csv"], decomposed: FILES["c.csv"]})[0])
    assert report.ok
    assert [use.taken_for for use in report.files] == ["clinical table", "features (set x)"]


def test_one_of_something_is_counted_in_the_singular(land):
    files = {"f.csv": "patient_id,a,note,Reader\nP1,1.5,x,r\nP2,2.5,y,s\n", "c.csv": "id,t,e\nP1,10,1\n"}
    folder, _ = land(GOOD, files)
    said = " ".join(check_cohort(folder).rejected["message"])
    assert "1 column holds no numbers ('note')" in said
    assert "1 column says which patient, image, mask or reader a row is of ('Reader')" in said
