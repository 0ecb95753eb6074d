// Refusals of requests: a status, an error code and a sentence.
// The callers decide when to refuse.

export interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly message: string;
}

export function refused({ status, error, message }: Refusal): Response {
  return Response.json({ ok: false, error, message }, { status });
}
