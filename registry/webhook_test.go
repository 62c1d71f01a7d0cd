package registry

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestIsPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"93.184.216.34": true, "8.8.8.8": true, "223.255.255.1": true, "2606:2800:220:1:248:1893:25c8:1946": true, "::ffff:8.8.8.8": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.1.2.3": false, "100.100.100.200": false, "127.0.0.1": false, "127.255.0.9": false,
		"168.63.129.16": false, "169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false, "172.32.0.1": true, "192.0.0.192": false,
		"192.168.1.1": false, "198.18.0.1": false, "203.0.113.7": false, "224.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:169.254.169.254": false, "::7f00:1": false, "64:ff9b::7f00:1": false, "64:ff9b:1::1": false,
		"100::1": false, "2001::1": false, "2001:db8::1": false, "2002:7f00:1::": false, "fc00::1": false, "fd00:ec2::254": false, "fe80::1": false, "fe80::1%eth0": false,
		"fec0::1": false, "ff02::1": false, "5f00::1": false, "3fff::1": false,
	} {
		if got := IsPublic(netip.MustParseAddr(text)); got != want {
			t.Errorf("IsPublic(%s) = %t, want %t", text, got, want)
		}
	}
	if IsPublic(netip.Addr{}) {
		t.Error("IsPublic of no address is true, want false")
	}
}

func TestCheckWebhookURL(t *testing.T) {
	allowed := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.1.0.0/16")}
	const private, plain, spelling = "private network", "Use https", "Write the address as usual"
	for _, c := range []struct {
		url     string
		allowed []netip.Prefix
		want    string // "" is right
	}{
		{"https://hooks.example.com/a?b=c", nil, ""},
		{"https://hooks.example.com:8443", nil, ""},
		{"https://93.184.216.34/", nil, ""},
		{"https://[2606:2800:220:1::1]/", nil, ""},
		{"https://1password.example/", nil, ""},
		{"", nil, "Enter a URL"},
		{"hooks.example.com", nil, "Enter a URL"},
		{"https://", nil, "Enter a URL"},
		{"https:/a", nil, "Enter a URL"},
		{"ftp://hooks.example.com", nil, "Enter a URL"},
		{"javascript:alert(1)", nil, "Enter a URL"},
		{"https://user:pass@hooks.example.com", nil, "Leave out the user"},
		{"https://hooks.example.com/#a", nil, "Leave out what follows"},
		{"https://hooks.example.com/#", nil, "Leave out what follows"},
		{"http://hooks.example.com", nil, plain},
		{"http://93.184.216.34/", allowed, plain},
		{"https://127.0.0.1", nil, private},
		{"https://[::1]:8080/", nil, private},
		{"https://[::ffff:10.0.0.1]/", nil, private},
		{"https://[fe80::1%25eth0]/", nil, private},
		{"https://LOCALHOST./", nil, private},
		{"https://a.localhost/", nil, private},
		{"https://169.254.169.254/latest", nil, private},
		{"https://metadata.google.internal/", nil, private},
		{"https://printer.local/", nil, private},
		{"https://2130706433/", nil, spelling},
		{"https://0x7f000001/", nil, spelling},
		{"https://127.1/", nil, spelling},
		{"https://0177.0.0.1/", nil, spelling},
		{"https://127.0.0.0x1/", nil, spelling},
		{"http://127.0.0.1:9000/in", allowed, ""},
		{"http://localhost:9000/in", allowed, ""},
		{"http://10.1.2.3/", allowed, ""},
		{"https://10.2.2.3/", allowed, private},
		{"http://chat.internal/", allowed, ""}, // judged when it is dialed
	} {
		err := CheckWebhookURL(c.url, c.allowed)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: got %q, want it to be right", c.url, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, want %q", c.url, err, c.want)
		}
	}
}

func FuzzCheckWebhookURL(f *testing.F) {
	for _, seed := range []string{"https://a.example", "http://[::1%25a]:1/", "https://0x7f.1", "https://@", "https://\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if CheckWebhookURL(text, nil) == nil && !strings.HasPrefix(strings.ToLower(text), "https://") {
			t.Errorf("%q is accepted, and is not https", text)
		}
	})
}

func TestWebhookSecret(t *testing.T) {
	s := NewWebhookSecret()
	key, err := WebhookKey(s)
	if err != nil || len(key) != 32 || s == NewWebhookSecret() {
		t.Errorf("got %d bytes %v, want 32 of its own", len(key), err)
	}
	if _, err := WebhookKey(NewSecret()); err == nil {
		t.Error("a client's secret is taken for a webhook's")
	}
}

func TestRetryAfter(t *testing.T) {
	last, total := time.Duration(0), time.Duration(0)
	for n := 1; n < 60; n++ {
		wait := RetryAfter(n, 0.5)
		if wait < last || wait > 8*time.Hour {
			t.Errorf("after attempt %d: got %s after %s", n, wait, last)
		}
		last, total = wait, total+wait
	}
	if first := RetryAfter(1, 0); first != 4*time.Second || RetryAfter(1, 1) != 6*time.Second || last != 8*time.Hour {
		t.Errorf("got %s first and %s last", first, last)
	}
}

// What two people edit at once: the second keeps what they typed, and nothing of
// what the first changed is lost.
func TestEditsOnto(t *testing.T) {
	seen := WebhookInput{URL: "https://a.example", Description: "Chat", Kinds: []NoticeKind{NoticeApplicationCreated}}
	now := WebhookInput{URL: "https://b.example", Description: "Chat", Kinds: []NoticeKind{NoticeSecretExpired}}
	typed := WebhookInput{URL: "https://a.example ", Description: "Alarms", Kinds: []NoticeKind{NoticeWebhookStopped}}
	want := WebhookInput{URL: "https://b.example", Description: "Alarms", Kinds: []NoticeKind{NoticeWebhookStopped}}
	if diff := cmp.Diff(want, typed.Onto(seen, now)); diff != "" {
		t.Errorf("webhook: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]DetailChange{{"url", "https://a.example", "https://b.example"}, {"kinds", []string{"Application created"}, []string{"Secret expired"}}}, seen.Changes(now)); diff != "" {
		t.Errorf("webhook: -want +got:\n%s", diff)
	}

	was := NoticeRule{On: true, Admins: true, Addresses: "a@example.com"}
	is := NoticeRule{On: true, Affected: true, Addresses: "b@example.com"}
	rule := NoticeRule{On: false, Admins: true, Email: true, Addresses: "a@example.com\r\n"}
	if diff := cmp.Diff(NoticeRule{Affected: true, Email: true, Addresses: "b@example.com"}, rule.Onto(was, is)); diff != "" {
		t.Errorf("rule: -want +got:\n%s", diff)
	}
	rule = NoticeRule{On: true, Affected: true, Addresses: "c@example.com"}
	if diff := cmp.Diff(rule, rule.Onto(was, NoticeRule{On: true, Admins: true, Addresses: "b@example.com"})); diff != "" {
		t.Errorf("rule: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]DetailChange{{"admins", true, false}, {"affected", false, true}, {"addresses", []string{"a@example.com"}, []string{"b@example.com"}}}, was.Changes(is)); diff != "" {
		t.Errorf("rule: -want +got:\n%s", diff)
	}
}
