// Has wrangler bundle a project and make the runtime's configuration for it, and says so on the descriptor `report`, a JSON
// object a line. It stays, because simulated services call back to it, and ends with its stdin. Never changes the project.
import childProcess from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { StringDecoder } from "node:string_decoder";
import util from "node:util";

import { connectHyperdrives, provision } from "./data.mjs";

const { home, scratch, configs, redirected, envs, names, main, seed, date, report } = JSON.parse(process.argv[2]);

// What the story gives the worker beside its own variables; by the environment, because a command line can be read by others.
const given = JSON.parse(process.env.POC_BINDINGS ?? "{}");
delete process.env.POC_BINDINGS;

// The environment of the project's own build command: the user's, whereas wrangler has a HOME of its own.
const commandVariables = JSON.parse(process.env.POC_COMMAND ?? "{}");
delete process.env.POC_COMMAND;

function say(told) {
  fs.writeSync(report, `${JSON.stringify(told)}\n`);
}

function fail(kind, text) {
  say({ event: "failed", kind, text });
  process.exit(1);
}

// wrangler puts what it builds into the project's folder `.wrangler`; here that goes into ours.
const { mkdirSync, mkdtempSync } = fs;
const inProject = (place) => `${place}/`.includes("/.wrangler/") && !String(place).startsWith(scratch);
fs.mkdirSync = (place, options) => (inProject(place) ? undefined : mkdirSync(place, options));
fs.mkdtempSync = (prefix, options) =>
  mkdtempSync(inProject(prefix) ? path.join(scratch, path.basename(String(prefix))) : prefix, options);

// Configurations without the keys that this wrangler rejects, by their paths: relative paths in them start there.
const rewritten = JSON.parse(fs.readFileSync(path.join(scratch, "rewritten.json"), "utf8"));
const { readFileSync } = fs;
fs.readFileSync = (file, options) => {
  const text = rewritten[String(file)];
  if (text === undefined) return readFileSync(file, options);
  return typeof options === "string" || options?.encoding ? text : Buffer.from(text);
};

// A build command is the only program that wrangler starts through a shell. What it prints is reported while it runs.
let printed = "";
const { spawn } = childProcess;
childProcess.spawn = (command, words, options) => {
  if (!options?.shell) return spawn(command, words, options);
  const child = spawn(command, words, { ...options, env: { ...commandVariables, WRANGLER_COMMAND: "dev" } });
  for (const stream of [child.stdout, child.stderr]) {
    const decoder = new StringDecoder("utf8");
    stream?.on("data", (chunk) => {
      const text = decoder.write(chunk);
      printed += text;
      say({ event: "output", text });
    });
  }
  return child;
};

const required = createRequire(path.join(home, "package.json"));
const wrangler = required("wrangler");
const DevEnv = wrangler.unstable_DevEnv;

// wrangler's second worker, which would stand between the clients and the project
const noProxy = () => ({
  ready: { promise: new Promise(() => {}), resolve() {}, reject() {} },
  onConfigUpdate() {},
  onBundleStart() {},
  onReloadStart() {},
  onReloadComplete() {},
  async teardown() {},
});

/** Gives what makes the one runtime of several workers; wrangler has it, but hands it only to its own DevEnv. */
async function runtimeOfSeveral() {
  let found;
  wrangler.unstable_DevEnv = class {
    constructor(options) {
      found ??= options.runtimeFactories;
      throw new Error("seen");
    }
  };
  try {
    const workers = configs.map((configPath) => ({ configPath }));
    await wrangler.createTestHarness({ root: path.dirname(configs[0]), workers }).listen();
  } catch (error) {
    if (found === undefined) throw error;
  } finally {
    wrangler.unstable_DevEnv = DevEnv;
  }
  return found;
}

function inWords({ text, location }) {
  if (!location) return text;
  const at = `${location.file ?? configs[0]}:${location.line}:${location.column + 1}: ${text}`;
  return location.lineText ? `${at}\n    ${location.lineText}\n    ${" ".repeat(location.column)}^` : at;
}

function reason(error) {
  const failure = error?.errors ? error : error?.cause?.errors ? error.cause : undefined;
  if (failure?.errors?.length > 0 && failure.errors[0].text) return failure.errors.map(inWords).join("\n");
  if (error?.location?.line) return inWords(error);
  const causes = [];
  for (let each = error; each instanceof Error; each = each.cause) causes.push(each.message);
  return causes.join(": ") || String(error);
}

function watchErrors(devEnv) {
  devEnv.on("error", (event) => fail("wrangler", `${event.reason ?? ""} ${reason(event.cause ?? event)}`.trim()));
  devEnv.on("buildFailed", (event) => fail("build", reason(event.cause)));
  // What a request of the project's threw, at its own lines; the runtime itself does not log it.
  const thrown = path.join(scratch, "thrown.jsonl");
  devEnv.on("runtimeError", ({ stack, text }) => {
    fs.appendFileSync(thrown, `${JSON.stringify({ at: Date.now(), stack: stack || text })}\n`);
  });
}

// The runtime reports a rejected promise that nothing awaits only to a listener of the worker's (measured). The comment about
// the source map stays the last line.
const LISTENER =
  '\nglobalThis.addEventListener("unhandledrejection", ({ reason }) => console.error("Uncaught (in promise)", reason));\n';
const MAP_COMMENT = /(?:\n\/\/# sourceMappingURL=[^\n]*\s*)?$/;

/** Gives a bundle that also logs rejections that nothing awaits. */
function telling(config, bundle) {
  if (config.entrypoint.endsWith(".py")) return bundle;
  return { ...bundle, entrypointSource: bundle.entrypointSource.replace(MAP_COMMENT, (comment) => LISTENER + comment.trimStart()) };
}

/** Gives what a worker binds and who reads its tails, without values, which may be secret. */
function boundBy({ bindings, tailConsumers, streamingTailConsumers }) {
  const tails = [...(tailConsumers ?? []), ...(streamingTailConsumers ?? [])];
  return [
    ...Object.entries(bindings ?? {}).map(([name, { type, remote, service, script_name, entrypoint, class_name }]) =>
      ({ name, type, remote, service, script_name, entrypoint, class_name })),
    ...tails.map(({ service, entrypoint }) => ({ name: "tail consumer", type: "tail", service, entrypoint })),
  ];
}

async function fillStores() {
  delete process.env.MINIFLARE_WORKERD_PATH; // the configuration is captured: the simulators run for real now
  try {
    await provision({
      miniflare: required("miniflare"),
      split: wrangler.unstable_splitSqlQuery,
      configs: readConfigs,
      seed: seed === null ? {} : JSON.parse(fs.readFileSync(seed, "utf8")),
      state: path.join(scratch, "state"),
    });
  } catch (error) {
    fail("data", reason(error));
  }
}

function sourceMapOf(bundle) {
  const file = `${bundle.path}.map`;
  return bundle.sourceMapPath && fs.existsSync(file) ? file : null;
}

function secretsOf(config) {
  const all = Object.entries(config.bindings ?? {});
  return all.flatMap(([name, { type, value }]) => (type === "secret_text" ? [[name, value]] : []));
}

function bindings() {
  const of = (type, values) => Object.entries(values ?? {}).map(([name, value]) => [name, { type, value }]);
  return Object.fromEntries([...of("plain_text", given.plain), ...of("secret_text", given.secret)]);
}

/** Gives the file of a configuration; without one wrangler follows the redirect in the working folder. */
function configured(index) {
  return redirected && index === 0 ? undefined : configs[index];
}

/** Gives an empty folder. */
function noAssets() {
  const folder = path.join(scratch, "no-assets");
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Gives the files of Workers Sites that a configuration names, as `wrangler dev` does: it leaves that to its caller. */
function site({ configPath, site: named }) {
  if (!named?.bucket) return undefined;
  let bucket = path.resolve(path.dirname(configPath ?? "wrangler.toml"), named.bucket);
  if (!fs.existsSync(bucket)) {
    say({ event: "no-assets", folder: bucket });
    bucket = noAssets();
  }
  return { bucket, include: named.include ?? [], exclude: named.exclude ?? [] };
}

function input(index) {
  const [env, name, primary] = [envs[index] ?? undefined, names[index] ?? undefined, index === 0];
  return {
    name,
    config: configured(index),
    entrypoint: (primary && main) || undefined,
    bindings: bindings(),
    env,
    compatibilityDate: date ?? undefined,
    legacy: { site },
    dev: {
      remote: false,
      watch: false,
      inspector: false,
      registry: undefined,
      logLevel: "none",
      persist: path.join(scratch, "state"),
      server: { hostname: "127.0.0.1", port: 0, secure: false },
      auth: () => fail("wrangler", "it asks for a login at Cloudflare, which poc does not have"),
      enableContainers: false,
      generateTypes: false,
      multiworkerPrimary: configs.length > 1 ? primary : undefined,
    },
  };
}

const readConfigs = [];
const NO_ASSETS = /"assets\.directory" field in your configuration file does not exist:\s*(.*)|missing the required `directory`/;

const RUST = /\b(?:cargo|worker-build)\b/;
const NO_RUST = /not found|Could not resolve host|Couldn't connect|dns error|failed to (?:fetch|download)|registry/i;
/** Gives what to change for a second try: no assets where none are built, or what an earlier build in Rust has left. */
function remedy(error, { build, main }) {
  const text = reason(error);
  const missing = NO_ASSETS.exec(text);
  if (missing !== null) {
    say({ event: "no-assets", folder: missing[1] ?? null });
    return { assets: noAssets() };
  }
  const command = build?.command;
  if (!text.includes("Running custom build") || !RUST.test(command) || !NO_RUST.test(printed)) return undefined;
  if (!main || !fs.existsSync(main)) return undefined;
  say({ event: "left-build", command, main });
  return { build: { custom: { command: "true" } } };
}

/** Has wrangler read a project. */
async function configure(devEnv, index) {
  let wanted = input(index);
  const config = wrangler.unstable_readConfig(wanted, { hideWarnings: true, useRedirectIfAvailable: true });
  readConfigs.push(config);
  connectHyperdrives(config, wanted.env, given.hyperdrive ?? {}, util.parseEnv);
  for (;;) {
    try {
      return await devEnv.config.set(wanted, true);
    } catch (error) {
      const change = remedy(error, config);
      if (change === undefined || Object.keys(change).every((key) => key in wanted)) throw error;
      wanted = { ...wanted, ...change };
    }
  }
}

process.stdin.on("end", () => process.exit(0)).resume();

try {
  const devEnvs = [];
  const built = new Map();
  const several = configs.length > 1 ? await runtimeOfSeveral() : undefined;
  for (const [index] of configs.entries()) {
    const runtimeFactories = index === 0 ? several : [() => devEnvs[0].runtimes[0]];
    const devEnv = new DevEnv({ ...(runtimeFactories && { runtimeFactories }), proxyFactory: noProxy });
    watchErrors(devEnv);
    const { bundler } = devEnv;
    const emit = bundler.emitBundleCompleteEvent.bind(bundler);
    bundler.emitBundleCompleteEvent = (config, bundle) => {
      built.set(config.name, { config, bundle });
      emit(config, telling(config, bundle));
    };
    devEnvs.push(devEnv);
  }
  const ready = new Promise((resolve) => {
    for (const devEnv of devEnvs) devEnv.on("reloadComplete", resolve);
  });
  for (const [index] of configs.entries()) await configure(devEnvs[index], index);
  await ready;
  await fillStores();
  const workers = devEnvs.map(({ config }) => built.get(config.latestConfig.name));
  say({
    event: "ready",
    workers: workers.map(({ config, bundle }) => ({
      name: config.name,
      bindings: boundBy(config),
      python: config.entrypoint.endsWith(".py"),
      date: config.compatibilityDate,
      map: sourceMapOf(bundle),
      module: path.basename(bundle.path),
    })),
    secrets: workers.flatMap(({ config }) => secretsOf(config)),
  });
} catch (error) {
  fail("config", reason(error));
}
