"""Tells a judged run in several forms. Pure writers over `run.json` and the history."""
