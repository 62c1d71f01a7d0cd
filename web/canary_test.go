package web

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clientele/oauth"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// TestSecretsStayInside makes every kind of secret by real use, gets each of
// them refused as well, and looks for it in the log, the audit log, the
// answers to what failed, and the bytes of the database and of a backup.
func TestSecretsStayInside(t *testing.T) {
	folder, clock := t.TempDir(), storetest.NewClock()
	key, err := store.CreateKeyFile(filepath.Join(folder, "test.key"))
	if err != nil {
		t.Fatal(err)
	}
	options := storetest.Options(filepath.Join(folder, "test.db"), clock)
	options.Key, options.Mail = key, true
	db, err := store.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	s := siteOn(db, clock)

	secrets, refused := s.useSecrets(t)
	keyFile, err := os.ReadFile(filepath.Join(folder, "test.key"))
	if err != nil {
		t.Fatal(err)
	}
	secrets["key file"] = strings.TrimSpace(string(keyFile))

	places := map[string][]byte{"log": []byte(s.log.String()), "errors": refused}
	if err := store.Backup(t.Context(), filepath.Join(folder, "test.db"), filepath.Join(folder, "backup.db")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"test.db", "test.db-wal", "backup.db"} { // the audit log too
		if places[name], err = os.ReadFile(filepath.Join(folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, bytesOf := range [][]byte{append(places["test.db"], places["test.db-wal"]...), places["backup.db"]} {
		if !bytes.Contains(bytesOf, []byte("application.regenerate-secret")) {
			t.Error("the database's or the backup's bytes lack what must be there")
		}
	}
	for _, place := range slices.Sorted(maps.Keys(places)) {
		for _, kind := range slices.Sorted(maps.Keys(secrets)) {
			for _, spelling := range spellings(secrets[kind]) {
				if bytes.Contains(places[place], spelling) {
					t.Errorf("%s: got the %s in it", place, kind)
				}
			}
		}
	}
}

// useSecrets goes from the setup link to a token, and returns every secret on
// the way and the answers that refused one.
func (s *site) useSecrets(t *testing.T) (secrets map[string]string, refused []byte) {
	t.Helper()
	code, _, err := s.Store.NewSetupCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := s.browser(t)
	wrong := func(want int, w answer) {
		t.Helper()
		w.has(want)
		refused = append(refused, w.Body.Bytes()...)
	}
	form := setupForm(code)
	form.Set("email", "nobody")
	b.post("/setup", form).has(http.StatusUnprocessableEntity) // the form keeps its code
	b.post("/setup", setupForm(code)).redirects("/")
	wrong(http.StatusNotFound, b.get("/setup?code="+code))
	wrong(http.StatusNotFound, b.post("/setup", setupForm(code)))

	mistyped := testPassword + "!"
	wrong(http.StatusUnprocessableEntity, s.browser(t).signIn("admin@example.com", mistyped))
	again := s.browser(t)
	again.signIn("admin@example.com", testPassword).redirects("/")
	secrets = map[string]string{"setup code": code, "password": testPassword, "mistyped password": mistyped}
	for name, value := range b.cookies {
		secrets["first "+name] = value
	}
	for name, value := range again.cookies {
		secrets["second "+name] = value
	}
	if len(secrets) < 6 {
		t.Errorf("got %v, want a session and a device of each browser", slices.Sorted(maps.Keys(secrets)))
	}

	path := b.register("Canary", url.Values{"scope": {"applications:read"}})
	take := func(name string) {
		t.Helper()
		w := b.get(path + "/secret")
		secrets[name] = w.page().Find("#client-secret").AttrOr("value", "")
		if !registry.ParseSecret(secrets[name]).WellFormed() {
			t.Fatalf("got %q as the %s", secrets[name], name)
		}
		wrong(http.StatusGone, b.get(path+"/secret"))
	}
	take("first secret")
	secrets["token"] = s.tokens(t, path, secrets["first secret"], wrong)
	b.post(path+"/regenerate", url.Values{"end": {"now"}}).redirects(path + "/secret")
	take("second secret")
	b.post(path+"/secrets/new", url.Values{"until": {"ended"}, "name": {"More"}}).redirects(path + "/secret")
	take("added secret")
	b.post(path+"/regenerate", url.Values{"end": {"now"}}).redirects(path + "/secret") // sealed, and never seen

	keyPath, key := b.makeKey("Canary key")
	secrets["application key"] = key
	for range 2 { // accepted, and refused once it is paused
		r := httptest.NewRequest(http.MethodGet, "/api/v1/me", nil)
		r.Header.Set("Authorization", "AppKey "+key)
		w := s.browser(t).send(r)
		refused = append(refused, w.Body.Bytes()...)
		b.post(keyPath+"/secrets/"+s.details(t, keyPath).Secrets[0].ID+"/pause", nil)
	}
	r := httptest.NewRequest(http.MethodGet, "/api/v1/applications?key="+key, nil)
	r.Header.Set("Authorization", "AppKey "+key+"x")
	wrong(http.StatusUnauthorized, s.browser(t).send(r))
	b.post(keyPath+"/regenerate", url.Values{"end": {"now"}}).redirects(keyPath + "/secret") // sealed, and never seen

	r = httptest.NewRequest(http.MethodGet, "/api/v1/applications", nil)
	r.Header.Set("Authorization", "Bearer "+secrets["token"])
	wrong(http.StatusUnauthorized, s.browser(t).send(r))                           // its secret ended
	b.get("/admin/nothing?q=" + secrets["second secret"]).has(http.StatusNotFound) // the page leads back to its own address
	hook, _ := b.addWebhook(toChat)
	b.post(hook+"/rotate", nil).redirects(hook + "/secret")
	secrets["webhook secret"] = b.get(hook+"/secret").page().Find("#webhook-secret").AttrOr("value", "")
	wrong(http.StatusGone, b.get(hook+"/secret"))
	s.openLinks(t, b, secrets, wrong)
	s.actForUser(t, b, secrets)
	return secrets, refused
}

// openLinks makes the links by which users choose a password, opens them well
// and badly, and adds the secrets on the way.
func (s *site) openLinks(t *testing.T, b *browser, secrets map[string]string, wrong func(int, answer)) {
	t.Helper()
	path, link := b.invite(newcomer)
	secrets["invitation"], secrets["password of an invitation"] = codeOf(t, link), newPassword
	guest := s.browser(t)
	guest.get(link).has(http.StatusOK) // the form keeps the code
	wrong(http.StatusNotFound, guest.get(link+"x"))
	guest.post("/invitation", url.Values{"code": {codeOf(t, link)}, "new": {newPassword}}).redirects("/")
	wrong(http.StatusGone, guest.get(link))
	wrong(http.StatusGone, guest.post("/invitation", url.Values{"code": {codeOf(t, link)}, "new": {newPassword}}))
	wrong(http.StatusGone, b.get(path+"/link"))
	b.post(path+"/reset-password", nil).redirects(path + "/link")
	secrets["reset link"] = codeOf(t, b.takeLink(path))
	b.post(path+"/reset-password", nil).redirects(path + "/link") // sealed, and never seen

	mailed := func(how registry.Attempt) string {
		b.post(path+"/reset-password", url.Values{"mail": {"true"}}).redirects(path)
		b.get(path).has(http.StatusOK)
		return s.mailed(t, how).Link.Code.Reveal()
	}
	secrets["link that was sent"] = mailed(registry.Attempt{Delivered: true, Status: 250})
	secrets["link that waits to be sent again"] = mailed(registry.Attempt{Status: 451, Answer: "later"}) // sealed, at this moment
}

// actForUser has a client act for the user of a browser, well and badly, and
// adds the secrets on the way.
func (s *site) actForUser(t *testing.T, b *browser, secrets map[string]string) {
	t.Helper()
	p := s.party(t)
	secrets["code"] = p.code(b)
	first := p.exchange(secrets["code"])
	second := p.refresh(first.RefreshToken)
	if first.RefreshToken == "" || second.AccessToken == "" || first.IDToken == "" {
		t.Fatalf("got %+v and %+v, want every kind of token", first, second)
	}
	secrets["user's token"], secrets["ID token"] = first.AccessToken, first.IDToken
	secrets["refresh token"], secrets["its successor"] = first.RefreshToken, second.RefreshToken // sealed, at this moment
	p.asks(oauth.IntrospectPath, "token", first.AccessToken)
	p.exchange(secrets["code"]) // reuse is in the audit log
	p.refresh(second.RefreshToken)
	p.asks(oauth.RevokePath, "token", second.RefreshToken)
	secrets["unspent code"] = p.code(b)
}

// tokens asks for a token with a secret, well and badly.
func (s *site) tokens(t *testing.T, path, secret string, wrong func(int, answer)) string {
	t.Helper()
	id := strings.TrimPrefix(path, "/admin/applications/")
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {id}, "client_secret": {secret}}
	post := func(address string, form url.Values, basic bool) answer {
		r := httptest.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if basic {
			r.SetBasicAuth(id, secret)
		}
		return s.browser(t).send(r)
	}
	bad := func(name, value string) url.Values {
		changed := maps.Clone(form)
		changed[name] = []string{value}
		return changed
	}
	wrong(http.StatusBadRequest, post("/oauth2/token", form, true))
	wrong(http.StatusBadRequest, post("/oauth2/token?client_secret="+secret, form, false))
	wrong(http.StatusUnauthorized, post("/oauth2/token", url.Values{"grant_type": {"client_credentials"}}, true))
	wrong(http.StatusUnauthorized, post("/oauth2/token", bad("client_id", "cl_0000000000000000"), false))
	wrong(http.StatusBadRequest, post("/oauth2/token", bad("scope", "nothing"), false))
	w := post("/oauth2/token", form, false)
	w.has(http.StatusOK)
	_, token, _ := strings.Cut(w.Body.String(), `"access_token":"`)
	token, _, _ = strings.Cut(token, `"`)
	return token
}

// spellings are the ways in which a secret may have been written down.
func spellings(secret string) [][]byte {
	all := [][]byte{
		[]byte(secret), []byte(url.QueryEscape(secret)),
		[]byte(base64.StdEncoding.EncodeToString([]byte(secret))), []byte(hex.EncodeToString([]byte(secret))),
	}
	if raw, err := hex.DecodeString(secret); err == nil {
		all = append(all, raw)
	}
	return all
}
