// The auto-response: one pair of request and response for all sockets of a room,
// which the runtime sends without waking the object.

import { text } from "./fields.ts";
import type { Trials } from "./trial.ts";

/** The default pair of a room. */
export const AUTO_RESPONSE = new WebSocketRequestResponsePair("ping", "pong");

/**
 * Sets the pair if none is set: the runtime forgets it once the object has had no sockets for a while, but a pair that
 * a client has set outlives a sleep, and setting the default at each start would hide that.
 */
export function restoreAutoResponse(state: DurableObjectState): void {
  if (state.getWebSocketAutoResponse() === null) state.setWebSocketAutoResponse(AUTO_RESPONSE);
}

export const AUTO_RESPONSES = {
  auto: (fields) => {
    const request = text(fields, "request");
    const response = text(fields, "response");
    return ({ state }) => {
      state.setWebSocketAutoResponse(new WebSocketRequestResponsePair(request, response));
      return { request, response };
    };
  },

  auto_unset: () => ({ state }) => {
    state.setWebSocketAutoResponse();
    return {};
  },

  auto_get: () => ({ state }) => {
    const pair = state.getWebSocketAutoResponse();
    return { request: pair?.request ?? null, response: pair?.response ?? null };
  },

  /** When the runtime last sent an auto-response to this socket, in milliseconds since 1970, or null if never. */
  auto_timestamp: () => ({ state, socket }) => ({
    timestamp: state.getWebSocketAutoResponseTimestamp(socket())?.getTime() ?? null,
  }),
} satisfies Trials;
