"""All statistics of evaluations, by the names that the documentation gives. Pure, and without scipy.

A p-value is two-sided; an interval is (low, high) at 95 % unless told; `a` and `b` are two models' scores on the same
cases in the same order, and a difference is a - b. Same input, same seed: same output.
"""

from __future__ import annotations

from experiments_app.evaluation.formulas.bootstrap import bootstrap_ci, paired_bootstrap
from experiments_app.evaluation.formulas.effect_sizes import cohens_dz, cohens_g
from experiments_app.evaluation.formulas.paired import Kind, Paired, compare_paired, kind_of
from experiments_app.evaluation.formulas.power import cases_needed_mcnemar, cases_needed_paired
from experiments_app.evaluation.formulas.proportions import holm, mcnemar_exact, paired_proportion_interval, wilson
from experiments_app.evaluation.formulas.signed_ranks import rank_biserial, wilcoxon
from experiments_app.evaluation.formulas.standings import pareto_front, rank_with_ties
from experiments_app.evaluation.formulas.verdicts import Verdict, cases_needed, verdict

__all__ = [
    "Kind",
    "Paired",
    "Verdict",
    "bootstrap_ci",
    "cases_needed",
    "cases_needed_mcnemar",
    "cases_needed_paired",
    "cohens_dz",
    "cohens_g",
    "compare_paired",
    "holm",
    "kind_of",
    "mcnemar_exact",
    "paired_bootstrap",
    "paired_proportion_interval",
    "pareto_front",
    "rank_biserial",
    "rank_with_ties",
    "verdict",
    "wilcoxon",
    "wilson",
]
