"""A site that signs its users in with Authlib and requests."""

import os
import secrets
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.oidc.core import CodeIDToken

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "true"  # http, on loopback
ISSUER, ADDRESS = os.environ["ISSUER"], os.environ["ADDRESS"]
SERVER = requests.get(ISSUER + "/.well-known/openid-configuration", timeout=10).json()
PAGE = """<!doctype html><title>Interop</title><a href="/login">Sign in</a> <a href="/me">Who am I?</a>
<form method="post" action="/refresh"><button>Refresh</button></form>"""


class Visit:
    """What is known of one browser."""

    def __init__(self):
        self.nonce, self.verifier = secrets.token_urlsafe(), secrets.token_urlsafe(48)
        self.session = OAuth2Session(
            os.environ["CLIENT_ID"],
            os.environ["CLIENT_SECRET"],
            token_endpoint_auth_method="client_secret_post",
            scope="openid profile email",
            redirect_uri=ADDRESS + "/callback",
            code_challenge_method="S256",
        )

    def begin(self):
        to, self.state = self.session.create_authorization_url(
            SERVER["authorization_endpoint"], code_verifier=self.verifier, nonce=self.nonce
        )
        return to

    def finish(self, address):
        token = self.session.fetch_token(
            SERVER["token_endpoint"], authorization_response=address, state=self.state, code_verifier=self.verifier
        )
        keys = JsonWebKey.import_key_set(requests.get(SERVER["jwks_uri"], timeout=10).json())
        claims = jwt.decode(
            token["id_token"],
            keys,
            claims_cls=CodeIDToken,
            claims_options={"iss": {"essential": True, "value": ISSUER}},
            claims_params={"nonce": self.nonce, "client_id": self.session.client_id, "access_token": token["access_token"]},
        )
        claims.validate()

    def refresh(self):
        self.session.refresh_token(SERVER["token_endpoint"], refresh_token=self.session.token["refresh_token"])


visits = {}


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        address = urlsplit(self.path)
        visit = self.visit()
        if address.path == "/login":
            visit, cookie = Visit(), secrets.token_urlsafe()
            visits[cookie] = visit
            self.redirect(visit.begin(), "visit=%s; Path=/; HttpOnly; SameSite=Lax" % cookie)
        elif address.path == "/callback":
            self.attempt(lambda: visit.finish(ADDRESS + self.path))
        elif address.path == "/me":
            self.pass_on(visit.session.get(ISSUER + "/api/v1/me"))
        elif address.path == "/userinfo":
            self.pass_on(visit.session.get(SERVER["userinfo_endpoint"]))
        else:
            self.say(200, "text/html", PAGE)

    def do_POST(self):
        self.attempt(self.visit().refresh)

    def visit(self):
        cookie = SimpleCookie(self.headers.get("Cookie")).get("visit")
        return cookie and visits.get(cookie.value)

    def attempt(self, step):
        try:
            step()
        except Exception as err:  # whatever it is, the test wants to read it
            self.say(502, "text/plain", repr(err))
        else:
            self.redirect("/me")

    def pass_on(self, answer):
        self.say(answer.status_code, "text/plain", answer.text)

    def redirect(self, to, cookie=None):
        self.send_response(303)
        self.send_header("Location", to)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()

    def say(self, status, kind, text):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())


ThreadingHTTPServer((urlsplit(ADDRESS).hostname, urlsplit(ADDRESS).port), Site).serve_forever()
