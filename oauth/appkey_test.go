package oauth

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"clientele/registry"
)

// A key is accepted for what it is, and every refusal is counted.
func TestVerifyKey(t *testing.T) {
	now := time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	key, ended, secret := registry.NewKey(), registry.NewKey(), registry.NewSecret()
	for _, tt := range []struct {
		name    string
		sent    registry.Secret
		change  func(*Client)
		status  int // 0: accepted
		counted string
		reason  registry.FailureReason
	}{
		{"good", key, nil, 0, "", ""},
		{"until its end", key, func(c *Client) { c.Secrets[0].ExpiresAt = now.Add(time.Second) }, 0, "", ""},
		{"at its end", key, func(c *Client) { c.Secrets[0].ExpiresAt = now }, 401, "cl_key", registry.ExpiredSecret},
		{"paused", key, func(c *Client) { c.Secrets[0].Paused = true }, 401, "cl_key", registry.PausedSecret},
		{"disabled", key, func(c *Client) { c.Disabled = true }, 401, "cl_key", registry.ClientOff},
		{"from elsewhere", key, func(c *Client) { c.Networks = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")} }, 403, "cl_key", registry.WrongNetwork},
		{"ended", ended, nil, 401, "cl_key", registry.WrongSecret},
		{"nobody's", registry.NewKey(), nil, 401, "", registry.UnknownClient},
		{"a client secret", secret, nil, 401, "", registry.UnknownClient},
		{"nothing", registry.Secret{}, nil, 401, "", registry.UnknownClient},
		{"mistyped", registry.ParseSecret(key.Reveal() + "x"), nil, 401, "", registry.UnknownClient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			app := &Client{ID: "cl_key", Key: true, Secrets: []Secret{{ID: "se_1", Hash: key.Digest()}}}
			if tt.change != nil {
				tt.change(app)
			}
			m := &memory{clients: map[string]*Client{"cl_key": app}, keyHolders: map[string]string{key.Hash(): "cl_key", ended.Hash(): "cl_key", secret.Hash(): "cl_key"}}
			s := &Server{Store: m, Now: func() time.Time { return now }}
			token, err := s.VerifyKey(t.Context(), tt.sent, "192.0.2.1")
			id := token.ClientID
			if tt.status == 0 {
				if want := (Use{ClientID: "cl_key", SecretID: "se_1", Address: "192.0.2.1", At: now}); err != nil || id != "cl_key" || !token.Key || len(m.uses) != 1 || m.uses[0].SecretID != want.SecretID || m.uses[0].Address != want.Address || m.uses[0].ClientID != want.ClientID {
					t.Errorf("got %q, %v and %+v, want the use %+v", id, err, m.uses, want)
				}
				return
			}
			refusal, ok := errors.AsType[*Error](err)
			if !ok || refusal.Status != tt.status || id != "" || len(m.uses) != 0 {
				t.Fatalf("got %q, %v, want status %d", id, err, tt.status)
			}
			if len(m.failed) != 1 || m.failed[0].ClientID != tt.counted || m.failed[0].Reason != tt.reason || m.failed[0].Address != "192.0.2.1" {
				t.Errorf("counted %+v, want %s of %q", m.failed, tt.reason, tt.counted)
			}
			if challenge := refusal.Challenge(); tt.status == 401 && challenge[:6] != "AppKey" {
				t.Errorf("got the challenge %q, want the scheme", challenge)
			}
		})
	}
	s := &Server{Store: &memory{err: errors.New("down")}, Now: time.Now}
	if _, err := s.VerifyKey(t.Context(), key, ""); !isStatus(err, http.StatusServiceUnavailable) {
		t.Errorf("got %v, want 503", err)
	}
}

func isStatus(err error, status int) bool {
	refusal, ok := errors.AsType[*Error](err)
	return ok && refusal.Status == status
}

func FuzzApplicationKey(f *testing.F) {
	for _, header := range []string{"AppKey ak_x", "appkey  ak_x ", "AppKey", "Bearer x", "", "AppKey\tx", "AppKey ak_\x00"} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Authorization"] = []string{header}
		key, sent := ApplicationKey(r)
		if !sent || !key.WellFormedKey() {
			return
		}
		r.Header.Set("Authorization", "AppKey "+key.Reveal())
		if again, sent := ApplicationKey(r); !sent || again != key {
			t.Errorf("%q: got another key out of the one that was read", header)
		}
	})
}
