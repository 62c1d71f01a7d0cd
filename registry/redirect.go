package registry

import (
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MaxAddress is the most bytes that a redirect URI or a home page may have.
const MaxAddress = 500

// loopbackHosts are the hosts that a code may be sent to in the clear: it does
// not leave the user's own machine (RFC 8252, section 7.3).
var loopbackHosts = []string{"127.0.0.1", "[::1]", "localhost"}

// mistake says what is wrong with an address, as a sentence that tells what to do.
type mistake string

func (m mistake) Error() string { return string(m) }

// CheckRedirectURI returns what is wrong with an address that codes are to be
// sent to, or nil. It is compared letter by letter, so there is one way to
// write it: absolute, in lower case where case does not count, and without dot
// segments. It is https, or http on a loopback host, or has an app's own scheme
// with a dot in it (RFC 8252, section 7.1), which none of a browser's own has.
func CheckRedirectURI(uri string) error {
	if strings.Contains(uri, "*") {
		return mistake("Write out the whole address: there are no wildcards.")
	}
	u, err := parseAddress(uri)
	switch {
	case err != nil:
		return err
	case strings.Contains(uri, "#"):
		return mistake("Leave out the fragment, which is everything from # on.")
	case hasDotSegment(uri):
		return mistake("Write the path without the segments . and ..")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && slices.Contains(loopbackHosts, hostOf(u)):
		return nil
	case u.Scheme == "http":
		return mistake("Use https. Plain http is for 127.0.0.1, [::1] and localhost only.")
	case !strings.Contains(u.Scheme, "."):
		return mistake("Use https, or a scheme of the app’s own with a dot in it, such as com.example.app:/callback.")
	}
	return nil
}

// CheckHomePage returns what is wrong with the address of a client's home page,
// or nil.
func CheckHomePage(address string) error {
	u, err := parseAddress(address)
	if err == nil && u.Scheme != "https" && u.Scheme != "http" {
		return mistake("Enter a web address, such as https://app.example.com.")
	}
	return err
}

// schemePattern is a scheme in lower case (RFC 3986, section 3.1).
var schemePattern = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)

// parseAddress reads an absolute address with a host, which an app's own
// scheme need not have. It is short, ASCII, and in lower case as far as case
// does not count.
func parseAddress(address string) (*url.URL, error) {
	const example = "Enter an absolute address, such as https://app.example.com."
	if len(address) > MaxAddress {
		return nil, mistake(fmt.Sprintf("Use at most %d characters.", MaxAddress))
	}
	for _, c := range []byte(address) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\\\"<>^`{|}", c) >= 0 {
			return nil, mistake("Use the characters of addresses only. Write others percent-encoded, and in a host as punycode.")
		}
	}
	scheme, rest, _ := strings.Cut(address, ":")
	switch {
	case !schemePattern.MatchString(strings.ToLower(scheme)) || !strings.HasPrefix(rest, "/"):
		return nil, mistake(example)
	case scheme != strings.ToLower(scheme):
		return nil, mistake("Write the scheme, what stands before the colon, in lower case.")
	}
	u, err := url.Parse(address)
	if err != nil || !percentEncoded(address) {
		return nil, mistake("Something in it cannot be read. " + example)
	}
	switch web := scheme == "https" || scheme == "http"; {
	case u.User != nil:
		return nil, mistake("Leave out the user name and password before the host.")
	case u.Host == "" && web:
		return nil, mistake(example)
	case u.Host != strings.ToLower(u.Host):
		return nil, mistake("Write the host in lower case.")
	case u.Host != "" && !isHost(hostOf(u)):
		return nil, mistake("Check the host: it is a name such as app.example.com, or an IP address.")
	case strings.HasSuffix(u.Host, ":") || u.Port() != "" && !isPort(u.Port()):
		return nil, mistake("Use a port from 1 to 65535, or none.")
	}
	return u, nil
}

// percentEncoded reports whether two hexadecimal digits follow every percent sign.
func percentEncoded(address string) bool {
	for _, part := range strings.Split(address, "%")[1:] {
		if len(part) < 2 {
			return false
		}
		if _, err := strconv.ParseUint(part[:2], 16, 8); err != nil {
			return false
		}
	}
	return true
}

// hostOf returns the host without its port, an IPv6 address in its brackets.
func hostOf(u *url.URL) string {
	return strings.TrimSuffix(strings.TrimSuffix(u.Host, u.Port()), ":")
}

var (
	hostPattern = regexp.MustCompile(`^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$`)
	// Browsers read a name whose last label is a number as an IPv4 address, in whatever notation.
	numberPattern = regexp.MustCompile(`(^|\.)(\d+|0x[0-9a-f]*)\.?$`)
)

func isHost(host string) bool {
	if inside, bracketed := strings.CutPrefix(host, "["); bracketed {
		ip, err := netip.ParseAddr(strings.TrimSuffix(inside, "]"))
		return err == nil && ip.Is6() && ip.Zone() == ""
	}
	if numberPattern.MatchString(host) {
		ip, err := netip.ParseAddr(host)
		return err == nil && ip.Is4()
	}
	return hostPattern.MatchString(host)
}

func isPort(port string) bool {
	n, err := strconv.Atoi(port)
	return err == nil && n >= 1 && n <= 65535 && strconv.Itoa(n) == port
}

// hasDotSegment reports whether a browser would shorten the path, however its
// dots are written.
func hasDotSegment(address string) bool {
	path, _, _ := strings.Cut(address, "?")
	path = strings.NewReplacer("%2e", ".", "%2E", ".", "%2f", "/", "%2F", "/", "%5c", "/", "%5C", "/").Replace(path)
	return slices.ContainsFunc(strings.Split(path, "/"), func(segment string) bool { return segment == "." || segment == ".." })
}

// wrongRedirectURIs says what is wrong with redirect URIs, a line for each that
// is, by its number.
func wrongRedirectURIs(uris []string) []string {
	var wrong []string
	first := map[string]int{}
	for i, uri := range uris {
		err := CheckRedirectURI(uri)
		if line, twice := first[uri]; twice && err == nil {
			err = mistake(fmt.Sprintf("It is the same as line %d. Write it once.", line))
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("Line %d: %s", i+1, err))
		}
		if _, seen := first[uri]; !seen {
			first[uri] = i + 1
		}
	}
	return wrong
}
