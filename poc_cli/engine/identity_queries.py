"""Query the instance ids of a play's rooms: two answers before a wait and two after it can prove a sleep."""

import asyncio
import json
import secrets
from typing import Final

from websockets.exceptions import ConnectionClosed

from poc_cli.clients.client import CannotOpen, Payload
from poc_cli.clients.websocket import SocketClient
from poc_cli.engine.context import PlayContext
from poc_cli.history import event as kinds
from poc_cli.history import play_events
from poc_cli.record.addresses import Addresses
from poc_cli.residency.sleep_onset import ANSWERS
from poc_cli.scenario.matching import Message

ANSWERED_WITHIN_SECONDS: Final = 5.0
"""The default time that a step waits for an answer."""

MOST_CLIENTS: Final = 5
"""Clients queried per object: one is enough, but the story may close some of them."""


class IdentityQueries:
    """Queries the instance ids of one play's objects."""

    def __init__(self, context: PlayContext) -> None:
        """Initialize, and start to intercept the answers."""
        self._context = context
        self._mark = f"poc-{secrets.token_hex(6)}-"
        self._number = 0
        self._waiting: dict[str, asyncio.Future[None]] = {}
        context.intercept = self._intercept

    async def ask(self, labels: list[str]) -> None:
        """Query each object twice through its open clients, and wait for the answers or the timeout."""
        await asyncio.gather(*(self._ask(client) for label in labels for client in self._clients_of(label)))

    def _clients_of(self, label: str) -> list[SocketClient]:
        context = self._context
        addresses = Addresses(context.play, str(context.names["play"]), context.events)
        opened = {event.actor: event.id for event in context.events if event.kind == kinds.OPENED}
        alone = frozenset({label})
        found = [
            client
            for name, client in context.clients.items()
            if isinstance(client, SocketClient) and client.is_open and client.is_reading and name in opened
            if (addresses.by_opening[opened[name]] if addresses.tell else frozenset(context.play.objects)) == alone
        ]
        return found[:MOST_CLIENTS]

    async def _ask(self, client: SocketClient) -> None:
        for _ in range(ANSWERS):
            self._number += 1
            mark = f"{self._mark}{self._number}"
            answered = self._waiting[mark] = asyncio.get_running_loop().create_future()
            self._context.write(client.name, play_events.Asked(mark=mark))
            try:
                await client.send(json.dumps({"op": "who", "id": mark}))
                async with asyncio.timeout(ANSWERED_WITHIN_SECONDS):
                    await answered
            except (ConnectionClosed, CannotOpen, TimeoutError):
                return

    def _intercept(self, client: str, payload: Payload) -> bool:
        """Return whether a message answers one of these queries, and record the first answer to each."""
        if not isinstance(payload, str) or self._mark not in payload:
            return False
        answer = Message(payload, None).json
        mark = answer.get("id") if isinstance(answer, dict) else None
        waiting = self._waiting.get(str(mark))
        if waiting is None:
            return False
        if not waiting.done():
            self._context.note(client, kinds.TOLD, **self._context.recorded(payload))
            waiting.set_result(None)
        return True
