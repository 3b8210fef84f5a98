"""The supervisor's parts by themselves: no product is started here."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from registry_project.environment import BASE_DIR
from registry_project.supervisor import broker, lock, ports
from registry_project.supervisor.children import Child, ChildSpec
from registry_project.supervisor.terminal import Terminal
from tests.running import environment, family
from tests.servers import free_port, wait_until


def spec(*module: str) -> ChildSpec:
    return ChildSpec("part", list(module), lambda: True)


class TestPorts:
    def test_free_ports_are_no_complaint(self) -> None:
        assert ports.complaint([ports.Port(free_port(), "A_PORT"), ports.Port(free_port(), "B_PORT")]) is None

    def test_a_port_that_is_left_over_from_a_stopped_server_is_free(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
                pass
        assert ports.complaint([ports.Port(port, "A_PORT")]) is None

    def test_the_proposed_port_is_free(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            line = ports.complaint([ports.Port(server.getsockname()[1], "A_PORT")])
            proposed = int(line.rsplit("A_PORT=", 1)[1].rstrip("."))
        assert ports.complaint([ports.Port(proposed, "A_PORT")]) is None

    @pytest.mark.parametrize(("number", "host"), [(0, "127.0.0.1"), (70_000, "127.0.0.1"), (8000, "192.0.2.1")])
    def test_what_is_no_port_or_address_is_named(self, number: int, host: str) -> None:
        line = ports.complaint([ports.Port(number, "A_PORT", host)])
        assert "A_PORT" in line and str(number) in line


class TestLock:
    def test_it_is_free_again_when_its_file_is_closed(self, tmp_path: Path) -> None:
        lock.take(tmp_path).close()
        with lock.take(tmp_path):
            pass

    def test_a_second_one_learns_who_holds_it_and_leaves_it_whole(self, tmp_path: Path) -> None:
        with lock.take(tmp_path):
            for _ in range(2):
                with pytest.raises(lock.HomeIsTaken) as caught:
                    lock.take(tmp_path)
                assert int(caught.value.pid) > 1
                assert "REGISTRY_HOME" in str(caught.value)


class TestBroker:
    def test_only_what_nobody_waits_for_is_removed(self, tmp_path: Path) -> None:
        (tmp_path / "control").mkdir()
        kept = [tmp_path / "1_a.celery.msg", tmp_path / "control/celery.exchange"]
        gone = [tmp_path / "1_b.worker@host.celery.pidbox.msg", tmp_path / "control/celery.pidbox.exchange"]
        for path, text in zip([*kept, *gone], ["{}", "[]", "{}", ""], strict=True):
            path.write_text(text)
        broker.tidy(tmp_path)
        assert [path.exists() for path in [*kept, *gone]] == [True, True, False, False]


class TestTerminal:
    def test_a_reader_that_takes_nothing_blocks_nobody(self) -> None:
        stuck = StuckStream()
        terminal = Terminal(stuck)
        began = time.monotonic()
        for _ in range(20_000):
            terminal.say("line")
        terminal.close()
        assert time.monotonic() - began < 5
        stuck.go_on.set()

    def test_colours_are_for_terminals_only(self) -> None:
        stream = io.StringIO()
        terminal = Terminal(stream)
        terminal.follow("site", io.BytesIO(b"one\ntwo \xff\n"))
        terminal.close()
        assert stream.getvalue() == "site   | one\nsite   | two \N{REPLACEMENT CHARACTER}\n"


class StuckStream(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.go_on = threading.Event()

    def write(self, text: str) -> int:
        self.go_on.wait(30)
        return super().write(text)


class TestChild:
    def child(self, tmp_path: Path, *module: str) -> tuple[Child, io.StringIO, Terminal]:
        stream = io.StringIO()
        terminal = Terminal(stream)
        return Child(spec(*module), environment(tmp_path), terminal), stream, terminal

    def test_one_that_keeps_dying_waits_longer_each_time_and_says_so(self, tmp_path: Path) -> None:
        child, stream, terminal = self.child(tmp_path, "no_such_module")
        deadline = time.monotonic() + 15
        while "starts again in 2 s" not in stream.getvalue() and time.monotonic() < deadline:
            child.tend()
            time.sleep(0.05)
        terminal.close()
        assert "ended with exit code 1; it starts again in 1 s" in stream.getvalue()
        assert "ended with exit code 1; it starts again in 2 s" in stream.getvalue()
        assert child.pid is None

    def test_it_is_ready_when_it_answers_and_gone_when_it_is_told(self, tmp_path: Path) -> None:
        child, _, terminal = self.child(tmp_path, "http.server", str(free_port()), "--bind", "127.0.0.1")
        child.tend()
        pid = wait_until(lambda: child.pid, 5, "an answer")
        child.terminate()
        wait_until(lambda: not child.is_running, 5, "its end")
        assert family([pid]) == []
        terminal.close()


def test_a_child_dies_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, subprocess, sys, time\n"
        "wrapper = [sys.executable, '-m', 'registry_project.supervisor.child', str(os.getpid())]\n"
        "print(subprocess.Popen([*wrapper, 'sleep', '60'], start_new_session=True).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=BASE_DIR)
    child = int(supervisor.stdout.readline())
    wait_until(lambda: Path(f"/proc/{child}/comm").read_text() == "sleep\n", 5, "the command runs")
    supervisor.kill()
    supervisor.wait()
    supervisor.stdout.close()
    wait_until(lambda: family([child]) == [], 5, "the child is gone too")
