"""The section of the benchmarks that quotes what was measured once, of peers that `make bench` does not install."""

from tests.bench.measuring import Bench

ORDER = 90

TEXT = """\
## Peers measured once

Measured on 2026-11-22 on a machine of the same kind (2 cores Xeon 2.10 GHz, 24 GiB, Debian 12, loopback, load average
0.5 to 2.2), by scripts that were not kept. These need hundreds of packages, so `make bench` leaves them alone.

**Verification**: the same worker and assertions as above, each with its own way of running it. Seven paired runs;
workerd 1.20261117.1 where it can be chosen, Node 24.19.0.

| what | versions | seconds | times the script | peak MiB | packages |
|---|---|---|---|---|---|
| raw workerd, by script | Python 3.11.7, websockets 17.4 | 0.23 (0.21 to 0.32) | 1 | 77 | 1 |
| Miniflare | 4.20260730.0 | 0.94 (0.80 to 1.06) | 3.4 (2.9 to 3.8) | 238 | 56 |
| wrangler's `createTestHarness` | wrangler 4.164.0 | 1.90 (1.74 to 2.85) | 8.7 (8.2 to 9.3) | 466 | 88 |
| `@cloudflare/vitest-plugin` | 1.5.0, vitest 5.1.1 | 2.49 (2.20 to 2.58) | 11.0 (9.0 to 13.5) | 489 | 153 |
| `wrangler dev`, 11 s idle | wrangler 4.164.0 | 13.04 (12.93 to 13.43) | no forced sleep | 445 | 88 |

None of them reports more than that an assertion passed, kills the runtime and finds the state again, or applies load;
the sockets of the vitest plugin are pairs inside the runtime, without a client outside it.

**Load**: one object, 64-byte echoes over 100 sockets, compression off; the connection rate while opening 2,000.

| what | versions | echoes a second | opened a second | client CPU, % | client memory, 2,000 sockets |
|---|---|---|---|---|---|
| `websockets` on uvloop, a bare loop | 17.4, uvloop 0.23.0 | 26,300 | 2,288 | 68 | 9.9 KiB each |
| `picows` on uvloop, a bare loop | 2.3.1 | 18,400 | 3,089 | 27 | 28.3 KiB each |
| `aiohttp` on uvloop, a bare loop | 3.14.5 | 22,200 | 2,392 | 49 | 10.6 KiB each |
| k6 | 1.1.0 | 18,800 | 2,840 | 87 | 149 MiB in all |
| Locust | 2.47.0 | 18,400 | 2,790 | 95 | 77 MiB in all |
| Artillery | 2.0.34 | 11,600 | 1,920 | 100 | 375 MiB in all |
| tsung | 1.7.0 | 29,000 to 32,000 | 400 (as asked) | 103 | 61 MiB in all |

At 100 sockets workerd itself uses 95 to 100 % of the one core that it can use, whichever client sends: it is the limit,
except for Artillery and Locust, whose own speed is. None of these tools can put the object to sleep, see that it is
another instance after that, or look at an attachment."""


def section(_: Bench) -> str:
    """Return the section."""
    return TEXT
