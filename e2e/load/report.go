package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// report is what a run found.
type report interface {
	print(w io.Writer) error // as Markdown
	judge() error            // fails naming every bar that was missed
}

func (f *result) print(w io.Writer) error {
	what := map[string]string{
		floorConstant: "a bare HTTP handler that answers a constant",
		floorSigning:  "a bare HTTP handler that only signs ES256",
		product:       "Clientele, `POST /oauth2/token` with client credentials",
		peer:          "npm oidc-provider, the same",
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Made by `%s` with %s on %s: median of %d interleaved rounds of %d requests over %d connections, servers pinned to one core, load to another.\n\n",
		f.Command, runtime.Version(), processor(), f.Rounds, f.Requests, connections)
	b.WriteString("| server | CPU per request | ÷ signing only | answers per second | median | p99 | memory afterwards |\n|---|---:|---:|---:|---:|---:|---:|\n")
	for _, a := range f.Tokens {
		fmt.Fprintf(&b, "| %s | %.1f µs | %.2f | %.0f | %.1f ms | %.1f ms | %.1f MB |\n", what[a.what], float64(a.cost())/1e3, f.ratio(a), a.rate(),
			milliseconds(median(a.times())), milliseconds(p99(a.times())), float64(a.memory)/1e6)
	}
	b.WriteString("\n| at four fifths of that rate, from when a request was due | median | p99 |\n|---|---:|---:|\n")
	for _, a := range f.Tokens {
		fmt.Fprintf(&b, "| %s | %.1f ms | %.1f ms |\n", what[a.what], milliseconds(median(a.busy)), milliseconds(p99(a.busy)))
	}
	fmt.Fprintf(&b, "\n| Clientele on SQLite, %d at a time, every commit synced | CPU | per second | median | p99 |\n|---|---:|---:|---:|---:|\n", connections)
	for _, a := range f.Exchanges {
		fmt.Fprintf(&b, "| %s | %.1f µs | %.0f | %.1f ms | %.1f ms |\n", a.what, float64(a.cost())/1e3, a.rate(), milliseconds(median(a.times())), milliseconds(p99(a.times())))
	}
	b.WriteString("\n| Clientele | measured | bar |\n|---|---:|---:|\n")
	fmt.Fprintf(&b, "| CPU per token ÷ signing only | %.2f | ≤ %.1f |\n", f.ratio(f.of(product)), mostCost)
	fmt.Fprintf(&b, "| tokens per second ÷ oidc-provider's | %.1f | ≥ %d |\n", f.faster(), leastFaster)
	fmt.Fprintf(&b, "| a token at four fifths of the rate, p99 | %.1f ms | ≤ %d ms |\n", milliseconds(p99(f.of(product).busy)), slowestBusy/time.Millisecond)
	fmt.Fprintf(&b, "| start to first answer | %d ms | ≤ 300 ms |\n", f.Start/time.Millisecond)
	fmt.Fprintf(&b, "| resident memory after start | %.1f MB | ≤ 40 MB |\n", float64(f.Resident)/1e6)
	fmt.Fprintf(&b, "| binary | %.1f MB | ≤ 25 MB |\n", float64(f.Binary)/1e6)
	table := func(title string, bar time.Duration, rows []view) {
		fmt.Fprintf(&b, "\n| %s | server at work, median | p99 (bar: %d ms) | until it is there, median |\n|---|---:|---:|---:|\n", title, bar/time.Millisecond)
		for _, v := range rows {
			fmt.Fprintf(&b, "| %s | %.1f ms | %.1f ms | %.1f ms |\n", v.what, milliseconds(median(v.costs)), milliseconds(p99(v.costs)), milliseconds(median(v.times)))
		}
	}
	table(fmt.Sprintf("the list at %d applications", applications), slowest, f.List)
	at := fmt.Sprintf("at %d applications and as many grants of a service", applications)
	table("permissions "+at, slowest, f.Access)
	table("decisions "+at, slowestDecision, []view{f.Decision})
	_, err := io.WriteString(w, b.String())
	return err
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// writeInto replaces what stands between <!-- NAME:begin --> and <!-- NAME:end --> in a document.
func writeInto(path, name string, found report) error {
	begin, end := "<!-- "+name+":begin -->", "<!-- "+name+":end -->"
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, opened := bytes.Cut(document, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !opened || !closed {
		return fmt.Errorf("%s lacks the lines %s and %s", path, begin, end)
	}
	var b bytes.Buffer
	b.Write(before)
	b.WriteString(begin + "\n\n")
	if err := found.print(&b); err != nil {
		return err
	}
	b.WriteString("\n" + end)
	b.Write(after)
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// processor returns what /proc calls the machine's processor.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	_, rest, _ := strings.Cut(string(info), "model name")
	name, _, _ := strings.Cut(strings.TrimLeft(rest, "\t :"), "\n")
	return fmt.Sprintf("%s with %d cores", name, runtime.NumCPU())
}
