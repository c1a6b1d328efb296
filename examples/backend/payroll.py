"""The monthly payroll: two statements an employee in the baseline, two for the whole batch when fixed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import Select, Update, func, select, update

from examples.backend.engine import SessionDep
from examples.backend.models import Employee, SalaryCalculation, TimerCard


class Batch(BaseModel):
    """Which salaries to calculate: those of a page of a factory's active employees, for one month."""

    factory_id: str
    year: int = Field(ge=2000, le=2100)
    month: int = Field(ge=1, le=12)
    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=20, ge=1, le=500)

    @property
    def days(self) -> tuple[date, date]:
        """The first day of the month, and of the next."""
        return date(self.year, self.month, 1), date(self.year + self.month // 12, self.month % 12 + 1, 1)


def baseline(session: SessionDep, batch: Batch) -> dict[str, Any]:
    """Hours and salary of each employee, one employee after the other."""
    count = 0
    for employee_id, wage in session.execute(_employees(batch)):
        hours = session.scalar(_hours(batch).where(TimerCard.employee_id == employee_id)) or 0
        session.execute(
            _calculation(batch).where(SalaryCalculation.employee_id == employee_id).values(gross=hours * wage)
        )
        count += 1
    session.commit()
    return {"employees": count}


def fixed(session: SessionDep, batch: Batch) -> dict[str, Any]:
    """All of them in one statement; the lock keeps two batches of one factory from meeting in it."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(batch.factory_id))))
    employees = _employees(batch).subquery()
    hours = _hours(batch).where(TimerCard.employee_id == employees.c.id).scalar_subquery()
    found = session.execute(
        _calculation(batch)
        .where(SalaryCalculation.employee_id == employees.c.id)
        .values(gross=func.coalesce(hours, 0) * employees.c.hourly_wage)
        .returning(SalaryCalculation.id)
    ).all()
    session.commit()
    return {"employees": len(found)}


def _employees(batch: Batch) -> Select[int, Decimal]:
    return (
        select(Employee.id, Employee.hourly_wage)
        .where(Employee.factory_id == batch.factory_id, Employee.is_active)
        .order_by(Employee.id)
        .offset(batch.offset)
        .limit(batch.limit)
    )


def _hours(batch: Batch) -> Select[Decimal]:
    first, after = batch.days
    return select(func.sum(TimerCard.hours)).where(TimerCard.work_date >= first, TimerCard.work_date < after)


def _calculation(batch: Batch) -> Update:
    return (
        update(SalaryCalculation)
        .where(
            SalaryCalculation.calculation_year == batch.year,
            SalaryCalculation.calculation_month == batch.month,
            ~SalaryCalculation.is_paid,
        )
        .execution_options(synchronize_session=False)
    )


def router(*, is_fixed: bool) -> APIRouter:
    """The payroll's route."""
    routes = APIRouter()
    routes.add_api_route("/api/payroll/batch", fixed if is_fixed else baseline, methods=["POST"])
    return routes
