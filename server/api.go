package server

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/doc"
)

// The JSON API is a document's past, for programs and pages: API.md describes it, and its examples are run by a test. It reads durable
// history beside the documents (I7): no request waits for a document's goroutine but a restore, which is a client like any other.

const (
	// apiRoot is how the path of every request of the API begins.
	apiRoot = "/api/"
	// apiAtOnce is how many requests of the API are worked on at a time: each may hold a document's whole content.
	apiAtOnce = 4
	// apiWritesAtOnce is how many of those that change something are worked on besides, each at most for apiWrite: they may have to wait
	// for a document, or for the store.
	apiWritesAtOnce = 4
	apiWrite        = 30 * time.Second
	// apiLarge is how large an answer may be, in bytes, without a place among the apiLargeAtOnce that are fetched at a time, each at most
	// for apiAnswer: who asks for them and reads slowly keeps them in memory.
	apiLarge       = 256 << 10
	apiLargeAtOnce = 8
	apiAnswer      = 2 * time.Minute
	// apiWait is how long a request waits for its turn among them.
	apiWait = 5 * time.Second
	// apiBody is the largest body of a request, in bytes.
	apiBody = 64 << 10
	// apiRead is how long a request may take to come. For how long a write may take there is Limits.Write, for each apiPart of an answer.
	apiRead = 30 * time.Second
	apiPart = 256 << 10 // bytes
	// apiRetry is what a client is told to wait, in seconds, where it may try again.
	apiRetry = 2
)

// api answers under /api/.
type api struct {
	// Immutable.
	server  *Server
	history *doc.History
	archive doc.Archive // nil: the store keeps no past
	cross   *http.CrossOriginProtection
	turns   chan struct{} // has apiAtOnce places
	writes  chan struct{} // has apiWritesAtOnce places
	large   chan struct{} // has apiLargeAtOnce places
}

// reply is a good answer.
type reply struct {
	status   int    // 200 where it is 0
	value    any    // as JSON; nil: text, or nothing
	text     string // of the content type text/plain
	etag     string
	location string
}

// call is a request, read.
type call struct {
	*http.Request
	name  string
	query map[string]string
	body  []byte // of a POST
}

// method is what one method of a resource does.
type method struct {
	query []string // the parameters it knows
	do    func(c *call) (*reply, error)
}

// resource is the methods of a path. HEAD is GET's, OPTIONS are answered for all.
type resource map[string]method

func newAPI(s *Server) *api {
	a := &api{
		server: s, history: s.registry.History(), cross: http.NewCrossOriginProtection(),
		turns: make(chan struct{}, apiAtOnce), writes: make(chan struct{}, apiWritesAtOnce), large: make(chan struct{}, apiLargeAtOnce),
	}
	a.archive, _ = s.cfg.Store.(doc.Archive)
	return a
}

// routes adds the paths of the API.
func (a *api) routes(mux *http.ServeMux) {
	get, post, remove := http.MethodGet, http.MethodPost, http.MethodDelete
	for path, r := range map[string]resource{
		"":                {get: {nil, a.info}},
		"/content":        {get: {[]string{"rev", "format"}, a.content}},
		"/diff":           {get: {[]string{"from", "to"}, a.diff}},
		"/blame":          {get: {[]string{"rev"}, a.blame}},
		"/log":            {get: {[]string{"from", "to", "limit"}, a.log}},
		"/versions":       {get: {nil, a.versions}, post: {nil, a.nameVersion}},
		"/versions/{rev}": {remove: {nil, a.deleteVersion}},
		"/restore":        {post: {nil, a.restore}},
	} {
		mux.HandleFunc(apiRoot+"docs/{name}"+path, func(w http.ResponseWriter, q *http.Request) { a.serve(w, q, r) })
	}
	mux.HandleFunc(apiRoot, func(w http.ResponseWriter, q *http.Request) {
		a.begin(w, q)
		a.refuse(w, q, fmt.Errorf("%w: %s; a document's name is one segment of the path, notes%%2Ftoday", errNoResource, q.URL.EscapedPath()))
	})
}

// begin sets the headers of every answer.
func (a *api) begin(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	secure(h)
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); origin != "" && a.server.origins.checkOrigin(r) == nil {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "ETag, Tandem-Revision, Retry-After")
	}
	now, control := time.Now(), http.NewResponseController(w) // what cannot set deadlines, as in tests, has none
	_ = control.SetReadDeadline(now.Add(apiRead))
	_ = control.SetWriteDeadline(now.Add(apiRead + apiWait + a.server.cfg.Limits.Write))
}

// serve answers a request for a resource.
func (a *api) serve(w http.ResponseWriter, r *http.Request, res resource) {
	a.begin(w, r)
	c, do, err := a.admit(w, r, res)
	if err != nil {
		a.refuse(w, r, err)
		return
	}
	if do == nil { // OPTIONS
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if err := a.work(w, c, do); err != nil {
		a.refuse(w, r, err) // r, whose own time is not up
	}
}

// work does what was asked for, in turn, and writes the answer. An error comes before the first byte.
func (a *api) work(w http.ResponseWriter, c *call, do func(*call) (*reply, error)) error {
	places := a.turns
	if c.Method != http.MethodGet && c.Method != http.MethodHead {
		ctx, cancel := context.WithTimeout(c.Context(), apiWrite)
		defer cancel()
		c.Request, places = c.WithContext(ctx), a.writes
	}
	out, err := a.take(c, places, do)
	if err != nil {
		return err
	}
	if out.large() {
		leave, ok := a.tryLarge()
		if !ok { // it is made again when it has a place: what waits for one is not kept
			out = nil
			if leave, err = enter(c.Context(), a.large); err != nil {
				return err
			}
		}
		defer leave()
	}
	if out == nil {
		if out, err = a.take(c, places, do); err != nil {
			return err
		}
	}
	a.write(w, c.Request, out)
	return nil
}

// take does what was asked for when it is its turn. Whoever reads the answer slowly keeps nobody from working.
func (a *api) take(c *call, places chan struct{}, do func(*call) (*reply, error)) (*outgoing, error) {
	leave, err := enter(c.Context(), places)
	if err != nil {
		return nil, err
	}
	defer leave()
	answer, err := do(c)
	if err != nil {
		return nil, err
	}
	out := &outgoing{reply: answer, body: []byte(answer.text), contentType: "text/plain; charset=utf-8"}
	if answer.value != nil {
		out.body, out.contentType = encode(answer.value), "application/json"
	}
	return out, nil
}

// outgoing is an answer that is ready to be written.
type outgoing struct {
	*reply
	body        []byte
	contentType string
}

func (o *outgoing) large() bool { return len(o.body) > apiLarge }

// tryLarge is a place among the large answers, if there is one.
func (a *api) tryLarge() (leave func(), ok bool) {
	select {
	case a.large <- struct{}{}:
		return func() { <-a.large }, true
	default:
		return nil, false
	}
}

// admit finds what is to be done, where it may be; nothing for OPTIONS.
func (a *api) admit(w http.ResponseWriter, r *http.Request, res resource) (*call, func(*call) (*reply, error), error) {
	if err := a.server.origins.checkOrigin(r); err != nil {
		return nil, nil, err
	}
	allow := res.allow()
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		if _, get := res[http.MethodGet]; get && r.Header.Get("Access-Control-Request-Method") != "" {
			w.Header().Set("Access-Control-Allow-Methods", "GET, HEAD") // pages of others may read, not write
			w.Header().Set("Access-Control-Allow-Headers", "If-None-Match")
			w.Header().Set("Access-Control-Max-Age", "600")
		}
		return nil, nil, nil
	}
	name := r.Method
	if name == http.MethodHead {
		name = http.MethodGet
	}
	m, ok := res[name]
	if !ok {
		w.Header().Set("Allow", strings.Join(allow, ", "))
		return nil, nil, fmt.Errorf("%w: %s; allowed are %s", errMethod, r.Method, strings.Join(allow, ", "))
	}
	if err := a.cross.Check(r); err != nil {
		return nil, nil, fmt.Errorf("%w: only pages that this server serves itself may change documents here", errOrigin)
	}
	if name == http.MethodPost {
		if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
			return nil, nil, fmt.Errorf("%w: %q; it is application/json", errContentType, r.Header.Get("Content-Type"))
		}
	}
	if a.archive == nil {
		return nil, nil, doc.ErrNoArchive
	}
	c := &call{Request: r, name: r.PathValue("name"), query: map[string]string{}}
	for key, values := range r.URL.Query() {
		if err := m.check(key, len(values)); err != nil {
			return nil, nil, err
		}
		c.query[key] = values[0]
	}
	if err := doc.CheckName(c.name); err != nil || name != http.MethodPost {
		return c, m.do, err
	}
	body, err := readBody(r)
	c.body = body
	return c, m.do, err
}

// check refuses a parameter that the method does not know, or that is there more than once.
func (m method) check(parameter string, times int) error {
	switch {
	case !slices.Contains(m.query, parameter) && len(m.query) == 0:
		return fmt.Errorf("%w: unknown parameter %q; there are none here", errRequest, parameter)
	case !slices.Contains(m.query, parameter):
		return fmt.Errorf("%w: unknown parameter %q; known are %s", errRequest, parameter, strings.Join(m.query, ", "))
	case times > 1:
		return fmt.Errorf("%w: the parameter %q is there %d times; once is enough", errRequest, parameter, times)
	}
	return nil
}

// allow is the methods that a resource has.
func (res resource) allow() []string {
	all := []string{http.MethodOptions}
	for name := range res {
		all = append(all, name)
	}
	if _, get := res[http.MethodGet]; get {
		all = append(all, http.MethodHead)
	}
	slices.Sort(all)
	return all
}

// enter waits for a place, which is given back with leave.
func enter(ctx context.Context, places chan struct{}) (leave func(), err error) {
	late := time.NewTimer(apiWait)
	defer late.Stop()
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	case <-late.C:
		return nil, fmt.Errorf("%w: %d requests are under way", errBusy, cap(places))
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// write writes a good answer, or 304 where the client has it.
func (a *api) write(w http.ResponseWriter, r *http.Request, p *outgoing) {
	h := w.Header()
	h.Set("Content-Type", p.contentType)
	if p.location != "" {
		h.Set("Location", p.location)
	}
	status := cmp.Or(p.status, http.StatusOK)
	if p.etag != "" {
		h.Set("ETag", p.etag)
		h.Set("Cache-Control", "private, no-cache")
		if matches(r, p.etag) {
			status = http.StatusNotModified
		}
	}
	if status == http.StatusNoContent || status == http.StatusNotModified {
		h.Del("Content-Type")
		w.WriteHeader(status)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(p.body)))
	w.WriteHeader(status)
	control := http.NewResponseController(w)
	for end := time.Now().Add(apiAnswer); len(p.body) > 0 && time.Now().Before(end); {
		part := p.body[:min(apiPart, len(p.body))]
		_ = control.SetWriteDeadline(time.Now().Add(a.server.cfg.Limits.Write))
		if _, err := w.Write(part); err != nil { // of HEAD, nothing is written
			return
		}
		p.body = p.body[len(part):]
	}
	if len(p.body) > 0 && r.Method != http.MethodHead {
		panic(http.ErrAbortHandler) // it took too long: the client must not take a part for the whole
	}
}

// matches reports whether the client has an answer with this tag: one of several, or made weak by a proxy.
func matches(r *http.Request, etag string) bool {
	for tag := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/"); tag == etag || tag == "*" {
			return true
		}
	}
	return false
}

// encode writes JSON for people, too.
func encode(v any) []byte {
	var b strings.Builder
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		panic(fmt.Sprintf("server: an answer of type %T: %v", v, err)) // ours, all of them
	}
	return []byte(b.String())
}

// read takes a request's body apart.
func (c *call) read(v any) error {
	in := json.NewDecoder(bytes.NewReader(c.body))
	in.DisallowUnknownFields()
	err := in.Decode(v)
	if err == nil {
		if _, more := in.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something comes behind the object")
		}
	}
	if err != nil {
		return fmt.Errorf("%w: the body: %w", errRequest, err)
	}
	return nil
}

// readBody reads a request's body. It does so before the request takes a turn: one that does not come keeps nobody.
func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, apiBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, fmt.Errorf("%w: the body has more than %d bytes", errLarge, apiBody)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: the body: %w", errRequest, err)
	}
	return body, nil
}

// revision is a parameter that names a revision; absent where it was not given.
func (c *call) revision(key string, absent doc.Revision) (doc.Revision, error) {
	text, given := c.query[key]
	if !given {
		return absent, nil
	}
	return parseRevision(key, text)
}

func parseRevision(key, text string) (doc.Revision, error) {
	n, err := strconv.ParseUint(text, 10, 53)
	if err != nil {
		return 0, fmt.Errorf("%w: %s=%q; it is a number from 0 to 2^53-1", errRequest, key, text)
	}
	return doc.Revision(n), nil
}
