// A web application around the npm packages openid-client and jose: a confidential client with its sessions in memory.
// Settings come in the environment variable APP as JSON: port, issuer, client_id, client_secret, redirect_uri, post_logout_redirect_uri.
import { createServer } from "node:http";
import { createRemoteJWKSet, jwtVerify } from "jose";
import * as client from "openid-client";

const settings = JSON.parse(process.env.APP);
const COOKIE = "openid_client_session";
const EVENT = "http://schemas.openid.net/event/backchannel-logout";
const sessions = new Map();

let discovered;
function discovery() {
  discovered ??= client.discovery(new URL(settings.issuer), settings.client_id, settings.client_secret);
  return discovered;
}

const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function page(body) {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>openid-client</title><h1>openid-client</h1>${body}</html>`;
}

function home(session, basket) {
  if (!session.user) return page(`<p><a id="sign-in" href="/sign-in?basket=${encodeURIComponent(basket)}">Sign in</a></p>`);
  return page(`<p>Signed in as <b id="user">${escaped(session.user.preferred_username)}</b> (<span id="sub">${escaped(session.user.sub)}</span>)</p>
<p>Basket: <span id="state">${escaped(session.basket)}</span></p>
<p>Token: <code id="token">${escaped(session.tokens.access_token)}</code></p>
<form method="post" action="/refresh"><button id="refresh">Refresh</button></form>
<p><a id="sign-out" href="/sign-out">Sign out</a></p>`);
}

async function signIn(session, url) {
  const config = await discovery();
  const verifier = client.randomPKCECodeVerifier();
  const pending = { verifier, state: client.randomState(), nonce: client.randomNonce() };
  Object.assign(session, { pending, basket: url.searchParams.get("basket") ?? "" });
  return client.buildAuthorizationUrl(config, {
    redirect_uri: settings.redirect_uri, scope: "openid profile email", state: pending.state, nonce: pending.nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  });
}

async function callback(session, url) {
  const config = await discovery();
  const { pending } = session;
  delete session.pending;
  const checks = { pkceCodeVerifier: pending?.verifier, expectedState: pending?.state, expectedNonce: pending?.nonce, idTokenExpected: true };
  const tokens = await client.authorizationCodeGrant(config, url, checks);
  const claims = tokens.claims();
  const user = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  Object.assign(session, { tokens, user, sid: claims.sid, idToken: tokens.id_token });
  return "/";
}

async function refresh(session) {
  session.tokens = await client.refreshTokenGrant(await discovery(), session.tokens.refresh_token);
  session.idToken = session.tokens.id_token ?? session.idToken;
  return "/";
}

async function signOut(session, id) {
  sessions.delete(id);
  return client.buildEndSessionUrl(await discovery(), {
    post_logout_redirect_uri: settings.post_logout_redirect_uri, id_token_hint: session.idToken,
  });
}

async function farewell(body) {
  const metadata = (await discovery()).serverMetadata();
  const { payload } = await jwtVerify(new URLSearchParams(body).get("logout_token") ?? "", createRemoteJWKSet(new URL(metadata.jwks_uri)), {
    issuer: metadata.issuer, audience: settings.client_id, requiredClaims: ["iat", "exp", "jti", "events"],
  });
  if (payload.nonce !== undefined || typeof payload.events[EVENT] !== "object" || !(payload.sid || payload.sub)) throw new Error("no logout token");
  for (const [id, session] of sessions) {
    if (session.user && (payload.sid ? session.sid === payload.sid : session.user.sub === payload.sub)) sessions.delete(id);
  }
}

async function bodyOf(request) {
  let body = "";
  for await (const part of request) body += part;
  return body;
}

function sessionOf(request) {
  const found = new RegExp(`${COOKIE}=([0-9a-f-]+)`).exec(request.headers.cookie ?? "")?.[1];
  const id = found && sessions.has(found) ? found : crypto.randomUUID();
  if (!sessions.has(id)) sessions.set(id, {});
  return [id, sessions.get(id)];
}

async function answer(request, response) {
  const url = new URL(request.url, settings.redirect_uri);
  if (url.pathname === "/backchannel") {
    await farewell(await bodyOf(request));
    return response.writeHead(200, { "Cache-Control": "no-store" }).end();
  }
  const [id, session] = sessionOf(request);
  const verbs = { "/sign-in": () => signIn(session, url), "/callback": () => callback(session, url), "/refresh": () => refresh(session), "/sign-out": () => signOut(session, id) };
  const verb = verbs[url.pathname];
  if (verb) {
    return response.writeHead(303, { Location: String(await verb()), "Set-Cookie": `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Lax` }).end();
  }
  const html = url.pathname === "/signed-out" ? page('<p id="signed-out">Signed out</p>') : home(session, url.searchParams.get("basket") ?? "");
  return response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(html);
}

createServer((request, response) => {
  answer(request, response).catch((error) => {
    console.error(request.url, error);
    response.writeHead(400, { "Content-Type": "text/html; charset=utf-8" }).end(page(`<p id="error">${escaped(error.error ?? error.message)}</p>`));
  });
}).listen(settings.port, "127.0.0.1");
