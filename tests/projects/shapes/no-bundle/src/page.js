export const page = () => new Response("a page");
