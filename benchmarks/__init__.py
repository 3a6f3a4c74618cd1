"""Speed and memory, measured side by side with the bare work that cannot be avoided."""
