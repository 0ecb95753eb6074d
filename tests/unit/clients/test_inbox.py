"""The inbox: what a step may look at, what counts as read, and when waiting ends."""

import asyncio

import pytest

from poc_cli.clients import inbox as inboxes
from poc_cli.clients.inbox import Expired, Inbox, Received, Until
from poc_cli.scenario.matching import Message


def inbox(*texts: str) -> Inbox:
    box = Inbox()
    for text in texts:
        put(box, text)
    return box


def put(box: Inbox, text: str) -> None:
    box.put(Received(Message(text), box.size + 1, 0))


def is_(text: str) -> "Wanted":
    return Wanted(text)


class Wanted:
    """Wants one text, and remembers what it was shown."""

    def __init__(self, text: str) -> None:
        """Take the text."""
        self.text = text
        self.shown: list[str | None] = []

    def __call__(self, message: Message) -> bool:
        """Return whether this is it."""
        self.shown.append(message.text)
        return message.text == self.text


def already() -> Expired:
    """Return a limit that is over."""
    return Expired()


def never() -> Until:
    """Return a limit that no test reaches."""
    return Until(asyncio.get_running_loop().time() + 3600)


def unread(box: Inbox) -> list[int]:
    return list(box.unread())


async def test_the_first_match_is_taken_and_what_was_passed_over_is_read() -> None:
    box = inbox("a", "b", "c", "b")
    taken = await box.take(0, is_("b"), already())
    assert taken.match is not None
    assert taken.match.event_id == 2
    assert [received.message.text for received in taken.passed_over] == ["a"]
    assert box.position == 2
    assert unread(box) == [3, 4]


async def test_a_step_looks_only_at_what_came_from_its_start_on() -> None:
    box = inbox("b", "a")
    wanted = is_("b")
    taken = await box.take(1, wanted, already())
    assert taken.match is None
    assert wanted.shown == ["a"]
    assert unread(box) == [1]


async def test_reading_goes_on_where_the_last_reading_stopped() -> None:
    box = inbox("a", "a")
    first = await box.take(box.position, is_("a"), already())
    second = await box.take(box.position, is_("a"), already())
    third = await box.take(box.position, is_("a"), already())
    assert [taken.match.event_id if taken.match else None for taken in (first, second, third)] == [1, 2, None]


async def test_what_arrives_while_waiting_is_seen() -> None:
    box = inbox("a")
    taking = asyncio.create_task(box.take(0, is_("c"), never()))
    for text in ("b", "c", "d"):
        await asyncio.sleep(0)
        put(box, text)
    taken = await taking
    assert taken.match is not None
    assert taken.match.message.text == "c"
    assert [received.message.text for received in taken.passed_over] == ["a", "b"]
    assert unread(box) == [4]


async def test_the_very_next_message_or_none() -> None:
    box = inbox("a", "b")
    taken = await box.take(0, is_("b"), never(), very_next=True)
    assert taken.match is None
    assert [received.message.text for received in taken.passed_over] == ["a"]
    assert unread(box) == [2]
    assert (await box.take(1, is_("b"), never(), very_next=True)).match is not None


async def test_waiting_ends_at_the_deadline() -> None:
    taken = await inbox().take(0, is_("a"), already())
    assert taken.match is None
    assert taken.passed_over == ()


async def test_waiting_ends_with_the_connection_after_all_that_came_before_it() -> None:
    box = inbox()
    taking = asyncio.create_task(box.take(0, is_("last"), never()))
    await asyncio.sleep(0)
    put(box, "last")
    box.end()
    assert (await taking).match is not None
    assert (await box.take(1, is_("more"), never())).match is None


async def test_quiet_is_broken_by_the_first_message_from_its_start_on() -> None:
    box = inbox("old")
    listening = asyncio.create_task(box.quiet(box.size, never()))
    await asyncio.sleep(0)
    put(box, "noise")
    put(box, "more")
    noise = await listening
    assert noise is not None
    assert noise.message.text == "noise"


async def test_quiet_is_kept_until_the_deadline_or_the_end_of_the_connection() -> None:
    box = inbox("old")
    assert await box.quiet(1, already()) is None
    listening = asyncio.create_task(box.quiet(1, never()))
    await asyncio.sleep(0)
    box.end()
    assert await listening is None


async def test_two_may_wait_at_once() -> None:
    box = inbox()
    both = [asyncio.create_task(box.take(0, is_("a"), never())) for _ in range(2)]
    await asyncio.sleep(0)
    put(box, "a")
    assert all(taken.match is not None for taken in await asyncio.gather(*both))


async def test_what_came_since_a_position() -> None:
    box = inbox("a", "b", "c")
    assert [received.message.text for received in box.since(1)] == ["b", "c"]
    assert box.since(3) == ()


async def test_what_was_skipped_stays_unread_though_it_is_not_kept() -> None:
    box = inbox("a", "b", "c", "d")
    assert (await box.take(2, is_("c"), already())).match is not None
    assert unread(box) == [1, 2, 4]
    assert (box.position, box.size) == (3, 4)
    assert [received.message.text for received in box.since(0)] == ["c", "d"]
    noise = await box.quiet(3, already())
    assert noise is not None
    assert noise.message.text == "d"


async def test_an_inbox_overflows_by_what_came_since_the_last_match(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "MOST_MESSAGES", 3)
    box = inbox("a", "b", "c")
    assert box.overflow is None
    put(box, "d")
    assert box.overflow == "more than 3 messages that no step was waiting for"
    await box.take(0, is_("c"), already())
    assert box.overflow is None
    put(box, "e")
    await box.take(box.position, is_("z"), already())  # passed over, but nobody waited for them
    put(box, "f")
    assert box.overflow == "more than 3 messages that no step was waiting for"


async def test_an_inbox_overflows_by_size_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inboxes, "MOST_BYTES", 1 << 20)
    box = inbox("x" * (1 << 19), "y" * (1 << 19))
    assert box.overflow is None
    put(box, "z")
    assert box.overflow == "more than 1 MiB that no step was waiting for"
    await box.take(0, is_("z"), already())
    assert box.overflow is None
