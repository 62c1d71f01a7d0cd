package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// floors are the servers to compare with, by the argument that starts them.
var floors = map[string]func() (http.HandlerFunc, error){
	"constant": constant,
	"sign":     sign,
	"steady":   steady,
}

// A token's claims take about as many bytes, and an answer with them.
var claims, answer = make([]byte, 400), make([]byte, 700)

// constant answers the same to everyone: what HTTP itself costs.
func constant() (http.HandlerFunc, error) {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	}, nil
}

// sign answers with a signature by ES256: the least that a server which issues
// tokens can do.
func sign() (http.HandlerFunc, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		digest := sha256.Sum256(claims)
		signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
		_, _ = io.WriteString(w, base64.RawURLEncoding.EncodeToString(signature))
	}, nil
}

// steady does the same work for every request, about as much as a page takes:
// how far its 99th percentile is from its median is the machine's doing.
func steady() (http.HandlerFunc, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return func(w http.ResponseWriter, _ *http.Request) {
		for range 100 {
			digest := sha256.Sum256(claims)
			if _, err := ecdsa.SignASN1(rand.Reader, key, digest[:]); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
		_, _ = w.Write(answer)
	}, nil
}

// serveFloor serves on a free port, which it prints, until ctx ends.
func serveFloor(ctx context.Context, newHandler func() (http.HandlerFunc, error)) error {
	handler, err := newHandler()
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println("http://" + listener.Addr().String())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	return server.Serve(listener)
}
