// The app's requests to rooms, each signed for one room and one moment. worker/src/requests.ts verifies them.
// For the server only.

import { randomUUID } from "node:crypto";

import type { Message } from "../../worker/src/message.ts";
import { settings } from "./settings";
import { sign } from "./signing";

const TIMEOUT_MS = 5_000;

async function signed(method: string, path: string, body = ""): Promise<unknown> {
  const [timestamp, nonce] = [String(Math.floor(Date.now() / 1000)), randomUUID()];
  const text = ["request", timestamp, nonce, method, path, body].join("\n");
  const response = await fetch(settings.workerUrl() + path, {
    method,
    ...(method === "GET" ? {} : { body }),
    headers: { "X-Timestamp": timestamp, "X-Nonce": nonce, "X-Signature": sign(settings.pushSecret(), text) },
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok) throw new Error(`the worker answered ${response.status}`);
  return response.json();
}

/** Returns the room's latest messages, oldest first. */
export async function historyOf(room: string): Promise<Message[]> {
  return (await signed("GET", `/room/${room}/history`)) as Message[];
}

/** Sends a message to a room as "system" and returns how many subscriptions received it. */
export async function announce(room: string, text: string): Promise<{ told: number }> {
  return (await signed("POST", `/room/${room}/push`, JSON.stringify({ say: text }))) as { told: number };
}

/** Asks all clients of a room to reconnect, as before a deployment of the worker. */
export async function askToReconnect(room: string): Promise<{ told: number }> {
  return (await signed("POST", `/room/${room}/push`, JSON.stringify({ reconnect: true }))) as { told: number };
}
