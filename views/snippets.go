package views

import (
	"embed"
	"encoding/json"
	"strconv"
	"strings"
	"text/template"

	"clientele/registry"
)

// Credentials are what an integrator needs to get tokens.
type Credentials struct {
	TokenEndpoint string
	ClientID      string
	Secret        registry.Secret
	AuthMethod    string // client_secret_basic or client_secret_post
	Scopes        []string
}

// Basic reports whether the client authenticates with client_secret_basic.
func (c Credentials) Basic() bool { return c.AuthMethod == registry.SecretBasic }

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
	snippets := []Snippet{
		{Key: "curl", Title: "curl", File: "curl command"},
		{Key: "env", Title: ".env", File: ".env file"},
		{Key: "go", Title: "Go", File: "main.go"},
		{Key: "python", Title: "Python", File: "get_token.py"},
		{Key: "javascript", Title: "JavaScript", File: "get_token.mjs"},
	}
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
