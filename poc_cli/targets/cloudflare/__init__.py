"""Cloudflare as a place where a worker runs: deploys it by wrangler, finds it again on the account, and removes it."""
