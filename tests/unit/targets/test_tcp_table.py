"""What the kernel tells of the connections of a process."""

import os
import socket
import subprocess
import sys

from poc_cli.targets.tcp_table import connects_to, entries, is_available

LINES = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1129 1 000000000956b23d
   1: 0000000000000000FFFF00000100007F:C001 0000000000000000FFFF00000100007F:1F90 01 0:0 00:0 0 1001 0 1131 1 0
   2: cut off
""".splitlines()


def test_each_line_is_a_socket() -> None:
    assert list(entries(LINES)) == [(0x1F90, 0, False, 0, "1129"), (0xC001, 0x1F90, True, 1001, "1131")]


def test_a_process_connects_to_a_port_while_its_connection_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        expected = {True: True, False: False} if is_available() else dict.fromkeys([True, False])
        assert connects_to(os.getpid(), port) is expected[False]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            assert connects_to(os.getpid(), port) is expected[True]


def test_a_connection_of_another_process_is_none_of_its_own() -> None:
    code = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1]))); s.recv(1)"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with subprocess.Popen([sys.executable, "-c", code, str(port)]) as other:
            with server.accept()[0]:
                expected = {True: True, False: False} if is_available() else dict.fromkeys([True, False])
                assert connects_to(other.pid, port) is expected[True]
                assert connects_to(os.getpid(), port) is expected[False]
            other.wait(10)


def test_a_process_that_has_gone_cannot_be_told_of() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0]:
            assert connects_to(1 << 30, port) is None
