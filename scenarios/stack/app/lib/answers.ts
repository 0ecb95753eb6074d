// Helpers shared by the API routes: reading a body, and rejecting a request.
// Errors contain only their message.

/** Returns the fields of a JSON body; none if it is not an object. */
export async function fieldsOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await request.json().catch(() => null);
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}

export function refusal(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
