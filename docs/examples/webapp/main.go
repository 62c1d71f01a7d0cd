// Webapp signs users in at Clientele, and calls an API for them as long as they
// allow it. README.md says how to run it.
package main

import (
	"context"
	"crypto/rand"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const page = `<!doctype html><title>Webapp</title><a href="/login">Sign in</a> <a href="/me">Who am I?</a> <form method="post" action="/refresh"><button>Refresh</button></form>`

// webapp is an OAuth client with its users.
type webapp struct {
	oauth2.Config
	idTokens *oidc.IDTokenVerifier
	sessions sync.Map // by cookie: *oauth2.Token
}

func main() {
	issuer, address := os.Getenv("ISSUER"), os.Getenv("ADDRESS")
	provider, err := oidc.NewProvider(context.Background(), issuer)
	if err != nil {
		log.Fatal(err)
	}
	a := webapp{idTokens: provider.Verifier(&oidc.Config{ClientID: os.Getenv("CLIENT_ID")}), Config: oauth2.Config{
		ClientID: os.Getenv("CLIENT_ID"), ClientSecret: os.Getenv("CLIENT_SECRET"), Endpoint: provider.Endpoint(),
		RedirectURL: address + "/callback", Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}}
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, page) })
	http.HandleFunc("GET /login", a.login)
	http.HandleFunc("GET /callback", a.callback)
	http.HandleFunc("GET /me", a.call(issuer+"/api/v1/me"))
	http.HandleFunc("GET /userinfo", a.call(provider.UserInfoEndpoint()))
	http.HandleFunc("POST /refresh", a.refresh)
	log.Fatal(http.ListenAndServe(strings.TrimPrefix(address, "http://"), nil))
}

// login sends the browser to sign in. By a cookie it is known again afterwards.
func (a *webapp) login(w http.ResponseWriter, r *http.Request) {
	state, verifier := rand.Text(), oauth2.GenerateVerifier()
	http.SetCookie(w, &http.Cookie{Name: "webapp-signin", Value: state + "." + verifier, Path: "/callback", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, a.AuthCodeURL(state, oidc.Nonce(state), oauth2.S256ChallengeOption(verifier)), http.StatusSeeOther)
}

// callback is where the browser comes back, with a code for tokens.
func (a *webapp) callback(w http.ResponseWriter, r *http.Request) {
	state, verifier, begun := strings.Cut(cookie(r, "webapp-signin"), ".")
	if !begun || r.URL.Query().Get("state") != state {
		http.Error(w, "This browser did not begin that sign-in.", http.StatusForbidden)
		return
	}
	token, err := a.Exchange(r.Context(), r.URL.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	raw, _ := token.Extra("id_token").(string)
	if user, err := a.idTokens.Verify(r.Context(), raw); err != nil || user.Nonce != state {
		http.Error(w, "That ID token is not of this sign-in.", http.StatusForbidden)
		return
	}
	session := rand.Text()
	a.sessions.Store(session, token)
	http.SetCookie(w, &http.Cookie{Name: "webapp-session", Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/me", http.StatusSeeOther)
}

// call passes on what an API says to a user's access token.
func (a *webapp) call(api string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		req, _ := http.NewRequestWithContext(r.Context(), http.MethodGet, api, nil)
		a.token(r).SetAuthHeader(req)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
	}
}

// refresh gets new tokens. A refresh token is good for one use: keep the new one.
func (a *webapp) refresh(w http.ResponseWriter, r *http.Request) {
	token, err := a.TokenSource(r.Context(), &oauth2.Token{RefreshToken: a.token(r).RefreshToken}).Token()
	if err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	a.sessions.Store(cookie(r, "webapp-session"), token)
	http.Redirect(w, r, "/me", http.StatusSeeOther)
}

// token returns the tokens of whoever is signed in, or empty ones.
func (a *webapp) token(r *http.Request) *oauth2.Token {
	if token, signedIn := a.sessions.Load(cookie(r, "webapp-session")); signedIn {
		return token.(*oauth2.Token)
	}
	return &oauth2.Token{}
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}
