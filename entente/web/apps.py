from django.apps import AppConfig


class Web(AppConfig):
    name = "entente.web"
    label = "web"
