"""Columns out of PostgreSQL and back in. The rest of the house does not know which engine does it."""
