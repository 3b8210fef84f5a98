"""How the pages write times, sizes, numbers and states."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.test import SimpleTestCase
from django.utils import timezone

from registry_project.templatetags import words
from unified_app.models import SyncRun

NOW = datetime(2026, 5, 4, 12, 30, 5, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


class WordsTests(SimpleTestCase):
    def test_times_are_relative_in_one_unit(self):
        cases = {0: "just now", 35: "35 s ago", 250: "4 min ago", 7300: "2 h ago", 86_400: "1 day ago"}
        cases |= {86_400 * 3: "3 days ago", 86_400 * 70: "2 months ago", 86_400 * 800: "2 years ago", -95: "in 1 min"}
        for seconds, said in cases.items():
            assert plain(words.relative(NOW - timedelta(seconds=seconds), NOW)) == said

    def test_a_time_carries_its_exact_moment_in_utc(self):
        berlin = NOW.astimezone(timezone.get_fixed_timezone(120))
        html = words.ago(berlin)
        assert 'datetime="2026-05-04T12:30:05Z"' in html and 'title="2026-05-04 12:30:05 UTC"' in html
        assert words.ago(None) == "never"

    def test_a_clock_has_date_and_year_when_they_are_not_todays(self):
        assert ">4 May 2001 12:30 UTC<" in words.clock(NOW.replace(year=2001))
        assert len(words.clock(timezone.now()).split(">")[1].split("<")[0]) == len("12:30 UTC")

    def test_sizes_are_binary(self):
        cases = {0: "0 B", 356: "356 B", 2048: "2.0 KiB", 45_949_794: "43.8 MiB", 5 * 2**30: "5.0 GiB"}
        cases |= {150 * 2**30: "150 GiB"}
        for value, said in cases.items():
            assert plain(words.size(value)) == said
        assert words.size(None) == words.size("x") == "–"

    def test_numbers_have_thin_spaces(self):
        assert words.number(1_234_567) == "1\u202f234\u202f567"
        assert (plain(words.counted(1, "model")), plain(words.counted(2, "entry,entries"))) == ("1 model", "2 entries")

    def test_a_sync_tells_what_it_did_and_not_what_it_did_not(self):
        run = SyncRun(state="success", created=3, unchanged=1200, seen=1203)
        assert plain(words.outcome(run)) == "3 created, 1 200 unchanged"
        assert words.outcome(SyncRun(state="success")) == "no models there"
        assert words.outcome(SyncRun(state="failed", failed=[{}])) == "nothing was read"
        assert words.outcome(SyncRun(state="running")) == "under way"

    def test_json_values_read_as_words(self):
        cases = [(None, "nothing"), ([], "nothing"), (["a", 1], "a, 1"), (True, "yes"), ({"b": 1}, '{"b": 1}')]
        for value, said in cases:
            assert words.plain(value) == said

    def test_a_state_is_a_word_and_a_shape_and_escaped(self):
        assert words.state("up") == '<span class="state good">reachable</span>'
        assert words.state("down") == '<span class="state bad">down</span>'
        assert words.state("<b>") == '<span class="state off">&lt;b&gt;</span>'
