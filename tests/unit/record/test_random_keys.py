"""Random keys and ids of what clients see: they may be others in each play, and are the same within it."""

from typing import Any

from tests.unit.record.views import UUIDS, same, step_of


def roster(*keys: str, names: str = "ann bob") -> list[Any]:
    """Return two messages with a table of members by random keys."""
    users = dict(zip(keys, names.split(), strict=False))
    return [{"type": "hello", "users": {keys[0]: "ann", keys[1]: "bob"}}, {"type": "roster", "users": users}]


ROSTERS = [roster("k3x9a", "p0q7z"), roster("zz81y", "m4w2b"), roster("a7b8c", "qwrty")]


def test_random_keys_of_a_table_are_compared_by_their_first_appearance() -> None:
    assert same(*ROSTERS, kept=roster("h5j2k", "l9n0m")) is None
    assert same(*ROSTERS, kept=roster("xkcdo", "l9n0m")) is None
    shorter = same(*ROSTERS, kept=roster("h5j2k", "l9n0m", names="ann"))
    assert shorter is not None
    assert shorter.path[0] == "users"
    changed = [roster("h5j2k", "l9n0m")[0], roster("v6c1x", "l9n0m")[1]]
    assert same(*ROSTERS, kept=changed) is not None


def test_so_are_those_of_a_whole_message() -> None:
    tables = [[{UUIDS[number]: "ann", UUIDS[number + 8]: "bob"}, "bye"] for number in range(4)]
    assert same(*tables[:3], kept=tables[3]) is None
    assert same(*tables[:3], kept=[{UUIDS[3]: "ann"}, "bye"]) is not None


def table(*members: tuple[str, str]) -> dict[str, Any]:
    """Return a table by random keys, as JavaScript makes it: keys that are whole numbers come first."""
    return {"players": dict(sorted(members, key=lambda each: not each[0].isdecimal()))}


TABLES = [[table((f"1a{n}b2c", "ann"), (f"9f{n}e8d", "bob")), {"moved": 1}] for n in range(3)]


def test_it_does_not_matter_in_which_order_a_table_has_its_random_keys() -> None:
    assert same(*TABLES, kept=[table(("1aab2c", "ann"), ("480151", "bob")), {"moved": 1}]) is None
    assert same(*TABLES, kept=[table(("1aab2c", "ann"), ("480151", "ann")), {"moved": 1}]) is not None


def test_a_random_key_may_be_a_small_number() -> None:
    plays = [[table((f"12{n}311", "ann"), (f"98{n}721", "bob"))] for n in range(3)]
    assert same(*plays, kept=[table(("481203", "ann"), ("7608", "bob"))]) is None
    assert same(*plays, kept=[table(("481203", "ann"))]) is not None


def moves(ann: str, bob: str, *, moved: str, lost: str = "") -> list[Any]:
    """Return a table in which two players are alike, and one in which the second one has moved."""
    before = {"players": dict(sorted({ann: 0, bob: 0}.items(), key=lambda each: not each[0].isdecimal()))}
    return [before, {"players": {each: 0 if each in {lost, ann} else 5 for each in before["players"]}}, {moved: 5}]


def test_keys_that_are_alike_at_first_are_told_apart_by_what_comes_later() -> None:
    plays = [moves(f"1a{n}b2c", f"9f{n}e8d", moved=f"9f{n}e8d") for n in range(3)]
    assert same(*plays, kept=moves("1aab2c", "480151", moved="480151")) is None
    assert same(*plays, kept=moves("1aab2c", "480151", moved="1aab2c")) is not None
    lost = same(*plays, kept=moves("1aab2c", "480151", moved="480151", lost="480151"))
    assert lost is not None
    assert step_of(lost.expected) == 1


def test_ids_are_numbered_whatever_the_order_of_the_keys_that_have_them() -> None:
    def play(one: int, two: int, *keys: str) -> list[Any]:
        ids = {"host": UUIDS[one], "guest": UUIDS[two]}
        return [{key: ids[key] for key in keys}, {"speaks": UUIDS[one]}]

    plays = [play(1, 2, "host", "guest"), play(3, 4, "host", "guest"), play(5, 6, "host", "guest")]
    assert same(*plays, kept=play(7, 8, "guest", "host")) is None
    assert same(*plays, kept=[*play(7, 8, "guest", "host")[:1], {"speaks": UUIDS[8]}]) is not None


def test_a_random_id_of_letters_alone_is_an_id_where_ids_of_its_length_are() -> None:
    plays = [[{"id": each}, {"of": each}] for each in ("k3x9a2", "p0q7z1", "zz81y4")]
    assert same(*plays, kept=[{"id": "qwerty"}, {"of": "qwerty"}]) is None
    assert same(*plays, kept=[{"id": "qwerty"}, {"of": "k3x9a2"}]) is not None
    assert same(*plays, kept=[{"id": "nobody at all"}, {"of": "nobody at all"}]) is not None


def test_a_name_of_letters_alone_that_repeats_must_stay_the_same() -> None:
    def play(first: str, second: str) -> list[Any]:
        return [{"you": first, "n": 1}, {"from": second, "text": "hi"}]

    plays = [play(each, each) for each in ("crimson otter", "jolly heron", "otter")]
    assert same(*plays, kept=play("quiet badger", "quiet badger")) is None
    lost = same(*plays, kept=play("quiet badger", "jolly heron"))
    assert lost is not None
    assert lost.new_id
    assert same(*plays, kept=[{"you": "quiet badger", "n": 1}, {"from": None, "text": "hi"}]) is not None


def test_a_word_that_repeats_by_chance_need_not() -> None:
    coin = [
        [{"toss": one}, {"toss": other}] for one, other in (("heads", "heads"), ("tails", "tails"), ("tails", "tails"))
    ]
    assert same(*coin, kept=[{"toss": "heads"}, {"toss": "tails"}]) is None
    once = [[{"you": each}, {"n": 1}] for each in ("otter", "heron", "badger")]
    assert same(*once, kept=[{"you": "stork"}, {"n": 1}]) is None
    lasting = [[{"took": each}, {"took": each}] for each in ("3ms", "5ms", "4ms")]
    assert same(*lasting, kept=[{"took": "2ms"}, {"took": "9ms"}]) is None


def test_an_id_is_one_although_it_has_letters_alone_in_a_play_without_a_sleep() -> None:
    plays = [[{"id": each}, {"of": each}] for each in ("k3x9a2", "qwerty", "zz81y4")]
    assert same(*plays, kept=[{"id": "p0q7z1"}, {"of": "p0q7z1"}]) is None
    assert same(*plays, kept=[{"id": "p0q7z1"}, {"of": "k3x9a2"}]) is not None


def test_a_random_number_may_be_a_small_one() -> None:
    plays = [[{"mem": each}] for each in (413516, 928506, 702313)]
    assert same(*plays, kept=[{"mem": 90959}]) is None
    assert same(*plays, kept=[{"mem": None}]) is not None
