"""What an error of the GitHub Models contract means, and what to do about it, in a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from github_models_app.tiers import TierLimits
from unified_app.errors import UpstreamError, UpstreamRetired

PUBLIC_HOST = "models.github.ai"
RETIRED_ON = "2026-07-30"
GONE = 410

_MAX_SIZE = re.compile(r"Max size: (\d{1,9}) tokens")


@dataclass(frozen=True)
class Asked:
    """What was asked when the error came."""

    url: str
    has_token: bool
    plan: str = ""
    model: str = ""
    limits: TierLimits = TierLimits()


def retired(url: str) -> UpstreamRetired:
    """Return the error for a service that answers 410. Its own words say "temporarily", which is stale: it is final."""
    host = urlsplit(url).hostname or url
    if host == PUBLIC_HOST:
        message = f"GitHub retired GitHub Models on {RETIRED_ON}: its catalog and its models answer nobody any more."
    else:
        message = f"The service at {host} says that it is retired (GitHub's own was on {RETIRED_ON}). This is final."
    error = UpstreamRetired(message)
    error.upstream_status = GONE
    return error


def explained(error: UpstreamError, asked: Asked) -> UpstreamError:
    """Return the same error with a sentence that says what to do; one that is no answer is left as it is."""
    status = error.upstream_status
    if status is None:
        return error
    if status == GONE:
        return retired(asked.url)
    better = UpstreamError(_sentence(status, error, asked), retry_after=error.retry_after)
    better.upstream_status, better.upstream_headers = status, error.upstream_headers
    better.upstream_text, better.upstream_code = error.upstream_text, error.upstream_code
    better.upstream_param = error.upstream_param
    return better


def _sentence(status: int, error: UpstreamError, asked: Asked) -> str:
    if status >= 500:
        return f"The service fails ({status}); try again later."
    if status == 429:
        return "The service is asked too often; try again later."
    known = {401: _unauthorized, 403: _no_access, 404: _unknown, 413: _too_large}.get(status)
    if known:
        return known(error, asked)
    if error.upstream_code == "unavailable_model":
        return f"The model {asked.model} is listed, but the plan of this token does not offer it."
    words = _words(error)
    return f"The service does not take the request ({status})" + (f": {words}" if words else ".")


def _unauthorized(error: UpstreamError, asked: Asked) -> str:
    if not asked.has_token:
        return "The service wants a token: set GITHUB_TOKEN to one with the permission `models: read`."
    if "permission" in error.upstream_text:
        return "The token lacks the `models` permission: give it `models: read` (in Actions, `permissions:`)."
    return "The service does not accept the token: it is wrong or expired, or lacks the permission `models: read`."


def _no_access(error: UpstreamError, asked: Asked) -> str:
    what = f"no access to {asked.model}" if asked.model else "no access"
    return f"The token has {what}: its plan, its organisation's policy or its permissions do not allow it."


def _unknown(error: UpstreamError, asked: Asked) -> str:
    if error.upstream_code == "unknown_model":
        return f"The service has no model {asked.model}."
    return "The service has no such route: check its base URL (GITHUB_MODELS_URL)."


def _too_large(error: UpstreamError, asked: Asked) -> str:
    said = _MAX_SIZE.search(error.upstream_text)
    most = int(said[1]) if said else asked.limits.max_input_tokens
    of_plan = f" (plan {asked.plan})" if asked.plan else ""
    limit = f": at most {most} tokens{of_plan}" if most else ""
    return f"The input is too large for {asked.model}{limit}. Shorten it; the catalog's limit is the model's own."


def _words(error: UpstreamError) -> str:
    """Return the service's words, which the client has made fit to be shown, after what it says of the status."""
    return error.message.partition(": ")[2]
