"""The writer: every event at once, in order, readable only by its owner, and without secrets."""

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from poc_cli.errors import PocError
from poc_cli.history import play_events
from poc_cli.history import writer as module
from poc_cli.history.reader import read
from poc_cli.history.redact import MASK, Redactor, Secret
from poc_cli.history.writer import HistoryWriter


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.ndjson"


def writer(path: Path, *secrets: str) -> HistoryWriter:
    return HistoryWriter(path, Redactor(secrets))


def test_ids_count_from_one_without_a_gap(path: Path) -> None:
    with writer(path) as history:
        written = [history.add("play", "ann", "sent", step=index, text=str(index)) for index in range(5)]
    assert [event.id for event in written] == [1, 2, 3, 4, 5]
    assert read(path) == written


def test_what_is_given_back_is_what_is_read(path: Path) -> None:
    with writer(path) as history:
        event = history.add("play", "ann", "received", text='{"a": "ä\u2028\\"\n"}', bytes=12)
    assert read(path) == [event]
    assert event.step is None


def test_times_go_forward_and_may_be_given(path: Path) -> None:
    with writer(path) as history:
        first = history.add("play", "poc", "step_end", ok=True)
        second = history.add("play", "poc", "step_end", ok=True, t_ns=7)
        third = history.add("play", "poc", "step_end", ok=True)
    assert 0 <= first.t_ns <= third.t_ns
    assert second.t_ns == 7


def test_an_event_is_on_the_disk_before_the_next_begins(path: Path) -> None:
    with writer(path) as history:
        for number in range(1, 4):
            history.add("play", "poc", "step_end", ok=True)
            assert len(read(path)) == number


def test_only_the_owner_may_read(path: Path) -> None:
    before = os.umask(0)
    try:
        writer(path).__exit__(None, None, None)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_history_that_is_there_is_not_written_over(path: Path) -> None:
    path.write_text("old")
    with pytest.raises(PocError, match=r"cannot write .*history\.ndjson"):
        writer(path)
    assert path.read_text() == "old"


def test_a_link_is_not_followed(path: Path) -> None:
    path.symlink_to("/dev/full")
    with pytest.raises(PocError):
        writer(path)


def test_no_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(PocError, match="No such file"):
        writer(tmp_path / "missing" / "history.ndjson")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk at hand")
def test_a_full_disk_is_a_sentence_with_what_to_do(path: Path) -> None:
    with writer(path) as history:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, history._descriptor)
        os.close(full)
        with pytest.raises(PocError, match="No space left on device") as caught:
            history.add("play", "poc", "step_end", ok=True)
    assert "free space" in str(caught.value)


def test_half_of_a_surrogate_pair_comes_back(path: Path) -> None:
    with writer(path) as history:
        event = history.add("play", "poc", "captured", name="x", value={"half": "\ud83d", "\udc00": 1})
    assert read(path) == [event]
    path.read_bytes().decode("utf-8")


VALUE = 'a"b\\c/ä?=1'


def test_a_secret_is_in_no_corner_of_the_file(path: Path) -> None:
    with writer(path, VALUE, "87654321") as history:
        history.add("play", "ann", "sent", text=json.dumps({"token": VALUE}))
        history.add("play", "ann", "received", hex=VALUE.encode().hex())
        history.add("play", "ann", "received", text=base64.b64encode(b"ann:" + VALUE.encode()).decode())
        history.add("play", "poc", "captured", name="x", value={VALUE: [VALUE, 87654321]})
        history.add(VALUE, VALUE, "closed", by="server", clean=True, said="", reason=VALUE)
    text = path.read_text()
    assert text.count(MASK) == 9
    for form in (VALUE, json.dumps(VALUE)[1:-1], VALUE.encode().hex(), "87654321", VALUE[2:]):
        assert form not in text
    assert None not in read(path)


def test_a_secret_of_digits_tears_no_hole_into_a_time(path: Path) -> None:
    with writer(path, "00000000") as history:
        event = history.add("play", "poc", "captured", t_ns=1_000_000_000_000, name="x", value=2_000_000_000_000)
    assert read(path) == [event]


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=values, secret=st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=20))
def test_every_value_comes_back_but_for_the_secret(tmp_path: Path, value: Any, secret: str) -> None:
    # A secret made of pieces of the mask cannot be told from it.
    assume(not set(secret) <= set(MASK))
    path = tmp_path / "history.ndjson"
    path.unlink(missing_ok=True)
    with writer(path, secret) as history:
        event = history.add("play", "poc", "captured", name="x", value=[value, {"in": f"<{secret}>"}])
    (found,) = read(path)
    assert found is not None
    assert found.data["value"][1] == {"in": f"<{MASK}>"}
    if not any(form in json.dumps(value, ensure_ascii=False) for form in Redactor([secret])._texts):
        assert found.data["value"][0] == event.data["value"][0]


def test_an_event_names_the_secrets_that_were_taken_out_of_it(tmp_path: Path) -> None:
    key = "0a1B2c3D4e5F6g7H8i9J"
    path = tmp_path / "history.ndjson"
    with HistoryWriter(path, Redactor([Secret("API_KEY", key), Secret("PIN", "Abcd1234")])) as history:
        payload, told = history.masked(f"{key} and Abcd1234")
        history.add("room", "ann", "received", text=payload, **told)
        history.add("room", "ann", "open_failed", said=key)
        history.add("room", "ann", "sent", text="nothing")
    events = [json.loads(line)["data"] for line in path.read_text().splitlines()]
    assert events == [
        {"text": "[secret] and [secret]", "masked": ["API_KEY"], "masked_weak": ["PIN"]},
        {"said": "[secret]", "masked": ["API_KEY"]},
        {"text": "nothing"},
    ]


def test_a_secret_of_digits_is_masked_in_the_data_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.ndjson"
    with HistoryWriter(path, Redactor(["1234567890"])) as history:
        history.add("room", "ann", "received", t_ns=1234567890, status=1234567890, text="x1234567890x")
    event = json.loads(path.read_text())
    assert event["t_ns"] == 1234567890
    assert event["data"] == {"status": "[secret]", "text": "x[secret]x", "masked_weak": ["a secret"]}


@pytest.mark.parametrize(
    ("kind", "data", "wrong"),
    [
        ("sant", {}, "there is no event of kind sant"),
        ("sent", {"txt": "a"}, "an event of kind sent has no field txt"),
        ("sent", {"a": 1, "text": "", "b": 2, "masked": []}, "an event of kind sent has no field a, b"),
    ],
)
def test_a_misspelled_field_is_not_written(path: Path, kind: str, data: dict[str, Any], wrong: str) -> None:
    with writer(path) as history, pytest.raises(TypeError, match=f"^{wrong}$"):
        history.add("play", "ann", kind, **data)
    assert path.read_text() == ""


def test_a_history_has_a_limit_that_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 10_000)
    path = tmp_path / "history.ndjson"
    with HistoryWriter(path, Redactor([])) as history:
        for _ in range(30):
            history.add("room", "ann", "received", text="x" * 100)
        with pytest.raises(PocError, match="has reached the size limit of a history"):
            history.add("room", "ann", "received", text="x" * 10_000)
        history.add("room", "poc", "play_end", outcome="error", reason="full")
    assert path.stat().st_size < 10_400
    assert json.loads(path.read_text().splitlines()[-1])["kind"] == "play_end"


def test_a_typed_event_is_written_with_the_fields_that_it_was_given(path: Path) -> None:
    with writer(path) as history:
        event = history.write("play", "poc", play_events.StepEnd(ok=True, sent={"ann": 3}), step=2)
        failed = history.write("play", "poc", play_events.StepEnd(ok=False, failure="silence"), t_ns=7)
    assert read(path) == [event, failed]
    assert (event.kind, event.step, event.data) == ("step_end", 2, {"ok": True, "sent": {"ann": 3}})
    assert (failed.t_ns, failed.data) == (7, {"ok": False, "failure": "silence"})


def test_a_secret_in_a_large_message_to_send_is_masked(path: Path) -> None:
    value = "kP9vXq27LmZt41bN"
    with writer(path, value) as history:
        assert history.masked(bytearray(b"x" * 100)) == (b"x" * 100, {})
        clean, marked = history.masked(bytearray(b"x " + value.encode()))
        assert clean == b"x " + MASK.encode()
        assert list(marked.values()) == [["a secret"]]


def test_the_secrets_in_a_text_are_named_each_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FOUND", 2)
    with HistoryWriter(path, Redactor([("TOKEN", "kP9vXq27LmZt41bN"), ("KEY", "Wm31RrtYx80QaJcE")])) as history:
        for _ in range(3):
            assert history.secrets_in("Bearer kP9vXq27LmZt41bN") == {"TOKEN"}
            assert history.secrets_in("kP9vXq27LmZt41bN Wm31RrtYx80QaJcE") == {"KEY", "TOKEN"}
            assert history.secrets_in("/room/ann") == set()
