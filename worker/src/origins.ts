// Which web pages may speak to the worker: those on a list, by their origin, which a browser always sends.
// Never a substitute for the token: what is no browser sends no origin, or any.

/** Whether a request may go on: it names no origin, or one that is on the list. Without a list no page may. */
export function isAllowedOrigin(request: Request, allowed: string | null | undefined): boolean {
  const origin = request.headers.get("Origin");
  if (origin === null) return true;
  return (allowed ?? "").split(",").some((entry) => entry.trim() === origin && origin !== "");
}
