package store

import (
	"context"
	"fmt"

	"clientele/registry"
)

// CredentialPolicy returns the policy and what breaks it. It needs the
// permission to manage settings.
func (db *DB) CredentialPolicy(ctx context.Context, by registry.Actor) (use registry.PolicyUse, err error) {
	what := intent{action: "team.read-credential-policy", need: registry.ManageSettings, target: policyTarget}
	err = db.view(ctx, by, what, func(t *tx) error {
		if use.Policy, err = t.credentialPolicy(ctx); err != nil {
			return err
		}
		return t.readBreaches(ctx, &use)
	})
	if err != nil {
		return registry.PolicyUse{}, fmt.Errorf("read credential policy: %w", err)
	}
	return use, nil
}

// SetCredentialPolicy replaces the policy. It binds whoever makes or changes a
// secret from now on; no secret ends by it. It needs the permission to manage
// settings. The policy that is in force changes nothing. It fails with
// registry.ErrConflict when that is not the one the editor saw.
func (db *DB) SetCredentialPolicy(ctx context.Context, by registry.Actor, in registry.PolicyEdit) error {
	what := intent{action: "team.set-credential-policy", need: registry.ManageSettings, target: policyTarget}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		if _, err := registry.PolicyInputOf(in.CredentialPolicy).Policy(); err != nil {
			return registry.Event{}, err
		}
		if err := t.lockMeta(ctx); err != nil {
			return registry.Event{}, err
		}
		was, err := t.credentialPolicy(ctx)
		switch {
		case err != nil:
			return registry.Event{}, err
		case in.Seen != nil && *in.Seen != was:
			return registry.Event{}, registry.ErrConflict
		case in.CredentialPolicy == was:
			return registry.Event{}, errUnchanged
		}
		_, err = t.ExecContext(ctx, `UPDATE credential_policy SET longest_life = $1, longest_overlap = $2, most_secrets = $3`,
			in.LongestLife, in.LongestOverlap, in.MostSecrets)
		return registry.Event{Before: snapshotPolicy(was), After: snapshotPolicy(in.CredentialPolicy)}, err
	})
	if err != nil {
		return fmt.Errorf("set credential policy: %w", err)
	}
	return nil
}

var policyTarget = registry.Target{Type: "team", ID: "credential-policy", Name: "Credential policy"}

func snapshotPolicy(p registry.CredentialPolicy) string {
	in := registry.PolicyInputOf(p)
	if in.LongestLife == "" {
		in.LongestLife = "no limit"
	}
	return snapshot(map[string]string{"longest_life_in_days": in.LongestLife, "longest_overlap_in_days": in.LongestOverlap, "most_secrets": in.MostSecrets})
}

func (t *tx) credentialPolicy(ctx context.Context) (p registry.CredentialPolicy, err error) {
	err = t.QueryRowContext(ctx, `SELECT longest_life, longest_overlap, most_secrets FROM credential_policy`).Scan(&p.LongestLife, &p.LongestOverlap, &p.MostSecrets)
	if err != nil {
		return p, fmt.Errorf("read credential policy: %w", err)
	}
	return p, nil
}

// readBreaches counts what breaks the policy, each up to countLimit, and names
// the first applications that do.
func (t *tx) readBreaches(ctx context.Context, use *registry.PolicyUse) error {
	const live = `
		SELECT s.application_id, CASE WHEN $2 > 0 AND (s.expires_at IS NULL OR s.expires_at - s.created_at > $2) THEN 1 ELSE 0 END AS too_long
		FROM secrets s JOIN applications a ON a.id = s.application_id AND a.deleted_at IS NULL
		WHERE (s.revoked_at IS NULL OR s.paused) AND (s.expires_at IS NULL OR s.expires_at > $1)`
	now, life, most := t.now.Unix(), int64(use.Policy.LongestLife)*secondsPerDay, use.Policy.MostSecrets
	var tooLong, tooMany int
	err := t.QueryRowContext(ctx, fmt.Sprintf(`
		SELECT (SELECT count(*) FROM (SELECT 1 FROM (%[1]s) AS live WHERE too_long = 1 LIMIT %[2]d) AS long),
			(SELECT count(*) FROM (SELECT 1 FROM (%[1]s) AS live GROUP BY application_id HAVING count(*) > $3 LIMIT %[2]d) AS many)`, live, countLimit+1),
		now, life, most).Scan(&tooLong, &tooMany)
	if err != nil {
		return fmt.Errorf("count what breaks the policy: %w", err)
	}
	use.TooLong, use.TooMany = counted(tooLong), counted(tooMany)
	if tooLong+tooMany == 0 {
		return nil
	}
	rows, err := t.QueryContext(ctx, fmt.Sprintf(`
		SELECT a.id, a.name, a.origin = 'platform', b.too_long, b.live FROM (
			SELECT application_id, sum(too_long) AS too_long, count(*) AS live FROM (%s) AS live GROUP BY application_id
			HAVING sum(too_long) > 0 OR count(*) > $3
		) AS b JOIN applications a ON a.id = b.application_id ORDER BY a.name_key LIMIT %d`, live, registry.BreachesListed), now, life, most)
	if err != nil {
		return fmt.Errorf("list what breaks the policy: %w", err)
	}
	use.Broken, err = collect(rows, func(b *registry.PolicyBreach) []any { return []any{&b.ID, &b.Name, &b.Locked, &b.TooLong, &b.Live} })
	return err
}
