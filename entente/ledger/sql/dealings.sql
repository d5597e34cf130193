-- Pieces in square brackets are filled in by dealing_tables.py. OFFSET 0 and counts keep a look-up one in the index, whatever the planner
-- believes of tables that were small a moment ago.

-- name: make_staging
-- What one chunk says, row by row, and what of it is news. `ref` is the row's place in the chunk.
CREATE TEMP TABLE IF NOT EXISTS incoming_[kind] (ref integer, line bigint, is_last boolean, [staged]);
CREATE TEMP TABLE IF NOT EXISTS incoming_dealing (ref integer, dealing_id bigint, is_last boolean, is_news boolean);
TRUNCATE incoming_[kind], incoming_dealing

-- name: weigh
-- A row is news where it is about something new, or says something else of it than what stands.
INSERT INTO incoming_dealing (ref, dealing_id, is_last, is_news)
SELECT said.ref, known.id, said.is_last, known.id IS NULL OR ROW([said]) IS DISTINCT FROM ROW([known])
FROM incoming_[kind] said
LEFT JOIN LATERAL (SELECT * FROM [table] WHERE source_id = %(source)s AND [number] = said.[number] AND [number] <> '' OFFSET 0) known ON true

-- name: weigh_again
-- Of several rows about one thing the earlier ones are news where the last one is: a second export of the same says nothing new.
UPDATE incoming_dealing earlier SET is_news = false
FROM incoming_[kind] said, (
    SELECT said.[number] FROM incoming_dealing last JOIN incoming_[kind] said USING (ref) WHERE last.is_last AND NOT last.is_news
) stands
WHERE earlier.ref = said.ref AND said.[number] = stands.[number]

-- name: count_news
SELECT count(*) FILTER (WHERE is_news), count(*), count(*) FILTER (WHERE is_last AND dealing_id IS NULL),
       count(*) FILTER (WHERE is_last AND is_news AND dealing_id IS NOT NULL)
FROM incoming_dealing

-- name: insert_parties
-- Customers that the source has never named before.
INSERT INTO {party} (
    source_id, key, kind, name, segment, email, phone, phone_e164, country, subdivision, postcode, city, address, language, zone,
    attributes, import_run_id, recorded_at
)
SELECT %(source)s, named.key, 'unknown', '', '', '', '', '', '', '', '', '', '', '', '', '{{}}', %(import)s, now()
FROM (
    SELECT said.[customer] AS key, min(said.ref) AS ref FROM incoming_[kind] said JOIN incoming_dealing news USING (ref)
    WHERE news.is_news AND said.[customer] <> '' GROUP BY 1
) named
WHERE (SELECT count(*) FROM {party} party WHERE party.source_id = %(source)s AND party.key = named.key) = 0
ORDER BY named.ref
ON CONFLICT (source_id, key) DO NOTHING

-- name: insert_new
-- Of several rows about a new one the last one shows on it.
INSERT INTO [table] (source_id, [number], [targets], import_run_id, recorded_at)
SELECT %(source)s, said.[number], [values], %(import)s, now()
FROM incoming_dealing news
JOIN incoming_[kind] said USING (ref)
[joins]
WHERE news.dealing_id IS NULL AND news.is_last
ORDER BY news.ref

-- name: insert_bases
-- What stood before the second word was said, so that it can come back.
INSERT INTO {dealing_version} (kind, dealing_id, import_run_id, line, fields, recorded_at)
SELECT '[kind]', known.id, known.import_run_id, [line], jsonb_build_object([known_pairs]), known.recorded_at
FROM [table] known
WHERE known.id IN (SELECT dealing_id FROM incoming_dealing WHERE is_news)
  AND (SELECT count(*) FROM {dealing_version} version WHERE version.kind = '[kind]' AND version.dealing_id = known.id) = 0
ORDER BY known.id

-- name: insert_versions
-- Of what is new and has one row the row itself is the only word.
INSERT INTO {dealing_version} (kind, dealing_id, import_run_id, line, fields, recorded_at)
SELECT '[kind]', known.id, %(import)s, said.line, jsonb_build_object([said_pairs]), now()
FROM incoming_dealing news
JOIN incoming_[kind] said USING (ref)
CROSS JOIN LATERAL (SELECT id FROM [table] WHERE source_id = %(source)s AND [number] = said.[number] AND [number] <> '' OFFSET 0) known
WHERE news.is_news
  AND (news.dealing_id IS NOT NULL OR said.[number] IN (SELECT [number] FROM incoming_[kind] WHERE NOT is_last))
ORDER BY news.ref

-- name: update_known
-- The last word holds on every field that it speaks of; an empty cell says that there is none.
UPDATE [table] known SET [updates]
FROM incoming_dealing news
JOIN incoming_[kind] said USING (ref)
WHERE known.id = news.dealing_id AND news.is_news AND news.is_last

-- name: relink
-- What a row refers to, and through it whom, follows from what stands in it now.
UPDATE [table] known SET [relinks]
FROM (SELECT said.id, [links] FROM [table] said [joins] WHERE said.id IN ([these])) linked
WHERE known.id = linked.id

-- name: link_payments
-- Payments that waited for the invoices of this chunk.
UPDATE {payment} payment SET invoice_id = linked.invoice_id, party_id = COALESCE(payment.party_id, linked.party_id)
FROM (
    SELECT waiting.id, invoice.id AS invoice_id, invoice.party_id
    FROM incoming_invoices said
    CROSS JOIN LATERAL (
        SELECT id FROM {payment}
        WHERE source_id = %(source)s AND invoice_id IS NULL AND invoice_number <> '' AND invoice_number = said.number OFFSET 0
    ) waiting
    CROSS JOIN LATERAL (SELECT id, party_id FROM {invoice} WHERE source_id = %(source)s AND number = said.number OFFSET 0) invoice
    WHERE said.is_last
) linked
WHERE payment.id = linked.id

-- name: pass_on_parties
-- A payment that names no customer is its invoice's customer's.
UPDATE {payment} payment SET party_id = invoice.party_id
FROM {invoice} invoice
WHERE payment.invoice_id = invoice.id AND invoice.id IN ([these])
  AND payment.customer_key = '' AND payment.party_id IS DISTINCT FROM invoice.party_id

-- name: orders_awaited
SELECT EXISTS (SELECT FROM {invoice} WHERE source_id = %(source)s AND order_id IS NULL AND order_number <> ''),
       EXISTS (SELECT FROM {delivery} WHERE source_id = %(source)s AND order_id IS NULL AND order_number <> '')

-- name: link_invoices
-- Invoices that waited for the orders of this chunk, and the payments of those.
WITH linked AS (
    UPDATE {invoice} invoice SET order_id = orders.id, party_id = COALESCE(invoice.party_id, orders.party_id)
    FROM incoming_order said
    CROSS JOIN LATERAL (SELECT id, party_id FROM {order} WHERE source_id = %(source)s AND number = said.number OFFSET 0) orders
    WHERE invoice.source_id = %(source)s AND invoice.order_id IS NULL AND invoice.order_number <> '' AND invoice.order_number = said.number
    RETURNING invoice.id, invoice.party_id
)
UPDATE {payment} payment SET party_id = linked.party_id
FROM linked
WHERE payment.invoice_id = linked.id AND payment.customer_key = '' AND payment.party_id IS NULL

-- name: link_deliveries
UPDATE {delivery} delivery SET order_id = orders.id, party_id = COALESCE(delivery.party_id, orders.party_id)
FROM incoming_order said
CROSS JOIN LATERAL (SELECT id, party_id FROM {order} WHERE source_id = %(source)s AND number = said.number OFFSET 0) orders
WHERE delivery.source_id = %(source)s AND delivery.order_id IS NULL AND delivery.order_number <> '' AND delivery.order_number = said.number

-- name: count_again
SELECT count(*) - count(DISTINCT dealing_id) FROM {dealing_version} WHERE import_run_id = %(import)s AND kind = '[kind]'

-- name: count_waiting_for_orders
SELECT count(*) FROM [table] WHERE import_run_id = %(import)s AND order_id IS NULL AND order_number <> ''

-- name: count_waiting_for_invoices
SELECT count(*) FROM [table] WHERE import_run_id = %(import)s AND invoice_id IS NULL AND invoice_number <> ''

-- name: remember
-- Of what the import spoke, and whom that was about, before it goes.
DROP TABLE IF EXISTS reverted_dealing, reverted_party;
CREATE TEMP TABLE reverted_dealing ON COMMIT DROP AS
SELECT id, party_id FROM [table] WHERE import_run_id = %(import)s
UNION
SELECT known.id, known.party_id FROM {dealing_version} version JOIN [table] known ON known.id = version.dealing_id
WHERE version.import_run_id = %(import)s AND version.kind = '[kind]';
CREATE TEMP TABLE reverted_party ON COMMIT DROP AS
SELECT DISTINCT party_id AS id FROM reverted_dealing WHERE party_id IS NOT NULL
UNION SELECT id FROM {party} WHERE import_run_id = %(import)s;
ANALYZE reverted_dealing;
ANALYZE reverted_party

-- name: remove_versions
DELETE FROM {dealing_version} WHERE import_run_id = %(import)s AND kind = '[kind]'

-- name: unspoken
-- Rows of which nobody else has spoken.
SELECT gone.id FROM reverted_dealing gone
WHERE gone.id > %(after)s
  AND (SELECT count(*) FROM {dealing_version} version WHERE version.kind = '[kind]' AND version.dealing_id = gone.id) = 0
ORDER BY gone.id LIMIT %(most)s

-- name: remove_dealings
DELETE FROM [table] WHERE id = ANY(%(gone)s)

-- name: unlink_payments
-- Payments of invoices that are gone wait again.
UPDATE {payment} payment SET invoice_id = NULL, party_id = CASE WHEN customer_key = '' THEN NULL ELSE party_id END
WHERE invoice_id = ANY(%(gone)s)

-- name: restore
-- The newest word that is left holds on every field; the row is the import's whose word is the oldest left.
UPDATE [table] known SET [restored], import_run_id = said.import_run_id
FROM (
    SELECT version.dealing_id, jsonb_object_agg(word.key, word.value ORDER BY version.id) AS words,
           (array_agg(version.import_run_id ORDER BY version.id))[1] AS import_run_id,
           (array_agg(version.line ORDER BY version.id))[1] AS line
    FROM {dealing_version} version
    CROSS JOIN LATERAL jsonb_each(version.fields) word
    WHERE version.kind = '[kind]' AND version.dealing_id IN (SELECT id FROM reverted_dealing)
    GROUP BY version.dealing_id
) said
WHERE known.id = said.dealing_id

-- name: remove_single_versions
-- Where one word is left, the row is it.
DELETE FROM {dealing_version} version
WHERE version.kind = '[kind]' AND version.dealing_id IN (
    SELECT dealing_id FROM {dealing_version} WHERE kind = '[kind]' AND dealing_id IN (SELECT id FROM reverted_dealing)
    GROUP BY dealing_id HAVING count(*) = 1
)
