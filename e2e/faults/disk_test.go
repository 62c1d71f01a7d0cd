package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"clientele/e2e/figure"
	"clientele/e2e/program"
	"clientele/store/storetest"
)

// On a disk that is full or can only be read, pages and tokens are served,
// changes are refused with a page that says why, and the server reports itself
// not ready, until the disk is as it was. What was acknowledged is there then.
func TestDiskTakesNothing(t *testing.T) {
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range []struct {
		name string
		disk func(testing.TB) string // the folder of the database
		// fail has the disk take nothing more, until the function it returns is called.
		fail func(t *testing.T, folder string, v *visit) (mend func())
	}{
		{"disk full", mounted, fill},
		{"disk read-only", mounted, readOnly},
		{"files that may not grow", func(t testing.TB) string { return t.TempDir() }, stopGrowth},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			folder := fault.disk(t)
			v := begin(t, binary, filepath.Join(folder, "disk.db"))
			v.write(t, http.StatusSeeOther)
			v.read(t)
			mend := fault.fail(t, folder, v)

			served, refused := 0, 0
			for began := time.Now(); time.Since(began) < 5*time.Second; { // the server looks every three
				v.write(t, http.StatusServiceUnavailable)
				served += v.read(t)
				refused++
				time.Sleep(50 * time.Millisecond)
			}
			v.is(t, "/readyz", http.StatusServiceUnavailable)
			v.is(t, "/healthz", http.StatusOK)
			figure.Report(t, fault.name, "reads served, changes refused with 503, not ready", "%d reads served, %d changes refused, not ready", served, refused)

			mend()
			v.ready(t)
			v.write(t, http.StatusSeeOther)
			if err := v.server.Stop(); err != nil {
				t.Errorf("stop: %v", err)
			}
			verify(t, v.program, fault.name, v.acknowledged)
		})
	}
}

// A server under which its file is damaged says so, and neither it nor its
// next start repairs anything.
func TestDamagedFile(t *testing.T) {
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	v := begin(t, binary, filepath.Join(t.TempDir(), "damaged.db"))
	v.write(t, http.StatusSeeOther)
	damaged := storetest.Damage(t, v.program.Database, 1, 1<<20)
	time.Sleep(4 * time.Second) // past what caches are trusted for
	v.is(t, "/readyz", http.StatusServiceUnavailable)
	v.is(t, "/healthz", http.StatusOK)
	status, body := v.send(t, http.MethodPost, "/admin/groups/new", url.Values{"name": {"Damaged"}})
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "The database is damaged") {
		t.Errorf("a change: got %d %.200q, want 503 and that the database is damaged", status, body)
	}
	if err := v.server.Stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if _, err := v.program.Run(t.Context(), "", "serve", "--addr", "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "restore a backup") {
		t.Errorf("next start: got %v, want that a backup be restored", err)
	}
	same := string(storetest.Content(t, v.program.Database)) == string(damaged)
	figure.Report(t, "a damaged file", "changes refused with 503, not ready, not started, nothing repaired", "refused with %d, not ready, not started, file as it was: %t", status, same)
	if !same {
		t.Error("the file was changed, want it as it was")
	}
}

// visit is a signed-in browser at a server, which has an application too.
type visit struct {
	program      *program.Program
	server       *program.Server
	browser      *http.Client
	id, secret   string
	acknowledged []string // the groups that the server said were made
}

// begin starts a server on an empty database.
func begin(t *testing.T, binary, database string) *visit {
	t.Helper()
	p, err := program.New(binary, database, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	createAdmin(t, p)
	id, secret, err := p.Register(t.Context(), "Demo Reader", "--scope", "audit.log:read")
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Kill) // before what it writes to is taken away
	browser, err := s.SignIn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return &visit{program: p, server: s, browser: browser, id: id, secret: secret}
}

// send sends a request of the browser, with a form when there is one, and
// returns what was answered.
func (v *visit) send(t *testing.T, method, path string, form url.Values) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, v.server.Address+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if path == "/oauth2/token" {
		r.SetBasicAuth(v.id, v.secret)
	}
	answer, err := v.browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	read, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(read)
}

// is fails the test unless a page is answered with a status.
func (v *visit) is(t *testing.T, path string, want int) {
	t.Helper()
	if status, body := v.send(t, http.MethodGet, path, nil); status != want {
		t.Errorf("%s: got %d %.200q, want %d", path, status, body, want)
	}
}

// read reads pages, and gets a token, which writes nothing either.
func (v *visit) read(t *testing.T) (served int) {
	t.Helper()
	pages := []string{"/admin/groups", "/admin/applications", "/admin/audit-log", "/oauth2/jwks"}
	for _, page := range pages {
		v.is(t, page, http.StatusOK)
	}
	status, body := v.send(t, http.MethodPost, "/oauth2/token", url.Values{"grant_type": {"client_credentials"}})
	if status != http.StatusOK {
		t.Errorf("token: got %d %s, want 200", status, body)
	}
	return len(pages) + 1
}

// write makes a group, which is made or refused as want says.
func (v *visit) write(t *testing.T, want int) {
	t.Helper()
	name := fmt.Sprintf("Group %d", time.Now().UnixNano())
	status, body := v.send(t, http.MethodPost, "/admin/groups/new", url.Values{"name": {name}})
	if status != want || want == http.StatusServiceUnavailable && !strings.Contains(body, "Nothing can be saved at the moment") {
		t.Errorf("a change: got %d %.200q, want %d", status, body, want)
	}
	if status == http.StatusSeeOther {
		v.acknowledged = append(v.acknowledged, name)
	}
}

// ready waits until the server reports itself ready.
func (v *visit) ready(t *testing.T) {
	t.Helper()
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		status, body := v.send(t, http.MethodGet, "/readyz", nil)
		if status == http.StatusOK {
			return
		}
		if time.Since(began) > 10*time.Second {
			t.Fatalf("got %d %q 10 seconds after the disk was mended, want ready", status, body)
		}
	}
}

// mounted returns a folder on a disk of its own, of 64 MB.
func mounted(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	image, folder := filepath.Join(dir, "image"), filepath.Join(dir, "disk")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	err := command(t.Context(), "truncate", "--size=64M", image)
	if err == nil {
		err = command(t.Context(), "mkfs.ext4", "-q", image)
	}
	if err == nil {
		err = command(t.Context(), "mount", "-o", "loop,errors=remount-ro", image, folder)
	}
	if err != nil {
		t.Skipf("a disk of its own takes root and loop devices: %v", err)
	}
	t.Cleanup(func() {
		if err := command(context.Background(), "umount", folder); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// fill leaves no room on the disk.
func fill(t *testing.T, folder string, _ *visit) (mend func()) {
	t.Helper()
	path := filepath.Join(folder, "filler")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 20; size > 0; size /= 2 { // to the last byte
		for err == nil {
			_, err = file.Write(make([]byte, size))
		}
		err = nil
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// readOnly has the kernel find an error on the disk, whereupon it lets nobody
// write. It is checked and mounted anew before the server starts again.
func readOnly(t *testing.T, folder string, v *visit) (mend func()) {
	t.Helper()
	device, err := exec.CommandContext(t.Context(), "findmnt", "--noheadings", "--output=SOURCE", folder).Output()
	if err != nil {
		t.Fatal(err)
	}
	source := strings.TrimSpace(string(device))
	if err := os.WriteFile(filepath.Join("/sys/fs/ext4", filepath.Base(source), "trigger_fs_error"), []byte("test"), 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := v.server.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		image := filepath.Join(filepath.Dir(folder), "image")
		err := command(t.Context(), "umount", folder)
		_ = command(t.Context(), "e2fsck", "-fy", image) // ends with 1 when it mended something
		if err := errors.Join(err, command(t.Context(), "mount", "-o", "loop", image, folder)); err != nil {
			t.Fatal(err)
		}
		if v.server, err = v.program.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(v.server.Kill)
	}
}

// stopGrowth has the server's files grow no further, which takes no root.
func stopGrowth(t *testing.T, _ string, v *visit) (mend func()) {
	t.Helper()
	limit := func(size string) {
		t.Helper()
		if err := command(t.Context(), "prlimit", "--pid", strconv.Itoa(v.server.Process.Process.Pid), "--fsize="+size+":"); err != nil {
			t.Fatal(err)
		}
	}
	limit("1")
	return func() { limit("unlimited") }
}

func command(ctx context.Context, name string, args ...string) error {
	if out, err := exec.CommandContext(ctx, name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
