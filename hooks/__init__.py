"""The six hooks."""
