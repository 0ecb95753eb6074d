"""The events of a run: their writer, their reader and the redaction of secrets."""
