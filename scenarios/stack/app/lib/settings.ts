// What the app finds in its environment, read when it is asked for: one build serves every environment.
// Never gives a default for a secret.

/** Gives a variable. Throws where it is missing. */
function needed(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

export const settings = {
  /** Where the worker is, without a slash at the end: https://chat.example.workers.dev */
  workerUrl: () => needed("WORKER_URL").replace(/^ws/, "http").replace(/\/+$/, ""),
  ticketSecret: () => needed("TICKET_SECRET"),
  pushSecret: () => needed("PUSH_SECRET"),
  appKey: () => needed("APP_KEY"),
  /** How often a page asks whether its connection lives; it costs the room nothing. */
  keepAliveMs: () => Number(process.env["KEEP_ALIVE_MS"] || 10_000),
};
