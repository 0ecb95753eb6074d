// What turns a request away before it is a message: a status, a word for programs and a sentence for people.
// Never decides whether one is turned away.

export interface Refusal {
  readonly status: number;
  readonly error: string;
  readonly message: string;
}

export function refused({ status, error, message }: Refusal): Response {
  return Response.json({ ok: false, error, message }, { status });
}
