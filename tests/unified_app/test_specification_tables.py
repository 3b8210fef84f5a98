"""The three tables of the specification: columns, NULLs, defaults, keys and index names, in the database itself."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import TestCase

# column -> (may be NULL, what the database puts in when an INSERT leaves it out; "" = it must be given)
UNIFIED_MODELS = {
    "id": (False, ""),
    "name": (False, ""),
    "version": (False, ""),
    "ollama_name": (True, None),
    "category": (False, ""),
    "model_type": (False, ""),
    "source": (False, ""),
    "capabilities": (False, "[]"),
    "parameters": (False, "{}"),
    "endpoint": (True, None),
    "status": (False, "available"),
    "created_at": (False, "now"),
    "updated_at": (False, "now"),
    "description": (True, None),
    "performance_metrics": (False, "{}"),
}
MODEL_CAPABILITIES = {
    "id": (False, "number"),
    "model_id": (False, ""),
    "capability_name": (False, ""),
    "capability_type": (False, ""),
    "description": (True, None),
    "parameters": (False, "{}"),
    "examples": (False, "[]"),
}
MODEL_SERVING_STATUS = {
    "id": (False, "number"),
    "model_id": (False, ""),
    "endpoint": (True, None),
    "status": (False, "stopped"),
    "started_at": (True, None),
    "last_health_check": (True, None),
    "health_status": (False, "unknown"),
    "concurrent_requests": (False, 0),
    "total_requests": (False, 0),
}
TABLES = {
    "unified_models": UNIFIED_MODELS,
    "model_capabilities": MODEL_CAPABILITIES,
    "model_serving_status": MODEL_SERVING_STATUS,
}
INDEXES = {
    "unified_models": {
        "idx_category": ["category"],
        "idx_model_type": ["model_type"],
        "idx_source": ["source"],
        "idx_status": ["status"],
        "idx_ollama_name": ["ollama_name"],
    },
    "model_capabilities": {"idx_model_id": ["model_id"], "idx_capability_type": ["capability_type"]},
    "model_serving_status": {"idx_model_id_status": ["model_id"], "idx_serving_status": ["status"]},
}


class TableTests(TestCase):
    def test_every_column_is_there_and_takes_null_where_the_specification_does(self):
        for table, columns in TABLES.items():
            with connection.cursor() as cursor:
                described = {c.name: c for c in connection.introspection.get_table_description(cursor, table)}
            for name, (nullable, _) in columns.items():
                assert bool(described[name].null_ok) == nullable, f"{table}.{name}"

    def test_an_insert_of_the_required_columns_gets_every_default_from_the_database(self):
        required = "id, name, version, category, model_type, source"
        insert("unified_models", required, "'m', 'm', '1', 'tools', 'base', 'ollama'")
        insert("model_capabilities", "model_id, capability_name, capability_type", "'m', 'vision', 'vision'")
        insert("model_serving_status", "model_id", "'m'")
        for table, columns in TABLES.items():
            row = first_row(table)
            for name, (_, default) in columns.items():
                if default == "now":
                    assert row[name] is not None, f"{table}.{name}"
                elif default not in ("", "number"):
                    assert same(row[name], default), f"{table}.{name}: {row[name]!r}"

    def test_the_indexes_have_the_specifications_names_and_columns(self):
        for table, indexes in INDEXES.items():
            with connection.cursor() as cursor:
                found = connection.introspection.get_constraints(cursor, table)
            for name, columns in indexes.items():
                assert found[name]["columns"] == columns
                assert found[name]["index"]

    def test_the_foreign_keys_have_no_index_beside_the_specifications(self):
        for table, index in (("model_capabilities", "idx_model_id"), ("model_serving_status", "idx_model_id_status")):
            with connection.cursor() as cursor:
                found = connection.introspection.get_constraints(cursor, table)
            of_the_key = [name for name, c in found.items() if c["index"] and c["columns"] == ["model_id"]]
            assert of_the_key == [index]
            assert any(c["foreign_key"] == ("unified_models", "id") for c in found.values())

    def test_name_and_version_together_are_unique(self):
        values = "'m', '1', 'tools', 'base', 'ollama'"
        insert("unified_models", "id, name, version, category, model_type, source", f"'a', {values}")
        with pytest.raises(IntegrityError), transaction.atomic():
            insert("unified_models", "id, name, version, category, model_type, source", f"'b', {values}")


def insert(table: str, columns: str, values: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({columns}) VALUES ({values})")


def first_row(table: str) -> dict:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        return dict(zip([c[0] for c in cursor.description], cursor.fetchone(), strict=True))


def same(value: object, default: object) -> bool:
    """PostgreSQL's driver parses JSON, SQLite's hands out its text."""
    return value == default or str(value) == default or (value in ([], {}) and default == str(value))
