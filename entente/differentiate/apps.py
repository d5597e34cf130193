from django.apps import AppConfig


class Differentiate(AppConfig):
    name = "entente.differentiate"
    label = "differentiate"
