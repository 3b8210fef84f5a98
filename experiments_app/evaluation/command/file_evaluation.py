"""`manage.py evaluate`, without Django: a file is loaded, run, gated and reported. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from experiments_app.evaluation.command.file_gate import read_gate, told, verdicts
from experiments_app.evaluation.command.gh import Progress, Run, RunFailed, printed
from experiments_app.evaluation.command.gh_text import Printed
from experiments_app.evaluation.command.junit import Reported, junit
from experiments_app.evaluation.command.oddities import oddities
from experiments_app.evaluation.command.own_run import OwnRun, is_own
from experiments_app.evaluation.engine import Engine
from experiments_app.evaluation.files.prompt_files import PromptFile, read_prompt_file
from experiments_app.evaluation.files.suite_yaml import read_yaml
from experiments_app.evaluation.files.yaml_reading import BadYaml
from experiments_app.evaluation.replies import Complete
from experiments_app.evaluation.rules import Rule, Verdict
from experiments_app.evaluation.suites import read_suite
from unified_app.errors import InvalidInput

NOT_LOADED = "failed to load prompt file"
FAILED = "❌ Some tests failed."
Write = Callable[[str], Any]


class Stopped(Exception):
    """The evaluation ends with a message and exit code 1."""


@dataclass
class FileEvaluation:
    """One call of the command. `out` and `err` are given whole texts with their newlines."""

    file: str
    # Asked for once, when there is something to call.
    caller: Callable[[], Complete]
    out: Write
    err: Write
    model: str = ""
    judge: str = ""
    json: bool = False
    strict: bool = False
    gate: str = ""
    junit: str = ""
    is_terminal: bool = False
    _raw: bytes = field(default=b"", init=False)

    def exit_code(self) -> int:
        """Run it all; 0 when every test passed, or with a gate every rule holds, and 1 for all else, as gh has it."""
        try:
            return self._evaluated()
        except Stopped as error:
            self.err(f"Error: {error}\n")
            return 1

    def _evaluated(self) -> int:
        prompt = self._loaded()
        if self.strict and self._is_odd():
            return 1
        rules = self._rules(prompt)
        run, complete = None, self.caller()
        found: list[Verdict] = []
        failure, document = "", None
        try:
            run = self._run(prompt, complete, self._progress())
            document = run.document()
            self._print(document)
            found = verdicts(rules, run, lambda model: self._other(prompt, complete, model))
        except RunFailed as error:
            failure = str(error)
        self._report(prompt, run, document, found, failure)
        if failure:
            raise Stopped(failure)
        return self._gated(found) if rules else self._tested(document)

    def _loaded(self) -> PromptFile:
        try:
            self._raw = Path(self.file).read_bytes()
            prompt = read_prompt_file(self._raw)
        except (OSError, BadYaml) as error:
            raise Stopped(f"{NOT_LOADED}: {_why(error)}") from error
        return replace(prompt, model=self.model or prompt.model)

    def _is_odd(self) -> bool:
        found = oddities(self._raw)
        for oddity in found:
            self.err(f"{self.file}:{oddity.line}: {oddity.message}\n")
        return bool(found)

    def _rules(self, prompt: PromptFile) -> list[Rule]:
        """Return the gate's rules, read before any call is paid for."""
        try:
            return read_gate(Path(self.gate).read_bytes(), prompt, self.file) if self.gate else []
        except (OSError, InvalidInput) as error:
            raise Stopped(f"failed to load gate file: {_why(error)}") from error

    def _progress(self) -> Progress:
        return Progress() if self.json else Printed(self.out, is_terminal=self.is_terminal)

    def _run(self, prompt: PromptFile, complete: Complete, progress: Progress) -> Run:
        if not is_own(prompt):
            return Run(prompt, complete, self.judge, progress)
        try:
            engine = Engine(read_suite(read_yaml(self._raw)), self.judge)
            engine.check()
        except InvalidInput as error:
            raise Stopped(f"{NOT_LOADED}: {error.message}") from error
        return OwnRun(prompt, complete, self.judge, progress, engine=engine)

    def _other(self, prompt: PromptFile, complete: Complete, model: str) -> Run:
        if not self.json:
            self.out(f"Comparing with {model}...\n")
        run = self._run(replace(prompt, model=model), complete, Progress())
        run.document()
        return run

    def _print(self, document: dict[str, Any]) -> None:
        if self.json:
            self.out(printed(document))

    def _tested(self, document: dict[str, Any] | None) -> int:
        if document and document["summary"]["failedTests"]:
            raise Stopped(FAILED)
        return 0

    def _gated(self, found: Sequence[Verdict]) -> int:
        write = self.err if self.json else self.out
        for verdict in found:
            write(told(verdict) + "\n")
        return 0 if all(verdict.holds for verdict in found) else 1

    def _report(
        self,
        prompt: PromptFile,
        run: Run | None,
        document: dict[str, Any] | None,
        found: Sequence[Verdict],
        failure: str,
    ) -> None:
        if not self.junit:
            return
        name = prompt.name or self.file
        # Where rules decide, a failing test does not: the report must not say what the exit code does not.
        kind = "skipped" if found else "failure"
        results = (document or {}).get("testResults") or ()
        tests = [_test(name, place, result, run, kind) for place, result in enumerate(results)]
        rules = [Reported(str(verdict.rule), f"{name}.gate", _broken(verdict)) for verdict in found]
        ended = [Reported("run", name, failure, kind="error")] if failure else []
        try:
            Path(self.junit).write_bytes(junit(name, [*tests, *rules, *ended]))
        except OSError as error:
            raise Stopped(f"failed to write {self.junit}: {_why(error)}") from error


def _test(name: str, place: int, result: dict[str, Any], run: Run | None, kind: str) -> Reported:
    seconds = run.seconds[place] if run and place < len(run.seconds) else 0.0
    failed = [score for score in result["evaluationResults"] or () if not score["passed"]]
    problem = "\n".join(f"{score['evaluatorName']}: {score.get('details', '')}" for score in failed)
    return Reported(f"test case {place + 1}", name, problem, kind, seconds, result["modelResponse"])


def _broken(verdict: Verdict) -> str:
    return "" if verdict.holds else f"{verdict.state}: {' '.join(verdict.reasons)}"


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}"
    return error.message if isinstance(error, InvalidInput) else str(error)
