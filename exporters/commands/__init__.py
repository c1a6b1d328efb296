"""What the exporter's command line does beside serving; each module is loaded when its command runs."""
