// One router for both servers; what differs between them is only where a subscription's events come from.

import { initTRPC, type TRPC_ERROR_CODE_KEY, tracked, TRPCError } from "@trpc/server";

export interface Context {
  readonly user: string;
}

/** Streams of events under a name; `missed` comes first, and a stream ends with its signal. */
export interface Source {
  listen(topic: string, signal: AbortSignal | undefined, missed?: () => Iterable<unknown>): AsyncIterable<unknown>;
  publish(topic: string, event: unknown): void;
  end(topic: string): void;
}

const LOG = [1, 2, 3];

export function routerWith(source: (ctx: Context) => Source) {
  const t = initTRPC.context<Context>().create({
    isDev: false,
    errorFormatter: ({ shape, error, ctx, path, type }) => {
      if (error.message === "the formatter throws") throw new Error("it does");
      return { ...shape, data: { ...shape.data, by: ctx?.user ?? null, of: [type, path ?? null] } };
    },
  });
  const anything = t.procedure.input((input: unknown) => input);
  const event = (id: number): unknown => tracked(String(id), { id });
  return t.router({
    echo: anything.query(({ input }) => input),
    nothing: t.procedure.query(() => undefined),
    user: t.procedure.query(({ ctx }) => ctx.user),
    nested: t.router({ echo: anything.query(({ input }) => input) }),
    change: anything.mutation(({ input }) => ({ changed: input })),
    fail: anything.mutation(({ input }) => {
      const { code, message } = input as { code: TRPC_ERROR_CODE_KEY; message: string };
      throw new TRPCError({ code, message });
    }),
    crash: t.procedure.query(() => {
      throw new Error("boom");
    }),
    rejectsInput: t.procedure
      .input((): string => {
        throw new Error("not so");
      })
      .query(() => "never"),
    stream: t.procedure.query(async function* () {
      yield 1;
    }),
    plain: t.procedure.subscription(({ ctx, signal }) => source(ctx).listen("plain", signal)),
    other: t.procedure.subscription(({ ctx, signal }) => source(ctx).listen("other", signal, () => ["first"])),
    log: anything.subscription(({ ctx, input, signal }) => {
      const { lastEventId = "0" } = (input ?? {}) as { lastEventId?: string };
      return source(ctx).listen("log", signal, () => LOG.filter((id) => id > Number(lastEventId)).map(event));
    }),
    number: t.procedure.subscription((() => 42) as unknown as () => AsyncIterable<number>),
    refuse: t.procedure.subscription((): AsyncIterable<number> => {
      throw new TRPCError({ code: "FORBIDDEN", message: "not for you" });
    }),
    publish: anything.mutation(({ ctx, input }) => {
      const { topic, id } = input as { topic: string; id: number };
      source(ctx).publish(topic, topic === "log" ? event(id) : { id });
    }),
    end: anything.mutation(({ ctx, input }) => source(ctx).end(String(input))),
  });
}

/** Who calls: the connection's `user`, or nobody. */
export function contextOf(params: Readonly<Record<string, string>> | null): Context {
  const user = params?.["user"] ?? "nobody";
  if (user === "intruder") throw new TRPCError({ code: "UNAUTHORIZED", message: "not let in" });
  return { user };
}

export const MAX_BATCH_SIZE = 4;
