"""What else in the house holds a row of the ledger that an import taken back would take away."""

from collections.abc import Collection, Sequence
from typing import Any

from django.db import models


def let_go(
    model: type[models.Model], ids: Sequence[int], *, passed_over: Collection[type[models.Model]] = ()
) -> list[int]:
    """Those of the rows that nothing forbids to delete, with what hangs on them gone or let loose.

    passed_over: models whose hold the caller has looked at.
    """
    relations = [each for each in relations_to(model) if each.related_model not in passed_over]
    found = model._base_manager.filter(pk__in=ids)
    for relation in _of(relations, models.PROTECT):
        found = found.exclude(pk__in=relation.related_model.objects.filter(
            **{f"{relation.field.name}__in": ids}).values(relation.field.name))  # fmt: skip
    gone = list(found.values_list("pk", flat=True))
    for relation in _of(relations, models.CASCADE):
        relation.related_model.objects.filter(**{f"{relation.field.name}__in": gone}).delete()
    for relation in _of(relations, models.SET_NULL):
        held = relation.related_model.objects.filter(**{f"{relation.field.name}__in": gone})
        held.update(**{relation.field.name: None})
    return gone


def relations_to(model: type[models.Model]) -> list[models.ManyToOneRel]:
    """Every foreign key to a model; those without a name on its side (`related_name="+"`), too."""
    every = model._meta.get_fields(include_hidden=True)
    return [each for each in every if isinstance(each, models.ManyToOneRel)]


def _of(relations: Sequence[Any], on_delete: Any) -> list[Any]:
    return [relation for relation in relations if relation.on_delete is on_delete]
