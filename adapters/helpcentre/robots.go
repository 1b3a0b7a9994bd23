package helpcentre

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// maxRobots is how much of a robots.txt is read.
	// Source: https://www.rfc-editor.org/rfc/rfc9309#section-2.5 wants at least 500 KiB
	maxRobots = 512 << 10
	// maxDelay is the longest Crawl-delay that is heeded to the letter: with more
	// an import would take days.
	maxDelay = time.Minute
	// maxRules are those of one robots.txt that are kept.
	maxRules = 10_000
)

// Robots is what a robots.txt says to us.
type Robots struct {
	rules    []robotsRule
	Delay    time.Duration // Crawl-delay, at most a minute; 0: none
	Sitemaps []string      // addresses that it names
}

type robotsRule struct {
	pattern string
	allow   bool
}

// ParseRobots reads a robots.txt for an agent, whose name it compares without
// case. Whatever is not understood is left out.
// Source: https://www.rfc-editor.org/rfc/rfc9309
func ParseRobots(data []byte, agent string) *Robots {
	r := &Robots{}
	type group struct {
		rules []robotsRule
		delay time.Duration
	}
	ours, all := group{}, group{}
	named := false // whether a group names us
	mine, any := false, false
	agents := false // whether the line before was a user-agent
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(data[:min(len(data), maxRobots)]), "\uFEFF"))
	for line := range strings.SplitSeq(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		key, value, found := strings.Cut(line, ":")
		if !found {
			continue
		}
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(value)
		add := func(to func(g *group)) {
			if mine {
				to(&ours)
			}
			if any {
				to(&all)
			}
		}
		switch key {
		case "user-agent":
			if !agents {
				mine, any = false, false
			}
			agents = true
			if strings.EqualFold(value, agent) {
				mine, named = true, true
			}
			any = any || value == "*"
			continue
		case "allow", "disallow":
			add(func(g *group) {
				if value != "" && len(g.rules) < maxRules {
					g.rules = append(g.rules, robotsRule{unescape(value), key == "allow"})
				}
			})
		case "crawl-delay":
			if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
				add(func(g *group) { g.delay = time.Duration(min(seconds, maxDelay.Seconds()) * float64(time.Second)) })
			}
		case "sitemap":
			if len(r.Sitemaps) < maxRules {
				r.Sitemaps = append(r.Sitemaps, value)
			}
			continue
		}
		agents = false
	}
	chosen := all
	if named {
		chosen = ours
	}
	r.rules, r.Delay = chosen.rules, chosen.delay
	return r
}

// Allows reports whether we may ask for a path with its query. The longest rule
// that fits decides, and allowing wins among equals.
func (r *Robots) Allows(path string) bool {
	path = unescape(path)
	length, allow := -1, true
	for _, rule := range r.rules {
		if n := len(rule.pattern); (n > length || n == length && rule.allow) && matches(rule.pattern, path) {
			length, allow = n, rule.allow
		}
	}
	return allow
}

// matches reports whether a pattern, with * for anything and $ for the end,
// fits the beginning of a path.
func matches(pattern, path string) bool {
	pattern, whole := strings.CutSuffix(pattern, "$")
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(path, parts[0]) {
		return false
	}
	path = path[len(parts[0]):]
	for i, part := range parts[1:] {
		if whole && i == len(parts)-2 {
			return strings.HasSuffix(path, part)
		}
		_, after, found := strings.Cut(path, part)
		if !found {
			return false
		}
		path = after
	}
	return !whole || path == ""
}

// unescape makes paths comparable that differ in how characters are escaped.
func unescape(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	return path
}

// permitted reads the robots.txt of a host once, and reports a page that it
// forbids.
func (c *Client) permitted(ctx context.Context, u *url.URL) error {
	r, err := c.Robots(ctx, u)
	if err != nil {
		return err
	}
	if !r.Allows(u.RequestURI()) {
		return &forbidden{short(u.Host), product(c.o.Agent)}
	}
	return nil
}

// A forbidden page is one that a robots.txt tells us to leave alone.
type forbidden struct{ host, agent string }

func (f *forbidden) Error() string {
	return fmt.Sprintf("the robots.txt of %s forbids it; allow the user agent %s there, or take it out of the list", f.host, f.agent)
}

// why is what a report counts such pages under.
func (f *forbidden) why() string {
	return fmt.Sprintf("the robots.txt of %s forbids them; to import them, allow the user agent %s there", f.host, f.agent)
}

// Robots is what the host of an address says in its robots.txt, which is read
// once. Without one everything is allowed; an error is [Fatal], for then nothing
// is.
func (c *Client) Robots(ctx context.Context, u *url.URL) (*Robots, error) {
	h := c.host(u)
	h.reading.Lock()
	defer h.reading.Unlock()
	if h.robots != nil {
		return h.robots, nil
	}
	where := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"}
	response, err := c.Get(ctx, Request{URL: where.String(), MaxBytes: maxRobots, robots: true})
	status := (*StatusError)(nil)
	switch {
	case errors.As(err, &status) && status.Status < 500 && status.Status != http.StatusTooManyRequests:
		h.robots = &Robots{} // none: RFC 9309, section 2.3.1.3
		return h.robots, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, new(*privateError)), IsFatal(err):
		return nil, Fatal(err)
	case err != nil:
		return nil, Fatal(fmt.Errorf("robots.txt of %s cannot be read, so we stay away, as RFC 9309 has it: %w", short(u.Host), err))
	}
	h.robots = ParseRobots(response.Body, product(c.o.Agent))
	c.mu.Lock()
	h.gap = max(h.gap, h.robots.Delay)
	c.mu.Unlock()
	return h.robots, nil
}

// product is the name of an agent, without its version.
func product(agent string) string {
	name, _, _ := strings.Cut(agent, " ")
	name, _, _ = strings.Cut(name, "/")
	return name
}
