// The server-rendered page of a room: the messages so far, and the WebSocket URL for the rest.
// If the room does not answer, the page is rendered without messages, and the subscription delivers them.

import { notFound, redirect } from "next/navigation";
import type { ReactNode } from "react";

import { roomOf, userOf } from "../../../lib/login";
import { settings } from "../../../lib/settings";
import { historyOf } from "../../../lib/worker";
import { Chat } from "./chat";

export const dynamic = "force-dynamic";

interface Props {
  readonly params: Promise<{ room: string }>;
  readonly searchParams: Promise<{ user?: string }>;
}

export default async function Page({ params, searchParams }: Props): Promise<ReactNode> {
  const [room, user] = [roomOf(await params), userOf(await searchParams)];
  if (room === null) notFound();
  if (user === null) redirect("/");
  const said = await historyOf(room).catch(() => []);
  const url = `${settings.workerUrl().replace(/^http/, "ws")}/room/${room}`;
  return <Chat room={room} user={user} url={url} said={said} keepAliveMs={settings.keepAliveMs()} />;
}
