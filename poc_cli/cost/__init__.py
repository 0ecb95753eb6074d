"""What a worker costs a month on Cloudflare: prices, usage, and the bill that the two make."""
