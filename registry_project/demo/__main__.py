"""python -m registry_project.demo: start the demo upstream in the foreground."""

from __future__ import annotations

import argparse
import socket

from aiohttp import web

from registry_project.demo.app import build_app
from registry_project.demo.faults import MODES


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="registry_project.demo", description="A demo Ollama without weights.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=11535, help="0 takes a free one")
    parser.add_argument("--version", default="0.33.0", help="sets the shape of the answers")
    parser.add_argument("--models", type=int, help="so many generated models in place of the library")
    parser.add_argument("--mode", default="ok", choices=MODES)
    parser.add_argument("--load-delay", type=float, default=0.8, help="seconds")
    parser.add_argument("--token-delay", type=float, default=0.02, help="seconds, for a model of 8B")
    parser.add_argument("--parallel", type=int, default=4, help="answers at the same time per model")
    parser.add_argument("--max-loaded", type=int, default=10)
    return parser.parse_args()


def main() -> None:
    options = vars(arguments())
    listener = socket.create_server((options.pop("host"), options.pop("port")))
    host, port = listener.getsockname()[:2]
    print(f"Demo upstream (no weights, invented answers) on http://{host}:{port}", flush=True)
    app = build_app(**options)
    web.run_app(app, sock=listener, print=None, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)


if __name__ == "__main__":
    main()
