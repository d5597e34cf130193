"""The user's own name, language and zone."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from entente.staff.firm import zones
from entente.staff.models import User
from entente.web.person import person
from entente.web.tokens import tokens_page


class MeForm(forms.ModelForm):
    language = forms.ChoiceField(choices=settings.LANGUAGES)
    zone = forms.ChoiceField()

    class Meta:
        model = User
        fields = ["name", "language", "zone"]

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["zone"].choices = [(name, name.replace("_", " ")) for name in zones()]  # type: ignore[attr-defined]
        self.fields["language"].label = _("Language")
        self.fields["zone"].label = _("Time zone")


@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """Change one's own settings. Role and address are an administrator's business."""
    form = MeForm(request.POST or None, instance=User.objects.get(pk=person(request).pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Kept."))
        return redirect("me")
    return render(
        request, "account/me.html", {"form": form, **tokens_page(person(request))}, status=422 if form.errors else 200
    )
