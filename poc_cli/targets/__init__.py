"""Where a worker runs: what a target offers, the processes behind it, and the runtime they need."""
