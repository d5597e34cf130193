from django.db import migrations

# New columns of an empty default cost no rewriting, however many valuations are kept.
COLUMNS = {
    "cost_year": "double precision NOT NULL DEFAULT 0",
    "profit_year": "double precision NOT NULL DEFAULT 0",
    "level_before": "smallint",
    "revenue_before": "double precision NOT NULL DEFAULT 0",
    "profit_before": "double precision NOT NULL DEFAULT 0",
    "potential": "double precision",
    "share": "double precision",
    "share_is_stated": "boolean NOT NULL DEFAULT false",
    "stimulate": "smallint NOT NULL DEFAULT 0",
    "segment": "smallint",
    "segment_is_stated": "boolean NOT NULL DEFAULT false",
    "stage_on": "date",
    "stage_reason": "smallint NOT NULL DEFAULT 0",
    "likeness": "double precision",
}


class Migration(migrations.Migration):
    dependencies = [("differentiate", "0002_knowing")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE differentiate_valuation "
            + ", ".join(f"ADD COLUMN {name} {kind}" for name, kind in COLUMNS.items()),
            "ALTER TABLE differentiate_valuation " + ", ".join(f"DROP COLUMN {name}" for name in COLUMNS),
        )
    ]
