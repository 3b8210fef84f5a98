"""Servers of open models: vLLM, llama.cpp, LM Studio, LocalAI."""

from __future__ import annotations

from typing import Any

from github_models_app.endpoints.listings import facts as read
from github_models_app.endpoints.listings.facts import Facts, told
from github_models_app.endpoints.listings.reader import Asks, Listing, Reader, Row, by_id, owned_by
from unified_app import values


class VLLM(Reader):
    """Reference: https://docs.vllm.ai, serving/openai_compatible_server; LoRA adapters name their `parent`."""

    label = "vLLM"

    def recognises(self, listing: Listing) -> bool:
        return listing.any_row(owned_by("vllm"))

    def facts(self, row: Row, more: Row) -> Facts:
        root = values.word(row.get("root"))
        is_hidden = root == row["id"] or root.startswith(("/", "~", "."))  # a path of the server is nobody's business
        return Facts(
            context_length=read.positive(row.get("max_model_len")),
            # `created` is the moment of the answer there, so it says nothing.
            parameters=told(
                root="" if is_hidden else root,
                parent_model=values.word(row.get("parent")),
                adapter="lora" if row.get("parent") else "",
            ),
        )


class LlamaCpp(Reader):
    """Reference: https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md"""

    label = "llama.cpp"
    _WORDS = {"completion": "text_generation", "embedding": "text_embedding", "embeddings": "text_embedding"}

    def recognises(self, listing: Listing) -> bool:
        return listing.any_row(owned_by("llamacpp"))

    def beside(self, listing: Listing, server: Asks) -> dict[str, Row]:
        """What stands in the listing's own `models`, and, of a server with one model, its properties."""
        found = by_id(listing.whole, "models", "model")
        if len(listing.rows) == 1:
            only = listing.rows[0]["id"]
            found = {only: {**found.get(only, {}), "props": values.as_dict(server.told_beside("/props"))}}
        return found

    def facts(self, row: Row, more: Row) -> Facts:
        meta, props = values.as_dict(row.get("meta")), values.as_dict(more.get("props"))
        settings = values.as_dict(props.get("default_generation_settings"))
        capabilities = self._capabilities(row, more, props)
        count = read.positive(meta.get("n_params"))
        embeds = "text_embedding" in (capabilities or ())
        return Facts(
            capabilities=capabilities,
            context_length=read.positive(meta.get("n_ctx_train")),
            size=read.positive(meta.get("size")),
            parameters=told(
                parameter_count=count,
                parameter_size=read.parameter_size(count),
                format="gguf",
                embedding_dimension=read.positive(meta.get("n_embd")) if embeds else None,
                loaded_context_length=read.positive(meta.get("n_ctx")) or read.positive(settings.get("n_ctx")),
                loaded=self._loaded(row),
            ),
        )

    def _capabilities(self, row: Row, more: Row, props: Row) -> tuple[str, ...] | None:
        words = values.words(more.get("capabilities")) or ()
        # A router tells them by row, a server with one model in its properties.
        shape = values.as_dict(row.get("architecture"))
        hears = values.words(shape.get("input_modalities")) or ()
        says = values.words(shape.get("output_modalities")) or ()
        senses = {"vision": "vision", "audio": "audio"}
        found = {self._WORDS[word] for word in words if word in self._WORDS}
        found |= set(read.by_modalities(hears, says) or ())
        found |= set(read.by_flags(values.as_dict(props.get("modalities")), senses) or ())
        if values.as_dict(props.get("chat_template_caps")).get("supports_tool_calls") is True:
            found.add("function_calling")
        return tuple(sorted(found)) or None

    def _loaded(self, row: Row) -> bool | None:
        status = values.as_dict(row.get("status")).get("value")
        return status == "loaded" if isinstance(status, str) else None


class LMStudio(Reader):
    """Reference: https://lmstudio.ai/docs/developer/rest/endpoints"""

    label = "LM Studio"
    _CAN = {
        "llm": ("text_generation",),
        "vlm": ("text_generation", "vision"),
        "embeddings": ("text_embedding",),
    }

    def recognises(self, listing: Listing) -> bool:
        return listing.any_row(owned_by("organization_owner"))

    def beside(self, listing: Listing, server: Asks) -> dict[str, Row]:
        return by_id(server.told_beside("/api/v0/models"))

    def facts(self, row: Row, more: Row) -> Facts:
        state = more.get("state")
        return Facts(
            capabilities=self._capabilities(more),
            context_length=read.positive(more.get("max_context_length")),
            parameters=told(
                family=values.word(more.get("arch")),
                format=values.word(more.get("compatibility_type")),
                quantization=values.word(more.get("quantization")),
                publisher=values.word(more.get("publisher")),
                loaded_context_length=read.positive(more.get("loaded_context_length")),
                loaded=state == "loaded" if isinstance(state, str) else None,
            ),
        )

    def _capabilities(self, more: Row) -> tuple[str, ...] | None:
        kind = more.get("type")
        found = set(self._CAN.get(kind, ())) if isinstance(kind, str) else set()
        if "tool_use" in (values.words(more.get("capabilities")) or ()):
            found.add("function_calling")
        return tuple(sorted(found)) or None


class LocalAI(Reader):
    """Its rows hold an id and nothing else; which models are loaded stands in `/system`.

    Reference: https://localai.io/reference/system-info
    """

    label = "LocalAI"

    def recognises(self, listing: Listing) -> bool:
        return listing.all_rows(lambda row: set(row) == {"id", "object"})

    def beside(self, listing: Listing, server: Asks) -> dict[str, Row]:
        answer: Any = server.told_beside("/system")
        if not isinstance(values.as_dict(answer).get("loaded_models"), list):
            return {}
        loaded = by_id(answer, "loaded_models")
        return {row["id"]: {"loaded": row["id"] in loaded} for row in listing.rows}

    def facts(self, row: Row, more: Row) -> Facts:
        return Facts(parameters=told(loaded=read.flag(more.get("loaded"))))
