// The smallest app server that talks with the worker both ways: it pushes into rooms, gives tickets, and is asked by
// rooms. It does so for whoever asks, which a real one would not: it would know its user first.
import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const { PORT, WORKER_URL, POC_PUSH_SECRET, POC_TICKET_SECRET, POC_API_KEY } = process.env;
for (const [name, value] of Object.entries({ WORKER_URL, POC_PUSH_SECRET, POC_TICKET_SECRET, POC_API_KEY })) {
  if (!value) throw new Error(`${name} is not set`);
}

const TICKET_SECONDS = 30;

// Before the room gives up that waits for this app's own answer meanwhile: it does after five seconds.
const PUSH_WITHIN_MS = 3_000;

const seconds = () => Math.floor(Date.now() / 1000);
const signature = (secret, text) => createHmac("sha256", secret).update(text).digest("base64url");
const pathTo = (room) => `/room/${encodeURIComponent(room)}/push`;

// Ids as alike as can be: all begin and end alike, whoever asks. Who keeps only a part of one takes two pushes or
// tickets for one.
const [START, END] = [randomUUID().slice(0, 23), randomUUID().slice(0, 23)];
let issued = 0;
const unique = () => `${START}-${++issued}-${END}`;

/** Gives a push as it goes to the worker, signed `age` seconds ago; signed or not, nobody has sent it yet. */
function signed(room, text, age = 0) {
  const [timestamp, nonce, body] = [String(seconds() - age), unique(), JSON.stringify({ text })];
  const told = ["push", "POST", pathTo(room), timestamp, nonce, body].join("\n");
  const whole = signature(POC_PUSH_SECRET, told);
  return { timestamp, nonce, signature: whole, beginning: whole.slice(0, 8), body };
}

/** Says something in a room, and gives the worker's status and answer; in pieces, it goes without its length. */
async function push(room, text, inPieces = false) {
  const { timestamp, nonce, signature, body } = signed(room, text);
  const headers = { "X-Poc-Timestamp": timestamp, "X-Poc-Nonce": nonce, "X-Poc-Signature": signature };
  const signal = AbortSignal.timeout(PUSH_WITHIN_MS);
  const sent = inPieces ? { body: new Blob([body]).stream(), duplex: "half" } : { body };
  const response = await fetch(WORKER_URL + pathTo(room), { method: "POST", headers, ...sent, signal });
  return [response.status, await response.json()];
}

function ticketFor(room, lifetime) {
  const said = JSON.stringify({ room, exp: seconds() + lifetime, jti: unique() });
  const payload = Buffer.from(said).toString("base64url");
  return `${payload}.${signature(POC_TICKET_SECRET, `ticket.${payload}`)}`;
}

/** Whether a request shows the key that rooms have; digests are compared, so that the time taken tells nothing. */
function hasKey({ headers }) {
  const texts = [headers.authorization ?? "", `Bearer ${POC_API_KEY}`];
  const [shown, right] = texts.map((text) => signature("compare", text));
  return timingSafeEqual(Buffer.from(shown), Buffer.from(right));
}

const calls = new Map();

function counted(room) {
  calls.set(room, (calls.get(room) ?? 0) + 1);
  return calls.get(room);
}

const ROUTES = {
  "/health": () => [200, { ok: true }],
  "/push": ({ room, text, pieces }) => push(room, text, pieces !== undefined),
  // By which a room can see that it has this app's key: it is too long to be guessed from that.
  "/key": () => [200, { sha256: createHash("sha256").update(POC_API_KEY).digest("hex") }],
  // What `push` would send, for whoever wants to send it twice, late, or changed.
  "/sign": ({ room, text, age }) => [200, signed(room, text, Number(age ?? 0))],
  "/ticket": ({ room, lifetime }) => [200, { ticket: ticketFor(room, Number(lifetime ?? TICKET_SECONDS)) }],
};

/** What only rooms may ask, by the key. */
const API = {
  // Where a room must not follow with its key; the host would be another one.
  "/api/moved": ({ room }) => [302, {}, { location: `/api/hello?room=${room}` }],
  "/api/hello": ({ room }) => [200, { authorized: true, calls: counted(room) }],
  // The room that asks is told the news while it waits for the answer.
  "/api/news": async ({ room }) => [200, { pushed: (await push(room, "news"))[0] }],
};

async function answer(request) {
  const { pathname, searchParams } = new URL(request.url, "http://origin");
  if (pathname in API && !hasKey(request)) return [401, { authorized: false }];
  const route = ROUTES[pathname] ?? API[pathname];
  return route === undefined ? [404, {}] : route(Object.fromEntries(searchParams));
}

createServer(async (request, response) => {
  const [status, body, headers] = await answer(request).catch((error) => [502, { error: String(error) }]);
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}).listen(Number(PORT), "127.0.0.1");
