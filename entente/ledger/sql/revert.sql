-- name: remember
-- Whom and what the import's lines were about, before they go.
DROP TABLE IF EXISTS reverted_party, reverted_product, reverted_order;
CREATE TEMP TABLE reverted_party ON COMMIT DROP AS
SELECT DISTINCT party_id AS id FROM {line} WHERE import_run_id = %(import)s AND party_id IS NOT NULL
UNION SELECT party_id FROM {version} WHERE import_run_id = %(import)s
UNION SELECT id FROM {party} WHERE import_run_id = %(import)s;
CREATE TEMP TABLE reverted_product ON COMMIT DROP AS
SELECT DISTINCT product_id AS id FROM {line} WHERE import_run_id = %(import)s AND product_id IS NOT NULL;
CREATE TEMP TABLE reverted_order ON COMMIT DROP AS
SELECT DISTINCT order_id AS id FROM {line} WHERE import_run_id = %(import)s
UNION SELECT id FROM {order} WHERE import_run_id = %(import)s;
ANALYZE reverted_party;
ANALYZE reverted_product;
ANALYZE reverted_order

-- name: remove_lines
DELETE FROM {line} WHERE import_run_id = %(import)s

-- name: remove_orders
DELETE FROM {order} orders USING reverted_order gone
WHERE orders.id = gone.id AND NOT EXISTS (SELECT FROM {line} line WHERE line.order_id = orders.id)

-- name: unlink_invoices
-- Invoices of orders that are gone wait again, and the payments of those are nobody's.
WITH unlinked AS (
    UPDATE {invoice} SET order_id = NULL, party_id = CASE WHEN customer_key = '' THEN NULL ELSE party_id END
    WHERE order_id IN (SELECT id FROM reverted_order EXCEPT SELECT id FROM {order})
    RETURNING id, party_id
)
UPDATE {payment} payment SET party_id = NULL
FROM unlinked
WHERE payment.invoice_id = unlinked.id AND unlinked.party_id IS NULL AND payment.customer_key = '' AND payment.party_id IS NOT NULL

-- name: unlink_deliveries
UPDATE {delivery} SET order_id = NULL, party_id = CASE WHEN customer_key = '' THEN NULL ELSE party_id END
WHERE order_id IN (SELECT id FROM reverted_order EXCEPT SELECT id FROM {order})

-- name: remove_products
-- One pass over the lines for all products: lines are not indexed by product.
DELETE FROM {product}
WHERE id IN (SELECT id FROM reverted_product EXCEPT SELECT product_id FROM {line})

-- name: take_versions
DROP TABLE IF EXISTS reverted_words, reverted_field, standing_word;
CREATE TEMP TABLE reverted_words ON COMMIT DROP AS
WITH gone AS (DELETE FROM {version} WHERE import_run_id = %(import)s RETURNING party_id, fields)
SELECT party_id, fields FROM gone

-- name: lonely_parties
-- Parties of the import that nobody has ordered for since and that no other import speaks of. One that was there before a file of
-- parties or dealings spoke of it stays, unless the import it came with was taken back as well.
SELECT gone.id FROM reverted_party gone
JOIN {party} party ON party.id = gone.id
WHERE NOT EXISTS (SELECT FROM {order} orders WHERE orders.party_id = gone.id) AND gone.id > %(after)s
  AND NOT EXISTS (
      SELECT FROM {version} version WHERE version.party_id = gone.id AND version.import_run_id IS NOT NULL
  )
  AND (%(kind)s = 'orders' OR party.import_run_id = %(import)s
       OR EXISTS (SELECT FROM {import} run WHERE run.id = party.import_run_id AND run.state = 'reverted'))
ORDER BY gone.id LIMIT %(most)s

-- name: remove_parties
-- What stood on them before a file of parties spoke of them goes with them.
DELETE FROM {version} WHERE party_id = ANY(%(parties)s);
DELETE FROM {party} WHERE id = ANY(%(parties)s)

-- name: find_words
-- Of those that stay: the fields of which the import spoke, and the newest word that is left on each; null where there is none, which
-- leaves what orders filled into an empty field since.
CREATE TEMP TABLE reverted_field ON COMMIT DROP AS
SELECT words.party_id, word.place, word.name, bool_and(word.value = 'null') AS is_empty
FROM reverted_words words
JOIN {party} party ON party.id = words.party_id
CROSS JOIN LATERAL (
    SELECT 'fields' AS place, key AS name, value FROM jsonb_each(fields - '{{identifiers,attributes}}'::text[])
    UNION ALL SELECT 'identifiers', key, value FROM jsonb_each(COALESCE(fields -> 'identifiers', '{{}}'))
    UNION ALL SELECT 'attributes', key, value FROM jsonb_each(COALESCE(fields -> 'attributes', '{{}}'))
) word
GROUP BY words.party_id, word.place, word.name;
ANALYZE reverted_field;
CREATE TEMP TABLE standing_word ON COMMIT DROP AS
SELECT gone.party_id, gone.place, jsonb_object_agg(gone.name, COALESCE(left_over.value, 'null')) AS words
FROM reverted_field gone
LEFT JOIN LATERAL (
    SELECT CASE WHEN gone.place = 'fields' THEN fields -> gone.name ELSE fields -> gone.place -> gone.name END AS value
    FROM {version} version
    WHERE version.party_id = gone.party_id
      AND CASE WHEN gone.place = 'fields' THEN fields ? gone.name ELSE fields -> gone.place ? gone.name END
    ORDER BY version.id DESC LIMIT 1
) left_over ON true
WHERE NOT (gone.is_empty AND COALESCE(left_over.value, 'null') = 'null')
GROUP BY gone.party_id, gone.place;
ANALYZE standing_word

-- name: restore_parties
UPDATE {party} party SET
[words]
FROM standing_word said
WHERE said.place = 'fields' AND said.party_id = party.id

-- name: restore_identifiers
UPDATE {party} party SET identifiers = jsonb_strip_nulls(party.identifiers || said.words)
FROM standing_word said
WHERE said.place = 'identifiers' AND said.party_id = party.id

-- name: restore_attributes
UPDATE {party} party SET attributes = jsonb_strip_nulls(party.attributes || said.words)
FROM standing_word said
WHERE said.place = 'attributes' AND said.party_id = party.id

-- name: remove_bases
-- Where no import speaks of a party any more, it stands as it stood: what it came back to need not be kept.
DELETE FROM {version} base USING reverted_party gone
WHERE base.party_id = gone.id AND base.import_run_id IS NULL
  AND NOT EXISTS (SELECT FROM {version} other WHERE other.party_id = gone.id AND other.import_run_id IS NOT NULL)
