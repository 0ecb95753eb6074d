// What a hibernating subscription is: no generator that runs, but a topic that a socket listens to, and what it missed.
// Never touches a socket or the platform, so that a router, and whoever imports its types, needs neither.

/** A stream of events under a name; with `tracked()` of @trpc/server around them, a client can resume where it was. */
export class Topic<Event> {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /**
   * What a subscription procedure gives back. `missed` is asked at the very moment from which the socket hears what is
   * published, so it must not await anything; what it gives is sent first.
   */
  listen(missed: () => Iterable<Event> = () => []): Listening<Event> {
    return new Listening(this, missed);
  }
}

/** An AsyncIterable in type only: that is how tRPC infers what a client receives. */
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
