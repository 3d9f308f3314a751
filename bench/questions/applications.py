"""P5: tokens for programs; people's signing in to an application against the Argon2 floor; how soon it hears that somebody was locked."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from bench import client
from bench.figures import Line, Spread, against, at_most, told
from bench.floors import chosen
from bench.load import Answer, Stream, Talk, WrongAnswer, once, request
from bench.process import Program, command, housekey
from bench.room import Rate, Room, costs, fill, interleaved, rate, rates

CONNECTIONS = 8
PEOPLE = 64
LOCKED = 10
"""People who are locked one after another."""
BACK = "https://app.example.com/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_COOKIE = re.compile(rb"set-cookie: *([^=]+)=([^;]*)", re.IGNORECASE)
_LOCATION = re.compile(rb"location: *(\S+)", re.IGNORECASE)
_CSRF = re.compile(rb'name="csrfmiddlewaretoken" value="([^"]+)"')
LOGIN = "/authenticationendpoint/login.do"


def ask(room: Room) -> list[Line]:
    data = room.new("applications") / "ours"
    with housekey(data, client.CONFIG) as server:
        fill(server, client.create(client.BASIC, password=client.PASSWORD), PEOPLE)
        program = json.loads(command(data, "client", "add", "program", "--scope", "internal_user_mgt_view"))
        app = json.loads(command(data, "client", "add", "app", "--redirect-uri", BACK, "--public", "--no-consent"))
        token = request("POST", "/oauth2/token", _FORM, urlencode({
            "grant_type": "client_credentials", "client_id": program["client_id"], "client_secret": program["client_secret"]}).encode())
        given = [rate(server, Stream(lambda: token, _token, CONNECTIONS), room.seconds) for _ in range(room.runs + 1)][1:]
        lines = [at_most("P5 CPU of a client_credentials token", 1.2, costs(given), "ms"),
                 told("P5 client_credentials tokens", rates(given), "/s")]
        names = (f"login-{number % PEOPLE}" for number in itertools.count())

        def ours_once() -> Rate:
            talk: Callable[[], Talk] = lambda: sign_in(app["client_id"], next(names))  # noqa: E731
            return rate(server, Stream(lambda: None, lambda _: True, CONNECTIONS, talk=talk), room.seconds)

        mine, raw = interleaved(room, ours_once, lambda: Rate(chosen.argon2()(CONNECTIONS), 0))
        heard = _heard(server, lambda *words: command(data, *words))
    question = f"sign-in through the code flow, {CONNECTIONS} connections; floor {CONNECTIONS} threads"
    return [*lines, against(question, 0.85, rates(mine), rates(raw)),
            told("CPU of a sign-in through the code flow", costs(mine), "ms"),
            at_most("longest from the answer to a lock until the application was told", 1000, Spread((max(heard),)), "ms"),
            told("usually", Spread(tuple(heard)), "ms")]


def _token(answer: Answer) -> bool:
    return answer.status == 200 and b'"access_token"' in answer.body


def sign_in(client_id: str, name: str) -> Talk:
    """All five requests: the application's, the sign-in page, the sign-in, the answer to the application, and its exchange of the code."""
    asked = urlencode({"response_type": "code", "client_id": client_id, "redirect_uri": BACK, "scope": "openid profile email",
                       "state": "s" * 22, "nonce": "n" * 22, "code_challenge": CHALLENGE, "code_challenge_method": "S256"})
    goal = f"/oauth2/authorize?{asked}"
    cookies: dict[bytes, bytes] = {}
    first = yield request("GET", goal, {})
    page = yield request("GET", _led(first, 303, cookies), {})
    mark = _CSRF.search(page.body)
    _led(page, 200, cookies)
    token = mark[1].decode() if mark else ""
    fields = urlencode({"username": name, "password": client.PASSWORD, "next": goal, "csrfmiddlewaretoken": token})
    entered = yield request("POST", LOGIN, _FORM | _sent(cookies) | {"Origin": "http://localhost"}, fields.encode())
    answered = yield request("GET", _led(entered, 303, cookies), _sent(cookies))
    code = parse_qs(urlsplit(_led(answered, 302, cookies)).query)["code"][0]
    exchange = {"grant_type": "authorization_code", "client_id": client_id, "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    given = yield request("POST", "/oauth2/token", _FORM, urlencode(exchange).encode())
    if given.status != 200 or b'"id_token"' not in given.body:
        raise WrongAnswer(f"{given.status}: {given.body[:300]!r}")


def _heard(server: Program, housekey_says: Callable[..., str]) -> list[float]:
    """Milliseconds between the answer to a lock and the back-channel logout at the application, for some people."""
    calls: list[float] = []

    class Told(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            calls.append(time.perf_counter())
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is written."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Told) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        own = f"http://127.0.0.1:{receiver.server_address[1]}/"
        app = json.loads(housekey_says("client", "add", "told", "--redirect-uri", BACK, "--public", "--no-consent",
                                       "--backchannel-logout-uri", own))
        found = [_lock(server.port, app["client_id"], f"login-{number}", calls) for number in range(LOCKED)]
        receiver.shutdown()
    return found


def _lock(port: int, client_id: str, name: str, calls: list[float]) -> float:
    talk, before = sign_in(client_id, name), len(calls)
    message = next(talk)
    while message:
        try:
            message = talk.send(once(port, message))
        except StopIteration:
            break
    user = json.loads(once(port, client.by_name(client.BASIC)(name)).body)["Resources"][0]["id"]
    answer = once(port, client.lock(user))
    answered, end = time.perf_counter(), time.perf_counter() + 10
    if answer.status != 200:
        raise WrongAnswer(f"{answer.status}: {answer.body[:300]!r}")
    while len(calls) == before and time.perf_counter() < end:
        time.sleep(0.001)
    return max(0.0, (calls[before] - answered) * 1000)


def _sent(cookies: dict[bytes, bytes]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name.decode()}={value.decode()}" for name, value in cookies.items())}


def _led(answer: Answer, status: int, cookies: dict[bytes, bytes]) -> str:
    """Where an answer leads, its cookies kept."""
    if answer.status != status:
        raise WrongAnswer(f"{answer.status} instead of {status}: {answer.body[:300]!r}")
    cookies.update(_COOKIE.findall(answer.head))
    found = _LOCATION.search(answer.head)
    return found[1].decode() if found else ""
