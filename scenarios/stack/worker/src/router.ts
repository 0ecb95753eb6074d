// The chat's procedures, in plain tRPC: the worker serves them, and the app's client infers its types from them.
// Independent of the platform: the context provides the room.

import { initTRPC, type TrackedEnvelope, tracked, TRPCError } from "@trpc/server";

import type { Message } from "./message.ts";
import { Topic } from "./trpc-hibernation/topic.ts";

/** What the procedures need from a room. */
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

// isDev: false is needed because a Worker has no NODE_ENV: tRPC would send stack traces to the client.
const t = initTRPC.context<Context>().create({ isDev: false });

export const appRouter = t.router({
  /** `instance` is new for each stay of the room in memory. */
  who: t.procedure.query(({ ctx }) => ({ ...ctx.room.who(), user: ctx.user })),

  /** The latest messages. Subscribe with the id of the last one as `lastEventId` to miss nothing in between. */
  history: t.procedure.query(({ ctx }) => ctx.room.latest(100)),

  say: t.procedure.input(withText).mutation(({ ctx, input }) => ctx.room.say(ctx.user, input.text)),

  /** Sends the message, asks the app's bot, sends its answer to everyone, and returns it. */
  ask: t.procedure.input(withText).mutation(({ ctx, input }) => ctx.room.ask(ctx.user, input.text)),

  messages: t.procedure.input(withLastEventId).subscription(({ ctx, input }) => {
    const lastEventId = input?.lastEventId;
    return MESSAGES.listen(() => (lastEventId === undefined ? [] : ctx.room.after(Number(lastEventId)).map(event)));
  }),

  /** The users in the room, now and after every change; not tracked, because there is nothing to resume. */
  presence: t.procedure.subscription(({ ctx }) => PRESENCE.listen(() => [ctx.room.present()])),
});

export type AppRouter = typeof appRouter;

// Any validator that tRPC supports, such as zod, would do; these two need no package.

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
