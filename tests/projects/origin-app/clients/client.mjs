// A client that is a program: a line on stdin goes to the worker, what the worker sends is a line on stdout.
import { createInterface } from "node:readline";

const url = process.argv[2];
const socket = new WebSocket(url, [`poc.bearer.${process.env.POC_TOKEN}`]);
const lines = createInterface({ input: process.stdin });

socket.onmessage = ({ data }) => console.log(data);
socket.onclose = ({ code }) => console.log(JSON.stringify({ event: "closed", code }));
socket.onerror = () => console.error("the socket failed");
lines.on("line", (line) => {
  if (line === "die") process.exit(3);
  if (line === "flood") for (let index = 0; index < 40_000; index += 1) console.log("x".repeat(100));
  if (line === "long") console.log("y".repeat(3_000_000));
  if (line.startsWith("{")) socket.send(line);
});
lines.on("close", () => socket.close(1000));
