package web

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"maps"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"clientele/registry"
	"clientele/store"
	"clientele/views"
)

// portalForm are the details of a client that acts for users.
func portalForm(name string) url.Values {
	return url.Values{
		"name": {name}, "grant": {registry.AuthorizationCode, registry.RefreshToken}, "auth_method": {registry.SecretBasic},
		"redirect_uris": {"https://portal.example/cb\r\n\r\n http://127.0.0.1/cb \r\n"}, "home_page": {"https://portal.example"}, "trust": {"verified"},
	}
}

// upload sends a form with a file in its field logo.
func (b *browser) upload(path string, form url.Values, file []byte) answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range form[name] {
			if err := w.WriteField(name, value); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	part, err := w.CreateFormFile("logo", "logo.png")
	if err == nil {
		_, err = part.Write(file)
	}
	if err != nil || w.Close() != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.send(r)
}

// picture draws a picture of that size.
func picture(width, height int) image.Image {
	m := image.NewPaletted(image.Rect(0, 0, width, height), []color.Color{color.Transparent, color.NRGBA{200, 30, 60, 255}, color.NRGBA{20, 90, 200, 128}})
	for i := range m.Pix {
		m.Pix[i] = uint8((i/width/8 + i%width/8) % 3)
	}
	return m
}

func pngOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWizardForClientsThatActForUsers(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.setUp(t)
		page := b.get(views.NewClientPath).page()
		if got := page.Find(`.for-users [name="grant"]:checked`).Map(value); !slices.Equal(got, []string{registry.RefreshToken}) {
			t.Errorf("got %v ticked, want refresh tokens", got)
		}
		if n := page.Find(`fieldset [name="grant"]`).Length(); n != 2 {
			t.Errorf("got %d grant types, want two", n)
		}
		scopes := b.upload(views.NewClientPath, portalForm("Portal"), pngOf(t, picture(600, 300))).Header().Get("Location")

		page = b.get(scopes).page()
		for _, want := range []string{`input[name="required"][value="audit.log:read"]:not([disabled])`, `input[name="required"][value="openid"][disabled][checked]`} {
			if page.Find(want).Length() != 1 {
				t.Errorf("there is no %s", want)
			}
		}
		if page.Find("select").Length() != 0 || !strings.Contains(page.Find("main").Text(), "what that user may do") {
			t.Error("permissions are offered, want to be told that they are the user's")
		}
		form := url.Values{"scope": {"openid", "audit.log:read"}, "required": {"audit.log:read", "profile"}}
		form.Set("back", "true")
		b.post(scopes, form).redirects(strings.TrimSuffix(scopes, "/scopes"))

		// On the way back nothing is lost, the logo included.
		page = b.get(strings.TrimSuffix(scopes, "/scopes")).page()
		if got := page.Find("#redirect_uris").Text(); got != "https://portal.example/cb\nhttp://127.0.0.1/cb" {
			t.Errorf("got the redirect URIs %q back", got)
		}
		if got := page.Find(`[type="radio"]:checked`).Map(value); !slices.Equal(got, []string{"authorization_code", "client_secret_basic", "verified"}) {
			t.Errorf("got %v chosen", got)
		}
		again := portalForm("Portal")
		again.Set("logo_kept", page.Find(`[name="logo_kept"]`).AttrOr("value", ""))
		if !strings.HasPrefix(page.Find("img.logo").AttrOr("src", ""), "data:image/png;base64,"+again.Get("logo_kept")) || again.Get("logo_kept") == "" {
			t.Error("the logo is not there any more")
		}
		b.upload(strings.TrimSuffix(scopes, "/scopes"), again, nil).redirects(scopes)
		page = b.get(scopes).page()
		if got := page.Find(`[name="required"][checked]:not([disabled])`).Map(value); !slices.Equal(got, []string{"audit.log:read", "profile"}) {
			t.Errorf("got %v required, want what was ticked", got)
		}
		form.Del("back")
		secret := b.post(scopes, form).Header().Get("Location")

		w := b.get(secret)
		w.has(http.StatusOK, "This is the only time", "Issuer", "http://127.0.0.1/cb", "Sign a user in", "Verified", "Yes, until the consent ends")
		w.lacks("Test it now", "It holds no permissions", "curl", "Token endpoint")
		app := s.applications(t)[0]
		details, err := s.Store.Application(t.Context(), registry.Operator, app.ID)
		if err != nil || !slices.Equal(details.Required, []string{"audit.log:read", "openid"}) || details.Logo == "" ||
			!slices.Equal(details.Grants, []string{registry.AuthorizationCode, registry.RefreshToken}) {
			t.Errorf("got %+v, %v", details, err)
		}

		page = b.get("/admin/applications/" + app.ID).page()
		text := page.Find("main").Text()
		for _, want := range []string{"Authorization code, Refresh tokens", "https://portal.example/cb", "Verified", "With consent", "Those of the user"} {
			if !strings.Contains(text, want) {
				t.Errorf("the application's page has no %q", want)
			}
		}
		if strings.Contains(text, "It holds no permissions") {
			t.Error("it is said to lack permissions")
		}
		b.get("/admin/applications/" + app.ID + "/test").has(http.StatusNotFound)
		b.get("/admin/applications/"+app.ID+"/connect").has(http.StatusOK, "Connect Portal", "the client secret")
		b.get("/admin/applications").lacks("No rights")

		// The logo is there for who is signed in, and nobody else.
		logo := page.Find("img.logo").AttrOr("src", "")
		w = b.get(logo)
		config, err := png.DecodeConfig(w.Body)
		if w.Code != http.StatusOK || err != nil || config.Width != 256 || config.Height != 128 ||
			w.Header().Get("Content-Type") != "image/png" || w.Header().Get("Cache-Control") != "private, max-age=31536000, immutable" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("got %d with %v and %+v, %v; want a picture of 256 × 128 pixels", w.Code, w.Header(), config, err)
		}
		for _, path := range []string{strings.TrimSuffix(logo, ".png"), "/logos/x.png", "/logos/.png"} {
			b.get(path).has(http.StatusNotFound)
		}
		if w := s.browser(t).get(logo); w.Code != http.StatusSeeOther {
			t.Errorf("signed out: got %d, want to sign in first", w.Code)
		}
	})
}

func TestWizardForPublicClients(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	form := portalForm("App")
	form.Set("auth_method", registry.PublicClient)
	scopes := b.post(views.NewClientPath, form).Header().Get("Location")
	to := b.post(scopes, url.Values{"scope": {"openid"}}).Header().Get("Location")
	page := "/admin/applications/" + s.applications(t)[0].ID
	for range 2 { // however often
		b.get(to).redirects(page + "/connect")
	}
	w := b.get(page + "/connect")
	w.has(http.StatusOK, "It has no secret", "Client ID", "client.None()", "AuthStyleInParams", "token_endpoint_auth_method=&#34;none&#34;")
	w.lacks("client_secret,", "CLIENT_SECRET", "Regenerate secret")
	b.get(page).lacks("Regenerate secret", "None of its secrets", "It has no secret yet")
	b.get("/admin/applications").lacks("Regenerate secret", "No secret accepted")
	for _, b := range []*browser{b, b.withHTMX()} {
		b.get(page+"/regenerate").has(http.StatusConflict, "It has no secret", "is a public client")
		b.post(page+"/regenerate", url.Values{"end": {"now"}}).has(http.StatusConflict, "It has no secret")
	}
}

// A box that does not show does not count, and neither does what belongs to it.
func TestWizardDropsWhatIsForUsers(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	form := portalForm("Machine")
	form["grant"] = []string{registry.ClientCredentials, registry.RefreshToken}
	form.Set("redirect_uris", "nonsense")
	scopes := b.post(views.NewClientPath, form).Header().Get("Location")
	page := b.get(scopes).page()
	if page.Find(`[name="required"], [value="openid"]`).Length() != 0 || page.Find("select").Length() == 0 {
		t.Error("want scopes and templates for a client that acts as itself")
	}
	b.post(scopes, url.Values{"scope": {"audit.log:read"}, "required": {"audit.log:read"}})
	record, err := s.Store.ApplicationRecord(t.Context(), registry.Operator, s.applications(t)[0].ID)
	if err != nil || len(record.RedirectURIs)+len(record.Required) != 0 || record.Trust != registry.Unverified || !slices.Equal(record.Grants, []string{registry.ClientCredentials}) {
		t.Errorf("got %+v, %v", record, err)
	}
}

func TestEveryWrongLineIsNamed(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	form := portalForm("Portal")
	form.Set("redirect_uris", "https://a.example\r\n\r\nhttp://a.example\r\nhttps://a.example/#x")
	w := b.post(views.NewClientPath, form)
	w.has(http.StatusUnprocessableEntity)
	want := "Line 2: Use https. Plain http is for 127.0.0.1, [::1] and localhost only.\nLine 3: Leave out the fragment, which is everything from # on."
	if got := w.page().Find("#redirect_uris-err span").Text(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := w.page().Find("#redirect_uris").Text(); got != "https://a.example\nhttp://a.example\nhttps://a.example/#x" {
		t.Errorf("got %q back, want the lines as they are numbered", got)
	}
	w = b.withHTMX().post(views.NewClientPath+"/check", form)
	w.has(http.StatusOK)
	if got := w.page().Find("#redirect_uris-field .err span").Text(); got != want {
		t.Errorf("as one leaves it: got %q, want %q", got, want)
	}
}

func TestLogos(t *testing.T) {
	noise := image.NewNRGBA(image.Rect(0, 0, 300, 300)) // cannot be packed
	state := uint32(1)
	for i := range noise.Pix {
		state = state*1664525 + 1013904223
		noise.Pix[i] = byte(state >> 24)
	}
	var jpegFile, gifFile bytes.Buffer
	if err := jpeg.Encode(&jpegFile, picture(64, 32), nil); err != nil {
		t.Fatal(err)
	}
	if err := gif.Encode(&gifFile, picture(32, 64), nil); err != nil {
		t.Fatal(err)
	}
	small, large := pngOf(t, picture(40, 20)), pngOf(t, picture(200, 200))
	tests := []struct {
		name          string
		file          []byte
		width, height int
		wrong         string
	}{
		{"small", small, 40, 20, ""},
		{"tall", pngOf(t, picture(10, 4096)), 1, 256, ""},
		{"JPEG", jpegFile.Bytes(), 64, 32, ""},
		{"GIF", gifFile.Bytes(), 32, 64, ""},
		{"with something behind it", append(slices.Clone(small), "<script>alert(1)</script>"...), 40, 20, ""},
		{"noise", pngOf(t, noise), 192, 192, ""},
		{"none", []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), 0, 0, "Choose a PNG, JPEG or GIF file."},
		{"empty", nil, 0, 0, "Choose a PNG, JPEG or GIF file."},
		{"half", large[:len(large)-40], 0, 0, "The file is damaged."},
		{"too many pixels", pngOf(t, picture(4097, 1)), 0, 0, "Choose a picture of at most 4096"},
		{"too long", append(slices.Clone(small), make([]byte, maxLogoFile)...), 0, 0, "Choose a file of at most 1 MB."},
	}
	for _, tt := range tests {
		got, err := encodeLogo(tt.file)
		if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.wrong)
		}
		if err != nil {
			continue
		}
		m, err := png.Decode(bytes.NewReader(got))
		if err != nil || m.Bounds().Dx() != tt.width || m.Bounds().Dy() != tt.height || len(got) > maxLogoPNG || bytes.Contains(got, []byte("script")) {
			t.Errorf("%s: got %d bytes, %v; want %d × %d pixels", tt.name, len(got), err, tt.width, tt.height)
		}
		if again, err := encodeLogo(got); err != nil || !bytes.Equal(again, got) {
			t.Errorf("%s: encoded again it is another, %v", tt.name, err)
		}
	}
}

func FuzzEncodeLogo(f *testing.F) {
	var b bytes.Buffer
	if err := png.Encode(&b, picture(8, 8)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("GIF89a\x01\x00\x01\x00"))
	f.Add([]byte("\xff\xd8\xff\xe0"))
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := encodeLogo(file)
		if err != nil {
			return
		}
		if _, err := png.Decode(bytes.NewReader(got)); err != nil || len(got) > maxLogoPNG {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
	})
}

// What is wrong with a file is said at its field, together with all else that
// is wrong, and a good one is kept while the rest is mended.
func TestWrongLogoLosesNothing(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	b.post(b.post(views.NewClientPath, portalForm("Other")).Header().Get("Location"), url.Values{"scope": {"openid"}})
	edit := "/admin/applications/" + s.applications(t)[0].ID + "/edit"
	draft := strings.TrimSuffix(b.draft("Ledger Sync"), "/scopes")
	for _, path := range []string{views.NewClientPath, draft, edit} {
		for what, file := range map[string][]byte{"no picture": []byte("hello"), "too long": make([]byte, 3<<20)} {
			form := portalForm("")
			form.Set("seen", b.get(edit).page().Find(`[name="seen"]`).AttrOr("value", ""))
			w := b.upload(path, form, file)
			w.has(http.StatusUnprocessableEntity)
			if got := marked(w.page()); !slices.Equal(got, []string{"logo", "name"}) {
				t.Errorf("%s, %s: got %v marked, want the logo and the name", path, what, got)
			}
			if got := w.page().Find("#home_page").AttrOr("value", ""); got != "https://portal.example" {
				t.Errorf("%s, %s: got %q back, want what was typed", path, what, got)
			}
		}
		w := b.upload(path, portalForm(""), pngOf(t, picture(20, 20)))
		w.has(http.StatusUnprocessableEntity)
		if w.page().Find(`[name="logo_kept"]`).AttrOr("value", "") == "" {
			t.Errorf("%s: the logo is lost", path)
		}
	}
	b.upload(views.NewClientPath, portalForm("Long"), make([]byte, uploadLimit)).has(http.StatusRequestEntityTooLarge)
	long := portalForm("Long")
	long.Set("description", strings.Repeat("x", bodyLimit))
	b.upload(views.NewClientPath, long, nil).has(http.StatusRequestEntityTooLarge)
	binary := portalForm("Por\xfftal")
	b.upload(views.NewClientPath, binary, nil).has(http.StatusBadRequest)
	b.upload("/theme", url.Values{}, nil).has(http.StatusUnsupportedMediaType)
	r := httptest.NewRequest(http.MethodPost, views.NewClientPath, strings.NewReader("--x\r\nContent-Disposition: form-data; name=name\r\n\r\nPor"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	b.send(r).has(http.StatusBadRequest)
	r = httptest.NewRequest(http.MethodPost, views.NewClientPath, strings.NewReader(""))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	b.send(r).has(http.StatusForbidden)
}

func TestEditClientThatActsForUsers(t *testing.T) {
	eachSite(t, func(t *testing.T, s *site) {
		b := s.setUp(t)
		app, _, err := s.Store.CreateClient(t.Context(), registry.Operator, registry.NewClient{
			ClientDetails: registry.ClientDetails{
				Name: "Portal", Grants: []string{registry.ClientCredentials, registry.AuthorizationCode, registry.RefreshToken}, AuthMethod: registry.SecretBasic,
				RedirectURIs: []string{"https://portal.example/cb"},
			}, Scopes: []string{"openid", "audit.log:read"},
		}, store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		path := "/admin/applications/" + app.ID
		// form is what the edit page would send as it stands.
		form := func() url.Values {
			page, form := b.get(path+"/edit").page(), url.Values{}
			for _, name := range []string{"name", "home_page", "seen"} {
				form.Set(name, page.Find(`[name="`+name+`"]`).AttrOr("value", ""))
			}
			form.Set("redirect_uris", strings.ReplaceAll(page.Find("#redirect_uris").Text(), "\n", "\r\n"))
			for _, name := range []string{"grant", "auth_method", "trust"} {
				form[name] = page.Find(`[name="` + name + `"][checked]`).Map(value)
			}
			return form
		}
		both := form()
		if !slices.Equal(both["grant"], []string{"client_credentials authorization_code", "refresh_token"}) {
			t.Errorf("got the grant types %q, want both in one", both["grant"])
		}
		b.upload(path+"/edit", both, nil).redirects(path)
		page, err := s.Store.AuditEvents(t.Context(), registry.Operator, registry.AuditQuery{Action: "application.update"})
		if err != nil || len(page.Entries) != 0 {
			t.Errorf("got %+v, %v; want nothing to change", page.Entries, err)
		}
		b.get(path).has(http.StatusOK, "Connect", "/test", "Authorization code, Client credentials, Refresh tokens", "It holds no permissions")

		change := form()
		change["grant"] = []string{registry.AuthorizationCode}
		change.Set("redirect_uris", "https://portal.example/2\r\nhttps://portal.example/cb")
		change.Set("trust", "first_party")
		b.upload(path+"/edit", change, pngOf(t, picture(8, 8))).redirects(path)
		shown := b.get(path).page()
		if !strings.Contains(shown.Find("main").Text(), "First-party") || shown.Find("img.logo").Length() != 1 {
			t.Error("the change does not show")
		}
		w := b.upload(path+"/edit", change, nil) // made for how it was before
		w.has(http.StatusConflict, "Someone changed it while you were editing", "Redirect URIs", "First-party")

		public := form()
		public.Set("auth_method", registry.PublicClient)
		public.Set("logo_remove", "true")
		b.post(path+"/edit", public).redirects(path)
		w = b.get(path)
		w.has(http.StatusOK, "It is a public client, which has none")
		if w.page().Find("img.logo").Length() != 0 {
			t.Error("the logo is still there")
		}

		secret := form()
		secret.Set("auth_method", registry.SecretBasic)
		b.post(path+"/edit", secret).redirects(path)
		b.get(path).has(http.StatusOK, "Regenerate secret")
	})
}

// A client that never had a secret gets its first without a question about others.
func TestFirstSecret(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	app, _, err := s.Store.CreateClient(t.Context(), registry.Operator, registry.NewClient{
		ClientDetails: registry.ClientDetails{
			Name: "App", Grants: []string{registry.AuthorizationCode}, AuthMethod: registry.PublicClient, RedirectURIs: []string{"https://app.example/cb"},
		}, Scopes: []string{"openid"},
	}, store.ShowOnce{})
	if err != nil {
		t.Fatal(err)
	}
	edit := registry.ClientEdit{ClientDetails: app.Details()}
	edit.AuthMethod = registry.SecretPost
	if err := s.Store.UpdateClient(t.Context(), registry.Operator, app.ID, edit); err != nil {
		t.Fatal(err)
	}
	path := "/admin/applications/" + app.ID
	b.get(path).has(http.StatusOK, "It has no secret yet", "Make a secret")
	w := b.get(path + "/regenerate")
	w.has(http.StatusOK, "Make a client secret?")
	form := url.Values{}
	w.page().Find(`input[type="hidden"]`).Each(func(_ int, in *goquery.Selection) { form.Set(in.AttrOr("name", ""), in.AttrOr("value", "")) })
	for range 2 {
		b.post(path+"/regenerate", form).redirects(path + "/secret")
	}
	if got := s.applications(t)[0].Secrets; got != 1 {
		t.Errorf("got %d secrets, want one", got)
	}
	b.get(path+"/secret").has(http.StatusOK, "App is ready", "Client secret")
}

func TestRequiredScopesAreEdited(t *testing.T) {
	s := newSite(t)
	b := s.setUp(t)
	b.post(b.post(views.NewClientPath, portalForm("Portal")).Header().Get("Location"), url.Values{"scope": {"openid", "profile"}, "required": {"profile"}})
	path := "/admin/applications/" + s.applications(t)[0].ID
	page := b.get(path + "/scopes").page()
	if got := page.Find(`[name="required"][checked]`).Map(value); !slices.Equal(got, []string{"openid", "profile"}) {
		t.Errorf("got %v required, want as it is", got)
	}
	review := b.post(path+"/scopes", url.Values{"scope": {"openid", "profile", "email"}, "required": {"email", "offline_access"}}).Header().Get("Location")
	w := b.get(review)
	w.has(http.StatusOK, "Will be added", "Will no longer be required", "Required")
	page = w.page()
	form := url.Values{}
	for _, name := range []string{"scope", "required", "seen", "seen_required"} {
		form[name] = page.Find(`#review [name="` + name + `"]`).Map(value)
	}
	back := b.get(page.Find(`.card-foot a`).AttrOr("href", "")).page()
	if got := back.Find(`[name="required"][checked]`).Map(value); !slices.Equal(got, []string{"openid", "email"}) {
		t.Errorf("on the way back: got %v required, want what was ticked", got)
	}
	b.post(path+"/scopes/review", form).redirects(path + "#access")
	b.post(path+"/scopes/review", form).has(http.StatusConflict, "Nothing would change")
	d, err := s.Store.Application(t.Context(), registry.Operator, strings.TrimPrefix(path, "/admin/applications/"))
	if err != nil || !slices.Equal(d.Required, []string{"email", "openid"}) {
		t.Errorf("got %v required, %v", d.Required, err)
	}
}
