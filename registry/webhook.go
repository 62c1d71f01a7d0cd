package registry

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Webhook is an address at which another program is told of notices, signed
// after Standard Webhooks.
type Webhook struct {
	ID string
	WebhookInput
	On           bool
	CreatedAt    time.Time
	StoppedAt    time.Time // when it was turned off because nothing reached it; zero when somebody did that, and when it is on
	FailingSince time.Time // of the first delivery that failed, when none has reached it since
}

// WebhookInput is what one chooses of a webhook.
type WebhookInput struct {
	URL         string       `form:"url" json:"-" label:"URL" validate:"required,max=500,plain_text"` // it may hold a secret of the other program
	Description string       `form:"description" json:"description" label:"description" validate:"max=200,plain_text"`
	Kinds       []NoticeKind `form:"kind" json:"kinds" label:"notice" validate:"min=1"`
}

// Clean returns the input without spaces around it, and the kinds each once, in
// the order of NoticeTypes.
func (in WebhookInput) Clean() WebhookInput {
	in.URL, in.Description = strings.TrimSpace(in.URL), strings.Join(strings.Fields(in.Description), " ")
	var kinds []NoticeKind
	for _, t := range NoticeTypes {
		if slices.Contains(in.Kinds, t.Kind) {
			kinds = append(kinds, t.Kind)
		}
	}
	in.Kinds = kinds
	return in
}

// Changes returns what has to change for the input to become to.
func (in WebhookInput) Changes(to WebhookInput) []DetailChange {
	var all []DetailChange
	if in.URL != to.URL {
		all = append(all, DetailChange{"url", in.URL, to.URL})
	}
	if in.Description != to.Description {
		all = append(all, DetailChange{"description", in.Description, to.Description})
	}
	if !slices.Equal(in.Kinds, to.Kinds) {
		all = append(all, DetailChange{"kinds", noticeNames(in.Kinds), noticeNames(to.Kinds)})
	}
	return all
}

// Onto returns what somebody typed who had seen another input than there is
// now: what they left alone is as it is now.
func (in WebhookInput) Onto(seen, now WebhookInput) WebhookInput {
	for _, typed := range seen.Changes(in.Clean()) {
		switch typed.Field {
		case "url":
			now.URL = in.URL
		case "description":
			now.Description = in.Description
		case "kinds":
			now.Kinds = in.Kinds
		}
	}
	return now
}

// Host is where the webhook leads, as far as everyone may know it: an address
// may hold a secret of the other program.
func (in WebhookInput) Host() string {
	u, err := url.Parse(in.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

// Name is what people call the webhook: what it is for or, without that, where
// it leads.
func (in WebhookInput) Name() string {
	if in.Description != "" {
		return in.Description
	}
	return in.Host()
}

// MaxWebhooks is the most webhooks there can be.
const MaxWebhooks = 20

// WebhookOverlap is how long messages are signed with the old secret too, after
// a webhook got a new one.
const WebhookOverlap = 24 * time.Hour

// NewWebhookID returns a webhook's ID.
func NewWebhookID() string { return "wh_" + randomID() }

const webhookSecretPrefix = "whsec_"

// NewWebhookSecret returns a secret that signs messages: 256 random bits, as
// Standard Webhooks writes them.
func NewWebhookSecret() Secret {
	random := make([]byte, 32)
	rand.Read(random)
	return Secret{webhookSecretPrefix + base64.StdEncoding.EncodeToString(random)}
}

// WebhookKey returns the bytes of a secret that sign. It fails when it is no
// webhook's.
func WebhookKey(s Secret) ([]byte, error) {
	text, found := strings.CutPrefix(s.value, webhookSecretPrefix)
	if !found {
		return nil, mistake("not the secret of a webhook")
	}
	return base64.StdEncoding.DecodeString(text)
}

// special are the networks that do not lead to a server on the Internet (the
// registries of IANA after RFC 6890): private, local, reserved, or a way around
// to such. Of IPv6 only 2000::/3 does at all.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"), // shared by carriers; one cloud's metadata
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("168.63.129.16/32"), // another cloud's inner services
	netip.MustParsePrefix("169.254.0.0/16"),   // link-local; most clouds' metadata
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("192.168.0.0/16"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("224.0.0.0/3"), // multicast, reserved, broadcast

	netip.MustParsePrefix("2001::/23"), // protocols, Teredo among them
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), // 6to4 holds an IPv4 address
	netip.MustParsePrefix("3fff::/20"),
}

var globalUnicast = netip.MustParsePrefix("2000::/3")

// IsPublic reports whether an address is one of the Internet, rather than of
// this machine, its network or nothing at all.
func IsPublic(address netip.Addr) bool {
	address = address.Unmap()
	if !address.IsValid() || address.Zone() != "" || address.Is6() && !globalUnicast.Contains(address) {
		return false
	}
	return !slices.ContainsFunc(special, func(n netip.Prefix) bool { return n.Contains(address) })
}

// InNetworks reports whether an address is in one of the networks.
func InNetworks(networks []netip.Prefix, address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(address) })
}

// CheckWebhookURL says in a sentence what is wrong with a webhook's URL, or
// returns nil. allowed are the networks that the operator allows although they
// are private, and without encryption. What a name leads to is not looked up
// here: the sender refuses to connect to what is not allowed.
func CheckWebhookURL(text string, allowed []netip.Prefix) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return mistake("Enter a URL such as https://hooks.example.com/clientele.")
	case u.User != nil:
		return mistake("Leave out the user and the password: each message is signed instead.")
	case u.Fragment != "" || strings.HasSuffix(text, "#"):
		return mistake("Leave out what follows the #: it is never sent.")
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	address, err := netip.ParseAddr(host)
	switch labels := strings.Split(host, "."); {
	case err == nil:
	case host == "localhost" || strings.HasSuffix(host, ".localhost"):
		address = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case isNumber(labels[len(labels)-1]): // browsers and resolvers read more spellings of addresses
		return mistake("Write the address as usual, such as 93.184.216.34.")
	}
	switch {
	case address.IsValid() && InNetworks(allowed, address):
		return nil
	case address.IsValid() && !IsPublic(address),
		len(allowed) == 0 && (strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, ".local")):
		return mistake(fmt.Sprintf("%s is in a private network, into which nothing is sent. Enter a public address, or have the operator allow its network with --webhook-allow.", u.Hostname()))
	case u.Scheme == "http" && (address.IsValid() || len(allowed) == 0):
		return mistake("Use https, so that nobody on the way can read or change what is sent.")
	}
	return nil
}

// isNumber reports whether a label is a decimal, octal or hexadecimal number.
func isNumber(label string) bool {
	hex := strings.HasPrefix(label, "0x")
	return label != "" && strings.IndexFunc(strings.TrimPrefix(label, "0x"), func(r rune) bool {
		return (r < '0' || r > '9') && (!hex || r < 'a' || r > 'f')
	}) < 0
}
