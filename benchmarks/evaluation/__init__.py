"""All that is measured, on one page: docs/evaluation.md."""
