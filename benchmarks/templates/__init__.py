"""The mining of templates: how well prompts are grouped, how fast, next to what others do."""
