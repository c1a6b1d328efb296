-- The audit's five missing indexes. Run with psql, outside a transaction:
--   psql -v ON_ERROR_STOP=1 -f indexes.sql "$DATABASE_URL"
-- The audit's own script wraps these in BEGIN .. COMMIT; PostgreSQL refuses CREATE INDEX CONCURRENTLY there.

-- IF NOT EXISTS also keeps the invalid index that an interrupted build leaves behind; so drop those first.
SELECT format('DROP INDEX CONCURRENTLY %s', indexrelid::regclass)
FROM pg_index
WHERE NOT indisvalid AND indexrelid::regclass::text IN (
    'idx_salary_employee_paid', 'idx_apartment_assignment_employee_active', 'idx_requests_status_created',
    'idx_timer_cards_approval_queue', 'idx_employees_factory_active_hire')
\gexec

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_salary_employee_paid
    ON salary_calculations (employee_id, is_paid, calculation_year, calculation_month);

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_apartment_assignment_employee_active
    ON apartment_assignments (employee_id, status) WHERE status = 'active';

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_requests_status_created
    ON requests (status, created_at DESC);

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_timer_cards_approval_queue
    ON timer_cards (factory_id, is_approved, work_date DESC) WHERE is_approved = false;

CREATE INDEX CONCURRENTLY IF NOT EXISTS idx_employees_factory_active_hire
    ON employees (factory_id, is_active, hire_date DESC);

VACUUM ANALYZE salary_calculations;
VACUUM ANALYZE apartment_assignments;
VACUUM ANALYZE requests;
VACUUM ANALYZE timer_cards;
VACUUM ANALYZE employees;
