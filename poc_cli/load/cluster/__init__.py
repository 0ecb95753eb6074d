"""A load on the processes of a Dask cluster: who they are, what they do, and what became of them. Never judges."""
