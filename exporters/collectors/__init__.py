"""Turning the answers of PostgreSQL and Redis into samples of the catalogue's metrics."""
