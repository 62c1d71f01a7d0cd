package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"clientele/registry"
	"clientele/store"
)

// Storage is which database every command works on, and at which address the
// server is found that does too.
type Storage struct {
	Database string `env:"CLIENTELE_DATABASE" default:"clientele.db" placeholder:"PATH|URL" help:"A SQLite file or a postgres:// URL (${default})."`
	KeyFile  string `env:"CLIENTELE_KEY_FILE" placeholder:"PATH" help:"The file whose key seals signing keys. Made beside a new SQLite database; required with PostgreSQL."`
	Addr     string `env:"CLIENTELE_ADDR" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Where the server listens (${default})."`
	Issuer   string `env:"CLIENTELE_ISSUER" placeholder:"URL" help:"The address that people and clients reach this server at (http://localhost with the port of --addr)."`
}

// Logging is how to log, to standard error.
type Logging struct {
	LogFormat string `env:"CLIENTELE_LOG_FORMAT" enum:"text,json" default:"text" help:"text or json (${default})."`
	LogLevel  string `env:"CLIENTELE_LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"debug, info, warn or error (${default})."`
}

// logger returns the program's logger.
func (e *env) logger() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(e.LogLevel)); err != nil {
		panic(err) // kong lets only levels through
	}
	options := &slog.HandlerOptions{Level: level}
	if e.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(e.stderr, options))
	}
	return slog.New(slog.NewTextHandler(e.stderr, options))
}

// open opens the database, and makes it and its key file at first start when
// it is a SQLite file.
func (e *env) open() (*store.DB, error) {
	return e.openAt(e.logger())
}

func (e *env) openAt(log *slog.Logger) (*store.DB, error) {
	issuer, err := e.issuer()
	if err != nil {
		return nil, err
	}
	options, err := e.options(issuer, log)
	if err != nil {
		return nil, err
	}
	return store.Open(e.ctx, options)
}

func (e *env) options(issuer string, log *slog.Logger) (store.Options, error) {
	key, err := e.key()
	return store.Options{Database: e.Database, Key: key, Issuer: issuer, Now: e.now, Log: log}, err
}

func (e *env) key() (store.Key, error) {
	if store.IsPostgres(e.Database) {
		if e.KeyFile == "" {
			return store.Key{}, errors.New("a PostgreSQL database needs --key-file, the same file for every instance; make one with: openssl rand -hex 32 > clientele.key && chmod 600 clientele.key")
		}
		return store.KeyFile(e.KeyFile, false)
	}
	if err := checkPlace(e.Database); err != nil {
		return store.Key{}, err
	}
	return store.KeyFile(e.keyFile(), !store.Exists(e.Database))
}

// keyFile returns where the key file of a SQLite database is.
func (e *env) keyFile() string {
	return cmp.Or(e.KeyFile, strings.TrimSuffix(e.Database, ".db")+".key")
}

// checkPlace fails when no SQLite file can be at path.
func checkPlace(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("the database %s is a folder; name a file in it with --database, such as %s", path, filepath.Join(path, "clientele.db"))
	}
	if folder := filepath.Dir(path); !store.Exists(folder) {
		return fmt.Errorf("the folder %s of the database does not exist; make it, or name another database with --database", folder)
	}
	return nil
}

// checkAddr fails when what a flag was given is no host and port to listen on.
func checkAddr(flag, addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("%s %q is no address; give a host and a port, such as 127.0.0.1:8080", flag, addr)
	}
	return nil
}

// issuer returns the issuer that was configured, or the one that goes with
// --addr, without a slash at its end.
func (e *env) issuer() (string, error) {
	if e.Issuer == "" {
		if err := checkAddr("--addr", e.Addr); err != nil {
			return "", err
		}
		_, port, _ := net.SplitHostPort(e.Addr)
		return "http://localhost:" + port, nil
	}
	u, err := url.Parse(e.Issuer)
	switch {
	case err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"):
		return "", fmt.Errorf("--issuer %q is no address; give one such as https://auth.example.com", e.Issuer)
	case strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return "", fmt.Errorf("--issuer %q has more than a host; give the address without path, query or user, such as %s://%s", e.Issuer, u.Scheme, u.Host)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return "", fmt.Errorf("--issuer %q must use https, because secrets cross the network; plain http is for loopback hosts only", e.Issuer)
	}
	return u.Scheme + "://" + u.Host, nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.IsLoopback())
}

// prefixes reads the networks of a flag: "10.0.0.0/8" or a single address.
func prefixes(flag string, list []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range list {
		text = strings.TrimSpace(text)
		if ip, err := netip.ParseAddr(text); err == nil {
			all = append(all, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is no address or network; give them like 10.0.0.7 or 10.0.0.0/8", flag, text)
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

// explain returns an error as people read it: every wrong field on a line of
// its own, named like the flag it came from.
func explain(err error) string {
	invalid, ok := errors.AsType[registry.Invalid](err)
	if !ok {
		return err.Error()
	}
	lines := []string{"nothing was changed, because this is wrong:"}
	for _, field := range slices.Sorted(maps.Keys(invalid)) {
		flag := strings.NewReplacer("redirect_uris", "redirect-uri", "_", "-").Replace(field)
		lines = append(lines, fmt.Sprintf("  %s: %s", flag, strings.ReplaceAll(invalid[field], "\n", "\n    ")))
	}
	return strings.Join(lines, "\n")
}
