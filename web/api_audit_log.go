package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"clientele/registry"
)

// listAuditEvents handles GET /api/v1/audit-log.
func (s *Server) listAuditEvents(c echo.Context) error {
	q, err := auditQuery(c)
	if err != nil {
		return err
	}
	page, err := s.Store.AuditEvents(c.Request().Context(), actor(c), q)
	if err != nil {
		return err
	}
	answer := struct {
		Events []auditEventJSON `json:"events"`
		Next   *string          `json:"next"`
		// CompleteSince is from when on no event was deleted; null when none ever was.
		CompleteSince *string `json:"complete_since"`
	}{Events: make([]auditEventJSON, len(page.Entries))}
	for i, entry := range page.Entries {
		answer.Events[i] = auditEventOf(entry.Event)
	}
	if !page.CompleteSince.IsZero() {
		since := page.CompleteSince.Format(rfc3339Milli)
		answer.CompleteSince = &since
	}
	if page.Older {
		next := auditCursor(page.Entries[len(page.Entries)-1].Seq)
		answer.Next = &next
		s.linkNext(c, next)
	}
	return c.JSON(http.StatusOK, answer)
}

// auditQuery reads what a call asks for. It fails with registry.Invalid.
func auditQuery(c echo.Context) (registry.AuditQuery, error) {
	q := apiQuery(c, "actor", "action", "outcome", "target", "from", "to", "limit", "cursor")
	found, err := registry.AuditFilter{
		Actor: q.values.Get("actor"), Action: q.values.Get("action"), Outcome: q.values.Get("outcome"),
		Target: q.values.Get("target"), From: q.values.Get("from"), To: q.values.Get("to"),
	}.Query()
	invalid, _ := errors.AsType[registry.Invalid](err)
	for name, message := range invalid {
		q.wrong(name, message)
	}
	found.Limit = q.limit()
	if cursor := q.values.Get("cursor"); cursor != "" {
		if found.Before, err = parseAuditCursor(cursor); err != nil {
			q.wrong("cursor", "Use the cursor that came with the page before.")
		}
	}
	return found, q.err()
}

// auditCursor returns the cursor of the page that follows the event.
func auditCursor(seq int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte("a:" + strconv.FormatInt(seq, 10)))
}

// parseAuditCursor returns the sequence in a cursor that auditCursor wrote. It
// fails for anything else.
func parseAuditCursor(cursor string) (int64, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, err
	}
	seq, err := strconv.ParseInt(strings.TrimPrefix(string(raw), "a:"), 10, 64)
	if err != nil || seq < 1 || auditCursor(seq) != cursor {
		return 0, strconv.ErrSyntax
	}
	return seq, nil
}

// auditEventJSON is an event as the API and the JSON Lines download tell of it.
type auditEventJSON struct {
	Seq       int64           `json:"seq"`
	At        string          `json:"at"`
	Actor     namedJSON       `json:"actor"`
	Action    string          `json:"action"`
	Outcome   string          `json:"outcome"`
	Target    namedJSON       `json:"target"`
	Address   string          `json:"address"`
	RequestID string          `json:"request_id"`
	Before    json.RawMessage `json:"before"`
	After     json.RawMessage `json:"after"`
	Hash      string          `json:"hash"`
}

type namedJSON struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

func auditEventOf(e registry.Event) auditEventJSON {
	return auditEventJSON{
		Seq: e.Seq, At: e.At.UTC().Format(rfc3339Milli),
		Actor: namedJSON{string(e.Actor.Type), e.Actor.ID, e.Actor.Name}, Action: e.Action, Outcome: string(e.Outcome),
		Target:  namedJSON{e.Target.Type, e.Target.ID, e.Target.Name},
		Address: e.Actor.Address, RequestID: e.Actor.RequestID,
		Before: changeJSON(e.Before), After: changeJSON(e.After), Hash: e.Hash,
	}
}

const rfc3339Milli = "2006-01-02T15:04:05.000Z07:00"

// changeJSON returns what an event keeps of its change, or nil for nothing.
// What somebody put there that is no JSON does not hide the event.
func changeJSON(text string) json.RawMessage {
	if !json.Valid([]byte(text)) {
		return nil
	}
	return json.RawMessage(text)
}
