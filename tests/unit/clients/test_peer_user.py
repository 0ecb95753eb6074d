"""Who is at the other end of a connection on this machine."""

import asyncio
import os

import pytest

from poc_cli.clients import peer_user
from poc_cli.clients.peer_user import user_of
from poc_cli.targets import tcp_table

TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1129 1 000000000956b23d
   1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 1130 1 000000000956b23e
   2: 0100007F:C001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 1131 1 000000000956b23f
   3: cut off
"""


def test_the_user_is_that_of_the_other_end() -> None:
    assert user_of(TABLE.splitlines(), 0xC001, 0x1F90) == 1001
    assert user_of(TABLE.splitlines(), 0x1F90, 0xC001) == 0
    assert user_of(TABLE.splitlines(), 0xC002, 0x1F90) is None


async def _told(expected: list[bool]) -> list[bool]:
    found: list[bool] = []
    done = asyncio.Event()

    async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.append(peer_user.is_of_another_user(writer))
        writer.close()
        if len(found) == len(expected):
            done.set()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        for _ in expected:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            await reader.read()
            writer.close()
        await done.wait()
    return found


def test_our_own_process_is_no_stranger() -> None:
    assert asyncio.run(_told([False])) == [False]


def test_a_process_of_another_user_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    user = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: user + 1)
    expected = [tcp_table.is_available()]
    assert asyncio.run(_told(expected)) == expected
