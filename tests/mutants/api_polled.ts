// The bug: once the API was called the room keeps asking it whether it is well, every second and for ever.
// Must turn red: api-call/room-sleeps-after-a-call and api-fails/room-sleeps-after-failures.

import { TRIALS } from "./trials.ts";

export { default, Room } from "./index.ts";

const call = TRIALS.call;

TRIALS.call = (fields) => {
  const called = call(fields);
  return async (stage) => {
    setInterval(() => void fetch(`${stage.env.POC_API_ORIGIN ?? ""}/health`), 1_000);
    return called(stage);
  };
};
