"""The files that `poc init` writes into a project; no code."""
