// The page's connection to its room: tRPC's own client, which connects anew by itself, with a fresh ticket each time.
// Never shows anything.

import { createTRPCClient, createWSClient, wsLink } from "@trpc/client";

import type { AppRouter } from "../../../../worker/src/router.ts";

export interface Door {
  readonly room: string;
  readonly user: string;
  readonly url: string;
  readonly keepAliveMs: number;
}

/** The worker's close code for a ticket with which nobody will ever get in; after 4401 a fresh one may do. */
const FORBIDDEN = 4403;

async function freshTicket(room: string, user: string): Promise<{ ticket: string }> {
  const response = await fetch("/api/ticket", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ room, user }),
  });
  if (!response.ok) throw new Error(`no ticket: ${response.status}`);
  return response.json() as Promise<{ ticket: string }>;
}

/** Opens it; `onState` is told each change in words. */
export function connect({ room, user, url, keepAliveMs }: Door, onState: (state: string) => void) {
  const socket = createWSClient({
    url,
    // A ticket is good once: tRPC asks again at each attempt.
    connectionParams: () => freshTicket(room, user),
    keepAlive: { enabled: true, intervalMs: keepAliveMs, pongTimeoutMs: 5_000 },
    retryDelayMs: (attempt) => (attempt === 0 ? 0 : Math.min(250 * 2 ** attempt, 30_000)),
    onClose: (cause) => {
      onState(`closed ${cause?.code ?? ""}`);
      if (cause?.code === FORBIDDEN) close();
    },
  });
  const states = socket.connectionState.subscribe({
    next: ({ state }) => onState(state === "pending" ? "open" : state),
  });
  function close(): void {
    states.unsubscribe();
    void socket.close();
  }
  return { trpc: createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] }), close };
}
