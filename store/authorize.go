package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clientele/oauth"
	"clientele/registry"
)

// ErrConsentRequired means that the user has to be asked. See AskConsent.
var ErrConsentRequired = errors.New("the user has to be asked")

// QuestionLifetime is how long a question whether to consent waits for its answer.
const QuestionLifetime = 15 * time.Minute

// SignedIn is who answers an authorization request.
type SignedIn struct {
	By    registry.Actor // a user
	Token string         // of the browser's session
	At    time.Time      // when they signed in
}

// Authorize returns a code for what is asked for, when the user consented to
// all of it before, or when the client is first-party: then nobody is asked,
// unless the user, or an administrator for them, revoked the last consent. It
// fails with ErrConsentRequired otherwise, and with registry.ErrNotFound when
// the client or the user was cut off meanwhile.
func (db *DB) Authorize(ctx context.Context, who SignedIn, in oauth.AuthorizationRequest) (code string, err error) {
	if in.Prompt.Consent {
		return "", ErrConsentRequired
	}
	err = db.inTx(ctx, who.By, false, func(t *tx) error {
		consent, err := t.lockConsent(ctx, in.Client.ID)
		if err != nil {
			return err
		}
		if !consent.Answers(in.ScopeKeys(), t.now.Add(oauth.CodeLifetime)) {
			return ErrConsentRequired
		}
		code, err = t.insertCode(ctx, consent, who.At, in)
		return err
	})
	if errors.Is(err, ErrConsentRequired) {
		code, err = db.authorizeFirstParty(ctx, who, in)
	}
	if err != nil {
		return "", fmt.Errorf("authorize: %w", err)
	}
	return code, nil
}

// authorizeFirstParty consents in the user's name to what a client of the
// platform's own asks for.
func (db *DB) authorizeFirstParty(ctx context.Context, who SignedIn, in oauth.AuthorizationRequest) (code string, err error) {
	what := intent{action: "consent.grant", target: registry.ApplicationTarget(in.Client.ID)}
	err = db.change(ctx, who.By, what, func(t *tx) (registry.Event, error) {
		consent, err := t.lockConsent(ctx, in.Client.ID)
		if err != nil {
			return registry.Event{}, err
		}
		client, err := t.consentClient(ctx, in.Client.ID)
		if err != nil {
			return registry.Event{}, err
		}
		last, err := t.lastRevoked(ctx, in.Client.ID)
		if err != nil {
			return registry.Event{}, err
		}
		if client.Trust != registry.FirstParty || last {
			return registry.Event{}, ErrConsentRequired
		}
		var event registry.Event
		consent, event, err = t.writeConsent(ctx, client, consent, consentTerms{allowed: in.ScopeKeys(), lifetime: registry.ConsentMonth})
		if err == nil {
			code, err = t.insertCode(ctx, consent, who.At, in)
		}
		return event, err
	})
	return code, err
}

// AskConsent returns what a user is to be asked about a request, of which query
// is the original. The question waits for QuestionLifetime, and can be answered
// once, in the session it was asked in. It fails with registry.ErrNotFound when
// the client or the user was cut off meanwhile.
func (db *DB) AskConsent(ctx context.Context, who SignedIn, in oauth.AuthorizationRequest, query string) (q registry.ConsentQuestion, err error) {
	err = db.inTx(ctx, who.By, false, func(t *tx) error {
		if q, err = t.question(ctx, in); err != nil {
			return err
		}
		q.ID = registry.NewConsentRequestID()
		_, err = t.ExecContext(ctx, `INSERT INTO consent_requests (id, session_hash, user_id, query, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			q.ID, hashToken(who.Token), who.By.ID, query, t.now.Add(QuestionLifetime).Unix())
		return err
	})
	if err != nil {
		return registry.ConsentQuestion{}, fmt.Errorf("ask for consent: %w", err)
	}
	return q, nil
}

// ConsentRequest returns the authorization request that a question was asked
// about, or registry.ErrNotFound when there is no such question in the session,
// or no longer.
func (db *DB) ConsentRequest(ctx context.Context, who SignedIn, questionID string) (query string, err error) {
	err = db.read.QueryRowContext(ctx, `SELECT query FROM consent_requests WHERE id = $1 AND session_hash = $2 AND user_id = $3 AND expires_at > $4`,
		questionID, hashToken(who.Token), who.By.ID, db.now().Unix()).Scan(&query)
	if errors.Is(err, sql.ErrNoRows) {
		return "", registry.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("read the question: %w", err)
	}
	return query, nil
}

// AnswerConsent writes down what the user allows and returns a code for it. It
// spends the question. It fails with registry.Invalid, which leaves the question
// as it was, and with registry.ErrNotFound when the question was answered
// before, or the client or the user was cut off meanwhile.
func (db *DB) AnswerConsent(ctx context.Context, who SignedIn, questionID string, in oauth.AuthorizationRequest, answer registry.ConsentAnswer) (code string, err error) {
	what := intent{action: "consent.grant", target: registry.ApplicationTarget(in.Client.ID)}
	err = db.change(ctx, who.By, what, func(t *tx) (registry.Event, error) {
		if err := t.spendQuestion(ctx, who, questionID); err != nil {
			return registry.Event{}, err
		}
		consent, err := t.lockConsent(ctx, in.Client.ID)
		if err != nil {
			return registry.Event{}, err
		}
		q, err := t.question(ctx, in)
		if err != nil {
			return registry.Event{}, err
		}
		if err := q.Check(answer); err != nil {
			return registry.Event{}, err
		}
		consent, event, err := t.writeConsent(ctx, q.Client, consent, consentTerms{
			asked: true, allowed: answer.Scopes, declined: q.Declined(answer), lifetime: answer.Lifetime(),
		})
		if err == nil {
			code, err = t.insertCode(ctx, consent, who.At, in)
		}
		return event, err
	})
	if err != nil {
		return "", fmt.Errorf("answer a question: %w", err)
	}
	return code, nil
}

// DenyConsent spends the question, and changes nothing else. It fails with
// registry.ErrNotFound when the question was answered before.
func (db *DB) DenyConsent(ctx context.Context, who SignedIn, questionID string) error {
	err := db.inTx(ctx, who.By, false, func(t *tx) error { return t.spendQuestion(ctx, who, questionID) })
	if err != nil {
		return fmt.Errorf("deny a question: %w", err)
	}
	return nil
}

func (t *tx) spendQuestion(ctx context.Context, who SignedIn, id string) error {
	err := t.QueryRowContext(ctx, `
		DELETE FROM consent_requests WHERE id = $1 AND session_hash = $2 AND user_id = $3 AND expires_at > $4 RETURNING id`,
		id, hashToken(who.Token), who.By.ID, t.now.Unix()).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return registry.ErrNotFound
	}
	return err
}

// question returns what the actor is asked about a request.
func (t *tx) question(ctx context.Context, in oauth.AuthorizationRequest) (q registry.ConsentQuestion, err error) {
	q.RedirectURI = in.RedirectURI
	if q.Client, err = t.consentClient(ctx, in.Client.ID); err != nil {
		return q, err
	}
	consent, err := t.currentConsent(ctx, t.by.ID, in.Client.ID)
	if err != nil {
		return q, err
	}
	q.Renews = consent.Live(t.now)
	required, err := t.requiredScopes(ctx, in.Client.ID)
	if err != nil {
		return q, err
	}
	held, err := t.grantsFor(ctx, t.by.Subject())
	if err != nil {
		return q, err
	}
	catalogue, err := t.catalogue(ctx)
	if err != nil {
		return q, err
	}
	for _, service := range catalogue.Services {
		asked := registry.ConsentService{Service: service}
		for _, scope := range service.Scopes {
			if !slices.Contains(in.ScopeKeys(), scope.Key) {
				continue
			}
			asked.Scopes = append(asked.Scopes, registry.ConsentScope{
				Scope: scope, Required: slices.Contains(required, scope.Key),
				Ticked: !q.Renews || !slices.Contains(consent.Declined, scope.Key),
			})
		}
		if len(asked.Scopes) > 0 {
			asked.Held = slices.DeleteFunc(slices.Clone(held), func(g registry.HeldGrant) bool { return g.Service != service.Key })
			q.Services = append(q.Services, asked)
		}
	}
	return q, nil
}

// insertCode begins the family of a new code, for those of the scopes that the
// consent allows, and returns the code.
func (t *tx) insertCode(ctx context.Context, consent registry.Consent, signedInAt time.Time, in oauth.AuthorizationRequest) (string, error) {
	granted := slices.DeleteFunc(in.ScopeKeys(), func(scope string) bool { return !slices.Contains(consent.Allowed, scope) })
	code := "ac_" + rand.Text() + rand.Text()
	_, err := t.ExecContext(ctx, `
		INSERT INTO families (id, consent_id, application_id, user_id, scopes, nonce, signed_in_at, code_hash, redirect_uri, challenge, code_expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		registry.NewFamilyID(), consent.ID, in.Client.ID, t.by.ID, strings.Join(granted, " "), in.Nonce, signedInAt.Unix(),
		hashToken(code), in.RedirectURI, in.Challenge, t.now.Add(oauth.CodeLifetime).Unix())
	if err != nil {
		return "", fmt.Errorf("insert code: %w", err)
	}
	return code, nil
}
