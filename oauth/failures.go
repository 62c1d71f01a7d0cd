package oauth

import (
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"clientele/registry"
)

// How many failures to authenticate a minute are answered one by one; past them
// it is 429. Whoever authenticates correctly is never counted, nor made to wait.
const (
	failuresHere = 30  // of one client from one address
	failuresFrom = 120 // from one address
	failuresOf   = 600 // of one client, wherever from

	// So many are told apart; past it they are counted as one, so that nobody can fill the memory.
	failuresToldApart = 50_000
)

// failures counts failures in the minute at hand. The zero value is ready.
type failures struct {
	mu     sync.Mutex
	minute time.Time
	counts map[failure]int
}

// failure is what is counted together: either field may be empty, for all.
type failure struct{ client, from string }

// add counts a failure and returns for how long there were too many, or 0.
func (f *failures) add(client, address string, now time.Time) time.Duration {
	from := address
	if ip, err := netip.ParseAddr(address); err == nil && ip.Is6() && !ip.Is4In6() {
		from = netip.PrefixFrom(ip, 64).Masked().String() // what one subscriber has
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if minute := now.Truncate(time.Minute); !minute.Equal(f.minute) {
		f.minute, f.counts = minute, map[failure]int{}
	}
	count := func(by failure) int {
		if _, known := f.counts[by]; !known && len(f.counts) >= failuresToldApart {
			by = failure{}
		}
		f.counts[by]++
		return f.counts[by]
	}
	tooMany := count(failure{from: from}) > failuresFrom
	if client != "" {
		here, of := count(failure{client, from}), count(failure{client: client})
		tooMany = tooMany || here > failuresHere || of > failuresOf
	}
	if !tooMany {
		return 0
	}
	return f.minute.Add(time.Minute).Sub(now)
}

// failed counts a failure and returns how it is answered: by refusal, or by 429
// once there were too many.
func (s *Server) failed(client string, reason registry.FailureReason, address string, refusal *Error) *Error {
	now := s.Now()
	s.Store.AuthenticationFailed(Failure{ClientID: client, Reason: reason, Address: address, At: now})
	wait := s.failures.add(client, address, now)
	if wait == 0 {
		return refusal
	}
	return &Error{
		Code:        refusal.Code,
		Description: fmt.Sprintf("Too many requests failed to authenticate. Correct what they authenticate with, and try again in %.0f seconds.", math.Ceil(wait.Seconds())),
		Status:      http.StatusTooManyRequests,
		RetryAfter:  wait,
	}
}
