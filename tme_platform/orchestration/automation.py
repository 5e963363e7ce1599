"""The automation policy, all of it: when an asset runs without anybody asking.

An asset runs when what it is made from has other content than before, when its code version is raised, or when it was
never made; never because a parent was merely run again. `eager()` would fire on every parent materialisation, also
when the parent's data version did not change, so `data_version_changed()` takes the place of `newly_updated()`.

Conditions on updates are edges: a change that falls into a failed run, or into a run under way, would be lost. So the
change is remembered (`since`) until a run of the asset was asked for, and blocking checks of the parents must pass.
"""

import dagster as dg

_CHANGED = (
    dg.AutomationCondition.any_deps_updated().replace("newly_updated", dg.AutomationCondition.data_version_changed())
    | dg.AutomationCondition.code_version_changed()
    | dg.AutomationCondition.newly_missing()
)

WHEN_CONTENT_CHANGES = (
    _CHANGED.since(dg.AutomationCondition.newly_requested() | dg.AutomationCondition.newly_updated())
    & ~dg.AutomationCondition.any_deps_missing()
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress()
    & dg.AutomationCondition.all_deps_blocking_checks_passed()
).with_label("when content changes")
