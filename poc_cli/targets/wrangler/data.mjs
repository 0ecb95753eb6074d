// What a project's D1 databases, KV namespaces and R2 buckets hold at the beginning: the migrations that
// `wrangler d1 migrations apply --local` would apply, then what the story seeds. It is written by the simulators of
// wrangler themselves into the folder from which poc copies the disks of each runtime.
import fs from "node:fs";
import path from "node:path";

const PREFIXES = ["CLOUDFLARE_HYPERDRIVE_LOCAL_CONNECTION_STRING_", "WRANGLER_HYPERDRIVE_LOCAL_CONNECTION_STRING_"];

/** Gives the configuration that its owner wrote, where a build tool has made another of it. */
const ownFile = (config) => config.userConfigPath ?? config.configPath ?? "wrangler.json";

/** Gives each migration of a database in wrangler's order; a missing folder has none. */
function migrationsOf(database, configPath) {
  const folder = database.migrations_dir ?? "migrations";
  const top = path.resolve(path.dirname(configPath), folder);
  const pattern = path.posix.normalize(database.migrations_pattern ?? path.posix.join(folder, "*.sql"));
  const files = fs.globSync(pattern, { cwd: path.dirname(configPath) });
  const names = files.map((file) => path.relative(top, path.resolve(path.dirname(configPath), file)));
  return names.sort(inOrder).map((name) => ({ name, file: path.join(top, name) }));
}

/** Compares the names of migrations as wrangler does: by the number they begin with, then as text. */
function inOrder(one, other) {
  const [first, second] = [one, other].map((name) => Number.parseInt(name, 10));
  if (first !== second && !(Number.isNaN(first) && Number.isNaN(second))) {
    if (Number.isNaN(first) || Number.isNaN(second)) return Number.isNaN(first) ? 1 : -1;
    return first - second;
  }
  return one < other ? -1 : one > other ? 1 : 0;
}

const quoted = (name, mark) => `${mark}${name.replaceAll(mark, mark + mark)}${mark}`;

async function run(db, sql, split, where) {
  try {
    await db.batch(split(sql).map((query) => db.prepare(query)));
  } catch (error) {
    throw new Error(`${where}: ${(error.cause ?? error).message}`);
  }
}

async function migrate(db, { database, configPath, migrations, split }) {
  const table = quoted(database.migrations_table ?? "d1_migrations", '"');
  const columns =
    "id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL";
  await run(db, `CREATE TABLE IF NOT EXISTS ${table}(${columns});`, split, configPath);
  for (const { name, file } of migrations) {
    const done = `INSERT INTO ${table} (name) VALUES (${quoted(name, "'")});`;
    await run(db, `${fs.readFileSync(file, "utf8")}\n${done}`, split, file);
  }
}

const isFile = (value) => typeof value?.file === "string" && Object.keys(value).length === 1;

/** Gives what is stored for a value of the story: a file's content, a text as it is, anything else as JSON. */
function content(value) {
  if (isFile(value)) return fs.readFileSync(value.file);
  return typeof value === "string" ? value : JSON.stringify(value);
}

async function seedDatabase(db, value, binding, split) {
  for (const each of Array.isArray(value) ? value : [value]) {
    const sql = isFile(each) ? fs.readFileSync(each.file, "utf8") : each;
    if (typeof sql !== "string") throw new Error(`seed.${binding}: a database is seeded by SQL, not ${JSON.stringify(each)}`);
    await run(db, sql, split, `seed.${binding}`);
  }
}

async function seedStore(store, value, binding) {
  if (value === null || typeof value !== "object" || Array.isArray(value) || isFile(value))
    throw new Error(`seed.${binding}: it is seeded by a table of keys and values, not ${JSON.stringify(value)}`);
  for (const [key, each] of Object.entries(value)) await store.put(key, content(each));
}

/** Gives each store of the workers once, with the id by which the simulator knows it and the bindings that lead to it. */
function storesOf(configs) {
  const stores = new Map();
  const add = (kind, id, binding, more = {}) => {
    const name = `${kind}:${id}`;
    const store = stores.get(name) ?? { kind, id, name, bindings: new Set(), migrations: [], ...more };
    store.bindings.add(binding);
    stores.set(name, store);
  };
  for (const config of configs) {
    const { d1_databases, kv_namespaces, r2_buckets } = config;
    const configPath = ownFile(config);
    for (const each of d1_databases ?? []) {
      const migrations = migrationsOf(each, configPath);
      const id = each.preview_database_id ?? each.database_id ?? each.binding;
      add("d1", id, each.binding, { database: each, configPath, migrations });
    }
    for (const each of kv_namespaces ?? []) add("kv", each.preview_id ?? each.id ?? each.binding, each.binding);
    for (const each of r2_buckets ?? [])
      add("r2", each.preview_bucket_name ?? each.bucket_name ?? each.binding, each.binding);
  }
  return [...stores.values()];
}

/** Fills the stores below `state`; nothing is started where there is nothing to fill in. */
export async function provision({ miniflare, split, configs, seed, state }) {
  const stores = storesOf(configs);
  for (const binding of Object.keys(seed)) {
    if (!stores.some(({ bindings }) => bindings.has(binding)))
      throw new Error(`seed.${binding}: no D1 database, KV namespace or R2 bucket is bound as ${binding}`);
  }
  const seedsOf = ({ bindings }) => Object.keys(seed).filter((binding) => bindings.has(binding));
  const wanted = stores.filter((store) => store.migrations.length > 0 || seedsOf(store).length > 0);
  if (wanted.length === 0) return;
  const ids = (kind) => Object.fromEntries(wanted.filter((each) => each.kind === kind).map(({ name, id }) => [name, id]));
  const simulator = new miniflare.Miniflare(
    miniflare.convertV4MiniflareOptions({
      modules: true,
      script: "",
      cf: false,
      resourcePersistencePath: path.join(state, "v3"),
      d1Databases: ids("d1"),
      kvNamespaces: ids("kv"),
      r2Buckets: ids("r2"),
    }),
  );
  const open = {
    d1: (name) => simulator.getD1Database(name),
    kv: (name) => simulator.getKVNamespace(name),
    r2: (name) => simulator.getR2Bucket(name),
  };
  try {
    for (const store of wanted) {
      const opened = await open[store.kind](store.name);
      if (store.migrations.length > 0) await migrate(opened, { ...store, split });
      const fill = store.kind === "d1" ? seedDatabase : seedStore;
      for (const binding of seedsOf(store)) await fill(opened, seed[binding], binding, split);
    }
  } finally {
    await simulator.dispose();
  }
}

/** Sets the local database of each Hyperdrive: the story's, that of .dev.vars or .env, or the configuration's own. */
export function connectHyperdrives(config, env, connections, parse) {
  const folder = path.dirname(ownFile(config));
  const named = [".env", ".env.local", ...(env ? [`.env.${env}`, `.env.${env}.local`] : [])];
  const own = env && fs.existsSync(path.join(folder, `.dev.vars.${env}`)) ? `.dev.vars.${env}` : ".dev.vars";
  const files = [...named, own].map((name) => path.join(folder, name)).filter((file) => fs.existsSync(file));
  const variables = Object.assign({}, ...files.map((file) => parse(fs.readFileSync(file, "utf8"))));
  for (const { binding, localConnectionString } of config.hyperdrive ?? []) {
    const found = connections[binding] ?? PREFIXES.map((prefix) => variables[prefix + binding]).find(Boolean);
    // wrangler refuses a Hyperdrive without a database on this machine; nothing listens on 9, the port of the discard
    // protocol (RFC 863), so that a connection is refused when it is used.
    const none = localConnectionString ? undefined : "postgres://nobody:nobody@127.0.0.1:9/none";
    const chosen = found ?? none;
    if (chosen !== undefined) process.env[PREFIXES[0] + binding] = chosen;
  }
}
