"""A load told as a story: how many sockets in which rooms, and what they go through, one sentence a stage."""

from poc_cli.scenario.duration import written
from poc_cli.scenario.lint_load import stages_of
from poc_cli.scenario.load_model import Chat, Churn, LoadFile, Ramp, Rest, Sleep, Stage, Storm
from poc_cli.scenario.values import shown


def cast(document: LoadFile) -> dict[str, str]:
    """Return who takes part, by what it is called."""
    load = document.load
    rooms = "one room" if load.rooms == 1 else f"{load.rooms:,} rooms, neighbors in the same one"
    told = {"sockets": f"{load.sockets:,} in {rooms}; each connects to {load.path}"}
    if document.object is not None:
        told["object"] = f"of class {document.object.class_}, named {document.object.name}"
    told["exchange"] = f"{shown(load.exchange)}, which the room answers with the mark in it"
    told["who"] = f"{shown(load.who)}, answered with the instance of the room"
    told["broadcast"] = f"{shown(load.broadcast)}, which comes to all in the room"
    return told


def happenings(document: LoadFile) -> list[str]:
    """Return what happens, stage by stage."""
    told = [_stage(stage) for stage in stages_of(document.load)]
    rounds = document.load.rounds
    return told if rounds == 1 else [*told, f"what follows the ramp is gone through {rounds:,} times"]


def _stage(stage: Stage) -> str:
    match stage:
        case Ramp():
            return f"all connect, evenly over {written(stage.ramp)}"
        case Rest():
            return f"nothing happens for {written(stage.idle)}"
        case Sleep():
            return _sleep(stage)
        case Storm():
            return _storm(stage) + _slow(stage.slow)
        case Churn():
            return f"for {written(stage.churn)}, {stage.rate:g} a second leave and others come in their place"
        case Chat():
            to = "itself" if stage.to == "self" else "all in its room"
            message = f"for {written(stage.chat)}, each client sends {stage.rate:g} messages a minute to {to}"
            return message + _slow(stage.slow)
    raise ValueError(f"no stage of a load: {stage}")


def _sleep(stage: Sleep) -> str:
    if stage.sleep == "evict":
        return "every room is evicted, with its sockets open"
    return f"all are left alone for {written(stage.wait)}, so that every room falls asleep by its own timer"


def _storm(stage: Storm) -> str:
    within = f"; an answer may take {written(stage.within)}"
    if stage.storm == "all":
        return f"all clients speak at once and wake their rooms{within}"
    if stage.storm == "staggered":
        return f"all clients speak, one after the other over {written(stage.over)}{within}"
    return f"one client of each room wakes it and sends to all in it; then every client speaks{within}"


def _slow(number: int) -> str:
    return "" if not number else f"; {number} of each room do not read meanwhile"
