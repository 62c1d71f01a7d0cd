package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"clientele/registry"
)

// apiApplications handles GET /api/v1/applications.
func (s *Server) apiApplications(c echo.Context) error {
	q := apiQuery(c, "limit", "cursor")
	limit := q.limit()
	if err := q.err(); err != nil {
		return err
	}
	records, next, err := s.Store.ApplicationRecords(c.Request().Context(), actor(c), q.values.Get("cursor"), limit)
	if err != nil {
		return err
	}
	answer := struct {
		Applications []applicationJSON `json:"applications"`
		Next         *string           `json:"next"`
	}{make([]applicationJSON, len(records)), orNull(next)}
	for i, r := range records {
		answer.Applications[i] = applicationRecord(r)
	}
	if next != "" {
		s.linkNext(c, next)
	}
	return c.JSON(http.StatusOK, answer)
}

// apiApplication handles GET /api/v1/applications/{id}.
func (s *Server) apiApplication(c echo.Context) error {
	if err := apiQuery(c).err(); err != nil {
		return err
	}
	record, err := s.Store.ApplicationRecord(c.Request().Context(), actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, applicationRecord(record))
}

// applicationJSON is an application as the API tells of it.
type applicationJSON struct {
	ID             string                   `json:"id"`
	Name           string                   `json:"name"`
	Type           registry.ApplicationType `json:"type"`
	Origin         registry.Origin          `json:"origin"`
	Status         registry.Status          `json:"status"`
	Description    string                   `json:"description"`
	Grants         []string                 `json:"grants"`
	AuthMethod     string                   `json:"auth_method"`
	TokenAlg       string                   `json:"token_alg"`
	RedirectURIs   []string                 `json:"redirect_uris"`
	Networks       []string                 `json:"networks"`
	HomePage       string                   `json:"home_page"`
	Trust          registry.Trust           `json:"trust"`
	Scopes         []string                 `json:"scopes"`
	RequiredScopes []string                 `json:"required_scopes"`
	Permissions    []registry.HeldGrant     `json:"permissions"`
	CreatedAt      time.Time                `json:"created_at"`
	CreatedBy      creatorJSON              `json:"created_by"`
	Owners         []ownerJSON              `json:"owners"`
	LastUsedAt     *time.Time               `json:"last_used_at"`
}

type creatorJSON struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type ownerJSON struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Disabled bool   `json:"disabled"`
}

func applicationRecord(r registry.ApplicationRecord) applicationJSON {
	owners := make([]ownerJSON, len(r.Owners))
	for i, o := range r.Owners {
		owners[i] = ownerJSON{o.ID, o.Name, o.Disabled}
	}
	return applicationJSON{
		ID: r.ID, Name: r.Name, Type: r.Type, Origin: r.Origin, Status: r.Status, Description: r.Description,
		Grants: orEmpty(r.Grants), AuthMethod: r.AuthMethod, TokenAlg: r.TokenAlg,
		RedirectURIs: orEmpty(r.RedirectURIs), Networks: registry.NetworkTexts(r.Networks), HomePage: r.HomePage, Trust: r.Trust,
		Scopes: orEmpty(r.Scopes), RequiredScopes: orEmpty(r.Required), Permissions: orEmpty(r.Permissions),
		CreatedAt: r.CreatedAt.UTC(), CreatedBy: creatorJSON{r.CreatedBy, r.CreatedByName}, Owners: owners, LastUsedAt: timeOrNull(r.LastUsedAt),
	}
}

// orEmpty returns what JSON writes as a list, also when there is nothing in it.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
