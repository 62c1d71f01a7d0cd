package deliver

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"clientele/registry"
)

var (
	noon     = time.Date(2026, time.June, 1, 12, 0, 0, 0, time.UTC)
	loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
)

func clock() time.Time { return noon }

// The example of the Standard Webhooks specification.
func TestSign(t *testing.T) {
	key, err := registry.WebhookKey(registry.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
	if err != nil {
		t.Fatal(err)
	}
	got := sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func dueAt(url string) registry.DueDelivery {
	return registry.DueDelivery{
		Delivery: registry.Delivery{ID: "msg_1", WebhookID: "wh_1", At: noon, Notice: registry.Notice{
			ID: "nt_1", Kind: registry.NoticeApplicationCreated, At: noon, Actor: registry.Actor{Type: registry.UserActor, ID: "us_1", Name: "Demo Admin"},
			Target: registry.Target{Type: "application", ID: "cl_1", Name: "Ledger Sync"},
		}},
		URL: url, Secrets: []registry.Secret{registry.NewWebhookSecret(), registry.NewWebhookSecret()},
	}
}

func TestSend(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		case "/long":
			w.WriteHeader(http.StatusBadGateway)
			for range 1000 {
				_, _ = fmt.Fprint(w, strings.Repeat("é\x00\u202e", 1000))
			}
		case "/header":
			w.Header().Set("X", strings.Repeat("x", 1<<20))
		case "/cut":
			connection, _, _ := http.NewResponseController(w).Hijack()
			_ = connection.Close()
		default:
			w.WriteHeader(http.StatusAccepted)
			_, _ = fmt.Fprint(w, "thank\nyou")
		}
	}))
	defer server.Close()
	hooks := NewWebhooks("https://console.example.com", loopback, clock)

	d := dueAt(server.URL + "/in?key=1")
	if how := hooks.Send(t.Context(), d); how != (registry.Attempt{Delivered: true, Status: 202, Answer: "thank you"}) {
		t.Errorf("got %+v, want it accepted", how)
	}
	want := `{"type":"application.created","timestamp":"2026-06-01T12:00:00Z","data":{"notice_id":"nt_1","title":"Application created: Ledger Sync","text":"Demo Admin registered it.",` +
		`"url":"https://console.example.com/admin/applications/cl_1","actor":{"type":"user","id":"us_1","name":"Demo Admin"},"target":{"type":"application","id":"cl_1","name":"Ledger Sync"}}}`
	if string(body) != want || got.Method != http.MethodPost || got.Header.Get("Content-Type") != "application/json" || got.RequestURI != "/in?key=1" {
		t.Errorf("got %s %s %s, want %s", got.Method, got.RequestURI, body, want)
	}
	var signatures []string
	for _, secret := range d.Secrets {
		key, err := registry.WebhookKey(secret)
		if err != nil {
			t.Fatal(err)
		}
		signatures = append(signatures, sign(key, "msg_1", noon, body))
	}
	for name, want := range map[string]string{"webhook-id": "msg_1", "webhook-timestamp": fmt.Sprint(noon.Unix()), "webhook-signature": strings.Join(signatures, " ")} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: got %q, want %q", name, got.Header.Get(name), want)
		}
	}

	if how := hooks.Send(t.Context(), dueAt(server.URL+"/moved")); how.Delivered || how.Status != 307 || got.URL.Path != "/moved" || !strings.Contains(how.Answer, "final address") {
		t.Errorf("got %+v at %s, want no redirect followed", how, got.URL.Path)
	}
	if how := hooks.Send(t.Context(), dueAt(server.URL+"/long")); how.Delivered || how.Status != 502 || len(how.Answer) == 0 || len(how.Answer) > registry.AnswerKept || strings.ContainsAny(how.Answer, "\x00\u202e") {
		t.Errorf("got %d bytes of %q, want a bounded answer", len(how.Answer), how.Answer)
	}
	for path, want := range map[string]string{"/header": "No answer: ", "/cut": "No answer: EOF"} {
		if how := hooks.Send(t.Context(), dueAt(server.URL+path)); how.Delivered || how.Status != 0 || !strings.HasPrefix(how.Answer, want) {
			t.Errorf("%s: got %+v, want no answer", path, how)
		}
	}

	test := d
	test.Notice = registry.Notice{}
	hooks.Send(t.Context(), test)
	var sent struct{ Type string }
	if err := json.Unmarshal(body, &sent); err != nil || sent.Type != "webhook.test" {
		t.Errorf("got %s %v, want a test", body, err)
	}
	server.Close()
	if how := hooks.Send(t.Context(), d); how.Delivered || !strings.Contains(how.Answer, "connection refused") || strings.Contains(how.Answer, "key=1") {
		t.Errorf("got %+v from no server", how)
	}
}

func TestSlowServer(t *testing.T) {
	wait := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-wait }))
	defer server.Close()
	defer close(wait)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	how := NewWebhooks("", loopback, clock).Send(ctx, dueAt(server.URL))
	if how.Delivered || how.Answer != "No answer: it took longer than 10 seconds" {
		t.Errorf("got %+v, want that it took too long", how)
	}
}

// Nothing is sent to an address that is not allowed, nor in the clear to one
// that is public.
func TestWhereNothingIsSent(t *testing.T) {
	reached := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	elsewhere := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, url := range []string{
		server.URL, "http://localhost:" + port, "http://[::ffff:127.0.0.1]:" + port, "http://0.0.0.0:" + port, "http://[::]:" + port, "https://127.0.0.1:" + port, "http://93.184.216.34/",
		"https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.0.1/", "https://169.254.169.254/", "https://100.100.100.200/", "https://[::1]/", "https://[fe80::1]/", "https://[fd00:ec2::254]/", "https://[64:ff9b::a00:1]/", "https://[2002:a00:1::]/", "https://255.255.255.255/",
	} {
		for _, reach := range [][]netip.Prefix{nil, elsewhere} {
			if reach != nil && strings.Contains(url, "//10.") {
				continue
			}
			how := NewWebhooks("", reach, clock).Send(t.Context(), dueAt(url))
			if how.Delivered || how.Answer != "No answer: "+errPrivate.Error() {
				t.Errorf("%s: got %+v, want it refused", url, how)
			}
		}
	}
	if reached {
		t.Error("the server was reached")
	}
	t.Setenv("HTTPS_PROXY", server.URL)
	t.Setenv("HTTP_PROXY", server.URL)
	NewWebhooks("", nil, clock).Send(t.Context(), dueAt("http://93.184.216.34/"))
	if reached {
		t.Error("a proxy was used")
	}
	if how := NewWebhooks("", nil, clock).Send(t.Context(), dueAt("gopher://127.0.0.1/")); how.Delivered || how.Status != 0 {
		t.Errorf("got %+v by another scheme", how)
	}
}

// A name that leads to a public address when it is saved, and to a private one
// when it is connected to, reaches nothing.
func TestRebinding(t *testing.T) {
	reached := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())

	asked := 0
	dialer := &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: nameServer(t, func() netip.Addr {
		asked++
		if asked == 1 {
			return netip.MustParseAddr("93.184.216.34")
		}
		return netip.MustParseAddr("127.0.0.1")
	})}}
	const url = "https://rebinding.example.com:"
	if err := registry.CheckWebhookURL(url+port, nil); err != nil {
		t.Fatal(err)
	}
	first, err := dialer.Resolver.LookupNetIP(t.Context(), "ip4", "rebinding.example.com")
	if err != nil || !registry.IsPublic(first[0]) {
		t.Fatalf("got %v %v, want a public address first", first, err)
	}
	how := newWebhooks("", clock, dialer, nil).Send(t.Context(), dueAt(url+port))
	if how.Delivered || how.Answer != "No answer: "+errPrivate.Error() || reached || asked < 2 {
		t.Errorf("got %+v after %d look-ups, reached: %t, want it refused", how, asked, reached)
	}
}

// nameServer returns how to reach a name server that answers every question for
// an IPv4 address with what address returns, and others with nothing.
func nameServer(t *testing.T, address func() netip.Addr) func(context.Context, string, string) (net.Conn, error) {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		packet := make([]byte, 1500)
		for {
			n, from, err := server.ReadFrom(packet)
			if err != nil {
				return
			}
			end := 12 // of the question (RFC 1035, section 4.1): labels, type and class
			for packet[end] != 0 {
				end += int(packet[end]) + 1
			}
			end += 5
			const ipv4 = 1
			answer := append([]byte{}, packet[:min(n, end)]...)
			answer[2], answer[3] = 0x81, 0x80 // an answer, without an error
			binary.BigEndian.PutUint16(answer[6:], 0)
			binary.BigEndian.PutUint16(answer[10:], 0)
			if binary.BigEndian.Uint16(packet[end-4:]) == ipv4 {
				binary.BigEndian.PutUint16(answer[6:], 1)
				answer = append(answer, 0xc0, 12, 0, ipv4, 0, 1, 0, 0, 0, 0, 0, 4)
				answer = append(answer, address().AsSlice()...)
			}
			if _, err := server.WriteTo(answer, from); err != nil {
				return
			}
		}
	}()
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}
}
