-- name: make_staging
-- What one chunk brings, before it is compared with what is known. `ref` is its place in the chunk.
CREATE TEMP TABLE IF NOT EXISTS incoming_order (
    ref integer, number text, party_id bigint, ordered_at timestamptz, ordered_on date, is_return boolean
);
CREATE TEMP TABLE IF NOT EXISTS incoming_party (
    ref integer, key text, kind text, name text, segment text, email text, phone text, phone_e164 text,
    country text, postcode text, city text, address text
);
CREATE TEMP TABLE IF NOT EXISTS incoming_product (
    ref integer, code text, name text, category text, is_charge boolean, unit_cost numeric(18, 4), currency text
);
CREATE TEMP TABLE IF NOT EXISTS incoming_line AS
SELECT order_id, party_id, product_id, kind, ordered_on, quantity, unit_price, amount, cost, currency, import_run_id, line, fact_key
FROM {line} WITH NO DATA;
TRUNCATE incoming_order, incoming_party, incoming_product, incoming_line

-- name: known_orders
-- Orders of this chunk that stand already, and whose they are ('' for an anonymous one).
SELECT incoming.ref, known.id, COALESCE(party.key, '')
FROM incoming_order incoming
JOIN {order} known ON known.source_id = %(source)s AND known.number = incoming.number
LEFT JOIN {party} party ON party.id = known.party_id

-- name: insert_parties
INSERT INTO {party} (
    source_id, key, kind, name, segment, email, phone, phone_e164, country, subdivision, postcode, city, address, language, zone,
    attributes, import_run_id, recorded_at
)
SELECT %(source)s, key, kind, name, segment, email, phone, phone_e164, country, '', postcode, city, address, '', '', '{{}}',
       %(import)s, now()
FROM incoming_party
ORDER BY ref
ON CONFLICT (source_id, key) DO NOTHING

-- name: complete_parties
-- What was empty may be filled by a later line; what is written stays.
UPDATE {party} party SET
    kind = CASE WHEN party.kind = 'unknown' THEN incoming.kind ELSE party.kind END,
    name = COALESCE(NULLIF(party.name, ''), incoming.name),
    segment = COALESCE(NULLIF(party.segment, ''), incoming.segment),
    email = COALESCE(NULLIF(party.email, ''), incoming.email),
    phone_e164 = CASE WHEN party.phone IN ('', incoming.phone) AND party.phone_e164 = '' THEN incoming.phone_e164 ELSE party.phone_e164 END,
    phone = COALESCE(NULLIF(party.phone, ''), incoming.phone),
    country = COALESCE(NULLIF(party.country, ''), incoming.country),
    postcode = COALESCE(NULLIF(party.postcode, ''), incoming.postcode),
    city = COALESCE(NULLIF(party.city, ''), incoming.city),
    address = COALESCE(NULLIF(party.address, ''), incoming.address)
FROM incoming_party incoming
WHERE party.source_id = %(source)s AND party.key = incoming.key AND (
    (party.kind = 'unknown' AND incoming.kind <> 'unknown') OR (party.name = '' AND incoming.name <> '')
    OR (party.segment = '' AND incoming.segment <> '') OR (party.email = '' AND incoming.email <> '')
    OR (party.phone = '' AND incoming.phone <> '')
    OR (party.phone = incoming.phone AND party.phone_e164 = '' AND incoming.phone_e164 <> '')
    OR (party.country = '' AND incoming.country <> '') OR (party.postcode = '' AND incoming.postcode <> '')
    OR (party.city = '' AND incoming.city <> '') OR (party.address = '' AND incoming.address <> '')
)

-- name: party_ids
SELECT incoming.ref, party.id
FROM incoming_party incoming
JOIN {party} party ON party.source_id = %(source)s AND party.key = incoming.key

-- name: insert_products
INSERT INTO {product} (source_id, code, name, category, is_charge, unit_cost, currency)
SELECT %(source)s, code, name, category, is_charge, unit_cost, currency
FROM incoming_product
ORDER BY ref
ON CONFLICT (source_id, code) DO NOTHING

-- name: complete_products
UPDATE {product} product SET
    name = COALESCE(NULLIF(product.name, ''), incoming.name),
    category = COALESCE(NULLIF(product.category, ''), incoming.category),
    unit_cost = COALESCE(product.unit_cost, incoming.unit_cost),
    currency = CASE WHEN product.unit_cost IS NULL AND incoming.unit_cost IS NOT NULL THEN incoming.currency ELSE product.currency END
FROM incoming_product incoming
WHERE product.source_id = %(source)s AND product.code = incoming.code AND (
    (product.name = '' AND incoming.name <> '') OR (product.category = '' AND incoming.category <> '')
    OR (product.unit_cost IS NULL AND incoming.unit_cost IS NOT NULL)
)

-- name: product_ids
SELECT incoming.ref, product.id
FROM incoming_product incoming
JOIN {product} product ON product.source_id = %(source)s AND product.code = incoming.code

-- name: insert_orders
INSERT INTO {order} (source_id, number, party_id, ordered_at, ordered_on, is_return, import_run_id)
SELECT %(source)s, number, party_id, ordered_at, ordered_on, is_return, %(import)s
FROM incoming_order
ORDER BY ref
ON CONFLICT (source_id, number) DO NOTHING

-- name: order_ids
SELECT incoming.ref, known.id
FROM incoming_order incoming
JOIN {order} known ON known.source_id = %(source)s AND known.number = incoming.number

-- name: insert_lines
-- For chunks of which something is known already; others are copied straight into the table.
INSERT INTO {line} (
    order_id, party_id, product_id, kind, ordered_on, quantity, unit_price, amount, cost, currency, import_run_id, line, fact_key
)
SELECT order_id, party_id, product_id, kind, ordered_on, quantity, unit_price, amount, cost, currency, import_run_id, line, fact_key
FROM incoming_line
ORDER BY line
ON CONFLICT (fact_key) DO NOTHING

-- name: known_facts
SELECT count(*) FROM {line} WHERE fact_key = ANY(%(keys)s)
