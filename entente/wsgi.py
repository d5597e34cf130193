"""The web app for a WSGI server: plain pages run faster here than under ASGI."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "entente.settings")
application = get_wsgi_application()
