"""Ids and namespaces: what the runtime gave for real, and texts in every spelling."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.residency import namespaces, object_id
from poc_cli.residency.identity import in_namespace

LOCAL_CAPNP = Path(__file__).parents[3] / "worker" / "local.capnp"


@pytest.mark.parametrize(
    ("key", "name", "identifier"),
    [
        # What `idFromName(name).toString()` gave in workerd 2026-10-23, for two namespaces.
        ("lab-key", "x", "8f26adccfaa5cdbe7d3b2e966a81cf550a7ff8cf87c418c28e622af82ec5b921"),
        ("lab-key", "", "a84d0339d2188c47b2a911c0f208fd5b32709c1d01622f92ce8cf276ebf5fca3"),
        ("lab-key", "\0", "3c2518d8618137ce5ac8d7aa06700368985e6a885fcc22047ae83b028bae80bc"),
        ("lab-key", "é", "d6c00550f434b4890effc1d03e105d8c0fb8a9cb29b8b6203e4cac0b94ca647c"),
        ("lab-key", "👍", "fff312d83fee8505f0a274e61ef420748c9b087a80f04b8e5d9f86e591a6f78b"),
        ("lab-key", "a" * 1000, "dd610074615cbb71a2adcb5e9e366099083e5af0a93b33a5346b6a74c9ba6ef0"),
        ("poc-room", "ann", "bd23fb2b193bd6fb3a13242bde2120b975ecb8dffc9ad0232da67489a3c4d4e6"),
    ],
)
def test_the_id_is_the_one_that_the_runtime_gives(key: str, name: str, identifier: str) -> None:
    assert object_id(key, name) == identifier


def test_an_id_proves_its_namespace() -> None:
    assert in_namespace("poc-room", object_id("poc-room", "ann"))


@pytest.mark.parametrize(
    ("key", "identifier"),
    [("poc-log", object_id("poc-room", "ann")), ("poc-room", "ab" * 32), ("poc-room", "no id"), ("poc-room", "")],
)
def test_what_is_no_id_of_a_namespace_proves_nothing(key: str, identifier: str) -> None:
    assert not in_namespace(key, identifier)


def test_the_shipped_worker_has_one_namespace() -> None:
    assert namespaces(LOCAL_CAPNP.read_text(encoding="utf-8")) == {"Room": "poc-room"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('(className = "A", uniqueKey = "a")', {"A": "a"}),
        ('(uniqueKey="a",className="A",enableSql=true)', {"A": "a"}),
        ('(\n  className\n =\t"A" ,\n\n uniqueKey\n= "a"\n)', {"A": "a"}),
        ('[(className = "A", uniqueKey = "a"), (className = "B", uniqueKey = "b")]', {"A": "a", "B": "b"}),
        ('(className = # the room\n "A", uniqueKey = "a") # (className = "C", uniqueKey = "c")', {"A": "a"}),
        ('(className = "A#", uniqueKey = "a(")', {"A#": "a("}),
        (r'(className = "A", uniqueKey = "a\"\\\n")', {"A": 'a"\\\n'}),
        ('(className = "A", container = (imageName = "i"), uniqueKey = "a")', {"A": "a"}),
        ('(className = "A", inner = (uniqueKey = "b"))', {}),
        ('(className = "A", uniqueKey = "a"), (className = "A", uniqueKey = "b")', {"A": "a"}),
        ('(durableObjectNamespace = (className = "A", serviceName = "main"))', {}),
        ('(className = "A", ephemeralLocal = void)', {}),
        ('(className = "A", uniqueKey = .roomKey, other = "x")', {}),
        ('(otherName = "A", uniqueKey = "a")', {}),
        ('(className "A", uniqueKey = "a")', {}),
        ('(className = "A", note = ")(", uniqueKey = "a")', {"A": "a"}),
        ('(myclassName = "B", className = "A", uniqueKey = "a")', {"A": "a"}),
        ("", {}),
    ],
)
def test_namespaces_are_read_in_any_order_and_spelling(text: str, expected: dict[str, str]) -> None:
    assert namespaces(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        'className = "A", uniqueKey = "a"',
        '((className = "A", uniqueKey = "a"',
        ')))(className = "A", uniqueKey = "a")))',
        '(className = "A", uniqueKey = "a"), (className = "B", uniqueKey = "b',
    ],
)
def test_a_malformed_text_gives_what_can_be_found(text: str) -> None:
    assert namespaces(text) == {"A": "a"}


@given(st.text(alphabet='()=,"#\\\n aclssNmeuiqKy[]'))
def test_no_text_ever_raises(text: str) -> None:
    assert isinstance(namespaces(text), dict)


@given(st.dictionaries(st.from_regex(r"\A[A-Z][A-Za-z]{0,5}\Z"), st.text(alphabet='ab"\\#(=,é-')))
def test_what_was_written_is_read(wanted: dict[str, str]) -> None:
    def quoted(text: str) -> str:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    items = ", ".join(f"(uniqueKey = {quoted(key)}, className = {quoted(name)})" for name, key in wanted.items())
    assert namespaces(f"durableObjectNamespaces = [{items}],") == wanted
