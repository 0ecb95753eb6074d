// The bug: the secret itself is in the answer, as somebody wanted to see it and forgot to take it out.
// Must turn red: key-untold/its-length-and-digest-are-all.

import { TRIALS } from "./trials.ts";

export { default, Room } from "./index.ts";

const secret = TRIALS.secret;

TRIALS.secret = () => async (stage) => ({ ...(await secret()(stage)), value: stage.env.POC_API_KEY });
