using Workerd = import "/workerd/workerd.capnp";

const main :Workerd.Worker = (
  modules = [
    (name = "src/index.js", esModule = embed "src/index.js"),
    (name = "src/greet.js", esModule = embed "src/greet.js"),
  ],
  compatibilityDate = "2026-10-01",
  durableObjectNamespaces = [(className = "Room", uniqueKey = "throws-room", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    (name = "ROOM", durableObjectNamespace = "Room"),
    (name = "API_KEY", fromEnvironment = "POC_API_KEY"),
  ],
);
