"""Run scenarios against a target and record what happens, without judging it."""
