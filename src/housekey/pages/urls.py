"""The addresses of the pages. WSO2's own where it has one: links in mails and bookmarks of its users keep working."""

from __future__ import annotations

from django.urls import include, path, re_path

from housekey.pages.views import account, address, applications, code, entrance, password, profile, recover

_recovery = [
    path("recoverpassword.do", recover.show, name="recover"),
    path("recoveraccountrouter.do", recover.elsewhere),
    path("verify.do", recover.start, name="start-recovery"),
    path("recoverysent.do", recover.sent, name="recovery-sent"),
    path("confirmotp.do", code.enter, name="enter-code"),
    path("passwordrecoveryotp.do", code.enter),
    path("resendcode.do", code.send_again, name="resend-code"),
    path("confirmregistration.do", address.confirm, name="confirm-email"),
    path("emailconfirmed.do", address.confirmed, name="email-confirmed"),
    path("confirmrecovery.do", password.open_link, name="open-link"),
    path("passwordreset.do", password.show, name="set-password"),
    path("completepasswordreset.do", password.complete, name="complete-password"),
    path("resendlink.do", password.ask_again, name="resend-link"),
]

urlpatterns = [
    path("", account.home, name="home"),
    path("authenticationendpoint/login.do", entrance.login, name="login"),
    path("logout", entrance.logout, name="logout"),
    path("language", entrance.language, name="language"),
    path("accountrecoveryendpoint/", include(_recovery)),
    path("myaccount/", account.overview, name="myaccount"),
    path("myaccount/personal-info", profile.edit, name="personal-info"),
    path("myaccount/security", account.security, name="security"),
    path("myaccount/applications", applications.show, name="applications"),
    path("myaccount/applications/<str:client_id>/withdraw", applications.withdraw, name="withdraw-application"),
    path("myaccount/sessions/end-others", account.end_others, name="end-other-sessions"),
    path("myaccount/change-password", account.change_password, name="change-password"),
    path("myaccount/sessions/<int:session_id>/end", account.end_session, name="end-session"),
    re_path(r"^(?:myaccount|dashboard/?)$", account.home),
    re_path(r"^(?:carbon(?:/.*)?|console)$", account.console),
]
