from django.apps import AppConfig


class Interact(AppConfig):
    name = "entente.interact"
    label = "interact"
