"""Labels that Prometheus itself attaches to what it scrapes."""

from __future__ import annotations

from exporters.catalogue.types import Label

JOB = Label(name="job", help="The scrape job.", bound="one per entry in the scrape configuration")
INSTANCE = Label(name="instance", help="The scraped address.", bound="one per target")
ENVIRONMENT = Label(
    name="environment", help="Such as production or staging.", bound="set per target by the operator"
)
CLUSTER = Label(
    name="cluster", help="The installation within an environment.", bound="set per target by the operator"
)

TARGET_LABELS = (JOB, INSTANCE)
