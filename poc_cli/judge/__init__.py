"""Read a history and decide what it proves, without a clock, a file or a network."""
