select 'cohort_metrics' as source, concat_ws('.', side, analysis, metric) as name, value, ci_low, ci_high, p
from cohort_metrics where endpoint = 'hot' and subgroup = 'all' and model = 'signature'
union all select 'signature_rivals', concat_ws('.', model, analysis, metric), value, ci_low, ci_high, p from signature_rivals
union all select 'signature_optimism', metric, value, null, null, null from signature_optimism
union all select 'signature_cautions', topic, value, null, null, p from signature_cautions
union all select 'signature_review', criterion, value, null, null, null from signature_review
union all select 'learning_curve', n::varchar, auc, auc_low, auc_high, null from learning_curve
union all select 'study_report', number, value, ci_low, ci_high, p from study_report
order by 1, 2
