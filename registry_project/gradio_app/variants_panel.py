"""Variants: one made of the model that is selected, and both answering side by side."""

from __future__ import annotations

from typing import Any

import gradio as gr

from registry_project.gradio_app import markup, numbers
from registry_project.gradio_app.chat import ChatTab, Round, Settings, checked
from registry_project.gradio_app.errors import PageError, sentence
from registry_project.gradio_app.replies import Model
from registry_project.gradio_app.session import Session

BASE, VARIANT = "variant's base", "variant"
SCOPE = "experiment"
NO_SCOPE = (
    "Your log-in may not make variants: that needs the scope “experiment”, which evaluators have. Ask an operator. "
    "You can still compare models under Thinking Models."
)
INTRODUCTION = (
    "A variant is the selected model with a system prompt or parameters of its own. It becomes a model in the registry "
    "with its own name; the selected model stays as it is."
)


class VariantsPanel(ChatTab):
    """Below the tabs, for whichever model is selected there."""

    name = "variants"
    logs = (BASE, VARIANT)
    empty = "Make a variant first; then both models answer here."

    def build(self) -> None:
        with gr.Accordion("Make a variant and compare", open=False, elem_classes="mr-variants"):
            gr.HTML(f"<p>{markup.text(INTRODUCTION)}</p>", padding=False)
            self._build_form()
            with gr.Row():
                with gr.Column(min_width=300):
                    base_log = self.build_log()
                with gr.Column(min_width=300):
                    variant_log = self.build_log()
            self.build_question("Question for both")
            self.settings: list[Any] = []
            self.build_call()
        self.wire([base_log, variant_log], [])
        given = [self.selector.model, self.system, self.temperature, self.tokens]
        self.wiring.on([self.make.click], self.create, given, [self.made])
        self.wiring.on([self.selector.model.change], self.about, [self.selector.model], [self.made])
        self.wiring.at_log_in(self.welcome, [self.made, self.make])

    def _build_form(self) -> None:
        self.system = gr.Textbox(label="System prompt of the variant", lines=2, max_lines=8, max_length=100_000)
        with gr.Row():
            self.temperature = numbers.number_box("Temperature of the variant")
            self.tokens = numbers.number_box("Most tokens of the variant")
        self.make = gr.Button("Make variant", variant="primary", size="md")
        self.made = gr.HTML(padding=False)

    # --- Handlers ----------------------------------------------------------------------------------------------

    def create(self, session: Session, model_id: str | None, system: str, temperature: Any, tokens: Any) -> str:
        """Make what the fields ask for; return the sentence about it."""
        try:
            base = self._base(session, model_id or "")
            with session.watched():
                made = self._make(session, base, (system or "").strip(), temperature, tokens)
        except PageError as error:
            # Fields are named as the form names them.
            return markup.error(sentence(str(error).removeprefix("Parameters.")))
        session.models[made.id] = made
        session.variants[base.id] = made.id
        return self.about(session, base.id)

    def about(self, session: Session, model_id: str | None) -> str:
        """Return which variant answers beside the selected model."""
        if not session.is_open:
            return ""
        if SCOPE not in session.scopes:
            return markup.note(NO_SCOPE)
        made = session.variants.get(model_id or "")
        if made is None:
            return ""
        name = markup.text(session.name_of(made))
        base = markup.text(session.name_of(model_id or ""))
        return f'<p class="mr-note" role="status">✓ <strong>{name}</strong> is made and answers beside {base}.</p>'

    def welcome(self, session: Session) -> list[Any]:
        """Say what the log-in may not do before anything is filled in."""
        return [
            self.about(session, session.chosen.get(session.category)),
            gr.Button(interactive=SCOPE in session.scopes),
        ]

    def rounds(self, session: Session, model_id: str, question: str, settings: Settings, *extra: Any) -> list[Round]:
        checked(session, model_id, question)
        made = session.variants.get(model_id)
        if made is None:
            raise PageError(f"Make a variant of {session.name_of(model_id)} first.")
        return [self._round(session, log, model, question) for log, model in ((BASE, model_id), (VARIANT, made))]

    def _round(self, session: Session, log: str, model_id: str, question: str) -> Round:
        kept = session.conversations[log]
        turn = kept.ask(question, session.name_of(model_id))
        return Round(kept, turn, Settings().body(model_id, kept.messages))

    def _base(self, session: Session, model_id: str) -> Model:
        if not session.is_open:
            raise PageError("Log in first.")
        if SCOPE not in session.scopes:
            raise PageError(NO_SCOPE)
        model = session.models.get(model_id)
        if model is None:
            raise PageError("Choose a model first.")
        if "text_embedding" in model.capabilities and "text_generation" not in model.capabilities:
            raise PageError(f"{model.name} only embeds texts, so it cannot chat. Choose another model.")
        return model

    def _make(self, session: Session, base: Model, system: str, temperature: Any, tokens: Any) -> Model:
        """Make a variant of the parameters, and one of the prompt on top of it: the registry has a type for each."""
        parameters = {"temperature": numbers.temperature(temperature), "max_tokens": numbers.tokens(tokens)}
        parameters = {name: value for name, value in parameters.items() if value is not None}
        if not system and not parameters:
            raise PageError("Fill in a system prompt, a temperature or a number of tokens first.")
        client, made = self.client.with_key(session.key), base
        if parameters:
            made = client.make_variant(made.id, "parameter_tuning", parameters)
        if system:
            made = client.make_variant(made.id, "prompt_engineering", {"system": system})
        return made
