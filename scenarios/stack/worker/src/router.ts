// The chat's procedures, in plain tRPC: what the worker serves, and what the app's client gets its types from.
// Never imports the platform: a room is what its context says it is.

import { initTRPC, type TrackedEnvelope, tracked, TRPCError } from "@trpc/server";

import type { Message } from "./message.ts";
import { Topic } from "./trpc-hibernation/topic.ts";

/** What the procedures want of a room. */
export interface ChatApi {
  say(user: string, text: string): Message;
  ask(user: string, text: string): Promise<Message>;
  after(id: number): Message[];
  latest(limit: number): Message[];
  present(): string[];
  who(): { instance: string; sockets: number; subscriptions: number };
}

export interface Context {
  readonly user: string;
  readonly room: ChatApi;
}

export const MESSAGES = new Topic<TrackedEnvelope<Message>>("messages");
export const PRESENCE = new Topic<string[]>("presence");

export function event(message: Message): TrackedEnvelope<Message> {
  return tracked(String(message.id), message);
}

// Without isDev: false a worker sends its stacks to the client, because tRPC looks for NODE_ENV and finds none.
const t = initTRPC.context<Context>().create({ isDev: false });

export const appRouter = t.router({
  /** `instance` is new for each stay of the room in memory. */
  who: t.procedure.query(({ ctx }) => ({ ...ctx.room.who(), user: ctx.user })),

  /** The latest messages; subscribe with the id of the last as `lastEventId`, and nothing is lost in between. */
  history: t.procedure.query(({ ctx }) => ctx.room.latest(100)),

  say: t.procedure.input(withText).mutation(({ ctx, input }) => ctx.room.say(ctx.user, input.text)),

  /** Says it, lets the app's bot answer to all, and gives back what the bot said. */
  ask: t.procedure.input(withText).mutation(({ ctx, input }) => ctx.room.ask(ctx.user, input.text)),

  messages: t.procedure.input(withLastEventId).subscription(({ ctx, input }) => {
    const lastEventId = input?.lastEventId;
    return MESSAGES.listen(() => (lastEventId === undefined ? [] : ctx.room.after(Number(lastEventId)).map(event)));
  }),

  /** Who is here, now and whenever it changes; there is nothing to resume, so nothing is tracked. */
  presence: t.procedure.subscription(({ ctx }) => PRESENCE.listen(() => [ctx.room.present()])),
});

export type AppRouter = typeof appRouter;

// Any validator that tRPC knows, such as zod, would do; these two need no package.

function withText(input: unknown): { text: string } {
  const text = (input as { text?: unknown } | null | undefined)?.text;
  if (typeof text === "string" && text.trim() !== "" && text.length <= 2000) return { text };
  throw new TRPCError({ code: "BAD_REQUEST", message: '"text" must be a text of 1 to 2000 characters' });
}

function withLastEventId(input: unknown): { lastEventId?: string } | undefined {
  const lastEventId = (input as { lastEventId?: unknown } | null | undefined)?.lastEventId;
  if (lastEventId === undefined) return undefined;
  if (typeof lastEventId === "string" && /^\d{1,15}$/.test(lastEventId)) return { lastEventId };
  throw new TRPCError({ code: "BAD_REQUEST", message: '"lastEventId" must be the id of a message' });
}
