package registry

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// redirectURIs are addresses with a word of what is wrong with each; "" with
// nothing.
var redirectURIs = []struct{ uri, wrong string }{
	{"https://app.example.com/callback", ""},
	{"https://app.example.com", ""},
	{"https://app.example.com:8443/cb?tenant=1&to=%2Fhome", ""},
	{"https://xn--bcher-kva.example/cb", ""},
	{"https://192.0.2.1/cb", ""},
	{"https://[2001:db8::1]:8443/cb", ""},
	{"https://internal_host/cb", ""},
	{"http://127.0.0.1/cb", ""},
	{"http://127.0.0.1:51004/cb", ""},
	{"http://[::1]:51004/cb", ""},
	{"http://localhost:3000/cb", ""},
	{"com.example.app:/callback", ""},
	{"com.example.app://callback", ""},
	{"https://app.example.com/a..b/.well-known/...", ""},
	{"https://app.example.com/" + strings.Repeat("x", MaxAddress-24), ""},

	{"https://app.example.com/" + strings.Repeat("x", MaxAddress-23), "at most 500"},
	{"", "absolute"},
	{"app.example.com/cb", "absolute"},
	{"//app.example.com/cb", "absolute"},
	{"/cb", "absolute"},
	{"https:app.example.com", "absolute"},
	{"https:/app.example.com", "absolute"},
	{"https:///cb", "absolute"},
	{"com.example.app:callback", "absolute"},
	{"urn:ietf:wg:oauth:2.0:oob", "absolute"},
	{"http://app.example.com/cb", "Use https"},
	{"http://127.0.0.2/cb", "Use https"},
	{"http://localhost.example.com/cb", "Use https"},
	{"http://[::2]/cb", "Use https"},
	{"http://2130706433/cb", "Check the host"},
	{"https://127.1/cb", "Check the host"},
	{"https://0x7f000001/cb", "Check the host"},
	{"https://-app.example.com/cb", "Check the host"},
	{"https://app..example.com/cb", "Check the host"},
	{"https://app%41.example.com/cb", "cannot be read"},
	{"https://[fe80::1%25eth0]/cb", "Check the host"},
	{"https://[v1.x]/cb", "cannot be read"},
	{"myapp:/cb", "a dot in it"},
	{"javascript://app.example.com/%0aalert(1)", "a dot in it"},
	{"data:/x", "a dot in it"},
	{"file:///etc/passwd", "a dot in it"},
	{"vbscript:/x", "a dot in it"},
	{"javascript:alert(1)", "absolute"},
	{"HTTPS://app.example.com/cb", "lower case"},
	{"Com.example.app:/cb", "lower case"},
	{"https://App.example.com/cb", "lower case"},
	{"https://user:pass@app.example.com/cb", "user name"},
	{"https://app.example.com@evil.example/cb", "user name"},
	{"https://app.example.com/cb#", "fragment"},
	{"https://app.example.com/cb#x", "fragment"},
	{"https://*.example.com/cb", "wildcard"},
	{"https://app.example.com/*", "wildcard"},
	{"https://app.example.com/a/../cb", "segments"},
	{"https://app.example.com/./cb", "segments"},
	{"https://app.example.com/..", "segments"},
	{"https://app.example.com/a/%2e%2E/cb", "segments"},
	{"https://app.example.com/a/.%2e/cb", "segments"},
	{"https://app.example.com/a%2f..%2fcb", "segments"},
	{"https://app.example.com/%", "cannot be read"},
	{"https://app.example.com/?x=%zz", "cannot be read"},
	{"https://app.example.com:/cb", "port"},
	{"https://app.example.com:0/cb", "port"},
	{"https://app.example.com:0443/cb", "port"},
	{"https://app.example.com:65536/cb", "port"},
	{"https://app.example.com:https/cb", "cannot be read"},
	{"https://app.example.com/c b", "characters"},
	{"https://app.example.com/cb\r\nSet-Cookie: a=b", "characters"},
	{"https://app.example.com\\@evil.example/cb", "characters"},
	{"https://bücher.example/cb", "characters"},
	{"https://app.example.com/\x00", "characters"},
	{"https://app.example.com/<script>", "characters"},
}

func TestCheckRedirectURI(t *testing.T) {
	for _, tt := range redirectURIs {
		err := CheckRedirectURI(tt.uri)
		if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%q: got %v, want %q", tt.uri, err, tt.wrong)
		}
		if err != nil && !strings.HasSuffix(err.Error(), ".") {
			t.Errorf("%q: %q is no sentence", tt.uri, err)
		}
	}
}

func TestCheckHomePage(t *testing.T) {
	for address, wrong := range map[string]string{
		"https://app.example.com": "", "http://app.example.com/#about": "", "https://app.example.com/a/../*": "",
		"app.example.com": "absolute", "javascript:/alert(1)": "web address", "com.example.app:/x": "web address", "https://a@b.example/": "user name",
		"https://app.example.com/" + strings.Repeat("x", MaxAddress): "at most 500",
	} {
		err := CheckHomePage(address)
		if (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%q: got %v, want %q", address, err, wrong)
		}
	}
}

// What is taken can be sent as it is: nothing on the way reads it differently.
func FuzzCheckRedirectURI(f *testing.F) {
	for _, tt := range redirectURIs {
		f.Add(tt.uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if err := CheckRedirectURI(uri); err != nil {
			if err.Error() == "" {
				t.Errorf("%q: refused without a word", uri)
			}
			return
		}
		u, err := url.Parse(uri)
		if err != nil || !u.IsAbs() || u.Opaque != "" || u.Fragment != "" || u.User != nil || len(uri) > MaxAddress {
			t.Fatalf("%q: got %+v, %v", uri, u, err)
		}
		loopback := u.Scheme == "http" && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
		if u.Scheme != "https" && !strings.Contains(u.Scheme, ".") && !loopback {
			t.Errorf("%q: took the scheme %q", uri, u.Scheme)
		}
		base := &url.URL{Scheme: "https", Host: "base.example", Path: "/x/y"}
		if got := base.ResolveReference(u); got.Host != u.Host || u.Path != "" && got.EscapedPath() != u.EscapedPath() {
			t.Errorf("%q: a browser goes to %q", uri, got)
		}
		w := httptest.NewRecorder()
		http.Redirect(w, httptest.NewRequest(http.MethodGet, "/", nil), uri, http.StatusSeeOther)
		if got := w.Header().Get("Location"); got != uri {
			t.Errorf("%q: a redirect leads to %q", uri, got)
		}
	})
}
