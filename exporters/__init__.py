"""What exists and who emits it: the metric catalogue, the exporter and the API instrumentation."""
