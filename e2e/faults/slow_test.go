package faults

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clientele/e2e/figure"
	"clientele/e2e/program"
)

// slow is how many connections of each kind are held open.
const slow = 200

// Clients that send or read slowly, or too much, are cut off, and hold up nobody.
func TestSlowClients(t *testing.T) {
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	p, err := program.New(binary, filepath.Join(t.TempDir(), "slow.db"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, p)
	before := resident(t, s)
	address := strings.TrimPrefix(s.Address, "http://")

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var held sync.WaitGroup
	var mu sync.Mutex
	longest := map[string]time.Duration{}
	for kind, open := range map[string]string{
		"headers that never end":         "GET /login HTTP/1.1\r\nHost: localhost\r\nX-Slow: ",
		"a request line that never ends": "GET /login",
		"nothing at all":                 "",
	} {
		for range slow {
			held.Go(func() {
				lasted, err := hold(ctx, address, open)
				mu.Lock()
				defer mu.Unlock()
				longest[kind] = max(longest[kind], lasted)
				if err != nil {
					t.Errorf("%s: %v", kind, err)
				}
			})
		}
	}
	var waits []time.Duration
	for range 20 {
		began := time.Now()
		if status, body := call(ctx, http.DefaultClient, http.MethodGet, s.Address+"/oauth2/jwks", nil); status != http.StatusOK {
			t.Errorf("while %d connections dawdle: got %d %.100s", 3*slow, status, body)
		}
		waits = append(waits, time.Since(began))
		time.Sleep(50 * time.Millisecond)
	}
	grown := resident(t, s) - before
	held.Wait()
	for kind, lasted := range longest {
		figure.Report(t, kind, "cut off within 15 s", "cut off after %v at most", lasted.Round(time.Millisecond))
	}
	figure.Report(t, fmt.Sprintf("%d slow connections", 3*slow), "≤ 64 KiB each", "%d KiB each, others waited %v at most", grown/(3*slow)>>10, slices.Max(waits).Round(time.Millisecond))
	if perOne := grown / (3 * slow); perOne > 64<<10 {
		t.Errorf("a slow connection costs %d bytes, want 64 KiB at most", perOne)
	}

	for what, tt := range map[string]struct{ request, want string }{
		"too long a header": {"GET /login HTTP/1.1\r\nHost: localhost\r\nX-Long: " + strings.Repeat("x", 64<<10) + "\r\n\r\n", "431"},
		"too long a body":   {"POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 10000000\r\n\r\n" + strings.Repeat("x", 1<<20), "413"},
	} {
		if got := answerTo(t, address, tt.request); !strings.HasPrefix(got, "HTTP/1.1 "+tt.want) {
			t.Errorf("%s: got %q, want %s", what, got, tt.want)
		}
	}
}

// hold opens a connection, sends a byte a second, and returns how long the server bore it.
func hold(ctx context.Context, address, open string) (time.Duration, error) {
	connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	defer func() { _ = connection.Close() }()
	began := time.Now()
	if _, err := connection.Write([]byte(open)); err != nil {
		return 0, err
	}
	go func() {
		for open != "" && ctx.Err() == nil {
			time.Sleep(time.Second)
			if _, err := connection.Write([]byte("x")); err != nil {
				return
			}
		}
	}()
	if err := connection.SetReadDeadline(began.Add(15 * time.Second)); err != nil {
		return 0, err
	}
	for one := make([]byte, 512); ; {
		if _, err := connection.Read(one); err != nil {
			if os.IsTimeout(err) {
				return time.Since(began), fmt.Errorf("still open after %v", time.Since(began))
			}
			return time.Since(began), nil
		}
	}
}

// answerTo returns the first line of the answer to a request.
func answerTo(t *testing.T, address, request string) string {
	t.Helper()
	connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	go func() { _, _ = connection.Write([]byte(request)) }() // until the server has had enough
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		t.Errorf("no answer: %v", err)
	}
	return line
}

// resident returns the memory that a server holds, in bytes.
func resident(t *testing.T, s *program.Server) int64 {
	t.Helper()
	held, err := s.Resident()
	if err != nil {
		t.Fatal(err)
	}
	return held
}
