from __future__ import annotations

import threading
from pathlib import Path
from queue import Empty
from unittest import mock

from kombu import Connection

from registry_project.celery import app
from registry_project.file_broker import Channel, Transport


def broker(folder: Path) -> Connection:
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder / "control"}
    return Connection("filesystem://", transport_options={name: str(path) for name, path in options.items()})


def test_celery_puts_its_messages_by_this_broker():
    assert app.connection_for_write("filesystem://").transport_cls == "filesystem"
    assert app.connection_for_write("filesystem://").get_transport_cls() is Transport


def test_a_message_is_whole_as_soon_as_it_can_be_taken(tmp_path):
    with broker(tmp_path) as connection, connection.channel() as channel:
        assert isinstance(channel, Channel)
        seen: list[bool] = []

        def watched(path: Path, text: str) -> int:
            with path.open("w") as file:
                seen.append(_is_empty(channel))  # the file is there, and nothing in it
                return file.write(text)

        with mock.patch.object(Path, "write_text", watched):
            channel._put("jobs", {"id": 1})
        assert seen == [True]
        assert channel._get("jobs") == {"id": 1}


def test_a_worker_that_takes_while_many_put_reads_all_of_them(tmp_path):
    with broker(tmp_path) as connection, connection.channel() as channel:
        putting = [threading.Thread(target=_put_many, args=(channel, first)) for first in (0, 100, 200)]
        for thread in putting:
            thread.start()
        taken: set[int] = set()
        while any(thread.is_alive() for thread in putting) or not _is_empty(channel, taken):
            _is_empty(channel, taken)
        assert taken == set(range(300))


def _put_many(channel: Channel, first: int) -> None:
    for number in range(first, first + 100):
        channel._put("jobs", {"id": number})


def _is_empty(channel: Channel, taken: set[int] | None = None) -> bool:
    try:
        message = channel._get("jobs")
    except Empty:
        return True
    if taken is not None:
        taken.add(message["id"])
    return False
