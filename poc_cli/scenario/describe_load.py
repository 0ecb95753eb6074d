"""Describe a load scenario in English: its sockets and rooms, and one sentence per stage."""

from poc_cli.scenario.duration import written
from poc_cli.scenario.lint_load import stages_of
from poc_cli.scenario.load_model import Chat, Churn, LoadFile, Ramp, Rest, Sleep, Stage, Storm
from poc_cli.scenario.values import shown


def participants(document: LoadFile) -> dict[str, str]:
    """Describe the sockets, the object and the messages, by name."""
    load = document.load
    rooms = "one room" if load.rooms == 1 else f"{load.rooms:,} rooms, with consecutive sockets in the same room"
    found = {"sockets": f"{load.sockets:,} in {rooms}; each connects to {load.path}"}
    if document.object is not None:
        found["object"] = f"of class {document.object.class_}, named {document.object.name}"
    found["exchange"] = f"{shown(load.exchange)}, which the room answers with the same mark"
    found["who"] = f"{shown(load.who)}, which the room answers with its instance"
    found["broadcast"] = f"{shown(load.broadcast)}, which everyone in the room receives"
    return found


def stage_sentences(document: LoadFile) -> list[str]:
    """Describe each stage in a sentence."""
    found = [_stage(stage) for stage in stages_of(document.load)]
    rounds = document.load.rounds
    return found if rounds == 1 else [*found, f"the stages after the ramp are run {rounds:,} times"]


def _stage(stage: Stage) -> str:
    match stage:
        case Ramp():
            return f"all clients connect, spread evenly over {written(stage.ramp)}"
        case Rest():
            return f"nothing happens for {written(stage.idle)}"
        case Sleep():
            return _sleep(stage)
        case Storm():
            return _storm(stage) + _slow(stage.slow)
        case Churn():
            return f"for {written(stage.churn)}, {stage.rate:g} clients per second leave and are replaced by new ones"
        case Chat():
            to = "itself" if stage.to == "self" else "everyone in its room"
            message = f"for {written(stage.chat)}, each client sends {stage.rate:g} messages per minute to {to}"
            return message + _slow(stage.slow)
    raise ValueError(f"unknown stage: {stage}")


def _sleep(stage: Sleep) -> str:
    if stage.sleep == "evict":
        return "every room is evicted while its sockets stay open"
    return f"nothing is sent for {written(stage.wait)}, so that the idle timer puts every room to sleep"


def _storm(stage: Storm) -> str:
    within = f"; each reply must arrive within {written(stage.within)}"
    if stage.storm == "all":
        return f"all clients send at once and wake their rooms{within}"
    if stage.storm == "staggered":
        return f"all clients send, one after the other over {written(stage.over)}{within}"
    return f"one client wakes each room and broadcasts to everyone in it; then every client sends{within}"


def _slow(number: int) -> str:
    return "" if not number else f"; meanwhile, reading is paused on {number} of the sockets in each room"
