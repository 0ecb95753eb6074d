"""Compute the monthly usage that a profile leads to, with and without hibernation."""

from dataclasses import dataclass
from decimal import Decimal

from poc_cli.cost.profile import Profile
from poc_cli.cost.usage import SECONDS_OF_A_DAY, ZERO, Usage

_MINUTES = Decimal(60)
_HOUR = Decimal(3600)
_MS = Decimal(1000)
_KB_OF_A_GB = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What reaches the objects in a month, and the seconds in which rooms are open. `deliveries` are sent for free."""

    connects: Decimal
    sent: Decimal
    beats: Decimal
    http: Decimal
    alarms: Decimal
    deliveries: Decimal
    open_seconds: Decimal

    @property
    def messages(self) -> Decimal:
        """Return the incoming messages that reach an object and are billed."""
        return self.sent + self.beats

    @property
    def requests(self) -> Decimal:
        """Return the billed requests to objects other than messages."""
        return self.connects + self.http + self.alarms


def number(value: float | None, otherwise: Decimal = ZERO) -> Decimal:
    """Return a number of a profile as a decimal, exactly as it was written."""
    return otherwise if value is None else Decimal(str(value))


def traffic(profile: Profile, *, hibernating: bool) -> Traffic:
    """Return what reaches the objects in a month.

    Auto-responses are part of the Hibernation API; without it, the messages they would answer reach the object.
    """
    days, users, rooms = number(profile.days), number(profile.users), number(profile.rooms)
    online = users * number(profile.hours_online) * _MINUTES * days
    hours_open = number(profile.hours_open, number(profile.hours_online)) * days
    sent = online * number(profile.messages_per_minute)
    if profile.connects_per_month is not None:
        connects = users * number(profile.connects_per_month)
    else:
        connects = users * number(profile.connects_per_day, Decimal(1)) * days
    others = max(ZERO, users / rooms - 1) if rooms else ZERO
    reaching = {"message"} if hibernating else {"message", "auto-response"}
    return Traffic(
        connects=connects,
        sent=sent,
        beats=online * number(profile.pings_per_minute) if profile.ping in reaching else ZERO,
        http=number(profile.http_per_day) * days,
        alarms=rooms * hours_open * number(profile.alarms_per_hour),
        deliveries=sent * number(profile.fan_out, others),
        open_seconds=rooms * hours_open * _HOUR if users else ZERO,
    )


def usage_of(profile: Profile, *, hibernating: bool) -> Usage:
    """Return the month's usage. Without hibernation an object is active as long as any client is connected to it."""
    found = traffic(profile, hibernating=hibernating)
    arriving = found.connects + found.http
    return Usage(
        days=number(profile.days),
        requests=found.requests,
        messages=found.messages,
        active_seconds=_active(profile, found, hibernating=hibernating),
        rows_read=found.sent * number(profile.rows_read_per_message),
        # Each alarm takes one setAlarm(), which is billed as a row written.
        rows_written=found.sent * number(profile.rows_written_per_message) + found.alarms,
        stored_gb=number(profile.rooms) * number(profile.stored_kb_per_room) / _KB_OF_A_GB,
        worker_requests=arriving,
        worker_cpu_ms=arriving * number(profile.worker_ms),
    )


def _active(profile: Profile, found: Traffic, *, hibernating: bool) -> Decimal:
    """Return the billed seconds of all objects."""
    if profile.active_seconds is not None and (hibernating or not found.open_seconds):
        return number(profile.active_seconds)
    handler, pinned = number(profile.handler_ms), number(profile.pinned_ms)
    every_day = number(profile.rooms) * SECONDS_OF_A_DAY * number(profile.days)
    by_http = found.http * (handler + pinned) / _MS
    if not found.open_seconds:
        busy = by_http + found.alarms * (handler + pinned) / _MS
        return min(busy, every_day) if every_day else busy
    # While a room is open, its HTTP requests do not add to the billed time.
    closed = every_day - found.open_seconds
    outside = min(closed, by_http * closed / every_day)
    if not hibernating:
        return found.open_seconds + outside
    connecting = number(profile.connect_ms, handler) + pinned
    busy = (found.messages + found.alarms) * (handler + pinned) + found.connects * connecting
    within = busy / _MS + (by_http - outside)
    return min(found.open_seconds, within) + outside


def busiest(profile: Profile) -> Decimal | None:
    """Return the rate of messages per minute and user that keeps a room always active; None if no rate does."""
    found = traffic(profile, hibernating=True)
    per_message = number(profile.handler_ms) + number(profile.pinned_ms)
    online = number(profile.users) * number(profile.hours_online) * _MINUTES * number(profile.days)
    if not found.open_seconds or not per_message or not online:
        return None
    rest = _active(profile.model_copy(update={"messages_per_minute": 0.0}), _quiet(found), hibernating=True)
    return max(ZERO, found.open_seconds - rest) * _MS / per_message / online


def _quiet(found: Traffic) -> Traffic:
    """Return the traffic without the messages that users send."""
    return Traffic(found.connects, ZERO, found.beats, found.http, found.alarms, ZERO, found.open_seconds)
