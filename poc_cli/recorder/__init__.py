"""Turn what clients did with a worker into a scenario that a person could have written."""
