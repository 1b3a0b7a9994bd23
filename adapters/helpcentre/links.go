package helpcentre

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/sync/errgroup"
)

// A Link is an address that articles lead to.
type Link struct {
	URL     string   // http or https
	Anchors []string // places on the page that are led to
}

// A Fate is what became of asking for a link.
type Fate string

const (
	Found  Fate = "found"  // the page is there
	Dead   Fate = "dead"   // it is not
	Untold Fate = "untold" // nobody but a person with a browser can tell
)

// A Visit is what came of asking for a link.
type Visit struct {
	Link
	Fate    Fate
	Why     string   // of what is not found: "404 Not Found"
	Moved   string   // where the page has moved for good; empty: nowhere
	Missing []string // anchors that the page does not have
}

const (
	linkHosts   = 6                // that are asked at a time, each one link after the other
	linkTimeout = 15 * time.Second // of one request
	linkWait    = 30 * time.Second // the longest that is waited when a host says to come again later
	linkRate    = 4.0              // requests a second to each host
	linkPage    = 2 << 20          // bytes of a page that are searched for anchors
	slowestGap  = 5 * time.Second  // between requests to a host that asked for less
)

// A LinkChecker asks whether pages are there, as politely and warily as a
// [Client], but anywhere: hosts are those that articles name.
type LinkChecker struct {
	client *Client

	mu     sync.Mutex
	robots map[string]*robotsVisit // by scheme and host
}

// A robotsVisit is what came of asking a host for its robots.txt.
type robotsVisit struct {
	once  sync.Once
	rules *Robots
	err   error // a visitError, or that of the context
}

// NewLinkChecker makes one. Of the options, Agent, AllowPrivate, Transport,
// Resolver, Rate and Timeout count.
func NewLinkChecker(o Options) *LinkChecker {
	if o.Rate == 0 {
		o.Rate = linkRate
	}
	if o.Timeout == 0 {
		o.Timeout = linkTimeout
	}
	o.MaxWait = linkWait
	return &LinkChecker{client: NewClient(o), robots: map[string]*robotsVisit{}}
}

// Close ends idle connections.
func (c *LinkChecker) Close() { c.client.Close() }

// Check asks for every link, a few hosts at a time, and returns what came of each
// in their order. Progress hears how many are done; nil is fine. It fails only
// with the error of ctx.
func (c *LinkChecker) Check(ctx context.Context, links []Link, progress func(done, of int)) ([]Visit, error) {
	visits := make([]Visit, len(links))
	byHost := map[string][]int{}
	var hosts []string
	for i, link := range links {
		host := ""
		if u, err := url.Parse(link.URL); err == nil {
			host = strings.ToLower(u.Host)
		}
		if byHost[host] == nil {
			hosts = append(hosts, host)
		}
		byHost[host] = append(byHost[host], i)
	}
	var mu sync.Mutex
	done, heard := 0, false
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(linkHosts)
	for _, host := range hosts {
		group.Go(func() error {
			for _, i := range byHost[host] {
				visit, answered, err := c.visit(ctx, links[i])
				if err != nil {
					return err
				}
				visits[i] = visit
				mu.Lock()
				heard = heard || answered
				if done++; progress != nil {
					progress(done, len(links))
				}
				mu.Unlock()
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if !heard {
		// Nobody answers and no name is known: more likely we have no network.
		for i := range visits {
			visits[i].Fate = Untold
		}
	}
	return visits, nil
}

// A visitError is why a link is not found.
type visitError struct {
	fate Fate
	why  string
}

func (e *visitError) Error() string { return e.why }

func untold(format string, args ...any) error {
	return &visitError{Untold, fmt.Sprintf(format, args...)}
}

// visit asks for a link. The error is that of ctx.
func (c *LinkChecker) visit(ctx context.Context, link Link) (v Visit, answered bool, err error) {
	v = Visit{Link: link, Fate: Found}
	answer, err := c.follow(ctx, &v)
	if ctx.Err() != nil {
		return v, false, ctx.Err()
	}
	if e := (*visitError)(nil); errors.As(err, &e) {
		v.Fate, v.Why = e.fate, e.why
		return v, answer != nil, nil
	}
	switch s := answer.status; {
	case s >= 200 && s < 300:
		if len(link.Anchors) > 0 {
			v.Missing = answer.missing(link.Anchors)
		}
	case s == http.StatusNotFound || s == http.StatusGone:
		v.Fate, v.Why = Dead, statusText(s)
	default:
		v.Fate, v.Why = Untold, statusText(s)
	}
	return v, true, nil
}

func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// follow asks for a link and goes where redirects lead. There may be an answer
// beside the error: of a host that was there.
func (c *LinkChecker) follow(ctx context.Context, v *Visit) (*linkAnswer, error) {
	target, err := url.Parse(v.URL)
	if err != nil || target.Hostname() == "" {
		return nil, untold("is no address")
	}
	var last *linkAnswer
	for hop, forGood := 0, true; ; hop++ {
		if target.User != nil {
			return last, untold("holds a user or password; remove it")
		}
		if err := c.may(ctx, target); err != nil {
			return last, err
		}
		answer, err := c.look(ctx, target, len(v.Anchors) > 0)
		if err != nil {
			return last, err
		}
		last = answer
		if answer.next == "" {
			return answer, nil
		}
		if hop == maxRedirects {
			return answer, untold("redirects in a circle, at least programs")
		}
		if target, err = target.Parse(answer.next); err != nil || target.Scheme != "http" && target.Scheme != "https" || target.Hostname() == "" {
			return answer, untold("redirects to what is no web page")
		}
		target.Fragment = ""
		// What is moved for a while is best linked to where it was.
		if forGood = forGood && (answer.status == http.StatusMovedPermanently || answer.status == http.StatusPermanentRedirect); forGood {
			v.Moved = ""
			if plainAddress(target.String()) != plainAddress(v.URL) {
				v.Moved = target.String()
			}
		}
	}
}

// plainAddress is an address but for what hardly anybody would change a link for.
func plainAddress(address string) string {
	address = strings.TrimPrefix(strings.TrimPrefix(address, "https://"), "http://")
	return strings.TrimSuffix(address, "/")
}

// may reads the robots.txt of a host once, and reports a page that it forbids.
func (c *LinkChecker) may(ctx context.Context, u *url.URL) error {
	key := u.Scheme + "://" + strings.ToLower(u.Host)
	c.mu.Lock()
	r := c.robots[key]
	if r == nil {
		r = &robotsVisit{}
		c.robots[key] = r
	}
	c.mu.Unlock()
	r.once.Do(func() { // one that redirects is none
		where := &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/robots.txt"}
		answer, err := c.ask(ctx, http.MethodGet, where, true)
		r.rules = &Robots{}
		switch {
		case err != nil:
			r.err = err
		case answer.status == http.StatusOK:
			r.rules = ParseRobots(answer.body, product(c.client.o.Agent))
			c.slow(u, r.rules.Delay)
		case answer.status == http.StatusTooManyRequests || answer.status >= 500: // RFC 9309, section 2.3.1.4: stay away
			r.err = untold("its robots.txt cannot be read: %s", statusText(answer.status))
		}
	})
	switch {
	case r.err != nil:
		return r.err
	case !r.rules.Allows(u.RequestURI()):
		return untold("the robots.txt of %s asks programs to stay away", short(u.Host))
	}
	return nil
}

// slow leaves at least a gap between requests to a host.
func (c *LinkChecker) slow(u *url.URL, gap time.Duration) {
	h := c.client.host(u)
	c.client.mu.Lock()
	h.gap = max(h.gap, gap)
	c.client.mu.Unlock()
}

// look asks for a page: without its body if that will do, and with it where a
// server does not answer such a request as it would a browser's. A host that asks
// for patience gets it once.
func (c *LinkChecker) look(ctx context.Context, u *url.URL, whole bool) (*linkAnswer, error) {
	method := http.MethodHead
	if whole {
		method = http.MethodGet
	}
	answer, err := c.ask(ctx, method, u, whole)
	if err == nil && (answer.status == http.StatusTooManyRequests || answer.status == http.StatusServiceUnavailable) {
		c.slow(u, min(2*c.client.host(u).gapOf(c.client), slowestGap))
		if !answer.told || answer.wait > linkWait {
			return answer, nil
		}
		timer := time.NewTimer(answer.wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		answer, err = c.ask(ctx, method, u, whole)
	}
	if err == nil && answer.status >= 400 && answer.status != http.StatusTooManyRequests && method == http.MethodHead {
		answer, err = c.ask(ctx, http.MethodGet, u, false)
	}
	return answer, err
}

func (h *host) gapOf(c *Client) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return h.gap
}

// A linkAnswer is what a server said.
type linkAnswer struct {
	status int
	next   string // where a redirect leads
	wait   time.Duration
	told   bool   // wait was said
	body   []byte // if it was asked for: as much as is read
	cut    bool   // there is more of it, or it broke off
	page   bool   // it is HTML
}

// ask asks once, when it is our turn.
func (c *LinkChecker) ask(ctx context.Context, method string, u *url.URL, whole bool) (*linkAnswer, error) {
	h := c.client.host(u)
	c.client.mu.Lock()
	away := h.away >= maxAway
	c.client.mu.Unlock()
	if away {
		return nil, untold("%s does not answer", short(u.Host))
	}
	if err := c.client.turn(ctx, h); err != nil {
		return nil, err
	}
	asked, cancel := context.WithTimeout(ctx, c.client.o.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(asked, method, u.String(), nil)
	if err != nil {
		return nil, untold("is no address")
	}
	request.Header.Set("User-Agent", c.client.o.Agent)
	request.Header.Set("Accept-Encoding", "gzip")
	request.Header.Set("Accept", "text/html, */*;q=0.5")
	answer, err := c.client.http.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, c.unanswered(h, u, err)
	}
	defer answer.Body.Close()
	c.client.mu.Lock()
	h.away = 0
	c.client.mu.Unlock()
	a := &linkAnswer{status: answer.StatusCode, page: strings.Contains(answer.Header.Get("Content-Type"), "html")}
	a.wait, a.told = retryAfter(answer.Header.Get("Retry-After"), time.Now())
	if slices.Contains([]int{301, 302, 303, 307, 308}, a.status) {
		if a.next = answer.Header.Get("Location"); a.next == "" {
			return nil, untold("redirects to nowhere")
		}
	}
	if whole && a.status == http.StatusOK {
		answer.ContentLength = -1 // of a large page, the beginning will do
		a.body, err = unpack(answer, linkPage)
		a.cut = err != nil
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return a, nil
}

// unanswered says why there is no answer.
func (c *LinkChecker) unanswered(h *host, u *url.URL, err error) error {
	if refused := (*privateError)(nil); errors.As(err, &refused) {
		if refused.never {
			return untold("%s is at %s, where nothing is asked", short(u.Host), refused.address)
		}
		return untold("%s is in a private network; --allow-private has it asked", short(u.Host))
	}
	c.client.mu.Lock()
	h.away++
	c.client.mu.Unlock()
	dns := (*net.DNSError)(nil)
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return &visitError{Dead, short(u.Hostname()) + " has no address"}
	case errors.Is(err, context.DeadlineExceeded):
		return untold("%s does not answer within %v", short(u.Host), c.client.o.Timeout)
	}
	return untold("%s cannot be asked: %v", short(u.Host), reason(err))
}

// missing lists the anchors that a page does not have. A page that has no place
// to lead to at all is made by its scripts, and so tells nothing.
func (a *linkAnswer) missing(anchors []string) (missing []string) {
	if !a.page || a.cut {
		return nil
	}
	places := placesIn(bytes.NewReader(a.body))
	if len(places) == 0 {
		return nil
	}
	for _, anchor := range anchors {
		// GitHub and some others add this prefix to places that authors named.
		if !places[anchor] && !places["user-content-"+anchor] {
			missing = append(missing, anchor)
		}
	}
	return missing
}

// placesIn are the ids and names in a page; none if no heading or link has one.
func placesIn(page io.Reader) map[string]bool {
	places, useful := map[string]bool{}, false
	for tokens := html.NewTokenizer(page); ; {
		switch tokens.Next() {
		case html.ErrorToken: // the end, or what no browser reads either
			if !useful {
				return nil
			}
			return places
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := tokens.TagName()
			tag := string(name)
			for more {
				var key, value []byte
				key, value, more = tokens.TagAttr()
				if len(value) > 0 && (string(key) == "id" || string(key) == "name" && tag == "a") {
					places[string(value)] = true
					useful = useful || tag == "a" || len(tag) == 2 && tag[0] == 'h' && tag[1] >= '1' && tag[1] <= '6'
				}
			}
		}
	}
}
