package registry

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestNetworksInput(t *testing.T) {
	const what = "Enter a network such as 192.0.2.0/24 or 2001:db8::/32, or an address."
	for _, tt := range []struct {
		name, typed string
		want        []string
		wrong       string
	}{
		{"nothing", " \r\n\n", []string{}, ""},
		{"both families, an address, and one twice", "192.0.2.0/24\r\n 2001:db8::/32\n198.51.100.7\n192.0.2.0/24", []string{"192.0.2.0/24", "2001:db8::/32", "198.51.100.7"}, ""},
		{"an address with its length", "198.51.100.7/32\n::1/128", []string{"198.51.100.7", "::1"}, ""},
		{"an IPv4 address in IPv6", "::ffff:198.51.100.7", []string{"198.51.100.7"}, ""},
		{"everything", "0.0.0.0/0\n::/0", []string{"0.0.0.0/0", "::/0"}, ""},
		{"words", "192.0.2.0/24\nthe office", nil, "Line 2: " + what},
		{"every wrong line", "192.0.2.0/33\n\nfe80::1%eth0\n192.0.2.0/24", nil, "Line 1: " + what + "\nLine 3: " + what},
		{"an address within", "192.0.2.9/24", nil, "Line 1: 192.0.2.9/24 is an address within a network. Enter 192.0.2.0/24, or 192.0.2.9 for the address alone."},
		{"an IPv4 network in IPv6", "::ffff:192.0.2.0/120", nil, "Line 1: Write an IPv4 network as one, such as 192.0.2.0/24."},
		{"many wrong lines", strings.Repeat("x\n", 7), nil, strings.Join([]string{"Line 1: " + what, "Line 2: " + what, "Line 3: " + what, "Line 4: " + what, "Line 5: " + what, "And 2 more lines."}, "\n")},
		{"too many", manyNetworks(MaxNetworks + 1), nil, "Enter at most 50 networks."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := NetworksInput{Networks: tt.typed}.Parse()
			if tt.wrong != "" {
				if diff := cmp.Diff(Invalid{"networks": tt.wrong}, err); diff != "" {
					t.Fatalf("error (-want +got):\n%s", diff)
				}
				return
			}
			if err != nil || !slices.Equal(NetworkTexts(got), tt.want) {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

func manyNetworks(n int) string {
	address, lines := netip.MustParseAddr("10.0.0.0"), make([]string, n)
	for i := range lines {
		lines[i], address = address.String(), address.Next()
	}
	return strings.Join(lines, "\n")
}

func TestAdmits(t *testing.T) {
	networks, err := NetworksInput{Networks: "192.0.2.0/24\n2001:db8::/32"}.Parse()
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{
		"192.0.2.255": true, "192.0.3.0": false, "2001:db8::1": true, "2001:db9::": false,
		"::ffff:192.0.2.1": true, "2001:db8::1%eth0": true, "": false, "somewhere": false,
	} {
		if got := Admits(networks, address); got != want {
			t.Errorf("%q: got %t, want %t", address, got, want)
		}
	}
	if !Admits(nil, "somewhere") {
		t.Error("no networks leave somebody out")
	}
}

// FuzzParseNetwork holds that what is accepted is written as it is read.
func FuzzParseNetwork(f *testing.F) {
	for _, text := range []string{"192.0.2.0/24", "2001:db8::/32", "198.51.100.7", "::ffff:1.2.3.4", "fe80::%1/64", "1.2.3.4/024"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		network, err := ParseNetwork(text)
		if err != nil {
			return
		}
		written := NetworkTexts([]netip.Prefix{network})[0]
		if again, err := ParseNetwork(written); err != nil || again != network {
			t.Errorf("%q is %v, written %q, which is %v, %v", text, network, written, again, err)
		}
		if !Admits([]netip.Prefix{network}, network.Addr().String()) {
			t.Errorf("%q leaves out its first address", text)
		}
	})
}
