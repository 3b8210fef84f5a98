"""Suites as the API takes and gives them: documents and files in, cases and file names out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from experiments_app.evaluation import suite_rows
from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.files import suite_files
from experiments_app.evaluation.suite_rows import Kept
from experiments_app.evaluation.suites import read_suite
from experiments_app.models import Suite, SuiteVersion
from unified_app.errors import InvalidInput, NotFound


def keep_document(document: Any, *, by: str) -> Kept:
    """Keep what was sent as JSON. Raises InvalidInput."""
    if not isinstance(document, Mapping):
        message = "A suite is an object with the keys of a .prompt.yml, or a file in a form."
        raise InvalidInput(message, details={"suite": [message]})
    return suite_rows.keep(document, by=by)


def keep_file(
    *, file: UploadedFile[bytes], by: str, name: str = "", category: str | None = None, like: str = ""
) -> Kept:
    """Keep what was sent as a file; cases alone take the rest from the suite `like`. Raises InvalidInput."""
    model = suite_rows.version_of(_like(like)).document if like else None
    document = suite_files.parse(file.name or "", file.read(), like=model)
    return suite_rows.keep(document, by=by, name=name, category=category or None)


def cases(suite: Suite, *, version: int | None = None, tag: str = "", split: str = "") -> list[Case]:
    """Return the cases of a version, those of a tag and of a split."""
    found = read_suite(suite_rows.version_of(suite, version).document).cases
    return [case for case in found if (not tag or tag in case.tags) and (not split or case.split == split)]


def file_name(version: SuiteVersion, kind: str) -> str:
    """Return a name that every system takes."""
    stem = re.sub(r"[^A-Za-z0-9._-]+", "_", version.suite.name).strip("._") or "suite"
    return f"{stem}.{kind}"


def _like(called: str) -> Suite:
    try:
        return suite_rows.find(called)
    except NotFound as error:
        raise InvalidInput(f"like: {error.message}", details={"like": [error.message]}) from error
