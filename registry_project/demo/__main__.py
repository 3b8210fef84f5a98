"""python -m registry_project.demo: start the demo upstream in the foreground."""

from __future__ import annotations

import argparse
import socket

from aiohttp import web

from registry_project.demo.app import build_app
from registry_project.demo.faults import MODES
from registry_project.demo_routes import add_to


def main() -> None:
    parser = argparse.ArgumentParser(prog="registry_project.demo", description="A demo Ollama without weights.")
    parser.add_argument("--port", type=int, default=11535, help="0 takes a free one")
    parser.add_argument("--version", default="0.33.0", help="sets the shape of the answers")
    parser.add_argument("--models", type=int, help="so many generated models in place of the library")
    parser.add_argument("--mode", default="ok", choices=MODES)
    parser.add_argument("--load-delay", type=float, default=0.8, help="seconds")
    parser.add_argument("--token-delay", type=float, default=0.02, help="seconds, for a model of 5 GB")
    options = vars(parser.parse_args())
    listener = socket.create_server(("127.0.0.1", options.pop("port")))
    print(f"Demo upstream (no weights, invented answers) on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    add_to(app := build_app(**options))
    web.run_app(app, sock=listener, print=None, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)


if __name__ == "__main__":
    main()
