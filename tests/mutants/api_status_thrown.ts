// The bug: an answer that is not good is thrown away, and what is told is that something failed.
// Must turn red: api-fails/status-of-an-error-is-told.

import { TRIALS } from "./trials.ts";

export { default, Room } from "./index.ts";

const call = TRIALS.call;

TRIALS.call = (fields) => {
  const called = call(fields);
  return async (stage) => {
    const answer = await called(stage);
    if ("status" in answer && Number(answer.status) >= 400) throw new Error("the API failed");
    return answer;
  };
};
