// A hibernating subscription: instead of a running generator, a topic that a socket listens to, and what it missed.
// Independent of sockets and the platform, so that routers, and modules that import their types, need neither.

/** A named stream of events. Wrap events in `tracked()` of @trpc/server to let clients resume. */
export class Topic<Event> {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /**
   * The return value of a subscription procedure. `missed` is called at the moment from which the socket receives what
   * is published, so it must be synchronous; its result is sent first.
   */
  listen(missed: () => Iterable<Event> = () => []): Listening<Event> {
    return new Listening(this, missed);
  }
}

/** An AsyncIterable in its type only, from which tRPC infers what a client receives. */
export class Listening<Event> implements AsyncIterable<Event, void, void> {
  readonly topic: Topic<Event>;
  readonly missed: () => Iterable<Event>;

  constructor(topic: Topic<Event>, missed: () => Iterable<Event>) {
    this.topic = topic;
    this.missed = missed;
  }

  [Symbol.asyncIterator](): AsyncIterator<Event, void, void> {
    throw new Error(`the topic "${this.topic.name}" can only be served by TrpcHibernation`);
  }
}
