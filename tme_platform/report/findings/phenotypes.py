"""Whether tumours called hot are really inflamed, and whether that is so in other cohorts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tme_platform.report.facts import StudyFacts, records
from tme_platform.report.findings.answers import Answer, Estimate, Finding, Limit, decided, shown_limits
from tme_platform.report.findings.labelled import clustered, independent
from tme_platform.report.findings.yardsticks import Genes, basal_shares, checkpoint_genes, yardsticks
from tme_platform.report.wording import join_names, missing, readable
from tme_platform.statistics import proportion_interval

_CAUTIONS = {
    "one_cloud": "no evidence of two separate groups: one continuum fits as well",
    "inflamed_share": "inflamed cells make up only {percent:.0f} % of what separates hot from cold",
    "silhouette": "weak grouping (silhouette {value:.2f}; up to {limit:.2f} is weak)",
    "number_of_clusters": "another number of groups is as plausible",
    "model_expression": "labels come from a model of another kind of RNA values",
    "raw_fractions": "grouped by raw cell fractions",
    "relative_expression": "RNA values are relative to the cohort",
}
"""The topics of `phenotype_cautions` in short words, the most serious first; others are yardsticks that disagree."""


def inflamed(facts: StudyFacts) -> Finding:
    """Decide by the first yardstick in the cohort that defines the phenotypes."""
    topic, question, section = "Hot and cold", "Are tumours called hot really inflamed?", "meaning"
    cohorts = clustered(facts)
    if not cohorts:
        needed = "No cohort was divided into hot and cold tumours: this needs RNA or cell scores."
        return Finding(topic, question, Answer.NOT_ASKED, (needed,), section)
    cohort = cohorts[0]
    estimates, genes = yardsticks(facts, cohort), checkpoint_genes(facts, cohort)
    answer = _answer(estimates, genes)
    measured = [*(one.text for one in estimates), *_genes_and_basal(facts, cohort)]
    words = {Answer.YES: "They are inflamed", Answer.NO: "They are not inflamed"}.get(
        answer, "No evidence that they are inflamed"
    )
    if estimates:
        first, more = f"{words}: {measured[0]}.", measured[1:4]
    else:
        first, more = (
            "Nothing measured can tell: this needs leukocyte fraction, CD8, lymphocytes or purity.",
            measured,
        )
    said = [f"{_hot_share(facts, cohort)} {first}", *([f"{_sentence('; '.join(more))}."] if more else [])]
    limits = [*_only_rna(facts, cohort, estimates, genes), *_cautions(facts, cohort)]
    shown, marked = shown_limits(facts, [cohort], limits)
    return Finding(topic, question, answer, tuple(said), section, tuple(estimates), shown, marked)


def replicated(facts: StudyFacts) -> Finding:
    """Ask the same in the other cohorts that share no patient: yes or no only if all with a yardstick agree."""
    topic, question, section = "Other cohorts", "Are hot tumours inflamed in other cohorts, too?", "phenotypes"
    others = independent(facts, clustered(facts))[1:]
    if not others:
        needed = "No other cohort with different patients was divided on its own into hot and cold tumours."
        return Finding(topic, question, Answer.NOT_ASKED, (needed,), section)
    estimates: list[Estimate] = []
    told: set[Answer] = set()
    said, limits, silent = [], [], []
    for cohort in others:
        own, genes = yardsticks(facts, cohort), checkpoint_genes(facts, cohort)
        answer = _answer(own, genes)
        estimates += own[:1]
        told |= {answer} if own else set()
        silent += [cohort] if answer is Answer.NOT_ASKED else []
        measured = [*(one.text for one in own[:1]), *_genes_and_basal(facts, cohort)]
        more = f" {_sentence('; '.join(measured))}." if measured else ""
        said.append(f"{_hot_share(facts, cohort)}{more}")
        limits += _only_rna(facts, cohort, own, genes)
    if silent:
        limits.append(
            Limit(f"{join_names([facts.named(name) for name in silent])}: no measurement that can tell", section)
        )
    answer = told.pop() if len(told) == 1 else Answer.CANNOT_BE_TOLD
    if silent == others:
        answer = Answer.NOT_ASKED
    shown, marked = shown_limits(facts, others, limits)
    return Finding(topic, question, answer, tuple(said), section, tuple(estimates), shown, marked)


def _answer(estimates: list[Estimate], genes: Genes | None) -> Answer:
    """What is measured otherwise decides. Genes differ in part because of how hot and cold are defined."""
    return decided(estimates) if estimates or genes is None else Answer.CANNOT_BE_TOLD


def _only_rna(facts: StudyFacts, cohort: str, estimates: list[Estimate], genes: Genes | None) -> list[Limit]:
    if estimates or genes is None:
        return []
    return [Limit(f"{facts.named(cohort)}: only RNA, from which hot and cold were defined", "genes")]


def _hot_share(facts: StudyFacts, cohort: str) -> str:
    labels = facts.rows("tme_phenotypes", cohort=cohort).dropna(subset=["phenotype"])
    hot, n = int((labels["phenotype"] == "hot").sum()), len(labels)
    low, high = (100 * limit for limit in proportion_interval(hot, n))
    share = f"{100 * hot / n:.0f} %, 95 % CI {low:.0f} to {high:.0f} %"
    return f"{facts.named(cohort)}: {hot:,} of {n:,} tumours are hot ({share})."


def _genes_and_basal(facts: StudyFacts, cohort: str) -> Iterator[str]:
    genes = checkpoint_genes(facts, cohort)
    if genes:
        yield f"{genes.higher} of {genes.tested} checkpoint genes higher in hot tumours"
        if genes.lower:
            yield f"{genes.lower} lower"
    basal = basal_shares(facts, cohort)
    if basal:
        yield basal


def _cautions(facts: StudyFacts, cohort: str) -> Iterator[Limit]:
    rows = {
        str(row["topic"]): row
        for row in records(facts.rows("phenotype_cautions", cohort=cohort))
        if not missing(row["caution"])
    }
    for topic in sorted(rows, key=lambda name: list(_CAUTIONS).index(name) if name in _CAUTIONS else -1):
        yield Limit(_short(topic, rows[topic]), "phenotypes")


def _short(topic: str, row: dict[str, Any]) -> str:
    if topic not in _CAUTIONS:
        return f"contradicted by {readable(topic.split('_higher_')[0].split('_lower_')[0])}"
    value = float(row["value"])
    return _CAUTIONS[topic].format(value=value, percent=100 * value, limit=float(row["limit"]))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
