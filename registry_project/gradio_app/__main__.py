"""python -m registry_project.gradio_app: serve the page in the foreground."""

from __future__ import annotations

import signal
import threading

from registry_project.gradio_app.app import launch
from registry_project.gradio_app.configuration import Configuration


def main() -> None:
    # An event and no exception: a signal may come while Gradio is still starting.
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    configuration = Configuration.from_environment()
    try:
        page = launch(configuration, prevent_thread_lock=True)
    except OSError as error:
        raise SystemExit(f"Port {configuration.port} is taken ({error}). Set GRADIO_PORT to a free one.") from error
    print(f"Page on http://{configuration.host}:{configuration.port}, registry at {configuration.api_url}", flush=True)
    stop.wait()
    page.close(verbose=False)


if __name__ == "__main__":
    main()
