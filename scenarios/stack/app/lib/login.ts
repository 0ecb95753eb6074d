// Authentication, for demonstration only: every name is accepted. Check your own session here, the only place for it.
// Nothing is stored.

/** Returns the user name of a request, or null if it has none. */
export function userOf({ user }: { readonly user?: unknown }): string | null {
  return typeof user === "string" && /^[\w-]{1,32}$/.test(user) && !["system", "bot"].includes(user) ? user : null;
}

export function roomOf({ room }: { readonly room?: unknown }): string | null {
  return typeof room === "string" && /^[\w-]{1,64}$/.test(room) ? room : null;
}
