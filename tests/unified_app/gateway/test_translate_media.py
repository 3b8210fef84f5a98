"""Images and sounds of an Ollama caller, as parts with data URIs."""

from __future__ import annotations

import base64

import pytest

from unified_app.errors import InvalidInput
from unified_app.gateway.translate.ollama_messages import messages_to_openai

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 60).decode()
WAV = base64.b64encode(b"RIFF\0\0\0\0WAVEfmt ").decode()


def path_of(call, *args, **fields) -> str:
    with pytest.raises(InvalidInput) as raised:
        call(*args, **fields)
    (path,) = raised.value.details
    return path


def test_images_are_parts_with_the_type_that_their_bytes_tell():
    (message,) = messages_to_openai([{"role": "user", "content": "What?", "images": [PNG, WAV]}])
    assert message["content"] == [
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
        {"type": "input_audio", "input_audio": {"data": WAV, "format": "wav"}},
        {"type": "text", "text": "What?"},
    ]


@pytest.mark.parametrize(
    ("start", "kind"),
    [(b"\xff\xd8\xff\xe0", "image/jpeg"), (b"GIF89a", "image/gif"), (b"RIFF\1\2\3\4WEBPVP8 ", "image/webp")],
)
def test_the_types_of_common_images_are_known(start, kind):
    (message,) = messages_to_openai([{"role": "user", "images": [base64.b64encode(start + b"\0" * 99).decode()]}])
    assert message["content"][0]["image_url"]["url"].startswith(f"data:{kind};base64,")


@pytest.mark.parametrize("image", ["", "!!!!", 5, "data:image/png;base64,AAAA", base64.b64encode(b"text").decode()])
def test_what_is_no_image_is_named(image):
    body = [{"role": "user", "content": "x"}, {"role": "user", "content": "x", "images": [PNG, image]}]
    assert path_of(messages_to_openai, body) == "messages.1.images.1"
