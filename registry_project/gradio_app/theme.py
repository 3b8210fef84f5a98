"""The look: the site's colours, the system's own fonts, one style sheet beside this file."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio.themes.utils import colors, sizes

STYLE = Path(__file__).with_name("style.css")
ACCENT = colors.Color(
    name="accent",
    c50="#eef4fc",
    c100="#dbe8f9",
    c200="#b3d1fb",
    c300="#84b4f7",
    c400="#5593e8",
    c500="#2b6fd4",
    c600="#1a56b0",
    c700="#164a97",
    c800="#123f85",
    c900="#0e3167",
    c950="#0a2248",
)
NEUTRAL = colors.Color(
    name="ink",
    c50="#f6f7f9",
    c100="#eef1f5",
    c200="#d8dde4",
    c300="#c0c8d2",
    c400="#a0abba",
    c500="#6b7585",
    c600="#56606f",
    c700="#2d3643",
    c800="#1a2029",
    c900="#151a21",
    c950="#11151b",
)


def theme() -> gr.themes.Base:
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"]
    base = gr.themes.Base(
        primary_hue=ACCENT,
        secondary_hue=ACCENT,
        neutral_hue=NEUTRAL,
        text_size=sizes.text_lg,
        radius_size=sizes.radius_md,
        font=fonts,
        font_mono=["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"],
    )
    return base.set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="#1d2430",
        body_text_color_dark="#dde3ec",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        block_background_fill="white",
        block_background_fill_dark="*neutral_800",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_400",
        block_title_text_color="#1d2430",
        block_title_text_color_dark="#dde3ec",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="#1f5fbf",
        button_primary_background_fill_hover_dark="*primary_500",
        button_primary_text_color="white",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
    )
