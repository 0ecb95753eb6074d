"""Start what a run needs beside the worker and its clients: builds, app servers, the gateway and the proxy."""
