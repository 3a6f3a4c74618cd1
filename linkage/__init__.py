"""Find networks of accounts that one operator runs, and say why."""
