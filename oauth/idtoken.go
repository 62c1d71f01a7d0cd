package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"
)

// The scopes of OpenID Connect Core 1.0, section 5.4, that are served.
const (
	scopeOpenID  = "openid"
	scopeProfile = "profile"
	scopeEmail   = "email"
)

// UserClaims is what a client learns of a user: in the ID token, and at
// userinfo (OpenID Connect Core 1.0, section 5.1).
type UserClaims struct {
	Subject string `json:"sub"`
	Name    string `json:"name,omitempty"`
	Email   string `json:"email,omitempty"`
	// Nobody checked that the address is the user's own.
	EmailVerified *bool `json:"email_verified,omitempty"`
}

// idClaims are all that an ID token says (OpenID Connect Core 1.0, section 2).
type idClaims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"` // the client
	IssuedAt  int64  `json:"iat"`
	ExpiresAt int64  `json:"exp"`
	AuthTime  int64  `json:"auth_time"`
	Nonce     string `json:"nonce,omitempty"`
	AtHash    string `json:"at_hash"`
	UserClaims
}

// userClaims returns what scopes tell of a user.
func userClaims(u User, scopes []string) idClaims {
	claims := UserClaims{Subject: u.ID}
	if slices.Contains(scopes, scopeProfile) {
		claims.Name = u.Name
	}
	if slices.Contains(scopes, scopeEmail) {
		claims.Email, claims.EmailVerified = u.Email, new(false)
	}
	return idClaims{UserClaims: claims}
}

// idToken returns the signed ID token that goes with an access token.
func (s *Server) idToken(key *Key, claims idClaims, accessToken string, now time.Time) (string, error) {
	half := sha256.Sum256([]byte(accessToken))
	claims.Issuer, claims.IssuedAt, claims.ExpiresAt = s.Issuer, now.Unix(), now.Add(AccessTokenLifetime).Unix()
	claims.AtHash = base64.RawURLEncoding.EncodeToString(half[:len(half)/2])
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return key.sign(key.idHeader, payload)
}
