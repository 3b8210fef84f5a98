"""Thinking Models: reasoning apart from the answer, what it cost, and two models side by side."""

from __future__ import annotations

from typing import Any

import gradio as gr

from registry_project.gradio_app import talk
from registry_project.gradio_app.chat import ChatTab, Round, Settings, checked
from registry_project.gradio_app.conversation import Conversation
from registry_project.gradio_app.errors import PageError
from registry_project.gradio_app.session import Session

FIRST, SECOND = "thinking", "thinking second"
NOBODY = ("nobody", "")


class ThinkingTab(ChatTab):
    name = "thinking"
    logs = (FIRST, SECOND)
    empty = "Ask something that takes a little thought. The reasoning stands apart from the answer."

    def build(self) -> None:
        self.second = gr.Dropdown([NOBODY], value="", label="Compare with", elem_classes="mr-second")
        with gr.Row():
            with gr.Column(min_width=300):
                first_log = self.build_log()
            with gr.Column(min_width=300, visible=False) as self.second_column:
                second_log = gr.HTML(talk.conversation(Conversation(), self.empty), max_height=640, autoscroll=True)
        self.build_question()
        gr.Examples(
            [
                ["A bat and a ball cost 1.10 together. The bat costs 1.00 more. What does the ball cost?"],
                ["Which weighs more: a kilogram of feathers or a pound of iron? Answer in one sentence."],
                ["Sort these by size, smallest first: 0.9, 0.11, 0.25."],
            ],
            [self.question],
            label="Examples",
            api_visibility="private",
        )
        self.build_settings(effort=True)
        self.build_call()
        self.wire([first_log, second_log], [self.second])
        self.wiring.on([self.selector.model.change], self.choices, [self.second], [self.second])
        self.wiring.on([self.second.change], self.columns, [self.second], [self.second_column])

    def rounds(self, session: Session, model_id: str, question: str, settings: Settings, *extra: Any) -> list[Round]:
        checked(session, model_id, question)
        second: str = extra[0] or ""
        if second == model_id:
            raise PageError("Compare with another model than the one that is selected.")
        asked = [(FIRST, model_id), *([(SECOND, second)] if second else [])]
        return [self._round(session, log, model, question, settings) for log, model in asked]

    def choices(self, session: Session, second: str | None) -> Any:
        """Return the models to compare with: those of the list that is open, and the one that is chosen already."""
        kept = [(session.models[second].label, second)] if second and second in session.models else []
        listed = [choice for choice in session.listed if choice[1] != second]
        return gr.Dropdown(choices=[NOBODY, *kept, *listed], value=kept[0][1] if kept else "")

    def columns(self, session: Session, second: str | None) -> Any:
        return gr.Column(visible=bool(second))

    def _round(self, session: Session, log: str, model_id: str, question: str, settings: Settings) -> Round:
        kept = session.conversations[log]
        turn = kept.ask(question, session.name_of(model_id))
        return Round(kept, turn, settings.body(model_id, kept.messages))
