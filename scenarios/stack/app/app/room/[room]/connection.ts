// The page's connection to its room: the official tRPC client, which reconnects by itself with a new ticket each time.
// It renders nothing.

import { createTRPCClient, createWSClient, wsLink } from "@trpc/client";

import type { AppRouter } from "../../../../worker/src/router.ts";

export interface Door {
  readonly room: string;
  readonly user: string;
  readonly url: string;
  readonly keepAliveMs: number;
}

/** The worker's close code for a ticket of another room, which no retry mends; after 4401 a new ticket may work. */
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

/** Opens the connection; `onState` is called with each change in words. */
export function connect({ room, user, url, keepAliveMs }: Door, onState: (state: string) => void) {
  const socket = createWSClient({
    url,
    // A ticket works once; tRPC calls this for each attempt.
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
