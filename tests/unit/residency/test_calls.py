"""Who called an object: directly, through other Workers, or over the network."""

from poc_cli.residency import Caller, Delivered, Left, Timed
from tests.unit.residency.lines import OBJECT, ctx, ctx_end, fed, init, line, request, settle

GATE = "cd" * 32
SOCKET = "a standard-API WebSocket"


def calls(number: int, identifier: int, object_id: str = OBJECT) -> list[str]:
    """Let a context call an object."""
    begun = init(identifier, "operation", "durable_object_subrequest", number=number)
    told = line("annotate", ctx=number, id=identifier, k="objectId", v=object_id)
    return [begun, told, settle(identifier, number=number)]


def link(number: int, from_number: int) -> str:
    return line("link", ctx=number, id=1, fromIso=1, fromCtx=from_number, fromId=2)


def accepts(number: int, identifier: int) -> list[str]:
    """Let a context accept a WebSocket: two waits at one place."""
    waits = ("kj_to_js", "awaitIo"), ("js_to_kj", "awaitJs")
    return [init(identifier + n, *wait, trigger=1, stack=3, number=number) for n, wait in enumerate(waits)]


def left(*lines: str) -> Left:
    """Return how the object left memory, which comes and goes after these lines."""
    stay = [ctx(90), request(91, number=90), ctx_end(90, at=5)]
    _, changes = fed(*lines, *stay)
    return next(each for each in changes if isinstance(each, Left) and each.object_id == OBJECT)


def holders(*lines: str) -> list[tuple[str | None, bool, bool]]:
    """Return the callers: the object, whether it has a socket, and whether it may have called over the network."""
    return [_told(each) for each in left(*lines).callers]


def _told(caller: Caller) -> tuple[str | None, bool, bool]:
    return caller.object_id, any(pin.is_socket for pin in caller.pins), caller.by_network


WORKER = [ctx(1, actor=None), request(1, number=1)]
INNER = [ctx(2, actor=None), request(1, number=2)]


def test_a_worker_that_waits_for_something_else_has_no_socket() -> None:
    timer = init(5, "timer", "setTimeout", trigger=1, number=1)
    assert holders(*WORKER, *calls(1, 2), timer) == [(None, False, False)]


def test_a_worker_that_accepted_a_socket_has_one() -> None:
    assert holders(*WORKER, *calls(1, 2), *accepts(1, 5)) == [(None, True, False)]
    assert left(*WORKER, *calls(1, 2), *accepts(1, 5)).callers[0].pins[0].what == SOCKET


def test_its_socket_stays_though_its_request_is_settled() -> None:
    assert holders(*WORKER, *calls(1, 2), *accepts(1, 5), settle(1, number=1)) == [(None, True, False)]


def test_a_worker_that_ended_holds_nothing() -> None:
    assert holders(*WORKER, *calls(1, 2), *accepts(1, 5), ctx_end(1)) == []


def test_who_calls_through_a_service_binding_is_a_caller() -> None:
    """It may hold the socket, although the Worker that it called has ended."""
    inner = [*INNER, link(2, 1), *calls(2, 7), ctx_end(2)]
    assert holders(*WORKER, *accepts(1, 5), *inner) == [(None, True, False)]


def test_so_is_an_object_that_does() -> None:
    gate = [ctx(1, actor=GATE), request(1, number=1), *accepts(1, 5)]
    lines = [*gate, *INNER, link(2, 1), *calls(2, 7), ctx_end(2)]
    assert holders(*lines) == [(GATE, True, False)]
    _, changes = fed(*lines, ctx(90), request(91, number=90))
    assert [each.caller for each in changes if isinstance(each, Delivered) and each.object_id == OBJECT] == [GATE]


def dial(name: str, *, ends: list[str]) -> list[str]:
    """Let a Worker open a connection while a request begins that calls the object."""
    begun = init(2, "operation", name, trigger=1, number=1)
    return [*WORKER, begun, *INNER, *calls(2, 7), ctx_end(2), *ends, *accepts(1, 5)]


def test_who_opens_a_connection_meanwhile_may_have_called_over_the_network() -> None:
    for name in ("fetch", "websocket_open", "connect"):
        assert holders(*dial(name, ends=[settle(2, number=1)])) == [(None, True, True)]


def test_an_http_exchange_is_no_such_connection() -> None:
    status = line("annotate", ctx=1, id=2, k="http.response.status_code", v="200")
    assert holders(*dial("fetch", ends=[status, settle(2, number=1)])) == []
    assert holders(*dial("fetch", ends=[settle(2, number=1), status])) == []


def test_nor_is_one_that_is_not_open_or_failed_or_came_before() -> None:
    assert holders(*dial("fetch", ends=[])) == []
    assert holders(*dial("fetch", ends=[settle(2, number=1, outcome="error")])) == []
    before = [*WORKER, init(2, "operation", "fetch", trigger=1, number=1), settle(2, number=1), *accepts(1, 5)]
    assert holders(*before, *INNER, *calls(2, 7), ctx_end(2)) == []


def test_who_has_ended_meanwhile_holds_nothing() -> None:
    assert holders(*dial("websocket_open", ends=[settle(2, number=1)]), ctx_end(1)) == []


def test_objects_that_one_request_reached_are_beside_each_other() -> None:
    assert left(*WORKER, *calls(1, 2), *calls(1, 4, GATE), ctx_end(1)).beside == (GATE,)
    assert left(*WORKER, *calls(1, 2, GATE), *INNER, link(2, 1), *calls(2, 4), ctx_end(2), ctx_end(1)).beside == (GATE,)
    assert left(*WORKER, *calls(1, 2), ctx_end(1), *INNER, *calls(2, 4, GATE), ctx_end(2)).beside == ()


def test_an_object_that_reads_a_cache_says_so_once_in_a_stay() -> None:
    reads = init(2, "operation", "cache_match"), settle(2), init(3, "operation", "cache_match")
    _, changes = fed(ctx(1), request(1), *reads, init(4, "operation", "cache_put"))
    assert [each.name for each in changes if isinstance(each, Timed)] == ["cache_match"]
    _, changes = fed(ctx(1), request(1), init(2, "timer", "setTimeout"), *reads)
    assert [each.name for each in changes if isinstance(each, Timed)] == ["setTimeout", "cache_match"]
