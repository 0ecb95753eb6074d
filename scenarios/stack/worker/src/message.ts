// A chat message, as it is stored and sent.

export interface Message {
  /** Counts up from 1 and is never reused. */
  readonly id: number;
  readonly user: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}
