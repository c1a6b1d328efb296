"""What the metrics mean: PromQL written once, with its unit and its objective."""
