"""The demo's models, and how tags and show describe them."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from registry_project.demo.wire import Body, dumps, stamp

NOTE = "Demo model, no weights."
FIRST = 1_769_936_400_118_204_311  # modified_at of the first model, in ns
BLOBS = "/srv/demo/blobs/sha256-"
# name | family | parameters | quantization | bytes | context | width | quality of 100 | capabilities
ROWS = """
nomic-embed-text:v1.5|nomic-bert|137M|F16|274302450|2048|768|95|embedding
all-minilm:l6-v2|bert|22.57M|F16|46231022|512|384|55|embedding
gemma3:4b|gemma3|4.3B|Q4_K_M|3338801804|131072|2560|74|completion vision
mistral-small3.2:24b|mistral3|24.0B|Q4_K_M|15177384862|131072|5120|92|completion vision tools
llama3.1:8b|llama|8.0B|Q4_K_M|4920753328|131072|4096|82|completion tools
llama3.1:latest|llama|8.0B|Q4_K_M|4920753328|131072|4096|82|completion tools
qwen3:8b|qwen3|8.2B|Q4_K_M|5225388164|40960|4096|90|completion tools thinking
deepseek-r1:7b|qwen2|7.6B|Q4_K_M|4683075440|131072|3584|86|completion thinking
gemma2:2b|gemma2|2.6B|Q4_0|1629518495|8192|2304|62|completion
phi4:14b|phi3|14.7B|Q4_K_M|9053116391|16384|5120|93|completion
qwen2.5-coder:1.5b|qwen2|1.5B|Q4_K_M|986062089|32768|1536|66|completion tools insert
orca-mini:3b|llama|3.4B|Q4_0|1979947443|2048|3200|45|
gpt-oss:120b-cloud|gptoss|116.8B|MXFP4|384|131072|2880|97|completion tools thinking
acme/support-bot:latest|llama|8.0B|Q4_K_M|4920753874|131072|4096|82|completion tools
llama3.2:3b|llama|3.2B|Q4_K_M|2019393189|131072|3072|70|completion tools
mxbai-embed-large:latest|bert|334M|F16|669615493|512|1024|85|embedding
"""  # the last two are not installed: they can be pulled
CHATML = "{{ range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"
SLOTS = {"tools": "{{ .Tools }}", "insert": "{{ .Suffix }}", "thinking": "<think>{{ .Thinking }}</think>"}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Model:
    name: str
    family: str = ""
    label: str = ""
    quantization: str = ""
    size: int = 0
    context: int = 0
    width: int = 0
    quality: float = 0.5
    capabilities: tuple[str, ...] = ()
    blob: str = ""
    modified: int = FIRST
    parent: str = ""
    system: str = ""
    template: str = "{{ .Prompt }}"
    parameters: Body = field(default_factory=dict)
    messages: tuple[Body, ...] = ()
    adapters: tuple[str, ...] = ()
    remote: Body = field(default_factory=dict)

    @cached_property
    def digest(self) -> str:
        rest = (self.system, self.template, self.parameters, self.messages, self.adapters, self.remote)
        return sha(dumps([self.blob, self.capabilities, *rest]))

    def can(self, ability: str) -> bool:
        return ability in (self.capabilities or ("completion",))

    def details(self, lengths: bool = False, parent: str = "") -> Body:
        families = [self.family] if self.capabilities else None
        told: Body = {"parent_model": parent, "format": "" if self.remote else "gguf", "family": self.family}
        told |= {"families": families, "parameter_size": self.label, "quantization_level": self.quantization}
        numbers = {"context_length": self.context, "embedding_length": self.width} if lengths else {}
        return told | {key: number for key, number in numbers.items() if number}

    def tag(self, lengths: bool) -> Body:
        row = {"name": self.name, "model": self.name, **self.remote, "modified_at": stamp(self.modified)}
        row |= {"size": self.size, "digest": self.digest, "details": self.details(lengths, self.parent)}
        return row | ({"capabilities": self.capabilities} if lengths and self.capabilities else {})

    def blocks(self) -> int:
        return 0 if self.remote else max(4, min(32, self.width // 128))

    def info(self, verbose: bool) -> Body:
        count, unit = float(self.label[:-1] or 0), {"B": 1e9, "M": 1e6}.get(self.label[-1:], 1)
        facts: Body = {"general.architecture": self.family, "general.description": NOTE}
        facts |= {"general.parameter_count": int(count * unit), "general.file_type": 15}
        own = {"context_length": self.context, "embedding_length": self.width, "block_count": self.blocks()}
        own |= {"pooling_type": 1} if self.can("embedding") else {"attention.head_count": 32}
        own |= {"vision.block_count": 24} if self.can("vision") else {}
        facts |= {f"{self.family}.{key}": value for key, value in own.items()}
        return facts | {"tokenizer.ggml.tokens": ["<s>", "</s>", "demo"] if verbose else None}

    def show(self, body: Body, capabilities: bool) -> Body:
        system, parameters = body.get("system", self.system), self.parameters | body.get("options", {})
        text = parameter_lines(parameters)
        told: Body = {"license": NOTE, "modelfile": self.modelfile(system, parameters)}
        told |= {"parameters": text, "template": self.template, "system": system}
        told |= {"details": self.details(parent=self.parent), "messages": self.messages} | self.remote
        told = {key: value for key, value in told.items() if value}
        names = (
            "attn_k",
            "attn_norm",
            "attn_output",
            "attn_q",
            "attn_v",
            "ffn_down",
            "ffn_gate",
            "ffn_norm",
            "ffn_up",
        )
        layers = [f"blk.{block}.{name}" for block in range(self.blocks()) for name in names]
        tensors = [{"name": f"{n}.weight", "type": "Q4_K", "shape": [self.width] * 2} for n in layers]
        told |= {
            "model_info": self.info(bool(body.get("verbose"))),
            **({"tensors": tensors} if tensors else {}),
        }
        told |= {"capabilities": self.capabilities} if capabilities and self.capabilities else {}
        return told | {"modified_at": stamp(self.modified)}

    def modelfile(self, system: str, parameters: Body) -> str:
        head = '# Modelfile generated by "ollama show"\n# To build a new Modelfile based on this, replace FROM with:\n'
        lines = [f"# FROM {self.name}\n", f"FROM {'' if self.remote else BLOBS + self.blob}"]
        lines += [f'TEMPLATE """{self.template}"""'] + ([f"SYSTEM {system}"] if system else [])
        lines += [f"ADAPTER {BLOBS}{digest[7:]}" for digest in self.adapters]
        lines += [f"PARAMETER {' '.join(line.split(None, 1))}" for line in parameter_lines(parameters).splitlines()]
        lines += [f"LICENSE {NOTE}"] + [f"MESSAGE {m['role']} {m['content']}" for m in self.messages]
        return head + "\n".join(lines) + "\n"


def parameter_lines(parameters: Body) -> str:
    rows = [(key, v) for key, value in parameters.items() for v in (value if isinstance(value, list) else [value])]
    return "\n".join(f"{key:<30} {go_value(value)}" for key, value in rows)


def go_value(value: Any) -> str:
    """1e+06 for large numbers, as Go prints them."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= 1e6:
        digits, exponent = f"{value:.15e}".split("e")
        return f"{digits.rstrip('0').rstrip('.')}e{exponent}"
    return dumps(value)


def built_in() -> list[Model]:
    models = []
    for number, line in enumerate(ROWS.split("\n")[1:-1]):
        name, family, label, quant, size, context, width, quality, able = line.split("|")
        capabilities = tuple(able.split())
        template = CHATML + "".join(SLOTS.get(ability, "") for ability in capabilities)
        # llama3.1:8b, its alias and the bot made from it are neighbours in time and share one file.
        shared = name if family != "llama" or label != "8.0B" else "llama3.1"
        model = Model(name, family, label, quant, int(size), int(context), int(width), int(quality) / 100)
        later = FIRST + number // 2 * 86_400 * 10**9 + number
        models.append(replace(model, capabilities=capabilities, blob=sha(shared), modified=later, template=template))
    cloud, bot = models[12], models[13]
    models[12] = replace(cloud, remote={"remote_model": "gpt-oss:120b", "remote_host": "https://ollama.com:443"})
    limits = {
        "temperature": 0.2,
        "num_ctx": 8192,
        "num_predict": 1_000_000,
        "stop": ["<|im_end|>", "\n\nUser:"],
    }
    models[13] = replace(bot, parent="llama3.1:8b", system="You are the support bot of Acme.", parameters=limits)
    return models


def installed(count: int | None) -> list[Model]:
    """The library, or exactly so many models, the same ones each time; ten share a second."""
    base = built_in()[:-2]
    if count is None:
        return base
    kinds = [model for model in base if not model.remote]
    for n in range(max(0, count - len(base))):
        kind = kinds[n % len(kinds)]
        name = f"team{n % 7}/{re.split('[:/]', kind.name)[0]}-{n:04d}:{kind.name.split(':')[1]}"
        base.append(replace(kind, name=name, blob=sha(name), modified=FIRST + n // 10 * 10**9 + n))
    return base[:count]
