"""Every address, and the name its permissions stand under in entente/web/permissions.py."""

from allauth.account import views as account
from allauth.mfa.base import views as second_factor
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.urls import URLPattern, URLResolver, path

from entente.api.doors import api
from entente.identify.relations_models import Deal, Relation
from entente.web import (
    answers,
    backtests,
    card,
    contacts,
    countings,
    customers,
    decisions,
    enter,
    import_columns,
    imports,
    knowing,
    me,
    new_customer,
    orders,
    privacy,
    pyramid,
    records,
    relations,
    review,
    review_runs,
    searching,
    settings_knowing,
    settings_pages,
    settings_sources,
    today,
    tokens,
    users,
    waiting,
    wishes,
)

# Of allauth only what is needed: nobody signs up, and an administrator gives a new link to who forgot the password.
ACCOUNT = [
    path("account/login/", account.login, name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/inactive/", account.account_inactive, name="account_inactive"),
    path("account/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/change/", account.password_change, name="account_change_password"),
    path("account/password/set/", account.password_set, name="account_set_password"),
    path("account/2fa/", second_factor.index, name="mfa_index"),
    path("account/2fa/authenticate/", second_factor.authenticate, name="mfa_authenticate"),
    path("account/2fa/reauthenticate/", second_factor.reauthenticate, name="mfa_reauthenticate"),
    path("account/2fa/totp/activate/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/2fa/totp/deactivate/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/2fa/recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "account/2fa/recovery-codes/generate/",
        recovery_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "account/2fa/recovery-codes/download/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", today.today, name="today"),
    path("search", searching.search, name="search"),
    path("customers/", customers.customers, name="customers"),
    path("customers/new", new_customer.customer_new, name="customer_new"),
    path("customers/alike", new_customer.customers_alike, name="customers_alike"),
    path("customers/review", review.review, name="review"),
    path("customers/review/<int:question_id>/verdicts", review.review_verdicts, name="review_verdicts"),
    path("customers/review/decided", review.review_decided, name="review_decided"),
    path("customers/review/runs", review_runs.review_runs, name="review_runs"),
    path("customers/review/verdicts/<int:verdict_id>/withdrawal", review.verdict_withdrawal, name="verdict_withdrawal"),
    path("customers/<int:customer_id>/", card.customer, name="customer"),
    path("customers/<int:customer_id>/timeline", card.timeline, name="customer_timeline"),
    path("customers/<int:customer_id>/week", card.week, name="customer_week"),
    path("customers/<int:customer_id>/calls/new", contacts.call_new, name="call_new"),
    path("customers/<int:customer_id>/calls", contacts.calls, name="calls"),
    path("customers/<int:customer_id>/mails/new", contacts.mail_new, name="mail_new"),
    path("customers/<int:customer_id>/mails", contacts.mails, name="mails"),
    path("customers/<int:customer_id>/notes/new", contacts.note_new, name="note_new"),
    path("customers/<int:customer_id>/notes", contacts.notes, name="notes"),
    path("customers/<int:customer_id>/preferences", wishes.preferences, name="preferences"),
    path("customers/<int:customer_id>/consents", wishes.consents, name="consents"),
    path("customers/<int:customer_id>/privacy", privacy.privacy, name="privacy"),
    path("customers/<int:customer_id>/privacy/archive", privacy.privacy_archive, name="privacy_archive"),
    path("customers/<int:customer_id>/privacy/erasure", privacy.erasure, name="erasure"),
    path("customers/<int:customer_id>/records", records.records, name="customer_records"),
    path(
        "customers/<int:customer_id>/records/<int:party_id>/departure",
        records.record_departure,
        name="record_departure",
    ),
    path("customers/<int:customer_id>/records/choices", records.record_choices, name="record_choices"),
    path("customers/<int:customer_id>/relations", relations.relations, name="customer_relations"),
    path("customers/<int:customer_id>/relations/new", relations.relation_new, name="relation_new"),
    *(
        path(f"customers/<int:customer_id>/{place}/<int:said_id>/{done}", view, {"what": what}, name=f"{name}_{done}")
        for place, name, what in (("relations", "relation", Relation), ("deals", "deal", Deal))
        for done, view in (("end", relations.ending), ("withdrawal", relations.withdrawal))
    ),
    path("orders/<int:order_id>/", orders.order, name="order"),
    path("decisions/<int:decision_id>/answers", answers.answers, name="decision_answers"),
    path("imports/", imports.imports, name="imports"),
    path("imports/new", imports.import_new, name="import_new"),
    path("imports/<int:import_id>/", imports.import_one, name="import"),
    path("imports/<int:import_id>/columns", import_columns.import_map, name="import_map"),
    path("imports/<int:import_id>/discard", imports.import_discard, name="import_discard"),
    path("imports/<int:import_id>/refused.csv", imports.import_refused, name="import_refused"),
    path("imports/<int:import_id>/reversal", imports.import_reversal, name="import_reversal"),
    path("imports/<int:import_id>/runs", imports.import_runs, name="import_runs"),
    path("pyramid/", pyramid.pyramid, name="pyramid"),
    path("pyramid/counting", countings.pyramid_counting, name="pyramid_counting"),
    path("pyramid/knowing", knowing.pyramid_knowing, name="pyramid_knowing"),
    path("cycles", pyramid.cycles, name="cycles"),
    path("decisions/", decisions.decisions, name="decisions"),
    path("decisions/<int:decision_id>/", decisions.decision, name="decision"),
    path("backtests/", backtests.backtests, name="backtests"),
    path("backtests/<int:backtest_id>/", backtests.backtest, name="backtest"),
    path("settings/", settings_pages.settings, name="settings"),
    path("settings/counting", settings_pages.settings_counting, name="settings_counting"),
    path("settings/sources", settings_sources.settings_sources, name="settings_sources"),
    path("settings/pyramid", settings_pages.settings_pyramid, name="settings_pyramid"),
    path("settings/knowing", settings_knowing.settings_knowing, name="settings_knowing"),
    path("settings/contact", settings_pages.settings_contact, name="settings_contact"),
    path("settings/plays", settings_pages.settings_plays, name="settings_plays"),
    path("settings/hold-out", settings_pages.settings_hold_out, name="settings_hold_out"),
    path("users/", users.users, name="users"),
    path("users/<int:user_id>/", users.user, name="user"),
    path("users/<int:user_id>/links", users.links, name="user_links"),
    path("users/<int:user_id>/tokens", tokens.user_tokens, name="user_tokens"),
    path(
        "users/<int:user_id>/tokens/<int:token_id>/revocation",
        tokens.user_token_revocation,
        name="user_token_revocation",
    ),
    path("me/", me.me, name="me"),
    path("me/tokens", tokens.own_tokens, name="account_tokens"),
    path("me/tokens/<int:token_id>/revocation", tokens.own_token_revocation, name="account_token_revocation"),
    path("enter/<str:token>", enter.enter, name="enter"),
    path("healthz", waiting.healthz, name="healthz"),
    *ACCOUNT,
    # By their tokens, not by roles: entente/api/permissions.py.
    path("api/v1/", api.urls),
]

handler500 = "entente.web.waiting.broken"
