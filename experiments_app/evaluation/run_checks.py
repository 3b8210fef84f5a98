"""Whether a run can be done as it was asked for, before anything is called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from experiments_app.evaluation import suite_rows
from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.engine import Engine, Needs
from experiments_app.evaluation.runner.pending import chosen
from experiments_app.evaluation.runner.roster import Entrant, entrants
from experiments_app.evaluation.suites import read_suite
from experiments_app.models import SuiteVersion
from unified_app.errors import InvalidInput, NotFound
from unified_app.lookup import find_model
from unified_app.models import UnifiedModel

MAX_RESULTS = 1_000_000
MAX_MODELS = 100


@dataclass(frozen=True)
class Wanted:
    """What a run is asked to be."""

    version: SuiteVersion
    models: Sequence[str]
    repeats: int
    budget_cost: Decimal | None
    judge: str
    split: str
    tags: tuple[str, ...]


class _Problems:
    """What is wrong, by field."""

    def __init__(self) -> None:
        self._found: dict[str, list[str]] = {}

    def add(self, path: str, message: str) -> None:
        if message:
            self._found.setdefault(path, []).append(message)

    def tell(self) -> None:
        if self._found:
            sentence = "; ".join(f"{path}: {' '.join(said)}" for path, said in self._found.items())
            raise InvalidInput(sentence, details=self._found)


def wanted_version(called: str) -> SuiteVersion:
    """Return the version of a suite that a run is to be of. Raises InvalidInput."""
    try:
        return suite_rows.find_version(called)
    except NotFound as error:
        raise InvalidInput(f"suite: {error.message}", details={"suite": [error.message]}) from error


def checked(wanted: Wanted) -> tuple[list[UnifiedModel], int]:
    """Return the models and how many results the run has. Raises InvalidInput with all that is wrong."""
    suite = read_suite(wanted.version.document)
    problems = _Problems()
    _check_suite(wanted, problems)
    rows = _models(wanted.models, problems)
    problems.tell()
    engine = Engine(suite, wanted.judge)
    engine.check()
    _check_judges(engine.needs.judges, problems)
    known = entrants(row.pk for row in rows)
    for place, row in enumerate(rows):
        problems.add(f"models[{place}]", _unfit(row, known[row.pk], engine.needs))
    total = _total(suite.cases, wanted, problems)
    problems.tell()
    if wanted.budget_cost is not None:
        checked_prices(wanted.version, list(known), wanted.judge)
    return rows, total


def checked_prices(version: SuiteVersion, model_ids: Iterable[str], judge: str) -> None:
    """Raise InvalidInput unless the price of every model is known: else no budget in money could be kept."""
    judges = Engine(read_suite(version.document), judge).needs.judges
    known = entrants([*model_ids, *(find_model(name).pk for name in judges)])
    unknown = [entrant.name for entrant in known.values() if entrant.price is None]
    if unknown:
        message = f"No price is known of {', '.join(unknown)}. Set budget_tokens instead."
        raise InvalidInput(f"budget_cost: {message}", details={"budget_cost": [message]})


def _check_suite(wanted: Wanted, problems: _Problems) -> None:
    if wanted.version.suite.archived_at is not None:
        problems.add("suite", "It is archived. Post its content again to bring it back.")


def _models(named: Sequence[str], problems: _Problems) -> list[UnifiedModel]:
    """Return the models that are named; what is no model, or the same one twice, is a problem."""
    if not named or len(named) > MAX_MODELS:
        problems.add("models", f"Name 1 to {MAX_MODELS} models.")
        return []
    rows: list[UnifiedModel] = []
    seen: dict[str, str] = {}
    for place, name in enumerate(named):
        try:
            row = find_model(name)
        except NotFound as error:
            problems.add(f"models[{place}]", error.message)
            continue
        if row.pk in seen:
            problems.add(f"models[{place}]", f"It is the same model as {seen[row.pk]!r}.")
        seen.setdefault(row.pk, name)
        rows.append(row)
    return rows


def _check_judges(judges: Iterable[str], problems: _Problems) -> None:
    for name in judges:
        try:
            row = find_model(name)
        except NotFound as error:
            problems.add("judge", f"{error.message} Name another judge for this run.")
            continue
        if row.is_retired:
            problems.add("judge", f"{row.name} is retired. Name another judge for this run.")


def _unfit(row: UnifiedModel, entrant: Entrant, needs: Needs) -> str:
    """Return why a model cannot be evaluated with a suite; empty when it can."""
    if row.is_retired:
        return f"{row.name} is retired."
    if not entrant.is_callable:
        return f"{row.name} cannot be called: no place answers for it."
    embeds, chats = _abilities(row)
    if needs.embeddings:
        return "" if embeds else f"{row.name} does not embed, which this suite asks for."
    return "" if chats else f"{row.name} only embeds, and this suite asks for a chat."


def _abilities(row: UnifiedModel) -> tuple[bool, bool]:
    """Return whether a model embeds, and whether it chats. Unknown abilities count as both."""
    embeds = "text_embedding" in row.capabilities or row.category == "embedding"
    chats = "text_generation" in row.capabilities or not embeds
    is_known = bool(row.capabilities) and row.category != "external"
    return embeds or not is_known, chats


def _total(all_cases: Sequence[Case], wanted: Wanted, problems: _Problems) -> int:
    cases = len(chosen(all_cases, wanted.split, wanted.tags))
    if not cases:
        problems.add("tags" if wanted.tags else "split", "No case of the suite is of these.")
    total = cases * len(wanted.models) * wanted.repeats
    if total > MAX_RESULTS:
        problems.add("repeats", f"The run would have {total:,} results; at most {MAX_RESULTS:,}.")
    return total
