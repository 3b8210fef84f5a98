"""Does a child do its work yet? Each probe is asked again and again from a thread until it says yes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import requests
from celery.utils.nodenames import gethostname
from django.conf import settings

from registry_project.celery import app

logger = logging.getLogger(__name__)

# (connect, read): the first request of a cold site imports half of the product.
TIMEOUT = (1.0, 5.0)


def http_answers(url: str, headers: dict[str, str] | None = None) -> Callable[[], bool]:
    """Return a probe: does GET `url` give 200?"""

    def probe() -> bool:
        try:
            # A session that ignores the environment: a proxy set there must not see loopback calls.
            with requests.Session() as session:
                session.trust_env = False
                return session.get(url, headers=headers, timeout=TIMEOUT, allow_redirects=False).status_code == 200
        except requests.RequestException:
            return False

    return probe


def site_answers(url: str) -> Callable[[], bool]:
    """Return a probe of /readyz, under a name that ALLOWED_HOSTS lets through."""
    allowed = [name for name in settings.ALLOWED_HOSTS if not name.startswith((".", "*"))]
    headers = {"Host": allowed[0]} if allowed and "127.0.0.1" not in allowed else None
    return http_answers(f"{url}/readyz", headers)


def worker_answers() -> bool:
    """Ping the worker by name. Its log line would depend on the log level."""
    try:
        return bool(app.control.ping(destination=[f"worker@{gethostname()}"], timeout=1.0, limit=1))
    except Exception as error:  # whatever the broker's library raises: it is not up yet
        logger.debug("no ping: %s", type(error).__name__)
        return False


def lives(seconds: float = 2.0) -> Callable[[], bool]:
    """Return a probe for a child that takes no questions: it has lived a moment."""

    def probe() -> bool:
        time.sleep(seconds)
        return True

    return probe
