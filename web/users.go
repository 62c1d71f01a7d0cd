package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store"
	"clientele/views"
)

// users handles GET /admin/users.
func (s *Server) users(c echo.Context) error {
	list := views.Users{Now: s.Now().UTC(), Rights: userRights(c)}
	if err := new(echo.DefaultBinder).BindQueryParams(c, &list.Query); err != nil {
		return echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	var err error
	list.Page, err = s.Store.Users(c.Request().Context(), actor(c), list.Query)
	code := http.StatusOK
	if invalid, ok := errors.AsType[registry.Invalid](err); ok {
		list.Invalid, code = invalid, http.StatusUnprocessableEntity
	} else if err != nil {
		return err
	}
	return render(c, code, views.UsersPage(s.shell(c, "Users", views.UsersPath), list))
}

// usersCSV handles GET /admin/users.csv.
func (s *Server) usersCSV(c echo.Context) error {
	file := newCSV(c, "users.csv", "user ID", "name", "e-mail address", "status", "administrator", "groups", "added at", "last signed in")
	return file.end(s, s.Store.UsersReport(c.Request().Context(), actor(c), func(u registry.UserRow) error {
		admin := map[bool]string{true: "yes", false: "no"}[u.Admin]
		return file.row(u.ID, u.Name, u.Email, string(u.Status()), admin, strconv.Itoa(u.Groups), reportTime(u.CreatedAt), reportTime(u.LastSignedInAt))
	}))
}

// user handles GET /admin/users/{id}.
func (s *Server) user(c echo.Context) error {
	ctx, by := c.Request().Context(), actor(c)
	v := views.UserView{Now: s.Now().UTC(), Rights: userRights(c), Mail: s.Mail, MayAudit: may(c, registry.ReadAuditLog)}
	var err error
	if v.User, err = s.Store.User(ctx, by, c.Param("id")); err != nil {
		return err
	}
	if v.Catalogue, err = s.Store.Catalogue(ctx); err != nil {
		return err
	}
	if v.MayAudit {
		page, err := s.Store.AuditEvents(ctx, by, registry.AuditQuery{Target: v.User.ID, Limit: activityShown})
		if err != nil {
			return err
		}
		v.Activity = page.Entries
	}
	return render(c, http.StatusOK, views.UserPage(s.shell(c, v.User.Name, views.UsersPath), v))
}

func userRights(c echo.Context) views.UserRights {
	return views.UserRights{Viewer: actor(c).ID, MayManage: may(c, registry.ManageUsers), MayGrant: may(c, registry.ManagePermissions)}
}

// userDeeds are what is done to a user, and what is told then. What makes a
// link leads to the page that shows it, unless it goes by e-mail.
var userDeeds = map[views.UserDeed]struct {
	action string // in the audit log
	told   string
	do     func(*store.DB, context.Context, registry.Actor, string, registry.Reason, store.Handover) error
}{
	views.DisableUser: {"user.disable", "The user is disabled", func(db *store.DB, ctx context.Context, by registry.Actor, id string, in registry.Reason, _ store.Handover) error {
		return db.DisableUser(ctx, by, id, in)
	}},
	views.EnableUser: {"user.enable", "The user is enabled", func(db *store.DB, ctx context.Context, by registry.Actor, id string, in registry.Reason, _ store.Handover) error {
		return db.EnableUser(ctx, by, id, in)
	}},
	views.SignOutUser: {"user.sign-out", "The user is signed out everywhere", func(db *store.DB, ctx context.Context, by registry.Actor, id string, in registry.Reason, _ store.Handover) error {
		return db.SignOutUser(ctx, by, id, in)
	}},
	views.WithdrawInvitation: {"user.withdraw-invitation", "The invitation is withdrawn", func(db *store.DB, ctx context.Context, by registry.Actor, id string, in registry.Reason, _ store.Handover) error {
		return db.WithdrawInvitation(ctx, by, id, in)
	}},
	views.MakeAdministrator: {"permission.grant", "The user is an administrator", func(db *store.DB, ctx context.Context, by registry.Actor, id string, _ registry.Reason, _ store.Handover) error {
		return db.MakeAdministrator(ctx, by, id)
	}},
	views.RemoveAdministrator: {"permission.revoke", "The Admin templates are taken back", func(db *store.DB, ctx context.Context, by registry.Actor, id string, _ registry.Reason, _ store.Handover) error {
		return db.RemoveAdministrator(ctx, by, id)
	}},
	views.ResetPassword: {"user.reset-password", "", func(db *store.DB, ctx context.Context, by registry.Actor, id string, in registry.Reason, to store.Handover) error {
		_, err := db.ResetPassword(ctx, by, id, in, to)
		return err
	}},
	views.RenewInvitation: {"user.renew-invitation", "", func(db *store.DB, ctx context.Context, by registry.Actor, id string, _ registry.Reason, to store.Handover) error {
		_, err := db.RenewInvitation(ctx, by, id, to)
		return err
	}},
}

// askUser handles GET /admin/users/{id}/{deed}: it asks before something is
// done to a user.
func (s *Server) askUser(deed views.UserDeed) echo.HandlerFunc {
	return func(c echo.Context) error {
		return s.showUserQuestion(c, http.StatusOK, views.UserQuestion{Deed: deed, Link: s.handoverChoice(s.Mail, nil), Back: c.QueryParam("back")})
	}
}

// changeUser handles POST /admin/users/{id}/{deed}.
func (s *Server) changeUser(deed views.UserDeed) echo.HandlerFunc {
	return func(c echo.Context) error {
		var in struct {
			registry.Reason
			Mail bool   `form:"mail"` // the link, of what makes one
			Back string `form:"back"`
		}
		if err := bind(c, &in); err != nil {
			return err
		}
		d, id := userDeeds[deed], c.Param("id")
		err := d.do(s.Store, c.Request().Context(), actor(c), id, in.Reason, handover(c, in.Mail))
		if invalid, wrong := errors.AsType[registry.Invalid](err); wrong {
			return s.showUserQuestion(c, http.StatusUnprocessableEntity, views.UserQuestion{
				Deed: deed, Input: in.Reason, Invalid: invalid, Link: s.handoverChoice(in.Mail, invalid), Back: in.Back,
			})
		}
		if err != nil {
			return err
		}
		if deed.MakesLink() {
			return s.linkMade(c, id, in.Mail)
		}
		s.flash(c, d.told)
		instead := views.UserPath(id, "")
		if deed == views.WithdrawInvitation {
			instead = views.UsersPath
		}
		return redirect(c, localPath(in.Back, instead))
	}
}

func (s *Server) showUserQuestion(c echo.Context, code int, q views.UserQuestion) error {
	u, err := s.Store.User(c.Request().Context(), actor(c), c.Param("id"))
	if err != nil {
		return err
	}
	q.User, q.Owned, q.Back = u.UserRow, u.Owned, localPath(q.Back, views.UserPath(u.ID, ""))
	if err := s.requireOver(c, u.UserRow, q.Deed); err != nil {
		return err
	}
	if u.ID == actor(c).ID {
		return render(c, code, views.OwnAccountPage(s.shell(c, "This is you", views.UsersPath), q.Back))
	}
	return render(c, code, views.UserQuestionPage(s.shell(c, q.Title(), views.UsersPath), q))
}

// requireOver returns registry.ErrForbidden when the viewer may not do
// something to a user, and records that they tried.
func (s *Server) requireOver(c echo.Context, u registry.UserRow, deed views.UserDeed) error {
	need := registry.ManageUsers
	opens := deed.MakesLink()
	target := registry.Target{Type: "user", ID: u.ID, Name: u.Name}
	switch {
	case deed == views.MakeAdministrator || deed == views.RemoveAdministrator || may(c, need) && u.Admin && !opens:
		need = registry.ManagePermissions
	case opens && u.Beyond:
		return s.Store.RequireToGive(c.Request().Context(), actor(c), userDeeds[deed].action, target, need, u.Actor().Subject())
	}
	return s.requireFor(c, userDeeds[deed].action, target, need)
}

// inviteUserPage handles GET /admin/users/new.
func (s *Server) inviteUserPage(c echo.Context) error {
	if err := s.requireFor(c, "user.invite", registry.AllUsers, registry.ManageUsers); err != nil {
		return err
	}
	return s.showInvitation(c, http.StatusOK, views.InvitationForm{Link: s.handoverChoice(s.Mail, nil)})
}

// inviteUser handles POST /admin/users/new. The same invitation, sent twice,
// leads to what became of it.
func (s *Server) inviteUser(c echo.Context) error {
	var in struct {
		registry.NewInvitation
		Mail bool `form:"mail"`
	}
	if err := bind(c, &in); err != nil {
		return err
	}
	ctx, by := c.Request().Context(), actor(c)
	link, err := s.Store.InviteUser(ctx, by, in.NewInvitation, handover(c, in.Mail))
	invalid, wrong := errors.AsType[registry.Invalid](err)
	if wrong && invalid["email"] != "" {
		if id := s.justInvited(c, in.Email, in.Mail); id != "" {
			return s.linkMade(c, id, in.Mail)
		}
	}
	if wrong {
		form := views.InvitationForm{Input: in.NewInvitation, Invalid: invalid, Link: s.handoverChoice(in.Mail, invalid)}
		return s.showInvitation(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	return s.linkMade(c, link.User.ID, in.Mail)
}

// justInvited returns the ID of the user of an address whose invitation waits to
// be shown in this session, or went off by e-mail as recently, or "".
func (s *Server) justInvited(c echo.Context, email string, byMail bool) string {
	ctx, by := c.Request().Context(), actor(c)
	known, err := s.Store.UserByEmail(ctx, by, email)
	if err != nil {
		return ""
	}
	if !byMail {
		if waits, err := s.Store.SecretWaits(ctx, sessionToken(c), known.ID); err != nil || !waits {
			return ""
		}
		return known.ID
	}
	u, err := s.Store.User(ctx, by, known.ID)
	if err != nil || u.LinkMail.ID == "" || u.Status() != registry.Invited || s.Now().Sub(u.LinkMail.At) > store.ShownFor {
		return ""
	}
	return known.ID
}

// handover returns how a link that is made now gets to its user.
func handover(c echo.Context, byMail bool) store.Handover {
	return store.Handover{ByMail: byMail, Show: store.ShowOnce{SessionToken: sessionToken(c)}}
}

func (s *Server) handoverChoice(byMail bool, invalid registry.Invalid) views.HandoverChoice {
	return views.HandoverChoice{Offered: s.Mail, ByMail: byMail, Error: invalid["mail"]}
}

// linkMade leads to the page that shows a new link or, when it goes by e-mail,
// to that of the user.
func (s *Server) linkMade(c echo.Context, id string, byMail bool) error {
	if !byMail {
		return redirect(c, views.UserPath(id, "link"))
	}
	s.flash(c, "The link is on its way by e-mail")
	return redirect(c, views.UserPath(id, ""))
}

func (s *Server) showInvitation(c echo.Context, code int, f views.InvitationForm) error {
	f.MayGrant = may(c, registry.ManagePermissions)
	page, err := s.Store.Groups(c.Request().Context(), actor(c), registry.GroupQuery{}) // of more than a page, the rest is for the pages of the groups
	if err != nil {
		return err
	}
	f.Groups = slices.DeleteFunc(page.Groups, func(g registry.GroupRow) bool { return g.Beyond })
	return render(c, code, views.InviteUserPage(s.shell(c, "Invite user", views.UsersPath), f))
}

// userLink handles GET /admin/users/{id}/link: it shows a new link, once, as
// clientSecret shows a secret.
func (s *Server) userLink(c echo.Context) error {
	ctx, by := c.Request().Context(), actor(c)
	u, err := s.Store.User(ctx, by, c.Param("id"))
	switch {
	case err != nil:
		return err
	case isHTMX(c):
		return redirect(c, c.Request().URL.Path)
	case !isVisit(c.Request()):
		return c.NoContent(http.StatusNoContent)
	}
	code, err := s.Store.TakeUserLink(ctx, by, sessionToken(c), u.ID)
	if errors.Is(err, registry.ErrNotFound) {
		title := "That link was already shown"
		if u.LinkMail.ID != "" {
			title = "That link goes by e-mail"
		}
		return render(c, http.StatusGone, views.UserLinkGonePage(s.shell(c, title, views.UsersPath), u))
	}
	if err != nil {
		return err
	}
	kind := registry.ResetLink
	if u.Status() == registry.Invited {
		kind = registry.InvitationLink
	}
	v := views.UserLinkView{User: u.UserRow, Link: s.Issuer + registry.UserLink{Kind: kind, Code: code}.Path()}
	return render(c, http.StatusOK, views.UserLinkPage(s.shell(c, u.Name, views.UsersPath), v))
}
