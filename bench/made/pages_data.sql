-- A firm to measure pages with: current_setting('bench.customers') customers, three contacts and three orders each, one published
-- cycle with every customer's worth, and an open decision for each fiftieth. Made in the database, in less than a minute.
-- Names are plain ASCII, so that lower() writes the same as entente/lib/norm.py.

INSERT INTO staff_firm (id, name, currency, country, zone, language, margin_rate, is_sample)
VALUES (1, 'Bench Coatings', 'EUR', 'GB', 'Europe/London', 'en', 0.35, true) ON CONFLICT DO NOTHING;

INSERT INTO ledger_source (id, name, rank) VALUES (900, 'bench', 100);

INSERT INTO ledger_import (id, source_id, kind, file_name, stored_as, sha256, mapping, state, rows_read, rows_recorded,
                           rows_known, rows_refused, notes, error, made_at)
VALUES (900, 900, 'orders', 'bench.csv', '', '', '{}', 'done', 0, 0, 0, 0, '[]', '', now());

CREATE TEMP TABLE word (kind text, i int, w text);
INSERT INTO word SELECT 'first', i - 1, w FROM unnest(string_to_array(
  'Anna,Boris,Clara,David,Elena,Farid,Greta,Hassan,Irina,James,Karim,Laila,Maria,Nadia,Oliver,Petra,Quentin,Rahim,Sofia,Thomas,Ulrich,Vera,Walter,Xenia,Yusuf,Zahra', ',')) WITH ORDINALITY AS t(w, i);
INSERT INTO word SELECT 'last', i - 1, w FROM unnest(string_to_array(
  'Abbott,Becker,Carter,Dietrich,Evans,Fischer,Graham,Hoffmann,Ivanova,Jensen,Keller,Lambert,Morgan,Neumann,Osborne,Petrova,Quinn,Richter,Schmidt,Turner,Umarov,Vogel,Weber,Xu,Young,Zimmermann,Alnoor,Brankova,Okafor,Farahani', ',')) WITH ORDINALITY AS t(w, i);
INSERT INTO word SELECT 'trade', i - 1, w FROM unnest(string_to_array(
  'Coatings,Supply,Interiors,Building,Paints,Hardware,Decor,Trading,Stores,Contractors,Restoration,Marine,Timber,Homes', ',')) WITH ORDINALITY AS t(w, i);
INSERT INTO word SELECT 'form', i - 1, w FROM unnest(string_to_array('Ltd,GmbH,LLC,Co,Partners', ',')) WITH ORDINALITY AS t(w, i);
INSERT INTO word SELECT 'city', i - 1, w FROM unnest(string_to_array(
  'London,Leeds,Berlin,Hamburg,Riyadh,Jeddah,Tehran,Shiraz,Moscow,Kazan', ',')) WITH ORDINALITY AS t(w, i);
INSERT INTO word SELECT 'country', i - 1, w FROM unnest(string_to_array('GB,GB,DE,DE,SA,SA,IR,IR,RU,RU', ',')) WITH ORDINALITY AS t(w, i);
INSERT INTO word SELECT 'said', i - 1, w FROM unnest(string_to_array(
  'asked about the delivery,wants the primer in grey,complained of a dent,praised the service,needs a price for lacquer,will call back on Monday,looks for a marine varnish,asked for split pallets,has moved to a new yard,pays by transfer now', ',')) WITH ORDINALITY AS t(w, i);

CREATE TEMP TABLE who AS
SELECT n,
       f.w || ' ' || l.w || ' ' || t.w || ' ' || o.w AS name,
       lower(f.w) || '.' || lower(l.w) || n || '@example.com' AS email,
       '+4420' || lpad(((n * 7919) % 100000000)::text, 8, '0') AS phone,
       c.w AS city, k.w AS country, 'N' || lpad(n::text, 7, '0') AS key
FROM generate_series(1, current_setting('bench.customers')::int) AS n
JOIN word f ON f.kind = 'first' AND f.i = (n * 7) % 26
JOIN word l ON l.kind = 'last' AND l.i = (n / 26) % 30
JOIN word t ON t.kind = 'trade' AND t.i = (n / 3) % 14
JOIN word o ON o.kind = 'form' AND o.i = n % 5
JOIN word c ON c.kind = 'city' AND c.i = (n * 31 / 7) % 10
JOIN word k ON k.kind = 'country' AND k.i = (n * 31 / 7) % 10;

INSERT INTO ledger_party (id, source_id, key, kind, name, segment, email, phone, phone_e164, country, subdivision, postcode, city,
                          address, language, zone, attributes, import_run_id, recorded_at)
SELECT n, 900, key, 'organisation', name, '', email, phone, phone, country, '', '', city, '', '', '', '{}', 900, now() FROM who;

INSERT INTO identify_customer (id, kind, name, segment, email, phone, phone_e164, country, subdivision, postcode, city, language, zone,
                               looked_after_by_id, search, made_at)
SELECT n, 'organisation', name, '', email, phone, phone, country, '', '', city, '', '',
       (SELECT id FROM staff_user ORDER BY id OFFSET (n % 20) LIMIT 1),
       ' ' || lower(name) || ' ' || regexp_replace(email, '[^a-z0-9]+', ' ', 'g') || ' ' || lower(city) || ' ' || lower(key) || ' '
       || substr(phone, 2) || ' ', now()
FROM who;

INSERT INTO identify_membership (party_id, customer_id, weight, explanation, law, made_at) SELECT n, n, 1, '{}', 'same key', now() FROM who;

INSERT INTO ledger_product (id, source_id, code, name, category, is_charge, currency)
SELECT 900 + i, 900, 'P' || i, 'Product ' || i, '', false, 'EUR' FROM generate_series(1, 50) AS i;

INSERT INTO ledger_order (id, source_id, number, party_id, ordered_at, ordered_on, is_return, import_run_id)
SELECT n * 3 + j, 900, 'B-' || lpad((n * 3 + j)::text, 8, '0'), n, at, at::date, false, 900
FROM who, generate_series(0, 2) AS j,
     LATERAL (SELECT timestamptz '2026-11-01 09:00+00' - make_interval(days => ((n * 13 + j * 211) % 900)::int) AS at) t;

INSERT INTO ledger_orderline (order_id, party_id, product_id, kind, ordered_on, quantity, unit_price, amount, currency, import_run_id, line, fact_key)
SELECT o.id, o.party_id, 901 + (o.id + i) % 50, 1, o.ordered_on, 2, 15 + o.id % 40, 2 * (15 + o.id % 40), 'EUR', 900, o.id * 2 + i, gen_random_uuid()
FROM ledger_order o, generate_series(0, 1) AS i WHERE o.source_id = 900;

INSERT INTO ledger_interaction (party_id, kind, channel, purpose, is_outgoing, is_two_way, at, subject, body, outcome, recorded_at)
SELECT n, (ARRAY['call', 'mail', 'note'])[1 + j], (ARRAY['phone', 'email', 'portal'])[1 + j], 'service', j = 0, j = 0,
       timestamptz '2026-11-10 10:00+00' - make_interval(days => ((n * 17 + j * 97) % 700)::int, mins => (n % 480)::int),
       CASE WHEN j = 1 THEN 'Your order ' || n ELSE '' END, 'The customer ' || s.w || ' reference r' || n || 'x' || j, '', now()
FROM who JOIN LATERAL generate_series(0, 2) AS j ON true JOIN word s ON s.kind = 'said' AND s.i = (n + j * 3) % 10;

-- One customer with a long story.
INSERT INTO ledger_interaction (party_id, kind, channel, purpose, is_outgoing, is_two_way, at, subject, body, outcome, recorded_at)
SELECT 1, 'call', 'phone', 'service', true, true, timestamptz '2026-11-10 10:00+00' - make_interval(hours => i * 12), '', 'Call number ' || i, 'reached', now()
FROM generate_series(1, 2000) AS i;

INSERT INTO differentiate_cycle (id, as_of, state, step, steps_done, fingerprint, published_at, currency, laws, notes, totals, error)
VALUES (900, '2026-11-20', 'done', '', '{}', '', now(), 'EUR', '{}', '[]', '{}', '');

CREATE TABLE differentiate_valuation_900 PARTITION OF differentiate_valuation FOR VALUES IN (900);
INSERT INTO differentiate_valuation
SELECT 900, n,
       CASE WHEN r < 0.01 THEN 1 WHEN r < 0.05 THEN 2 WHEN r < 0.2 THEN 3 WHEN r < 0.6 THEN 4 WHEN r < 0.9 THEN 5 ELSE 6 END,
       1 + (n * 3) % 9, country, 1 + n % 12, date '2023-11-20' + (n % 300)::int, date '2026-11-01' - ((n * 13) % 900)::int,
       2000 * (1 - r), 6000 * (1 - r), 700 * (1 - r), n % 2 = 0, 60, 4, 0.5 + (n % 50) / 100.0,
       date '2026-11-25', date '2026-12-05', date '2026-12-20',
       CASE WHEN r > 0.6 THEN 0 ELSE 20000 * (1 - r) ^ 4 END, 0, 30000 * (1 - r) ^ 4
FROM who, LATERAL (SELECT ((n * 7919) % 100003) / 100003.0 AS r) t;

INSERT INTO differentiate_pyramidcell (cycle_id, level, measure, amount, precision, spread)
SELECT 900, level, 'customers', count(*), 'exact', 0 FROM differentiate_valuation WHERE cycle_id = 900 GROUP BY level;

INSERT INTO customize_decision (cycle_id, customer_id, as_of, play, channel, purpose, score, propensity, is_hold_out, plays, scores,
                                win_shares, propensities, drops, reason, facts, features_hash, seed, decided_at, state, level)
SELECT 900, n, '2026-11-20', CASE WHEN n % 50 = 0 THEN 'silence' ELSE 'nothing' END, CASE WHEN n % 50 = 0 THEN (ARRAY['phone', 'email'])[1 + n / 50 % 2] ELSE '' END,
       CASE WHEN n % 50 = 0 THEN 'relationship' ELSE '' END,
       500.0 / (1 + n % 997), 0.5, false, '{nothing,reorder_due}', '{0,1}', '{0.5,0.5}', '{0.5,0.5}', '{}', 'silence.never',
       '{"silent": 60}', '', n, now(), CASE WHEN n % 50 = 0 THEN 'open' ELSE 'nothing' END, v.level
FROM who JOIN differentiate_valuation v ON v.cycle_id = 900 AND v.customer_id = n;

DROP TABLE who, word;
