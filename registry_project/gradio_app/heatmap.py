"""Similarity of texts as an HTML table of shaded numbers, and the texts nearest to a query."""

from __future__ import annotations

from collections.abc import Sequence

from registry_project.gradio_app import markup

SHADES = 10


def table(texts: Sequence[str], values: Sequence[Sequence[float | None]]) -> str:
    """Return the heat map; rows carry the texts, columns their numbers."""
    head = "".join(f'<th scope="col" title="{markup.text(words)}">{n}</th>' for n, words in enumerate(texts, 1))
    rows = "".join(_row(number, words, row) for number, (words, row) in enumerate(zip(texts, values, strict=True), 1))
    caption = "<caption>Cosine similarity of each pair: 1 is the same direction, 0 is unrelated</caption>"
    return (
        '<div class="mr-scroll" tabindex="0" role="group" aria-label="Similarity of the texts"><table class="mr-heat">'
        f'{caption}<thead><tr><th scope="col">Text</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def nearest(query: str, texts: Sequence[str], ranking: Sequence[tuple[int, float]]) -> str:
    """Return the texts by their nearness to the query, each with a bar and its number."""
    items = "".join(
        f'<li><span class="mr-near-text">{markup.text(texts[index])}</span>'
        f'<span class="mr-bar"><span style="width:{max(0.0, value) * 100:.0f}%"></span></span>'
        f'<span class="mr-number">{value:.3f}</span></li>'
        for index, value in ranking
    )
    return f'<div class="mr-near"><p class="mr-label">Nearest to “{markup.text(query)}”</p><ol>{items}</ol></div>'


def _row(number: int, words: str, values: Sequence[float | None]) -> str:
    cells = "".join(f'<td class="{_shade(value)}">{_number(value)}</td>' for value in values)
    return f'<tr><th scope="row"><span class="mr-index">{number}</span> {markup.text(words)}</th>{cells}</tr>'


def _shade(value: float | None) -> str:
    return "mr-h-none" if value is None else f"mr-h{round(max(0.0, value) * SHADES)}"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
