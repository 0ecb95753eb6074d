// Serves a room's latest messages, which the worker stores.

import { refusal } from "../../../../lib/answers";
import { roomOf } from "../../../../lib/login";
import { historyOf } from "../../../../lib/worker";

export const dynamic = "force-dynamic";

export async function GET(_: Request, { params }: { params: Promise<{ room: string }> }): Promise<Response> {
  const room = roomOf(await params);
  if (room === null) return refusal(400, "say which room");
  try {
    return Response.json(await historyOf(room), { headers: { "Cache-Control": "no-store" } });
  } catch {
    return refusal(502, "the room does not answer");
  }
}
