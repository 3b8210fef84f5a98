"""Tool Models: which calls a model makes with the tools it is given, and what it says to their results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gradio as gr

from registry_project.gradio_app import schemas
from registry_project.gradio_app.chat import ChatTab, Round, Settings, checked
from registry_project.gradio_app.errors import PageError
from registry_project.gradio_app.session import Session
from registry_project.gradio_app.wiring import SLOW


class ToolsTab(ChatTab):
    name = "tools"
    logs = ("tools",)
    empty = "Ask something that the tools can help with. The calls that the model makes appear here."

    def build(self) -> None:
        with gr.Row():
            with gr.Column(min_width=300):
                self.schema = gr.Code(
                    schemas.DEFAULT, language="json", label="Tools (JSON)", interactive=True, lines=8, max_lines=16
                )
                self.build_question("Question for the tools")
            with gr.Column(scale=1, min_width=300):
                log = self.build_log()
                self._build_result()
        gr.Examples(
            [
                ["What is the weather in Lisbon, in celsius?"],
                ["How much is 17 times 23, plus 4?"],
                ["Is it warmer in Oslo or in Cairo right now?"],
                ["Say hello. You need no tool for that."],
            ],
            [self.question],
            label="Examples",
            api_visibility="private",
        )
        self.build_settings()
        self.build_call()
        self.wire([log], [self.schema])
        self._wire_result()

    def _build_result(self) -> None:
        with gr.Column(visible=False) as self.result_part:
            self.result = gr.Textbox(label="The tool's result", lines=1, max_lines=6, max_length=100_000)
            self.give = gr.Button("Give result and continue", variant="primary", size="md")

    def _wire_result(self) -> None:
        inputs = [self.selector.model, self.result, *self.settings, self.schema]
        triggers = [self.give.click, self.result.submit]
        given = self.wiring.on(triggers, self.continue_with, inputs, self.outputs, concurrency_limit=SLOW)
        shown = [self.result_part, self.result]
        # The form follows the conversation after whatever changed it.
        for event in (given, *self.changing):
            self.wiring.after(event, self.form, [], shown)

    def rounds(self, session: Session, model_id: str, question: str, settings: Settings, *extra: Any) -> list[Round]:
        checked(session, model_id, question)
        kept = session.conversations[self.name]
        if kept.open_call():
            raise PageError("The model waits for a tool's result: give it, or begin a new conversation.")
        tools = schemas.parse(extra[0] or "")
        turn = kept.ask(question, session.name_of(model_id))
        return [Round(kept, turn, settings.body(model_id, kept.messages, tools=tools))]

    def continue_with(self, session: Session, model_id: str | None, result: str, *given: Any) -> Iterator[list[Any]]:
        """Take the result of the call that waits; when none waits any more, let the model go on."""
        kept = session.conversations[self.name]
        try:
            checked(session, model_id or "", "given")
            settings, tools = Settings.of(given[:4]), schemas.parse(given[4] or "")
            if (call := kept.open_call()) is None:
                raise PageError("No call waits for a result.")
        except PageError as error:
            yield self.refusal(session, str(error)).values()
            return
        call.result = result or ""
        if not kept.calls_are_answered():
            yield self.refusal(session, "").values()
            return
        turn = kept.give_results(session.name_of(model_id or ""))
        body = settings.body(model_id or "", kept.messages, tools=tools)
        for frame in self.stream(session, [Round(kept, turn, body)]):
            yield frame.values()

    def form(self, session: Session) -> tuple[Any, Any]:
        """Return the form for the call that waits for its result, if one does."""
        kept = session.conversations[self.name]
        call = kept.open_call()
        if call is None:
            return gr.Column(visible=False), gr.Textbox(value="")
        calls = list(kept.turns[-1].answer.calls.values())
        which = f" (call {calls.index(call) + 1} of {len(calls)})" if len(calls) > 1 else ""
        return gr.Column(visible=True), gr.Textbox(value="", label=f"The tool's result: {call.name}{which}")

    def judge(self, ended: Round) -> None:
        for call in ended.turn.answer.calls.values():
            call.fits, call.verdict = schemas.verdict(call.arguments, call.name, ended.body["tools"])
