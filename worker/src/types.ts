// One value of each type that the structured clone algorithm supports and JSON does not, and a comparison.
// Pure: stores nothing.

export type Samples = Readonly<Record<string, unknown>>;

/** Returns new values each time, so that no value is compared with itself. */
export function samples(): Samples {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  return {
    date: new Date(86_400_000),
    map: new Map([["one", 1]]),
    set: new Set(["one", "two"]),
    bytes: new Uint8Array([0, 127, 255]),
    bigint: 2n ** 70n,
    undefined: undefined,
    nan: Number.NaN,
    minus_zero: -0,
    regexp: /a+b/giu,
    error: new TypeError("wrong"),
    nested: { list: [1, { deep: new Map([["when", new Date(0)]]) }], nothing: null },
    cycle,
  };
}

/** Compares by type and content; values of other types with Object.is (NaN equals NaN, and 0 is not -0). */
function equal(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (Object.getPrototypeOf(one) !== Object.getPrototypeOf(other)) return false;
  if (one instanceof Date) return one.getTime() === (other as Date).getTime();
  if (one instanceof RegExp) return String(one) === String(other);
  if (one instanceof Error) return one.message === (other as Error).message;
  if (one instanceof Map || one instanceof Set) return equal([...one], [...(other as Iterable<unknown>)]);
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  const [left, right] = [one as Samples, other as Samples];
  return keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key]));
}

function isCycle(value: unknown): boolean {
  return typeof value === "object" && value !== null && "self" in value && value.self === value;
}

/** Returns the names of the values that are not equal; all of them if there is no value. */
export function different(found: Samples | undefined): string[] {
  const same = ([name, value]: [string, unknown]): boolean =>
    found !== undefined &&
    Object.hasOwn(found, name) &&
    (name === "cycle" ? isCycle(found[name]) : equal(value, found[name]));
  return Object.entries(samples())
    .filter((entry) => !same(entry))
    .map(([name]) => name);
}
