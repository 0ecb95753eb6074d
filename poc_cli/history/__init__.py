"""The history of a run: its events, and how they are written, read and redacted."""
