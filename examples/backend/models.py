"""The audit's tables. The five indexes it misses are in `sql/indexes.sql`, not here."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ForeignKey, Index, MetaData, Numeric, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Parent of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "pk": "%(table_name)s_pkey",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        }
    )


class Factory(Base):
    """A client's site; its configuration is a large nested object."""

    __tablename__ = "factories"

    factory_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    is_active: Mapped[bool]
    config: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Employee(Base):
    """A person who works at a factory."""

    __tablename__ = "employees"

    id: Mapped[int] = mapped_column(primary_key=True)
    factory_id: Mapped[str] = mapped_column(ForeignKey("factories.factory_id"))
    full_name: Mapped[str]
    address: Mapped[str]
    is_active: Mapped[bool]
    hire_date: Mapped[date]
    hourly_wage: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    apartments: Mapped[list[ApartmentAssignment]] = relationship(back_populates="employee")


class Request(Base):
    """An employee's request, such as paid leave, waiting for a decision."""

    __tablename__ = "requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id"))
    request_type: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    employee: Mapped[Employee] = relationship()


class SalaryCalculation(Base):
    """What an employee earned in one month."""

    __tablename__ = "salary_calculations"

    id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id"))
    calculation_year: Mapped[int]
    calculation_month: Mapped[int]
    gross: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    is_paid: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    employee: Mapped[Employee] = relationship()


class ApartmentAssignment(Base):
    """Who lives, or lived, in which apartment of the company."""

    __tablename__ = "apartment_assignments"

    id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id"))
    apartment: Mapped[str]
    status: Mapped[str]
    start_date: Mapped[date]
    employee: Mapped[Employee] = relationship(back_populates="apartments")


class TimerCard(Base):
    """The hours of one employee on one day, and whether somebody approved them."""

    __tablename__ = "timer_cards"
    __table_args__ = (Index(None, "employee_id", "work_date"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    employee_id: Mapped[int] = mapped_column(ForeignKey("employees.id"))
    factory_id: Mapped[str] = mapped_column(ForeignKey("factories.factory_id"))
    work_date: Mapped[date]
    hours: Mapped[Decimal] = mapped_column(Numeric(4, 2))
    is_approved: Mapped[bool]
