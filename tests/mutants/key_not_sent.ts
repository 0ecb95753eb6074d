// The bug: the API is called with a key that was left over from development.
// Must turn red: api-call/message-calls-the-api.

import { TRIALS } from "./trials.ts";

export { default, Room } from "./index.ts";

const call = TRIALS.call;

TRIALS.call = (fields) => {
  const right = call(fields);
  return (stage) => right({ ...stage, env: { ...stage.env, POC_API_KEY: "a-key-for-development" } });
};
