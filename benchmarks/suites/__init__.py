"""The suites, by name."""

from . import (
    build,
    explain,
    fairness,
    flow,
    gap,
    lap,
    limits,
    midl,
    online,
    policies,
    rebalance,
    rotate,
    startup,
    workforce,
)

SUITES = {
    module.SUITE.name: module.SUITE
    for module in (
        flow,
        build,
        limits,
        startup,
        lap,
        gap,
        fairness,
        midl,
        workforce,
        explain,
        rebalance,
        rotate,
        online,
        policies,
    )
}
