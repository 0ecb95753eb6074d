"""The clients of a play: our own WebSocket client, programs behind a relay and pages in a browser."""
