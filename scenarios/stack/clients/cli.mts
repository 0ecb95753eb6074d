// The chat from a terminal or a script: the official tRPC client, with JSON lines on stdin and stdout.
//   node cli.mts ROOM_URL TICKET_URL USER [wait]    ws://127.0.0.1:8787/room/tea http://127.0.0.1:3000/api/ticket ann
// With `wait` it connects on command, with a given ticket. It reconnects only as the official client does.

import { createInterface } from "node:readline";

import {
  createTRPCUntypedClient,
  createWSClient,
  TRPCClientError,
  type TRPCWebSocketClient,
  wsLink,
} from "@trpc/client";

type Fields = Readonly<Record<string, unknown>>;

const [roomUrl, ticketUrl, user, wait] = process.argv.slice(2);
if (roomUrl === undefined || ticketUrl === undefined || user === undefined) {
  console.error("usage: node cli.mts ROOM_URL TICKET_URL USER [wait]");
  process.exit(2);
}
const url = roomUrl.replace(/^http/, "ws");
const room = new URL(url).pathname.split("/").at(-1) ?? "";

/** A ticket to use for every attempt instead of a new one. */
let shown: string | null = null;
let socket: TRPCWebSocketClient | null = null;
const subscriptions = new Map<string, () => void>();

function tell(event: string, fields: Fields = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

async function ticket(fields: Fields = {}): Promise<string> {
  const response = await fetch(ticketUrl ?? "", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ room, user, ...fields }),
  });
  if (!response.ok) throw new Error(`no ticket: ${response.status}`);
  return ((await response.json()) as { ticket: string }).ticket;
}

function connect(keepAliveMs: number) {
  socket = createWSClient({
    url,
    connectionParams: async () => ({ ticket: shown ?? (await ticket()) }),
    keepAlive: { enabled: keepAliveMs > 0, intervalMs: keepAliveMs, pongTimeoutMs: 5_000 },
    retryDelayMs: (attempt) => (attempt === 0 ? 0 : Math.min(250 * 2 ** attempt, 30_000)),
    onOpen: () => tell("open"),
    onClose: (cause) => tell("closed", { code: cause?.code ?? null, ...reasonOf(cause) }),
  });
  socket.connectionState.subscribe({ next: ({ state }) => tell("state", { state }) });
  return createTRPCUntypedClient({ links: [wsLink({ client: socket })] });
}

function reasonOf(cause: unknown): Fields {
  const { reason } = (cause ?? {}) as { reason?: unknown };
  return typeof reason === "string" ? { reason } : {};
}

function errorOf(cause: unknown): Fields {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (!(cause instanceof TRPCClientError)) return { message, code: null };
  // `shape` is the server's error; without it the connection ended before the server sent anything.
  const shape = cause.shape as { code: number; data: Fields } | undefined;
  return { message, code: shape?.data["code"] ?? null, number: shape?.code ?? null };
}

let client: ReturnType<typeof connect> | null = null;

function connected(): ReturnType<typeof connect> {
  return (client ??= connect(Number(process.env["KEEP_ALIVE_MS"] ?? 10_000)));
}

function subscribe({ id, path, input }: Fields): void {
  const name = String(id);
  const subscription = connected().subscription(String(path), input, {
    onStarted: () => tell("started", { id }),
    // A tracked event includes its id: `{ id, data }`, as the client passes it to its listener.
    onData: (data) => tell("data", { id, data }),
    onError: (cause) => tell("error", { id, ...errorOf(cause) }),
    onStopped: () => tell("stopped", { id }),
    onComplete: () => tell("complete", { id }),
  });
  subscriptions.set(name, () => subscription.unsubscribe());
}

/** Makes one call, or several at once, which the client sends as one batch. */
async function call(kind: "query" | "mutation", { id, path, input }: Fields): Promise<void> {
  try {
    tell("result", { id, data: await connected()[kind](String(path), input) });
  } catch (cause) {
    tell("error", { id, ...errorOf(cause) });
  }
}

async function perform(fields: Fields): Promise<void> {
  switch (fields["op"]) {
    case "connect":
      shown = typeof fields["ticket"] === "string" ? fields["ticket"] : null;
      connected();
      return;
    case "ticket":
      return tell("ticket", { ticket: await ticket(fields["fields"] as Fields | undefined) });
    case "query":
      return call("query", fields);
    case "mutate":
      return call("mutation", fields);
    case "subscribe":
      return subscribe(fields);
    case "unsubscribe":
      return subscriptions.get(String(fields["id"]))?.();
    case "batch":
      await Promise.all((fields["calls"] as Fields[]).map(perform));
      return;
    case "drop":
      return socket?.connection?.ws.close();
    case "close":
      await socket?.close();
      process.exit(0);
  }
  tell("error", { message: `no op ${JSON.stringify(fields["op"])}`, code: null });
}

async function obey(line: string): Promise<void> {
  try {
    await perform(JSON.parse(line) as Fields);
  } catch (cause) {
    tell("error", errorOf(cause));
  }
}

createInterface({ input: process.stdin })
  .on("line", (line) => void obey(line))
  .on("close", () => void perform({ op: "close" }));
tell("ready");
if (wait === undefined) connected();
