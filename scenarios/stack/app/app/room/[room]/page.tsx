// A room's page as the server makes it: what was said so far, and where the rest will come from.
// Never lets a room that does not answer keep the page back: then all messages come by the subscription.

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
