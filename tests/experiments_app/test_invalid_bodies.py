"""Bodies that make no variant: each is a 400 that names its field, and nothing is written."""

from __future__ import annotations

from experiments_app.models import Experiment
from tests.experiments_app.experiments_case import ADAPTER, CREATE, STRANGER, ExperimentCase

MEMBERS = [{"model": "llama3.1:8b"}, {"model": "qwen3:8b"}]


def tuning(**parameters):
    return {"experiment_type": "parameter_tuning", "parameters": parameters}


def search(**of):
    return tuning(search={"method": "grid", "space": {"seed": [1]}, **of})


def prompt(**parameters):
    return {"experiment_type": "prompt_engineering", "parameters": parameters}


def tuned(**parameters):
    return {"experiment_type": "fine_tuning", "parameters": parameters}


def ensemble(**parameters):
    return {
        "experiment_type": "ensemble",
        "parameters": {"members": MEMBERS, "strategy": "majority_vote", **parameters},
    }


# (the field, what is sent beside base_model, a part of what the message says)
BODIES = [
    ("experiment_type", {"experiment_type": "tuning", "parameters": {}}, "Give one of"),
    ("experiment_type", {"experiment_type": "parameter_tunning", "parameters": {}}, "Did you mean parameter_tuning"),
    ("experiment_type", {"experiment_type": None, "parameters": {}}, "Give one of"),
    ("parameters", {"experiment_type": "ensemble"}, "required"),
    ("parameters", {"experiment_type": "parameter_tuning", "parameters": [1]}, "Give an object"),
    ("parameters", tuning(), "at least one"),
    ("parameters", prompt(), "at least one"),
    ("base_model", {**tuning(seed=1), "base_model": ""}, "not empty"),
    ("base_model", {**tuning(seed=1), "base_model": 3}, "Give a text"),
    ("base_model", {**tuning(seed=1), "base_model": "nobody"}, "There is no model"),
    ("base_model", {**tuning(seed=1), "base_model": "gone:1b"}, "retired"),
    ("base_modle", {**tuning(seed=1), "base_modle": "x"}, "Did you mean base_model"),
    ("name", {**tuning(seed=1), "name": "has space"}, "Use letters"),
    ("name", {**tuning(seed=1), "name": "Qwen3:8b"}, "Choose another name"),
    ("name", {**tuning(seed=1), "name": "llama3_1_8b_base"}, "Choose another name"),
    ("description", {**tuning(seed=1), "description": "a\0b"}, "NUL"),
    ("parameters.temperature", tuning(temperature=2.5), "from 0 to 2"),
    ("parameters.temperature", tuning(temperature="0.7"), "Give a number from 0 to 2"),
    ("parameters.temperature", tuning(temperature=True), "Give a number"),
    ("parameters.temperature", tuning(temperature=None), "Give a number"),
    ("parameters.temprature", tuning(temprature=1), "Did you mean temperature"),
    ("parameters.top_p", tuning(top_p=-0.1), "from 0 to 1"),
    ("parameters.seed", tuning(seed=1.5), "Give a whole number"),
    ("parameters.max_tokens", tuning(max_tokens=0), "from 1"),
    ("parameters.num_predict", tuning(num_predict=5, max_tokens=5), "one thing"),
    ("parameters.num_ctx", tuning(num_ctx=1), "from 4"),
    ("parameters.stop", tuning(stop=[""]), "1 to 16"),
    ("parameters.use_mmap", tuning(use_mmap="yes"), "true or false"),
    ("parameters.mirostat", tuning(mirostat=1), "no longer knows"),
    ("parameters.think", tuning(think=True), "reasoning_effort"),
    ("parameters.system", tuning(system="x"), "prompt_engineering"),
    ("parameters.reasoning_effort", tuning(reasoning_effort="hihg"), "Did you mean high"),
    ("parameters.response_format", tuning(response_format={"type": "json_schema"}), "json_schema"),
    ("parameters.response_format.type", tuning(response_format={"type": "xml"}), "Give one of"),
    ("parameters.top_logprobs", tuning(top_logprobs=2), "logprobs: true"),
    ("parameters.logit_bias", tuning(logit_bias={"1": 1}), "only on Ollama hosts"),
    ("parameters.num_ctx", {**tuning(num_ctx=512), "base_model": "acme/remote"}, "OpenAI-compatible"),
    ("parameters.temperature", {**tuning(temperature=1), "base_model": "nomic-embed-text"}, "only embeds"),
    ("parameters.search.method", search(method="all"), "Give one of"),
    ("parameters.search.space", search(space={}), "at least one"),
    ("parameters.search.space.seed", search(space={"seed": []}), "at least one entry"),
    ("parameters.search.space.seed", search(space={"seed": [1, 1]}), "each value once"),
    ("parameters.search.space.seed.1", search(space={"seed": [1, "x"]}), "Give a whole number"),
    ("parameters.search.space.sede", search(space={"sede": [1]}), "Did you mean seed"),
    ("parameters.search.space", search(space={"seed": list(range(101)), "top_k": list(range(10))}), "1010 points"),
    ("parameters.search.space.seed", tuning(seed=1, search={"method": "grid", "space": {"seed": [1]}}), "beside"),
    ("parameters.search.count", search(method="random"), "needs the number"),
    ("parameters.search.count", search(method="random", count=2), "only 1 points"),
    ("parameters.search.count", search(method="random", count=1001), "from 1 to 1000"),
    ("realise", {**search(), "realise": {"host": "one"}}, "Leave realise out"),
    ("realise.host", {**tuning(seed=1), "realise": {"host": "two"}}, "Hosts that have it: one"),
    ("realise.host", {**tuning(seed=1), "realise": {}}, "required"),
    ("realise.host", {**tuning(seed=1), "base_model": "acme/remote", "realise": {"host": "remote"}}, "no Ollama host"),
    ("parameters.logprobs", {**tuning(logprobs=True), "realise": {"host": "one"}}, "cannot hold"),
    ("parameters.template", prompt(template="{{ if .System }}x{{ end }}{{ .Prompt }}"), "realise"),
    ("parameters.template", prompt(template="Hello"), "{{ .Prompt }}"),
    ("parameters.messages.0.role", prompt(messages=[{"role": "system", "content": "x"}]), "user, assistant"),
    ("parameters.messages.0.content", prompt(messages=[{"role": "user"}]), "required"),
    ("parameters.temperature", prompt(system="x", temperature=1), "no such field"),
    ("base_model", {**prompt(system="x"), "base_model": "nomic-embed-text"}, "only embeds"),
    ("parameters.adapter", tuned(adapter="xyz"), "64 lower-case hex"),
    ("parameters.adapter", tuned(adapter="c" * 64), "Upload it"),
    ("adapter", tuned(adapter=STRANGER), "made for gemma2"),
    ("base_model", {**tuned(adapter=ADAPTER), "base_model": "acme/remote"}, "no Ollama host"),
    ("parameters.strategy", ensemble(strategy="vote"), "Give one of"),
    ("parameters.members", ensemble(members=[]), "at least one entry"),
    ("parameters.members", ensemble(members=MEMBERS[:1]), "at least two"),
    ("parameters.members", ensemble(members=MEMBERS[:1], strategy="best_of_n", judge="qwen3:8b"), "n of 2"),
    ("parameters.members.1.model", ensemble(members=[MEMBERS[0], {"model": "nobody"}]), "There is no model"),
    ("parameters.members.1.model", ensemble(members=[MEMBERS[0], {"model": "nomic-embed-text"}]), "only embeds"),
    ("parameters.members.1.model", ensemble(members=[MEMBERS[0], {"model": "gone:1b"}]), "retired"),
    ("parameters.members.0.weight", ensemble(members=[{"model": "qwen3:8b", "weight": 0}, MEMBERS[0]]), "from 0.001"),
    ("parameters.judge", ensemble(strategy="best_of_n", n=2), "needs the model"),
    ("parameters.judge", ensemble(judge="qwen3:8b"), "does not use it"),
    ("parameters.judge", ensemble(strategy="best_of_n", judge="nobody"), "There is no model"),
    ("parameters.threshold", ensemble(strategy="cascade", threshold=1.5), "from 0 to 1"),
    ("parameters.threshold", ensemble(threshold=0.5), "cascade do. Leave it out"),
    ("parameters.n", ensemble(strategy="best_of_n", judge="qwen3:8b", n=99), "from 1 to 16"),
    ("realise", {**ensemble(), "realise": {"host": "one"}}, "runs in the gateway"),
]


class InvalidBodyTests(ExperimentCase):
    def test_each_names_its_field_and_says_what_to_do(self):
        for field, body, told in BODIES:
            with self.subTest(field=field, body=body):
                error = self.error(self.client.post(CREATE, {"base_model": "llama3.1:8b", **body}), 400)
                assert error["code"] == "invalid"
                assert list(error["details"]) == [field]
                assert told in " ".join(error["details"][field])

    def test_nothing_is_written_by_any(self):
        for _, body, _ in BODIES[::10]:
            self.client.post(CREATE, {"base_model": "llama3.1:8b", **body})
        assert not Experiment.objects.exists()

    def test_all_that_is_wrong_is_told_at_once(self):
        error = self.error(self.send(parameters={"temperature": 9, "top_p": 9, "foo": 1}, nmae="x"), 400)
        assert set(error["details"]) == {"parameters.temperature", "parameters.top_p", "parameters.foo", "nmae"}

    def test_what_is_no_object_is_refused(self):
        for body in ([], "x", 3):
            with self.subTest(body=body):
                assert "body" in self.error(self.client.post(CREATE, body, format="json"), 400)["details"]
