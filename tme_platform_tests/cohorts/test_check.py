import random
from pathlib import Path

import pytest

from tme_platform.cohorts import check_cohort

from .conftest import HEAD

GOOD = """features: {file: f.csv, feature_set: x}
clinical: [{file: c.csv, patient_id: id, columns: {os_days: t, os_event: e}}]
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
