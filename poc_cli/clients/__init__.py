"""Clients: our own WebSocket client, programs and pages, and what carries their frames."""
