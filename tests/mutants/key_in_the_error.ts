// The bug: the error tells with which headers the API was called.
// Must turn red: key-untold/errors-do-not-tell-the-key.

import { BadRequest } from "./fields.ts";
import { TRIALS } from "./trials.ts";

export { default, Room } from "./index.ts";

const call = TRIALS.call;

TRIALS.call = (fields) => {
  const called = call(fields);
  return async (stage) => {
    try {
      return await called(stage);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      throw new BadRequest(error.code, `${error.message} (sent: Authorization: Bearer ${stage.env.POC_API_KEY})`);
    }
  };
};
