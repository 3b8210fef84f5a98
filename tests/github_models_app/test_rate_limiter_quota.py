"""No quota is wasted: a service with windows anchored at their first request, and a clock that only sleeping moves."""

from __future__ import annotations

import pytest
from django.test import SimpleTestCase

from github_models_app.rate_limiter import RateLimiter
from tests.github_models_app.github_server import GitHubServer, Limits
from tests.github_models_app.simulated import Time, say, simulated
from unified_app.errors import Paced

HIGH = "openai/gpt-4.1"


class Counting(list):
    """Every 429 of a service, by the time at which it was given."""

    def __init__(self, server: GitHubServer, time: Time) -> None:
        limited = server.limited

        def told(*arguments):
            self.append(time.now)
            return limited(*arguments)

        server.limited = told


def calls(client, number: int, time: Time, seconds: float = 0.0) -> None:
    for _ in range(number):
        client.evaluate_model(HIGH, say())
        time.now += seconds


class MinuteTests(SimpleTestCase):
    def test_two_hundred_calls_of_ten_a_minute_finish_without_a_single_refusal(self):
        with simulated(high=Limits(minute=10)) as (client, server, time):
            wasted, began = Counting(server, time), time.now
            calls(client, 200, time)
            assert len(server.calls()) == 200
            assert wasted == []
            assert time.now - began == 19 * 62.0, "and no slower than the windows are"

    def test_calls_that_take_their_time_waste_none_either(self):
        with simulated(high=Limits(minute=10)) as (client, server, time):
            wasted = Counting(server, time)
            calls(client, 200, time, seconds=3.7)
            assert (len(server.calls()), wasted) == (200, [])

    def test_a_table_that_says_too_much_wastes_refusals_in_the_first_window_only(self):
        for style in ("plain", "json", "empty"):
            with simulated(high=Limits(minute=4)) as (client, server, time):
                server.style = style
                wasted, began = Counting(server, time), time.now
                calls(client, 200, time)
                assert len(server.calls()) == 200 + len(wasted)
                assert len(wasted) == 1
                assert wasted[0] - began < 60

    def test_a_window_that_somebody_else_began_wastes_one_and_teaches_no_wrong_limit(self):
        with simulated(high=Limits(minute=10)) as (client, server, time):
            other = RateLimiter(time, time.sleep)
            calls(client, 7, time)
            time.now += 23
            client.rate_limiter = other  # a new process, which knows nothing
            wasted = Counting(server, time)
            calls(client, 4, time)
            assert len(wasted) == 1
            began = time.now
            calls(client, 49, time)  # with the one that passed after the wait: five full windows
            assert (len(wasted), time.now - began) == (1, 4 * 62.0)

    def test_a_wait_that_was_told_is_slept_with_a_margin(self):
        # Recorded: a client that slept the advertised 44 s exactly was refused again.
        with simulated(high=Limits(minute=1)) as (client, server, time):
            server.lag = 1.9
            client.evaluate_model(HIGH, say())
            client.rate_limiter = RateLimiter(time, time.sleep)
            time.now += 16
            wasted = Counting(server, time)
            client.evaluate_model(HIGH, say())
            assert (len(wasted), time.slept) == (1, [46.0])

    def test_a_cap_of_the_user_holds_every_model(self):
        with simulated() as (client, server, time):
            client.get_available_models()
            server.next.append(server.limited("UserByMinute", 20, 60, 30))
            with pytest.raises(Paced):
                client.evaluate_model(HIGH, say(), wait=False)
            client.evaluate_model("openai/gpt-4o-mini", say())
            assert time.slept == [32.0]


class DayTests(SimpleTestCase):
    def test_a_day_that_is_used_up_stops_at_once_and_retries_do_not_burn_it(self):
        with simulated(high=Limits(minute=10, day=12)) as (client, server, time):
            wasted = Counting(server, time)
            calls(client, 12, time)
            slept = list(time.slept)
            for _ in range(20):
                with pytest.raises(Paced) as paced:
                    client.evaluate_model(HIGH, say())
            assert 86_000 < paced.value.retry_after <= 86_402
            assert (len(server.calls()), len(wasted)) == (13, 1)
            assert time.slept == slept, "nobody sleeps for a day"

    def test_the_day_after_goes_on_and_keeps_to_what_the_table_says(self):
        with simulated(high=Limits(minute=10, day=50)) as (client, server, time):
            wasted = Counting(server, time)
            for _ in range(200 + 3):  # the days end three times
                try:
                    client.evaluate_model(HIGH, say())
                except Paced as paced:
                    time.sleep(paced.retry_after)
            assert len(server.calls()) == 200 + len(wasted)
            assert len(wasted) == 1, "that of the first day"

    def test_calls_that_run_at_once_are_asked_again_after_a_second(self):
        with simulated() as (client, server, time):
            client.get_available_models()
            server.next.append(server.limited("UserConcurrentRequests", 2, 0, 0))
            client.evaluate_model(HIGH, say())
            assert time.slept == [1.0]

    def test_what_is_refused_for_ever_is_given_up(self):
        with simulated() as (client, server, time):
            client.get_available_models()
            server.next.extend([server.limited("UserByModelByMinute", 10, 60, 0)] * 9)
            with pytest.raises(Paced):
                client.evaluate_model(HIGH, say())
            assert (len(server.calls()), time.slept) == (4, [2.0] * 3)
