// Called by rooms with the key from the environment: answers a question. Put your model or your rules here.

import { refusal } from "../../../lib/answers";
import { settings } from "../../../lib/settings";
import { isSame } from "../../../lib/signing";

export const dynamic = "force-dynamic";

export function GET(request: Request): Response {
  if (!isSame(request.headers.get("Authorization") ?? "", `Bearer ${settings.appKey()}`)) {
    return refusal(401, "the key is not right");
  }
  const asked = new URL(request.url).searchParams.get("text") ?? "";
  return Response.json({ text: `You said "${asked}", in ${asked.length} characters.` });
}
