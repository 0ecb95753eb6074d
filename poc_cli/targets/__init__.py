"""The places where a worker can run, and the processes that poc starts for them."""
