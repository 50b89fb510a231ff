package server_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tandem/doc"
	"tandem/ot"
	"tandem/server"
)

// commit has an author make an edit, and waits until it is durable.
func commit(t *testing.T, s *server.Server, name string, kind doc.Kind, author string, op ot.Op) {
	t.Helper()
	woken := make(chan struct{}, 1)
	wake := func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	}
	o := &doc.OpenRequest{Client: clientID(99), User: doc.User{Name: author}}
	session, err := s.Documents().Open(t.Context(), name, kind, o, wake)
	require.NoError(t, err)
	defer session.Close()
	base := session.Opened().Place.Rev
	require.NoError(t, session.Submit(t.Context(), session.Opened().LastSeq+1, base, op, ot.AppendOp(nil, op), -1))
	for {
		u, err := session.Next(t.Context(), nil)
		require.NoError(t, err)
		require.NoError(t, u.Ended)
		require.Empty(t, u.Refused)
		for _, item := range doc.Singles(u.Items) {
			if item.Ack > 0 {
				return
			}
		}
		<-woken
	}
}

func operation(t *testing.T, text string) (op ot.Op) {
	t.Helper()
	require.NoError(t, op.UnmarshalJSON([]byte(text)))
	return op
}

// written is a server with the document of API.md.
func written(t *testing.T, cfg server.Config) *server.Server {
	s := newServer(t, cfg)
	fill(t, s)
	return s
}

// fill makes the document of API.md.
func fill(t *testing.T, s *server.Server) {
	for _, c := range []struct{ author, op string }{
		{"Ann", `["hello"]`}, {"Ben", `[5," world 😀"]`}, {"Ben", `["H",-1]`}, {"Ann", `[14,"\n"]`},
	} {
		commit(t, s, "notes/today", doc.Text, c.author, operation(t, c.op))
	}
}

// ask makes a request without a network.
func ask(s http.Handler, method, target, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "localhost:8080"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

// example is one of API.md.
type example struct {
	method, target, header, body string
	status, contentType, answer  string
}

// examples reads API.md.
func examples(t *testing.T) (all []example) {
	text, err := os.ReadFile("API.md")
	require.NoError(t, err)
	for _, m := range regexp.MustCompile("(?s)```http\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		asked, answered, found := strings.Cut(m[1], "\n\n")
		require.True(t, found, m[1])
		var e example
		lines := bufio.NewScanner(strings.NewReader(asked))
		lines.Scan()
		e.method, e.target, _ = strings.Cut(lines.Text(), " ")
		if lines.Scan() {
			e.header = lines.Text()
			lines.Scan()
			e.body = lines.Text()
		}
		head, rest, _ := strings.Cut(strings.TrimSuffix(answered, "\n"), "\n")
		e.status, e.contentType, _ = strings.Cut(head, " ")
		e.answer = rest
		all = append(all, e)
	}
	return all
}

// varying are the parts of an answer that are another in each run.
var varying = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[\d:.]+Z"|"[0-9a-f]{16,32}"|"historyBytes":\d+`)

// TestAPIExamples: API.md is right, request by request.
func TestAPIExamples(t *testing.T) {
	s := written(t, server.Config{})
	all := examples(t)
	require.GreaterOrEqual(t, len(all), 12)
	for _, e := range all {
		name, value, _ := strings.Cut(e.header, ": ")
		var header []string
		if name != "" {
			header = []string{name, value}
		}
		r := ask(s, e.method, e.target, e.body, header...)
		got := body(t, r)
		require.Equal(t, e.status, fmt.Sprint(r.StatusCode), "%s %s: %s", e.method, e.target, got)
		require.Equal(t, e.contentType, r.Header.Get("Content-Type"))
		require.Equal(t, varying.ReplaceAllString(e.answer, "…"), varying.ReplaceAllString(strings.TrimSuffix(got, "\n"), "…"), "%s %s", e.method, e.target)
	}
	r := ask(s, "GET", "/api/docs/notes%2Ftoday/content", "")
	require.Equal(t, "hello", body(t, r), "restored")
}

func TestAPIRefuses(t *testing.T) {
	s := written(t, server.Config{AllowOrigins: []string{"https://app.example.com"}})
	const at = "/api/docs/notes%2Ftoday"
	for _, row := range []struct {
		name           string
		method, target string
		body           string
		header         []string
		status         int
		says           string
	}{
		{"a name of two segments", "GET", "/api/docs/notes/today", "", nil, 404, "notes%2Ftoday"},
		{"a name of three", "GET", "/api/docs/a/b/c/d", "", nil, 404, "one segment"},
		{"no name", "GET", "/api/docs/", "", nil, 404, "one segment"},
		{"a name that leads up", "GET", "/api/docs/..%2Fx", "", nil, 400, "name"},
		{"a name with a control character", "GET", "/api/docs/a%00b", "", nil, 400, "control"},
		{"a name that is not UTF-8", "GET", "/api/docs/%FF", "", nil, 400, "UTF-8"},
		{"a long name", "GET", "/api/docs/" + strings.Repeat("a", 129), "", nil, 400, "129 bytes"},
		{"a revision that is a word", "GET", at + "/content?rev=new", "", nil, 400, `rev=\"new\"`},
		{"a negative revision", "GET", at + "/content?rev=-1", "", nil, 400, `rev=\"-1\"`},
		{"a huge revision", "GET", at + "/content?rev=99999999999999999999", "", nil, 400, "2^53"},
		{"a revision to come", "GET", at + "/content?rev=5", "", nil, 404, "no-revision"},
		{"to come, in a diff", "GET", at + "/diff?from=1&to=50", "", nil, 404, "50"},
		{"an unknown parameter", "GET", at + "/content?revision=1", "", nil, 400, `unknown parameter \"revision\"; known are rev, format`},
		{"a parameter where there are none", "GET", at + "?x=1", "", nil, 400, `unknown parameter \"x\"; there are none`},
		{"a parameter twice", "GET", at + "/content?rev=1&rev=2", "", nil, 400, "2 times"},
		{"an unknown format", "GET", at + "/content?format=xml", "", nil, 400, "text or json"},
		{"a limit of 0", "GET", at + "/log?limit=0", "", nil, 400, "limit=0"},
		{"a method that is not there", "PUT", at + "/content", "{}", nil, 405, "GET, HEAD, OPTIONS"},
		{"no content type", "POST", at + "/restore", `{"rev":1}`, []string{"Content-Type", "text/plain"}, 415, "application/json"},
		{"no JSON", "POST", at + "/restore", `rev=1`, nil, 400, "body"},
		{"two objects", "POST", at + "/restore", `{"rev":1}{}`, nil, 400, "behind the object"},
		{"an unknown field", "POST", at + "/restore", `{"revision":1}`, nil, 400, "revision"},
		{"no revision", "POST", at + "/restore", `{}`, nil, 400, "rev is missing"},
		{"a negative one", "POST", at + "/restore", `{"rev":-1}`, nil, 400, "rev=-1"},
		{"a large body", "POST", at + "/restore", `{"rev":1,"author":"` + strings.Repeat("a", 64<<10) + `"}`, nil, 413, "65536"},
		{"a version without a name", "POST", at + "/versions", `{"name":" "}`, nil, 400, "version"},
		{"a version that is not there", "DELETE", at + "/versions/3", "", nil, 404, "no version at revision 3 of \\\"notes/today\\\""},
		{"a version of no number", "DELETE", at + "/versions/x", "", nil, 400, "rev"},
		{"a page of others reads", "GET", at, "", []string{"Origin", "https://evil.example"}, 403, "--allow-origin https://evil.example"},
		{"a page of others writes", "POST", at + "/restore", `{"rev":1}`, []string{"Origin", "https://app.example.com", "Sec-Fetch-Site", "cross-site"}, 403, "only pages"},
		{"a page that says what it is", "DELETE", at + "/versions/1", "", []string{"Sec-Fetch-Site", "cross-site"}, 403, "only pages"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := ask(s, row.method, row.target, row.body, row.header...)
			text := body(t, r)
			require.Equal(t, row.status, r.StatusCode, text)
			require.Contains(t, text, row.says)
			require.Equal(t, "application/problem+json", r.Header.Get("Content-Type"))
			require.Equal(t, "no-store", r.Header.Get("Cache-Control"))
			require.Contains(t, text, fmt.Sprintf(`"status":%d`, row.status))
		})
	}
	r := ask(s, "GET", at+"/content", "")
	require.Equal(t, "Hello world 😀\n", body(t, r), "nothing was changed")
	r = request(t, s, at, "evil.example", nil)
	require.Equal(t, http.StatusMisdirectedRequest, r.StatusCode)
	require.Equal(t, "application/problem+json", r.Header.Get("Content-Type"))
	text := body(t, r)
	require.Contains(t, text, "--allow-host evil.example")
	require.Contains(t, text, `"code":"host","status":421`)
}

// TestAPIProblemsAreListed: API.md names each code, with its status.
func TestAPIProblemsAreListed(t *testing.T) {
	text, err := os.ReadFile("API.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(text), "| status | codes |")
	require.True(t, found)
	for code, status := range server.ProblemCodes() {
		require.Regexp(t, fmt.Sprintf("(?m)^\\| [^|]*\\b%d\\b[^|]* \\|[^|]*`%s`", status, code), table)
	}
}

func TestAPIHeaders(t *testing.T) {
	s := written(t, server.Config{AllowOrigins: []string{"https://app.example.com"}})
	const at = "/api/docs/notes%2Ftoday"

	r := ask(s, "HEAD", at+"/content", "")
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, "17", r.Header.Get("Content-Length"))

	tag := r.Header.Get("ETag")
	require.NotEmpty(t, tag)
	require.Equal(t, "private, no-cache", r.Header.Get("Cache-Control"))
	require.Equal(t, 304, ask(s, "GET", at+"/content", "", "If-None-Match", `"other", W/`+tag).StatusCode)
	require.Equal(t, 304, ask(s, "GET", at+"/content?rev=4", "", "If-None-Match", tag).StatusCode, "the newest by its number")
	require.Equal(t, 200, ask(s, "GET", at+"/content?rev=3", "", "If-None-Match", tag).StatusCode)
	require.Equal(t, 200, ask(s, "GET", at+"/content?format=json", "", "If-None-Match", tag).StatusCode)
	commit(t, s, "notes/today", doc.Text, "Ann", operation(t, `["x"]`))
	require.Equal(t, 200, ask(s, "GET", at+"/content", "", "If-None-Match", tag).StatusCode)

	r = ask(s, "OPTIONS", at+"/versions", "")
	require.Equal(t, 204, r.StatusCode)
	require.Equal(t, "GET, HEAD, OPTIONS, POST", r.Header.Get("Allow"))
	r = ask(s, "OPTIONS", at+"/content", "", "Origin", "https://app.example.com", "Access-Control-Request-Method", "GET")
	require.Equal(t, "https://app.example.com", r.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "GET, HEAD", r.Header.Get("Access-Control-Allow-Methods"))
	r = ask(s, "GET", at, "", "Origin", "https://app.example.com")
	require.Equal(t, 200, r.StatusCode)
	require.Equal(t, "https://app.example.com", r.Header.Get("Access-Control-Allow-Origin"))
	r = ask(s, "OPTIONS", at, "", "Origin", "https://evil.example", "Access-Control-Request-Method", "GET")
	require.Equal(t, 403, r.StatusCode)
	require.Empty(t, r.Header.Get("Access-Control-Allow-Origin"))

	r = ask(s, "POST", at+"/restore", `{"rev":4}`, "Origin", "http://localhost:8080", "Sec-Fetch-Site", "same-origin")
	require.Equal(t, 200, r.StatusCode, "our own page writes")
}

// TestAPIRich: attributes and embeds, in content and differences.
func TestAPIRich(t *testing.T) {
	s := newServer(t, server.Config{})
	for _, op := range []string{`["plain"]`, `[[5,"bold",true],[null,"image","a.png"]]`, `[-2,["x","link","u"]]`} {
		commit(t, s, "r", doc.Rich, "Ann", operation(t, op))
	}
	require.Contains(t, body(t, ask(s, "GET", "/api/docs/r/content?format=json", "")),
		`"content":[["x","link","u"],["ain","bold",true],[null,"image","a.png"]]`)
	require.Equal(t, "xain\uFFFC", body(t, ask(s, "GET", "/api/docs/r/content", "")))
	require.Contains(t, body(t, ask(s, "GET", "/api/docs/r/diff?from=1", "")),
		`"changes":[{"was":0,"now":0,"deleted":"pl","inserted":"x"},{"was":2,"now":1,"text":"ain","attributes":{"bold":true}},{"was":5,"now":4,"inserted":"`+"\uFFFC"+`"}]`)
	require.Contains(t, body(t, ask(s, "GET", "/api/docs/r/diff?from=2&to=1", "")), `"attributes":{"bold":null}`)
}

// TestAPITrimmed: below the floor there are the named versions.
func TestAPITrimmed(t *testing.T) {
	store := openStore(t)
	s, err := server.New(server.Config{Store: store, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	fill(t, s)
	const at = "/api/docs/notes%2Ftoday"
	require.Equal(t, 201, ask(s, "POST", at+"/versions", `{"rev":1,"name":"kept"}`).StatusCode)
	m, err := s.Documents().History().Content(t.Context(), "notes/today", -1)
	require.NoError(t, err)
	saved := make(chan error, 1) // the floor may move up to the newest snapshot
	store.Save(&doc.Snapshot{Place: m.Place, Content: m.Content, Hash: m.Content.Hash()}, func(err error) { saved <- err })
	require.NoError(t, <-saved)
	floor, err := s.Documents().History().Trim(t.Context(), "notes/today", doc.Retention{MaxCommits: 1})
	require.NoError(t, err)
	require.EqualValues(t, 3, floor)
	for target, status := range map[string]int{
		"/content?rev=0": 410, "/content?rev=1": 200, "/content?rev=2": 410, "/content?rev=3": 200,
		"/diff?from=1": 410, "/diff": 200, "/blame?rev=2": 410, "/blame": 200, "/log?from=1": 410, "/log": 200,
	} {
		r := ask(s, "GET", at+target, "")
		text := body(t, r)
		require.Equal(t, status, r.StatusCode, "%s: %s", target, text)
		if status == 410 {
			require.Contains(t, text, "the floor is 3")
		}
	}
	require.NoError(t, s.Shutdown(t.Context()))
	r := ask(s, "POST", at+"/restore", `{"rev":3}`)
	require.Equal(t, 503, r.StatusCode, "the server has stopped")
	require.NotEmpty(t, r.Header.Get("Retry-After"))
}

// TestAPINames: every name that a document may have is one segment.
func TestAPINames(t *testing.T) {
	s := newServer(t, server.Config{})
	for i, name := range []string{"a", "a/b/c", "ü😀", "with space", "100%", "a+b?c#d", "%2F", "versions"} {
		commit(t, s, name, doc.Text, "Ann", operation(t, fmt.Sprintf(`["%d"]`, i)))
		r := ask(s, "GET", "/api/docs/"+url.PathEscape(name)+"/content", "")
		require.Equal(t, fmt.Sprint(i), body(t, r), name)
	}
}

// TestAPISlowReaders: who asks for large answers and does not read them keeps others from large answers only, and not for long.
func TestAPISlowReaders(t *testing.T) {
	inTime(t, func(t *testing.T, r *rig) {
		text := strings.Repeat("0123456789", 6000)
		for range 6 {
			commit(t, r.server, "large", doc.Text, "Ann", ot.Op{{Kind: ot.Insert, N: len(text), Text: text}})
		}
		ask := func(path string) net.Conn {
			conn, err := r.dial()
			require.NoError(t, err)
			t.Cleanup(func() { _ = conn.Close() })
			_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path)
			require.NoError(t, err)
			return conn
		}
		answer := func(conn net.Conn) (status int, body string) {
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			b, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			return response.StatusCode, string(b)
		}
		for range 8 {
			ask("/api/docs/large/content")
		}
		synctest.Wait() // each has its answer, and takes nothing of it

		status, _ := answer(ask("/api/docs/large"))
		require.Equal(t, 200, status, "a small one")
		began := time.Now()
		status, problem := answer(ask("/api/docs/large/content"))
		require.Equal(t, 503, status)
		require.Contains(t, problem, "8 requests are under way")
		require.Equal(t, 5*time.Second, time.Since(began))
		time.Sleep(time.Second) // until the next one waits beyond the others' deadline
		status, content := answer(ask("/api/docs/large/content"))
		require.Equal(t, 200, status, "the others are cut off")
		require.Len(t, content, 360_000)
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}
