package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"

	"tandem/cmd/tandem/bench/load"
	"tandem/cmd/tandem/child"
)

// A target is a server that is measured.
type target struct {
	name   string
	server *child.Server // nil: it was named by a URL
	site   *load.Site
}

// startTarget starts it, on a directory of its own. It ends the job when it ends by itself.
func startTarget(ctx context.Context, c *Config, name, dir string, died func(error)) (*target, error) {
	t := &target{name: name, site: &load.Site{Bare: name != Tandem}}
	if name == Tandem && c.URL != "" {
		t.site.URL = c.URL
		return t, nil
	}
	words := slices.Concat(c.ServeWords, []string{"--data", dir})
	if t.site.Bare {
		words = slices.Concat(c.BaselineWords, []string{name, "--data", dir})
	}
	t.server = child.New(died, words...)
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
