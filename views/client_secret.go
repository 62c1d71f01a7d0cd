package views

import "clientele/registry"

// Handover is what the page shows that hands a new secret over, once.
type Handover struct {
	App         registry.ApplicationDetails
	Credentials Credentials
	Held        []string // what the application holds: "Viewer of Audit log"
}

func (h Handover) path() string { return "/admin/applications/" + h.App.ID }

// regenerated reports whether the secret is not the application's first.
func (h Handover) regenerated() bool {
	return len(h.App.Secrets) > 1 || (len(h.App.Secrets) == 1 && h.App.Secrets[0].CreatedAt.After(h.App.CreatedAt))
}

func (h Handover) title() string {
	if h.regenerated() {
		return "New secret for " + h.App.Name
	}
	return h.App.Name + " is ready"
}

// ending returns the secrets that are still accepted beside the new one.
func (h Handover) ending() []registry.ClientSecret {
	var all []registry.ClientSecret
	for _, s := range h.App.Secrets[min(1, len(h.App.Secrets)):] {
		if s.RevokedAt.IsZero() && s.ExpiresAt.After(h.App.Secrets[0].CreatedAt) {
			all = append(all, s)
		}
	}
	return all
}
