// What the routes of the API have in common: reading a body, and refusing.
// Never says more of an error than its sentence.

/** Gives the fields of a JSON body; one that is no object has none. */
export async function fieldsOf(request: Request): Promise<Readonly<Record<string, unknown>>> {
  const body: unknown = await request.json().catch(() => null);
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}

export function refusal(status: number, error: string): Response {
  return Response.json({ error }, { status });
}
