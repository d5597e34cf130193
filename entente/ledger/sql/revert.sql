-- name: remember
-- Whom and what the import's lines were about, before they go.
DROP TABLE IF EXISTS reverted_party, reverted_product, reverted_order;
CREATE TEMP TABLE reverted_party ON COMMIT DROP AS
SELECT DISTINCT party_id AS id FROM {line} WHERE import_run_id = %(import)s AND party_id IS NOT NULL
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

-- name: remove_products
-- One pass over the lines for all products: lines are not indexed by product.
DELETE FROM {product}
WHERE id IN (SELECT id FROM reverted_product EXCEPT SELECT product_id FROM {line})

-- name: lonely_parties
-- Parties of the import that nobody has ordered for since.
SELECT gone.id FROM reverted_party gone
JOIN {party} party ON party.id = gone.id
WHERE NOT EXISTS (SELECT FROM {order} orders WHERE orders.party_id = gone.id) AND gone.id > %(after)s
ORDER BY gone.id LIMIT %(most)s
