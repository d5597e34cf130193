"""Who may sign in, and as what."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from entente.staff.models import Role, User
from entente.staff.people import LINK_LASTS, ImpossibleUser, keep_user, make_sign_in_link, make_user
from entente.web.tokens import tokens_page

MOST_SHOWN = 500


class NewUserForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    name = forms.CharField(label=gettext_lazy("Name"), max_length=150)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, initial=Role.AGENT)


class UserForm(forms.ModelForm):
    class Meta:
        model = User
        fields = ["name", "role", "is_active"]


@require_http_methods(["GET", "HEAD", "POST"])
def users(request: HttpRequest) -> HttpResponse:
    """All users; making another."""
    form = NewUserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = make_user(**form.cleaned_data)
        except ImpossibleUser as error:
            form.add_error("email", str(error))
        else:
            messages.success(
                request, _("%(name)s may sign in now: make a link and hand it over.") % {"name": made.name}
            )
            return redirect("user", user_id=made.pk)
    people = User.objects.order_by("name", "id")[:MOST_SHOWN]
    return render(request, "users/list.html", {"people": people, "form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def user(request: HttpRequest, user_id: int) -> HttpResponse:
    """One user. Nobody takes away their own role or access, so that an administrator always remains."""
    person = get_object_or_404(User, pk=user_id)
    form = UserForm(request.POST or None, instance=person)
    if person.pk == request.user.pk:
        form.fields["role"].disabled = form.fields["is_active"].disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            keep_user(form.instance)
        except ImpossibleUser as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Kept."))
            return redirect("user", user_id=person.pk)
    page = {"person": person, "form": form, **tokens_page(person)}
    return render(request, "users/user.html", page, status=422 if form.errors else 200)


@require_POST
@never_cache
def links(request: HttpRequest, user_id: int) -> HttpResponse:
    """A one-time link for a user, shown once."""
    person = get_object_or_404(User, pk=user_id, is_active=True)
    token = make_sign_in_link(person, at=timezone.now())
    # Of our own address, whatever host the request names.
    link = settings.BASE_URL + reverse("enter", args=[token])
    hours = int(LINK_LASTS.total_seconds() // 3600)
    page = {"person": person, "form": UserForm(instance=person), "link": link, "hours": hours, **tokens_page(person)}
    return render(request, "users/user.html", page)
