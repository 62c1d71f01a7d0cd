package interop

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// patience is how long a page or a program may take on a busy machine.
const patience = 30 * time.Second

// browser is a Chromium for all tests.
type browser struct{ ctx context.Context }

func startBrowser(t *testing.T) browser {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath("/usr/bin/chromium-headless-shell"), chromedp.NoFirstRun, chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU}
	for _, flag := range []string{
		"disable-background-networking", "disable-component-update", "disable-dev-shm-usage", "disable-quic", "disable-sync",
		"force-prefers-reduced-motion", // a click is lost on a page that still fades in
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...) // cleanup ends it
	t.Cleanup(stop)
	ctx, quit := chromedp.NewContext(allocator)
	t.Cleanup(quit)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start Chromium: %v", err)
	}
	return browser{ctx}
}

// window is one of the browser's, with cookies of its own, for one test. After
// a click that leads to another page, wait for that page before the next step:
// what is found on a page about to go cannot be clicked any more.
type window struct {
	t   *testing.T
	ctx context.Context
}

func (b browser) window(t *testing.T) window {
	t.Helper()
	ctx, shut := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(shut)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a window: %v", err)
	}
	return window{t, ctx}
}

func (w window) open(address string) {
	w.t.Helper()
	w.do("open "+address, chromedp.Navigate(address))
}

// click clicks the link or button with that text.
func (w window) click(text string) {
	w.t.Helper()
	w.do("click "+text, chromedp.Click(fmt.Sprintf("//*[self::a or self::button][normalize-space()=%q]", text)))
}

// confirm clicks the button with that text that a form ends with.
func (w window) confirm(text string) {
	w.t.Helper()
	w.do("confirm "+text, chromedp.Click(fmt.Sprintf("//form//button[normalize-space()=%q]", text)))
}

// fill types into the field of that name.
func (w window) fill(name, text string) {
	w.t.Helper()
	w.do("fill in "+name, chromedp.SendKeys(chromedp.CSS(fmt.Sprintf("input[name=%q]", name)), text))
}

// do fails the test unless the step succeeds.
func (w window) do(what string, step chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, step); err != nil {
		shown, _ := w.look()
		w.t.Fatalf("%s: %v; the window shows %s:\n%s", what, err, shown.Address, shown.Text)
	}
}

// page is what a window shows.
type page struct{ Address, State, Text string }

func (w window) look() (page, error) {
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[page](`({Address: location.href, State: document.readyState, Text: document.body.innerText})`))
}

// wait returns the text of the page once that holds text and its address begins
// with address.
func (w window) wait(address, text string) string {
	w.t.Helper()
	var shown page
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		now, err := w.look()
		if err != nil {
			continue // one page gives way to another
		}
		if shown = now; shown.State == "complete" && strings.HasPrefix(shown.Address, address) && strings.Contains(shown.Text, text) {
			return shown.Text
		}
	}
	w.t.Fatalf("waited for %s with %q; the window shows %s:\n%s", address, text, shown.Address, shown.Text)
	return ""
}
