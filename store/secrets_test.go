package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// paused reports whether the protocol knows the secret as paused.
func paused(t *testing.T, db *store.DB, id, secretID string) bool {
	t.Helper()
	client, err := db.OAuthClient(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range client.Secrets {
		if s.ID == secretID {
			return s.Paused
		}
	}
	return false
}

// setPolicy has a policy in force.
func setPolicy(t *testing.T, db *store.DB, p registry.CredentialPolicy) {
	t.Helper()
	if err := db.SetCredentialPolicy(t.Context(), registry.Operator, registry.PolicyEdit{CredentialPolicy: p}); err != nil {
		t.Fatal(err)
	}
}

func TestAddSecret(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		admin := storetest.Admin(t, db)
		app, first, err := db.CreateClient(t.Context(), admin, ledger(forAuditLog), store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		in := registry.AddedSecret{SecretTerms: registry.SecretTerms{Name: "CI runner", Ends: clock.Now().Add(time.Hour)}, Seen: 1}
		second, err := db.AddSecret(t.Context(), admin, app.ID, in, store.ShowOnce{SessionToken: "mine"})
		if err != nil {
			t.Fatal(err)
		}
		if shown, err := db.TakeSecret(t.Context(), admin, "mine", app.ID); err != nil || shown != second {
			t.Errorf("got %v, want it to be shown to who made it", err)
		}
		got := secrets(t, db, app.ID)[second.Prefix()]
		if got.Terms() != in.SecretTerms || got.CreatedByName != admin.Name || got.ReplacedBy != "" {
			t.Errorf("got %+v, want %+v", got, in)
		}
		if was := secrets(t, db, app.ID)[first.Prefix()]; was.State(clock.Now()) != registry.SecretLive || was.ReplacedBy != "" {
			t.Errorf("got the first secret %+v, want it as it was", was)
		}
		for _, s := range []registry.Secret{first, second} {
			if !accepted(t, db, app.ID, s, clock.Now()) {
				t.Errorf("%s is not accepted", s.Prefix())
			}
		}
		if accepted(t, db, app.ID, second, clock.Now().Add(time.Hour)) {
			t.Error("the second is accepted past its end")
		}
		event := newest(t, db, app.ID)
		if event.Action != "application.add-secret" || event.Target.Name != app.Name || event.Before != "" ||
			event.After != `{"secrets":[{"prefix":"`+second.Prefix()+`","name":"CI runner","ends":"2026-06-01T13:00:00Z"}]}` {
			t.Errorf("got the event %+v", event)
		}
		if _, err := db.AddSecret(t.Context(), admin, app.ID, in, store.ShowOnce{}); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("sent twice: got %v, want ErrConflict", err)
		}
	})
}

func TestAddSecretRefuses(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		admin := storetest.Admin(t, db)
		app := registered(t, db, admin, forAuditLog)
		public := registered(t, db, admin, func(in *registry.NewClient) {
			in.Name, in.AuthMethod, in.Grants, in.RedirectURIs = "Public", registry.PublicClient, []string{registry.AuthorizationCode}, []string{"https://app.example/cb"}
			in.Scopes = []string{"openid"}
		})
		locked := registered(t, db, registry.Operator, func(in *registry.NewClient) {
			forAuditLog(in)
			in.Name, in.Origin = "Platform's", registry.PlatformOrigin
		})
		setPolicy(t, db, registry.CredentialPolicy{LongestLife: 30, LongestOverlap: 7, MostSecrets: 2})
		month := registry.SecretTerms{Ends: clock.Now().AddDate(0, 0, 30)}
		if _, err := db.AddSecret(t.Context(), admin, app.ID, registry.AddedSecret{SecretTerms: month}, store.ShowOnce{}); err != nil {
			t.Fatal(err)
		}
		for name, tt := range map[string]struct {
			id    string
			in    registry.SecretTerms
			wrong string // the field
			told  string
			want  error
		}{
			"a name too long": {app.ID, registry.SecretTerms{Name: strings.Repeat("x", 61), Ends: month.Ends}, "name", "at most 60", nil},
			"no end":          {app.ID, registry.SecretTerms{}, "until", "30 days at most", nil},
			"too late":        {app.ID, registry.SecretTerms{Ends: month.Ends.Add(time.Second)}, "until", "until 2026-07-01 12:00 UTC", nil},
			"a third":         {app.ID, month, "secrets", "It has 2 already, and team policy allows 2 live secrets of an application. End one first.", nil},
			"public":          {public.ID, month, "auth_method", "no secret", nil},
			"locked":          {locked.ID, month, "", "", registry.ErrLocked},
			"no such":         {"cl_none", month, "", "", registry.ErrNotFound},
		} {
			_, err := db.AddSecret(t.Context(), admin, tt.id, registry.AddedSecret{SecretTerms: tt.in}, store.ShowOnce{})
			invalid, _ := errors.AsType[registry.Invalid](err)
			if tt.want != nil && !errors.Is(err, tt.want) || tt.want == nil && (len(invalid) != 1 || !strings.Contains(invalid[tt.wrong], tt.told)) {
				t.Errorf("%s: got %v, want %v or %q for %q", name, err, tt.want, tt.told, tt.wrong)
			}
		}
		if n := len(secrets(t, db, app.ID)); n != 2 {
			t.Errorf("got %d secrets, want 2", n)
		}
	})
}

// A paused secret is refused on every instance, and resuming it makes it what
// it was.
func TestPauseSecret(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		admin := storetest.Admin(t, db)
		app, secret, err := db.CreateClient(t.Context(), admin, ledger(forAuditLog), store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		was := secrets(t, db, app.ID)[secret.Prefix()]
		do := func(what func() error, want error) {
			t.Helper()
			if err := what(); !errors.Is(err, want) || want == nil && err != nil {
				t.Errorf("got %v, want %v", err, want)
			}
		}
		pause := func() error { return db.PauseSecret(t.Context(), admin, app.ID, was.ID) }
		resume := func() error { return db.ResumeSecret(t.Context(), admin, app.ID, was.ID) }

		do(resume, nil) // it is not paused: nothing changes
		for range 2 {   // the second time changes nothing
			do(pause, nil)
			clock.Advance(time.Minute)
		}
		if got := secrets(t, db, app.ID)[secret.Prefix()]; got.State(clock.Now()) != registry.SecretPaused || !got.RevokedAt.Equal(storetest.Noon) || !paused(t, db, app.ID, was.ID) {
			t.Errorf("got %+v, want it paused at noon", got)
		}
		list, err := db.Applications(t.Context(), admin, registry.ApplicationQuery{})
		if err != nil || list.Applications[0].Secrets != 0 {
			t.Errorf("got %d accepted secrets in the list, %v; want none", list.Applications[0].Secrets, err)
		}
		clock.Advance(registry.SecretKept + time.Hour)
		if got := secrets(t, db, app.ID)[secret.Prefix()]; got.ID != was.ID {
			t.Error("a secret that is paused for long is not shown any more")
		}
		for range 2 {
			do(resume, nil)
		}
		if got := secrets(t, db, app.ID)[secret.Prefix()]; got != was || paused(t, db, app.ID, was.ID) {
			t.Errorf("got %+v, want %+v as before", got, was)
		}
		var actions []string
		for _, e := range eventsOf(t, db, app.ID)[1:] {
			actions = append(actions, strings.TrimPrefix(e.Action, "application.")+" "+e.After)
		}
		if got, want := strings.Join(actions, "\n"), `pause-secret {"secrets":[{"prefix":"`+was.Prefix+`","ends":"paused"}]}
resume-secret {"secrets":[{"prefix":"`+was.Prefix+`","ends":"never"}]}`; got != want {
			t.Errorf("got the events %s, want %s", got, want)
		}

		do(pause, nil)
		do(func() error { return db.EndSecret(t.Context(), admin, app.ID, was.ID) }, nil)
		if got := secrets(t, db, app.ID)[secret.Prefix()]; got.State(clock.Now()) != registry.SecretEnded || paused(t, db, app.ID, was.ID) {
			t.Errorf("got %+v, want it ended", got)
		}
		do(resume, registry.ErrConflict)
		do(pause, registry.ErrConflict)
	})
}

// What is done to all live secrets is done to the paused ones, too.
func TestPausedSecretsEndLikeOthers(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		admin := storetest.Admin(t, db)
		app, first, err := db.CreateClient(t.Context(), admin, ledger(forAuditLog), store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		id := secrets(t, db, app.ID)[first.Prefix()].ID
		if err := db.PauseSecret(t.Context(), admin, app.ID, id); err != nil {
			t.Fatal(err)
		}
		if _, err := db.RegenerateSecret(t.Context(), admin, app.ID, registry.Rotation{End: registry.EndInDay}, store.ShowOnce{}); err != nil {
			t.Fatal(err)
		}
		if got := secrets(t, db, app.ID)[first.Prefix()]; got.State(clock.Now()) != registry.SecretPaused || !got.ExpiresAt.Equal(clock.Now().Add(24*time.Hour)) {
			t.Errorf("got %+v, want it paused until it ends tomorrow", got)
		}
		if _, err := db.RegenerateSecret(t.Context(), admin, app.ID, registry.Rotation{End: registry.EndNow}, store.ShowOnce{}); err != nil {
			t.Fatal(err)
		}
		if got := secrets(t, db, app.ID)[first.Prefix()]; got.State(clock.Now()) != registry.SecretEnded {
			t.Errorf("got %+v, want it ended", got)
		}
	})
}

func TestUpdateSecret(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		admin := storetest.Admin(t, db)
		app, secret, err := db.CreateClient(t.Context(), admin, ledger(forAuditLog), store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		was := secrets(t, db, app.ID)[secret.Prefix()]
		update := func(terms registry.SecretTerms, seen *registry.SecretTerms) error {
			return db.UpdateSecret(t.Context(), admin, app.ID, was.ID, registry.SecretEdit{SecretTerms: terms, Seen: seen})
		}
		ends := func(days int) time.Time { return storetest.Noon.AddDate(0, 0, days) }
		seen := was.Terms()
		if err := update(registry.SecretTerms{Name: "Nightly run", Ends: ends(40)}, &seen); err != nil {
			t.Fatal(err)
		}
		if got := secrets(t, db, app.ID)[secret.Prefix()]; got.Name != "Nightly run" || !got.ExpiresAt.Equal(ends(40)) {
			t.Errorf("got %+v", got)
		}
		if event := newest(t, db, app.ID); event.Action != "application.update-secret" || !strings.Contains(event.Before, "never") || !strings.Contains(event.After, "Nightly run") {
			t.Errorf("got the event %+v", event)
		}
		if err := update(registry.SecretTerms{Name: "Mine"}, &seen); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("not as was seen: got %v, want ErrConflict", err)
		}
		setPolicy(t, db, registry.CredentialPolicy{LongestLife: 10, MostSecrets: 1})
		for _, tt := range []struct {
			name  string
			terms registry.SecretTerms
			wrong string
		}{
			{"no other end", registry.SecretTerms{Name: "Renamed", Ends: ends(40)}, ""},
			{"later", registry.SecretTerms{Name: "Renamed", Ends: ends(41)}, "until"},
			{"never", registry.SecretTerms{Name: "Renamed"}, "until"},
			{"past", registry.SecretTerms{Name: "Renamed", Ends: ends(0)}, "at"},
			{"a bad name", registry.SecretTerms{Name: "\x07", Ends: ends(5)}, "name"},
			{"earlier, and still long", registry.SecretTerms{Name: "Renamed", Ends: ends(20)}, ""},
		} {
			err := update(tt.terms, nil)
			invalid, _ := errors.AsType[registry.Invalid](err)
			if tt.wrong == "" && err != nil || tt.wrong != "" && invalid[tt.wrong] == "" {
				t.Errorf("%s: got %v, want something wrong with %q", tt.name, err, tt.wrong)
			}
		}
		clock.Advance(50 * 24 * time.Hour)
		if err := update(registry.SecretTerms{Name: "Revived", Ends: ends(51)}, nil); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("a secret that ended: got %v, want ErrConflict", err)
		}
		if err := db.UpdateSecret(t.Context(), admin, app.ID, "se_\x00none", registry.SecretEdit{}); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("no such secret: got %v, want ErrNotFound", err)
		}
	})
}

// One of several secrets is replaced by itself, and its name goes on.
func TestRegenerateOneSecret(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		admin := storetest.Admin(t, db)
		app, first, err := db.CreateClient(t.Context(), admin, ledger(forAuditLog), store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		second, err := db.AddSecret(t.Context(), admin, app.ID, registry.AddedSecret{SecretTerms: registry.SecretTerms{Name: "CI", Ends: clock.Now().AddDate(0, 0, 5)}}, store.ShowOnce{})
		if err != nil {
			t.Fatal(err)
		}
		rotate := func(end registry.RotationEnd, secret string) (registry.Secret, error) {
			return db.RegenerateSecret(t.Context(), admin, app.ID, registry.Rotation{End: end, Secret: secret}, store.ShowOnce{})
		}
		was := secrets(t, db, app.ID)
		third, err := rotate(registry.EndLatest, was[second.Prefix()].ID)
		if err != nil {
			t.Fatal(err)
		}
		all := secrets(t, db, app.ID)
		if all[first.Prefix()] != was[first.Prefix()] {
			t.Errorf("got the other secret %+v, want %+v", all[first.Prefix()], was[first.Prefix()])
		}
		if got := all[second.Prefix()]; !got.ExpiresAt.Equal(clock.Now().AddDate(0, 0, 5)) || got.ReplacedBy != all[third.Prefix()].ID {
			t.Errorf("got the old secret %+v, want its end kept and a successor", got)
		}
		if got := all[third.Prefix()]; got.Name != "CI" || !got.ExpiresAt.IsZero() {
			t.Errorf("got the new secret %+v, want the name CI and no end", got)
		}

		setPolicy(t, db, registry.CredentialPolicy{LongestLife: 60, LongestOverlap: 7, MostSecrets: 3})
		_, err = rotate(registry.EndInDay, all[first.Prefix()].ID)
		if invalid, _ := errors.AsType[registry.Invalid](err); !strings.Contains(invalid["end"], "It has 3 live secrets already, and team policy allows 3") {
			t.Errorf("a fourth: got %v, want what the policy says", err)
		}
		fourth, err := rotate(registry.EndNow, all[first.Prefix()].ID)
		if err != nil {
			t.Fatal(err)
		}
		if got := secrets(t, db, app.ID)[fourth.Prefix()]; !got.ExpiresAt.Equal(clock.Now().AddDate(0, 0, 60)) || got.Name != "" {
			t.Errorf("got %+v, want it to end in 60 days, as the policy says", got)
		}
		if _, err := rotate(registry.EndNow, all[first.Prefix()].ID); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("one that ended: got %v, want ErrConflict", err)
		}
		if _, err := rotate(registry.EndNow, "se_none"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("no such: got %v, want ErrNotFound", err)
		}
		last, err := rotate(registry.EndNow, "") // however many there are, one is left
		if err != nil {
			t.Fatal(err)
		}
		for prefix, s := range secrets(t, db, app.ID) {
			if s.Authenticates(clock.Now()) != (prefix == last.Prefix()) {
				t.Errorf("got %+v, want only %s accepted", s, last.Prefix())
			}
		}
	})
}

func TestCredentialPolicy(t *testing.T) {
	storetest.EachAt(t, func(t *testing.T, db *store.DB, clock *storetest.Clock) {
		admin := storetest.Admin(t, db)
		use := func() registry.PolicyUse {
			t.Helper()
			use, err := db.CredentialPolicy(t.Context(), admin)
			if err != nil {
				t.Fatal(err)
			}
			return use
		}
		if got := use(); got.Policy != registry.DefaultPolicy || got.TooLong.N+got.TooMany.N != 0 {
			t.Errorf("got %+v, want the default and nothing that breaks it", got)
		}
		alpha := registered(t, db, admin, func(in *registry.NewClient) { forAuditLog(in); in.Name = "Alpha" })
		beta := registered(t, db, admin, func(in *registry.NewClient) { forAuditLog(in); in.Name = "Beta" })
		gone := registered(t, db, admin, func(in *registry.NewClient) { forAuditLog(in); in.Name = "Gone" })
		if err := db.DeleteApplication(t.Context(), admin, gone.ID, gone.Name); err != nil {
			t.Fatal(err)
		}
		for _, days := range []int{20, 40} {
			if _, err := db.AddSecret(t.Context(), admin, beta.ID, registry.AddedSecret{SecretTerms: registry.SecretTerms{Ends: clock.Now().AddDate(0, 0, days)}}, store.ShowOnce{}); err != nil {
				t.Fatal(err)
			}
		}
		strict := registry.CredentialPolicy{LongestLife: 30, LongestOverlap: 7, MostSecrets: 2}
		seen := registry.DefaultPolicy
		for range 2 { // the second time it is as asked already
			if err := db.SetCredentialPolicy(t.Context(), admin, registry.PolicyEdit{CredentialPolicy: strict}); err != nil {
				t.Fatal(err)
			}
		}
		if err := db.SetCredentialPolicy(t.Context(), admin, registry.PolicyEdit{CredentialPolicy: registry.DefaultPolicy, Seen: &seen}); !errors.Is(err, registry.ErrConflict) {
			t.Errorf("not as was seen: got %v, want ErrConflict", err)
		}
		err := db.SetCredentialPolicy(t.Context(), admin, registry.PolicyEdit{})
		if invalid, _ := errors.AsType[registry.Invalid](err); invalid["most_secrets"] == "" {
			t.Errorf("no secrets at all: got %v, want Invalid", err)
		}
		events := eventsOf(t, db, "credential-policy")
		if len(events) != 1 || events[0].Action != "team.set-credential-policy" ||
			events[0].Before != `{"longest_life_in_days":"no limit","longest_overlap_in_days":"90","most_secrets":"10"}` ||
			events[0].After != `{"longest_life_in_days":"30","longest_overlap_in_days":"7","most_secrets":"2"}` {
			t.Errorf("got the events %+v", events)
		}

		got := use()
		want := []registry.PolicyBreach{{ID: alpha.ID, Name: "Alpha", TooLong: 1, Live: 1}, {ID: beta.ID, Name: "Beta", TooLong: 2, Live: 3}}
		if got.Policy != strict || got.TooLong.N != 3 || got.TooMany.N != 1 || len(got.Broken) != 2 || got.Broken[0] != want[0] || got.Broken[1] != want[1] {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if n := len(secrets(t, db, beta.ID)); n != 3 {
			t.Errorf("got %d secrets of Beta, want all 3 to go on", n)
		}
		if _, secret, err := db.CreateClient(t.Context(), admin, ledger(forAuditLog), store.ShowOnce{}); err != nil || !secret.WellFormed() {
			t.Fatal(err)
		}
		if got := use(); got.TooLong.N != 3 {
			t.Errorf("got %d that live too long, want the new client's first secret to keep the policy", got.TooLong.N)
		}
	})
}
