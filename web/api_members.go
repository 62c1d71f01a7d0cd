package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"clientele/registry"
)

// apiMembers handles GET /api/v1/members.
func (s *Server) apiMembers(c echo.Context) error {
	q := apiQuery(c, "limit", "cursor")
	limit := q.limit()
	if err := q.err(); err != nil {
		return err
	}
	members, next, err := s.Store.Members(c.Request().Context(), actor(c), q.values.Get("cursor"), limit)
	if err != nil {
		return err
	}
	answer := struct {
		Members []memberJSON `json:"members"`
		Next    *string      `json:"next"`
	}{make([]memberJSON, len(members)), orNull(next)}
	for i, m := range members {
		answer.Members[i] = memberRecord(m)
	}
	if next != "" {
		s.linkNext(c, next)
	}
	return c.JSON(http.StatusOK, answer)
}

// memberJSON is a user as the API tells of them.
type memberJSON struct {
	ID             string          `json:"id"`
	Name           string          `json:"name"`
	Email          string          `json:"email"`
	Status         registry.Status `json:"status"`
	Groups         []groupJSON     `json:"groups"`
	CreatedAt      time.Time       `json:"created_at"`
	LastSignedInAt *time.Time      `json:"last_signed_in_at"`
}

type groupJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func memberRecord(m registry.Member) memberJSON {
	groups := make([]groupJSON, len(m.MemberOf))
	for i, g := range m.MemberOf {
		groups[i] = groupJSON(g)
	}
	return memberJSON{
		ID: m.ID, Name: m.Name, Email: m.Email, Status: m.Status(), Groups: groups,
		CreatedAt: m.CreatedAt.UTC(), LastSignedInAt: timeOrNull(m.LastSignedInAt),
	}
}
