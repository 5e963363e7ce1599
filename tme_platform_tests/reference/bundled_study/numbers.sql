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
order by 1, 2
