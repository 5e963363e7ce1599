"""The coding and the unit of a clinical column are judged over all of its values."""

import pytest

from tme_platform.cohorts import read_clinical

DOUBT = "ambiguous_coding"


@pytest.fixture
def read(land):
    def read_one(column: str, values: list[str], rule: str = "", decimal: str = "."):
        declared = (
            f"clinical: [{{file: c.csv, patient_id: id, decimal: '{decimal}', "
            f"columns: {{{column}: {{column: x{rule}}}}}}}]\n"
        )
        lines = [f'P{number:02},"{value}"' for number, value in enumerate(values)]
        folder, cohort = land(declared, {"c.csv": "\n".join(["id,x", *lines]) + "\n"})
        return read_clinical(folder, "small", cohort)

    return read_one


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("os_event", ["1", "2", "1", "2"]),
        ("os_event", ["0", "1", "2"]),
        ("pfs_event", ["1.0", "2.0"]),
        ("os_event", ["0", "1", "9"]),
        ("os_event", ["true", "2"]),
        ("dfs_event", ["1", "-1"]),
        ("pcr", ["1", "2"]),
        ("pcr", ["pCR", "non pCR", "non pCR"]),
        ("sex", ["m", "w", "w"]),
        ("er", ["positive", "neg", "neg"]),
        ("er", ["positive", "0"]),
        ("stage", ["0", "1", "2", "3"]),
        ("grade", ["0", "1", "2"]),
        ("laterality", ["left", "2"]),
        ("recist", ["CR", "2", "3"]),
    ],
)
def test_a_coding_in_doubt_refuses_the_whole_column(read, column, values):
    tables = read(column, values)
    assert tables.patients[column].isna().all()
    (row,) = tables.rejected[tables.rejected["rule"] == DOUBT].itertuples()
    assert (row.file, row.action) == ("c.csv", "column left out")
    assert f"{column} (column x)" in row.message
    assert "Map every value under `values`" in row.message
    assert all(f'"{value}": ' in row.message for value in values)


def test_the_mapping_to_write_for_codes_of_r_is_shown(read):
    assert 'values: {"1": 0, "2": 1} if 2 is the event' in read("os_event", ["1", "2"]).rejected["message"].item()
    mapped = read("os_event", ["1", "2", "1"], ", values: {'1': 0, '2': 1}")
    assert mapped.patients["os_event"].tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("column", "values", "rule"),
    [
        ("os_event", ["1", "2", "1"], "{'2': 1}"),
        ("os_event", ["0", "1", "2"], "{'2': 1}"),
        ("os_event", ["1", "2"], "{'1': 0}"),
        ("os_event", ["1", "2"], "{'1': 0, '2': 3}"),
        ("os_event", ["1", "2", "9"], "{'9': null}"),
        ("pcr", ["1", "2", "1"], "{'2': 'yes'}"),
        ("her2", ["0", "1", "2", "3"], "{'3': positive}"),
        ("grade", ["1", "3", "4"], "{'4': 3}"),
    ],
)
def test_a_mapping_of_some_codes_is_refused(read, column, values, rule):
    tables = read(column, values, f", values: {rule}")
    assert tables.patients[column].isna().all()
    assert tables.rejected["rule"].tolist().count(DOUBT) == 1


@pytest.mark.parametrize(
    ("column", "values", "rule", "expected"),
    [
        ("os_event", ["0", "1", "2"], "{'0': 0, '1': 1, '2': 1}", [0, 1, 1]),
        ("os_event", ["0", "1", "9"], "{'9': null}", [0, 1, -1]),
        ("os_event", ["1", "2"], "{'2': 0}", [1, 0]),
        ("os_event", ["alive", "dead", "0"], "{alive: 0, dead: 1}", None),
        ("sex", ["1", "2"], "{'1': male, '2': female}", ["male", "female"]),
        ("sex", ["1", "f"], "{'1': female}", ["female", "female"]),
        ("er", ["positive", "Negative", "equivocal"], "{}", ["positive", "negative", "-"]),
        ("os_event", ["0", "1", "lost"], "{}", [0, 1, -1]),
    ],
)
def test_a_coding_without_doubt_is_read(read, column, values, rule, expected):
    tables = read(column, values, f", values: {rule}")
    if expected is None:  # 0 beside words that are mapped to the same
        assert tables.patients[column].isna().all()
        return
    filler = -1 if column == "os_event" else "-"
    assert tables.patients[column].fillna(filler).tolist() == expected
    assert DOUBT not in set(tables.rejected["rule"])


def test_an_event_of_every_patient_is_kept_and_stated(read):
    tables = read("os_event", ["1"] * 5)
    assert tables.patients["os_event"].tolist() == [1] * 5
    (row,) = tables.rejected[tables.rejected["rule"] == "constant_coding"].itertuples()
    assert row.action == "kept; check it"
    for values, rule in ((["0"] * 5, ""), (["1"] * 4, ""), (["1"] * 5, ", values: {'1': 1}")):
        assert "constant_coding" not in set(read("os_event", values, rule).rejected["rule"])


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("cd8_percent", ["0.35", "0.05", "0.6", "0.22"]),
        ("ki67_percent", ["0.1", "1"]),
        ("stil_percent", ["0", "1", "0", "1", "1"]),
        ("pd_l1", ["0.01", "0"]),
        ("purity_ihc", ["60", "75", "0.8", "1"]),
        ("leukocyte_fraction", ["12", "0.5"]),
        ("os_days", ["1.5", "3.2", "8.1", "0.4", "5"]),
        ("os_days", ["12.5", "60.1", "120", "33", "5"]),
        ("pfs_days", ["1", "2", "40", "4", "5"]),
        ("os_days", ["44927", "44928", "44100", "43000", "45000"]),
        ("age_years", ["5", "6", "4", "7", "5"]),
        ("tumour_volume_ml", ["900", "1200", "4000", "100", "2500"]),
    ],
)
def test_a_unit_in_doubt_refuses_the_whole_column(read, column, values):
    tables = read(column, values)
    assert tables.patients[column].isna().all()
    assert tables.rejected["rule"].tolist() == ["ambiguous_unit"]
    assert "`unit: " in tables.rejected["message"].item()


@pytest.mark.parametrize(
    ("column", "values", "unit", "expected"),
    [
        ("cd8_percent", ["0.35", "0.05"], "fraction", [35, 5]),
        ("cd8_percent", ["0.35", "0.05"], "percent", [0.35, 0.05]),
        ("cd8_percent", ["0.35", "5"], None, [0.35, 5]),
        ("pd_l1", ["0", "1", "5"], None, [0, 1, 5]),
        ("purity_ihc", ["60", "1"], "percent", [0.6, 0.01]),
        ("purity_ihc", ["0.6", "1"], None, [0.6, 1]),
        ("os_days", ["1.5", "3", "8", "2", "5"], "years", [547.875, 1095.75, 2922, 730.5, 1826.25]),
        ("os_days", ["1", "2", "3", "4", "5"], "days", [1, 2, 3, 4, 5]),
        ("os_days", ["1.5", "30.2", "800.7", "4", "5"], None, [1.5, 30.2, 800.7, 4, 5]),
        ("tumour_volume_ml", ["900", "1200"], "mm3", [0.9, 1.2]),
    ],
)
def test_units_are_converted(read, column, values, unit, expected):
    tables = read(column, values, "" if unit is None else f", unit: {unit}")
    assert tables.patients[column].tolist() == pytest.approx(expected)
    assert tables.rejected.empty


def test_densities_of_cells_are_not_kept_where_they_are_below_100(read):
    tables = read("cd8_percent", ["40", "70", "90", "350", "1200"])
    assert tables.patients["cd8_percent"].isna().all()
    assert "densities" in tables.rejected["message"].item()
    one = read("cd8_percent", ["40", "70", "90", "5", "120"])
    assert one.rejected["rule"].tolist() == ["out_of_range"]
    assert one.patients["cd8_percent"].notna().sum() == 4


def test_times_of_less_than_a_year_are_kept_and_stated(read):
    tables = read("os_days", ["60", "90", "120", "200", "30"])
    assert tables.patients["os_days"].notna().all()
    assert tables.rejected[["rule", "action"]].to_numpy().tolist() == [["unit_in_doubt", "kept; check it"]]


def test_an_event_is_not_reported_when_its_times_were_refused(land):
    declared = "clinical: [{file: c.csv, patient_id: id, columns: {os_days: d, os_event: e}}]\n"
    text = "id,d,e\n" + "".join(f"P{number},{number + 1.5},{number % 2}\n" for number in range(6))
    folder, cohort = land(declared, {"c.csv": text})
    assert read_clinical(folder, "small", cohort).rejected["rule"].tolist() == ["ambiguous_unit"]


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("os_days", ["1,234", "2,500", "900"], "may mean 1234 or 1.234"),
        ("os_days", ["1,234,567", "900"], "Remove the commas between thousands"),
        ("os_days", ["1,234.5", "900"], "Remove the commas between thousands"),
        ("os_days", ["1.234,5", "900"], "Remove the points between thousands"),
        ("os_days", ["1,234", "50,5"], 'set `decimal: ","`'),
        ("age_years", ["50,125", "61,5"], 'set `decimal: ","`'),
        ("age_years", ["51,234"], 'set `decimal: ","`'),
        ("purity_ihc", ["0,934"], 'set `decimal: ","`'),
        ("os_days", ["1 234"], "without a space"),
        ("os_days", ["1\u2009234"], "without a space"),
        ("os_days", ["1'234"], "without a space"),
        ("age_years", ["50 years"], "without its unit"),
        ("tumour_volume_ml", ["12 ml"], "without its unit"),
        ("cd8_percent", ["20%"], "without the sign"),
        ("pd_l1", ["<1"], "Map it to a number"),
        ("pd_l1", [">=50%"], "Map it to a number"),
        ("pd_l1", ["1-5"], "Map it to a number"),
        ("ki67_percent", ["12.05.2020"], "looks like a date"),
        ("ki67_percent", ["Jan 35"], "looks like a date"),
        ("ki67_percent", ["5-Dec"], "looks like a date"),
        ("ki67_percent", ["2020-12-05 00:00:00"], "looks like a date"),
    ],
)
def test_numbers_that_are_not_read_say_what_to_write(read, column, values, said):
    tables = read(column, values)
    bad = tables.rejected[tables.rejected["rule"] == "not_a_number"]
    assert bad["message"].str.contains(said, regex=False).any(), bad["message"].tolist()


def test_doubtful_thousands_are_not_answered_with_the_other_reading(read):
    advice = read("os_days", ["1,234"]).rejected["message"].item()
    assert "remove commas between thousands; if they are decimal commas" in advice
    declared = read("os_days", ["1.234", "950", "1,5"], decimal=",")
    assert declared.patients["os_days"].isna().tolist() == [True, False, False]
    assert declared.rejected["rule"].tolist() == ["ambiguous_number"]
    assert read("purity_ihc", ["0.934", "0,5"], decimal=",").rejected.empty


def test_a_mapping_makes_numbers_of_words(read):
    tables = read("pd_l1", ["<1", ">50", "20"], ", values: {'<1': 0, '>50': 75}")
    assert tables.patients["pd_l1"].tolist() == [0, 75, 20]


def test_codings_state_how_each_value_was_read(land):
    event = "os_event: {column: e, values: {alive: 0, dead: 1}}"
    columns = f"{event}, os_days: {{column: d, unit: months}}, er: er, arm: arm, pcr: p"
    text = "id,e,d,er,arm,p\nA,dead,12,pos,x,1\nB,alive,4300,positive,y,2\nC,dead,,negative,x,1\n"
    folder, cohort = land(f"clinical: [{{file: c.csv, patient_id: id, columns: {{{columns}}}}}]\n", {"c.csv": text})
    codings = read_clinical(folder, "small", cohort).codings
    assert set(codings["source_file"]) == {"c.csv"}
    shown = codings.fillna("-")[["column", "source_column", "value", "read_as", "patients"]].to_numpy().tolist()
    assert shown == [
        ["os_event", "e", "alive", "0", 1],
        ["os_event", "e", "dead", "1", 2],
        ["os_days", "d", "12 to 4,300", "months", 2],
        ["er", "er", "negative", "negative", 1],
        ["er", "er", "pos", "-", 1],
        ["er", "er", "positive", "positive", 1],
        ["pcr", "p", "1", "-", 2],
        ["pcr", "p", "2", "-", 1],
    ]


@pytest.mark.parametrize(("column", "unit"), [("os_days", "percent"), ("cd8_percent", "days"), ("grade", "percent")])
def test_units_of_another_kind_are_refused(read, column, unit):
    with pytest.raises(ValueError, match=f"not to {column}"):
        read(column, ["1"], f", unit: {unit}")
