package registry_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	. "clientele/registry"
)

func TestStaysAfter(t *testing.T) {
	view, edit := Permission{"orders", "view"}, Permission{"orders", "edit"}
	viewer := HeldGrant{Service: "orders", Kind: TemplateGrant, Key: "viewer"}
	viewAlone := HeldGrant{Service: "orders", Kind: PermissionGrant, Key: "view"}
	onPool := HeldGrant{Service: "orders", Object: "pool", Kind: PermissionGrant, Key: "view"}
	byTemplate := Held{Permission: view, Template: "viewer"}
	alone := Held{Permission: view}
	pool := Held{Permission: view, Object: "pool"}
	group := Held{Permission: view, Object: "pool", GroupID: "gr_1", GroupName: "Clerks"}
	for _, tt := range []struct {
		name string
		held []Held
		gone []HeldGrant
		of   HeldGrant
		want []string
	}{
		{"nothing else", []Held{byTemplate}, []HeldGrant{viewer}, viewer, nil},
		{"another permission", []Held{byTemplate, {Permission: edit}}, []HeldGrant{viewer}, viewer, nil},
		{"by itself too", []Held{byTemplate, alone}, []HeldGrant{viewer}, viewer, []string{""}},
		{"both are taken", []Held{byTemplate, alone}, []HeldGrant{viewer, viewAlone}, viewer, nil},
		{"the service level wins", []Held{pool, alone}, []HeldGrant{onPool}, onPool, []string{""}},
		{"a part of it only", []Held{pool, alone}, []HeldGrant{viewAlone}, viewAlone, nil},
		{"by a group", []Held{pool, group}, []HeldGrant{onPool}, onPool, []string{"Clerks"}},
		{"the group's is not what is taken", []Held{group}, []HeldGrant{onPool}, onPool, nil},
	} {
		var got []string
		for _, h := range StaysAfter(tt.held, tt.gone, tt.of) {
			got = append(got, h.GroupName)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestGrantRowIsReadBack(t *testing.T) {
	s := Subject{Type: UserSubject, ID: "us_1"}
	for _, g := range []HeldGrant{
		{Service: "orders", Kind: TemplateGrant, Key: "viewer"},
		{Service: "orders", Object: "pool/one", Kind: PermissionGrant, Key: "edit"},
	} {
		in, ok := ParseGrantRow("orders", GrantRow(s, g))
		if !ok || in.Subject != s || in.Held() != g {
			t.Errorf("%+v: got %+v, %t", g, in, ok)
		}
	}
	for _, row := range []string{"", "user us_1", "user us_1 a b permission view", "user us_1  permission view "} {
		if _, ok := ParseGrantRow("orders", row); ok {
			t.Errorf("%q: got a grant, want none", row)
		}
	}
}

func FuzzParseGrantRow(f *testing.F) {
	f.Add("user us_1 pool/one permission edit")
	f.Fuzz(func(t *testing.T, row string) {
		if in, ok := ParseGrantRow("orders", row); ok && GrantRow(in.Subject, in.Held()) != row {
			t.Errorf("%q: read as %+v, which is written otherwise", row, in)
		}
	})
}

func TestGrantChangeInputs(t *testing.T) {
	row := "user us_1  permission view"
	for _, tt := range []struct {
		name string
		rows []string
		want int
	}{
		{"none", nil, -1},
		{"nonsense", []string{"x"}, -1},
		{"too many", slices.Repeat([]string{row}, AssignedAtOnce+1), -1},
		{"one twice", []string{row, row}, 1},
	} {
		got, err := GrantChange{Service: "orders", Rows: tt.rows}.Inputs()
		if tt.want < 0 {
			if invalid, ok := errors.AsType[Invalid](err); !ok || !strings.HasSuffix(invalid["row"], ".") {
				t.Errorf("%s: got %v, want a complaint about row", tt.name, err)
			}
		} else if err != nil || len(got) != tt.want {
			t.Errorf("%s: got %v, %v, want %d", tt.name, got, err, tt.want)
		}
	}
}
