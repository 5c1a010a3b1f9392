"""The demonstration: a full farm, a simulated cloud, and everything between them for real."""
