package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run the command itself, as a process of its own.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"clientele": main})
}

// TestScripts runs testdata/script: what an operator types, and what is
// answered, on a database in the script's own folder.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("ADDR", freeAddress(t))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sql":    sqlCommand,
			"await":  awaitCommand,
			"json":   jsonCommand,
			"setenv": setenvCommand,
			"token":  tokenCommand,
		},
	})
}

// freeAddress returns a loopback address that nothing listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return listener.Addr().String()
}

// sqlCommand runs a statement on a SQLite file behind Clientele's back, or
// wants a query's one value:
//
//	sql FILE STATEMENT
//	sql FILE QUERY VALUE
func sqlCommand(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 && len(args) != 3 {
		ts.Fatalf("usage: sql FILE STATEMENT [VALUE]")
	}
	db, err := sql.Open("sqlite", "file:"+ts.MkAbs(args[0])+"?_pragma=busy_timeout(5000)")
	ts.Check(err)
	defer func() { ts.Check(db.Close()) }()
	if len(args) == 2 {
		_, err = db.ExecContext(context.Background(), args[1])
		ts.Check(err)
		return
	}
	var got string
	ts.Check(db.QueryRowContext(context.Background(), args[1]).Scan(&got))
	if got != args[2] {
		ts.Fatalf("got %q, want %q", got, args[2])
	}
}

// awaitCommand waits until a server that was started in the background answers:
//
//	await ADDRESS
func awaitCommand(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: await ADDRESS")
	}
	for range 200 {
		answer, err := http.Get("http://" + args[0] + "/readyz")
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s does not answer", args[0])
}

// jsonCommand fails unless a file is exactly one JSON document, and sets
// variables to members of it:
//
//	json FILE [MEMBER VARIABLE]...
func jsonCommand(ts *testscript.TestScript, _ bool, args []string) {
	if len(args)%2 != 1 {
		ts.Fatalf("usage: json FILE [MEMBER VARIABLE]...")
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(ts.ReadFile(args[0]))))
	var document any
	ts.Check(decoder.Decode(&document))
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		ts.Fatalf("%s holds more than one JSON document", args[0])
	}
	for i := 1; i < len(args); i += 2 {
		members, _ := document.(map[string]any)
		value, ok := members[args[i]].(string)
		if !ok {
			ts.Fatalf("%s has no text %s", args[0], args[i])
		}
		ts.Setenv(args[i+1], value)
	}
}

// setenvCommand sets a variable to the line that a file, or stdout, holds:
//
//	setenv VARIABLE FILE
func setenvCommand(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: setenv VARIABLE FILE")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// tokenCommand wants a server to give a client a token:
//
//	token ADDRESS CLIENT SECRET
func tokenCommand(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: token ADDRESS CLIENT SECRET")
	}
	form := strings.NewReader("grant_type=client_credentials")
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+args[0]+"/oauth2/token", form)
	ts.Check(err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(args[1], args[2])
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
		ts.Fatalf("got %s %s, want a token", answer.Status, text)
	}
}
