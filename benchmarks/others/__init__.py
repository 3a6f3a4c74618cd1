"""The product next to what others use, on the same evidence and by the same score."""
