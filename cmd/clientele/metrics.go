package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"

	"clientele/web"
)

// checkAddrs fails when there is nothing to listen on.
func (s *serveCmd) checkAddrs(e *env) error {
	if s.MetricsAddr == "" {
		return checkAddr("--addr", e.Addr)
	}
	return errors.Join(checkAddr("--addr", e.Addr), checkAddr("--metrics-addr", s.MetricsAddr))
}

// serveMetrics answers /metrics at --metrics-addr, if there is one, until it is
// told to stop.
func (s *serveCmd) serveMetrics(e *env, server *web.Server) (stop func(), err error) {
	if s.MetricsAddr == "" {
		return func() {}, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(e.ctx, "tcp", s.MetricsAddr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s; choose another address with --metrics-addr: %w", s.MetricsAddr, err)
	}
	metrics := limited(server.Metrics.Handler(server.Store, e.now, server.Log), server.Log)
	go func() {
		if err := metrics.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			server.Log.ErrorContext(e.ctx, "metrics are no longer served; start the server again", "err", err)
		}
	}()
	server.Log.InfoContext(e.ctx, "metrics", "addr", listener.Addr().String())
	return func() { _ = metrics.Close() }, nil
}
