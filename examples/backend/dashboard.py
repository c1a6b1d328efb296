"""The admin dashboard as the audit found it, one query a row and no cache; and with its remedies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from examples.backend.engine import SessionDep
from examples.backend.models import Employee, Request, SalaryCalculation, TimerCard
from examples.backend.observability import cache_response

Limit = Annotated[int, Query(ge=1, le=50)]

ACTIVE_EMPLOYEES = select(func.count()).select_from(Employee).where(Employee.is_active)
PENDING_REQUESTS = select(func.count()).select_from(Request).where(Request.status == "pending")
UNAPPROVED_CARDS = select(func.count()).select_from(TimerCard).where(~TimerCard.is_approved)
UNPAID_SALARIES = select(func.sum(SalaryCalculation.gross)).where(~SalaryCalculation.is_paid)
STATS = {
    "active_employees": ACTIVE_EMPLOYEES,
    "pending_requests": PENDING_REQUESTS,
    "unapproved_timer_cards": UNAPPROVED_CARDS,
    "unpaid_salaries": UNPAID_SALARIES,
}
HOURS = func.sum(TimerCard.hours)
BUSIEST = (
    select(TimerCard.factory_id, HOURS)
    .group_by(TimerCard.factory_id)
    .order_by(HOURS.desc(), TimerCard.factory_id)
    .limit(5)
)


def baseline(session: SessionDep, limit: Limit = 5) -> dict[str, Any]:
    """Everything anew for each request, and the employee of each row by a query of its own."""
    return {
        "stats": {name: session.scalar(query) for name, query in STATS.items()},
        **_lists(session, limit),
    }


@cache_response(ttl=300, key_prefix="dashboard_admin")
def fixed(session: SessionDep, limit: Limit = 5) -> dict[str, Any]:
    """Cached for five minutes; on a miss four queries, with the employees joined."""
    columns = [query.scalar_subquery().label(name) for name, query in STATS.items()]
    stats = session.execute(select(*columns)).mappings().one()
    return {"stats": dict(stats), **_lists(session, limit, eager=True)}


def _lists(session: Session, limit: int, *, eager: bool = False) -> dict[str, Any]:
    requests = select(Request).order_by(Request.created_at.desc()).limit(limit)
    salaries = select(SalaryCalculation).order_by(SalaryCalculation.created_at.desc()).limit(limit)
    if eager:
        requests = requests.options(joinedload(Request.employee))
        salaries = salaries.options(joinedload(SalaryCalculation.employee))
    return {
        "busiest_factories": [
            {"factory_id": name, "hours": hours} for name, hours in session.execute(BUSIEST)
        ],
        "recent_requests": request_rows(session.scalars(requests).all()),
        "recent_salaries": [
            {
                "id": salary.id,
                "employee": salary.employee.full_name,
                "period": f"{salary.calculation_year}-{salary.calculation_month:02}",
                "gross": salary.gross,
                "is_paid": salary.is_paid,
            }
            for salary in session.scalars(salaries)
        ],
    }


def request_rows(requests: Sequence[Request]) -> list[dict[str, Any]]:
    """What a list shows of each request, its employee's name included."""
    return [
        {
            "id": request.id,
            "employee": request.employee.full_name,
            "type": request.request_type,
            "status": request.status,
            "reason": request.reason,
            "created_at": request.created_at,
        }
        for request in requests
    ]


def router(*, is_fixed: bool) -> APIRouter:
    """The dashboard's route."""
    routes = APIRouter()
    routes.add_api_route("/api/dashboard/admin", fixed if is_fixed else baseline)
    return routes
