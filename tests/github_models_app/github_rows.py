"""Catalog rows as the GitHub Models service told them."""

from __future__ import annotations

from typing import Any

PUBLISHERS = {"openai": "OpenAI", "meta": "Meta", "deepseek": "DeepSeek", "microsoft": "Microsoft", "xai": "xAI"}
PUBLISHERS |= {"mistral-ai": "Mistral AI", "cohere": "Cohere"}
# id | tier | version | in>out | capabilities | input/output limit
TABLE = """
openai/gpt-4.1|high|2025-04-14|text,image>text|agents,streaming,tool-calling,agentsV2|1048576/32768
openai/gpt-4o-mini|low|2024-07-18|text,image,audio>text|agents,assistants,streaming,tool-calling,agentsV2|131072/4096
openai/o1-mini|custom|2024-09-12|text>text|reasoning,streaming|128000/65536
openai/o3|custom|2025-04-16|text,image>text|agents,agentsV2,reasoning,streaming,tool-calling|200000/100000
openai/gpt-5-mini|custom|2025-08-07|text,image>text|agents,agentsV2,reasoning,tool-calling,streaming|200000/100000
openai/text-embedding-3-small|embeddings|1|text>embeddings||8191/
openai/text-embedding-3-large|embeddings|1|text>embeddings||8191/
meta/llama-3.2-11b-vision-instruct|low|6|text,image,audio>text|streaming|128000/4096
deepseek/deepseek-r1-0528|custom|1|text>text|agentsV2,reasoning,streaming,tool-calling|128000/4096
mistral-ai/mistral-medium-2505|low|1|text,image>text|streaming,tool-calling|128000/4096
microsoft/phi-4-multimodal-instruct|low|2|audio,image,text>text|streaming|128000/4096
xai/grok-3-mini|custom|1|text>text|agentsV2|131072/4096
"""


def row(line: str, **changes: Any) -> dict[str, Any]:
    """Return one catalog row of a line of TABLE, all 13 keys in the order in which they were sent."""
    model, tier, version, modalities, capabilities, limits = line.split("|")
    publisher, slug = model.split("/")
    given, made = modalities.split(">")
    most_in, most_out = limits.split("/")
    registry = "azure-openai" if publisher == "openai" else f"azureml-{publisher.removesuffix('-ai')}"
    told = {
        "id": model,
        "name": slug if publisher != "openai" else f"OpenAI {slug}",
        "publisher": PUBLISHERS[publisher],
        "summary": f"What {slug} is for. ",
        "rate_limit_tier": tier,
        "supported_input_modalities": given.split(","),
        "supported_output_modalities": made.split(","),
        "tags": ["multipurpose", "large context"],
        "registry": registry,
        "version": version,
        "capabilities": capabilities.split(",") if capabilities else [],
        "limits": {"max_input_tokens": int(most_in), "max_output_tokens": int(most_out) if most_out else None},
        "html_url": f"https://github.com/marketplace/models/{registry}/{slug.replace('.', '-')}",
    }
    return told | changes


CATALOG = [row(line) for line in TABLE.split()]


def deployment(entry: dict[str, Any]) -> str:
    """Return the name that answers give as their `model`: not the id that was sent."""
    slug, version = entry["id"].split("/")[1], entry["version"]
    return f"{slug}-{version}" if "-" in version else slug
