"""Reads a history and says what it proves. Pure: no clock, no file, no network."""
