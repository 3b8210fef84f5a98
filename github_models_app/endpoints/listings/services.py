"""Services and gateways: OpenRouter, Azure, OpenAI, LiteLLM, another registry of ours."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from github_models_app.endpoints.listings import facts as read
from github_models_app.endpoints.listings.facts import Facts, told
from github_models_app.endpoints.listings.reader import Asks, Listing, Reader, Row, by_id, owned_by
from unified_app import values


class OtherRegistry(Reader):
    """A registry of ours. It says [] of a model whose abilities it does not know either."""

    label = "Model registry"

    def recognises(self, listing: Listing) -> bool:
        return listing.any_row(lambda row: isinstance(row.get("registry_id"), str))

    def facts(self, row: Row, more: Row) -> Facts:
        costs, state = values.as_dict(row.get("pricing")), values.word(row.get("state"))
        return Facts(
            capabilities=values.words(row.get("capabilities")) or None,
            context_length=read.positive(row.get("context_length")),
            version=values.word(row.get("version")),
            digest=values.word(row.get("digest")),
            parameters=told(
                registry_id=values.word(row.get("registry_id")),
                alias=True if row.get("owned_by") == "alias" else None,
                state=state,
                loaded=state == "ready" if state else None,
                pricing=read.pricing(costs.get("prompt"), costs.get("completion")),
            ),
        )


class OpenRouter(Reader):
    """Reference: https://openrouter.ai/docs/models"""

    label = "OpenRouter"
    _PARAMETERS = {"tools": "function_calling", "reasoning": "reasoning"}

    def recognises(self, listing: Listing) -> bool:
        return listing.any_row(lambda row: isinstance(row.get("architecture"), dict) and "top_provider" in row)

    def facts(self, row: Row, more: Row) -> Facts:
        provider, costs = values.as_dict(row.get("top_provider")), values.as_dict(row.get("pricing"))
        slug = values.word(row.get("canonical_slug"))
        hears, says = self._modalities(row)
        takes = values.words(row.get("supported_parameters")) or ()
        return Facts(
            capabilities=read.by_modalities(
                hears, says, (self._PARAMETERS[name] for name in takes if name in self._PARAMETERS)
            ),
            context_length=read.positive(row.get("context_length")) or read.positive(provider.get("context_length")),
            # The slug names the dated model that the id means now.
            version="" if slug == row["id"] else slug,
            description=values.text(row.get("description"), 4_000),
            modified_at=read.moment(row.get("created")),
            parameters=told(
                display_name=values.word(row.get("name")),
                publisher=row["id"].partition("/")[0] if "/" in row["id"] else "",
                max_output_tokens=read.positive(provider.get("max_completion_tokens")),
                modalities=told(input=list(hears), output=list(says)),
                supported_parameters=list(takes),
                hugging_face_id=values.word(row.get("hugging_face_id")),
                pricing=read.pricing(costs.get("prompt"), costs.get("completion")),
            ),
        )

    def _modalities(self, row: Row) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what goes in and what comes out; older answers say it as `text+image->text`."""
        shape = values.as_dict(row.get("architecture"))
        hears, says = (values.words(shape.get(f"{way}put_modalities")) for way in ("in", "out"))
        if hears is None or says is None:
            before, _, after = values.word(shape.get("modality")).partition("->")
            return tuple(filter(None, before.split("+"))), tuple(filter(None, after.split("+")))
        return hears, says


class Azure(Reader):
    """Reference: https://learn.microsoft.com/rest/api/azureopenai/models/list"""

    label = "Azure OpenAI"
    _FLAGS = {"chat_completion": "text_generation", "completion": "text_generation", "embeddings": "text_embedding"}

    def recognises(self, listing: Listing) -> bool:
        return listing.any_row(lambda row: isinstance(row.get("capabilities"), dict) and "lifecycle_status" in row)

    def facts(self, row: Row, more: Row) -> Facts:
        flags = values.as_dict(row.get("capabilities"))
        ends = read.moment(values.as_dict(row.get("deprecation")).get("inference"))
        return Facts(
            capabilities=read.by_flags(flags, self._FLAGS),
            modified_at=read.moment(row.get("created_at")) or read.moment(row.get("created")),
            parameters=told(
                lifecycle_status=values.word(row.get("lifecycle_status")),
                inference=read.flag(flags.get("inference")),
                inference_until=_day(ends),
            ),
        )


class LiteLLM(Reader):
    """Every row of its listing has the same made-up time; what it knows stands in `/model/info`.

    Reference: https://docs.litellm.ai/docs/proxy/model_management
    """

    label = "LiteLLM"
    _CREATED = 1677610602
    _MODES = {"chat": "text_generation", "completion": "text_generation", "responses": "text_generation",
              "embedding": "text_embedding", "image_generation": "image_generation"}  # fmt: skip
    _FLAGS = {"supports_vision": "vision", "supports_function_calling": "function_calling",
              "supports_reasoning": "reasoning", "supports_audio_input": "audio"}  # fmt: skip

    def recognises(self, listing: Listing) -> bool:
        return listing.all_rows(lambda row: row.get("created") == self._CREATED)

    def beside(self, listing: Listing, server: Asks) -> dict[str, Row]:
        found = by_id(server.told_in_api("/model/info"), name="model_name")
        found = found or by_id(server.told_beside("/model/info"), name="model_name")
        # Beside the facts stand the deployments' addresses and keys: none of ours.
        return {name: values.as_dict(row.get("model_info")) for name, row in found.items()}

    def facts(self, row: Row, more: Row) -> Facts:
        length = read.positive(more.get("max_input_tokens")) or read.positive(row.get("max_input_tokens"))
        costs = read.pricing(more.get("input_cost_per_token"), more.get("output_cost_per_token"))
        return Facts(
            capabilities=self._capabilities(more),
            context_length=length,
            parameters=told(
                provider=values.word(more.get("litellm_provider")),
                mode=values.word(more.get("mode")),
                max_output_tokens=read.positive(more.get("max_output_tokens")),
                embedding_dimension=read.positive(more.get("output_vector_size")),
                pricing=costs,
            ),
        )

    def _capabilities(self, more: Row) -> tuple[str, ...] | None:
        mode: Any = more.get("mode")
        made = {self._MODES[mode]} if isinstance(mode, str) and mode in self._MODES else set()
        return tuple(sorted(made | set(read.by_flags(more, self._FLAGS) or ()))) or None


class OpenAI(Reader):
    """Reference: https://platform.openai.com/docs/api-reference/models/object - ids, and nothing of abilities."""

    label = "OpenAI"

    def recognises(self, listing: Listing) -> bool:
        return listing.any_row(owned_by("system")) and listing.any_row(lambda row: row["id"].startswith("gpt-"))

    def facts(self, row: Row, more: Row) -> Facts:
        return Facts(modified_at=read.moment(row.get("created")), parameters=_owner(row))


class Plain(Reader):
    """Any other server: what several of them tell in the same words."""

    _LENGTHS = ("context_length", "context_window", "max_model_len", "max_context_length")
    # Mistral's.
    _FLAGS = {"completion_chat": "text_generation", "function_calling": "function_calling", "vision": "vision"}

    def recognises(self, listing: Listing) -> bool:
        return True

    def facts(self, row: Row, more: Row) -> Facts:
        lengths = (read.positive(row.get(name)) for name in self._LENGTHS)
        return Facts(
            capabilities=read.by_flags(values.as_dict(row.get("capabilities")), self._FLAGS),
            context_length=next(filter(None, lengths), None),
            description=values.text(row.get("description"), 4_000),
            parameters=_owner(row),
        )


def _owner(row: Row) -> dict[str, Any]:
    return told(owned_by=values.word(row.get("owned_by")))


def _day(when: datetime | None) -> str:
    return when.date().isoformat() if when else ""
