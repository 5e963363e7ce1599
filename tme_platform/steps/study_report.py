"""The study report: every number it states as a table, and the page made from them. What is said is `report`'s."""

from tme_platform.steps.scope import Scope
from tme_platform.steps.step import StepResult, step
from tme_platform.steps.study_facts import REPORTED, study_facts
from tme_platform.tables.report import STUDY_REPORT


@step(STUDY_REPORT, version="2", reads=REPORTED, kinds=["html"])
def study_report(scope: Scope) -> StepResult:
    """Write the report of the study as one page: the result first, then figures, checklists and versions.

    It is rebuilt when anything that it states has changed; figures whose rows are unchanged are not drawn again.
    `tme report` prints where it lies and writes the folder for a manuscript.
    """
    from tme_platform.report import make_report, page_path, remembered_figures, render_page, write_if_changed

    report = make_report(
        study_facts(scope),
        figures=scope.study.report.figures,
        remembered=remembered_figures(scope.state_folder, scope.study.name),
    )
    page = page_path(scope.state_folder, scope.study.name)
    write_if_changed(page, render_page(report).encode())
    checklists = {
        f"{filled.key}_{status.replace(' ', '_')}": count
        for filled in report.checklists
        for status, count in filled.counts.items()
    }
    details = {"numbers": len(report.numbers), "compared_with_the_paper": len(report.compared), **checklists}
    return StepResult(report.numbers, details={"limits": report.limits, **details})
