"""The suites, by name."""

from . import build, flow, gap, lap, limits, startup, workforce

SUITES = {
    module.SUITE.name: module.SUITE
    for module in (flow, build, limits, startup, lap, gap, workforce)
}
