// The start page: choose a name and a room.

import { redirect } from "next/navigation";
import type { ReactNode } from "react";

import { roomOf, userOf } from "../lib/login";

interface Props {
  readonly searchParams: Promise<{ room?: string; user?: string }>;
}

export default async function Page({ searchParams }: Props): Promise<ReactNode> {
  const asked = await searchParams;
  const [room, user] = [roomOf(asked), userOf(asked)];
  if (room !== null && user !== null) redirect(`/room/${room}?user=${user}`);
  return (
    <form>
      <input name="user" placeholder="your name" required pattern="[A-Za-z0-9_\-]{1,32}" />
      <input name="room" placeholder="room" required pattern="[A-Za-z0-9_\-]{1,64}" />
      <button>Enter</button>
    </form>
  );
}
