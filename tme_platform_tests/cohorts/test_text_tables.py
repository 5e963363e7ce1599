"""A table in text is read whole or refused with line and cause."""

import gzip
import unicodedata

import pandas as pd
import pytest

from tme_platform.cohorts import (
    CohortError,
    landing_path,
    read_cell_scores,
    read_clinical,
    read_expression,
    read_features,
    read_manifest,
)

CLINICAL = "clinical: [{{file: {file}, patient_id: id, columns: {{age_years: age}}}}]\n"
GROUPS = "population\tgroup\nT\tadaptive\n"


@pytest.fixture
def clinical(land):
    def read(content: bytes | str, file: str = "c.csv"):
        folder, cohort = land(CLINICAL.format(file=file))
        raw = content.encode() if isinstance(content, str) else content
        (folder / file).write_bytes(gzip.compress(raw) if file.endswith(".gz") else raw)
        return read_clinical(folder, "small", cohort)

    return read


@pytest.fixture
def matrix(land):
    def read(content: bytes | str, file: str = "e.tsv", unit: str = "tpm"):
        folder, cohort = land(f"expression: {{file: {file}, unit: {unit}}}\n")
        raw = content.encode() if isinstance(content, str) else content
        (folder / file).write_bytes(gzip.compress(raw) if file.endswith(".gz") else raw)
        return read_expression(folder, "small", cohort)

    return read


SWALLOWING = [
    ('id,age,note\nA,50,"5 cm\nB,51,x\nC,52,y\nD,53,"6 cm\nE,54,z\n', "line 2"),
    ('id,age,note\nA,50,x\nB,51,"5\nC,52,"\nD,53,x\n', "line 3"),
    ('id,age,note\nA,50,x\nB,51,"never closed\n', "line 3"),
    ('id,age,note\nA,50,"5" wide"\nB,51,x\n', "line 2"),
    ('id,age,"note\nA,50,x\nB,51,"y"\n', "line 1"),
    ('id,age,note\n"A,50,x\n"B,51,y\n', "line 2"),
]


@pytest.mark.parametrize("file", ["c.csv", "c.csv.gz"])
@pytest.mark.parametrize(("text", "line"), SWALLOWING)
def test_an_unclosed_quotation_mark_refuses_the_table(clinical, text, line, file):
    tables = clinical(text, file)
    assert tables.patients.empty
    assert tables.rejected["rule"].tolist() == ["unclosed_quote"]
    assert f"{file}: {line}: a quotation mark" in tables.rejected["message"].item()


@pytest.mark.parametrize("file", ["e.csv", "e.csv.gz"])
@pytest.mark.parametrize(
    "text",
    [
        'gene,P1,P2\nA,1,2\n"B,3,4\nC,5,6\n"D",7,8\n',
        'gene,about,P1\nA,"5 prime,1\nB,x,2\nC,"3 prime,3\n',
        'gene,P1,P2\nA,1,2\n"B,3,4\nC,5,6\n',
        '"gene,P1,P2\nA,1,2\nB,3,4\n',
    ],
)
def test_an_unclosed_quotation_mark_refuses_the_matrix(matrix, text, file):
    genes, rejected = matrix(text, file)
    assert genes.empty
    assert rejected["rule"].tolist() == ["unclosed_quote"]
    assert "line " in rejected["message"].item()


def test_an_unclosed_quotation_mark_refuses_every_kind_of_table(land):
    declared = (
        "features: {file: f.csv, feature_set: x}\nimaging: {}\ncell_scores: {file: s.csv, groups: g.tsv, method: m}\n"
    )
    files = {
        "f.csv": 'patient_id,f,t\nP1,1,"a\nP2,2,"b\nP3,3,c\n',
        "s.csv": 'patient_id,T,t\nP1,1,"a\nP2,2,b\n',
        "imaging.csv": 'patient_id,image,mask\nP1,"a,b\nP2,a,b\n',
        "g.tsv": GROUPS,
    }
    folder, cohort = land(declared, files)
    for rejected in (
        read_features(folder, "small", cohort)[1],
        read_cell_scores(folder, "small", cohort.cell_scores)[2],
        read_manifest(folder, "small", cohort)[1],
    ):
        assert rejected["rule"].tolist() == ["unclosed_quote"]


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ('id,age,note\nA,50,5" wide\nB,51,x\n', '5" wide'),
        ('id,age,note\nA,50,"5"" wide"\nB,51,x\n', '5" wide'),
        ('id,age,note\nA,50,"two\nlines"\nB,51,x\n', "two\nlines"),
        ('id,age,note\nA,50,"one, two"\nB,51,x\n', "one, two"),
        ('"id","age","note"\n"A","50","x"\n"B","51","y"\n', "x"),
    ],
)
def test_quotation_marks_that_leave_no_doubt_are_read(land, text, note):
    declared = CLINICAL.format(file="c.csv").replace("columns", "other: [note], columns")
    folder, cohort = land(declared, {"c.csv": text})
    tables = read_clinical(folder, "small", cohort)
    assert tables.patients["age_years"].tolist() == [50, 51]
    assert tables.other["value"].iloc[0] == note
    assert tables.rejected.empty


def test_a_quoted_matrix_of_r_is_read(matrix):
    genes, rejected = matrix('"","P1","P2"\n"A",1,2\n"B","3",4\n', "e.csv")
    assert genes.to_dict() == {"P1": {"A": 1, "B": 3}, "P2": {"A": 2, "B": 4}}
    assert rejected.empty


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,age,x\nA,50\nB,51,y\n", "line 2 has 2 fields, the header has 3"),
        ("id,age\nA,50\n\nB,51,y\nC,52\n", "line 4 has 3 fields, the header has 2"),
        ("id,age\n1,A,50\n2,B,51\n", "Every line has one more"),
        ("id,age\nA,50,5\nB,51,2\n", "quote cells that contain the separator"),
        ("id;age\nA;50\nB;51\n", "separated by semicolons"),
        ("id;age;size, cm\nA;50,5;1\nB;51;2,5\n", "separated by semicolons"),
        ("id\tage\nA\t50\n", "separated by tabs"),
        ("id|age\nA|50\n", "separated by vertical bars"),
        ("id,age\nA,5\0\n", "line 2 has a NUL byte"),
        ("id,age\nA,50\nB,5", None),
        ("<!DOCTYPE html>\n<html>\n", "web page"),
        ("PK\x03\x04xx", "Excel workbook"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "Git LFS"),
    ],
)
def test_lines_that_are_no_table_are_refused_with_the_cause(clinical, text, said):
    tables = clinical(text)
    if said is None:
        assert tables.patients["age_years"].tolist() == [50, 5]
        return
    assert tables.patients.empty
    assert tables.rejected["rule"].tolist() == ["file_unreadable"]
    assert said in tables.rejected["message"].item()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_named(clinical, matrix, encoding):
    for rejected in (clinical("id,age\nA,50\n".encode(encoding)).rejected, matrix("g\tP\nA\t1\n".encode(encoding))[1]):
        assert rejected["rule"].tolist() == ["file_unreadable"]
        assert "UTF-16" in rejected["message"].item()
        assert "Save it as UTF-8" in rejected["message"].item()


def test_latin_1_is_named_with_its_line(clinical, matrix):
    said = clinical("id,age,n\nA,50,x\nB,51,Müller\n".encode("latin-1")).rejected["message"].item()
    assert "line 3 is not UTF-8 (byte 0xfc), but likely Windows-1252 or Latin-1" in said
    assert "Müller" not in said
    said = matrix("gene\tP1\nA\t1\nµ\t2\n".encode("cp1252"))[1]["message"].item()
    assert "line 3 is not UTF-8" in said


@pytest.mark.parametrize(
    "text",
    [
        "id,age\rA,50\rB,51\r",
        "id,age\r\nA,50\nB,51\r\n",
        "id,age,\nA,50,\nB,51,\n",
        "id,age\nA,50,\nB,51,\n",
        "id,age,\nA,50\nB,51\n",
        "\n  \nid,age\n\nA,50\n \nB,51\n",
        "\ufeffid,age\nA,\u200950\nB,51\u00a0\n",
    ],
)
def test_line_ends_and_empty_fields_do_no_harm(clinical, text):
    tables = clinical(text)
    assert tables.patients["patient_id"].tolist() == ["A", "B"]
    assert tables.patients["age_years"].tolist() == [50, 51]
    assert tables.rejected.empty


def test_a_matrix_with_old_line_ends_is_read(matrix):
    for text in ("\ngene\tP1\r\rA\t1\rB\t2", "gene\tP1\r\nA\t1\nB\t2\r\n"):
        genes, rejected = matrix(text)
        assert genes["P1"].to_dict() == {"A": 1, "B": 2}
        assert rejected.empty


COMMENTS = "#Patient Identifier\tAge\n#Identifier\tAge\n#STRING\tNUMBER\n#1\t1\n"


def test_comments_at_the_top_are_skipped_and_stated(clinical, matrix, rules):
    tables = clinical(f"{COMMENTS}id\tage\nA\t50\nB\t51\n", "c.txt")
    assert tables.patients["age_years"].tolist() == [50, 51]
    assert rules(tables.rejected) == {"comment_lines": 1}
    assert "4 lines" in tables.rejected["message"].item()
    genes, rejected = matrix("# made by hand\ngene\tP1\nA\t1\n")
    assert genes["P1"].to_dict() == {"A": 1}
    assert rules(rejected) == {"comment_lines": 1}


@pytest.mark.parametrize("text", ["#,id,age\n1,A,50\n", "#n,id,age\n1,A,50\n"])
def test_a_header_may_begin_with_a_hash(clinical, text):
    tables = clinical(text)
    assert tables.patients["age_years"].tolist() == [50]
    assert tables.rejected.empty


def test_a_header_one_field_short_names_the_samples(matrix, rules):
    text = "P1\tP2\nA\t1\t2\nB\t3\t4\n"
    genes, rejected = matrix(text)
    assert genes.to_dict() == {"P1": {"A": 1, "B": 3}, "P2": {"A": 2, "B": 4}}
    assert rules(rejected) == {"header_shifted": 1}
    quoted, _ = matrix('"P1"\t"P2"\n"A"\t1\t2\n"B"\t3\t4\n')
    pd.testing.assert_frame_equal(quoted, genes)


@pytest.mark.parametrize(
    "text",
    ["P1\tP2\nA\t1\t2\nB\t3\t4\t5\n", "P1\tP2\nA\t1\t2\nB\t3\n", "gene\tP1\nA\t1\t2\n", 'P1\tP2\nA\t1\t2\nB\t3\t"4'],
)
def test_a_header_that_is_short_otherwise_refuses_the_matrix(matrix, text):
    genes, rejected = matrix(text)
    assert genes.empty
    assert "line " in rejected["message"].item()


def test_the_patients_of_a_shifted_matrix_are_its_samples(land):
    folder, cohort = land("expression: {file: e.tsv, unit: tpm}\n", {"e.tsv": "P1\tP2\nA\t1\t2\n"})
    assert read_clinical(folder, "small", cohort).patients["patient_id"].tolist() == ["P1", "P2"]


def test_a_repeated_header_is_left_out_of_every_table(clinical, matrix, land, rules):
    tables = clinical("id,age\nA,50\nid,age\nB,51\n\nid,age\n")
    assert tables.patients["patient_id"].tolist() == ["A", "B"]
    assert rules(tables.rejected) == {"repeated_header": 1}
    assert "line 3, 6" in tables.rejected["message"].item()
    for text in ("gene\t1\t2\nA\t3\t4\ngene\t1\t2\nB\t5\t6\n", "gene\tP1\tP2\nA\t3\t4\ngene\tP1\tP2\nB\t5\t6\n"):
        genes, rejected = matrix(text)
        assert genes.index.tolist() == ["A", "B"]
        assert rules(rejected) == {"repeated_header": 1}
    folder, cohort = land("features: {file: f.csv, feature_set: x}\n", {"f.csv": "patient_id,1\nP1,2\npatient_id,1\n"})
    features, rejected = read_features(folder, "small", cohort)
    assert features.index.tolist() == ["P1"]
    assert rules(rejected) == {"repeated_header": 1}


@pytest.mark.parametrize(
    "text", ["gene\tP1\tP2\nA\t1,5\t2,25\nB\t0,5\t3\n", "gene\tP1\tP2\nA\t19,047\t2,225\nB\t1\t2\n"]
)
def test_decimal_commas_of_a_matrix_are_named(matrix, text, rules):
    genes, rejected = matrix(text)
    assert genes.empty
    assert rules(rejected) == {"decimal_comma": 1}
    assert "Save it with decimal points" in rejected["message"].item()


def test_decimal_commas_of_features_and_scores_are_named(land, rules):
    declared = "features: {file: f.tsv, feature_set: x}\ncell_scores: {file: s.tsv, groups: g.tsv, method: m}\n"
    folder, cohort = land(
        declared,
        {
            "f.tsv": "patient_id\ta\tb\tn\nP1\t2,04\t-1,5e-3\t1\nP2\t3\t0,25\t2\n",
            "s.tsv": "patient_id\tT\nP1\t0,5\nP2\t,25\n",
            "g.tsv": GROUPS,
        },
    )
    features, rejected = read_features(folder, "small", cohort)
    assert features.empty
    assert rules(rejected) == {"decimal_comma": 1}
    assert rules(read_cell_scores(folder, "small", cohort.cell_scores)[2]) == {"decimal_comma": 1}
    (folder / "f.tsv").write_text("patient_id\ta\tb\tn\nP1\t2,04\t1\t1\nP2\t3\t5\t2\n")
    features, rejected = read_features(folder, "small", cohort)
    assert features.columns.tolist() == ["b", "n"]
    assert rejected["action"].tolist() == ["columns left out"]


@pytest.mark.parametrize("name", ["Größe.csv", "daten/fünf.csv"])
def test_a_file_name_in_another_unicode_form_is_found(land, name):
    composed, decomposed = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    for declared, landed in ((composed, decomposed), (decomposed, composed)):
        folder, cohort = land(
            CLINICAL.format(file=declared),
            {landed: "id,age\nA,50\n"},
            name="to_nfc" if declared == composed else "to_nfd",
        )
        tables = read_clinical(folder, "small", cohort)
        assert tables.patients["age_years"].tolist() == [50]
        assert tables.rejected.empty


def test_the_exact_file_name_comes_first(land):
    composed, decomposed = (unicodedata.normalize(form, "ä.csv") for form in ("NFC", "NFD"))
    folder, _ = land("", {composed: "1", decomposed: "2"})
    assert landing_path(folder, composed).read_text() == "1"
    assert landing_path(folder, decomposed).read_text() == "2"
    with pytest.raises(CohortError, match="cannot be resolved"):
        landing_path(folder, "ö" * 300)


def test_identifiers_stay_as_they_are_written(clinical):
    tables = clinical("id,age\n1,50\n001,51\n1.0,52\n")
    assert tables.patients["patient_id"].tolist() == ["001", "1", "1.0"]


def test_rows_that_summarise_the_table_name_no_patients(clinical, land, rules):
    tables = clinical("id,age\nunit,years\nA,50\nB,60\nMean,55\nStd. Dev.,7.1\nn = 2,\n")
    assert tables.patients["patient_id"].tolist() == ["A", "B"]
    assert rules(tables.rejected) == {"summary_row": 1}
    declared = "features: {file: f.csv, feature_set: x}\ncell_scores: {file: s.csv, groups: g.tsv, method: M}\n"
    files = {"f.csv": "patient_id,a\nA,1\nB,2.5\nmean,1.75\n", "s.csv": "patient_id,T\nA,1\nB,2\nTotal,3\n"}
    folder, cohort = land(declared, files | {"g.tsv": GROUPS}, name="summarised")
    assert read_clinical(folder, "small", cohort).patients["patient_id"].tolist() == ["A", "B"]
    features, rejected = read_features(folder, "small", cohort)
    assert features.index.tolist() == ["A", "B"]
    assert rules(rejected) == {"summary_row": 1}
    scores, _, rejected = read_cell_scores(folder, "small", cohort.cell_scores)
    assert scores.columns.tolist() == ["A", "B"]
    assert rules(rejected) == {"summary_row": 1}


def test_codes_of_the_genomic_data_commons_for_missing_are_no_words(land):
    columns = "columns: {sex: s, stage: t, age_years: a}"
    text = "id,s,t,a\nA,female,Stage IIA,50\nB,'--,not allowed to collect,'--\n"
    folder, cohort = land(f"clinical: [{{file: c.csv, patient_id: id, {columns}}}]\n", {"c.csv": text})
    tables = read_clinical(folder, "small", cohort)
    assert tables.patients["sex"].tolist()[0] == "female"
    assert tables.patients.loc[1, ["sex", "stage", "age_years"]].isna().all()
    assert tables.rejected.empty


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('!Series_title\t"x"\n!series_matrix_table_begin\n"ID_REF"\t"GSM1"\n', "series_matrix_table_begin"),
        ("#1.2\n1\t1\nName\tDescription\tA\nCD8A\tna\t1\n", "two lines above the header"),
        ("sep=\t\ngene\tA\nCD8A\t1\n", "Delete the line"),
        ('"A" "B"\n"CD8A" 1 2\n', "separated by spaces"),
    ],
)
def test_what_is_written_around_a_table_is_named(matrix, text, said):
    table, rejected = matrix(text)
    assert table.empty
    assert said in rejected["message"].item()


def test_a_cell_of_several_lines_that_looks_like_rows_says_how_to_write_it(clinical):
    text = 'id,age,note\nA,50,"first\nsecond, third, fourth"\nB,51,x\n'
    refused = clinical(text)
    assert "replace line breaks inside a cell by spaces" in refused.rejected["message"].item()
    assert clinical(text.replace("first\n", "first ")).patients["patient_id"].tolist() == ["A", "B"]


@pytest.mark.parametrize("number", ["1e400097361470392081", "1E4294967290"])
def test_absurd_exponents_are_no_numbers(clinical, matrix, land, number):
    assert clinical(f"id,age\nA,{number}\nB,50\n").patients["age_years"].isna().tolist() == [True, False]
    assert matrix(f"gene\tA\tB\nCD8A\t{number}x\t1\nCD4\t2\t{number}\nCD3E\t2\t9\n")[0].index.tolist() == ["CD3E"]
    folder, cohort = land(
        "features: {file: f.csv, feature_set: x}\n", {"f.csv": f"patient_id,a\nA,{number}\nB,1\nC,2\n"}
    )
    assert read_features(folder, "small", cohort)[0].index.tolist() == ["B", "C"]


@pytest.mark.parametrize(
    ("line", "fields"), [("P9,50", 2), ("P9,50,", 3), ("P9,50,pos,late", 4), ("P9,50,note,with,commas", 5)]
)
def test_a_few_rows_with_other_numbers_of_fields_are_left_out_and_named(clinical, rules, line, fields):
    rows = "".join(f"P{100 + n},{40 + n},pos\n" for n in range(40))
    read = clinical(f"id,age,receptor\n{line}\n{rows}")
    complete = fields == 3
    assert len(read.patients) == 40 + complete
    assert rules(read.rejected) == ({} if complete else {"damaged_row": 1})
    if not complete:
        (message,) = read.rejected["message"]
        assert f"line 2 has {fields} fields, the header has 3" in message
