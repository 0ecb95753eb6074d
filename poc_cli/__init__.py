"""poc: a feasibility harness for hibernating WebSockets on Cloudflare Durable Objects."""

__version__ = "0.1.0"
