import type { Lobby } from "./lobby";
import type { Room } from "./room";

export interface Env {
  ROOMS: DurableObjectNamespace<Room>;
  LOBBY: DurableObjectNamespace<Lobby>;
  HISTORY: string;
  TITLE: string;
  INVITE?: string;
}
