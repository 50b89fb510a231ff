package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Every web page can reach 127.0.0.1, and by a name of its own that it points there (DNS rebinding) every other address too.
// So two things are checked: the Host of every request, which must be an address, localhost, or a name that was
// allowed; and the Origin of every WebSocket, which must be this server's own page or one that was allowed. A program that is no
// browser sends no Origin, and is not asked for one.

var (
	errHost   = errors.New("unexpected Host")
	errOrigin = errors.New("origin not allowed")
)

// originRule is who may ask.
type originRule struct {
	origins   map[string]bool // scheme://host[:port], lower case
	hosts     map[string]bool // names without port, lower case
	anyOrigin bool
	anyHost   bool
}

func newOriginRule(origins, hosts []string) (originRule, error) {
	rule := originRule{origins: map[string]bool{}, hosts: map[string]bool{}}
	for _, h := range hosts {
		if h == "*" {
			rule.anyHost = true
			continue
		}
		if h == "" || strings.ContainsAny(h, "*/@ ") {
			return rule, fmt.Errorf("allowed host %q: it should be like docs.example.com", h)
		}
		rule.hosts[hostname(h)] = true
	}
	for _, o := range origins {
		if o == "*" {
			rule.anyOrigin = true
			continue
		}
		u, err := url.Parse(strings.ToLower(o))
		if err != nil || u.Scheme == "" || u.Host == "" || strings.Trim(u.Path, "/") != "" || strings.ContainsAny(o, "*?#@ ") {
			return rule, fmt.Errorf("allowed origin %q: it should be like https://app.example.com", o)
		}
		rule.origins[canonicalOrigin(u)] = true
		rule.hosts[u.Hostname()] = true
	}
	return rule, nil
}

// canonicalOrigin is an origin without a port that its scheme has anyway.
func canonicalOrigin(u *url.URL) string {
	host := u.Host
	if u.Scheme == "http" && u.Port() == "80" || u.Scheme == "https" && u.Port() == "443" {
		host = strings.TrimSuffix(host, ":"+u.Port())
	}
	return u.Scheme + "://" + host
}

// checkHost refuses names that nobody gave this server.
func (o originRule) checkHost(r *http.Request) error {
	host := hostname(r.Host)
	if o.anyHost || host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") || o.hosts[host] {
		return nil
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	return fmt.Errorf("%w %q: to serve under this name, start with --allow-host %s", errHost, host, host)
}

// hostname is a Host without its port, in lower case.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.Trim(host, "[]"))
}

// checkOrigin refuses pages of others.
func (o originRule) checkOrigin(r *http.Request) error {
	all := r.Header.Values("Origin")
	switch {
	case len(all) == 0, o.anyOrigin:
		return nil
	case len(all) > 1:
		return fmt.Errorf("%w: there are %d of them", errOrigin, len(all))
	}
	u, err := url.Parse(strings.ToLower(all[0]))
	if err != nil || u.Host == "" {
		return fmt.Errorf("%w: %q", errOrigin, all[0])
	}
	origin := canonicalOrigin(u)
	if o.origins[origin] {
		return nil
	}
	// The page's own scheme is not known behind a proxy that ends TLS: either will do for the same host and port.
	own := strings.ToLower(r.Host)
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%w: %q", errOrigin, all[0])
	}
	if u.Host == own || canonicalOrigin(&url.URL{Scheme: u.Scheme, Host: own}) == origin {
		return nil
	}
	return fmt.Errorf("%w: a page of %s, and this is %s: to allow it, start with --allow-origin %s "+
		"(a proxy in front should pass the Host header on)", errOrigin, origin, own, origin)
}
