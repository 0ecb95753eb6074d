"""Where a worker runs: what a target offers, the processes behind it, and the runtime they need.

Never judges what it sees, and never speaks to a worker as a client does.
"""
