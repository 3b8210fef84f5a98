"""What the web process must not import: a second of start-up and a hundred megabytes each."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from registry_project.asgi import application
from django.contrib import admin
from django.urls import get_resolver
get_resolver().url_patterns
admin.autodiscover()
print(sorted({"mlflow", "gradio", "pandas", "scipy", "numpy", "pydantic"} & set(sys.modules)))
"""


def test_the_web_process_imports_none_of_the_slow_libraries():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_the_demo_imports_no_django():
    program = "import sys, registry_project.demo.__main__; print('django' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "False"
