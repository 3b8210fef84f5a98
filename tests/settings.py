"""The product's settings in a data folder of the test run's own, so that nobody's ./var is touched."""

from __future__ import annotations

import os
import tempfile

# xdist's workers inherit the variable: one folder per run, however many processes it has.
TEST_HOME = os.environ.setdefault("REGISTRY_TEST_HOME", tempfile.mkdtemp(prefix="registry-tests-"))
os.environ["REGISTRY_HOME"] = TEST_HOME

from registry_project.settings import *  # noqa: E402, F403

# Slow on purpose in the product; tests make many users.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
