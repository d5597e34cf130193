from django.apps import AppConfig


class Ledger(AppConfig):
    name = "entente.ledger"
    label = "ledger"
