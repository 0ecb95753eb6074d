// Which mutant is on, for the switches that instrument.mjs writes into the worker.

// @ts-expect-error play.py writes it
import { ACTIVE } from "./active.ts";

/** Instead of a mutant: tell in the log which ones are reached. */
const REACHED = "reached";

const told = new Set<string>();

export function stryMutAct_9fa48(id: string): boolean {
  return id === ACTIVE;
}

export function stryCov_9fa48(...ids: string[]): void {
  if (ACTIVE !== REACHED) return;
  const fresh = ids.filter((id) => !told.has(id));
  for (const id of fresh) told.add(id);
  if (fresh.length > 0) console.log(`${REACHED} ${fresh.join(" ")}`);
}
