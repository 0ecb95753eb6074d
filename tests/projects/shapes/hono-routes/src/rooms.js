import { Hono } from "hono";

export const rooms = new Hono().get("/:room/socket", (c) => {
  const nick = c.req.query("nick");
  if (!nick) return new Response("who are you?", { status: 400 });
  const room = c.req.param("room");
  const id = c.env.ROOMS.idFromName(`room-${room}`);
  return c.env.ROOMS.get(id).fetch(c.req.raw);
});
