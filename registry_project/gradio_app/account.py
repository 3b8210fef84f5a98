"""Log-in with the site's account, and log-out."""

from __future__ import annotations

from typing import Any

import gradio as gr

from registry_project.gradio_app import markup
from registry_project.gradio_app.client import RegistryClient
from registry_project.gradio_app.errors import PageError
from registry_project.gradio_app.session import Session
from registry_project.gradio_app.wiring import Wiring

# Nothing that was seen stays in the browser. A moment later, since Gradio complains of what a reload breaks off.
_RELOAD = "() => { setTimeout(() => window.location.reload(), 500) }"


class Account:
    """The form, and the line that says who is logged in. `logged_in` is the event to open the page at."""

    def __init__(self, client: RegistryClient, wiring: Wiring) -> None:
        self._client = client
        self._wiring = wiring
        self.logged_in: Any = None

    def build(self, title: str) -> None:
        with gr.Row(elem_classes="mr-head"):
            gr.HTML(f"<h1>{title}</h1>", padding=False)
            with self._wiring.section(), gr.Row(elem_classes="mr-account"):
                self.who = gr.HTML(padding=False)
                leave = gr.Button("Log out", size="sm", scale=0, min_width=110)
        with gr.Column(elem_classes="mr-log-in") as self.form:
            self._build_form()
        left = self._wiring.on([leave.click], self.log_out, [], [self.who])
        self._wiring.at_last(left, _RELOAD)

    def _build_form(self) -> None:
        gr.HTML(
            "<h2>Log in</h2><p>With the account of the registry's site. What you may do there, you may do here.</p>"
        )
        user = gr.Textbox(label="User name", max_length=150, html_attributes=_autocomplete("username"))
        password = gr.Textbox(
            label="Password", type="password", max_length=4096, html_attributes=_autocomplete("current-password")
        )
        send = gr.Button("Log in", variant="primary")
        self.notice = gr.HTML(padding=False)
        triggers = [send.click, user.submit, password.submit]
        self.logged_in = self._wiring.on(triggers, self.log_in, [user, password], [password, self.who])

    def log_in(self, session: Session, user: str, password: str) -> tuple[str, str]:
        """Return what the password field holds now (nothing) and who is logged in."""
        user = (user or "").strip()
        if not user or not password:
            session.notice = "Fill in both the user name and the password."
            return password or "", ""
        try:
            session.begin(user, self._client.with_key("").log_in(user, password))
        except PageError as error:
            session.notice = str(error)
        return "", who(session)

    def log_out(self, session: Session) -> str:
        session.end()
        return ""


def who(session: Session) -> str:
    return f"<p>Logged in as <strong>{markup.text(session.user)}</strong></p>" if session.is_open else ""


def notice(session: Session) -> str:
    """Return the sentence below the form, once."""
    told, session.notice = session.notice, ""
    return markup.error(told)


def _autocomplete(kind: str) -> gr.InputHTMLAttributes:
    return gr.InputHTMLAttributes(autocomplete=kind, autocapitalize="off", spellcheck=False)
