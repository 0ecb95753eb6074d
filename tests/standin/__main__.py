"""`python -m tests.standin`: the stand-in by hand, until Ctrl-C. It prints the environment for wrangler and poc."""

import argparse
import signal
import sys

from tests.standin.account import Account
from tests.standin.standin import StandIn


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description=__doc__)
    parser.add_argument("--api-port", type=int, default=0, metavar="PORT", help="of the API; 0 is any that is free")
    parser.add_argument("--edge-port", type=int, default=0, metavar="PORT", help="of the public side")
    parser.add_argument("--paid", action="store_true", help="an account that is not on the free plan")
    parser.add_argument("--no-subdomain", action="store_true", help="an account without a workers.dev subdomain")
    parser.add_argument("--foreign", action="append", default=[], metavar="NAME", help="a Worker of somebody else's")
    given = parser.parse_args()
    account = Account(free=not given.paid, subdomain=None if given.no_subdomain else "standin")
    account.add_foreign(*given.foreign)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    with StandIn(accounts=[account], ports=(given.api_port, given.edge_port)) as cloud:
        sys.stdout.write("".join(f"export {name}={value}\n" for name, value in cloud.environment.items()))
        sys.stdout.flush()
        sys.stderr.write(f"serving; switches: PUT {cloud.api.removesuffix('/client/v4')}/_standin/faults\n")
        while True:
            signal.pause()


if __name__ == "__main__":
    main()
