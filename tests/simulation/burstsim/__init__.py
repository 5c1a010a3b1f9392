"""A studio with its gateways, farm, store and cloud in one process, under faults from a seed."""
