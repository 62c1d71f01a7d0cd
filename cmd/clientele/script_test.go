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
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
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
			for _, name := range []string{"ADDR", "METRICS", "OTHER"} {
				e.Setenv(name, freeAddress(t))
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sql":    sqlCommand,
			"await":  awaitCommand,
			"json":   jsonCommand,
			"setenv": setenvCommand,
			"token":  tokenCommand,
			"get":    getCommand,
			"scrape": scrapeCommand,
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
func tokenCommand(ts *testscript.TestScript, refused bool, args []string) {
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
	want := http.StatusOK
	if refused {
		want = http.StatusUnauthorized
	}
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != want {
		ts.Fatalf("got %s %s, want %d", answer.Status, text, want)
	}
}

// getCommand asks for an address, which is to be answered with a status, not
// followed elsewhere; with !, nobody is to answer:
//
//	get URL STATUS
func getCommand(ts *testscript.TestScript, nobody bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: get URL STATUS")
	}
	get, err := http.NewRequestWithContext(context.Background(), http.MethodGet, args[0], nil)
	ts.Check(err)
	answer, err := http.DefaultTransport.RoundTrip(get)
	if nobody {
		if err == nil {
			answer.Body.Close()
			ts.Fatalf("got %s, want no answer", answer.Status)
		}
		return
	}
	ts.Check(err)
	answer.Body.Close()
	if got := strconv.Itoa(answer.StatusCode); got != args[1] {
		ts.Fatalf("%s: got %s, want %s", args[0], got, args[1])
	}
}

// scrapeCommand reads metrics as Prometheus does, and writes them to a file:
//
//	scrape ADDRESS FILE
func scrapeCommand(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: scrape ADDRESS FILE")
	}
	answer, err := http.Get("http://" + args[0] + "/metrics")
	ts.Check(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	ts.Check(err)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	ts.Check(err)
	for name, family := range families {
		if family.GetType() == dto.MetricType_UNTYPED && strings.HasPrefix(name, "clientele_") {
			ts.Fatalf("%s has no type", name)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text, 0o600))
}
