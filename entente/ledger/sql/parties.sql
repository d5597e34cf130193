-- name: make_staging
-- What one chunk says, row by row, and what of it is news. `ref` is the row's place in the chunk.
CREATE TEMP TABLE IF NOT EXISTS incoming_words (
    ref integer, line bigint, key text, kind text, name text, given_name text, family_name text, segment text, email text, phone text,
    phone_e164 text, address text, house_number text, postcode text, city text, subdivision text, country text, language text, zone text,
    tax_id text, born_on text, known_on text, identifiers text, attributes text, written text, unread text
);
CREATE TEMP TABLE IF NOT EXISTS incoming_version (
    ref integer, key text, digest uuid, party_id bigint, newest uuid, is_news boolean, was_there boolean
);
TRUNCATE incoming_words, incoming_version

-- name: weigh
-- A row is news where it says something else than the newest version of its party. OFFSET keeps the hash from being made twice.
-- A party that is new gets its number here, unless nothing is going to be written.
INSERT INTO incoming_version (ref, key, digest, party_id, newest, is_news, was_there)
SELECT hashed.ref, hashed.key, hashed.digest,
       COALESCE(party.id, CASE WHEN %(import)s > 0 THEN nextval((SELECT pg_get_serial_sequence('{party}', 'id'))::regclass) END),
       newest.digest, hashed.digest IS DISTINCT FROM newest.digest, party.id IS NOT NULL
FROM (SELECT ref, key, md5(concat_ws(E'\x1f', [names], [texts], unread))::uuid AS digest FROM incoming_words OFFSET 0) hashed
LEFT JOIN {party} party ON party.source_id = %(source)s AND party.key = hashed.key
LEFT JOIN LATERAL (
    SELECT digest FROM {version} version WHERE version.party_id = party.id ORDER BY version.id DESC LIMIT 1
) newest ON true

-- name: weigh_again
-- Where several rows are about one party, each but the first is held against the row before it.
UPDATE incoming_version incoming SET is_news = incoming.digest <> before.digest, party_id = before.party_id
FROM (
    SELECT ref, lag(digest) OVER of_key AS digest, first_value(party_id) OVER of_key AS party_id
    FROM incoming_version WINDOW of_key AS (PARTITION BY key ORDER BY ref)
) before
WHERE before.ref = incoming.ref AND before.digest IS NOT NULL

-- name: known_again
-- A party of several rows, all of which were said before and the last of which still holds: a second export of the same.
UPDATE incoming_version SET is_news = false
WHERE is_news AND was_there AND key IN (
    SELECT incoming.key FROM incoming_version incoming
    GROUP BY incoming.key
    HAVING count(*) > 1
       AND (array_agg(incoming.digest ORDER BY incoming.ref DESC))[1] = (array_agg(incoming.newest))[1]
       AND bool_and(EXISTS (
           SELECT FROM {version} version WHERE version.party_id = incoming.party_id AND version.digest = incoming.digest
       ))
)

-- name: count_news
SELECT count(*) FILTER (WHERE is_news), count(*), count(*) FILTER (WHERE NOT was_there), count(*) FILTER (WHERE is_news AND was_there)
FROM incoming_version

-- name: count_news_again
SELECT count(*) FILTER (WHERE is_news), count(*), count(DISTINCT key) FILTER (WHERE NOT was_there),
       count(DISTINCT key) FILTER (WHERE is_news AND was_there)
FROM incoming_version

-- name: insert_parties
-- Of several rows about a new party the last one shows on it.
INSERT INTO {party} (
    id, source_id, key, kind, name, given_name, family_name, segment, email, phone, phone_e164, address, house_number, postcode, city,
    subdivision, country, language, zone, tax_id, born_on, known_on, identifiers, attributes, import_run_id, recorded_at
)
SELECT news.party_id, %(source)s, said.key, kind, name, given_name, family_name, segment, email, phone, phone_e164, address, house_number, postcode, city,
       subdivision, country, language, zone, tax_id, NULLIF(born_on, '')::date, NULLIF(known_on, '')::date,
       jsonb_strip_nulls(identifiers::jsonb), jsonb_strip_nulls(attributes::jsonb), %(import)s, now()
FROM incoming_version news
JOIN incoming_words said USING (ref)
WHERE NOT news.was_there [last]
ORDER BY ref

-- name: insert_bases
-- What stood on a party before the first word about it, so that it can come back.
INSERT INTO {version} (party_id, import_run_id, line, fields, written, digest, recorded_at)
SELECT id, NULL, NULL, fields, '{{}}', md5(fields::text)::uuid, recorded_at
FROM (
    SELECT party.id, party.recorded_at, jsonb_strip_nulls(jsonb_build_object(
        'kind', NULLIF(kind, 'unknown'), 'name', NULLIF(name, ''), 'given_name', NULLIF(given_name, ''),
        'family_name', NULLIF(family_name, ''), 'segment', NULLIF(segment, ''), 'email', NULLIF(email, ''), 'phone', NULLIF(phone, ''),
        'phone_e164', NULLIF(phone_e164, ''), 'address', NULLIF(address, ''), 'house_number', NULLIF(house_number, ''),
        'postcode', NULLIF(postcode, ''), 'city', NULLIF(city, ''), 'subdivision', NULLIF(subdivision, ''),
        'country', NULLIF(country, ''), 'language', NULLIF(language, ''), 'zone', NULLIF(zone, ''), 'tax_id', NULLIF(tax_id, ''),
        'born_on', born_on, 'known_on', known_on, 'identifiers', NULLIF(identifiers, '{{}}'), 'attributes', NULLIF(attributes, '{{}}')
    )) AS fields
    FROM {party} party
    WHERE party.id IN (SELECT party_id FROM incoming_version WHERE was_there AND is_news AND newest IS NULL)
) stood

-- name: insert_versions
INSERT INTO {version} (party_id, import_run_id, line, fields, written, digest, recorded_at)
SELECT news.party_id, %(import)s, line, jsonb_build_object([fields]), written::jsonb, news.digest, now()
FROM incoming_version news
JOIN incoming_words USING (ref)
WHERE news.is_news
ORDER BY ref

-- name: update_parties
-- The last word holds on every field that it speaks of; an empty cell says that there is none.
UPDATE {party} party SET [updates]
FROM incoming_words incoming
WHERE incoming.ref IN (SELECT max(ref) FROM incoming_version WHERE was_there AND is_news GROUP BY key)
  AND party.source_id = %(source)s AND party.key = incoming.key

-- name: count_again
SELECT count(*) - count(DISTINCT party_id) FROM {version} WHERE import_run_id = %(import)s
