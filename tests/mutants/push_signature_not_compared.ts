// The bug: a push must show a signature, but nobody works out which.
// Must turn red: push/changed-push-is-refused and push/unsigned-push-is-refused.

import { PUSH_CHECKS } from "./push.ts";

export { default, Room } from "./index.ts";

const signed = PUSH_CHECKS.signed;

PUSH_CHECKS.signed = (push, secret) => (push.signature === "" ? signed(push, secret) : null);
