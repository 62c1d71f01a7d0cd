package deliver_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/deliver"
	"clientele/e2e/figure"
	"clientele/registry"
	"clientele/store"
	"clientele/store/storetest"
)

// made is how many notices are delivered while senders die. ./task faults makes 10,000.
var made = flag.Int("notices", 200, "how many notices are delivered while senders die")

// A sender is this program, started again with these in its environment.
const (
	senderDatabase = "CLIENTELE_TEST_SENDER"
	senderKey      = "CLIENTELE_TEST_SENDER_KEY"
	senderMail     = "CLIENTELE_TEST_SENDER_MAIL"
	senderAhead    = "CLIENTELE_TEST_SENDER_AHEAD" // seconds by which its clock is ahead
)

func TestMain(m *testing.M) {
	if database := os.Getenv(senderDatabase); database != "" {
		if err := send(database); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// send tells people and sends messages until it is killed.
func send(database string) error {
	key, err := store.ReadKeyFile(os.Getenv(senderKey))
	if err != nil {
		return err
	}
	ahead, err := strconv.Atoi(os.Getenv(senderAhead))
	if err != nil {
		return err
	}
	now := func() time.Time { return time.Now().Add(time.Duration(ahead) * time.Second) }
	mail, err := deliver.NewMail("smtp://"+os.Getenv(senderMail)+"?from=clientele@example.com", storetest.Issuer)
	if err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	ctx := context.Background()
	db, err := store.Open(ctx, store.Options{Database: database, Key: key, Issuer: storetest.Issuer, Mail: true, Now: now, Log: log})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	go db.TellNotices(ctx)
	courier := deliver.Courier{Store: db, Webhooks: deliver.NewWebhooks(storetest.Issuer, here, now), Mail: mail, Log: log}
	courier.Run(ctx)
	return errors.New("stopped by itself")
}

var here = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}

// receiver is another program, which is told of notices. It counts what it
// accepted.
type receiver struct {
	mu       sync.Mutex
	accepted map[string]map[string]int // by notice, by the message's ID
	requests int
}

// ServeHTTP accepts most messages. It fails before it has taken in some, and is
// gone before it answers others.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	var message struct {
		Data struct {
			NoticeID string `json:"notice_id"`
		}
	}
	if err := json.NewDecoder(req.Body).Decode(&message); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	if r.requests%50 == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	r.count(message.Data.NoticeID, req.Header.Get("Webhook-Id"))
	w.WriteHeader(http.StatusNoContent)
}

func (r *receiver) count(notice, id string) {
	if r.accepted[notice] == nil {
		r.accepted[notice] = map[string]int{}
	}
	r.accepted[notice][id]++
}

// Whoever sends is killed again and again, and the server is away for a while.
// No notice is lost, and each copy of one has the ID of the first.
func TestKilledSenders(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{
		"sqlite": func(t testing.TB) string { return filepath.Join(t.TempDir(), "test.db") }, "postgres": storetest.EmptyPostgres,
	} {
		t.Run(name, func(t *testing.T) {
			address, keyFile := database(t), filepath.Join(t.TempDir(), "test.key")
			key, err := store.CreateKeyFile(keyFile)
			if err != nil {
				t.Fatal(err)
			}
			r := &receiver{accepted: map[string]map[string]int{}}
			server := httptest.NewServer(r)
			defer func() { server.Close() }()
			mails := newMailServer(t)
			rows := prepare(t, address, key, server.URL)

			const step = 2 * time.Minute // longer than a lease, so that the next takes over what the last one had
			ahead, lives, kills := time.Duration(0), 0, 0
			for ; waiting(t, rows) > 0; lives++ {
				if lives > 400 {
					t.Fatalf("%d still wait after %d lives", waiting(t, rows), lives)
				}
				switch lives { // the server goes away and comes back at the same address
				case 2:
					server.Close()
					mails.stop()
				case 4:
					server = revived(t, server, r)
					mails.listen(t, mails.Addr().String())
				}
				if lives > 40 { // what failed often waits for long
					ahead += time.Hour
				}
				ahead += step
				kills += live(t, map[string]string{
					senderDatabase: address, senderKey: keyFile, senderMail: mails.Addr().String(), senderAhead: strconv.Itoa(int(ahead / time.Second)),
				}, time.Duration(100+lives*97%400)*time.Millisecond)
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			copies := count(t, "webhook", r.accepted) + count(t, "e-mail", mails.accepted())
			figure.Report(t, "senders killed, "+name, "≤ 16 copies a kill", "%d kills in %d lives, %d requests, %d copies", kills, lives, r.requests, copies)
			if kills == 0 || copies > kills*16 {
				t.Errorf("got %d copies of %d kills, want no more than were under way", copies, kills)
			}
		})
	}
}

// accepted returns what it accepted, by the notice that the subject names and by
// Message-ID.
func (s *mailServer) accepted() map[string]map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &receiver{accepted: map[string]map[string]int{}}
	for _, m := range s.messages {
		r.count(strings.TrimPrefix(m.Header.Get("Subject"), "Application created: "), m.Header.Get("Message-Id"))
	}
	return r.accepted
}

// count fails the test when a notice was lost, or accepted under two IDs, and
// returns how many were accepted more than once.
func count(t *testing.T, by string, accepted map[string]map[string]int) (copies int) {
	t.Helper()
	lost, wrong := 0, 0
	for i := range *made {
		ids := accepted[noticeID(i)]
		lost += max(0, 1-len(ids))
		wrong += max(0, len(ids)-1)
		for _, n := range ids {
			copies += n - 1
		}
	}
	figure.Report(t, "notices by "+by+" while senders are killed, "+path.Base(t.Name()), "0 lost, 0 copies with another ID", "%d notices: %d lost, %d copies, %d with another ID", *made, lost, copies, wrong)
	if lost > 0 || wrong > 0 {
		t.Errorf("by %s: got %d lost and %d copies with another ID, want none", by, lost, wrong)
	}
	return copies
}

func noticeID(i int) string { return fmt.Sprintf("nt_%05d", i) }

// prepare makes a team with a webhook and notices that nobody was told of, and
// returns the database.
func prepare(t *testing.T, address string, key store.Key, url string) *sql.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Options{Database: address, Key: key, Issuer: storetest.Issuer, Reach: here, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	in := registry.WebhookInput{URL: url, Kinds: []registry.NoticeKind{registry.NoticeApplicationCreated}}
	_, err = db.CreateWebhook(t.Context(), storetest.Admin(t, db), in, store.ShowOnce{})
	rule := registry.NoticeRule{Kind: registry.NoticeApplicationCreated, On: true, Addresses: "list@example.com"}
	if err := errors.Join(err, db.SetNoticeRule(t.Context(), registry.Operator, rule, nil), db.Close()); err != nil {
		t.Fatal(err)
	}
	driver := "sqlite"
	if store.IsPostgres(address) {
		driver = "pgx"
	}
	rows, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rows.Close() })
	tx, err := rows.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range *made {
		_, err := tx.ExecContext(t.Context(), `
			INSERT INTO notices (id, kind, at, actor_type, actor_id, actor_name, target_type, target_id, target_name, user_id, detail)
			VALUES ($1, 'application.created', $2, 'operator', 'cli', 'Command line', 'application', 'cl_1', $3, '', '{}')`, noticeID(i), time.Now().UnixMilli()+int64(i), noticeID(i))
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return rows
}

// waiting returns how many messages are not delivered yet.
func waiting(t *testing.T, rows *sql.DB) (n int) {
	t.Helper()
	err := rows.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM notices WHERE told_at IS NULL) + (SELECT count(*) FROM deliveries WHERE state <> 'delivered')`).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// revived returns a server at the address of one that was closed.
func revived(t *testing.T, closed *httptest.Server, handler http.Handler) *httptest.Server {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", closed.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
	server.Start()
	return server
}

// live has two senders run for a while, kills them, and returns how many it killed.
func live(t *testing.T, environment map[string]string, lasting time.Duration) (kills int) {
	t.Helper()
	var senders []*exec.Cmd
	for range 2 {
		sender := exec.CommandContext(t.Context(), os.Args[0])
		sender.Env = os.Environ()
		for name, value := range environment {
			sender.Env = append(sender.Env, name+"="+value)
		}
		sender.Stderr = os.Stderr
		out, err := sender.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := sender.Start(); err != nil {
			t.Fatal(err)
		}
		senders = append(senders, sender)
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			t.Fatalf("got %q %v of a sender, want that it is ready", line, err)
		}
	}
	time.Sleep(lasting)
	for _, sender := range senders {
		if err := sender.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = sender.Wait() // it was killed
		kills++
	}
	return kills
}
