"""Load a module of a worker that only an `import()` of its own would load, through the inspector."""

import json
from urllib.parse import unquote, urlsplit

from poc_cli.targets.isolate import LOADER, Isolate


async def load_module(isolate: Isolate, url: str) -> bool | None:
    """Load the module whose script has this URL; return whether it was evaluated to its end, None if none is found.

    The URL is the module's name in the worker's configuration, or, in what wrangler has made of a project, that of a
    file whose path ends in it. Raises InspectorError.
    """
    parts = unquote(urlsplit(url).path if "://" in url else url).strip("/").split("/")
    for start in range(len(parts)):
        before = set(isolate.own_scripts)
        fulfilled = await _import("/".join(parts[start:]), isolate)
        if url in {isolate.inspector.scripts[each] for each in isolate.own_scripts if each not in before}:
            return fulfilled
    return None


async def _import(name: str, isolate: Isolate) -> bool:
    """Import a module by its name, and return whether it was evaluated to its end.

    workerd resolves an `import()` from the name of the script that it is in, which `compileScript` sets and `evaluate`
    does not (measured on workerd 1.20261117.1). As for the worker's own `import()`, no I/O is possible meanwhile.
    """
    folder, slash, file = name.rpartition("/")
    inspector = isolate.inspector
    compiled = await inspector.call(
        "Runtime.compileScript",
        expression=f"import({json.dumps(f'./{file}')})",
        sourceURL=f"{folder}{slash}{LOADER}",
        persistScript=True,
        executionContextId=inspector.context,
    )
    promise = await inspector.call(
        "Runtime.runScript", scriptId=compiled["scriptId"], executionContextId=inspector.context, silent=True
    )
    internal = await isolate.internal_properties(promise["result"]["objectId"])
    return bool(internal.get("[[PromiseState]]", {}).get("value") == "fulfilled")
