"""Who may read the exporter's pages: certificates and users, in the format of Prometheus' exporters."""
