package server_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/server"
)

// request is answered without a network. A socket's request that is let through is answered with 400: it has no handshake.
func request(t *testing.T, s http.Handler, path, host string, header http.Header) *http.Response {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = host
	for k, v := range header {
		r.Header[k] = v
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	b, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(b)
}

func newServer(t *testing.T, cfg server.Config) *server.Server {
	cfg.Store = openStore(t)
	cfg.Logger = slog.New(slog.DiscardHandler)
	s, err := server.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
	return s
}

func TestOrigin(t *testing.T) {
	for _, row := range []struct {
		name    string
		host    string
		origins []string // the header
		allow   []string
		says    string // of the refusal; empty: let through
	}{
		{name: "a program", host: "localhost:8080"},
		{name: "our page", host: "localhost:8080", origins: []string{"http://localhost:8080"}},
		{name: "our page, upper case", host: "LocalHost:8080", origins: []string{"HTTP://LOCALHOST:8080"}},
		{name: "our page over TLS", host: "127.0.0.1:8443", origins: []string{"https://127.0.0.1:8443"}},
		{name: "our page on the port of its scheme", host: "127.0.0.1", origins: []string{"http://127.0.0.1"}},
		{name: "our page, port spelled out by a proxy", host: "127.0.0.1:443", origins: []string{"https://127.0.0.1"}},
		{name: "our page, by its LAN address", host: "192.168.1.20:8080", origins: []string{"http://192.168.1.20:8080"}},
		{name: "our page, IPv6", host: "[::1]:8080", origins: []string{"http://[::1]:8080"}},
		{name: "same host, other port", host: "localhost:8080", origins: []string{"http://localhost:3000"}, says: "--allow-origin http://localhost:3000"},
		{name: "another LAN address", host: "192.168.1.20:8080", origins: []string{"http://192.168.1.21:8080"}, says: "--allow-origin http://192.168.1.21:8080"},
		{name: "another site", host: "localhost:8080", origins: []string{"https://evil.example"}, says: "--allow-origin https://evil.example"},
		{name: "our name within another", host: "localhost:8080", origins: []string{"http://localhost.evil.example:8080"}, says: "--allow-origin"},
		{name: "our name before the @", host: "localhost:8080", origins: []string{"http://localhost:8080@evil.example"}, says: "--allow-origin"},
		{name: "null", host: "localhost:8080", origins: []string{"null"}, says: `"null"`},
		{name: "empty", host: "localhost:8080", origins: []string{""}, says: `""`},
		{name: "two of them", host: "localhost:8080", origins: []string{"http://localhost:8080", "https://evil.example"}, says: "there are 2 of them"},
		{name: "allowed", host: "localhost:8080", origins: []string{"https://app.example.com"}, allow: []string{"https://app.example.com"}},
		{name: "allowed, spelled otherwise", host: "localhost:8080", origins: []string{"https://app.example.com"}, allow: []string{"HTTPS://App.Example.com:443/"}},
		{name: "allowed, other scheme", host: "localhost:8080", origins: []string{"http://app.example.com"}, allow: []string{"https://app.example.com"}, says: "--allow-origin http://app.example.com"},
		{name: "allowed, other port", host: "localhost:8080", origins: []string{"https://app.example.com:8443"}, allow: []string{"https://app.example.com"}, says: "--allow-origin https://app.example.com:8443"},
		{name: "every page", host: "localhost:8080", origins: []string{"https://evil.example"}, allow: []string{"*"}},
		{name: "a proxy that does not pass Host on", host: "127.0.0.1:8080", origins: []string{"https://docs.example.com"}, says: "(a proxy in front should pass the Host header on)"},
		{name: "the same, allowed", host: "127.0.0.1:8080", origins: []string{"https://docs.example.com"}, allow: []string{"https://docs.example.com"}},
		{name: "a proxy that passes Host on without its port", host: "127.0.0.1", origins: []string{"https://127.0.0.1:8443"}, says: "--allow-origin https://127.0.0.1:8443"},
		{name: "a proxy that passes Host on", host: "docs.example.com", origins: []string{"https://docs.example.com"}, allow: []string{"https://docs.example.com"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newServer(t, server.Config{AllowOrigins: row.allow})
			header := http.Header{}
			if row.origins != nil {
				header["Origin"] = row.origins
			}
			answer := request(t, s, "/ws", row.host, header)
			if row.says == "" {
				require.Equal(t, http.StatusBadRequest, answer.StatusCode, body(t, answer))
				return
			}
			require.Equal(t, http.StatusForbidden, answer.StatusCode)
			require.Contains(t, body(t, answer), row.says)
		})
	}
}

func TestHost(t *testing.T) {
	s := newServer(t, server.Config{
		AllowHosts: []string{"Docs.Example.com", "wiki.example.com:8080"}, AllowOrigins: []string{"https://app.example.com"},
	})
	everybody := newServer(t, server.Config{AllowHosts: []string{"*"}})
	for _, row := range []struct {
		host string
		ok   bool
	}{
		{"localhost", true},
		{"localhost:8080", true},
		{"LOCALHOST:8080", true},
		{"tandem.localhost:8080", true},
		{"127.0.0.1:8080", true},
		{"10.0.0.7", true},
		{"[::1]:8080", true},
		{"[fe80::1]", true},
		{"docs.example.com", true},
		{"DOCS.example.com:8443", true},
		{"wiki.example.com", true},
		{"app.example.com", true}, // of an allowed origin
		{"rebound.evil.example:8080", false},
		{"localhost.evil.example", false},
		{"127.0.0.1.evil.example", false},
		{"x.docs.example.com", false},
	} {
		t.Run(row.host, func(t *testing.T) {
			for _, path := range []string{"/", "/d/notes", "/tandem.js", "/assets/app.css", "/healthz", "/ws"} {
				answer := request(t, s, path, row.host, nil)
				if row.ok {
					require.NotEqual(t, http.StatusMisdirectedRequest, answer.StatusCode, path)
					continue
				}
				require.Equal(t, http.StatusMisdirectedRequest, answer.StatusCode, path)
				require.Contains(t, body(t, answer), "--allow-host ", path)
			}
			require.Equal(t, http.StatusOK, request(t, everybody, "/", row.host, nil).StatusCode)
		})
	}
	require.Contains(t, body(t, request(t, s, "/", "rebound.evil.example:8080", nil)), "--allow-host rebound.evil.example")
}

func TestRulesThatNeverMatchAreRefused(t *testing.T) {
	store := openStore(t)
	for _, origin := range []string{"", "null", "app.example.com", "https://*.example.com", "https://app.example.com/page", "https://a@app.example.com"} {
		_, err := server.New(server.Config{Store: store, AllowOrigins: []string{origin}})
		require.ErrorContains(t, err, "it should be like https://", origin)
	}
	for _, host := range []string{"", "*.example.com", "https://docs.example.com"} {
		_, err := server.New(server.Config{Store: store, AllowHosts: []string{host}})
		require.ErrorContains(t, err, "it should be like docs.example.com", host)
	}
	_, err := server.New(server.Config{})
	require.ErrorContains(t, err, "Config.Store")
}
