"""The configuration around boards and rules: data source, dashboard provider, Prometheus."""

from __future__ import annotations

from typing import Any

from dashboards.targets import Job, Targets
from signals.promql import duration

Json = dict[str, Any]

# Labels of the target file that only steer the scrape.
KIND = "kind"
METRICS = "metrics"


def datasource(targets: Targets, uid: str) -> Json:
    """Grafana's data source; its `timeInterval` makes `$__rate_interval` hold four scrapes."""
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Prometheus",
                "uid": uid,
                "type": "prometheus",
                "access": "proxy",
                "url": targets.prometheus,
                "isDefault": True,
                "editable": False,
                "jsonData": {
                    "httpMethod": "POST",
                    "manageAlerts": False,
                    "timeInterval": duration(targets.interval),
                },
            }
        ],
    }


def provider(folder: str) -> Json:
    """Grafana's dashboard provider.

    Without `folderUid`: with it, a rule group of the same folder title makes a second folder.
    """
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": "backend-observability",
                "orgId": 1,
                "folder": folder,
                "type": "file",
                "disableDeletion": True,
                "allowUiUpdates": False,
                "updateIntervalSeconds": 30,
                # Grafana sets the variable itself, in every way of running it.
                "options": {"path": "$GF_PATHS_PROVISIONING/dashboards"},
            }
        ],
    }


def prometheus(targets: Targets, *, notifies: bool) -> Json:
    """prometheus.yml.

    Args:
        targets: what is scraped.
        notifies: whether firing alerts go to Alertmanager; otherwise the rules are a second opinion only.
    """
    config: Json = {
        "global": {
            "scrape_interval": duration(targets.interval),
            "scrape_timeout": duration(targets.timeout),
            "evaluation_interval": duration(targets.interval),
        },
        "rule_files": ["rules/*.yml"],
        "scrape_configs": [_job(job, targets) for job in targets.jobs],
    }
    if notifies:
        config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [targets.alertmanager]}]}]}
    return config


def _job(job: Job, targets: Targets) -> Json:
    config: Json = {"job_name": job.name}
    if job.kind == "health":
        config |= {"metrics_path": "/probe", "params": {"module": ["http_2xx"]}}
    elif job.path != "/metrics":
        config["metrics_path"] = job.path
    relabel: list[Json] = []
    if job.addresses:
        labels = {**targets.labels, **job.labels}
        config["static_configs"] = [{"targets": list(job.addresses), "labels": labels}]
    else:
        config["file_sd_configs"] = [{"files": [targets.file]}]
        # A target that does not say what it is has a page of metrics.
        kinds = f"({METRICS})?" if job.kind == METRICS else job.kind
        relabel.append({"source_labels": [KIND], "regex": kinds, "action": "keep"})
        relabel.append({"regex": KIND, "action": "labeldrop"})
        for name, value in targets.labels.items():
            given = {"source_labels": [name], "regex": "", "target_label": name, "replacement": value}
            relabel.append(given)
    if job.kind == "health":
        relabel += [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": targets.blackbox},
        ]
    if relabel:
        config["relabel_configs"] = relabel
    return config
