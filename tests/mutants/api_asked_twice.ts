// The bug: the API is asked again whenever it has answered, because the retry does not look at the answer.
// Must turn red: api-call/each-call-is-made-once.

import { TRIALS } from "./trials.ts";

export { default, Room } from "./index.ts";

const call = TRIALS.call;

TRIALS.call = (fields) => {
  const once = call(fields);
  return async (stage) => {
    await once(stage);
    return once(stage);
  };
};
