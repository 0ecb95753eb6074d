// The app's environment, read at run time so that one build serves every environment.
// Secrets have no defaults.

/** Returns a variable. Throws if it is not set. */
function needed(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

export const settings = {
  /** The worker's URL without a trailing slash: https://chat.example.workers.dev */
  workerUrl: () => needed("WORKER_URL").replace(/^ws/, "http").replace(/\/+$/, ""),
  ticketSecret: () => needed("TICKET_SECRET"),
  pushSecret: () => needed("PUSH_SECRET"),
  appKey: () => needed("APP_KEY"),
  /** The interval of a page's keep-alives, which do not wake the room. */
  keepAliveMs: () => Number(process.env["KEEP_ALIVE_MS"] || 10_000),
};
