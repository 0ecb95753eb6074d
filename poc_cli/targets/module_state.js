// Runs in the worker's isolate, called through the inspector and by nobody else: keeps what every object holds once the
// worker has been loaded, tells what differs later, and puts it back. Objects keep their identity.
(() => {
  const { apply, defineProperty, deleteProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { setPrototypeOf } = Reflect;
  const { is } = Object;
  const source = Function.prototype.toString;
  const unbound = (method) => (self, ...rest) => apply(method, self, rest);
  const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

  /** Memory beyond this is not copied: it is told as what cannot be put back. */
  const MOST_BYTES = 64 << 20;
  const isBuffer = (view) =>
    view instanceof ArrayBuffer || (typeof SharedArrayBuffer === "function" && view instanceof SharedArrayBuffer);
  const bytesOf = (view) =>
    isBuffer(view)
      ? new Uint8Array(view)
      : new Uint8Array(view.buffer, view.byteOffset ?? 0, view.byteLength ?? view.buffer.byteLength);
  const bytes = {
    read: (view) => {
      const content = bytesOf(view);
      if (content.length > MOST_BYTES) throw new RangeError("too many bytes");
      return content.slice();
    },
    write: (view, content) => bytesOf(view).set(content),
    inside: () => [],
  };
  const mapEach = unbound(Map.prototype.forEach);
  const mapClear = unbound(Map.prototype.clear);
  const mapSet = unbound(Map.prototype.set);
  const setEach = unbound(Set.prototype.forEach);
  const setClear = unbound(Set.prototype.clear);
  const setAdd = unbound(Set.prototype.add);
  const getTime = unbound(Date.prototype.getTime);
  const setTime = unbound(Date.prototype.setTime);
  const pairs = {
    read: (each) => [...each].flat(),
    write: (each, content) => {
      for (const key of [...each.keys()]) each.delete(key);
      for (let at = 0; at < content.length; at += 2) each.append(content[at], content[at + 1]);
    },
    inside: () => [],
  };

  /** What an object holds beside its properties, by its kind. */
  const KINDS = {
    map: {
      read: (map) => {
        const content = [];
        mapEach(map, (value, key) => content.push(key, value));
        return content;
      },
      write: (map, content) => {
        mapClear(map);
        for (let at = 0; at < content.length; at += 2) mapSet(map, content[at], content[at + 1]);
      },
      inside: (content) => content,
    },
    set: {
      read: (set) => {
        const content = [];
        setEach(set, (value) => content.push(value));
        return content;
      },
      write: (set, content) => {
        setClear(set);
        for (const value of content) setAdd(set, value);
      },
      inside: (content) => content,
    },
    global: { read: (global) => [global.value], write: (global, [value]) => (global.value = value), inside: () => [] },
    table: {
      read: (table) => Array.from({ length: table.length }, (_, at) => table.get(at)),
      write: (table, content) => content.forEach((value, at) => table.set(at, value)),
      inside: (content) => content,
    },
    emitters: {
      read: (emitter) => [emitter.defaultMaxListeners],
      write: (emitter, [most]) => (emitter.defaultMaxListeners = most),
      inside: () => [],
    },
    date: { read: (date) => [getTime(date)], write: (date, [time]) => setTime(date, time), inside: () => [] },
    url: { read: (url) => [url.href], write: (url, [href]) => (url.href = href), inside: () => [] },
    typedarray: bytes,
    arraybuffer: bytes,
    dataview: bytes,
    memory: bytes,
    pairs,
  };

  /** Classes of the runtime's whose objects hold state that no property shows. */
  const OPAQUE = ["EventTarget", "AbortController", "ReadableStream", "WritableStream", "TransformStream"];

  const tagOf = (object) => apply(Object.prototype.toString, object, []).slice("[object ".length, -1);
  /** How far these are is shown by no property, nor by the inspector. */
  const ITERATORS = ["Array Iterator", "String Iterator", "RegExp String Iterator", "Iterator Helper"];
  const NodeClass = /^(Hash|Hmac|Cipher|Sign|Verify|Channel)/;

  /** The kind of an object that the inspector knows none of. */
  const kindOf = (object) => {
    if (object instanceof WebAssembly.Global) return "global";
    if (object instanceof WebAssembly.Table) return "table";
    // The events of node: a number that only an accessor shows.
    if (typeof object === "function" && getOwnPropertyDescriptor(object, "defaultMaxListeners")?.get) return "emitters";
    return undefined;
  };

  /** By object: its prototype, its properties, and its content where its kind has one. */
  const saved = new Map();
  const weak = [];
  const large = new Set();
  let values = [];
  let labels = [];
  let order = [];
  let names = null;

  const isBytes = (kind) => KINDS[kind] === bytes;
  /** Gives the properties of an object; of one of the runtime's own, reading a property may make it do something. */
  const propertiesOf = (object, kind, read) => {
    const found = new Map();
    if (isBytes(kind)) return found; // each byte would be one
    for (const key of ownKeys(object)) {
      try {
        found.set(key, read(key) ? getOwnPropertyDescriptor(object, key) : undefined);
      } catch {} // a binding of a module that is not there yet
    }
    return found;
  };
  const all = () => true;
  const none = () => false;
  const alike = (a, b) => {
    if (a === undefined || b === undefined) return a === b;
    return (
      is(a.value, b.value) &&
      a.get === b.get &&
      a.set === b.set &&
      a.writable === b.writable &&
      a.enumerable === b.enumerable &&
      a.configurable === b.configurable
    );
  };
  const same = (a, b) => {
    if (a.length !== b.length) return false;
    for (let at = 0; at < a.length; at++) if (!is(a[at], b[at])) return false;
    return true;
  };
  const isNative = (value) => {
    try {
      return typeof value === "function" && apply(source, value, []).endsWith("{ [native code] }");
    } catch {
      return false;
    }
  };
  const made = (object) => object && getOwnPropertyDescriptor(object, "constructor")?.value;
  /** Whether the class of an object is written in JavaScript, so that reading its properties does nothing else. */
  const isScripted = (object) => {
    for (let each = object; each !== null; each = getPrototypeOf(each)) {
      const constructor = made(each);
      if (typeof constructor === "function") return !isNative(constructor);
    }
    return false;
  };
  const contentOf = (object, kind) => (kind in KINDS ? KINDS[kind].read(object) : null);
  const insideOf = ({ proto, properties, content, kind }) => {
    const found = [proto];
    for (const property of properties.values()) if (property) found.push(property.value, property.get, property.set);
    if (content !== null) for (const value of KINDS[kind].inside(content)) found.push(value);
    return found;
  };

  /** Gives the keys of an object's properties that differ, and whether its content or prototype does. */
  const difference = (object, record) => {
    if (record.kind === "proxy") return { keys: [], content: false, proto: false, sealed: false };
    const now = propertiesOf(object, record.kind, record.read);
    const keys = [];
    for (const [key, property] of record.properties) if (!alike(property, now.get(key))) keys.push(key);
    for (const key of now.keys()) if (!record.properties.has(key)) keys.push(key);
    let content = false;
    try {
      content = record.content !== null && !same(record.content, contentOf(object, record.kind));
    } catch {
      content = true; // a buffer that is detached by now
    }
    const proto = record.proto !== undefined && getPrototypeOf(object) !== record.proto;
    return { keys, content, proto, sealed: record.extensible === true && !Object.isExtensible(object) };
  };
  const differs = ({ keys, content, proto, sealed }) => keys.length > 0 || content || proto || sealed;
  const restore = (object, record, { keys, content, proto }) => {
    if (proto) setPrototypeOf(object, record.proto);
    if (content) KINDS[record.kind].write(object, record.content);
    const length = keys.includes("length") && Array.isArray(object);
    if (length) object.length = record.properties.get("length").value;
    for (const key of keys) {
      const before = record.properties.get(key);
      if (before === undefined) deleteProperty(object, key);
      else if (!(length && key === "length")) defineProperty(object, key, before);
    }
  };

  const pairsOf = (entries) => {
    const found = new Map();
    for (let at = 0; at < entries.length; at += 2) found.set(entries[at], entries[at + 1]);
    return found;
  };
  /** Gives the keys whose entries differ. */
  const weakDifference = (at, now) => {
    const differs = (key) => now.has(key) !== weak[at].has(key) || !is(now.get(key), weak[at].get(key));
    return [...new Set([...now.keys(), ...weak[at].keys()])].filter(differs);
  };

  const differing = () => {
    const found = [];
    for (const [object, record] of saved) {
      const what = difference(object, record);
      if (differs(what)) found.push([object, record, what]);
    }
    return found;
  };

  /** Gives the way to an object from a binding or the global object, as it was when the worker had been loaded. */
  const nameOf = (object) => {
    if (names === null) {
      names = new Map();
      const queue = [];
      const see = (value, root, path) => {
        if (!isObject(value) || names.has(value)) return;
        names.set(value, [root, path]);
        queue.push(value);
      };
      for (const root of order) see(values[root], root, labels[root]);
      see(globalThis, -1, "globalThis");
      for (let next = 0; next < queue.length; next++) {
        const record = saved.get(queue[next]);
        if (record === undefined) continue;
        const [root, path] = names.get(queue[next]);
        for (const [key, property] of record.properties) {
          const step = typeof key === "symbol" ? `[${String(key)}]` : /^[A-Za-z_$]/.test(key) ? `.${key}` : `[${key}]`;
          if (property) for (const value of [property.value, property.get, property.set]) see(value, root, path + step);
        }
        if (record.content !== null) for (const value of KINDS[record.kind].inside(record.content)) see(value, root, path);
        see(record.proto, root, `${path}.__proto__`);
      }
    }
    return names.get(object) ?? [-2, ""];
  };

  const told = ([object, record, { keys, content, proto }]) => {
    const [root, path] = nameOf(object);
    const isNamespace = typeof object === "function" || object === globalThis || path === "env";
    const one = !content && !proto && !Array.isArray(object) && keys.length === 1 ? keys[0] : undefined;
    const tells = typeof one === "string" && (isNamespace || record.properties.has(one));
    return { root, path: tells ? `${path}.${one}` : path, keys: keys.slice(0, 5).map(String), tag: tagOf(object) };
  };

  return {
    /**
     * Keeps objects as they are; `kinds` says what they hold beside properties, `keys` that only the names of their
     * properties may be looked at.
     */
    keep(objects, kinds) {
      objects.forEach((object, at) => {
        if (!isObject(object) || saved.has(object)) return;
        let kind = kinds[at] === "proxy" ? "proxy" : (kindOf(object) ?? kinds[at] ?? undefined);
        if (kind === "proxy") {
          // To look at it would call its traps.
          saved.set(object, { proto: undefined, properties: new Map(), content: null, kind, read: none });
          return;
        }
        if (kind === "keys" && !isScripted(object)) {
          saved.set(object, { proto: undefined, properties: propertiesOf(object, kind, none), content: null, kind, read: none });
          return;
        }
        if (kind === "keys") kind = undefined;
        let content = null;
        try {
          content = contentOf(object, kind);
        } catch {
          if (isBytes(kind)) large.add(object);
          kind = undefined; // a prototype, which is called like its class
        }
        const properties = propertiesOf(object, kind, all);
        const extensible = Object.isExtensible(object);
        saved.set(object, { proto: getPrototypeOf(object), properties, content, kind, read: all, extensible });
      });
    },
    /** Keeps the global object: of the runtime's own properties, which may be made when they are read, the names. */
    keepGlobal(ordinary, mentioned) {
      const unread = new Set(ordinary);
      for (const key of mentioned) unread.delete(key);
      const read = (key) => !unread.has(key);
      const properties = propertiesOf(globalThis, undefined, read);
      saved.set(globalThis, { proto: undefined, properties, content: null, kind: undefined, read });
    },
    /**
     * Keeps what no variable of the worker leads to and it can reach all the same: of objects that are the runtime's own
     * the names of their properties, and plain objects.
     */
    keepRest(objects) {
      const ordinary = [null, Object.prototype, Array.prototype, Function.prototype];
      for (const object of objects) {
        const proto = getPrototypeOf(object);
        const isOwn = isNative(object) || isNative(made(object)) || (!ordinary.includes(proto) && isNative(made(proto)));
        const isGlobal = getOwnPropertyDescriptor(object, "globalThis") !== undefined; // kept, and in other guises here
        if (isGlobal || saved.has(object)) continue;
        const isPlain = proto === Object.prototype && !isOwn && typeof object === "object" && !made(object);
        if (!isOwn && !isPlain) continue;
        const read = isPlain ? all : none;
        const properties = propertiesOf(object, "keys", read);
        saved.set(object, { proto: undefined, properties, content: null, kind: "keys", read });
      }
    },
    /** Gives the instances and memories of WebAssembly in a list: their JavaScript objects may be held by nobody. */
    wasm: (objects) =>
      objects.filter((each) => each instanceof WebAssembly.Instance || each instanceof WebAssembly.Memory),
    /** Gives those of a list of objects that hold the bindings of the worker. */
    environments(objects) {
      const isNamespace = (value) => typeof value === "object" && value !== null && typeof value.idFromName === "function";
      return objects.filter(
        (object) =>
          getPrototypeOf(object) === Object.prototype &&
          ownKeys(object).some((key) => isNamespace(getOwnPropertyDescriptor(object, key)?.value)),
      );
    },
    /** Gives the objects that kept ones hold and that are not kept yet. */
    beyond(extra) {
      const found = new Set();
      const see = (value) => {
        if (isObject(value) && !saved.has(value)) found.add(value);
      };
      extra.forEach(see);
      try {
        see(globalThis.caches?.default);
      } catch {} // there is no cache
      for (const record of saved.values()) insideOf(record).forEach(see);
      return [...found];
    },
    /** Gives the kept objects whose class has private members: their fields are only told by the inspector. */
    withPrivate() {
      const has = new Map();
      const declares = (value) => {
        if (typeof value !== "function") return false;
        if (!has.has(value)) has.set(value, /^class\b[^]*#/.test(apply(source, value, [])));
        return has.get(value);
      };
      const found = [];
      for (const [object, { properties }] of saved) {
        let one = declares(object);
        for (let proto = saved.get(object).proto; !one && proto; proto = saved.get(proto)?.proto) {
          one = declares(saved.get(proto)?.properties.get("constructor")?.value);
        }
        if (one) found.push(object);
      }
      return found;
    },
    /** Keeps the values of bindings, with their names. */
    bind(given, inOrder, now) {
      labels = given;
      order = inOrder;
      values = now;
      names = null;
    },
    /** Gives which bindings have another value than they had. */
    rebound: (now) => values.map((value, at) => (is(value, now[at]) ? -1 : at)).filter((at) => at >= 0),
    /** Gives a binding its value back, by an accessor from its scope; `holder` is the object of a private field. */
    set(at, accessor, holder) {
      if (holder === undefined) accessor[1](values[at]);
      else accessor[1](holder, values[at]);
    },
    /** Gives the last match of a regular expression, which `RegExp` shows, the value that it has in a new process. */
    reset: () => void /(?:)/.exec(""),
    changes: () => differing().map(told),
    named(object) {
      const [root, path] = nameOf(object);
      return { root, path };
    },
    /** Puts all objects back and gives those where that failed. */
    putBack() {
      const failed = [];
      for (const each of differing()) {
        try {
          restore(...each);
          if (differs(difference(each[0], each[1]))) failed.push(told(each));
        } catch {
          failed.push(told(each));
        }
      }
      return failed;
    },
    /** Gives the kept objects whose state nobody can look at; `streams` where a decoder may wait for half a character. */
    hidden(streams) {
      const classes = OPAQUE.map((name) => globalThis[name]).filter((each) => typeof each === "function");
      // An instance that shows none of its memory.
      const isClosed = (object) =>
        object instanceof WebAssembly.Instance &&
        !Object.values(object.exports).some((each) => each instanceof WebAssembly.Memory);
      // The clock that every worker has: it holds nothing but the marks that were set.
      const isClock = (object) => {
        try {
          return object === globalThis.performance && !(object.getEntries?.().length > 0);
        } catch {
          return false;
        }
      };
      const isNodes = (object) => {
        const constructor = made(getPrototypeOf(object));
        return typeof constructor === "function" && !(constructor.name in globalThis) && NodeClass.test(constructor.name);
      };
      const isIterator = (object) => ITERATORS.includes(tagOf(object)) && !saved.get(object).properties.has("next");
      const isOne = (object) =>
        object !== globalThis &&
        !isClock(object) &&
        saved.get(object)?.properties.has("constructor") === false &&
        (large.has(object) ||
          isClosed(object) ||
          isIterator(object) ||
          (streams && object instanceof TextDecoder) ||
          isNodes(object) ||
          classes.some((each) => object instanceof each));
      return [...saved.keys()].filter((object) => typeof object === "object" && isOne(object)).map((object) => {
        const [root, path] = nameOf(object);
        return { root, path, keys: [], tag: tagOf(object) };
      });
    },
    /** Keeps the entries of a weak collection, given as keys and values in turn. */
    keepWeak(at, collection, ...entries) {
      weak[at] = pairsOf(entries);
    },
    weakDiffers: (at, collection, ...entries) => weakDifference(at, pairsOf(entries)).length > 0,
    putBackWeak(at, collection, ...entries) {
      for (const key of weakDifference(at, pairsOf(entries))) {
        if (!weak[at].has(key)) collection.delete(key);
        else if (collection instanceof WeakSet) collection.add(key);
        else collection.set(key, weak[at].get(key));
      }
    },
    size: () => saved.size,
  };
})()
