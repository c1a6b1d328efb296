from __future__ import annotations

from exporters.collectors.backoff import BackOff


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def attempts(back_off: BackOff, clock: Clock, seconds: int, every: int = 15) -> list[int]:
    """When it is asked, by somebody who comes each so many seconds, and always fails."""
    begin, asked = int(clock.now), []
    for at in range(0, seconds, every):
        clock.now = begin + at
        if not back_off.rests:
            asked.append(at)
            back_off.failed()
    return asked


def test_what_always_fails_is_asked_less_and_less_often_but_at_least_once_a_minute() -> None:
    clock = Clock()
    asked = attempts(BackOff(clock=clock), clock, 600)
    assert asked == [0, 15, 30, 45, 75, 120, 180, 240, 300, 360, 420, 480, 540]


def test_the_pause_is_no_longer_than_it_may_be() -> None:
    clock = Clock()
    asked = attempts(BackOff(10, clock), clock, 200, every=5)
    assert asked == [0, 5, 10, 15, 25, *range(35, 200, 10)]


def test_a_success_or_a_reason_for_hope_ends_it() -> None:
    clock = Clock()
    back_off = BackOff(clock=clock)
    attempts(back_off, clock, 600)
    assert back_off.rests
    back_off.reset()
    assert not back_off.rests
    assert attempts(back_off, clock, 60) == [0, 15, 30, 45]
