"""Read a history as plays, steps, stays and lateness, without judging it or doing I/O."""
