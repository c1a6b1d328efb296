"""Where to look: boards as data, rendered to what Grafana reads; also the command line of the project."""
