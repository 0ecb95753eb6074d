"""Late beats, whatever made them late, and windows of time that are counted without them."""

import pytest

from poc_cli.history.late_stretch import Stretch
from poc_cli.targets.attendance import BEAT_NS, LATE_NS, READING_BYTES, Attendance, Counting, Window

MS = 1_000_000


class Clock:
    """Two clocks that a test moves."""

    def __init__(self) -> None:
        """Begin at a second."""
        self.ns = 1000 * MS
        self.away_ns = 0

    def attendance(self) -> Attendance:
        """Return an attendance by these clocks that has begun to beat."""
        found = Attendance(lambda: self.ns, lambda: self.away_ns)
        found.begin()
        return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


def concerns(runtime: int) -> Counting:
    return lambda stretch: stretch if stretch.runtime in {None, runtime} else None


def beats(clock: Clock, attendance: Attendance, *gaps_ms: int) -> None:
    for gap in gaps_ms:
        clock.ns += gap * MS
        attendance.observe(is_beat=True)


def test_beats_on_time_are_no_lateness(clock: Clock) -> None:
    attendance = clock.attendance()
    beats(clock, attendance, 50, 60, 120, 199)
    assert attendance.stretches == []


def test_a_late_beat_is_a_stretch_from_the_beat_before(clock: Clock) -> None:
    attendance = clock.attendance()
    told: list[Stretch] = []
    attendance.listener = told.append
    beats(clock, attendance, 50, 3050, 50)
    assert told == attendance.stretches == [Stretch("poc", 1050 * MS, 4100 * MS)]


def test_whoever_asks_before_the_beat_sees_the_stretch_too_and_it_is_noted_once(clock: Clock) -> None:
    attendance = clock.attendance()
    clock.ns += 3000 * MS
    assert attendance.late_ns(0, clock.ns) == 3000 * MS
    beats(clock, attendance, 1)
    assert len(attendance.stretches) == 1


def test_asking_early_moves_no_beat(clock: Clock) -> None:
    attendance = clock.attendance()
    for _ in range(30):  # asked again and again while the beat does not come
        clock.ns += 10 * MS
        attendance.observe()
    assert attendance.stretches == [Stretch("poc", 1000 * MS, 1000 * MS + (BEAT_NS + LATE_NS) // MS * MS + 10 * MS)]


def test_a_stall_after_the_loop_came_round_does_not_reach_back_to_the_beat_before(clock: Clock) -> None:
    attendance = clock.attendance()
    clock.ns += 40 * MS
    attendance.came_round()
    beats(clock, attendance, 220)
    assert attendance.stretches == [Stretch("poc", 1040 * MS, 1260 * MS)]


def test_coming_round_hides_no_stall_before_it(clock: Clock) -> None:
    attendance = clock.attendance()
    clock.ns += 220 * MS
    attendance.came_round()
    assert attendance.stretches == [Stretch("poc", 1000 * MS, 1220 * MS)]


def test_a_suspended_machine_is_late_though_no_clock_of_ours_ran(clock: Clock) -> None:
    attendance = clock.attendance()
    clock.away_ns += 9000 * MS
    beats(clock, attendance, 50)
    assert [each.who for each in attendance.stretches] == ["machine"]


def test_nothing_is_late_before_the_first_beat() -> None:
    clock = Clock()
    attendance = Attendance(lambda: clock.ns, lambda: clock.away_ns)
    clock.ns += 9000 * MS
    assert attendance.late_ns(0, clock.ns) == 0


@pytest.mark.parametrize(("size", "took_ms"), [(READING_BYTES, 0), (10, 600)])
def test_reading_of_a_play_s_own_frames_is_named(clock: Clock, size: int, took_ms: int) -> None:
    attendance = clock.attendance()
    attendance.handled("flood", size, took_ms * MS)
    attendance.handled("other", 1000, MS)
    beats(clock, attendance, 1000)
    assert attendance.stretches[0].reading == ("flood",)
    beats(clock, attendance, 1000)
    assert attendance.stretches[1].reading == ()


def test_what_two_were_late_at_the_same_time_counts_once(clock: Clock) -> None:
    attendance = clock.attendance()
    for stretch in (
        Stretch("poc", 100, 200),
        Stretch("runtime", 150, 300, runtime=1),
        Stretch("runtime", 120, 180, runtime=1),
        Stretch("runtime", 0, 1000, runtime=2),
    ):
        attendance.add(stretch)
    assert attendance.late_ns(0, 1000) == 100
    assert attendance.late_ns(0, 1000, concerns(1)) == 200
    assert attendance.late_ns(160, 250, concerns(1)) == 90
    assert attendance.late_ns(0, 1000, concerns(2)) == 1000


def test_a_window_lasts_its_length_in_attended_time(clock: Clock) -> None:
    attendance = clock.attendance()
    window = Window(attendance, 1.0, concerns(1))
    beats(clock, attendance, *[50] * 10)
    assert window.left_s == pytest.approx(0.5)
    clock.ns += 3000 * MS
    assert window.left_s == pytest.approx(0.5)
    assert window.ends_ns() == (1000 + 1000 + 3000) * MS
    attendance.add(Stretch("runtime", 1400 * MS, 1500 * MS, runtime=1))
    assert window.left_s == pytest.approx(0.6)
    attendance.add(Stretch("runtime", 1400 * MS, 1500 * MS, runtime=2))
    assert window.left_s == pytest.approx(0.6)
