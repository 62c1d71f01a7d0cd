package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store"
	"clientele/views"
)

// webhooks handles GET /admin/settings/webhooks.
func (s *Server) webhooks(c echo.Context) error {
	all, err := s.Store.Webhooks(c.Request().Context(), actor(c))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.WebhooksPage(s.shell(c, "Webhooks", views.SettingsPath), all))
}

// newWebhookPage handles GET /admin/settings/webhooks/new.
func (s *Server) newWebhookPage(c echo.Context) error {
	return s.showWebhookForm(c, http.StatusOK, views.WebhookForm{})
}

// newWebhook handles POST /admin/settings/webhooks/new.
func (s *Server) newWebhook(c echo.Context) error {
	var in registry.WebhookInput
	if err := bind(c, &in); err != nil {
		return err
	}
	w, err := s.Store.CreateWebhook(c.Request().Context(), actor(c), in, store.ShowOnce{SessionToken: sessionToken(c)})
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		return s.showWebhookForm(c, http.StatusUnprocessableEntity, views.WebhookForm{Input: in, Invalid: invalid})
	}
	if err != nil {
		return err
	}
	return redirect(c, views.WebhookPath(w.ID, "secret"))
}

// editWebhookPage handles GET /admin/settings/webhooks/{webhook}/edit.
func (s *Server) editWebhookPage(c echo.Context) error {
	w, err := s.webhookOf(c)
	if err != nil {
		return err
	}
	return s.showWebhookForm(c, http.StatusOK, views.WebhookForm{ID: w.ID, Input: w.WebhookInput, Seen: w.WebhookInput})
}

// editWebhook handles POST /admin/settings/webhooks/{webhook}/edit. When someone
// else was faster, it says so, and keeps what was typed.
func (s *Server) editWebhook(c echo.Context) error {
	var in struct {
		registry.WebhookInput
		SeenURL         string                `form:"seen_url"`
		SeenDescription string                `form:"seen_description"`
		SeenKinds       []registry.NoticeKind `form:"seen_kind"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	id := c.Param("webhook")
	var seen *registry.WebhookInput
	if in.SeenURL != "" { // every webhook has one
		seen = &registry.WebhookInput{URL: in.SeenURL, Description: in.SeenDescription, Kinds: in.SeenKinds}
	}
	refused := s.Store.UpdateWebhook(c.Request().Context(), actor(c), id, in.WebhookInput, seen)
	if refused == nil {
		s.flash(c, "Saved")
		return redirect(c, views.WebhookPath(id, ""))
	}
	invalid, wrong := errors.AsType[registry.Invalid](refused)
	if !wrong && !errors.Is(refused, registry.ErrConflict) {
		return refused
	}
	now, err := s.webhookOf(c)
	if err != nil {
		return err
	}
	if seen == nil {
		seen = &now.WebhookInput
	}
	if wrong {
		return s.showWebhookForm(c, http.StatusUnprocessableEntity, views.WebhookForm{ID: id, Input: in.WebhookInput, Invalid: invalid, Seen: *seen})
	}
	form := views.WebhookForm{ID: id, Input: in.Onto(*seen, now.WebhookInput), Seen: now.WebhookInput, Meanwhile: seen.Changes(now.WebhookInput)}
	return s.showWebhookForm(c, http.StatusConflict, form)
}

func (s *Server) showWebhookForm(c echo.Context, code int, f views.WebhookForm) error {
	title := "Add webhook"
	if f.ID != "" {
		title = "Edit webhook"
	}
	return render(c, code, views.WebhookFormPage(s.shell(c, title, views.SettingsPath), f))
}

func (s *Server) webhookOf(c echo.Context) (registry.Webhook, error) {
	return s.Store.Webhook(c.Request().Context(), actor(c), c.Param("webhook"))
}

// webhook handles GET /admin/settings/webhooks/{webhook}.
func (s *Server) webhook(c echo.Context) error {
	w, err := s.webhookOf(c)
	if err != nil {
		return err
	}
	v := views.WebhookView{Webhook: w, Query: registry.DeliveryQuery{Before: c.QueryParam("before"), After: c.QueryParam("after")}, Now: s.Now().UTC()}
	v.Page, err = s.Store.Deliveries(c.Request().Context(), actor(c), w.ID, v.Query)
	code := http.StatusOK
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		v.Invalid, code = invalid, http.StatusUnprocessableEntity
		v.Query = registry.DeliveryQuery{}
	} else if err != nil {
		return err
	}
	return render(c, code, views.WebhookPage(s.shell(c, w.Name(), views.SettingsPath), v))
}

// webhookSecret handles GET /admin/settings/webhooks/{webhook}/secret: it shows
// a new secret, once, as clientSecret does.
func (s *Server) webhookSecret(c echo.Context) error {
	w, err := s.webhookOf(c)
	switch {
	case err != nil:
		return err
	case isHTMX(c):
		return redirect(c, c.Request().URL.Path)
	case !isVisit(c.Request()):
		return c.NoContent(http.StatusNoContent)
	}
	secret, err := s.Store.TakeWebhookSecret(c.Request().Context(), actor(c), sessionToken(c), w.ID)
	if errors.Is(err, registry.ErrNotFound) {
		return render(c, http.StatusGone, views.WebhookSecretGonePage(s.shell(c, "That secret was already shown", views.SettingsPath), w))
	}
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, views.WebhookSecretPage(s.shell(c, w.Name(), views.SettingsPath), views.WebhookSecretView{Webhook: w, Secret: secret}))
}

// webhookDeed is something that is done to a webhook after one was asked.
type webhookDeed struct {
	verb string // of the question
	page func(views.Shell, registry.Webhook) templ.Component
	do   func(db *store.DB, ctx context.Context, by registry.Actor, id string, show store.ShowOnce) error
	told string
	next string // the page of the webhook that follows
	list bool   // the list follows
}

// webhookDeeds are what is done at /admin/settings/webhooks/{webhook}/…
var webhookDeeds = map[string]webhookDeed{
	"rotate": {verb: "Make a new secret of", page: views.RotateWebhookPage, next: "secret", do: func(db *store.DB, ctx context.Context, by registry.Actor, id string, show store.ShowOnce) error {
		return db.RotateWebhookSecret(ctx, by, id, show)
	}},
	"enable": {verb: "Turn on", page: views.EnableWebhookPage, told: "The webhook is on", do: func(db *store.DB, ctx context.Context, by registry.Actor, id string, _ store.ShowOnce) error {
		return db.SetWebhookOn(ctx, by, id, true)
	}},
	"disable": {verb: "Turn off", page: views.DisableWebhookPage, told: "The webhook is off", do: func(db *store.DB, ctx context.Context, by registry.Actor, id string, _ store.ShowOnce) error {
		return db.SetWebhookOn(ctx, by, id, false)
	}},
	"delete": {verb: "Delete", page: views.DeleteWebhookPage, told: "The webhook is deleted", list: true, do: func(db *store.DB, ctx context.Context, by registry.Actor, id string, _ store.ShowOnce) error {
		return db.DeleteWebhook(ctx, by, id)
	}},
}

// askOfWebhook returns what handles GET of a deed.
func (s *Server) askOfWebhook(d webhookDeed) echo.HandlerFunc {
	return func(c echo.Context) error {
		w, err := s.webhookOf(c)
		if err != nil {
			return err
		}
		return render(c, http.StatusOK, d.page(s.shell(c, d.verb+" "+w.Name()+"?", views.SettingsPath), w))
	}
}

// changeWebhook returns what handles POST of a deed.
func (s *Server) changeWebhook(d webhookDeed) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Param("webhook")
		if err := d.do(s.Store, c.Request().Context(), actor(c), id, store.ShowOnce{SessionToken: sessionToken(c)}); err != nil {
			return err
		}
		if d.told != "" {
			s.flash(c, d.told)
		}
		if d.list {
			return redirect(c, views.WebhooksPath)
		}
		return redirect(c, views.WebhookPath(id, d.next))
	}
}

// testWebhook handles POST /admin/settings/webhooks/{webhook}/test.
func (s *Server) testWebhook(c echo.Context) error {
	if err := s.Store.SendTest(c.Request().Context(), actor(c), c.Param("webhook")); err != nil {
		return err
	}
	s.flash(c, "A test is on its way. Reload to see what is answered")
	return redirect(c, views.WebhookPath(c.Param("webhook"), ""))
}

// resendDelivery handles POST /admin/settings/webhooks/{webhook}/deliveries/{delivery}/again.
func (s *Server) resendDelivery(c echo.Context) error {
	var in struct {
		Back string `form:"back"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	id := c.Param("webhook")
	if err := s.Store.SendAgain(c.Request().Context(), actor(c), id, c.Param("delivery")); err != nil {
		return err
	}
	s.flash(c, "It is sent again. Reload to see what is answered")
	return redirect(c, localPath(in.Back, views.WebhookPath(id, "")))
}
