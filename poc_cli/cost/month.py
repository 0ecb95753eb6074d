"""A month with hibernation and without, side by side, and where one begins to cost more than the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Final, Literal

from poc_cli.cost.bill import Bill, FreePlan, Share, bill, free_plan
from poc_cli.cost.expected import busiest, number, traffic, usage_of
from poc_cli.cost.measured import Measured
from poc_cli.cost.prices import Prices
from poc_cli.cost.profile import Profile
from poc_cli.cost.usage import Usage

_GROWTH: Final = (1, 10, 100)

_OF_A_RUN: Final = (
    "Controls are left out. Each storage operation is taken for one row: the trace does not tell how many it touched.",
    "Without hibernation, an object is billed for as long as anybody is connected to it.",
)


@dataclass(frozen=True, slots=True)
class Side:
    """A month with hibernation, or without."""

    usage: Usage
    bill: Bill
    free: FreePlan


@dataclass(frozen=True, slots=True)
class Grown:
    """The two totals of so many times as much; `users` is None where nobody was counted."""

    times: int
    users: Decimal | None
    hibernating: Decimal
    awake: Decimal


@dataclass(frozen=True, slots=True)
class Month:
    """Both sides of a month. `api` says which of them the application is on, `users` is None where none were counted.

    `never_rests_from` are the messages a minute of each user from which on rooms never rest, so that hibernation saves
    nothing; None where there is no such number. `deliveries` go out to clients, free of charge. `heads` name the sides,
    and `notes` say how it was reckoned.
    """

    title: str
    api: Literal["hibernation", "standard"]
    prices: Prices
    hibernating: Side
    awake: Side
    users: Decimal | None = None
    never_rests_from: Decimal | None = None
    deliveries: Decimal | None = None
    heads: tuple[str, str] = ("with hibernation", "without")
    notes: tuple[str, ...] = ()

    @property
    def paid(self) -> Side:
        """Return the side that the application is on."""
        return self.hibernating if self.api == "hibernation" else self.awake

    @property
    def saved(self) -> Decimal:
        """Return the dollars that hibernation saves."""
        return self.awake.bill.total - self.hibernating.bill.total

    def free_up_to(self, side: Side) -> Decimal | None:
        """Return how many users the free plan is enough for; None where none were counted."""
        return self._users_at(side.free.tightest.part)

    def one_to_one(self, side: Side) -> Share | None:
        """Return the share of the free plan's requests if each message were one; None where that decides nothing.

        The page tells of 20 messages as one request under the paid plan; for the free plan's limit it does not say.
        """
        counted = next(each for each in side.free.shares if each.meter.name == "requests")
        whole = Share(counted.meter, (side.usage.requests + side.usage.messages) / side.usage.days, counted.limit)
        return whole if whole.part > side.free.tightest.part else None

    @property
    def same_up_to(self) -> Decimal | None:
        """Return how many users may come before objects that never sleep use more duration than the plan includes.

        None where hibernation makes no difference to the duration, or no users were counted.
        """
        if self.hibernating.usage.active_seconds == self.awake.usage.active_seconds:
            return None
        line = self.awake.bill.line("duration")
        return self._users_at(line.used / line.meter.included)

    def grown(self) -> Iterator[Grown]:
        """Yield the totals of as much as now, of ten times, and of a hundred times as much."""
        for times in _GROWTH:
            sides = (self.hibernating, self.awake)
            totals = [bill(side.usage.times(Decimal(times)), self.prices).total for side in sides]
            yield Grown(times, None if self.users is None else self.users * times, *totals)

    def _users_at(self, part: Decimal) -> Decimal | None:
        """Return the users at which what is now a part of something is all of it."""
        return None if self.users is None or not part else (self.users / part).to_integral_value(ROUND_FLOOR)


def month_of(profile: Profile, prices: Prices) -> Month:
    """Return the month of a profile."""
    return Month(
        title=profile.title,
        api=profile.api,
        prices=prices,
        hibernating=_side(usage_of(profile, hibernating=True), prices),
        awake=_side(usage_of(profile, hibernating=False), prices),
        users=number(profile.users) or None,
        never_rests_from=busiest(profile),
        deliveries=traffic(profile, hibernating=True).deliveries,
    )


def month_of_run(measured: Measured, times: int, prices: Prices) -> Month:
    """Return the month in which every story's rooms go on as busy as in the run, so many times side by side."""
    rooms = sum(play.rooms for play in measured.stories) * times
    return Month(
        title=f"{rooms:,} {'room' if rooms == 1 else 'rooms'}, all month as busy as in the run",
        api="hibernation",
        prices=prices,
        hibernating=_side(measured.month(times), prices),
        awake=_side(measured.month(times, hibernating=False), prices),
        heads=("as measured", "without hibernation"),
        notes=_OF_A_RUN,
    )


def _side(usage: Usage, prices: Prices) -> Side:
    return Side(usage, bill(usage, prices), free_plan(usage, prices))
