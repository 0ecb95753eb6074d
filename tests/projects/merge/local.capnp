using Workerd = import "/workerd/workerd.capnp";

const main :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "src/index.js")],
  compatibilityDate = "2026-10-01",
  durableObjectNamespaces = [(className = "Board", uniqueKey = "merge-object", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "BOARDS", durableObjectNamespace = "Board")],
);
