"""A story for each verb and outcome, with the verdict that it has where nobody is late."""

from typing import Final

from tests.support.fake_run import IT, story

OPEN: Final = '{ connect = ["ann", "bob"] }'
ECHO: Final = '{ on = "ann", send = { op = "echo", n = 1 }, expect = { n = 1 } }'
SHOWN: Final = f"{ECHO[:-2]}, {IT} }}"
AWAY: Final = '{ hibernate = "evict" }'


def _sends(op: str, rest: str) -> str:
    return f'{{ on = "ann", send = {{ op = "{op}"{rest} }} }}'


def _says(op: str, sent: str, rest: str) -> str:
    return f'{{ on = "ann", send = {{ op = "{op}"{sent} }}, expect = {{ op = "{op}" }}{rest} }}'


_WRITTEN: Final = (
    OPEN,
    _says("put", ', key = "a", value = 1', ""),
    '{ on = "ann", send = { op = "get", key = "a" }, expect = { value = 1 } }',
)

STORIES: Final[dict[str, tuple[str, str]]] = {
    "connect": (story(f'{{ connect = "ann", {IT} }}', SHOWN), "held"),
    "connect-slow": (story(f'{{ connect = "ann", within = "1s", {IT} }}', SHOWN, ann="slow=700"), "held"),
    "connect-silent": (story(f'{{ connect = "ann", within = "1s", {IT} }}', ann="silent=1"), "refuted"),
    "connect-late": (story(f'{{ connect = "ann", within = "1s", {IT} }}', ann="slow=1600"), "refuted"),
    "connect-refused": (story(f'{{ connect = "ann", refused = 403, {IT} }}', ann="refuse=403"), "held"),
    "connect-let-in": (story(f'{{ connect = "ann", refused = 403, {IT} }}'), "refuted"),
    "on": (story(OPEN, f'{{ on = "ann", send = {{ op = "echo", n = 1 }}, expect = {{ n = 1 }}, {IT} }}'), "held"),
    "on-wrong": (
        story(OPEN, f'{{ on = "ann", send = {{ op = "echo", n = 1 }}, expect = {{ n = 2 }}, within = "1s", {IT} }}'),
        "refuted",
    ),
    "on-pushed": (
        story(
            OPEN,
            _says("late", ", ms = 600", ""),
            f'{{ on = "ann", expect = {{ event = "late" }}, within = "1s", {IT} }}',
        ),
        "held",
    ),
    "on-swallowed": (story(OPEN, _says("swallow", "", f', within = "1s", {IT}')), "refuted"),
    "on-too-slow": (story(OPEN, _says("slow", ", ms = 1600", f', within = "1s", {IT}')), "refuted"),
    "on-spinning": (
        story(OPEN, _says("spin", ", ms = 2000", f', within = "1s", {IT}'), more='tags = ["heavy"]\n'),
        "refuted",
    ),
    "on-next": (
        story(
            OPEN, ECHO, f'{{ on = "ann", send = {{ op = "echo", n = 2 }}, expect = {{ n = 2 }}, next = true, {IT} }}'
        ),
        "held",
    ),
    "on-next-overtaken": (
        story(
            OPEN,
            _says("late", ", ms = 300", ""),
            f'{{ on = "ann", send = {{ op = "slow", ms = 800 }}, expect = {{ op = "slow" }}, next = true, {IT} }}',
        ),
        "refuted",
    ),
    "on-any": (
        story(
            OPEN,
            f'{{ on = "ann", send = {{ op = "late", ms = 400 }}, expect = [{{ event = "late" }}, {{ op = "late" }}],'
            f' order = "any", within = "1s", {IT} }}',
        ),
        "held",
    ),
    "on-matched": (
        story(
            OPEN,
            """{ on = "ann", send = { op = "who" }, expect = { match = '"instance": *"(?P<it>[^"]+)"' }, """
            'capture = { before = "it" } }',
            """{ on = "bob", send = { op = "who" }, expect = { match = '"instance": *"{before}"' }, """
            f"""where = ['@text matches "^."'], {IT} }}""",
        ),
        "held",
    ),
    "on-matched-wrong": (
        story(
            OPEN,
            """{ on = "ann", send = { op = "echo", n = 1 }, expect = { match = '"n": *2' }, """
            f'within = "1s", {IT} }}',
        ),
        "refuted",
    ),
    "on-overtaken": (
        story(
            OPEN,
            _says("late", ", ms = 300", ""),
            '{ on = "ann", send = { op = "slow", ms = 800 }, expect = { op = "slow" } }',
            f'{{ on = "ann", expect = {{ event = "late" }}, within = "1s", {IT} }}',
        ),
        "unknown",
    ),
    "connect-again": (
        story(
            OPEN,
            '{ on = "ann", send = { op = "who" }, expect = { op = "who" }, capture = { before = "instance" } }',
            '{ close = "ann" }',
            '{ connect = "ann", path = "/room/{play}?seen={before}&refuse=409", refused = 409 }',
            '{ connect = "ann", path = "/room/{play}?seen={before}" }',
            f'{{ on = "ann", send = {{ op = "who" }}, where = ["instance == {{before}}"], {IT} }}',
        ),
        "held",
    ),
    "quiet": (story(OPEN, ECHO, f'{{ on = "ann", quiet = "1s", {IT} }}'), "held"),
    "quiet-noise": (
        story(OPEN, _says("late", ", ms = 500", ""), f'{{ on = "ann", quiet = "1s", {IT} }}'),
        "refuted",
    ),
    "quiet-noise-before": (
        story(OPEN, _says("late", ", ms = 400", ""), '{ idle = "1s" }', f'{{ on = "ann", quiet = "1s", {IT} }}'),
        "held",
    ),
    "quiet-noise-after": (
        story(OPEN, _says("late", ", ms = 1400", ""), f'{{ on = "ann", quiet = "700ms", {IT} }}'),
        "held",
    ),
    "quiet-like": (
        story(
            OPEN,
            f'{{ on = "ann", send = {{ op = "late", ms = 500 }}, quiet = "1s", like = {{ event = "late" }}, {IT} }}',
        ),
        "refuted",
    ),
    "closed-by-server": (
        story(
            OPEN, f'{{ on = "ann", send = {{ op = "close", code = 4001, reason = "so" }}, expect_code = 4001, {IT} }}'
        ),
        "held",
    ),
    "closed-by-server-wrongly": (
        story(
            OPEN, f'{{ on = "ann", send = {{ op = "close", code = 4001, reason = "so" }}, expect_code = 4002, {IT} }}'
        ),
        "refuted",
    ),
    "not-closed-by-server": (story(OPEN, f'{{ on = "ann", expect_code = 4001, within = "1s", {IT} }}'), "refuted"),
    "close": (story(OPEN, ECHO, f'{{ close = "ann", expect_code = 1000, {IT} }}'), "held"),
    "close-wrongly": (story(OPEN, ECHO, f'{{ close = "ann", expect_code = 4000, {IT} }}'), "refuted"),
    "close-handshake": (story(OPEN, ECHO, '{ close = "ann" }', check="close-handshake"), "held"),
    "resume": (
        story(
            *_WRITTEN,
            AWAY,
            f'{{ resume = "ann", send = {{ op = "get", key = "a" }}, expect = {{ value = 1 }}, {IT} }}',
            check="storage-survives",
        ),
        "held",
    ),
    "resume-wrong": (
        story(
            OPEN,
            '{ on = "ann", send = { op = "count" }, expect = { count = 1 } }',
            '{ on = "ann", send = { op = "count" }, expect = { count = 2 } }',
            AWAY,
            f'{{ resume = "ann", send = {{ op = "count" }}, expect = {{ count = 3 }}, within = "1s", {IT} }}',
        ),
        "refuted",
    ),
    "wake-under": (
        story(
            OPEN,
            ECHO,
            AWAY,
            '{ resume = "ann", send = { op = "slow", ms = 100 }, expect = { op = "slow" } }',
            check="wake-under",
            claim='limit = "500ms"',
        ),
        "held",
    ),
    "wake-not-under": (
        story(
            OPEN,
            ECHO,
            AWAY,
            '{ resume = "ann", send = { op = "slow", ms = 1200 }, expect = { op = "slow" } }',
            check="wake-under",
            claim='limit = "500ms"',
        ),
        "refuted",
    ),
    "idle": (
        story(
            OPEN,
            _says("late", ", ms = 600", ""),
            '{ idle = "1s" }',
            f'{{ on = "ann", expect = {{ event = "late" }}, within = "500ms", {IT} }}',
        ),
        "held",
    ),
    "idle-too-short": (
        story(
            OPEN,
            _says("late", ", ms = 1800", ""),
            '{ idle = "500ms" }',
            f'{{ on = "ann", expect = {{ event = "late" }}, within = "500ms", {IT} }}',
        ),
        "refuted",
    ),
    "hibernate-idle": (story(OPEN, ECHO, '{ hibernate = "idle" }', ECHO, check="sleeps"), "held"),
    "hibernate-pinned": (story(OPEN, ECHO, _says("pin", "", ""), '{ hibernate = "idle" }', check="sleeps"), "refuted"),
    "hibernate-evict": (
        story(
            OPEN,
            ECHO,
            AWAY,
            '{ on = "*", send = { op = "echo", n = 1 }, expect = { n = 1 } }',
            check="connections-survive",
        ),
        "held",
    ),
    "stays-awake": (story(OPEN, _says("pin", "", ""), '{ hibernate = "idle" }', check="stays-awake"), "held"),
    "stays-not-awake": (story(OPEN, ECHO, '{ hibernate = "idle" }', check="stays-awake"), "refuted"),
    "no-wake": (
        story(
            OPEN,
            ECHO,
            AWAY,
            '{ on = "ann", send = "ping", expect = "pong" }',
            f'{{ probe = "asleep", {IT} }}',
            '{ resume = "ann", send = { op = "echo", n = 2 }, expect = { n = 2 } }',
            check="no-wake",
        ),
        "held",
    ),
    "no-wake-woken": (
        story(OPEN, ECHO, AWAY, ECHO, f'{{ probe = "asleep", {IT} }}', ECHO, check="no-wake"),
        "refuted",
    ),
    "heartbeats": (
        story(
            OPEN,
            *(['{ idle = "3500ms" }', ECHO] * 3),
            f'{{ probe = "awake", {IT} }}',
            '{ on = "ann", send = { op = "count" }, expect = { count = 4 }, ' + IT + " }",
        ),
        "held",
    ),
    "no-heartbeats": (
        story(
            OPEN,
            ECHO,
            '{ idle = "11s" }',
            '{ on = "ann", send = { op = "count" }, expect = { count = 2 }, within = "1s", ' + IT + " }",
        ),
        "refuted",
    ),
    "probe-awake": (story(OPEN, ECHO, f'{{ probe = "awake", {IT} }}'), "held"),
    "probe-not-asleep": (story(OPEN, ECHO, f'{{ probe = "asleep", {IT} }}'), "refuted"),
    "probe-pinned": (story(OPEN, _says("pin", "", ""), f'{{ probe = "pinned", {IT} }}'), "held"),
    "http": (story(f'{{ http = "/room/{{play}}", {IT} }}'), "held"),
    "http-wrong": (story(f'{{ http = "/room/{{play}}?status=500", {IT} }}'), "refuted"),
    "http-silent": (story(f'{{ http = "/room/{{play}}?silent=1", within = "1s", {IT} }}'), "refuted"),
    "http-slow": (story(f'{{ http = "/room/{{play}}?slow=700", within = "1s", {IT} }}'), "held"),
    "alarm": (story(OPEN, _says("alarm", ", ms = 800", ""), f'{{ alarm = "fires", within = "1500ms", {IT} }}'), "held"),
    "alarm-none": (story(OPEN, ECHO, f'{{ alarm = "fires", within = "1s", {IT} }}'), "refuted"),
    "alarm-in-sleep": (
        story(
            OPEN,
            _says("alarm", ", ms = 11000", ""),
            '{ hibernate = "idle" }',
            f'{{ on = "ann", expect = {{ event = "alarm" }}, {IT} }}',
        ),
        "held",
    ),
    "kill": (story(OPEN, ECHO, '{ kill = "ann" }', f'{{ connect = "ann", {IT} }}', SHOWN), "held"),
    "kill-twice": (story(OPEN, ECHO, '{ kill = "ann" }', f'{{ kill = "ann", {IT} }}'), "refuted"),
    "stall": (
        story(
            OPEN,
            '{ stall = "ann" }',
            _sends("echo", ", n = 7"),
            '{ idle = "300ms" }',
            '{ stall = "ann", release = true }',
            f'{{ on = "ann", expect = {{ n = 7 }}, within = "500ms", {IT} }}',
        ),
        "held",
    ),
    "stall-on": (
        story(
            OPEN,
            '{ stall = "ann" }',
            _sends("echo", ", n = 7"),
            f'{{ on = "ann", expect = {{ n = 7 }}, within = "500ms", {IT} }}',
        ),
        "refuted",
    ),
    "restart-object": (
        story(OPEN, ECHO, '{ restart = "object" }', OPEN, ECHO, check="connections-drop"),
        "held",
    ),
    "restart-server": (
        story(
            *_WRITTEN,
            '{ restart = "server" }',
            OPEN,
            f'{{ on = "ann", send = {{ op = "get", key = "a" }}, expect = {{ value = 1 }}, {IT} }}',
            check="storage-survives",
        ),
        "held",
    ),
    "restart-crash": (
        story(
            OPEN,
            ECHO,
            '{ restart = "crash" }',
            '{ idle = "100ms" }',
            f'{{ on = "ann", send = {{ op = "count" }}, expect = {{ count = 1 }}, {IT} }}',
        ),
        "refuted",
    ),
}
"""By a name that begins with the verb: the scenario and its verdict."""
