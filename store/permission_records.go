package store

import (
	"context"
	"fmt"
	"strings"

	"clientele/registry"
)

// PermissionQuery says whose permissions to list: those of one service and of
// one subject, or of all where it names none.
type PermissionQuery struct {
	Service string
	Subject registry.Subject
}

// recordedSubjects is how many subjects are looked for at a time.
const recordedSubjects = 100

// PermissionRecords returns up to limit records of who may do what, those after
// the cursor when it is not "", and the cursor to go on from, or "" after the
// last. Subjects come by kind and ID. Those whose permissions count for nothing,
// because they are disabled, have none. The actor sees as much as they may look
// at. It fails with registry.Forbidden when that is nothing, and with registry.Invalid
// when there is no such service or the cursor is none.
func (db *DB) PermissionRecords(ctx context.Context, by registry.Actor, q PermissionQuery, cursor string, limit int) (page []registry.PermissionRecord, next string, err error) {
	catalogue, err := db.Catalogue(ctx)
	if err != nil {
		return nil, "", err
	}
	what := intent{action: "permission.list", target: registry.AllPermissions}
	err = db.view(ctx, by, what, func(t *tx) error {
		reach, err := t.reach(ctx)
		if err != nil {
			return err
		}
		if q.Service != "" {
			service, known := catalogue.Service(q.Service)
			if !known {
				return registry.Invalid{"service": "There is no such service."}
			}
			catalogue = registry.Catalogue{Services: []registry.Service{service}}
		}
		place, err := parseRecordPlace(cursor)
		if err != nil {
			return err
		}
		for from := ">="; len(page) <= limit; from = ">" {
			subjects, err := t.recorded(ctx, q, from, place.Subject)
			if err != nil || len(subjects) == 0 {
				return err
			}
			for _, subject := range subjects {
				held, err := t.held(ctx, subject.Subject)
				if err != nil {
					return err
				}
				for _, r := range registry.Records(subject, held, catalogue) {
					before := subject.Subject == place.Subject && r.Compare(place.service, place.object) <= 0
					if !before && reach.Covers(r.Service.Key, r.Object) {
						page = append(page, r)
					}
				}
				if len(page) > limit {
					return nil
				}
			}
			place = recordPlace{Subject: subjects[len(subjects)-1].Subject}
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("list permissions: %w", err)
	}
	if len(page) > limit {
		page = page[:limit]
		next = placeOfRecord(page[limit-1])
	}
	return page, next, nil
}

// PermissionsReport passes every record of who may do what to yield, in the
// order of PermissionRecords, and records that it was downloaded. It fails like
// PermissionRecords before the first record, or with what yield returns.
func (db *DB) PermissionsReport(ctx context.Context, by registry.Actor, yield func(registry.PermissionRecord) error) error {
	what := intent{action: "permission.download", target: registry.Target{Type: "report", ID: "permissions", Name: "Permissions"}}
	err := db.change(ctx, by, what, func(t *tx) (registry.Event, error) {
		_, err := t.reach(ctx)
		return registry.Event{}, err
	})
	if err != nil {
		return fmt.Errorf("report permissions: %w", err)
	}
	for cursor := ""; ; {
		records, next, err := db.PermissionRecords(ctx, by, PermissionQuery{}, cursor, reportBatch)
		if err != nil {
			return fmt.Errorf("report permissions: %w", err)
		}
		for _, record := range records {
			if err := yield(record); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		cursor = next
	}
}

// recordPlace is the place of a record in the list of all.
type recordPlace struct {
	registry.Subject

	service, object string
}

// recordsByPlace is the order of a record's cursors.
const recordsByPlace registry.ApplicationSort = "record"

func placeOfRecord(r registry.PermissionRecord) string {
	id := strings.Join([]string{string(r.Subject.Subject.Type), r.Subject.Subject.ID, r.Service.Key, r.Object}, " ")
	return registry.Cursor{Sort: recordsByPlace, ID: id}.String()
}

func parseRecordPlace(cursor string) (p recordPlace, err error) {
	if cursor == "" {
		return p, nil
	}
	c, err := registry.ParseCursor(cursor, recordsByPlace)
	parts := strings.Split(c.ID, " ")
	if err != nil || len(parts) != 4 {
		return p, registry.Invalid{"cursor": "Use the cursor that came with the page before."}
	}
	return recordPlace{registry.Subject{Type: registry.SubjectType(parts[0]), ID: parts[1]}, parts[2], parts[3]}, nil
}

// recorded returns some of the subjects that may hold anything of what is asked
// for, by kind and ID, from one of them on.
func (t *tx) recorded(ctx context.Context, q PermissionQuery, from string, at registry.Subject) (found []registry.PickedSubject, err error) {
	const own = `EXISTS (SELECT 1 FROM grants g WHERE g.subject_type = $1 AND g.subject_id = s.id AND g.service = CASE $2 WHEN '' THEN g.service ELSE $2 END)`
	for _, kind := range []struct {
		of             registry.SubjectType
		columns, where string
	}{
		{registry.ApplicationSubject, `s.id, s.name, s.id FROM applications s`, `s.status = 'active' AND s.deleted_at IS NULL AND ` + own},
		{registry.GroupSubject, `s.id, s.name, s.id FROM user_groups s`, own},
		{registry.UserSubject, `s.id, s.name, s.email FROM users s`, `s.disabled_at IS NULL AND (` + own + ` OR EXISTS (
			SELECT 1 FROM group_members m JOIN grants g ON g.subject_type = 'group' AND g.subject_id = m.group_id
			WHERE m.user_id = s.id AND g.service = CASE $2 WHEN '' THEN g.service ELSE $2 END))`},
	} {
		if kind.of < at.Type || q.Subject.Type != "" && q.Subject.Type != kind.of {
			continue
		}
		after, beyond := "", ">="
		if kind.of == at.Type {
			after, beyond = at.ID, from
		}
		rows, err := t.QueryContext(ctx, fmt.Sprintf(`SELECT %s WHERE %s AND s.id %s $3 AND s.id = CASE $4 WHEN '' THEN s.id ELSE $4 END ORDER BY s.id LIMIT %d`,
			kind.columns, kind.where, beyond, recordedSubjects-len(found)), kind.of, asText(q.Service), asText(after), asText(q.Subject.ID))
		if err != nil {
			return nil, fmt.Errorf("look for subjects: %w", err)
		}
		of, err := collect(rows, func(s *registry.PickedSubject) []any {
			s.Subject.Type = kind.of
			return []any{&s.Subject.ID, &s.Name, &s.Detail}
		})
		if err != nil {
			return nil, fmt.Errorf("look for subjects: %w", err)
		}
		if found = append(found, of...); len(found) == recordedSubjects {
			break
		}
	}
	return found, nil
}
