using Workerd = import "/workerd/workerd.capnp";

const main :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "src/index.js")],
  compatibilityDate = "2026-10-01",
  durableObjectNamespaces = [(className = "Room", uniqueKey = "late-room", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [(name = "ROOM", durableObjectNamespace = "Room")],
  globalOutbound = "internet",
);
