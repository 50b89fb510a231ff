package main

import (
	"io"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tandem/doc"
)

// get is a page, and its status.
func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(content)
}

func TestServeAdmin(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	data := filepath.Join(t.TempDir(), "data")
	addr := taken.Addr().String()
	line := bad(t, 1, "serve", "--data", data, "--listen", "127.0.0.1:0", "--admin-listen", addr)
	require.Contains(t, line, "listen on "+addr)
	require.Contains(t, line, "choose another port with --admin-listen")

	require.NoError(t, taken.Close())
	url, stop := served(t, data, "--admin-listen", addr)
	edits(t, url, "a", doc.Text, []string{"Ann"}, `["a"]`)
	status, body := get(t, "http://"+addr+"/metrics")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, "\ntandem_commits_total 1\n")
	status, body = get(t, "http://"+addr+"/healthz")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "ok\n", body)
	status, body = get(t, url+"metrics")
	require.Equal(t, http.StatusNotFound, status, "never on the public address")
	require.NotContains(t, body, "tandem_")
	http.DefaultClient.CloseIdleConnections()
	stop()
	_, err = net.Dial("tcp", addr)
	require.Error(t, err, "it ends with the server")
}

func TestServeAdminRefused(t *testing.T) {
	for _, row := range []struct{ listen, admin string }{
		{"127.0.0.1:8080", "127.0.0.1:8080"},
		{"127.0.0.1:8080", "localhost:8080"},
		{"0.0.0.0:8080", "127.0.0.1:8080"},
		{"127.0.0.1:8080", ":8080"},
		{"[::]:8080", "[::1]:8080"},
	} {
		line := bad(t, 2, "serve", "--data", t.TempDir(), "--listen", row.listen, "--admin-listen", row.admin)
		require.Contains(t, line, "--admin-listen "+row.admin+": ")
	}
	require.Contains(t, bad(t, 2, "serve", "--data", t.TempDir(), "--latency-budget", "-1ms"), "--latency-budget -1ms: it is 0 or more")
	require.False(t, overlap("127.0.0.1:0", "127.0.0.1:0"), "two ports")
	require.False(t, overlap("127.0.0.1:8080", "127.0.0.1:9090"))
	require.False(t, overlap("127.0.0.1:8080", "192.0.2.1:8080"))
}
