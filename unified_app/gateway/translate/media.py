"""Images and sounds: parts with data URIs in OpenAI's protocol, bare base64 in Ollama's. Pure."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from unified_app.gateway.translate.fields import Body, refused

# How files begin; RIFF and ISO files tell their kind a little later.
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"ID3", "audio/mp3"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
)
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}


def image_data(part: Body, at: str) -> str:
    """Return the base64 in an `image_url` part. We fetch nothing for a caller, so an address is refused."""
    url = part.get("image_url")
    if isinstance(url, dict):
        url = url.get("url")
    if not isinstance(url, str):
        raise refused(at, "An image_url part needs a url.")
    head, comma, data = url.partition(",")
    if not head.lower().startswith("data:") or not head.lower().endswith(";base64") or not comma:
        raise refused(at, "Send the image itself as a data URI with base64; addresses are not fetched.")
    if not data:
        raise refused(at, "The image is empty.")
    return data


def audio_data(part: Body, at: str) -> str:
    audio = part.get("input_audio")
    data = audio.get("data") if isinstance(audio, dict) else None
    if not isinstance(data, str) or not data:
        raise refused(at, "An input_audio part needs data in base64.")
    return data


def media_part(data: Any, at: str) -> Body:
    """Return the OpenAI part for one of Ollama's `images`, its type taken from its first bytes."""
    kind = _kind_of(data) if isinstance(data, str) else ""
    if not kind:
        raise refused(at, "Must be base64 of an image or sound of a common format, without a data URI's head.")
    if kind.startswith("audio/"):
        return {"type": "input_audio", "input_audio": {"data": data, "format": kind.removeprefix("audio/")}}
    return {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{data}"}}


def _kind_of(data: str) -> str:
    try:
        start = base64.b64decode(data[:64].rstrip("="), validate=True) if len(data) >= 64 else _short(data)
    except (binascii.Error, ValueError):
        return ""
    for beginning, kind in _BEGINNINGS:
        if start.startswith(beginning):
            return kind
    if start[:4] == b"RIFF":
        return _RIFF.get(start[8:12], "")
    if start[4:12] in (b"ftypavif", b"ftypheic"):
        return f"image/{start[8:12].decode()}"
    # An MP3 without tags begins with the eleven set bits of a frame.
    return "audio/mp3" if len(start) > 1 and start[0] == 0xFF and start[1] >= 0xE0 else ""


def _short(data: str) -> bytes:
    return base64.b64decode(data, validate=True)
