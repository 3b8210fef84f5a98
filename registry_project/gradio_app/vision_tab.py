"""Vision Models: a picture, a question, and the answer as it comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from registry_project.gradio_app import pictures
from registry_project.gradio_app.chat import ChatTab, Round, Settings, checked
from registry_project.gradio_app.errors import PageError
from registry_project.gradio_app.session import Session

EXAMPLES = Path(__file__).parent / "examples"


class VisionTab(ChatTab):
    name = "vision"
    logs = ("vision",)
    empty = "Add a picture and ask about it; an example below fills in both."

    def build(self) -> None:
        with gr.Row():
            with gr.Column(min_width=300):
                self.picture = gr.Image(
                    label="Picture",
                    type="filepath",
                    image_mode=None,
                    sources=["upload", "clipboard"],
                    height=300,
                    buttons=["fullscreen"],
                )
                self.build_question("Question about the picture")
            with gr.Column(scale=2, min_width=300):
                log = self.build_log()
        gr.Examples(
            [
                [str(EXAMPLES / "shapes.png"), "Which shapes do you see, and in which colours?"],
                [str(EXAMPLES / "sales.png"), "Which month was the best, and by how much?"],
            ],
            [self.picture, self.question],
            label="Examples",
            example_labels=["Shapes", "A bar chart"],
            api_visibility="private",
        )
        self.build_settings()
        self.build_call()
        self.wire([log], [self.picture])

    def rounds(self, session: Session, model_id: str, question: str, settings: Settings, *extra: Any) -> list[Round]:
        checked(session, model_id, question)
        kept = session.conversations[self.name]
        picture: str | None = (extra[0] or {}).get("path")
        if not picture and not kept.picture:
            raise PageError("Add a picture first, or take an example.")
        parts, thumbnail = None, ""
        # A picture that the model has seen in this conversation is not sent twice.
        if picture and picture != kept.picture:
            parts = [{"type": "image_url", "image_url": {"url": pictures.data_url(picture)}}]
            thumbnail = pictures.thumbnail(picture)
            kept.picture = picture
        turn = kept.ask(question, session.name_of(model_id), parts=parts, thumbnail=thumbnail)
        return [Round(kept, turn, settings.body(model_id, kept.messages))]
