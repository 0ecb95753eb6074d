"""Turn a use of Cloudflare, expected or measured, into the bill of a month by dated prices."""
