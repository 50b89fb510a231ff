package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"tandem/cmd/tandem/bench/load"
	"tandem/cmd/tandem/child"
)

// A target is a server that is measured.
type target struct {
	name   string
	server *child.Server // nil: it was named by a URL
	site   *load.Site
	dir    string // of a server that was started
}

// BaselineCommand is the command of this program that runs a baseline, whose name follows.
const BaselineCommand = "bench-baseline"

// startTarget starts it, on a directory of its own. It ends the job when it ends by itself.
func startTarget(ctx context.Context, c *Config, name, dir string, died func(error)) (*target, error) {
	t := &target{name: name, dir: dir, site: &load.Site{Bare: name != Tandem}}
	if name == Tandem && c.URL != "" {
		t.site.URL = c.URL
		return t, nil
	}
	words := []string{"serve", "--log-level", "warn"}
	if t.site.Bare {
		words = []string{BaselineCommand, name}
	}
	t.server = child.New(died, append(words, "--data", dir)...)
	if err := t.server.Start(ctx); err != nil {
		return nil, fmt.Errorf("%w: %s", err, t.server.Log())
	}
	t.site.Spread = true
	t.site.URL = "ws" + strings.TrimPrefix(t.server.URL(), "http") + "ws"
	return t, nil
}

func (t *target) pid() int {
	if t.server == nil {
		return 0
	}
	return t.server.PID()
}

func (t *target) stop() {
	if t.server != nil {
		t.server.Stop()
	}
}

// names are those of so many new documents: earlier runs may have been on the same server.
func names(n int) []string {
	run := strings.ToLower(rand.Text()[:10])
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("bench/%s/%d", run, i+1)
	}
	return all
}
