"""Writes catalog.json: 43 entries in the shape of the GitHub Models catalog of 2026-05-06.

Ten entries (FACTS marked !) have the values that were recorded; the others are plausible for the models of that time.
Summaries are our own words. Run once: `python tests/data/github/make_catalog.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

PUBLISHERS = {
    "openai": ("OpenAI", "azure-openai"),
    "ai21-labs": ("AI21 Labs", "azureml-ai21"),
    "cohere": ("Cohere", "azureml-cohere"),
    "deepseek": ("DeepSeek", "azureml-deepseek"),
    "meta": ("Meta", "azureml-meta"),
    "mistral-ai": ("Mistral AI", "azureml-mistral"),
    "xai": ("xAI", "azureml-xai"),
    "microsoft": ("Microsoft", "azureml"),
}
# id | name | tier | version | in>out | capabilities | input/output limit | tags
FACTS = """
openai/gpt-4.1 | OpenAI GPT-4.1 | high | 2025-04-14 | text,image>text | agents,streaming,tool-calling,agentsV2 | 1048576/32768 | multipurpose,multilingual,multimodal !
openai/gpt-4.1-mini | OpenAI GPT-4.1-mini | low | 2025-04-14 | text,image>text | agents,streaming,tool-calling,agentsV2 | 1048576/32768 | multipurpose,multilingual,multimodal
openai/gpt-4.1-nano | OpenAI GPT-4.1-nano | low | 2025-04-14 | text,image>text | agents,streaming,tool-calling,agentsV2 | 1048576/32768 | multipurpose,multilingual,multimodal
openai/gpt-4o | OpenAI GPT-4o | high | 2024-11-20 | text,image,audio>text | agents,assistants,streaming,tool-calling,agentsV2 | 131072/16384 | multipurpose,multilingual,multimodal
openai/gpt-4o-mini | OpenAI GPT-4o mini | low | 2024-07-18 | text,image,audio>text | agents,assistants,streaming,tool-calling,agentsV2 | 131072/4096 | multipurpose,multilingual,multimodal !
openai/gpt-5 | OpenAI gpt-5 | custom | 2025-08-07 | text,image>text | agents,agentsV2,reasoning,tool-calling,streaming | 200000/100000 | multipurpose,multilingual,multimodal
openai/gpt-5-chat | OpenAI gpt-5-chat (preview) | custom | 2025-08-07 | text,image>text | agentsV2,reasoning,streaming,tool-calling | 200000/100000 | multipurpose,multilingual,multimodal
openai/gpt-5-mini | OpenAI gpt-5-mini | custom | 2025-08-07 | text,image>text | agents,agentsV2,reasoning,tool-calling,streaming | 200000/100000 | multipurpose,multilingual,multimodal !
openai/gpt-5-nano | OpenAI gpt-5-nano | custom | 2025-08-07 | text,image>text | agents,agentsV2,reasoning,tool-calling,streaming | 200000/100000 | multipurpose,multilingual,multimodal
openai/o1 | OpenAI o1 | custom | 2024-12-17 | text,image>text | agentsV2,assistants,reasoning,tool-calling | 200000/100000 | reasoning,multilingual,coding
openai/o1-mini | OpenAI o1-mini | custom | 2024-09-12 | text>text | reasoning,streaming | 128000/65536 | reasoning,multilingual,coding
openai/o1-preview | OpenAI o1-preview | custom | 2024-09-12 | text>text | reasoning | 128000/32768 | reasoning,multilingual,coding
openai/o3 | OpenAI o3 | custom | 2025-04-16 | text,image>text | agents,agentsV2,reasoning,streaming,tool-calling | 200000/100000 | reasoning,multilingual,multimodal !
openai/o3-mini | OpenAI o3-mini | custom | 2025-01-31 | text>text | agents,assistants,reasoning,streaming,tool-calling,agentsV2 | 200000/100000 | reasoning,multilingual,coding
openai/o4-mini | OpenAI o4-mini | custom | 2025-04-16 | text,image>text | agents,agentsV2,reasoning,streaming,tool-calling | 200000/100000 | reasoning,multilingual,multimodal
openai/text-embedding-3-large | OpenAI Text Embedding 3 (large) | embeddings | 1 | text>embeddings | | 8191/ | rag
openai/text-embedding-3-small | OpenAI Text Embedding 3 (small) | embeddings | 1 | text>embeddings | | 8191/ | rag !
ai21-labs/ai21-jamba-1.5-large | AI21 Jamba 1.5 Large | high | 1 | text>text | streaming,tool-calling | 262144/4096 | rag,multilingual,large context
cohere/cohere-command-a | Cohere Command A | low | 1 | text>text | | 131072/4096 | rag,multilingual
cohere/cohere-command-r-08-2024 | Cohere Command R 08-2024 | low | 1 | text>text | streaming,tool-calling | 131072/4096 | rag,multilingual
cohere/cohere-command-r-plus-08-2024 | Cohere Command R+ 08-2024 | high | 1 | text>text | streaming,tool-calling | 131072/4096 | rag,multilingual
deepseek/deepseek-r1 | DeepSeek-R1 | custom | 1 | text>text | agentsV2,reasoning,streaming,tool-calling | 128000/4096 | reasoning,coding,agents
deepseek/deepseek-r1-0528 | DeepSeek-R1-0528 | custom | 1 | text>text | agentsV2,reasoning,streaming,tool-calling | 128000/4096 | reasoning,coding,agents !
deepseek/deepseek-v3-0324 | DeepSeek-V3-0324 | high | 1 | text>text | agentsV2,streaming,tool-calling | 128000/4096 | coding,agents
meta/llama-3.2-11b-vision-instruct | Llama-3.2-11B-Vision-Instruct | low | 6 | text,image,audio>text | streaming | 128000/4096 | reasoning,understanding,vision !
meta/llama-3.2-90b-vision-instruct | Llama-3.2-90B-Vision-Instruct | high | 5 | text,image,audio>text | streaming | 128000/4096 | reasoning,understanding,vision
meta/llama-3.3-70b-instruct | Llama-3.3-70B-Instruct | high | 5 | text>text | agentsV2,streaming | 128000/4096 | conversation
meta/llama-4-maverick-17b-128e-instruct-fp8 | Llama 4 Maverick 17B 128E Instruct FP8 | high | 1 | text,image>text | agentsV2,streaming,tool-calling | 1000000/4096 | multimodal,multilingual
meta/llama-4-scout-17b-16e-instruct | Llama 4 Scout 17B 16E Instruct | high | 1 | text,image>text | streaming,tool-calling | 10000000/4096 | multimodal,multilingual
meta/meta-llama-3.1-405b-instruct | Meta-Llama-3.1-405B-Instruct | high | 1 | text>text | agents | 131072/4096 | conversation
meta/meta-llama-3.1-8b-instruct | Meta-Llama-3.1-8B-Instruct | low | 5 | text>text | streaming | 131072/4096 | conversation
mistral-ai/codestral-2501 | Codestral 25.01 | low | 2 | text>text | streaming | 256000/4096 | coding
mistral-ai/ministral-3b | Ministral 3B | low | 1 | text>text | streaming,tool-calling | 131072/4096 | low latency
mistral-ai/mistral-medium-2505 | Mistral Medium 3 (25.05) | low | 1 | text,image>text | streaming,tool-calling | 128000/4096 | reasoning,vision !
mistral-ai/mistral-small-2503 | Mistral Small 3.1 | low | 1 | text,image>text | agentsV2,streaming,tool-calling | 128000/4096 | multipurpose,vision
xai/grok-3 | Grok 3 | custom | 1 | text>text | agentsV2,tool-calling | 131072/4096 | instruction,summarization
xai/grok-3-mini | Grok 3 Mini | custom | 1 | text>text | agentsV2 | 131072/4096 | instruction,agents !
microsoft/mai-ds-r1 | MAI-DS-R1 | custom | 1 | text>text | reasoning,streaming | 128000/4096 | reasoning,coding
microsoft/phi-4 | Phi-4 | low | 8 | text>text | | 16384/16384 | instruction,understanding
microsoft/phi-4-mini-instruct | Phi-4-mini-instruct | low | 1 | text>text | | 128000/4096 | multilingual,low latency
microsoft/phi-4-mini-reasoning | Phi-4-mini-reasoning | low | 1 | text>text | reasoning | 128000/4096 | reasoning,low latency
microsoft/phi-4-multimodal-instruct | Phi-4-multimodal-instruct | low | 2 | audio,image,text>text | streaming | 128000/4096 | audio,vision,multimodal !
microsoft/phi-4-reasoning | Phi-4-Reasoning | low | 1 | text>text | reasoning,streaming | 32768/4096 | reasoning,coding
"""  # noqa: E501 - a table


def entry(line: str) -> dict[str, object]:
    cells = [cell.strip() for cell in line.removesuffix("!").split("|")]
    model_id, name, tier, version, modalities, capabilities, limits, tags = cells
    publisher, registry = PUBLISHERS[model_id.split("/")[0]]
    taken, made = (part.split(",") for part in modalities.split(">"))
    most_in, most_out = limits.split("/")
    kind = "Turns text into vectors" if made == ["embeddings"] else f"Answers in text from {' and '.join(taken)}"
    return {
        "id": model_id,
        "name": name,
        "publisher": publisher,
        # Two recorded summaries ended in a space.
        "summary": f"{kind}. For {tags.replace(',', ', ')}." + (" " if publisher == "xAI" else ""),
        "rate_limit_tier": tier,
        "supported_input_modalities": taken,
        "supported_output_modalities": made,
        "tags": tags.split(","),
        "registry": registry,
        "version": version,
        "capabilities": capabilities.split(",") if capabilities else [],
        "limits": {"max_input_tokens": int(most_in), "max_output_tokens": int(most_out) if most_out else None},
        "html_url": f"https://github.com/marketplace/models/{registry}/{name.replace('.', '-').replace(' ', '-')}",
    }


def main() -> None:
    entries = [entry(line) for line in FACTS.strip().splitlines()]
    text = json.dumps(entries, separators=(",", ":"))
    Path(__file__).with_name("catalog.json").write_text(text)


if __name__ == "__main__":
    main()
