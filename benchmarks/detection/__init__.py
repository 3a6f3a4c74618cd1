"""Who is listed and flagged in months whose truth is known, with intervals."""
