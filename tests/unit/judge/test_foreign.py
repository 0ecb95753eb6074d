"""Programs and pages before the judge: by the frames of their connections alone, each connection for itself."""

from tests.unit.judge.histories import Tale, finding, scenario, tale

FOREIGN = """\
clients = { cli = { command = ["node", "c.mjs", "{url}/room/{play}"] }, page = { browser = "http://127.0.0.1/{play}" } }
"""


def story(*steps: str, check: str = "connections-survive") -> str:
    text = scenario(check, steps)
    return text.replace(next(line for line in text.split("\n") if line.startswith("clients")) + "\n", FOREIGN)


CLI = story(
    '{ connect = "cli" }', '{ hibernate = "idle" }', '{ on = "cli", send = { op = "who" }, expect = { ok = true } }'
)
PAGE = story(
    '{ connect = "page" }', '{ hibernate = "idle" }', '{ on = "page", click = "#send", expect = { ok = true } }'
)


def opened(told: Tale, client: str, *, step: int, socket: int = 1) -> None:
    told.add(client, "opened", step=step, socket=socket, path="/room/nonce", objects=["object"])


def begun(text: str, client: str) -> Tale:
    """Return a play whose one client is connected and whose room has slept."""
    told = tale(text)
    told.begins("connect")
    opened(told, client, step=0)
    told.enters()
    told.ends()
    told.sleeps()
    told.begins("on")
    return told


def line(told: Tale) -> None:
    """Let the program be asked and answer in lines."""
    told.add("cli", "sent", step=2, text='{"op":"who"}', bytes=12)
    told.add("cli", "received", step=2, text='{"ok":true}', bytes=11)


def frames(told: Tale, client: str, sent: int, received: int, *, socket: int = 1) -> None:
    """Let frames pass on a connection."""
    kind = "frame_sent" if client == "cli" else "sent", "frame_received" if client == "cli" else "received"
    for _ in range(sent):
        told.add(client, kind[0], step=2, socket=socket, text="x", bytes=1)
    for _ in range(received):
        told.add(client, kind[1], step=2, socket=socket, text="y", bytes=1)


def verdict(told: Tale) -> tuple[str, str]:
    told.ends(sent={}, answered={})
    found = finding(told.done())
    return found["verdict"], found["reason"]


def test_the_lines_of_a_program_prove_nothing() -> None:
    told = begun(CLI, "cli")
    told.enters(why="hibernatable_websocket")
    line(told)
    assert verdict(told)[0] == "unknown"
    assert verdict(told)[1].startswith("cli was not used after object slept")


def test_its_frames_do() -> None:
    told = begun(CLI, "cli")
    line(told)
    frames(told, "cli", 1, 1)
    told.enters(why="hibernatable_websocket")
    assert verdict(told)[0] == "held"


def test_pings_that_the_runtime_answers_are_taken_off() -> None:
    told = begun(CLI, "cli")
    frames(told, "cli", 3, 2)
    told.enters(why="hibernatable_websocket")
    # Two of three frames were answered by the runtime, and both frames that came back may be those answers.
    assert verdict(told)[0] == "unknown"
    told = begun(CLI, "cli")
    frames(told, "cli", 3, 3)
    told.enters(why="hibernatable_websocket")
    assert verdict(told)[0] == "held"


def test_another_connection_of_the_same_client_speaks_for_itself_only() -> None:
    told = begun(CLI, "cli")
    told.add("cli", "closed", step=2, socket=1, by="nobody", code=1006, reason="", clean=False, said="it broke")
    opened(told, "cli", step=2, socket=2)
    frames(told, "cli", 1, 1, socket=2)
    told.enters(why="hibernatable_websocket")
    assert verdict(told) == ("refuted", "cli was closed after object slept: 1006, it broke")


def test_two_connections_at_a_time_end_each_by_itself() -> None:
    told = tale(CLI)
    told.begins("connect")
    opened(told, "cli", step=0)
    opened(told, "cli", step=0, socket=2)
    told.enters()
    told.add("cli", "closed", step=0, socket=1, by="client", code=1000, reason="", clean=True, said="closed")
    told.ends()
    told.sleeps()
    told.begins("on")
    frames(told, "cli", 1, 1, socket=2)
    told.enters(why="hibernatable_websocket")
    assert verdict(told)[0] == "held"


def test_a_page_is_judged_by_what_its_socket_carried() -> None:
    told = begun(PAGE, "page")
    frames(told, "page", 1, 1)
    told.enters(why="hibernatable_websocket")
    assert verdict(told)[0] == "held"
    told = begun(PAGE, "page")
    frames(told, "page", 0, 1)
    told.enters(why="alarm")
    assert verdict(told)[0] == "unknown"


def test_a_keep_alive_of_a_program_while_it_sleeps_counts_for_no_wake() -> None:
    text = story(
        '{ connect = "cli" }',
        '{ hibernate = "idle" }',
        '{ idle = "1s" }',
        '{ resume = "cli", send = { op = "who" }, expect = { ok = true } }',
        check="no-wake",
    )
    told = tale(text)
    told.begins("connect")
    opened(told, "cli", step=0)
    told.enters()
    told.ends()
    told.sleeps()
    told.begins("idle")
    told.add("cli", "frame_sent", step=2, socket=1, text="PING", bytes=4)
    told.passes(1)
    told.ends()
    told.begins("resume")
    told.add("cli", "frame_sent", step=3, socket=1, text="x", bytes=1)
    told.enters(why="hibernatable_websocket")
    told.add("cli", "frame_received", step=3, socket=1, text="y", bytes=1)
    told.ends(wake_ms=1.0)
    assert finding(told.done())["reason"] == "object slept on through 1 message"
