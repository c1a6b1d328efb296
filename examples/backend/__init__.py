"""A backend like the audited one: FastAPI, SQLAlchemy 2, PostgreSQL, Redis, with its faults and its fixes."""
