// Answers that the runtime gives by itself, without waking the object: one pair of texts for all sockets of a room.
// Never answers anything here.

import { text } from "./fields.ts";
import type { Trials } from "./trial.ts";

/** The pair of a room that was never told another. */
export const AUTO_RESPONSE = new WebSocketRequestResponsePair("ping", "pong");

/**
 * Sets the pair where none is set: the runtime forgets it once the object has been without sockets for a while, but
 * one that a client has set outlives a sleep, and setting ours at each start would hide that.
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

  /** When the runtime last answered this socket, in milliseconds since 1970, or null where it never did. */
  auto_timestamp: () => ({ state, socket }) => ({
    timestamp: state.getWebSocketAutoResponseTimestamp(socket())?.getTime() ?? null,
  }),
} satisfies Trials;
