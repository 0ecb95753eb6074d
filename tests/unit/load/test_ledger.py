"""Every message is accounted for: it came, or it is lost for a reason and at a socket."""

from dataclasses import dataclass
from typing import cast

import pytest

from poc_cli.load.ledger import Ledger, base36
from poc_cli.load.load_socket import Socket


@dataclass(eq=False)
class Stub:
    """As much of a socket as the account needs."""

    index: int
    due: set[int] | None = None
    is_witness: bool = False


class Clock:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class Book:
    """A ledger with its clock, and sockets by their indexes."""

    def __init__(self, shard: int = 0) -> None:
        """Begin an account."""
        self.clock = Clock()
        self.ledger = Ledger(shard, self.clock)
        self.stubs = [Stub(index) for index in range(5)]

    def socket(self, index: int) -> Socket:
        """Return a socket."""
        return cast("Socket", self.stubs[index])

    def ask(self, index: int, name: str = "answer") -> bytes:
        """Send a message that is to be answered; gives what an answer holds."""
        number, mark = self.ledger.mark()
        self.ledger.expect_answer(number, self.socket(index), self.clock.now, name)
        return b"well: " + mark

    def cast(self, *receivers: int, slow: frozenset[int] = frozenset()) -> bytes:
        """Send a broadcast."""
        number, mark = self.ledger.mark()
        self.ledger.expect_everywhere(number, receivers, self.clock.now, "delivery", slow)
        return mark

    def come(self, index: int, data: bytes) -> None:
        """Have a message come."""
        self.ledger.arrived(self.socket(index), data)

    def is_even(self) -> bool:
        """Return whether all that was due has come, is lost, or is still awaited."""
        tally = self.ledger.tally
        return tally.due == tally.came + tally.lost + self.ledger.open_items


def test_an_answer_is_known_by_its_mark_and_timed_from_when_it_was_due() -> None:
    book = Book()
    answer = book.ask(0)
    book.clock.now = 0.25
    book.come(0, answer)
    tally = book.ledger.tally
    assert (tally.sent, tally.due, tally.came, tally.lost) == (1, 1, 1, 0)
    assert tally.latencies["answer"].at(50) == pytest.approx(250, rel=0.002)
    assert book.stubs[0].due == set()


def test_a_broadcast_is_due_once_at_every_receiver() -> None:
    book = Book()
    said = book.cast(0, 1, 2)
    for index in (0, 1):
        book.come(index, said)
    assert (book.ledger.tally.sent, book.ledger.tally.due, book.ledger.tally.came) == (1, 3, 2)
    book.ledger.give_up()
    assert book.ledger.tally.unanswered == {2: 1}
    assert book.is_even()


def test_what_ends_first_takes_its_messages_with_it() -> None:
    book = Book()
    book.ask(1)
    book.cast(0, 1)
    book.ledger.ended(book.socket(1))
    assert book.ledger.tally.cut_off == {1: 2}
    assert book.ledger.open_items == 1
    assert book.is_even()


def test_an_answer_that_comes_after_its_time_is_late_and_lost_all_the_same() -> None:
    book = Book()
    answer = book.ask(0)
    book.ledger.give_up()
    book.come(0, answer)
    tally = book.ledger.tally
    assert (tally.lost, tally.late, tally.strays) == (1, 1, 0)


@pytest.mark.parametrize("index", [0, 1])
def test_what_nobody_awaits_is_a_stray(index: int) -> None:
    book = Book()
    answer = book.ask(0)
    book.come(0, answer)
    book.come(index, answer)  # once more, and at a socket that it is not for
    assert (book.ledger.tally.came, book.ledger.tally.strays) == (1, 1)


def test_messages_of_other_shards_and_without_a_mark_are_counted_apart() -> None:
    book = Book(shard=3)
    book.come(0, b"~4.1~")
    book.come(0, b"hello")
    assert (book.ledger.tally.foreign, book.ledger.tally.unmarked, book.ledger.tally.strays) == (1, 1, 0)


def test_only_an_answer_on_a_witness_shows_that_it_lives() -> None:
    book = Book()
    book.stubs[0].is_witness = book.stubs[1].is_witness = True
    book.come(0, book.ask(0))
    book.come(1, book.cast(1))  # was heard, but has not been heard
    book.come(2, book.ask(2))
    assert book.ledger.tally.answered == {0}


def test_what_comes_to_the_slow_is_counted_and_not_timed() -> None:
    book = Book()
    said = book.cast(0, 1, slow=frozenset({1}))
    assert book.ledger.awaits_others_than(frozenset({1}))
    book.come(0, said)
    assert not book.ledger.awaits_others_than(frozenset({1}))
    book.come(1, said)
    assert book.ledger.tally.came == 2
    assert book.ledger.tally.latencies["delivery"].n == 1


def test_a_client_that_is_too_slow_to_send_says_so() -> None:
    book = Book()
    number, _ = book.ledger.mark()
    book.clock.now = 2.0
    book.ledger.expect_answer(number, book.socket(0), 0.5, "answer")
    assert book.ledger.tally.lag == 1.5


def test_so_does_one_that_stood_still() -> None:
    book = Book()
    book.ledger.stood_still(3.0)
    book.ledger.stood_still(0.2)
    assert book.ledger.tally.lag == 3.0
    book.ledger.begin()
    assert book.ledger.tally.lag == 0.0


def test_each_stage_has_an_account_of_its_own() -> None:
    book = Book()
    book.come(0, book.ask(0))
    book.ledger.begin()
    assert (book.ledger.tally.sent, book.ledger.tally.came) == (0, 0)


def test_what_is_cancelled_is_given_up_by_us() -> None:
    book = Book()
    book.ask(0)
    book.ledger.cancel()
    assert (book.ledger.tally.given_up.total(), book.ledger.tally.unanswered.total()) == (1, 0)
    assert book.is_even()


@pytest.mark.parametrize(("number", "letters"), [(0, b"0"), (35, b"z"), (36, b"10"), (46655, b"zzz")])
def test_numbers_travel_short(number: int, letters: bytes) -> None:
    assert base36(number) == letters
    assert int(letters, 36) == number
