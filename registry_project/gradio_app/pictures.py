"""Pictures for vision models: read, turned upright, made no bigger than a model looks at."""

from __future__ import annotations

import base64
import io
from pathlib import Path

from PIL import Image, ImageOps

from registry_project.gradio_app.errors import PageError

# What every vision server takes; others are turned into PNG.
_KNOWN = {"JPEG": "jpeg", "PNG": "png"}
LARGEST_SIDE = 2048
THUMBNAIL_SIDE = 160
_ORIENTATION = 0x0112


def data_url(path: str) -> str:
    """Return the picture as a data URL, its bytes untouched when a model can take them as they are."""
    with _opened(path) as picture:
        kind = _KNOWN.get(picture.format or "")
        upright = picture.getexif().get(_ORIENTATION, 1) == 1
        if kind and upright and max(picture.size) <= LARGEST_SIDE:
            return _as_url(kind, Path(path).read_bytes())
        return _smaller(picture, LARGEST_SIDE, "PNG" if kind != "jpeg" else "JPEG")


def thumbnail(path: str) -> str:
    """Return a small data URL to show beside the question."""
    with _opened(path) as picture:
        return _smaller(picture, THUMBNAIL_SIDE, "PNG")


def _opened(path: str) -> Image.Image:
    try:
        picture = Image.open(path)
        picture.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PageError("This file is no picture that can be read. Take a PNG or JPEG.") from error
    return picture


def _smaller(picture: Image.Image, side: int, format: str) -> str:
    # The transparent parts of a picture become white, as a page would show them, and not black.
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    upright.thumbnail((side, side))
    flat = Image.new("RGB", upright.size, "white")
    flat.paste(upright, mask=upright.getchannel("A"))
    written = io.BytesIO()
    flat.save(written, format)
    return _as_url(_KNOWN[format], written.getvalue())


def _as_url(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
