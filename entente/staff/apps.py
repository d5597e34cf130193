from django.apps import AppConfig


class Staff(AppConfig):
    name = "entente.staff"
    label = "staff"
