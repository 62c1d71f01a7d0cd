package registry

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// MaxNetworks is the most networks that a client can be kept to.
const MaxNetworks = 50

// NetworksInput is the networks of a client as a person fills them in: one a
// line, in CIDR notation (RFC 4632, section 3.1; RFC 4291, section 2.3), or a
// single address.
type NetworksInput struct {
	Networks string `form:"networks"`
	// Anyway saves them although they leave out where the client was used.
	Anyway bool `form:"anyway"`
}

// NetworksInputOf returns how one would fill the networks in.
func NetworksInputOf(networks []netip.Prefix) NetworksInput {
	return NetworksInput{Networks: strings.Join(NetworkTexts(networks), "\n")}
}

// Parse returns the networks in the order of their lines, each once. It fails
// with Invalid, which names every wrong line.
func (in NetworksInput) Parse() ([]netip.Prefix, error) {
	var networks []netip.Prefix
	var wrong []string
	for i, line := range strings.Split(in.Networks, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		network, err := ParseNetwork(line)
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("Line %d: %s", i+1, err))
		} else if !slices.Contains(networks, network) {
			networks = append(networks, network)
		}
	}
	const named = 5
	switch {
	case len(wrong) > named:
		wrong = append(wrong[:named], fmt.Sprintf("And %d more lines.", len(wrong)-named))
		fallthrough
	case len(wrong) > 0:
		return nil, Invalid{"networks": strings.Join(wrong, "\n")}
	case len(networks) > MaxNetworks:
		return nil, Invalid{"networks": fmt.Sprintf("Enter at most %d networks.", MaxNetworks)}
	}
	return networks, nil
}

// ParseNetwork returns the network that text writes, such as 192.0.2.0/24 or
// 2001:db8::/32; an address is the network of it alone. What is wrong with it
// is said in a sentence.
func ParseNetwork(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return netip.Prefix{}, mistake("Enter a network such as 192.0.2.0/24 or 2001:db8::/32, or an address.")
		}
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return network, mistake("Enter a network such as 192.0.2.0/24 or 2001:db8::/32, or an address.")
	case network.Addr().Is4In6():
		return network, mistake("Write an IPv4 network as one, such as 192.0.2.0/24.")
	case network != network.Masked():
		return network, mistake(fmt.Sprintf("%s is an address within a network. Enter %s, or %s for the address alone.", text, network.Masked(), network.Addr()))
	}
	return network, nil
}

// NetworkTexts writes networks as they are entered: an address without its length.
func NetworkTexts(networks []netip.Prefix) []string {
	texts := make([]string, len(networks))
	for i, n := range networks {
		texts[i] = n.String()
		if n.IsSingleIP() {
			texts[i] = n.Addr().String()
		}
	}
	return texts
}

// Admits reports whether networks let in who sends from address: everybody
// when there are none, and never what is no address.
func Admits(networks []netip.Prefix, address string) bool {
	if len(networks) == 0 {
		return true
	}
	from, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(from.Unmap().WithZone("")) })
}

// NetworksEdit is the networks that a client is to be kept to; none is all.
type NetworksEdit struct {
	Networks []netip.Prefix
	// Anyway saves them although they leave out an address that the client or
	// a live secret of it was last used from.
	Anyway bool
	// Seen is the networks as the editor saw them. When they are no longer so,
	// someone else was faster, and nothing is done. nil is not compared.
	Seen *[]netip.Prefix
}

// CheckUse reports, as Invalid of the field "anyway", that the networks would
// leave out addresses that the client was last used from, or nil.
func (e NetworksEdit) CheckUse(usedFrom []string) error {
	if e.Anyway {
		return nil
	}
	var out []string
	for _, address := range slices.Compact(slices.Sorted(slices.Values(usedFrom))) {
		if address != "" && !Admits(e.Networks, address) {
			out = append(out, address)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return Invalid{"anyway": fmt.Sprintf("It was last used from %s, which these networks leave out. Add a network, or tick that you mean it.", strings.Join(out, " and "))}
}
