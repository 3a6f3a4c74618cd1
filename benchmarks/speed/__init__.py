"""Seconds, memory and disk of a run, next to what cannot be avoided and what others need."""
