package web

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// The verifier and challenge of RFC 7636, appendix B.
const (
	testVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	testChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	testCallback  = "https://app.example/cb"
)

// party is a client that acts for users (OpenID Connect's relying party).
type party struct {
	t          *testing.T
	site       *site
	id, secret string
}

// party registers a client by authorization code, with what change makes of it.
func (s *site) party(t *testing.T, change ...func(*registry.NewClient)) *party {
	t.Helper()
	in := registry.NewClient{
		ClientDetails: registry.ClientDetails{
			Name: "Orders App", Grants: []string{registry.AuthorizationCode, registry.RefreshToken}, AuthMethod: registry.SecretBasic,
			RedirectURIs: []string{testCallback, "http://127.0.0.1/cb", "com.example.app:/cb"},
		},
		Scopes: []string{"openid", "profile", "email", "audit.log:read", "applications:read"},
	}
	for _, f := range change {
		f(&in)
	}
	app, secret, err := s.Store.CreateClient(t.Context(), registry.Operator, in, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	p := &party{t: t, site: s, id: app.ID}
	if in.AuthMethod != registry.PublicClient {
		p.secret = secret.Reveal()
	}
	return p
}

// address returns that of a good authorization request with some parameters
// changed, as pairs; a parameter whose value is "-" is left out.
func (p *party) address(pairs ...string) string {
	q := url.Values{
		"client_id": {p.id}, "redirect_uri": {testCallback}, "response_type": {"code"}, "scope": {"openid profile"},
		"state": {"s-1"}, "nonce": {"n-1"}, "code_challenge": {testChallenge}, "code_challenge_method": {"S256"},
	}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "-" {
			q.Del(pairs[i])
		}
	}
	return oauth.AuthorizePath + "?" + q.Encode()
}

// consent returns the form of a consent page, as it is when it opens.
func consent(a answer) url.Values {
	a.t.Helper()
	a.has(http.StatusOK)
	form, page := url.Values{}, a.page()
	page.Find(`form[action="/oauth2/authorize/consent"] input`).Each(func(_ int, input *goquery.Selection) {
		kind := input.AttrOr("type", "text")
		_, checked := input.Attr("checked")
		_, disabled := input.Attr("disabled")
		if (kind == "hidden" || checked) && !disabled {
			form.Add(input.AttrOr("name", ""), input.AttrOr("value", ""))
		}
	})
	if form.Get("request") == "" {
		a.t.Fatalf("got no consent form: %s", page.Find("main").Text())
	}
	return form
}

// answers posts a consent form with a decision.
func (b *browser) answers(form url.Values, decision string) answer {
	b.t.Helper()
	form.Set("decision", decision)
	return b.post(oauth.AuthorizePath+"/consent", form)
}

// callback returns what the client is told by way of the browser.
func (a answer) callback() url.Values {
	a.t.Helper()
	to := a.Header().Get("Location")
	rest, ok := strings.CutPrefix(to, testCallback+"?")
	q, err := url.ParseQuery(rest)
	if a.Code != http.StatusSeeOther || !ok || err != nil {
		a.t.Fatalf("got %d to %q, want 303 to the client: %s", a.Code, to, a.page().Find("main").Text())
	}
	return q
}

// code has the browser's user allow what is asked for, and returns the code.
func (p *party) code(b *browser, pairs ...string) string {
	p.t.Helper()
	a := b.get(p.address(pairs...))
	if a.Code == http.StatusOK {
		a = b.answers(consent(a), "allow")
	}
	return a.callback().Get("code")
}

// tokens is the answer of the token endpoint.
type tokens struct {
	status       int
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	IDToken      string `json:"id_token"`
	ExpiresIn    int    `json:"expires_in"`
	Scope        string `json:"scope"`
	Error        string `json:"error"`
}

// asks posts a form to an endpoint, authenticated as the client is registered.
func (p *party) asks(path string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	if p.secret == "" {
		form.Set("client_id", p.id)
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if p.secret != "" {
		r.SetBasicAuth(p.id, p.secret)
	}
	w := httptest.NewRecorder()
	p.site.echo.ServeHTTP(w, r)
	return w
}

func (p *party) token(pairs ...string) (got tokens) {
	p.t.Helper()
	w := p.asks(oauth.TokenPath, pairs...)
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		p.t.Fatalf("%v in %s", err, w.Body)
	}
	got.status = w.Code
	return got
}

func (p *party) exchange(code string) tokens {
	p.t.Helper()
	return p.token("grant_type", "authorization_code", "code", code, "redirect_uri", testCallback, "code_verifier", testVerifier)
}

func (p *party) refresh(token string) tokens {
	p.t.Helper()
	return p.token("grant_type", "refresh_token", "refresh_token", token)
}

// calls sends a request with an access token and returns the answer's status and document.
func (s *site) calls(t *testing.T, path, token string) (int, map[string]any) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	s.echo.ServeHTTP(w, r)
	said := map[string]any{}
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	return w.Code, said
}

func payload(t *testing.T, token string) (claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)])
	if err == nil {
		err = json.Unmarshal(raw, &claims)
	}
	if err != nil {
		t.Fatalf("%v in %s", err, token)
	}
	return claims
}

// The whole flow, as a user and a client see it.
func TestAuthorizeAndToken(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		p := s.party(t)
		user := storetest.User(t, s.Store, "Demo User", "user@example.com", false)
		b := s.browser(t)

		// Nobody is signed in: sign-in in between returns to the request.
		address := p.address("scope", "openid profile email", "login_hint", "user@example.com")
		a := b.get(address)
		login := a.Header().Get("Location")
		if a.Code != http.StatusSeeOther || !strings.HasPrefix(login, "/login?return_to=") {
			t.Fatalf("got %d to %q, want 303 to sign in", a.Code, login)
		}
		a = b.get(login)
		a.has(200, "Orders App", `value="user@example.com"`)
		returnTo := a.page().Find(`input[name="return_to"]`).AttrOr("value", "")
		a = b.post("/login", url.Values{"email": {"user@example.com"}, "password": {testPassword}, "return_to": {returnTo}})
		s.clock.Advance(time.Second)

		a = b.get(a.Header().Get("Location"))
		a.has(200, "Orders App", "E-mail address")
		q := b.answers(consent(a), "allow").callback()
		if q.Get("state") != "s-1" || q.Get("iss") != s.Issuer || q.Get("code") == "" || len(q) != 3 {
			t.Errorf("got %v, want code, state and iss", q)
		}
		got := p.exchange(q.Get("code"))
		if got.status != 200 || got.ExpiresIn != 900 || got.Scope != "openid profile email" || got.RefreshToken == "" {
			t.Fatalf("got %+v", got)
		}

		id := payload(t, got.IDToken)
		want := map[string]any{
			"iss": s.Issuer, "sub": user.ID, "aud": p.id, "nonce": "n-1", "name": "Demo User", "email": "user@example.com", "email_verified": false,
			"auth_time": float64(storetest.Noon.Unix()), "iat": float64(storetest.Noon.Unix() + 1), "exp": float64(storetest.Noon.Unix() + 901), "at_hash": id["at_hash"],
		}
		if a, b := asJSON(t, id), asJSON(t, want); a != b {
			t.Errorf("got ID token\n%s\nwant\n%s", a, b)
		}
		code, info := s.calls(t, oauth.UserInfoPath, got.AccessToken)
		if code != 200 || info["sub"] != user.ID || info["name"] != "Demo User" || info["email"] != "user@example.com" || len(info) != 4 {
			t.Errorf("userinfo: got %d %v", code, info)
		}
		code, me := s.calls(t, "/api/v1/me", got.AccessToken)
		if code != 200 || me["id"] != user.ID || me["type"] != "user" || me["email"] != "user@example.com" || me["client_id"] != p.id {
			t.Errorf("me: got %d %v", code, me)
		}

		next := p.refresh(got.RefreshToken)
		if next.status != 200 || next.RefreshToken == got.RefreshToken || next.Scope != got.Scope || payload(t, next.IDToken)["nonce"] != nil {
			t.Errorf("refresh: got %+v", next)
		}
		// Asked again only when scopes grow.
		if again := b.get(address).callback(); again.Get("code") == "" {
			t.Errorf("second time: got %v, want a code at once", again)
		}
		if b.get(p.address("scope", "openid audit.log:read")).Code != http.StatusOK {
			t.Error("more scopes: got no question")
		}
	})
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("", " ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// unknown client or redirect: an error page, never a redirect.
func TestAuthorizeNeverRedirectsToStrangers(t *testing.T) {
	s := newSite(t)
	p := s.party(t)
	b := s.signedIn(t, "user@example.com", false)
	for name, address := range map[string]string{
		"unknown client":        p.address("client_id", "cl_unknown"),
		"no client":             p.address("client_id", "-"),
		"unknown redirect":      p.address("redirect_uri", "https://evil.example/cb"),
		"no redirect":           p.address("redirect_uri", "-"),
		"two redirects":         p.address() + "&redirect_uri=https%3A%2F%2Fapp.example%2Fcb",
		"malformed":             p.address() + "&x=%zz",
		"a semicolon":           p.address() + ";redirect_uri=https://evil.example",
		"XSS through an error":  p.address("redirect_uri", `https://evil.example/"><script>alert(1)</script>`),
		"wrong, and more wrong": p.address("redirect_uri", "https://evil.example/cb", "response_type", "token"),
	} {
		for who, b := range map[string]*browser{"signed in": b, "nobody": s.browser(t)} {
			a := b.get(address)
			a.has(http.StatusBadRequest, "Nothing was sent anywhere")
			if a.Header().Get("Location") != "" || strings.Contains(a.Body.String(), "<script>alert") {
				t.Errorf("%s, %s: got %v", name, who, a.Header())
			}
		}
	}
}

// Everything else that is wrong is told to the client, with state and iss.
func TestAuthorizeTellsTheClient(t *testing.T) {
	s := newSite(t)
	p := s.party(t)
	b := s.signedIn(t, "user@example.com", false)
	tests := []struct {
		name  string
		pairs []string
		want  string
	}{
		{"PKCE S256 required", []string{"code_challenge", "-", "code_challenge_method", "-"}, "invalid_request"},
		{"plain refused", []string{"code_challenge_method", "plain"}, "invalid_request"},
		{"implicit refused", []string{"response_type", "token"}, "unsupported_response_type"},
		{"an unregistered scope", []string{"scope", "openid orders:write"}, "invalid_scope"},
		{"prompt none, not consented", []string{"prompt", "none"}, "consent_required"},
		{"prompt none, signed in too long ago", []string{"prompt", "none", "max_age", "0"}, "login_required"},
	}
	s.clock.Advance(time.Minute)
	for _, tt := range tests {
		q := b.get(p.address(tt.pairs...)).callback()
		if q.Get("error") != tt.want || q.Get("state") != "s-1" || q.Get("iss") != s.Issuer || q.Get("error_description") == "" {
			t.Errorf("%s: got %v, want %s", tt.name, q, tt.want)
		}
	}
	if q := s.browser(t).get(p.address("prompt", "none")).callback(); q.Get("error") != "login_required" {
		t.Errorf("prompt none, nobody signed in: got %v, want login_required", q)
	}
	if q := b.answers(consent(b.get(p.address())), "deny").callback(); q.Get("error") != "access_denied" || q.Get("state") != "s-1" || q.Get("iss") != s.Issuer {
		t.Errorf("denied: got %v, want access_denied", q)
	}
}

// prompt, max_age, login_hint, nonce honoured; consent asked again when scopes grow.
func TestAuthorizePrompts(t *testing.T) {
	s := newSite(t)
	p := s.party(t)
	b := s.signedIn(t, "user@example.com", false)
	p.code(b)
	s.clock.Advance(time.Hour)
	if q := b.get(p.address("prompt", "none")).callback(); q.Get("code") == "" {
		t.Errorf("prompt none: got %v, want a code", q)
	}
	b.get(p.address("prompt", "consent")).has(200, "Allow")
	for name, pairs := range map[string][]string{
		"prompt login": {"prompt", "login"}, "prompt select_account": {"prompt", "select_account"}, "max_age": {"max_age", "3599"}, "max_age 0": {"max_age", "0"},
	} {
		a := b.get(p.address(pairs...))
		login := a.Header().Get("Location")
		if a.Code != http.StatusSeeOther || !strings.HasPrefix(login, "/login?") {
			t.Fatalf("%s: got %d to %q, want to sign in again", name, a.Code, login)
		}
		page := b.get(login)
		page.has(200, "Sign in", "Orders App")
		old := b.cookies["session"]
		to := page.page().Find(`input[name="return_to"]`).AttrOr("value", "")
		a = b.post("/login", url.Values{"email": {"user@example.com"}, "password": {testPassword}, "return_to": {to}})
		if b.cookies["session"] == old {
			t.Errorf("%s: the session is still the old one", name)
		}
		if q := b.get(a.Header().Get("Location")).callback(); q.Get("code") == "" {
			t.Errorf("%s: got %v, want a code after signing in", name, q)
		} else if id := payload(t, p.exchange(q.Get("code")).IDToken); id["auth_time"] != float64(s.clock.Now().Unix()) {
			t.Errorf("%s: got auth_time %v, want now", name, id["auth_time"])
		}
		s.clock.Advance(time.Hour)
	}
}

// A POST answers 303 to the same by GET: no 307 carries what was posted on.
func TestAuthorizeByPost(t *testing.T) {
	s := newSite(t)
	p := s.party(t)
	b := s.signedIn(t, "user@example.com", false)
	_, query, _ := strings.Cut(p.address(), "?")
	r := httptest.NewRequest(http.MethodPost, oauth.AuthorizePath, strings.NewReader(query))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	a := b.send(r)
	a.redirects(p.address())
	b.get(a.Header().Get("Location")).has(200, "Allow", "Deny")
	if a := b.send(httptest.NewRequest(http.MethodHead, p.address(), nil)); a.Code < 400 {
		t.Errorf("HEAD: got %d, want it refused: it would get a code", a.Code)
	}
}

// Consent forms that were tampered with, replayed, or posted from another
// origin change nothing.
func TestAuthorizeConsentForms(t *testing.T) {
	s := newSite(t)
	p := s.party(t)
	b := s.signedIn(t, "user@example.com", false)
	other := s.signedIn(t, "other@example.com", false)
	ask := func() url.Values { return consent(b.get(p.address("scope", "openid profile audit.log:read"))) }

	form := ask()
	form.Add("scope", "applications:read")
	b.answers(form, "allow").has(422, "Choose from what the application asks for.")
	form = ask()
	form["scope"] = []string{"profile"}
	b.answers(form, "allow").has(422, "needs Sign in")
	form = ask()
	form.Set("for", "ever")
	b.answers(form, "allow").has(422)
	b.answers(ask(), "maybe").has(400)
	other.answers(ask(), "allow").has(410, "already answered")
	form = ask()
	form.Set("request", "cr_aaaaaaaaaaaaaaaa")
	b.answers(form, "allow").has(410, "already answered")

	form = ask()
	form.Set("decision", "allow")
	r := httptest.NewRequest(http.MethodPost, oauth.AuthorizePath+"/consent", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://evil.example")
	b.send(r).has(403, "another site")
	if q := b.get(p.address("prompt", "none")).callback(); q.Get("error") != "consent_required" {
		t.Errorf("after all that: got %v, want nothing consented to", q)
	}

	form = ask()
	unticked := url.Values{"request": form["request"], "for": form["for"], "scope": {"openid", "audit.log:read"}}
	code := b.answers(unticked, "allow").callback().Get("code")
	if got := p.exchange(code); got.Scope != "audit.log:read openid" {
		t.Errorf("an unticked box: got %q, want it left out", got.Scope)
	}
	b.answers(form, "allow").has(410, "already answered")
	b.answers(form, "deny").has(410, "already answered")
}

// form-action 'self' https: and the redirect's own on the pages of an
// authorization request, 'self' on all others.
func TestAuthorizeFormAction(t *testing.T) {
	s := newSite(t)
	p := s.party(t)
	b := s.signedIn(t, "user@example.com", false)
	formAction := func(a answer) string {
		_, rest, _ := strings.Cut(a.Header().Get("Content-Security-Policy"), "form-action ")
		value, _, _ := strings.Cut(rest, ";")
		return value
	}
	for redirect, want := range map[string]string{
		testCallback: "'self' https:", "http://127.0.0.1:4711/cb": "'self' https: http://127.0.0.1:4711", "com.example.app:/cb": "'self' https: com.example.app:",
	} {
		if got := formAction(b.get(p.address("redirect_uri", redirect))); got != want {
			t.Errorf("consent to %s: got %s, want %s", redirect, got, want)
		}
		login := s.browser(t).get(p.address("redirect_uri", redirect)).Header().Get("Location")
		if got := formAction(s.browser(t).get(login)); got != want {
			t.Errorf("sign-in to %s: got %s, want %s", redirect, got, want)
		}
	}
	for _, path := range []string{"/login", "/login?return_to=%2Foauth2%2Fauthorize%3Fclient_id%3Dx", "/", p.address("redirect_uri", "https://evil.example/cb")} {
		if got := formAction(s.browser(t).get(path)); got != "'self'" {
			t.Errorf("%s: got %s, want 'self'", path, got)
		}
	}
	if got := b.get(p.address()).Header().Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("no CORS: got %q", got)
	}
}
