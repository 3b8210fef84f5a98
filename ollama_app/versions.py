"""Comparing Ollama's version numbers. Pure."""

from __future__ import annotations

import re


def version_key(version: str) -> tuple[int, ...]:
    """Return a sortable form: `0.33.0-rc2` is before `0.33.0`; 0.0.0 is a source build, newer than all."""
    numbers = re.match(r"v?(\d+)\.(\d+)\.(\d+)(-)?", version)
    if numbers is None:
        return (0, 0, 0, 0)
    major, minor, patch = (int(n) for n in numbers.groups()[:3])
    if (major, minor, patch) == (0, 0, 0):
        return (10**6, 0, 0, 0)
    return (major, minor, patch, 0 if numbers.group(4) else 1)


def takes_safetensors(version: str) -> bool:
    """Whether servers of this version make adapters of safetensors; one that is not known may.

    Reference: https://github.com/ollama/ollama/pull/14969
    """
    return not version or is_newer("0.34.1", version)


def is_newer(version: str, other: str) -> bool:
    """Whether `version` is a later release than `other`."""
    return version_key(version) > version_key(other)
