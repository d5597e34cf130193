from django.apps import AppConfig


class Identify(AppConfig):
    name = "entente.identify"
    label = "identify"
