"""The whole chain on one machine, without Docker: servers, load, faults, and what came of them."""
