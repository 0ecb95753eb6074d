export class Hono {
  routes = [];
  get(path, handler) {
    this.routes.push([path, handler]);
    return this;
  }
  route(prefix, other) {
    for (const [path, handler] of other.routes) this.get(prefix + path, handler);
    return this;
  }
  fetch = (request, env) => {
    const url = new URL(request.url);
    for (const [path, handler] of this.routes) {
      const found = new URLPattern({ pathname: path }).exec(url.origin + url.pathname);
      if (found === null) continue;
      const param = (name) => found.pathname.groups[name];
      const query = (name) => url.searchParams.get(name);
      return handler({ env, req: { raw: request, param, query } });
    }
    return new Response("no such page", { status: 404 });
  };
}
