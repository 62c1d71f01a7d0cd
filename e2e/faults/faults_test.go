package faults

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"clientele/e2e/program"
)

var builtIn string

func TestMain(m *testing.M) {
	code := m.Run()
	if err := os.RemoveAll(builtIn); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// built is the program, built once for all tests.
var built = sync.OnceValues(func() (binary string, err error) {
	if builtIn, err = os.MkdirTemp("", "faults"); err == nil {
		binary, err = program.Build(context.Background(), builtIn)
	}
	return binary, err
})
