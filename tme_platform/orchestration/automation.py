"""The automation policy, all of it: when an asset runs without anybody asking.

An asset runs when what it is made from has other content than before, when its code version is raised, or when it was
never made; never because a parent was merely run again. `eager()` would fire on every parent materialisation, also
when the parent's data version did not change, so `data_version_changed()` takes the place of `newly_updated()`.

Conditions on updates are edges. A change is remembered (`since`) until a run of the asset was asked for, and blocking
checks of the parents must pass. But an edge is lost if that run fails, or if the parent changes once more while it
reads. So the sensor `catch_up` looks, whenever nothing runs, at what every table was made from (the verifying trace in
the lake) and asks for what is not current: what triggers is quick, what is true decides.
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
