// Which web pages may connect: those on a list, by their origin, which a browser always sends.
// This does not replace the token: other programs send no origin, or any.

/** Whether a request is allowed: it has no origin, or one on the list. Without a list no page is allowed. */
export function isAllowedOrigin(request: Request, allowed: string | null | undefined): boolean {
  const origin = request.headers.get("Origin");
  if (origin === null) return true;
  return (allowed ?? "").split(",").some((entry) => entry.trim() === origin && origin !== "");
}
