export const handler = async () => new Response("a page");
