"""The addresses of the pages. WSO2's own where it has one: links in mails and bookmarks of its users keep working."""

from __future__ import annotations

from django.urls import path, re_path

from housekey.pages.views import account, entrance, password

urlpatterns = [
    path("", account.home, name="home"),
    path("authenticationendpoint/login.do", entrance.login, name="login"),
    path("logout", entrance.logout, name="logout"),
    path("language", entrance.language, name="language"),
    path("accountrecoveryendpoint/confirmrecovery.do", password.open_link, name="open-link"),
    path("accountrecoveryendpoint/passwordreset.do", password.show, name="set-password"),
    path("accountrecoveryendpoint/completepasswordreset.do", password.complete, name="complete-password"),
    path("accountrecoveryendpoint/resendlink.do", password.ask_again, name="resend-link"),
    path("myaccount/", account.overview, name="myaccount"),
    path("myaccount/change-password", account.change_password, name="change-password"),
    path("myaccount/sessions/<int:session_id>/end", account.end_session, name="end-session"),
    re_path(r"^(?:myaccount|dashboard/?)$", account.home),
    re_path(r"^(?:carbon(?:/.*)?|console)$", account.console),
]
