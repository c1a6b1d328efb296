"""Lists and details of employees, their requests and timer cards. The states differ in indexes and joins."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import contains_eager, joinedload

from examples.backend.dashboard import request_rows
from examples.backend.engine import SessionDep
from examples.backend.models import ApartmentAssignment, Employee, Request, SalaryCalculation, TimerCard

Limit = Annotated[int, Query(ge=1, le=200)]


def employees(
    session: SessionDep,
    factory_id: str,
    is_active: bool = True,
    hired_since: date | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """The employees of a factory, the newest first, and how many there are."""
    chosen = [Employee.factory_id == factory_id, Employee.is_active == is_active]
    if hired_since is not None:
        chosen.append(Employee.hire_date >= hired_since)
    page = select(Employee).where(*chosen).order_by(Employee.hire_date.desc()).limit(limit)
    return {
        "total": session.scalar(select(func.count()).select_from(Employee).where(*chosen)),
        "items": [
            {
                "id": employee.id,
                "full_name": employee.full_name,
                "address": employee.address,
                "hire_date": employee.hire_date,
            }
            for employee in session.scalars(page)
        ],
    }


def employee_detail(session: SessionDep, employee_id: int) -> dict[str, Any]:
    """One employee with the apartment now lived in and the salaries not yet paid."""
    active = and_(ApartmentAssignment.employee_id == Employee.id, ApartmentAssignment.status == "active")
    query = (
        select(Employee)
        .outerjoin(ApartmentAssignment, active)
        .options(contains_eager(Employee.apartments))
        .where(Employee.id == employee_id)
    )
    employee = session.scalars(query).unique().one_or_none()
    if employee is None:
        raise HTTPException(404, "no such employee")
    unpaid = (
        select(SalaryCalculation)
        .where(SalaryCalculation.employee_id == employee_id, ~SalaryCalculation.is_paid)
        .order_by(SalaryCalculation.calculation_year, SalaryCalculation.calculation_month)
    )
    return {
        "id": employee.id,
        "full_name": employee.full_name,
        "factory_id": employee.factory_id,
        "hire_date": employee.hire_date,
        "apartments": [assignment.apartment for assignment in employee.apartments],
        "unpaid": [salary.gross for salary in session.scalars(unpaid)],
    }


def pending_timer_cards(session: SessionDep, factory_id: str, limit: Limit = 50) -> list[dict[str, Any]]:
    """The approval queue of a factory, the newest day first."""
    query = (
        select(TimerCard)
        .where(TimerCard.factory_id == factory_id, ~TimerCard.is_approved)
        .order_by(TimerCard.work_date.desc())
        .limit(limit)
    )
    return [
        {"id": card.id, "employee_id": card.employee_id, "work_date": card.work_date, "hours": card.hours}
        for card in session.scalars(query)
    ]


def requests_baseline(
    session: SessionDep, status: str = "pending", limit: Limit = 10
) -> list[dict[str, Any]]:
    """Requests by status, the newest first, and the employee of each by a query of its own."""
    return request_rows(session.scalars(_requests(status, limit)).all())


def requests_fixed(session: SessionDep, status: str = "pending", limit: Limit = 10) -> list[dict[str, Any]]:
    """The same in one query."""
    query = _requests(status, limit).options(joinedload(Request.employee))
    return request_rows(session.scalars(query).all())


def _requests(status: str, limit: int) -> Select[Request]:
    newest = Request.created_at.desc()
    return select(Request).where(Request.status == status).order_by(newest).limit(limit)


def router(*, is_fixed: bool) -> APIRouter:
    """The routes of people and what they hand in."""
    routes = APIRouter()
    routes.add_api_route("/api/employees", employees)
    routes.add_api_route("/api/employees/{employee_id}", employee_detail)
    routes.add_api_route("/api/timer-cards/pending", pending_timer_cards)
    routes.add_api_route("/api/requests", requests_fixed if is_fixed else requests_baseline)
    return routes
