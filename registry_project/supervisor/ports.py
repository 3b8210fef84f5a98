"""Are the ports free? Asked before anything starts, so that a taken one is one clear line."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class Port:
    """A port that a child will listen on, and the environment variable that moves it."""

    number: int
    variable: str
    host: str = "127.0.0.1"


def complaint(ports: list[Port]) -> str | None:
    """Return one line on the first port that cannot be used, or None when all can."""
    seen: dict[int, Port] = {}
    for port in ports:
        if twin := seen.get(port.number):
            return f"{twin.variable} and {port.variable} are both {port.number}. Set one to another port."
        seen[port.number] = port
        if problem := _problem(port):
            return problem
    return None


def _problem(port: Port) -> str | None:
    if not 0 < port.number < 65536:
        return f"{port.variable}={port.number} is no port. Set {port.variable} to a number from 1 to 65535."
    try:
        _bind(port)
    except OSError as error:
        return _reason(port, error)
    return None


def _bind(port: Port) -> None:
    address = socket.getaddrinfo(port.host, port.number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    with socket.socket(address[0], address[1]) as probe:
        # As the servers do it: connections of a stopped run in TIME_WAIT do not count, a listener does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address[4])


def _reason(port: Port, error: OSError) -> str:
    where = f"Port {port.number} on {port.host}"
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return f"{where} cannot be opened ({port.variable}): {port.host} is not an address of this machine."
    if error.errno == errno.EACCES:
        return f"{where} may not be opened by this user. Set {port.variable} to a port above 1023."
    return f"{where} is taken. Set {port.variable} to a free port, such as {port.variable}={_free_port(port)}."


def _free_port(port: Port) -> int:
    """Return a port that is free now: the next ones in order, so that it is easy to remember."""
    for number in range(port.number + 1, min(port.number + 50, 65536)):
        try:
            _bind(Port(number, port.variable, port.host))
        except OSError:
            continue
        return number
    return port.number + 1000 if port.number < 60000 else port.number - 1000
