// Command clientele is the applications console of a platform and the OAuth
// 2.0 authorization server behind it.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// cli is every command and flag. Flags win over the environment, the
// environment over defaults.
type cli struct {
	Storage
	Logging

	Serve      serveCmd      `cmd:"" default:"withargs" help:"Serve the console, the protocol endpoints and the API (the default)."`
	Migrate    migrateCmd    `cmd:"" help:"Bring the database's schema up to date."`
	User       userCmd       `cmd:"" help:"Manage users."`
	Client     clientCmd     `cmd:"" help:"Manage OAuth clients."`
	Permission permissionCmd `cmd:"" help:"Manage permissions."`
	Catalogue  catalogueCmd  `cmd:"" help:"Manage the catalogue of services."`
	Keys       keysCmd       `cmd:"" help:"Manage the keys that sign tokens."`
	Audit      auditCmd      `cmd:"" help:"Check the audit log."`
	Backup     backupCmd     `cmd:"" help:"Copy a SQLite database to a new file, also while a server runs on it."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// env is what a command runs in.
type env struct {
	ctx    context.Context
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	now    func() time.Time
	Storage
	Logging
}

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run runs one command and returns its exit status: 0, 1 when it failed, and 2
// when it was not understood.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	var c cli
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("clientele"),
		kong.Description("Register OAuth clients, choose what each may reach, and give them tokens."),
		kong.UsageOnError(), kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exit = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		panic(err) // the commands themselves are wrong
	}
	command, err := parser.Parse(args)
	switch {
	case exit >= 0: // --help was answered
		return exit
	case err != nil:
		fmt.Fprintf(stderr, "clientele: %s. Run clientele --help to see what there is.\n", strings.TrimSuffix(err.Error(), "."))
		return 2
	}
	err = command.Run(&env{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr, now: time.Now, Storage: c.Storage, Logging: c.Logging})
	if err != nil {
		fmt.Fprintln(stderr, "clientele: "+explain(err))
		return 1
	}
	return 0
}

type versionCmd struct{}

// Run prints what the binary was built from.
func (versionCmd) Run(e *env) error {
	version, revision := built()
	_, err := fmt.Fprintln(e.stdout, strings.TrimSpace("clientele "+version+" "+revision))
	return err
}

// built returns the module's version and the commit it was built from, as far
// as they are known.
func built() (version, revision string) {
	version = "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" && info.Main.Version != "(devel)" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	return version, revision
}
