"""What takes part beside our own clients and the runtime: programs, pages in a browser, app servers; never judges."""
