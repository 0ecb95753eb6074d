// Next.js's settings: what is not here is its default.

/** @type {import("next").NextConfig} */
export default {
  poweredByHeader: false,
  // Nothing above this folder is bundled; from the worker come types only.
  turbopack: { root: import.meta.dirname },
};
