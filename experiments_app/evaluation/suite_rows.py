"""Suites in the registry: kept with each content they have had, found, changed, archived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments_app.evaluation import engine
from experiments_app.evaluation.plain_data import plain
from experiments_app.evaluation.suites import read_suite
from experiments_app.models import Suite, SuiteVersion
from unified_app.errors import InvalidInput, NotFound
from unified_app.history import record
from unified_app.models.catalog import Category

# The longest that an id can be; SQLite refuses larger numbers.
_DIGITS = 18
SHORTEST_DIGEST = 4


@dataclass(frozen=True)
class Kept:
    """A suite, the version that has the content, and whether the suite did not have it before."""

    suite: Suite
    version: SuiteVersion
    is_new: bool


def keep(
    document: Mapping[str, Any],
    *,
    by: str,
    name: str | None = None,
    category: str | None = None,
    tags: list[str] | None = None,
) -> Kept:
    """Keep a suite's content, as a new suite or as the next version of the one with its name; it counts from now on.

    Arguments win over what the document says. Raises InvalidInput that names the wrong part by its path.
    """
    told = {**plain(document), **({"name": name} if name else {})}
    content = read_suite(told)
    engine.check(content)
    called, about = _called(content.name), _about(told, category, tags)
    if not content.cases:
        raise _invalid("testData", "A suite has at least one test case.")
    with transaction.atomic():
        suite, _ = Suite.objects.get_or_create(name=called, defaults={"created_by": by})
        suite = Suite.objects.select_for_update(of=("self",)).get(pk=suite.pk)
        version = suite.versions.filter(digest=content.digest).first()
        is_new = version is None
        if version is None:
            newest = suite.versions.order_by("-number").values_list("number", flat=True).first() or 0
            version = suite.versions.create(
                number=newest + 1,
                digest=content.digest,
                document=told,
                case_count=len(content.cases),
                created_by=by,
            )
        _write(suite, by, latest=version, archived_at=None, **about)
    return Kept(suite, version, is_new)


def find(called: str) -> Suite:
    """Return the suite with this id or name, archived or not. Raises NotFound."""
    rows = Suite.objects.listed()
    if called.isascii() and called.isdecimal() and len(called) <= _DIGITS and (row := rows.filter(pk=called).first()):
        return row
    if row := rows.filter(name=called).first():
        return row
    raise NotFound(f"There is no suite with the id or name {called!r}.")


def find_version(called: str) -> SuiteVersion:
    """Return the version that `id`, `name`, or either with `@` and the beginning of a digest means. Raises NotFound."""
    try:
        suite, digest = find(called), ""
    except NotFound:
        name, at, digest = called.rpartition("@")
        if not at or len(digest) < SHORTEST_DIGEST:
            raise
        suite = find(name)
    if not digest:
        return version_of(suite)
    found = list(suite.versions.filter(digest__startswith=digest.lower())[:2])
    if len(found) == 1:
        return found[0]
    problem = "Several versions have" if found else "No version has"
    raise NotFound(f"{problem} a digest that begins with {digest!r} in suite {suite.name!r}.")


def version_of(suite: Suite, number: int | None = None) -> SuiteVersion:
    """Return a version by its number, else the one that counts. Raises NotFound."""
    found = suite.latest if number is None else suite.versions.filter(number=number).first()
    if found is None:
        raise NotFound(f"The suite {suite.name!r} has no version {number or 'yet'}.")
    return found


def change(suite: Suite, *, by: str, **values: Any) -> Suite:
    """Change name, category or tags. Raises InvalidInput for a name that another suite has."""
    name = values.get("name", suite.name)
    if name != suite.name and Suite.objects.filter(name=name).exists():
        raise _invalid("name", "Another suite has this name.")
    with transaction.atomic():
        _write(suite, by, **values)
    return suite


def archive(suite: Suite, *, by: str) -> None:
    """Take a suite out of the lists; its runs stay, and new content under its name brings it back."""
    if suite.archived_at is None:
        with transaction.atomic():
            _write(suite, by, archived_at=timezone.now())


def _called(name: str) -> str:
    called = name.strip()
    longest = Suite._meta.get_field("name").max_length or 0
    if not called:
        raise _invalid("name", "A suite has a name.")
    if len(called) > longest:
        raise _invalid("name", f"A name has at most {longest} characters.")
    return called


def _about(document: Mapping[str, Any], category: str | None, tags: list[str] | None) -> dict[str, Any]:
    """Return what tells of the suite, as far as it is told."""
    told = {"category": category if category is not None else document.get("category")}
    told["tags"] = tags if tags is not None else document.get("tags")
    if told["category"] not in (None, "", *Category.values):
        raise _invalid("category", f"It is one of {', '.join(Category.values)}.")
    words = told["tags"]
    if words is not None and not (isinstance(words, list) and all(isinstance(word, str) for word in words)):
        raise _invalid("tags", "It is a list of words.")
    return {field: value for field, value in told.items() if value is not None}


def _write(suite: Suite, by: str, **values: Any) -> None:
    changed = {field: (getattr(suite, field), value) for field, value in values.items()}
    changed = {field: (old, new) for field, (old, new) in changed.items() if old != new}
    if not changed:
        return
    for field, (_, new) in changed.items():
        setattr(suite, field, new)
    suite.save(update_fields=list(changed))
    record("suite", suite.pk, by, {field: (_shown(old), _shown(new)) for field, (old, new) in changed.items()})


def _shown(value: Any) -> Any:
    if isinstance(value, SuiteVersion):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _invalid(path: str, message: str) -> InvalidInput:
    return InvalidInput(f"{path}: {message}", details={path: [message]})
