package views

import (
	"cmp"
	"embed"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"clientele/registry"
)

// Credentials are what an integrator needs to get tokens.
type Credentials struct {
	Issuer        string
	TokenEndpoint string
	ClientID      string
	Secret        registry.Secret // zero where it is not to be seen, and for a public client
	AuthMethod    string
	Scopes        []string

	// Of a client that acts for users.
	RedirectURIs []string
	Refresh      bool // it gets refresh tokens
}

// Basic reports whether the client authenticates with client_secret_basic.
func (c Credentials) Basic() bool { return c.AuthMethod == registry.SecretBasic }

// Public reports whether the client has no secret.
func (c Credentials) Public() bool { return c.AuthMethod == registry.PublicClient }

// Insecure reports whether the server has no https, as on one's own machine.
func (c Credentials) Insecure() bool { return !strings.HasPrefix(c.Issuer, "https:") }

// OpenID reports whether the client is told who signs in.
func (c Credentials) OpenID() bool { return slices.Contains(c.Scopes, registry.OpenIDScope) }

// SecretText returns the secret, or what stands in for one that is not to be seen.
func (c Credentials) SecretText() string { return cmp.Or(c.Secret.Reveal(), "the client secret") }

// RedirectURI returns the address that an example has users sent back to.
func (c Credentials) RedirectURI() string {
	if len(c.RedirectURIs) == 0 {
		return ""
	}
	return c.RedirectURIs[0]
}

// Scope returns the scopes as they stand in a token request.
func (c Credentials) Scope() string { return strings.Join(c.Scopes, " ") }

// Snippet is a text that works as it is pasted.
type Snippet struct {
	Key   string // "python"
	Title string // "Python"
	File  string // what it is: a file to save it as, or a command
	Text  string
}

// Snippets returns ways to get a token with the credentials: a command, a file
// of settings, and programs in three languages that need nothing but their
// standard library. They are as secret as the secret in them.
func (c Credentials) Snippets() ([]Snippet, error) {
	return c.fill([]Snippet{
		{Key: "curl", Title: "curl", File: "curl command"},
		{Key: "env", Title: ".env", File: ".env file"},
		{Key: "go", Title: "Go", File: "main.go"},
		{Key: "python", Title: "Python", File: "get_token.py"},
		{Key: "javascript", Title: "JavaScript", File: "get_token.mjs"},
	})
}

// CodeSnippets returns ways to act for a user with the credentials: a file of
// settings, and programs in three languages with the library that most use
// there. They print where to send the user and ask for where the user was sent
// back to, so that they run for whatever redirect URI.
func (c Credentials) CodeSnippets() ([]Snippet, error) {
	return c.fill([]Snippet{
		{Key: "code_env", Title: ".env", File: ".env file"},
		{Key: "code_go", Title: "Go", File: "main.go"},
		{Key: "code_python", Title: "Python", File: "sign_in.py"},
		{Key: "code_javascript", Title: "JavaScript", File: "sign_in.mjs"},
	})
}

// fill writes the texts of snippets.
func (c Credentials) fill(snippets []Snippet) ([]Snippet, error) {
	for i, s := range snippets {
		var text strings.Builder
		if err := snippetTemplates.ExecuteTemplate(&text, s.Key+".tmpl", c); err != nil {
			return nil, err
		}
		snippets[i].Text = strings.TrimSpace(text.String()) // a shell would run a command at its line break
	}
	return snippets, nil
}

//go:embed snippets/*.tmpl
var snippetFiles embed.FS

// snippetTemplates write every value as a literal of their own language.
var snippetTemplates = template.Must(template.New("").Funcs(template.FuncMap{
	"shell": shellQuoted, "env": envQuoted, "go": strconv.Quote, "python": strconv.QuoteToASCII, "js": jsQuoted,
}).ParseFS(snippetFiles, "snippets/*.tmpl"))

// shellQuoted returns s as one word of a POSIX shell.
func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// envQuoted returns s as a value that shells, Docker and the usual libraries
// read alike: without quotes where it needs none.
func envQuoted(s string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/"
	if strings.Trim(s, plain) == "" {
		return s
	}
	return shellQuoted(s)
}

// jsQuoted returns s as a string of JavaScript, which takes those of JSON.
func jsQuoted(s string) (string, error) {
	literal, err := json.Marshal(s)
	return string(literal), err
}
