"""The suites that come with the product: in the database after every migrate, as versions like any other."""

from __future__ import annotations

import hashlib
import logging
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db import transaction

from experiments_app.evaluation.cases import SuiteContent
from experiments_app.evaluation.files.suite_files import parse
from experiments_app.evaluation.suites import read_suite
from experiments_app.models import Suite, SuiteVersion

logger = logging.getLogger(__name__)

SHIPPED = Path(__file__).parent / "evaluation" / "shipped"
PRODUCT = "product"


def seed(apps: Any = None, **_: Any) -> None:
    """Take over each shipped file whose content is new. Files that are known already are not parsed."""
    if apps is not None and "suite" not in apps.all_models["experiments_app"]:
        return  # migrated back to a time without suites
    known = set(Suite.objects.filter(shipped=True).values_list("shipped_file", "shipped_digest"))
    for path in sorted(SHIPPED.glob("*.prompt.yml")):
        raw = path.read_bytes()
        digest = hashlib.sha256(raw).hexdigest()
        if (path.name, digest) not in known:
            take_over(path.name, raw, digest)


def take_over(file: str, raw: bytes, digest: str) -> None:
    """Make the file's content a version of its suite, and the one that counts unless people made that one."""
    content = read(file, raw)
    with transaction.atomic():
        suite = _suite(file, content)
        if not suite.shipped:
            logger.warning("The suite %s is not taken from %s: people made one of that name.", content.name, file)
            return
        version = _version(suite, content)
        if suite.latest is None or suite.latest.created_by == PRODUCT:
            suite.latest = version
        suite.shipped_digest = digest
        suite.save(update_fields=["latest", "shipped_digest"])


@lru_cache(maxsize=16)
def read(file: str, raw: bytes) -> SuiteContent:
    # The tests' database is emptied and filled again many times in one process.
    return read_suite(parse(file, raw))


def _suite(file: str, content: SuiteContent) -> Suite:
    """Return the file's suite, whatever its name is now, locked; two processes make it once, as names are unique."""
    locked = Suite.objects.select_for_update()
    if (found := locked.filter(shipped_file=file).first()) is not None:
        return found
    told = {"category": content.document.get("category", ""), "tags": content.document.get("tags", [])}
    made = {**told, "shipped": True, "shipped_file": file, "created_by": PRODUCT}
    return locked.get_or_create(name=content.name, defaults=made)[0]


def _version(suite: Suite, content: SuiteContent) -> SuiteVersion:
    last = suite.versions.order_by("-number").first()
    made = {
        "number": last.number + 1 if last else 1,
        "document": dict(content.document),
        "case_count": len(content.cases),
        "created_by": PRODUCT,
    }
    return suite.versions.get_or_create(digest=content.digest, defaults=made)[0]
