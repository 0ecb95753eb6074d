"""The record of a run: what the engine writes, what the judge reads. Knows neither."""
