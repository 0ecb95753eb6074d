import { DurableObject } from "cloudflare:workers";
import type { Env } from "./env";

/** Counts how often each room has been joined. */
export class Lobby extends DurableObject<Env> {
  async joined(room: string): Promise<number> {
    const count = ((await this.ctx.storage.get<number>(room)) ?? 0) + 1;
    await this.ctx.storage.put(room, count);
    return count;
  }
}
