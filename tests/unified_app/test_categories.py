from __future__ import annotations

import pytest

from unified_app.categories import all_categories, primary_category


@pytest.mark.parametrize(
    ("capabilities", "is_cloud", "expected"),
    [
        (["text_generation", "function_calling", "vision"], True, "cloud"),
        (["text_embedding"], False, "embedding"),
        (["text_generation", "vision", "reasoning", "function_calling"], False, "vision"),
        (["text_generation", "reasoning", "function_calling"], False, "thinking"),
        (["text_generation", "function_calling"], False, "tools"),
        (["text_generation"], False, "thinking"),
        (["text_generation", "insert"], False, "thinking"),
        (None, False, "external"),
        ([], False, "external"),
        (["smell"], False, "external"),
    ],
)
def test_the_primary_category_follows_the_precedence(capabilities, is_cloud, expected):
    assert primary_category(capabilities, is_cloud=is_cloud) == expected


def test_a_model_is_listed_in_every_category_that_it_can_do():
    abilities = ["text_generation", "vision", "function_calling"]
    assert all_categories(abilities, is_cloud=False, primary="vision") == ["vision", "tools"]
    assert all_categories(abilities, is_cloud=True, primary="cloud") == ["cloud", "vision", "tools"]


def test_plain_chat_is_listed_under_thinking_only_while_that_is_its_primary_category():
    assert all_categories(["text_generation"], is_cloud=False, primary="thinking") == ["thinking"]
    assert all_categories(["text_generation"], is_cloud=False, primary="tools") == ["tools"]
