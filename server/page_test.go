package server_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/server"
)

func TestPage(t *testing.T) {
	s := newServer(t, server.Config{})
	nonces := map[string]bool{}
	for _, path := range []string{"/", "/", "/d/notes", "/d/notes/today", "/d/%F0%9F%A6%8A", "/d/a%2Fb"} {
		answer := request(t, s, path, "localhost:8080", nil)
		require.Equal(t, http.StatusOK, answer.StatusCode, path)
		h := answer.Header
		require.Equal(t, "text/html; charset=utf-8", h.Get("Content-Type"))
		require.Equal(t, "no-store", h.Get("Cache-Control"))
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{
			"default-src 'none'; ", "script-src 'self'; ", "connect-src 'self' ws://localhost:8080 wss://localhost:8080; ",
			"base-uri 'none'; ", "form-action 'none'; ", "frame-ancestors 'none'",
		} {
			require.Contains(t, policy, part)
		}
		require.NotContains(t, policy, "unsafe")
		nonce := regexp.MustCompile(`style-src 'self' 'nonce-([A-Z2-7]{26})';`).FindStringSubmatch(policy)
		require.NotNil(t, nonce, policy)
		require.False(t, nonces[nonce[1]], "a nonce is for one page")
		nonces[nonce[1]] = true
		page := body(t, answer)
		require.Contains(t, page, `content="`+nonce[1]+`"`)
		require.NotContains(t, page, "__CSP_NONCE__")
		require.Empty(t, regexp.MustCompile(`<script[^>]*>[^<]|<style| on[a-z]+=| style=`).FindString(page), "what the policy forbids")
	}
}

func TestPolicyIsNotSplicedByHost(t *testing.T) {
	s := newServer(t, server.Config{AllowHosts: []string{"*"}})
	answer := request(t, s, "/", "a;script-src 'unsafe-inline'", nil)
	require.NotContains(t, answer.Header.Get("Content-Security-Policy"), "unsafe")
}

func TestOtherPaths(t *testing.T) {
	s := newServer(t, server.Config{})
	for path, status := range map[string]int{
		"/d":                     http.StatusTemporaryRedirect,
		"/d/a/../b":              http.StatusTemporaryRedirect,
		"/d//a":                  http.StatusTemporaryRedirect,
		"/index.html":            http.StatusNotFound,
		"/assets/":               http.StatusNotFound,
		"/assets/index.html":     http.StatusNotFound,
		"/assets/..%2ftandem.js": http.StatusNotFound,
		"/ws/":                   http.StatusNotFound,
		"/ws":                    http.StatusBadRequest, // no handshake
	} {
		require.Equal(t, status, request(t, s, path, "localhost", nil).StatusCode, path)
	}
}

func TestAssets(t *testing.T) {
	s := newServer(t, server.Config{})
	for path, contentType := range map[string]string{
		"/tandem.js":          "text/javascript; charset=utf-8",
		"/assets/app.css":     "text/css; charset=utf-8",
		"/assets/favicon.svg": "image/svg+xml",
	} {
		t.Run(path, func(t *testing.T) {
			plain := request(t, s, path, "localhost", nil)
			require.Equal(t, http.StatusOK, plain.StatusCode)
			want := body(t, plain)
			require.NotEmpty(t, want)
			for _, encoding := range []string{"gzip", "br, gzip;q=0.8", ""} {
				answer := request(t, s, path, "localhost", http.Header{"Accept-Encoding": {encoding}})
				h := answer.Header
				require.Equal(t, contentType, h.Get("Content-Type"))
				require.Equal(t, "*", h.Get("Access-Control-Allow-Origin"))
				require.Equal(t, "cross-origin", h.Get("Cross-Origin-Resource-Policy"))
				require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
				require.Equal(t, "no-cache", h.Get("Cache-Control"))
				require.Equal(t, "Accept-Encoding", h.Get("Vary"))
				var content io.Reader = answer.Body
				if h.Get("Content-Encoding") == "gzip" {
					var err error
					content, err = gzip.NewReader(answer.Body)
					require.NoError(t, err)
				} else {
					require.True(t, encoding == "" || len(want) < 1000, "not compressed")
				}
				got, err := io.ReadAll(content)
				require.NoError(t, err)
				require.True(t, string(got) == want, "the content")
			}
			etag := plain.Header.Get("ETag")
			for _, known := range []string{etag, "W/" + etag, `"other", ` + etag} {
				answer := request(t, s, path, "localhost", http.Header{"If-None-Match": {known}})
				require.Equal(t, http.StatusNotModified, answer.StatusCode, known)
				require.Empty(t, body(t, answer))
				require.Equal(t, etag, answer.Header.Get("ETag"))
			}
			other := request(t, s, path, "localhost", http.Header{"If-None-Match": {`"other"`}})
			require.Equal(t, http.StatusOK, other.StatusCode)
		})
	}
}

func TestHealth(t *testing.T) {
	r := newRig(t, server.Config{})
	answer := request(t, r.server, "/healthz", "localhost", nil)
	require.Equal(t, http.StatusOK, answer.StatusCode)
	require.Equal(t, "ok", strings.TrimSpace(body(t, answer)))
	require.NoError(t, r.stop())
	answer = request(t, r.server, "/healthz", "localhost", nil)
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Equal(t, "draining", strings.TrimSpace(body(t, answer)))
}
