"""python -m registry_project.demo_github: the demo's GitHub Models by itself, in the foreground."""

from __future__ import annotations

import argparse
import socket

from aiohttp import web

from registry_project.demo.app import label
from registry_project.demo_github.limits import PLANS
from registry_project.demo_github.refusals import MODES
from registry_project.demo_github.routes import add_to
from registry_project.demo_github.service import Service


def main() -> None:
    parser = argparse.ArgumentParser(prog="registry_project.demo_github", description="GitHub Models without weights.")
    parser.add_argument("--port", type=int, default=11536, help="0 takes a free one")
    parser.add_argument("--mode", default="healthy", choices=MODES)
    parser.add_argument("--plan", default="free", choices=PLANS, help="whose limits hold")
    parser.add_argument("--delay", type=float, default=5.0, help="seconds, in the mode slow")
    parser.add_argument("--token-delay", type=float, default=0.02, help="seconds")
    options = vars(parser.parse_args())
    listener = socket.create_server(("127.0.0.1", options.pop("port")))
    print(f"Demo of GitHub Models (no weights) on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    app = web.Application(client_max_size=2**25)
    app.on_response_prepare.append(label)
    add_to(app, Service(**options))
    web.run_app(app, sock=listener, print=None, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)


if __name__ == "__main__":
    main()
