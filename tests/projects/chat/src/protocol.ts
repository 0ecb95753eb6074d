// What clients and rooms say to each other, as JSON.

export enum Kind {
  Say = "say",
  Said = "said",
  History = "history",
  Welcome = "welcome",
  Error = "error",
}

export interface Line {
  n: number;
  from: string;
  text: string;
}

export type Incoming = { type: Kind.Say; text: string } | { type: Kind.History };

export function incoming(message: string | ArrayBuffer): Incoming | undefined {
  if (typeof message !== "string") return undefined;
  try {
    const value = JSON.parse(message) as Partial<Incoming>;
    return value.type === Kind.Say || value.type === Kind.History ? (value as Incoming) : undefined;
  } catch {
    return undefined;
  }
}
