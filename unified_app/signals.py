"""What the core tells whoever listens; it knows none of them."""

from __future__ import annotations

from django.dispatch import Signal

# Sent once in each transaction that writes what a sync saw, with the ids of the models whose content at some place is
# another now: `model_ids`. Bulk writes send no signal of Django's.
contents_changed = Signal()
