package deliver

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"

	"clientele/registry"
)

// Webhooks posts messages to webhooks, signed after Standard Webhooks. It
// connects to no private network that is not allowed, whatever a name leads to,
// follows no redirect, and uses no proxy.
type Webhooks struct {
	issuer string
	now    func() time.Time
	client *http.Client
}

// NewWebhooks returns what posts to the Internet and into the networks that
// reach allows. Links in messages start with issuer.
func NewWebhooks(issuer string, reach []netip.Prefix, now func() time.Time) *Webhooks {
	return newWebhooks(issuer, now, &net.Dialer{}, reach)
}

func newWebhooks(issuer string, now func() time.Time, dialer *net.Dialer, reach []netip.Prefix) *Webhooks {
	// What is dialed is judged when names have become addresses, for each connection: a name may lead elsewhere at its second look-up.
	safe, plain := *dialer, *dialer
	safe.Control = guard(func(address netip.Addr) bool {
		return registry.IsPublic(address) || registry.InNetworks(reach, address)
	})
	plain.Control = guard(func(address netip.Addr) bool { return registry.InNetworks(reach, address) })
	return &Webhooks{issuer: issuer, now: now, client: &http.Client{
		Transport: schemes{"https": transport(&safe), "http": transport(&plain)},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}}
}

// schemes sends a request by the transport of its scheme.
type schemes map[string]*http.Transport

// RoundTrip sends the request, or fails for another scheme.
func (s schemes) RoundTrip(r *http.Request) (*http.Response, error) {
	t, known := s[r.URL.Scheme]
	if !known {
		return nil, fmt.Errorf("no messages are sent by %s", r.URL.Scheme)
	}
	return t.RoundTrip(r)
}

func transport(dialer *net.Dialer) *http.Transport {
	return &http.Transport{
		DialContext: dialer.DialContext, DisableKeepAlives: true, DisableCompression: true,
		MaxResponseHeaderBytes: 16 << 10, TLSHandshakeTimeout: within, ForceAttemptHTTP2: true,
	}
}

// errPrivate is why nothing is sent to an address.
var errPrivate = errors.New("it leads into a network into which nothing is sent; see --webhook-allow")

// guard returns a net.Dialer's Control, which refuses addresses before they are
// connected to.
func guard(allows func(netip.Addr) bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !allows(to.Addr()) {
			return errPrivate
		}
		return nil
	}
}

// Send posts a message and says how that went. Whatever answers with a status
// from 200 to 299 has accepted it.
func (w *Webhooks) Send(ctx context.Context, d registry.DueDelivery) registry.Attempt {
	r, err := w.request(ctx, d)
	if err != nil {
		return registry.Attempt{Answer: "It could not be made ready: " + err.Error()}
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return registry.Attempt{Answer: "No answer: " + reason(err)}
	}
	defer answer.Body.Close()
	how := registry.Attempt{Delivered: answer.StatusCode/100 == 2, Status: answer.StatusCode, Answer: readAnswer(answer.Body)}
	if answer.StatusCode/100 == 3 {
		how.Answer = "It leads elsewhere, to where nothing is sent: enter the final address as the webhook’s URL."
	}
	return how
}

// reason is why there was no answer, without the URL, which may hold a secret.
func reason(err error) string {
	if errors.Is(err, errPrivate) {
		return errPrivate.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "it took longer than " + strconv.Itoa(int(within/time.Second)) + " seconds"
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok && lookup.IsNotFound {
		return "there is no server of that name"
	}
	if asked, ok := errors.AsType[*url.Error](err); ok {
		err = asked.Err
	}
	return clean(err.Error())
}

// readAnswer returns the start of what was answered, and reads no more of it.
func readAnswer(from io.Reader) string {
	start, err := io.ReadAll(io.LimitReader(from, registry.AnswerKept))
	if err != nil && len(start) == 0 {
		return ""
	}
	return clean(string(start))
}

// clean returns foreign text without what would change how it is shown.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r == unicode.ReplacementChar || unicode.In(r, unicode.Cc, unicode.Cf):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return strings.TrimSpace(text)
}

func (w *Webhooks) request(ctx context.Context, d registry.DueDelivery) (*http.Request, error) {
	body, err := json.Marshal(messageOf(d.Delivery, w.issuer))
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("its URL is none any more")
	}
	at := w.now()
	signatures := make([]string, len(d.Secrets))
	for i, secret := range d.Secrets {
		key, err := registry.WebhookKey(secret)
		if err != nil {
			return nil, err
		}
		signatures[i] = sign(key, d.ID, at, body)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Clientele")
	r.Header.Set("Webhook-Id", d.ID)
	r.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("Webhook-Signature", strings.Join(signatures, " "))
	return r, nil
}

// sign returns the signature of a message after Standard Webhooks.
func sign(key []byte, id string, at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", id, at.Unix(), body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// message is the body of what webhooks get.
type message struct {
	Type      string    `json:"type"` // a kind of notices, or "webhook.test"
	Timestamp time.Time `json:"timestamp"`
	Data      data      `json:"data"`
}

type data struct {
	NoticeID string `json:"notice_id,omitempty"`
	Title    string `json:"title"`
	Text     string `json:"text"`
	URL      string `json:"url,omitempty"` // where in the console there is more to see
	Actor    *named `json:"actor,omitempty"`
	Target   *named `json:"target,omitempty"`
	User     *named `json:"user,omitempty"` // whom it affects
}

type named struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

func messageOf(d registry.Delivery, issuer string) message {
	n := d.Notice
	if n.ID == "" {
		return message{"webhook.test", d.At, data{Title: d.Title(), Text: "This is a test. Nothing has happened."}}
	}
	m := message{string(n.Kind), n.At, data{
		NoticeID: n.ID, Title: n.Title(), Text: n.Text(false),
		Actor: &named{string(n.Actor.Type), n.Actor.ID, n.Actor.Name}, Target: &named{n.Target.Type, n.Target.ID, n.Target.Name},
	}}
	if path := n.Path(false); path != "" {
		m.Data.URL = issuer + path
	}
	if n.UserID != "" {
		m.Data.User = &named{string(registry.UserSubject), n.UserID, cmp.Or(n.Detail.User, n.UserID)}
	}
	return m
}
