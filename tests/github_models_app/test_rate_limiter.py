"""The published limits by plan, and what refusals in all their shapes tell."""

from __future__ import annotations

import pytest
from django.test import SimpleTestCase, override_settings

from github_models_app import rate_limiter
from github_models_app.rate_limiter import RateLimiter, Refusal, read_refusal
from github_models_app.tiers import bare_name
from tests.github_models_app.simulated import Time
from unified_app.errors import Paced

PLAIN = "Too many requests. For more on scraping GitHub and how it may affect your rights, please review our Terms"
JSON = (
    '{"error":{"code":"RateLimitReached","message":"Rate limit of 10 per 60s exceeded for UserByModelByMinute. '
    'Please wait 44 seconds before retrying.","details":"..."}}'
)


def limiter(plan: str = "free") -> tuple[RateLimiter, Time]:
    time = Time()
    return RateLimiter(time, time.sleep, plan), time


class TableTests(SimpleTestCase):
    def test_limits_by_plan_and_tier(self):
        for plan, model, tier, expected in (
            ("free", "openai/gpt-4o-mini", "low", (15, 150, 8000, 4000, 5)),
            ("enterprise", "openai/gpt-4o-mini", "low", (20, 450, 8000, 8000, 8)),
            ("business", "openai/gpt-4.1", "high", (10, 100, 8000, 4000, 2)),
            ("enterprise", "openai/gpt-4.1", "high", (15, 150, 16000, 8000, 4)),
            ("free", "openai/text-embedding-3-small", "embeddings", (15, 150, 64000, 64000, 5)),
            ("pro", "openai/o3", "custom", (1, 8, 4000, 4000, 1)),
            ("enterprise", "gpt-5-mini", "custom", (3, 20, 4000, 4000, 1)),
            ("free", "DeepSeek/DeepSeek-R1-0528", "custom", (1, 8, 4000, 4000, 1)),
            ("business", "microsoft/mai-ds-r1", "custom", (2, 10, 4000, 4000, 1)),
            ("business", "xai/grok-3", "custom", (2, 20, 4000, 8000, 1)),
            ("free", "xai/grok-3-mini", "custom", (2, 30, 4000, 8000, 1)),
        ):
            found = limiter(plan)[0].limits(model, tier)
            numbers = (found.limits.per_minute, found.limits.per_day, found.max_input_tokens, found.max_output_tokens)
            assert (*numbers, found.concurrent) == expected, (plan, model)
            assert found.is_offered

    def test_what_a_plan_does_not_offer_is_paced_as_the_next_plan_is(self):
        found = limiter("free")[0].limits("openai/o3", "custom")
        assert (found.is_offered, found.limits.per_minute) == (False, 1)

    def test_a_tier_that_is_not_known_is_careful(self):
        for tier in ("", "platinum", " HIGH "):
            assert limiter()[0].limits("acme/rocket", tier).limits.per_minute == 10
        assert limiter()[0].limits("acme/rocket", "custom").limits.per_minute == 1
        assert limiter()[0].limits("openai/gpt-5-nano", "").limits.per_minute == 2

    def test_paid_use_is_paced_by_refusals_alone(self):
        paced, _ = limiter("paid")
        assert [paced.acquire("openai/gpt-4.1", "high") for _ in range(500)] == [0.0] * 500
        paced.learn("openai/gpt-4.1", 429, {"Retry-After": "9"}, "")
        assert paced.acquire("openai/gpt-4.1", "high") == 11.0

    def test_a_plan_that_does_not_exist_is_refused(self):
        with pytest.raises(ValueError, match="plans are free, pro"):
            RateLimiter(plan="gold")

    def test_the_spellings_of_a_model_are_one(self):
        for name in ("openai/gpt-4o", "GPT-4o", "azureml://registries/azure-openai/models/gpt-4o/versions/2024-11-20"):
            assert bare_name(name) == "gpt-4o"
        paced, _ = limiter()
        for number in range(10):
            paced.acquire("gpt-4.1" if number % 2 else "openai/gpt-4.1", "high")
        assert paced.acquire("OpenAI/GPT-4.1", "high") == 62.0


class WaitTests(SimpleTestCase):
    def test_it_sleeps_as_long_as_needed_and_counts(self):
        paced, time = limiter()
        assert [paced.wait_for("openai/gpt-4.1", "high") for _ in range(11)] == [0.0] * 10 + [62.0]
        assert time.slept == [62.0]

    def test_a_wait_beyond_the_cap_is_told_and_not_slept(self):
        paced, time = limiter()
        paced.learn("openai/gpt-4.1", 429, {"Retry-After": "70", "x-ratelimit-type": "UserByModelByMinute"}, "")
        with pytest.raises(Paced) as error:
            paced.wait_for("openai/gpt-4.1", "high")
        assert (error.value.retry_after, error.value.status_code, time.slept) == (72.0, 429, [])

    def test_other_answers_teach_nothing_and_remaining_counts_are_not_believed(self):
        paced, _ = limiter()
        misleading = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-limit-requests": "1", "Retry-After": "50"}
        for status in (200, 403, 500, 503):
            paced.learn("openai/gpt-4.1", status, misleading, "")
        assert paced.acquire("openai/gpt-4.1", "high") == 0.0

    def test_the_shared_limiter_is_one_for_a_token_and_never_shows_it(self):
        with override_settings(
            GITHUB_TOKEN="ghp_a", GITHUB_MODELS_PLAN="pro", GITHUB_MODELS_URL="https://models.github.ai"
        ):
            one = rate_limiter.shared()
            assert one is rate_limiter.shared("ghp_a")
            assert one is rate_limiter.shared("ghp_a", "https://models.github.ai/inference/")
            assert one is not rate_limiter.shared("ghp_b")
            assert one is not rate_limiter.shared("ghp_a", "http://127.0.0.1:1")
            assert (one.plan, "ghp_a" in str(vars(one))) == ("pro", False)


class RefusalTests(SimpleTestCase):
    def test_types_and_numbers(self):
        for headers, text, expected in (
            (("44", "44", "UserByModelByMinute"), PLAIN, Refusal("minute", 44)),
            (("", "", ""), JSON, Refusal("minute", 44, 10)),
            (("7", "44", ""), JSON, Refusal("minute", 44, 10)),
            (("0", "0", "UserByModelByMinute"), PLAIN, Refusal("minute", 0)),
            (("3600", "", "UserByModelByDay"), "", Refusal("day", 3600)),
            (("", "", "UserByModelByDay"), "", Refusal("day", 3600)),
            (("30", "", "UserByMinute"), "", Refusal("minute", 30, 0, True)),
            (("0", "0", "UserConcurrentRequests"), "", Refusal("concurrent", 1)),
            (("", "", ""), "", Refusal("unknown", 60)),
            (("", "", "Whatever"), "<html>no</html>", Refusal("unknown", 60)),
            (("9", "", "Whatever"), "[]", Refusal("unknown", 9)),
            (("5000", "", ""), "null", Refusal("day", 5000)),
            (("-5", "nan", "UserByModelByMinute"), "", Refusal("minute", 60)),
            (("soon", "1e999", "UserByModelByMinute"), "", Refusal("minute", 60)),
            (("99999999999", "", "UserByModelByDay"), "", Refusal("day", 86400)),
        ):
            names = ("retry-after", "X-RateLimit-TimeRemaining", "x-ratelimit-type")
            given = {name: value for name, value in zip(names, headers, strict=True) if value}
            assert read_refusal(given, text) == expected, (headers, text)

    def test_retry_after_may_be_a_date(self):
        date = {"Retry-After": "Wed, 06 May 2026 10:00:30 GMT", "Date": "Wed, 06 May 2026 10:00:00 GMT"}
        assert read_refusal(date, "").seconds == 30
        assert read_refusal({"Retry-After": "Wed, 06 May 2020 10:00:30 GMT"}, "").seconds == 0

    def test_the_limit_of_a_day_is_told_in_words(self):
        text = "Rate limit of 50 per 86400s exceeded for UserByModelByDay. Please wait 7200 seconds before retrying."
        assert read_refusal({}, text) == Refusal("day", 7200, 50)
