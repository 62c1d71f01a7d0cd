package views

import (
	"errors"
	"testing"

	"clientele/registry"
	"clientele/views/viewtest"
)

func TestNetworksPage(t *testing.T) {
	kept := demoApplication()
	networks, err := registry.NetworksInput{Networks: "192.0.2.0/24\n2001:db8::/32\n198.51.100.7"}.Parse()
	if err != nil {
		t.Fatal(err)
	}
	kept.App.Networks, kept.App.LastUsedAddress, kept.MayManage = networks, "192.0.2.7", true
	shutOut, _ := errors.AsType[registry.Invalid](registry.NetworksEdit{Networks: networks[2:]}.CheckUse([]string{"192.0.2.7"}))
	for name, f := range map[string]NetworksForm{
		"networks": {Input: registry.NetworksInputOf(networks), From: "203.0.113.5"},
		"networks_wrong": {
			Input: registry.NetworksInput{Networks: "the office"}, From: "203.0.113.5",
			Invalid: registry.Invalid{"networks": "Line 1: Enter a network such as 192.0.2.0/24 or 2001:db8::/32, or an address."},
		},
		"networks_shut_out": {
			Input: registry.NetworksInput{Networks: "203.0.113.0/24", Anyway: false}, From: "203.0.113.5",
			Invalid: shutOut,
		},
		"networks_meanwhile": {Input: registry.NetworksInput{Networks: "203.0.113.0/24"}, From: "203.0.113.5", Meanwhile: true},
	} {
		t.Run(name, func(t *testing.T) { viewtest.Golden(t, name, mainOf(NetworksPage(demoShell(), kept, f))) })
	}
}
