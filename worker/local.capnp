# The worker as raw workerd runs it, without a build step. poc imports `main` into a configuration of its own,
# which adds the socket, the disk, the network and the side-car; a worker defines none of them.
using Workerd = import "/workerd/workerd.capnp";

const main :Workerd.Worker = (
  modules = [
    (name = "index.ts", esModule = embed "src/index.ts"),
    (name = "auth.ts", esModule = embed "src/auth.ts"),
    (name = "log.ts", esModule = embed "src/log.ts"),
    (name = "messages.ts", esModule = embed "src/messages.ts"),
    (name = "pins.ts", esModule = embed "src/pins.ts"),
    (name = "room.ts", esModule = embed "src/room.ts"),
  ],
  compatibilityDate = "2026-10-01",
  compatibilityFlags = ["typescript_strip_types"],
  durableObjectNamespaces = [(className = "Room", uniqueKey = "poc-room", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [
    (name = "ROOM", durableObjectNamespace = "Room"),
    (name = "POC_TOKEN", fromEnvironment = "POC_TOKEN"),
    (name = "POC_VERSION", fromEnvironment = "POC_VERSION"),
  ],
  globalOutbound = "internet",
);
