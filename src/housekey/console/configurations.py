"""What goes into the configuration of common clients: text to copy, with the application's own values filled in.

The texts are data. A value stands in them as `@NAME@`; every value is an address (RFC 3986's characters, `core.applications`), an id or a
secret of letters, digits, `-` and `_`, so none can end the quotation marks that it stands in. HTML is the template's affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from housekey.core.applications import Application, Kind
from housekey.web.forms import Words

NO_SECRET = "YOUR_CLIENT_SECRET"  # noqa: S105 - what stands where one goes
SCOPES = "openid profile email"
_VALUE = re.compile("@([A-Z_]+)@")


@dataclass(frozen=True, slots=True)
class Configuration:
    """One text to copy. `file`: where it goes, `""` where that is anybody's own choice."""

    key: str
    name: Words
    file: str
    kinds: frozenset[Kind]
    text: str


def _of(key: str, name: Words, kinds: set[Kind], text: str, file: str = "") -> Configuration:
    return Configuration(key, name, file, frozenset(kinds), text.strip("\n"))


CONFIGURATIONS: tuple[Configuration, ...] = (
    _of("generic", _("Any OpenID Connect client"), {"web"}, """
Discovery URL: @ISSUER@/.well-known/openid-configuration
Issuer: @ISSUER@
Client ID: @CLIENT_ID@
Client secret: @CLIENT_SECRET@
Redirect URI: @REDIRECT_URI@
Scopes: @SCOPES@
Authorization endpoint: @BASE@/oauth2/authorize
Token endpoint: @BASE@/oauth2/token
Userinfo endpoint: @BASE@/oauth2/userinfo
JWKS: @BASE@/oauth2/jwks
End session endpoint: @BASE@/oidc/logout
Grant type: authorization_code, with PKCE (S256)
"""),
    _of("generic-public", _("Any OpenID Connect client"), {"app"}, """
Discovery URL: @ISSUER@/.well-known/openid-configuration
Issuer: @ISSUER@
Client ID: @CLIENT_ID@
Client authentication: none
Redirect URI: @REDIRECT_URI@
Scopes: @SCOPES@
Authorization endpoint: @BASE@/oauth2/authorize
Token endpoint: @BASE@/oauth2/token
Userinfo endpoint: @BASE@/oauth2/userinfo
JWKS: @BASE@/oauth2/jwks
End session endpoint: @BASE@/oidc/logout
Grant type: authorization_code, with PKCE (S256)
"""),
    _of("openid-client", "openid-client (Node.js)", {"web"}, """
import * as client from "openid-client";

const config = await client.discovery(new URL("@ISSUER@"), "@CLIENT_ID@", "@CLIENT_SECRET@");
const verifier = client.randomPKCECodeVerifier();
const signIn = client.buildAuthorizationUrl(config, {
  redirect_uri: "@REDIRECT_URI@",
  scope: "@SCOPES@",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
});
"""),
    _of("openid-client-public", "openid-client (Node.js)", {"app"}, """
import * as client from "openid-client";

const config = await client.discovery(new URL("@ISSUER@"), "@CLIENT_ID@", undefined, client.None());
const verifier = client.randomPKCECodeVerifier();
const signIn = client.buildAuthorizationUrl(config, {
  redirect_uri: "@REDIRECT_URI@",
  scope: "@SCOPES@",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
});
"""),
    _of("oidc-client-ts", "oidc-client-ts", {"app"}, """
import { UserManager } from "oidc-client-ts";

export const users = new UserManager({
  authority: "@ISSUER@",
  client_id: "@CLIENT_ID@",
  redirect_uri: "@REDIRECT_URI@",
  post_logout_redirect_uri: "@SIGNED_OUT@",
  response_type: "code",
  scope: "@SCOPES@",
});
"""),
    _of("asgardeo", "Asgardeo SDK (React)", {"app"}, """
import { AuthProvider } from "@asgardeo/auth-react";

<AuthProvider
  config={{
    baseUrl: "@BASE@",
    wellKnownEndpoint: "@ISSUER@/.well-known/openid-configuration",
    clientID: "@CLIENT_ID@",
    signInRedirectURL: "@REDIRECT_URI@",
    signOutRedirectURL: "@SIGNED_OUT@",
    scope: ["openid", "profile", "email"],
    sendIdTokenInLogoutRequest: true,
  }}
>
""", "main.jsx"),
    _of("spring", "Spring Boot", {"web"}, """
spring:
  security:
    oauth2:
      client:
        registration:
          housekey:
            client-id: "@CLIENT_ID@"
            client-secret: "@CLIENT_SECRET@"
            authorization-grant-type: authorization_code
            redirect-uri: "@REDIRECT_URI@"
            scope: [openid, profile, email]
        provider:
          housekey:
            issuer-uri: "@ISSUER@"
            user-name-attribute: sub
""", "application.yml"),
    _of("aspnet", "ASP.NET Core", {"web"}, """
builder.Services.AddAuthentication(options =>
{
    options.DefaultScheme = CookieAuthenticationDefaults.AuthenticationScheme;
    options.DefaultChallengeScheme = OpenIdConnectDefaults.AuthenticationScheme;
}).AddCookie().AddOpenIdConnect(options =>
{
    options.Authority = "@ISSUER@";
    options.ClientId = "@CLIENT_ID@";
    options.ClientSecret = "@CLIENT_SECRET@";
    options.ResponseType = "code";
    options.CallbackPath = "@REDIRECT_PATH@"; // of @REDIRECT_URI@
    options.Scope.Add("email");
    options.GetClaimsFromUserInfoEndpoint = true;
    options.SaveTokens = true;
});
""", "Program.cs"),
    _of("mod-auth-openidc", "Apache (mod_auth_openidc)", {"web"}, """
OIDCProviderMetadataURL "@ISSUER@/.well-known/openid-configuration"
OIDCClientID "@CLIENT_ID@"
OIDCClientSecret "@CLIENT_SECRET@"
OIDCRedirectURI "@REDIRECT_URI@"
OIDCScope "@SCOPES@"
OIDCPKCEMethod S256
OIDCCryptoPassphrase "exec:/bin/bash -c \\"head -c 32 /dev/urandom | base64\\""

<Location "/">
  AuthType openid-connect
  Require valid-user
</Location>
"""),
    _of("authlib", "Authlib (Python)", {"web"}, """
oauth.register(
    "housekey",
    client_id="@CLIENT_ID@",
    client_secret="@CLIENT_SECRET@",
    server_metadata_url="@ISSUER@/.well-known/openid-configuration",
    client_kwargs={"scope": "@SCOPES@", "code_challenge_method": "S256"},
)

# where a sign-in begins
oauth.housekey.authorize_redirect("@REDIRECT_URI@")
"""),
    _of("program", _("Any OAuth 2.0 client"), {"program"}, """
Token endpoint: @BASE@/oauth2/token
Grant type: client_credentials
Client ID: @CLIENT_ID@
Client secret: @CLIENT_SECRET@
Metadata: @BASE@/.well-known/oauth-authorization-server
"""),
    _of("curl", "curl", {"program"}, """
curl --user "@CLIENT_ID@:@CLIENT_SECRET@" --data grant_type=client_credentials "@BASE@/oauth2/token"
"""),
)


def filled(application: Application, client_id: str, issuer: str, secret: str = NO_SECRET) -> Iterator[dict[str, object]]:
    """What there is for this kind of application, in order: key, name, file and text."""
    for one in CONFIGURATIONS:
        if application.kind in one.kinds:
            yield {"key": one.key, "name": one.name, "file": one.file, "text": text(one, application, client_id, issuer, secret)}


def text(one: Configuration, application: Application, client_id: str, issuer: str, secret: str = NO_SECRET) -> str:
    """A line that names an address after signing out is left away where none is set: any other would be refused."""
    first, signed_out = (next(iter(uris), "") for uris in (application.redirect_uris, application.post_logout_redirect_uris))
    values = {
        "ISSUER": issuer, "BASE": issuer.removesuffix("/oauth2/token"), "CLIENT_ID": client_id, "CLIENT_SECRET": secret, "SCOPES": SCOPES,
        "REDIRECT_URI": first, "REDIRECT_PATH": urlsplit(first).path or "/",
        "SIGNED_OUT": signed_out,
    }
    lines = (line for line in one.text.split("\n") if signed_out or "@SIGNED_OUT@" not in line)
    return _VALUE.sub(lambda found: values[found[1]], "\n".join(lines))
