// The bug: the error of a call that found nobody is not caught, and the one who asked hears nothing.
// Must turn red: api-fails/no-connection-is-told.

import { BadRequest } from "./fields.ts";
import { Room as Real, type Reply } from "./room.ts";

export { default } from "./index.ts";

export class Room extends Real {
  protected override refusal(error: unknown): Reply {
    if (error instanceof BadRequest && error.code === "api_unreachable") throw error;
    return super.refusal(error);
  }
}
