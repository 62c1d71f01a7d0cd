package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"clientele/registry"
)

// Team returns what the team is called. It needs the permission to manage
// settings. It fails with registry.ErrNotFound before there is a team.
func (db *DB) Team(ctx context.Context, by registry.Actor) (team registry.Team, err error) {
	what := intent{action: "team.read", need: registry.ManageSettings, target: theTeam}
	err = db.view(ctx, by, what, func(t *tx) error {
		team, err = t.team(ctx, `SELECT name, logo_hash FROM team`)
		return err
	})
	if err != nil {
		return registry.Team{}, fmt.Errorf("read the team: %w", err)
	}
	return team, nil
}

// UpdateTeam gives the team another name or logo. It needs the permission to
// manage settings. What is as it was changes nothing. It fails with
// registry.Invalid, and with registry.ErrConflict when the name is not the one
// that the editor saw.
func (db *DB) UpdateTeam(ctx context.Context, by registry.Actor, in registry.TeamEdit) error {
	in = in.Clean()
	what := intent{action: "team.update", need: registry.ManageSettings, target: theTeam, input: in}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		was, err := t.team(ctx, `UPDATE team SET name = name RETURNING name, logo_hash`)
		if err != nil {
			return registry.Event{}, err
		}
		if in.Seen != "" && in.Seen != was.Name {
			return registry.Event{}, registry.ErrConflict
		}
		is := registry.Team{Name: in.Name, Logo: was.Logo}
		switch {
		case in.Logo.PNG != nil:
			is.Logo = hashLogo(in.Logo.PNG)
		case in.Logo.Remove:
			is.Logo = ""
		}
		if is == was {
			return registry.Event{}, errUnchanged
		}
		event := registry.Event{
			Target: registry.Target{Type: theTeam.Type, ID: theTeam.ID, Name: is.Name},
			Before: snapshot(teamRecord(was)), After: snapshot(teamRecord(is)),
		}
		if is.Logo == was.Logo {
			_, err = t.ExecContext(ctx, `UPDATE team SET name = $1`, is.Name)
		} else {
			_, err = t.ExecContext(ctx, `UPDATE team SET name = $1, logo = $2, logo_hash = $3`, is.Name, in.Logo.PNG, is.Logo)
		}
		return event, err
	})
	if err != nil {
		return fmt.Errorf("update the team: %w", err)
	}
	return nil
}

// theTeam is the target of what is done to the team, whose name is not known yet.
var theTeam = registry.Target{Type: "team", ID: "team"}

func teamRecord(team registry.Team) map[string]string {
	return map[string]string{"name": team.Name, "logo": team.Logo}
}

func (t *tx) team(ctx context.Context, statement string) (team registry.Team, err error) {
	err = t.QueryRowContext(ctx, statement).Scan(&team.Name, &team.Logo)
	if errors.Is(err, sql.ErrNoRows) {
		err = registry.ErrNotFound
	}
	return team, err
}
