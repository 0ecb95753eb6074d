"""Many sockets at once: what they go through, and an account of every one. Never judges; `poc_cli.judge.load` does."""
