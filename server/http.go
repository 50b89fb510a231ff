package server

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"path"
	"strings"
	"sync"

	clientjs "tandem/client-js"
)

// routes are the paths that the server answers.
func (s *Server) routes() (*http.ServeMux, error) {
	page, err := fs.ReadFile(clientjs.Dist, "dist/web/index.html")
	if err != nil {
		return nil, err
	}
	files, err := assets()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws", s.serveSocket)
	mux.HandleFunc("GET /healthz", s.serveHealth)
	s.api.routes(mux)
	mux.HandleFunc("GET /{$}", servePage(page))
	mux.HandleFunc("GET /d/{name...}", servePage(page))
	for i := range files {
		mux.Handle("GET "+files[i].at, &files[i])
	}
	return mux, nil
}

// serveHealth says that the process answers.
func (s *Server) serveHealth(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	draining := s.draining
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if draining {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "draining")
		return
	}
	fmt.Fprintln(w, "ok")
}

// noncePlaceholder stands in the page where its nonce belongs.
const noncePlaceholder = "__CSP_NONCE__"

// servePage serves the editor. The nonce is for the style sheet that CodeMirror makes.
func servePage(page []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		nonce := rand.Text()
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", fmt.Sprintf("default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%s'; "+
			"img-src 'self' data:; connect-src 'self' ws://%[2]s wss://%[2]s; base-uri 'none'; form-action 'none'; "+
			"frame-ancestors 'none'", nonce, cspHost(r.Host)))
		secure(h)
		if trustworthy(r) {
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
		}
		body := bytes.ReplaceAll(page, []byte(noncePlaceholder), []byte(nonce))
		_, _ = w.Write(body)
	}
}

// cspHost is a Host as it may stand in a policy.
func cspHost(host string) string {
	if strings.ContainsAny(host, " ;,'\"\t") {
		return "localhost"
	}
	return host
}

func secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}

// trustworthy says whether a browser calls the origin of the request so: on others Chromium ignores some headers, and writes an error
// on the console of each page.
func trustworthy(r *http.Request) bool {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	ip, err := netip.ParseAddr(host)
	loopback := host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && ip.IsLoopback()
	return loopback || r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}

// contentTypes are ours: what package mime says depends on the machine.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".json": "application/json", ".map": "application/json", ".png": "image/png", ".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8", ".webmanifest": "application/manifest+json", ".woff2": "font/woff2",
}

// asset is an embedded file.
type asset struct {
	at, contentType, etag string
	body, packed          []byte // packed: with gzip; nil where that is no shorter
}

// assets are packed once in a process, not by every New.
var assets = sync.OnceValues(func() (all []asset, err error) {
	dist, err := fs.Sub(clientjs.Dist, "dist")
	if err != nil {
		return nil, err
	}
	add := func(name, at string) error {
		body, err := fs.ReadFile(dist, name)
		if err != nil {
			return err
		}
		contentType := contentTypes[path.Ext(name)]
		if contentType == "" {
			return fmt.Errorf("asset %s: its content type is not known", name)
		}
		var packed bytes.Buffer
		zip, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		_, _ = zip.Write(body)
		_ = zip.Close()
		sum := sha256.Sum256(body)
		a := asset{at: at, contentType: contentType, etag: `"` + hex.EncodeToString(sum[:8]) + `"`, body: body}
		if packed.Len() < len(body) {
			a.packed = packed.Bytes()
		}
		all = append(all, a)
		return nil
	}
	err = fs.WalkDir(dist, "web", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == "web/index.html" {
			return err
		}
		return add(name, "/assets/"+strings.TrimPrefix(name, "web/"))
	})
	if err != nil {
		return nil, err
	}
	return all, add("tandem.js", "/tandem.js")
})

// ServeHTTP serves the file, compressed where the client takes that. It may be fetched by pages of others, which embed the client,
// and is asked for anew each time: the answer is then mostly 304.
func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", a.etag)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	secure(h)
	switch {
	case strings.Contains(r.Header.Get("If-None-Match"), a.etag): // one of several, or made weak by a proxy
		w.WriteHeader(http.StatusNotModified)
	case a.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"):
		h.Set("Content-Encoding", "gzip")
		_, _ = w.Write(a.packed)
	default:
		_, _ = w.Write(a.body)
	}
}
