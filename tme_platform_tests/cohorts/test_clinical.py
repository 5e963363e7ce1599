import pandas as pd
import pytest

from tme_platform.cohorts import read_clinical
from tme_platform.tables.clinical import CLINICAL_COLUMNS


def one_table(columns: str, **more: str) -> str:
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return f"clinical: [{{file: c.csv, patient_id: id, columns: {{{columns}}}{extra}}}]\n"


@pytest.fixture
def read(land):
    def read_one(columns: str, text: str, **more: str):
        folder, cohort = land(one_table(columns, **more), {"c.csv": text})
        return read_clinical(folder, "small", cohort)

    return read_one


def test_patients_have_all_canonical_columns_with_their_types(read):
    patients = read("age_years: age", "id,age\nP1,50\n").patients
    assert list(patients.columns) == ["patient_id", *CLINICAL_COLUMNS]
    assert patients["age_years"].dtype == "float64"
    assert patients["os_days"].dtype == "float64"
    assert patients["os_event"].dtype == "Int64"
    assert patients["patient_id"].dtype == patients["er"].dtype == "string"
    assert patients.drop(columns=["patient_id", "age_years"]).isna().all(axis=None)


@pytest.mark.parametrize(
    "word", ["", "NA", "n/a", "NaN", "null", "#N/A", "[Not Evaluated]", "not reported", " Unknown "]
)
def test_words_for_missing_are_no_rejections(read, word):
    tables = read("age_years: age, er: er, site: site", f"id,age,er,site\nP1,{word},{word},{word}\n")
    assert tables.patients[["age_years", "er", "site"]].isna().all(axis=None)
    assert tables.rejected.empty


@pytest.mark.parametrize(
    ("column", "text", "rule"),
    [
        ("os_days", "-31", "negative_os_time"),
        ("os_days", "0", "zero_os_time"),
        ("os_days", "inf", "out_of_range"),
        ("os_days", "long", "not_a_number"),
        ("age_years", "121", "out_of_range"),
        ("age_years", "-1", "out_of_range"),
        ("purity_ihc", "70", "out_of_range"),
        ("purity_ihc", "0;7", "not_a_number"),
        ("cd8_percent", "101", "out_of_range"),
        ("pd_l1", "-1", "out_of_range"),
        ("er", "Equivocal", "unknown_category"),
        ("os_event", "2", "unknown_category"),
        ("stage", "IIX", "unknown_category"),
        ("pam50", "CLOW", "unknown_category"),
        ("recist", "NE", "unknown_category"),
        ("sex", "x", "unknown_category"),
    ],
)
def test_values_that_are_not_allowed_are_set_missing_and_reported(read, column, text, rule):
    tables = read(f"{column}: x", f"id,x,kept\nP1,{text},a\n")
    assert tables.patients[column].isna().all()
    (row,) = tables.rejected.itertuples()
    assert (row.cohort, row.patient_id, row.file, row.rule) == ("small", "P1", "c.csv", rule)
    assert row.action == "value set missing"
    assert repr(text) in row.message
    assert column in row.message


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("stage", "STAGE IIA", "IIA"),
        ("stage", "stage iiic", "IIIC"),
        ("stage", "IV", "IV"),
        ("stage", "Stage 0", "0"),
        ("sex", "Female", "female"),
        ("laterality", "Left", "left"),
        ("er", "POSITIVE", "positive"),
        ("pam50", "luma", "LumA"),
        ("pam50", "Basal-like", "Basal"),
        ("recist", "cr", "CR"),
        ("immune_phenotype", "Inflamed", "inflamed"),
        ("os_event", "1.0", 1),
        ("os_event", "TRUE", 1),
        ("age_years", "0", 0.0),
        ("purity_ihc", "1", 1.0),
        ("site", "007", "007"),
    ],
)
def test_words_are_mapped_to_canonical_values(read, column, text, value):
    tables = read(f"{column}: x", f"id,x\nP1,{text}\n")
    assert tables.patients[column].tolist() == [value]
    assert set(tables.rejected["rule"]) <= {"missing_os_time"}, "an event without a time is reported"


def test_stage_x_is_missing_without_a_rejection(read):
    tables = read("stage: x", "id,x\nP1,STAGE X\n")
    assert tables.patients["stage"].isna().all()
    assert tables.rejected.empty


def test_declared_values_map_words_and_null_means_missing(read):
    er = "er: {column: er, values: {'0': negative, '1': positive, E: null}}"
    columns = f"{er}, os_event: {{column: s, values: {{dead: true, alive: 0}}}}"
    tables = read(columns, "id,er,s\nP1,0,dead\nP2,1,alive\nP3,E,dead\nP4,odd,\n")
    assert tables.patients["er"].fillna("-").tolist() == ["negative", "positive", "-", "-"]
    assert tables.patients["os_event"].fillna(-1).tolist() == [1, 0, 1, -1]
    # one rejection for the unmapped word; the others report the missing times
    assert tables.rejected["rule"].tolist().count("unknown_category") == 1


def test_times_are_converted_to_days_and_ages_to_years(read):
    tables = read("os_days: {column: m, unit: months}, age_years: {column: d, unit: days}", "id,m,d\nP1,12,18262.5\n")
    assert tables.patients["os_days"].tolist() == [365.25]
    assert tables.patients["age_years"].tolist() == [50.0]


def test_decimal_commas_are_read_if_declared(read):
    text = 'id,p\nP1,"0,93"\nP2,0.5\n'
    assert read("purity_ihc: p", text, decimal="','").patients["purity_ihc"].tolist() == [0.93, 0.5]
    undeclared = read("purity_ihc: p", text)
    assert undeclared.patients["purity_ihc"].isna().tolist() == [True, False]
    assert "decimal" in undeclared.rejected["message"].item()


def test_many_equal_rejections_are_one_row(read):
    text = "id,age,er\n" + "".join(f"P{i:03},old,maybe\n" for i in range(200))
    tables = read("age_years: age, er: er", text)
    assert len(tables.patients) == 200
    assert tables.rejected["rule"].tolist() == ["not_a_number", "unknown_category"]
    assert tables.rejected["patient_id"].isna().all()
    assert tables.rejected["message"].str.contains("200 patients").all()


def test_several_rows_of_a_patient_are_merged(read, rules):
    text = "id,age,er,more\nP1,50,,a\nP1,50,positive,b\nP2,60,positive,\nP2,61,positive,\nP3,70,,\nP3,70,,\n"
    tables = read("age_years: age, er: er", text)
    assert tables.patients["age_years"].tolist() == [50, 60, 70]
    assert tables.patients["er"].fillna("-").tolist() == ["positive", "positive", "-"]
    assert rules(tables.rejected) == {"duplicate_patient": 1}
    assert tables.rejected["patient_id"].item() == "P2"
    assert "age_years (60.0, 61.0)" in tables.rejected["message"].item()


def test_only_columns_that_are_asked_for_are_kept(land, rules):
    text = "id,MRN,grade,note,seen\nP1,4711,a,x,1\nP1,4711,b,x,1\nP2,4712,,x,0\n"
    declared = "clinical: [{file: c.csv, patient_id: id, other: [grade, nothing]}]\n"
    endpoint = "endpoints: {seen: {column: seen, positive: ['1'], negative: ['0']}}\n"
    folder, cohort = land(declared + endpoint, {"c.csv": text})
    tables = read_clinical(folder, "small", cohort)
    kept = tables.other[["patient_id", "column", "value"]].to_numpy().tolist()
    assert sorted(kept) == [["P1", "grade", "a"], ["P1", "grade", "b"], ["P1", "seen", "1"], ["P2", "seen", "0"]]
    assert rules(tables.rejected) == {"unknown_column": 1}


def test_a_pattern_leaves_out_other_samples(land, rules):
    declared = (
        "clinical: [{file: c.csv, patient_id: {column: s, pattern: '^(TCGA-..)-01'}, columns: {age_years: age}}]\n"
    )
    folder, cohort = land(declared, {"c.csv": "s,age\nTCGA-AA-01A,50\nTCGA-AA-11A,51\nTCGA-BB-06A,52\n,53\n"})
    tables = read_clinical(folder, "small", cohort)
    assert tables.patients["patient_id"].tolist() == ["TCGA-AA"]
    assert tables.patients["age_years"].tolist() == [50]
    assert rules(tables.rejected) == {"other_samples": 1, "patient_id_missing": 1}


def test_unknown_columns_name_the_nearest_and_others_are_read(read, rules):
    tables = read("age_years: agee, er: er, sexx: sex", "id,age,er,sex\nP1,50,positive,female\n")
    assert tables.patients["er"].tolist() == ["positive"]
    assert tables.patients["age_years"].isna().all()
    assert rules(tables.rejected) == {"unknown_column": 2}
    said = " ".join(tables.rejected["message"])
    assert "'agee'; nearest: age" in said
    assert "'sexx' is not a canonical column; nearest: sex" in said


def two_tables(land, first: str, second: str, adds: str = "true"):
    declared = (
        "clinical:\n"
        "  - {file: a.csv, patient_id: id, columns: {os_days: t, os_event: e, er: er}}\n"
        f"  - {{file: b.csv, patient_id: id, adds_patients: {adds}, columns: {{os_days: t, os_event: e, er: er}}}}\n"
    )
    folder, cohort = land(declared, {"a.csv": f"id,t,e,er\n{first}", "b.csv": f"id,t,e,er\n{second}"})
    return read_clinical(folder, "small", cohort)


def test_the_first_known_value_is_kept_and_disagreements_are_one_row_each(land):
    tables = two_tables(
        land,
        "P1,100,1,positive\nP2,200,0,\nP3,300,0,negative\n",
        "P1,150,1,negative\nP2,201,0,positive\nP3,310,0,positive\n",
    )
    assert tables.patients["os_days"].tolist() == [100, 200, 300]
    assert tables.patients["er"].tolist() == ["positive", "positive", "negative"]
    assert tables.rejected["rule"].tolist() == ["sources_disagree", "sources_disagree"]
    assert tables.rejected["action"].unique().tolist() == ["first value kept"]
    er, days = tables.rejected["message"]
    assert "er differs from the value kept for 2 patients (P1: positive, here negative" in er
    assert "P2" not in days, "201 and 200 days count as the same follow-up"


def test_time_and_event_come_from_the_same_table(land, rules):
    tables = two_tables(land, "P1,-31,0,\nP2,,1,\n", "P1,549,1,\nP2,,,\n")
    patients = tables.patients.set_index("patient_id")
    assert (patients.loc["P1", "os_days"], patients.loc["P1", "os_event"]) == (549, 1)
    assert rules(tables.rejected) == {"negative_os_time": 1, "missing_os_time": 1, "sources_disagree": 1}
    by_rule = tables.rejected.set_index("rule")
    assert by_rule.loc["negative_os_time", "patient_id"] == "P1"
    assert by_rule.loc["missing_os_time", "patient_id"] == "P2"
    assert (
        "os_event differs from the value kept for 1 patient (P1: 1, here 0)"
        in by_rule.loc["sources_disagree", "message"]
    )


def test_a_negative_time_is_reported_once(land, rules):
    tables = two_tables(land, "P1,-7,0,\n", "P1,,,\n")
    assert tables.patients["os_days"].isna().all()
    assert rules(tables.rejected) == {"negative_os_time": 1}


def test_a_table_can_leave_the_patients_unchanged(land):
    tables = two_tables(land, "P1,100,1,\n", "P1,100,1,\nP2,-5,1,odd\n", adds="false")
    assert tables.patients["patient_id"].tolist() == ["P1"]
    assert tables.rejected.empty, "P2 is not a patient of the cohort"


def test_patients_of_all_measurements_are_included(land):
    declared = (
        "clinical: [{file: c.csv, patient_id: id, columns: {age_years: age}}]\n"
        "expression: {file: e.tsv, unit: tpm, patient_pattern: '^(.*)-T$'}\nfeatures: {file: f.csv, feature_set: x}\n"
        "cell_scores: {file: s.tsv, groups: g.tsv, method: m}\nimaging: {}\n"
    )
    files = {
        "c.csv": "id,age\nP1,50\n",
        "e.tsv": "gene\tP2-T\tP2-N\nA\t1\t2\n",
        "f.csv": "patient_id,f\nP3,1\n",
        "s.tsv": "patient_id\ts\nP4\tx\n",
        "imaging.csv": "patient_id,image,mask\nP5,a,b\n",
    }
    folder, cohort = land(declared, files)
    assert read_clinical(folder, "small", cohort).patients["patient_id"].tolist() == ["P1", "P2", "P3", "P4", "P5"]


@pytest.mark.parametrize(("column", "patients"), [(" patient_id ", ["P1", "P9"]), ("someone", ["P9"])])
def test_patients_of_features_are_found_by_the_stripped_column_name(land, column, patients):
    for file in ("f.csv", "f.parquet"):
        folder, cohort = land(
            f"{one_table('er: er')}features: {{file: {file}, feature_set: x}}\n", {"c.csv": "id\nP9\n"}
        )
        table = pd.DataFrame({column: ["P1"], "f": [1]})
        table.to_csv(folder / file, index=False) if file == "f.csv" else table.to_parquet(folder / file)
        assert read_clinical(folder, "small", cohort).patients["patient_id"].tolist() == patients


@pytest.mark.parametrize(
    ("name", "content", "rule", "said"),
    [
        ("d.csv", b"id\nP1\n", "file_missing", "nearest: d.csv"),
        ("c.csv", b"", "file_unreadable", "empty"),
        ("c.csv", "id,n\nP1,Jürgen\n".encode("latin-1"), "file_unreadable", "UTF-8"),
        ("c.csv", b"id,x\nP1,1,2\n", "file_unreadable", "line 2"),
        ("c.csv", b"name,x\nP1,1\n", "unknown_column", "'id'"),
    ],
)
def test_an_unreadable_table_does_not_affect_the_others(land, name, content, rule, said):
    declared = "clinical:\n  - {file: c.csv, patient_id: id}\n  - {file: good.csv, patient_id: id}\n"
    folder, cohort = land(declared, {"good.csv": "id,x\nP9,1\n"})
    (folder / name).write_bytes(content)
    tables = read_clinical(folder, "small", cohort)
    assert tables.patients["patient_id"].tolist() == ["P9"]
    (row,) = tables.rejected.itertuples()
    assert (row.file, row.rule, row.action) == ("c.csv", rule, "file left out")
    assert said in row.message


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("c.xls", b"PK", "Save it as .csv"),
        ("c.xlsx", b"PK", "Save it as .xlsx or .csv"),
        ("c.csv.gz", b"\x1f\x8b\x08broken", "gzip"),
    ],
)
def test_unsupported_and_damaged_files_are_rejected(land, file, content, said):
    folder, cohort = land(f"clinical: [{{file: {file}, patient_id: id}}]\n")
    (folder / file).write_bytes(content)
    rejected = read_clinical(folder, "small", cohort).rejected
    assert rejected["rule"].tolist() == ["file_unreadable"]
    assert said in rejected["message"].item()


def test_a_path_out_of_the_folder_is_rejected(land):
    folder, cohort = land("clinical: [{file: ../secret.csv, patient_id: id}]\n")
    assert read_clinical(folder, "small", cohort).rejected["rule"].tolist() == ["path_leaves_folder"]


def test_parquet_quotes_and_byte_order_marks_are_read(land):
    folder, cohort = land(
        "clinical:\n  - {file: c.parquet, patient_id: id, columns: {age_years: age}}\n"
        "  - {file: d.csv, patient_id: id, columns: {er: er}}\n"
    )
    pd.DataFrame({"id": ["P1", "P2"], "age": [50, 60]}).set_index("id").to_parquet(folder / "c.parquet")
    (folder / "d.csv").write_text('\ufeffid,er\n"P1","positive"\n', encoding="utf-8")
    patients = read_clinical(folder, "small", cohort).patients
    assert patients["age_years"].tolist() == [50, 60]
    assert patients["er"].fillna("-").tolist() == ["positive", "-"]


def test_the_first_of_two_columns_with_the_same_name_is_used(read, rules):
    tables = read("age_years: age", "id,age,age,\nP1,50,51,\n")
    assert tables.patients["age_years"].tolist() == [50]
    assert rules(tables.rejected) == {"duplicate_column": 1}


def test_reading_is_reproducible(read):
    text = "id,age,er\nP2,old,maybe\nP1,200,maybe\n"
    first, second = (read("age_years: age, er: er", text) for _ in range(2))
    pd.testing.assert_frame_equal(first.rejected, second.rejected)
    pd.testing.assert_frame_equal(first.patients, second.patients)
