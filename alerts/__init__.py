"""When to wake someone: rules on signals, their messages and their runbooks, for Grafana and Prometheus."""
