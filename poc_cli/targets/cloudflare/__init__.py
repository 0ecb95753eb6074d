"""Deploy a worker to Cloudflare with wrangler, find it again on the account and remove it."""
