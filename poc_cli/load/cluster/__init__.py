"""Run a load on the processes of a Dask cluster."""
