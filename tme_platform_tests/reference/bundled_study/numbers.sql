select 'cohort_metrics' as source, concat_ws('.', side, analysis, metric) as name, value, ci_low, ci_high, p
from cohort_metrics where endpoint = 'hot' and subgroup = 'all' and model = 'signature'
union all select 'signature_rivals', concat_ws('.', model, analysis, metric, case when against = 'clinical' then 'against_clinical' end), value, ci_low, ci_high, p from signature_rivals
union all select 'signature_optimism', metric, value, null, null, null from signature_optimism
union all select 'signature_cautions', topic, value, null, null, p from signature_cautions
union all select 'signature_review', criterion, value, null, null, null from signature_review
union all select 'learning_curve', n::varchar, auc, null, null, null from learning_curve
union all select 'study_report', number, value, ci_low, ci_high, p from study_report
union all select 'specifications.auc', specification, auc, auc_low, auc_high, null from phenotype_specifications
union all select 'specifications.clinical_auc', specification, clinical_auc, clinical_auc_low, clinical_auc_high, null from phenotype_specifications
union all select 'specifications.hr', specification, hr_hot, hr_low, hr_high, log_rank_p from phenotype_specifications
union all select 'specifications.silhouette', specification, silhouette, null, null, null from phenotype_specifications
union all select 'specifications.leukocyte_fraction_hot', specification, leukocyte_fraction_hot, null, null, leukocyte_fraction_p from phenotype_specifications
union all select 'specifications.leukocyte_fraction_cold', specification, leukocyte_fraction_cold, null, null, null from phenotype_specifications
union all select 'survival_tests', cohort, hr_hot, hr_low, hr_high, p from survival_tests where subgroup = 'all'
union all select 'survival_tests.subgroup', concat_ws('.', cohort, subgroup), hr_hot, hr_low, hr_high, p from survival_tests where subgroup <> 'all'
union all select 'restricted_mean_survival', concat_ws('.', cohort, phenotype), mean_days, ci_low, ci_high, p from restricted_mean_survival
union all select 'multivariable_survival', concat_ws('.', cohort, term), hr, ci_low, ci_high, p from multivariable_survival where hr is not null
union all select 'phenotype_response.odds_ratio', arm, odds_ratio, ci_low, ci_high, p from phenotype_response
union all select 'treatment_interaction', predictor, ratio, ci_low, ci_high, p from treatment_interaction
union all select 'treatment_interaction.fdr', predictor, null, null, null, fdr from treatment_interaction
union all select 'rad_score_correlations', concat_ws('.', side, variable), rho, ci_low, ci_high, p from rad_score_correlations
union all select 'rad_score_groups', variable, null, null, null, max(p) from rad_score_groups group by variable
union all select 'cluster_null', concat_ws('.', cohort, measure, cluster), value, null_low, null_high, p from cluster_null
union all select 'phenotype_characteristics', concat_ws('.', cohort, variable, phenotype), median, q1, q3, p
from phenotype_characteristics where family in ('purity', 'yardsticks', 'estimate')
union all select 'label_permutations', within, auc, null, null, p from label_permutations where shuffle = 0
union all select 'label_permutations.se', within, p_se, null, null, null from label_permutations where shuffle = 0
union all select 'leave_one_site_out', site, auc, ci_low, ci_high, p from leave_one_site_out
union all select 'continuous_signature', target, rho, null, null, p from continuous_signature
union all select 'feature_univariate.fdr', feature, null, null, null, fdr from feature_univariate
union all select 'signature_importance.selected_share', feature, selected_share, null, null, null from signature_importance where top20
union all select 'learning_curve.sd', n::varchar, auc_sd, null, null, null from learning_curve
union all select 'learning_curve.null', n::varchar, null_auc, null, null, null from learning_curve
union all select 'learning_curve.null_sd', n::varchar, null_sd, null, null, null from learning_curve
union all select 'gene_set_tests', concat_ws('.', cohort, method, term), statistic, null, null, p from gene_set_tests
    where term like 'HALLMARK_%' and fdr < 0.05 or term = 'HALLMARK_INFLAMMATORY_RESPONSE'
union all select 'gene_set_tests.fdr', concat_ws('.', cohort, method, term), null, null, null, fdr from gene_set_tests
    where term like 'HALLMARK_%' and fdr < 0.05 or term = 'HALLMARK_INFLAMMATORY_RESPONSE'
union all select 'mean_difference', concat_ws('.', h.cohort, variable), h.mean - c.mean,
    h.mean - c.mean - 1.96 * sqrt(h.sd * h.sd / h.n + c.sd * c.sd / c.n),
    h.mean - c.mean + 1.96 * sqrt(h.sd * h.sd / h.n + c.sd * c.sd / c.n), null
    from phenotype_characteristics h join phenotype_characteristics c using (cohort, variable)
    where h.phenotype = 'hot' and c.phenotype = 'cold' and variable in ('leukocyte_fraction', 'purity_absolute')
union all select 'mean', concat_ws('.', cohort, variable, phenotype), mean, null, null, null from phenotype_characteristics
    where variable in ('leukocyte_fraction', 'purity_absolute')
order by 1, 2
