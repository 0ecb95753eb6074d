"""Read plays, steps, stays and lateness from a history, without judging them."""
