"""What one visitor sees of suites and runs; like the session, in this process only."""

from __future__ import annotations

from registry_project.gradio_app.suite_download import Download
from registry_project.gradio_app.suite_replies import Comparison, Run, Suite


class Bench:
    """Kept in the session, changed in place by the handlers."""

    def __init__(self, *, is_open: bool = False) -> None:
        self.is_open = is_open  # whether the tab is the one that is looked at
        self.suites: dict[str, Suite] = {}
        self.evaluators: dict[str, str] = {}  # what a suite calls it -> what it does
        self.runs: dict[str, Run] = {}  # those that were listed, newest first
        self.run_id = ""
        self.run: Run | None = None
        self.metric = ""
        self.comparison: Comparison | None = None
        # Cases of the two models that stand side by side: case -> HTML.
        self.cases: dict[str, str] = {}
        self.download: Download | None = None

    def choose(self, run_id: str) -> None:
        """Look at another run."""
        if run_id != self.run_id:
            self.run_id, self.run, self.comparison, self.metric = run_id, None, None, ""
            self.cases = {}
