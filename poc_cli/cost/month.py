"""Compare a month's bill with and without hibernation, and find where hibernation starts to pay off."""

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
    "Controls are excluded. Each storage operation is counted as one row, because the trace does not record rows.",
    "Without hibernation, an object is billed for as long as any client is connected to it.",
)


@dataclass(frozen=True, slots=True)
class Side:
    """The month's usage and bill, either with or without hibernation."""

    usage: Usage
    bill: Bill
    free: FreePlan


@dataclass(frozen=True, slots=True)
class Grown:
    """Both totals at a multiple of the current usage; `users` is None if the number of users is unknown."""

    times: int
    users: Decimal | None
    hibernating: Decimal
    awake: Decimal


@dataclass(frozen=True, slots=True)
class Month:
    """Both sides of a month. `api` is the one the application uses; `users` is None if the number is unknown.

    `never_rests_from` is the rate of messages per minute and user above which rooms are always active, so that
    hibernation saves nothing; None if there is no such rate. `deliveries` are outgoing messages, which are free.
    `heads` are the column headings, and `notes` explain how the numbers were computed.
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
        """Return the side that the application pays for."""
        return self.hibernating if self.api == "hibernation" else self.awake

    @property
    def saved(self) -> Decimal:
        """Return how many dollars hibernation saves."""
        return self.awake.bill.total - self.hibernating.bill.total

    def free_up_to(self, side: Side) -> Decimal | None:
        """Return how many users the free plan can serve; None if the number of users is unknown."""
        return self._users_at(side.free.tightest.part)

    def one_to_one(self, side: Side) -> Share | None:
        """Return the share of the free plan's requests if each message is a request; None if it changes nothing.

        The pricing page counts 20 messages as one request for the paid plan, but does not say so for the free plan.
        """
        counted = next(each for each in side.free.shares if each.meter.name == "requests")
        whole = Share(counted.meter, (side.usage.requests + side.usage.messages) / side.usage.days, counted.limit)
        return whole if whole.part > side.free.tightest.part else None

    @property
    def same_up_to(self) -> Decimal | None:
        """Return up to how many users objects that never sleep stay within the duration that the plan includes.

        None if hibernation makes no difference to the duration, or the number of users is unknown.
        """
        if self.hibernating.usage.active_seconds == self.awake.usage.active_seconds:
            return None
        line = self.awake.bill.line("duration")
        return self._users_at(line.used / line.meter.included)

    def grown(self) -> Iterator[Grown]:
        """Yield the totals at 1, 10 and 100 times the usage."""
        for times in _GROWTH:
            sides = (self.hibernating, self.awake)
            totals = [bill(side.usage.times(Decimal(times)), self.prices).total for side in sides]
            yield Grown(times, None if self.users is None else self.users * times, *totals)

    def _users_at(self, part: Decimal) -> Decimal | None:
        """Return the number of users at which a share of a limit becomes the whole limit."""
        return None if self.users is None or not part else (self.users / part).to_integral_value(ROUND_FLOOR)


def month_of(profile: Profile, prices: Prices) -> Month:
    """Return the month that a profile describes."""
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
    """Return a month in which the rooms of every story stay as busy as in the run, with `times` copies of each."""
    rooms = sum(play.rooms for play in measured.stories) * times
    return Month(
        title=f"{rooms:,} {'room' if rooms == 1 else 'rooms'}, as busy all month as in the run",
        api="hibernation",
        prices=prices,
        hibernating=_side(measured.month(times), prices),
        awake=_side(measured.month(times, hibernating=False), prices),
        heads=("as measured", "without hibernation"),
        notes=_OF_A_RUN,
    )


def _side(usage: Usage, prices: Prices) -> Side:
    return Side(usage, bill(usage, prices), free_plan(usage, prices))
