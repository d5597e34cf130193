from django.apps import AppConfig


class Api(AppConfig):
    name = "entente.api"
    label = "api"
