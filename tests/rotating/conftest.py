"""A workspace with all that can name an account."""

from tests.erasing.conftest import full, workspace, world_keys

__all__ = ["full", "workspace", "world_keys"]
