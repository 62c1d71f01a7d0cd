package web

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/gorilla/sessions"
	"github.com/labstack/echo/v4"

	"clientele/registry"
	"clientele/store"
)

// sessionStore keeps sessions in the database, for gorilla/sessions. The
// cookie holds a random token of which the database knows the hash, so that a
// session ends on every instance the moment its row goes.
type sessionStore struct {
	db     *store.DB
	secure bool
}

var _ sessions.Store = sessionStore{}

// sessionKey is what a session's Values hold beside what is remembered.
type sessionKey int

const (
	viewerKey sessionKey = iota // store.Session: who is signed in
	visitKey                    // store.Visit: who signs in
)

// Get returns the session that the request's cookie names, or a new one. It is
// read once a request.
func (s sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(s, name)
}

// New reads the session that the request's cookie names. It is new when there
// is no cookie, and when the session has ended.
func (s sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	session := sessions.NewSession(s, name)
	session.IsNew = true
	session.Options = cookieOptions(s.secure, int(store.SessionLifetime.Seconds()))
	cookie, err := r.Cookie(name)
	if err != nil {
		return session, nil //nolint:nilerr // without a cookie there is no session
	}
	found, err := s.db.Session(r.Context(), cookie.Value)
	if errors.Is(err, registry.ErrNotFound) {
		return session, nil
	}
	if err != nil {
		return session, err
	}
	session.ID, session.IsNew = cookie.Value, false
	session.Values[viewerKey] = found
	for _, text := range decodeFlashes(found.Data) {
		session.AddFlash(text)
	}
	return session, nil
}

// Save starts the session of a visit, ends one whose MaxAge is negative, and
// keeps the flashes of any other.
func (s sessionStore) Save(r *http.Request, w http.ResponseWriter, session *sessions.Session) error {
	switch {
	case session.Options.MaxAge < 0:
		http.SetCookie(w, sessions.NewCookie(session.Name(), "", session.Options))
		return s.db.EndSession(r.Context(), session.ID)
	case session.ID != "":
		return s.db.Remember(r.Context(), session.ID, encodeFlashes(session))
	}
	visit, _ := session.Values[visitKey].(store.Visit)
	token, err := s.db.StartSession(r.Context(), visit)
	if err != nil {
		return err
	}
	session.ID, session.IsNew = token, false
	http.SetCookie(w, sessions.NewCookie(session.Name(), token, session.Options))
	return nil
}

// encodeFlashes returns as JSON what a session remembers between pages, and
// leaves it there.
func encodeFlashes(session *sessions.Session) string {
	flashes := session.Flashes()
	for _, text := range flashes {
		session.AddFlash(text)
	}
	text, err := json.Marshal(flashes)
	if err != nil {
		panic(err) // they are text
	}
	return string(text)
}

func decodeFlashes(data string) (flashes []string) {
	if json.Unmarshal([]byte(data), &flashes) != nil { // nothing is remembered yet
		return nil
	}
	return flashes
}

// cookieName returns the name of a cookie of ours. The prefix makes browsers
// refuse it from other hosts and without https; on loopback without https they
// would refuse it from us.
func cookieName(name string, secure bool) string {
	if secure {
		return "__Host-" + name
	}
	return name
}

func cookieOptions(secure bool, maxAge int) *sessions.Options {
	return &sessions.Options{Path: "/", MaxAge: maxAge, Secure: secure, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

func (s *Server) setCookie(c echo.Context, name, value string, maxAge int) {
	c.SetCookie(sessions.NewCookie(cookieName(name, s.Secure), value, cookieOptions(s.Secure, maxAge)))
}

// cookie returns the value of a cookie of ours, or "".
func (s *Server) cookie(c echo.Context, name string) string {
	cookie, err := c.Cookie(cookieName(name, s.Secure))
	if err != nil {
		return ""
	}
	return cookie.Value
}

// session returns the session of the request, which is new for who is not
// signed in. It fails when the database does.
func (s *Server) session(c echo.Context) (*sessions.Session, error) {
	return sessionStore{s.Store, s.Secure}.Get(c.Request(), cookieName("session", s.Secure))
}

const sessionContextKey = "session"

// recognize finds out who is signed in, if anyone, and makes them the actor.
func (s *Server) recognize(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		session, err := s.session(c)
		if err != nil {
			return err
		}
		c.Set(sessionContextKey, session)
		if v, ok := viewer(c); ok {
			act(c, v.User.Actor())
		}
		return next(c)
	}
}

// current returns the session that recognize found, or nil.
func current(c echo.Context) *sessions.Session {
	session, _ := c.Get(sessionContextKey).(*sessions.Session)
	return session
}

// viewer returns who looks at the page, and false when nobody is signed in.
func viewer(c echo.Context) (v store.Session, signedIn bool) {
	if session := current(c); session != nil {
		v, signedIn = session.Values[viewerKey].(store.Session)
	}
	return v, signedIn
}

// sessionToken returns the token of the viewer's session, under which a secret
// is sealed that only this browser may see; "" when nobody is signed in.
func sessionToken(c echo.Context) string {
	if session := current(c); session != nil {
		return session.ID
	}
	return ""
}

// may reports whether the viewer held p when the page was asked for: for what
// to show. Use cases judge for themselves.
func may(c echo.Context, p registry.Permission) bool {
	v, _ := viewer(c)
	return v.May(p)
}

// granter returns the viewer as far as they may give and take permissions.
func granter(c echo.Context) registry.Granter {
	v, _ := viewer(c)
	return registry.GranterHolding(v.Held)
}

// startSession signs the user in under a new token: one that someone had
// planted in the browser before is worth nothing. device is what SignIn knows
// the browser by, or "".
func (s *Server) startSession(c echo.Context, user registry.User, device string) error {
	session, err := s.session(c)
	if err != nil {
		return err
	}
	if session.ID != "" {
		if err := s.Store.EndSession(c.Request().Context(), session.ID); err != nil {
			return err
		}
	}
	clear(session.Values)
	session.ID = ""
	session.Values[visitKey] = store.Visit{UserID: user.ID, Address: c.RealIP(), Agent: c.Request().UserAgent(), Device: device}
	return session.Save(c.Request(), c.Response())
}

// renewSession has the viewer's session go on under a new token.
func renewSession(c echo.Context, token string) {
	session := current(c)
	session.ID = token
	c.SetCookie(sessions.NewCookie(session.Name(), token, session.Options))
}

// endSession signs the viewer out, on every instance at once.
func endSession(c echo.Context) error {
	session := current(c)
	session.Options.MaxAge = -1
	return session.Save(c.Request(), c.Response())
}

// flash has the viewer's next page say something, once. What was done stays
// done when it cannot be said.
func (s *Server) flash(c echo.Context, text string) {
	session := current(c)
	if session == nil || session.ID == "" {
		return
	}
	session.AddFlash(text)
	s.saveFlashes(c, session)
}

// takeFlash returns what this page is to say, or "".
func (s *Server) takeFlash(c echo.Context) string {
	session := current(c)
	if session == nil || session.ID == "" || isHTMX(c) || c.Request().Method == http.MethodHead {
		return ""
	}
	flashes := session.Flashes()
	if len(flashes) == 0 {
		return ""
	}
	s.saveFlashes(c, session)
	text, _ := flashes[len(flashes)-1].(string)
	return text
}

func (s *Server) saveFlashes(c echo.Context, session *sessions.Session) {
	if err := session.Save(c.Request(), c.Response()); err != nil {
		s.Log.WarnContext(c.Request().Context(), "a message to the viewer was lost", slog.String("request_id", requestID(c)), slog.Any("err", err))
	}
}
