package store_test

import (
	"errors"
	"reflect"
	"testing"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// Every method that takes an actor refuses one who holds nothing, and the
// refusal is in the audit log.
func TestNobodyMayDoAnything(t *testing.T) {
	storetest.Each(t, func(t *testing.T, store *store.DB) {
		nobody := storetest.User(t, store, "Nobody", "nobody@example.com", false).Actor()
		db, actor := reflect.ValueOf(store), reflect.TypeFor[registry.Actor]()
		called := 0
		for i := range db.NumMethod() {
			name, method := db.Type().Method(i).Name, db.Method(i)
			if method.Type().NumIn() < 2 || method.Type().In(1) != actor || ownBusiness[name] {
				continue
			}
			called++
			t.Run(name, func(t *testing.T) {
				args := []reflect.Value{reflect.ValueOf(t.Context()), reflect.ValueOf(nobody)}
				for j := 2; j < method.Type().NumIn(); j++ {
					args = append(args, reflect.Zero(method.Type().In(j)))
				}
				out := method.Call(args)
				err, _ := out[len(out)-1].Interface().(error)
				if !errors.Is(err, registry.ErrForbidden) {
					t.Errorf("%s by nobody: got %v, want ErrForbidden", name, err)
				}
			})
		}
		if called < 15 {
			t.Errorf("called %d methods: the test does not find them", called)
		}
	})
}

// ownBusiness are the methods by which users reach only what is their own.
var ownBusiness = map[string]bool{
	"Setup": true, "OpenUserLink": true, // from says where the request came from; the code decides

	"Profile": true, "UpdateProfile": true, "SetNoticeMail": true, "ChangePassword": true, // see profile_test.go
	"EndOwnSession": true, "EndOtherSessions": true,
	"OwnNotices": true, "OwnNotice": true, "ReadNotices": true, "UnreadNotices": true, // see notices_test.go
	"OwnConsents": true, "OwnConsent": true, "RevokeConsent": true, "RevokeAllConsents": true, // see revoke_test.go
}
