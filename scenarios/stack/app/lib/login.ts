// Who is asking. A demonstration: everybody is who they say they are. Ask your own session here; nothing else knows.
// Never keeps anybody.

/** Gives the name that a request may act under, or null where it has none. */
export function userOf({ user }: { readonly user?: unknown }): string | null {
  return typeof user === "string" && /^[\w-]{1,32}$/.test(user) && !["system", "bot"].includes(user) ? user : null;
}

export function roomOf({ room }: { readonly room?: unknown }): string | null {
  return typeof room === "string" && /^[\w-]{1,64}$/.test(room) ? room : null;
}
