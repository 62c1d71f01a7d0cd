package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"clientele/deliver"
	"clientele/oauth"
	"clientele/store"
	"clientele/web"
)

type serveCmd struct {
	Demo           bool     `help:"Fill an empty database with a demo team first, and print its sign-ins."`
	TrustedProxies []string `env:"CLIENTELE_TRUSTED_PROXIES" placeholder:"CIDR" help:"Proxies whose X-Forwarded-For names the caller."`
	WebhookAllow   []string `env:"CLIENTELE_WEBHOOK_ALLOW" placeholder:"CIDR" help:"Private networks into which webhooks may lead, also without encryption."`
	SMTPURL        string   `name:"smtp-url" env:"CLIENTELE_SMTP_URL" placeholder:"URL" help:"The mail server, such as smtp://user:password@mail.example.com:587?from=clientele@example.com."`
	TLSCert        string   `env:"CLIENTELE_TLS_CERT" placeholder:"PATH" help:"Certificate, to serve https."`
	TLSKey         string   `env:"CLIENTELE_TLS_KEY" placeholder:"PATH" help:"The certificate's key."`
	MetricsAddr    string   `env:"CLIENTELE_METRICS_ADDR" placeholder:"HOST:PORT" help:"Where to answer /metrics for Prometheus; without it, nowhere."`

	ShutdownDelay time.Duration `env:"CLIENTELE_SHUTDOWN_DELAY" default:"0s" placeholder:"DURATION" help:"How long to go on serving once told to stop, while /readyz answers 503: as long as a load balancer takes to notice (${default})."`
}

// Run serves until it is interrupted, then finishes the requests under way.
func (s *serveCmd) Run(e *env) error {
	if err := s.checkAddrs(e); err != nil {
		return err
	}
	if s.ShutdownDelay < 0 || s.ShutdownDelay > 5*time.Minute {
		return fmt.Errorf("--shutdown-delay goes from 0s to 5m, not %v", s.ShutdownDelay)
	}
	issuer, err := e.issuer()
	if err != nil {
		return err
	}
	proxies, err := prefixes("--trusted-proxies", s.TrustedProxies)
	if err != nil {
		return err
	}
	reach, err := prefixes("--webhook-allow", s.WebhookAllow)
	if err != nil {
		return err
	}
	mail, err := s.mail(issuer)
	if err != nil {
		return err
	}
	certificates, err := s.certificates()
	if err != nil {
		return err
	}
	log := e.logger()
	options, err := e.options(issuer, log)
	if err != nil {
		return err
	}
	options.Reach, options.Mail = reach, mail != nil
	var metrics *web.Metrics
	if s.MetricsAddr != "" {
		metrics = web.NewMetrics(built())
		options.Observer = metrics
	}
	if s.Demo {
		if err := demo(e, options); err != nil {
			return fmt.Errorf("fill in the demo team: %w", err)
		}
	}
	db, err := store.Open(e.ctx, options)
	if err != nil {
		return err
	}
	server := &web.Server{
		Store: db, OAuth: &oauth.Server{Issuer: issuer, Store: db, Now: e.now}, Issuer: issuer,
		Secure: strings.HasPrefix(issuer, "https://"), TrustedProxies: proxies, Mail: mail != nil, Metrics: metrics, Stopping: e.ctx.Done(), Now: e.now, Log: log,
	}
	courier := &deliver.Courier{Store: db, Webhooks: deliver.NewWebhooks(issuer, reach, e.now), Mail: mail, Log: log}
	stop, err := s.serveMetrics(e, server)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	defer stop()
	return errors.Join(s.serve(e, db, courier, server.Handler(), certificates, issuer, log), db.Close())
}

// mail returns what sends e-mail, or nil when no mail server was named.
func (s *serveCmd) mail(issuer string) (*deliver.Mail, error) {
	if s.SMTPURL == "" {
		return nil, nil //nolint:nilnil // no e-mail is sent
	}
	return deliver.NewMail(s.SMTPURL, issuer)
}

// certificates returns what to serve https with, or none for http.
func (s *serveCmd) certificates() ([]tls.Certificate, error) {
	if s.TLSCert == "" && s.TLSKey == "" {
		return nil, nil
	}
	if s.TLSCert == "" || s.TLSKey == "" {
		return nil, errors.New("give --tls-cert and --tls-key together, or neither")
	}
	certificate, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert and --tls-key cannot be used: %w", err)
	}
	return []tls.Certificate{certificate}, nil
}

func (s *serveCmd) serve(e *env, db *store.DB, courier *deliver.Courier, handler http.Handler, certificates []tls.Certificate, issuer string, log *slog.Logger) error {
	listener, err := (&net.ListenConfig{}).Listen(e.ctx, "tcp", e.Addr)
	if err != nil {
		return fmt.Errorf("cannot listen on %s; choose another address with --addr: %w", e.Addr, err)
	}
	if os.Getenv("GOGC") == "" {
		// Hardly anything outlives a request, so that collecting rarely saves a twentieth of a token's CPU time, for some 15 MB.
		debug.SetGCPercent(400)
	}
	server := limited(handler, log)
	server.TLSConfig = &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12}
	if err := announce(e, db, issuer); err != nil {
		return errors.Join(err, listener.Close())
	}
	log.Info("listening", "addr", listener.Addr().String(), "issuer", issuer)

	ctx, stop := context.WithCancel(e.ctx)
	var sending sync.WaitGroup
	defer sending.Wait() // what is being sent is written down first
	defer stop()
	sending.Go(func() { courier.Run(ctx) })
	go sweepHourly(ctx, db, log)
	go db.TellNotices(ctx)
	failed := make(chan error, 1)
	go func() {
		if len(certificates) > 0 {
			failed <- server.ServeTLS(listener, "", "")
			return
		}
		failed <- server.Serve(listener)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	if s.ShutdownDelay > 0 {
		log.Info("stopping; load balancers are told first", "delay", s.ShutdownDelay)
		time.Sleep(s.ShutdownDelay)
	}
	log.Info("stopping; requests under way are finished first")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("some requests were cut off: %w", err)
	}
	return nil
}

// limited returns a server for whom nobody is too slow or sends too much.
func limited(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      5 * time.Minute, // a report of a large team, over a slow line
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// announce says on standard output where to go: to the setup page while there
// is no team yet, otherwise to the console.
func announce(e *env, db *store.DB, issuer string) error {
	code, needed, err := db.NewSetupCode(e.ctx)
	if err != nil {
		return fmt.Errorf("make a setup link: %w", err)
	}
	if needed {
		fmt.Fprintf(e.stdout, "\nSet up your team and its first administrator here (the link works once):\n\n  %s/setup?code=%s\n\n", issuer, code)
		return nil
	}
	fmt.Fprintf(e.stdout, "\nThe console is at %s\n\n", issuer)
	return nil
}

// sweepHourly removes what has run out.
func sweepHourly(ctx context.Context, db *store.DB, log *slog.Logger) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := db.Sweep(ctx); err != nil && ctx.Err() == nil {
			log.Warn("what has run out could not be removed yet", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
