-- Enough rows that a missing index and a query per row can be felt. The same rows every time, except that
-- dates count back from today.

INSERT INTO factories (factory_id, name, is_active, config)
SELECT format('F%s', to_char(n, 'FM000')), format('Factory %s', n), n % 10 <> 0,
       jsonb_build_object(
           'shifts', jsonb_build_array('06:00-14:45', '14:30-23:15', '22:45-06:30'),
           'address', format('%s-%s Example Street, Nagoya', n, n % 17),
           'lines', (SELECT jsonb_agg(jsonb_build_object(
                        'line', format('Line %s', line), 'supervisor', format('Supervisor %s', line * n),
                        'hourly_rate', 1100 + line * 25, 'jobs', jsonb_build_array('press', 'paint', 'pack')))
                     FROM generate_series(1, 6) AS line))
FROM generate_series(1, :factories) AS n;

INSERT INTO employees (factory_id, full_name, address, is_active, hire_date, hourly_wage)
SELECT format('F%s', to_char(n % :factories + 1, 'FM000')), format('Employee %s', n),
       format('%s Example Road, apartment %s, Nagoya', n, n % 30), n % 5 <> 0,
       current_date - n % 3000, 1100 + n % 12 * 50
FROM generate_series(1, :employees) AS n;

-- 7919 is prime: the newest rows belong to employees far apart, as in life.
INSERT INTO requests (employee_id, request_type, status, reason, created_at)
SELECT n::bigint * 7919 % :employees + 1, (ARRAY['paid_leave', 'half_day', 'return_home', 'resignation'])[n % 4 + 1],
       CASE WHEN n % 50 = 0 THEN 'pending' WHEN n % 7 = 0 THEN 'rejected' ELSE 'approved' END,
       format('Request %s: family matters that need a day or two', n), now() - n * interval '3 minutes'
FROM generate_series(1, :employees) AS n;

INSERT INTO salary_calculations
    (employee_id, calculation_year, calculation_month, gross, is_paid, created_at)
SELECT n, extract(year FROM month), extract(month FROM month), 180000 + n % 9 * 5000,
       month < date_trunc('month', now()), month + n::bigint * 7919 % :employees * interval '1 second'
FROM generate_series(1, :employees) AS n,
     generate_series(date_trunc('month', now()) - interval '2 months', date_trunc('month', now()),
                     interval '1 month') AS month;

INSERT INTO apartment_assignments (employee_id, apartment, status, start_date)
SELECT n, format('Apartment %s', n % 500), CASE WHEN n % 3 = 0 THEN 'ended' ELSE 'active' END, current_date - n % 900
FROM generate_series(1, :employees) AS n;

-- Today's cards and some older ones still wait for approval.
INSERT INTO timer_cards (employee_id, factory_id, work_date, hours, is_approved)
SELECT n, format('F%s', to_char(n % :factories + 1, 'FM000')), current_date - day, 8 + n % 3 * 0.5,
       day > 0 AND (n + day) % 11 <> 0
FROM generate_series(1, :employees) AS n, generate_series(0, 4) AS day;
