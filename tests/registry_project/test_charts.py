"""Where a chart puts values, and that it says nothing that is not beside it as text."""

from __future__ import annotations

from unittest import TestCase

from registry_project.charts import SHARES, interval, scale_of, share_bar


class TestScale(TestCase):
    def test_it_begins_at_nothing_and_ends_beyond_all_values(self) -> None:
        scale = scale_of([3.2, None, 7.9, float("nan")])

        assert (scale.low, scale.high, scale.ticks[0]) == (0, 8, 0)

    def test_values_on_both_sides_leave_zero_in_the_middle(self) -> None:
        scale = scale_of([-0.3, 0.1])

        assert scale.low == -scale.high and scale.place(0) == 50

    def test_nothing_to_show_is_a_scale_all_the_same(self) -> None:
        assert scale_of([]).high == 1 and scale_of([0, 0]).high == 1

    def test_what_is_beyond_the_ends_is_at_the_end(self) -> None:
        assert (SHARES.place(-1), SHARES.place(0.25), SHARES.place(3)) == (0, 25, 100)


class TestInterval(TestCase):
    def test_dot_and_line_are_where_the_numbers_are(self) -> None:
        drawn = interval(SHARES, 0.5, 0.25, 0.75)

        assert 'cx="50.0%"' in drawn and 'x1="25.0%" x2="75.0%"' in drawn and 'aria-hidden="true"' in drawn

    def test_what_is_not_known_is_not_drawn(self) -> None:
        assert "chart-value" not in interval(SHARES, None, None, None)
        assert "chart-range" not in interval(SHARES, 0.5, None, 1)


class TestShareBar(TestCase):
    def test_parts_stand_one_after_the_other_and_never_beyond_the_end(self) -> None:
        drawn = share_bar([("done", 0.75), ("bad", 0.5)])

        assert 'class="chart-done" x="0.0%" y="0" width="75.0%"' in drawn
        assert 'class="chart-bad" x="75.0%" y="0" width="25.0%"' in drawn
