"""python -m registry_project.gradio_app: serve the page in the foreground."""

from __future__ import annotations

import signal
from typing import Any

from registry_project.gradio_app.app import launch
from registry_project.gradio_app.configuration import Configuration


def main() -> None:
    signal.signal(signal.SIGTERM, _leave)
    configuration = Configuration.from_environment()
    try:
        page = launch(configuration, prevent_thread_lock=True)
    except OSError as error:
        raise SystemExit(f"Port {configuration.port} is taken ({error}). Set GRADIO_PORT to a free one.") from error
    print(f"Page on http://{configuration.host}:{configuration.port}, registry at {configuration.api_url}", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        page.close(verbose=False)


def _leave(number: int, frame: Any) -> None:
    # The same way out as Ctrl-C, with exit code 0.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
