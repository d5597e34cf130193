from django.apps import AppConfig


class Customize(AppConfig):
    name = "entente.customize"
    label = "customize"
