package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"clientele/registry"
	"clientele/store"
)

type migrateCmd struct {
	Status bool `help:"Only say where the schema stands."`
}

// Run migrates, or only says where the schema stands.
func (m *migrateCmd) Run(e *env) error {
	if m.Status && !store.IsPostgres(e.Database) && !store.Exists(e.Database) {
		_, err := fmt.Fprintf(e.stdout, "there is no database %s yet\n", e.Database)
		return err
	}
	options, err := e.options("", e.logger())
	if err != nil {
		return err
	}
	schema, err := store.Migrate(e.ctx, options, m.Status)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "database schema %d, this binary knows %d, the database serves binaries that know %d or newer\n",
		schema.Database, schema.Binary, schema.ServesFrom)
	return err
}

type userCmd struct {
	Create userCreateCmd `cmd:"" help:"Make a user."`
}

type userCreateCmd struct {
	Email         string `required:"" placeholder:"EMAIL" help:"E-mail address, to sign in with."`
	Name          string `required:"" placeholder:"NAME" help:"Name, as others see it."`
	Admin         bool   `help:"Make an administrator."`
	PasswordStdin bool   `required:"" help:"Read the password from standard input."`
}

// Run makes the user and prints its ID.
func (u *userCreateCmd) Run(e *env) error {
	line, err := bufio.NewReader(io.LimitReader(e.stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the password: %w", err)
	}
	return e.with(func(db *store.DB) error {
		user, err := db.CreateUser(e.ctx, registry.Operator, registry.NewUser{
			Email: u.Email, Name: u.Name, Admin: u.Admin, Password: strings.TrimRight(line, "\r\n"),
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.stdout, "%s %s\n", user.ID, user.Email)
		return err
	})
}

type catalogueCmd struct {
	Apply catalogueApplyCmd `cmd:"" help:"Make the catalogue be as a file says, for the services it names."`
}

type catalogueApplyCmd struct {
	File        string `arg:"" help:"YAML file; - reads standard input."`
	RemoveInUse bool   `help:"Also remove what is in use, and take it from its holders."`
	DryRun      bool   `help:"Only show what would change."`
}

// Run applies the file and prints a line for each change.
func (c *catalogueApplyCmd) Run(e *env) error {
	source, text, err := e.read(c.File)
	if err != nil {
		return err
	}
	catalogue, err := parseCatalogue(source, text)
	if err != nil {
		return err
	}
	return e.with(func(db *store.DB) error {
		changes, err := db.ApplyCatalogue(e.ctx, registry.Operator, catalogue, c.RemoveInUse, c.DryRun)
		if inUse, ok := errors.AsType[registry.InUse](err); ok {
			return fmt.Errorf("%w. Take it from them first, or add --remove-in-use", inUse)
		}
		if err != nil {
			return err
		}
		for _, change := range changes {
			fmt.Fprintln(e.stdout, change)
		}
		_, err = fmt.Fprintln(e.stdout, summary(len(changes), c.DryRun))
		return err
	})
}

func summary(changes int, dryRun bool) string {
	switch {
	case changes == 0:
		return "nothing to change"
	case dryRun:
		return fmt.Sprintf("%d to change; nothing was changed, because of --dry-run", changes)
	default:
		return fmt.Sprintf("%d changed", changes)
	}
}

func (e *env) read(file string) (source string, text []byte, err error) {
	const limit = 4 << 20
	if file == "-" {
		text, err = io.ReadAll(io.LimitReader(e.stdin, limit))
		return "standard input", text, err
	}
	f, err := os.Open(file) //nolint:gosec // the operator names the file
	if err != nil {
		return file, nil, err
	}
	defer f.Close()
	text, err = io.ReadAll(io.LimitReader(f, limit))
	return file, text, err
}

type keysCmd struct {
	Rotate keysRotateCmd `cmd:"" help:"Sign with the next key from now on, and publish a new next one."`
}

type keysRotateCmd struct {
	Force bool `help:"Rotate although the next key may not have reached every API yet: after a leak."`
}

// Run rotates the keys of every algorithm in use.
func (k *keysRotateCmd) Run(e *env) error {
	return e.with(func(db *store.DB) error {
		ids, err := db.RotateKeys(e.ctx, registry.Operator, k.Force)
		if err != nil {
			return err
		}
		for _, id := range ids {
			fmt.Fprintln(e.stdout, "signing with", id)
		}
		return nil
	})
}

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check the hash chain and print its head."`
}

type auditVerifyCmd struct {
	Expect string `placeholder:"HEAD" help:"A head printed before, which must still be part of the chain."`
}

// Run checks the chain, prints its head, and its checkpoint if it starts at one, and fails naming the first broken event.
func (a *auditVerifyCmd) Run(e *env) error {
	expected, err := parseHead(a.Expect)
	if err != nil {
		return err
	}
	return e.with(func(db *store.DB) error {
		chain, err := db.VerifyAudit(e.ctx, expected)
		if err != nil {
			return err
		}
		fmt.Fprintf(e.stdout, "the audit log is whole: %d events\n", chain.Seq-chain.Checkpoint.Seq)
		if chain.Checkpoint.Seq > 0 {
			fmt.Fprintf(e.stdout, "events 1 to %d were deleted as they grew old\ncheckpoint %s\n", chain.Checkpoint.Seq, chain.Checkpoint)
		}
		_, err = fmt.Fprintf(e.stdout, "head %s\n", chain.Head)
		return err
	})
}

func parseHead(text string) (*store.Head, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // no head is expected
	}
	seq, hash, found := strings.Cut(text, ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	if !found || err != nil || n < 0 || len(hash) != 64 {
		return nil, fmt.Errorf("--expect %q is no head; give it as audit verify printed it, such as 12:3f…", text)
	}
	return &store.Head{Seq: n, Hash: hash}, nil
}

// with opens the database for one command, whose log shows warnings only.
func (e *env) with(do func(*store.DB) error) error {
	if e.LogLevel == "info" {
		e.LogLevel = "warn"
	}
	db, err := e.open()
	if err != nil {
		return err
	}
	return errors.Join(do(db), db.Close())
}

// printJSON prints v as one indented JSON document.
func (e *env) printJSON(v any) error {
	encoder := json.NewEncoder(e.stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
