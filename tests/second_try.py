"""A browser test that fails is tried once more: a story in Chromium leans on a whole machine that others share.

What failed the first time is told at the end of the run, with its reason, also if it passed the second time: it is a
fault to be looked for, and not one that hides what else the run has to say.
"""

import pytest
from _pytest.runner import runtestprotocol
from _pytest.terminal import TerminalReporter

FIRST_TRY = "failed at the first try"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    if item.get_closest_marker("browser") is None or not isinstance(item, pytest.Function):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, nextitem=nextitem, log=False)
    failed = [report for report in reports if report.failed]
    if failed:
        item._initrequest()
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        for report in reports:
            report.user_properties.append((FIRST_TRY, failed[0].longreprtext))
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    stats = terminalreporter.stats
    for report in (*stats.get("passed", []), *stats.get("failed", [])):
        for name, reason in report.user_properties:
            if name == FIRST_TRY and report.when == "call":
                terminalreporter.write_sep("_", f"{report.nodeid} {FIRST_TRY}")
                terminalreporter.write_line(str(reason)[-4000:])
