"""Cloudflare as a place where a worker runs: deploys it by wrangler, finds it again on the account, and removes it.

Never plays anything, and never touches a Worker on the account that poc did not make.
"""
