"""Each key has the same chance to be drawn, wherever it comes and in whatever batches."""

from __future__ import annotations

from collections import Counter

from exporters.collectors.redis.sample import Draw

SIZE, KEYS, ROUNDS = 5, 60, 1500


def drawn(size: int, batch: int) -> list[bytes]:
    """Of KEYS keys of a pattern, among as many of another."""
    draw = Draw(size)
    met = [(b"%d" % number, pattern) for number in range(KEYS) for pattern in (1, 2)]
    for start in range(0, len(met), batch):
        keys, numbers = zip(*met[start : start + batch], strict=True)
        draw.offer(keys, numbers, Counter(numbers))
    found: dict[int, list[bytes]] = {}
    for pattern, keys_ in draw.batches(size):
        found.setdefault(pattern, []).extend(keys_)
    assert set(found) == {1, 2}
    return found[1]


def test_every_key_has_the_same_chance() -> None:
    for batch in (1, 7, 2 * KEYS):
        times: Counter[bytes] = Counter()
        for _ in range(ROUNDS):
            keys = drawn(SIZE, batch)
            assert len(set(keys)) == SIZE
            times.update(keys)
        expected = ROUNDS * SIZE / KEYS
        assert len(times) == KEYS
        # Five standard errors of the commonest mistake: that those who come first, or last, have more.
        spread = 5 * (expected * (1 - SIZE / KEYS)) ** 0.5
        assert all(abs(count - expected) < spread for count in times.values()), (batch, times)


def test_of_few_keys_all_are_drawn() -> None:
    assert sorted(drawn(KEYS, 7)) == sorted(drawn(KEYS + 10, 7)) == sorted(b"%d" % n for n in range(KEYS))
