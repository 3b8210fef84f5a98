from __future__ import annotations

from unittest import mock

from django.core.cache import cache
from django.test import TestCase

from registry_project.log_in import LogInThrottle
from unified_app.models import User


class LogInTests(TestCase):
    def setUp(self):
        cache.clear()
        self.addCleanup(cache.clear)
        User.objects.create_superuser("ada", password="correct-horse-7")
        self.enterContext(mock.patch.object(LogInThrottle, "rate", "3/min", create=True))

    def try_at(self, path: str, password: str):
        return self.client.post(path, {"username": "ada", "password": password})

    def test_passwords_cannot_be_tried_without_end_at_either_door(self):
        for path in ("/login", "/admin/login/", "/login"):
            assert "Too many tries" not in self.try_at(path, "wrong").content.decode()
        for path in ("/login", "/admin/login/"):
            answer = self.try_at(path, "correct-horse-7")
            assert answer.status_code == 200
            assert "Too many tries from your address" in answer.content.decode()

    def test_the_right_password_logs_in(self):
        assert self.try_at("/login", "correct-horse-7").status_code == 302
