"""What a history says: plays, steps, stays and lateness, read without judging. Pure."""
