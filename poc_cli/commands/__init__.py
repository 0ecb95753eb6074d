"""What each command does, one module per command; the command line itself is in `cli`."""
