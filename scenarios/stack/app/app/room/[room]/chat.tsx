"use client";
// The visible room: messages, users, the state of the connection, and an input field.
// Messages are shown as they arrive, neither sorted nor filtered, so that a lost or duplicated one would be visible.

import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";

import type { Message } from "../../../../worker/src/message.ts";
import { connect, type Door } from "./connection";

interface Props extends Door {
  /** The messages from before the page was rendered. */
  readonly said: readonly Message[];
}

export function Chat({ room, user, url, keepAliveMs, said }: Props): ReactNode {
  const [messages, setMessages] = useState(said);
  const [present, setPresent] = useState<readonly string[]>([]);
  const [state, setState] = useState("connecting");
  const [error, setError] = useState("");
  const [text, setText] = useState("");
  const connection = useRef<ReturnType<typeof connect>>(null);

  useEffect(() => {
    const { trpc, close } = (connection.current = connect({ room, user, url, keepAliveMs }, setState));
    setMessages(said);
    const lastEventId = String(said.at(-1)?.id ?? 0);
    const onError = ({ message }: { message: string }): void => setError(message);
    // Starts after the last message that the server rendered, so nothing is lost or duplicated in between.
    trpc.messages.subscribe({ lastEventId }, { onData: ({ data }) => setMessages((all) => [...all, data]), onError });
    trpc.presence.subscribe(undefined, { onData: setPresent, onError });
    return close;
  }, [room, user, url, keepAliveMs, said]);

  async function send(event: FormEvent, kind: "say" | "ask"): Promise<void> {
    event.preventDefault();
    setError("");
    try {
      await connection.current?.trpc[kind].mutate({ text });
      setText((now) => (now === text ? "" : now)); // keep what the user has typed in the meantime
    } catch (cause) {
      setError(cause instanceof Error ? cause.message : String(cause));
    }
  }

  return (
    <main>
      <h1 data-testid="room">{room}</h1>
      <p>
        You are <b data-testid="user">{user}</b>, <span data-testid="state">{state}</span>. Here:{" "}
        <span data-testid="present">{present.join(", ")}</span>
      </p>
      <ol data-testid="messages">
        {messages.map(({ id, user: author, text: words }) => (
          <li key={id} data-testid="message" data-id={id}>
            <b>{author}</b>: {words}
          </li>
        ))}
      </ol>
      <form onSubmit={(event) => void send(event, "say")}>
        <input data-testid="input" value={text} onChange={(event) => setText(event.target.value)} autoFocus />
        <button data-testid="send">Say</button>
        <button data-testid="ask" type="button" onClick={(event) => void send(event, "ask")}>
          Ask the bot
        </button>
      </form>
      <p role="alert" data-testid="error">
        {error}
      </p>
    </main>
  );
}
