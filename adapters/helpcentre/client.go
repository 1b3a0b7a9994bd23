package helpcentre

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	defaultRate    = 5.0 // requests a second
	defaultTimeout = 30 * time.Second
	defaultMaxWait = 2 * time.Minute
	defaultTries   = 4
	defaultMax     = 5 << 20 // bytes of one page

	maxRedirects = 5 // hops; RFC 9309, section 2.3.1.2, wants as many for robots.txt
	maxHeader    = 64 << 10
	maxSaid      = 4 << 10 // bytes that are kept of an error's body
	// maxAway is how many requests to a host may fail in a row without any answer.
	maxAway = 5
	// maxTroubles is after how many failures in a row, in spite of all tries, each
	// further request to a host gets one try, until one succeeds.
	maxTroubles = 5
)

// Options are what a [Client] can be given.
type Options struct {
	Hosts        []string          // host or host:port that may be asked; without a port, those of http and https
	AllowPrivate bool              // whether these may be in a private network or on this machine
	Agent        string            // User-Agent; its first word, without a version, is who robots.txt speaks to
	Robots       bool              // whether robots.txt is heeded: for web pages yes, for an API with a key no
	Rate         float64           // requests a second to each host; 0: 5
	Timeout      time.Duration     // of one request, its body included; 0: 30 s
	MaxWait      time.Duration     // the longest that a host may make us wait by Retry-After; 0: 2 min
	Tries        int               // of a request that meets trouble; 0: 4
	MaxBytes     int64             // of a body, unpacked; 0: 5 MiB
	Transport    http.RoundTripper // nil: one that keeps AllowPrivate
	Resolver     *net.Resolver     // nil: the system's
	Log          *slog.Logger      // hears of waits, at level debug; nil: nobody does
}

// A Client fetches from a few hosts, slowly and warily: only http and https, and
// redirects, too, only to those hosts; nothing in private networks, whatever a
// name resolves to at that moment; no more bytes than allowed, packed or not. It
// heeds robots.txt, Retry-After and Crawl-delay, and asks again when a server is
// in trouble. Its methods may be used by many goroutines.
type Client struct {
	o    Options
	http *http.Client

	mu    sync.Mutex
	hosts map[string]*host // by host:port, with the scheme
}

// A host is what is known of a server.
type host struct {
	next time.Time     // when it may be asked again
	gap  time.Duration // between requests
	away int           // how often it failed in a row without any answer
	bad  int           // how many requests in a row met trouble in spite of all tries

	reading sync.Mutex // held while robots.txt is read
	robots  *Robots    // nil: not read yet
}

// NewClient makes a client.
func NewClient(o Options) *Client {
	o.Rate = cmp.Or(o.Rate, defaultRate)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.MaxWait = cmp.Or(o.MaxWait, defaultMaxWait)
	o.Tries = cmp.Or(o.Tries, defaultTries)
	o.MaxBytes = cmp.Or(o.MaxBytes, defaultMax)
	o.Agent = cmp.Or(o.Agent, "Signpost")
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{o: o, hosts: map[string]*host{}}
	transport := o.Transport
	if transport == nil {
		dialer := &net.Dialer{Timeout: o.Timeout, Resolver: o.Resolver, Control: c.control}
		transport = &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: o.Timeout, MaxResponseHeaderBytes: maxHeader,
			DisableCompression: true, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute,
		}
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// A Request is what to fetch.
type Request struct {
	URL      string
	Header   http.Header // such as Authorization; redirects to another host do not get it
	Known    Known       // of the last time: if it holds ETag or LastModified, the answer may be [ErrUnchanged]
	MaxBytes int64       // 0: those of the client
	Types    []string    // media types that the answer may have, such as text/html; empty: any
	robots   bool        // it is robots.txt itself
}

// A Response is an answer with status 200.
type Response struct {
	URL    *url.URL // where it came from in the end
	Header http.Header
	Body   []byte // unpacked
	Known  Known  // ETag, LastModified and At
}

// A StatusError is an answer that is none: its status is not 200. With 404 and
// 410 it is [ErrGone], too.
type StatusError struct {
	URL    string
	Status int
	Header http.Header
	Body   []byte // at most 4 KiB of it, unpacked
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("the server says %d %s", e.Status, http.StatusText(e.Status))
	switch {
	case e.Status == http.StatusNotFound || e.Status == http.StatusGone:
		return text + "; take it out of the list of the help centre, or publish it again"
	case e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden:
		return text + "; only public pages can be fetched, unless the key given may read it"
	case e.Status == http.StatusTooManyRequests:
		return text + "; run it again later, or lower rate"
	case e.Status == http.StatusNotModified:
		return text + ", though nobody asked whether it has changed; mend the server"
	case e.Status >= 500:
		return text + "; run it again later"
	}
	return text
}

func (e *StatusError) Is(target error) bool {
	return target == ErrGone && (e.Status == http.StatusNotFound || e.Status == http.StatusGone)
}

// A strayError is a redirect to where we do not go.
type strayError struct{ why error }

func (e *strayError) Error() string { return "it redirects elsewhere: " + e.why.Error() }
func (e *strayError) Unwrap() error { return e.why }

// trouble is an error that may pass; wait is how long until then, if it is known.
type trouble struct {
	err  error
	wait *backoff.RetryAfterError
}

func (t *trouble) Error() string { return t.err.Error() }

func (t *trouble) Unwrap() []error {
	if t.wait == nil {
		return []error{t.err}
	}
	return []error{t.err, t.wait}
}

// Get fetches. A status that is not 200 is a [StatusError] after all tries; 304 is
// [ErrUnchanged]. An answer of 429 to the last try, and a wait beyond
// Options.MaxWait, are [Fatal]. Errors are one line, with the mend.
func (c *Client) Get(ctx context.Context, r Request) (*Response, error) {
	target, err := c.allowed(r.URL)
	if err != nil {
		return nil, err
	}
	h, tries := c.host(target), c.o.Tries
	c.mu.Lock()
	if h.bad >= maxTroubles {
		tries = 1
	}
	c.mu.Unlock()
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval = time.Second
	response, err := backoff.Retry(ctx, func() (*Response, error) {
		response, err := c.follow(ctx, target, r)
		if t := (*trouble)(nil); err != nil && !errors.As(err, &t) {
			return nil, backoff.Permanent(err)
		}
		return response, err
	}, backoff.WithBackOff(waits), backoff.WithMaxTries(uint(tries)), backoff.WithMaxElapsedTime(0),
		backoff.WithNotify(func(err error, wait time.Duration) {
			c.o.Log.Debug("asking a help centre again", "url", r.URL, "err", err, "after", wait)
		}))
	if p := (*backoff.PermanentError)(nil); errors.As(err, &p) {
		err = p.Err
	}
	c.mu.Lock()
	h.bad++
	if t := (*trouble)(nil); !errors.As(err, &t) {
		h.bad = 0
	} else if !IsFatal(err) {
		err = t.err
	}
	c.mu.Unlock()
	if status := (*StatusError)(nil); errors.As(err, &status) && status.Status == http.StatusTooManyRequests {
		err = Fatal(err)
	}
	return response, err
}

// follow asks once, and goes where redirects lead.
func (c *Client) follow(ctx context.Context, target *url.URL, r Request) (*Response, error) {
	first, header := target, r.Header
	for hop := 0; ; hop++ {
		if c.o.Robots && !r.robots {
			if err := c.permitted(ctx, target); err != nil {
				return nil, err
			}
		}
		response, next, err := c.ask(ctx, target, header, r)
		if err != nil || next == "" {
			return response, err
		}
		if hop == maxRedirects {
			return nil, fmt.Errorf("it redirects more than %d times, in a circle or nearly; mend the redirects, or take it out of the list", maxRedirects)
		}
		u, err := target.Parse(next)
		if err != nil {
			return nil, errors.New("it redirects to what is no address; mend the redirect")
		}
		u.Fragment = ""
		if target, err = c.allowed(u.String()); err != nil {
			return nil, &strayError{err}
		}
		if first.Scheme == "https" && target.Scheme == "http" {
			return nil, fmt.Errorf("it redirects from https to %s, which anybody on the way could read and change; mend the redirect", short(target.String()))
		}
		if target.Host != first.Host {
			header = nil
		}
	}
}

// allowed reads an address that may be asked.
func (c *Client) allowed(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s is not an address; write it such as https://help.example.com/sitemap.xml", short(address))
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%s is not http or https, and nothing else is fetched", short(address))
	case u.Hostname() == "":
		return nil, fmt.Errorf("%s names no host; write it such as https://help.example.com/sitemap.xml", short(address))
	case u.User != nil:
		return nil, fmt.Errorf("the address at %s holds a user or password; remove it", u.Host)
	case !allows(c.o.Hosts, u):
		return nil, fmt.Errorf("%s is not one of the hosts given (%s); if it belongs to the help centre, add it with --host or to hosts", short(u.Host), strings.Join(c.o.Hosts, ", "))
	}
	u.Fragment = ""
	return u, nil
}

// allows reports whether an address is at one of the hosts.
func allows(hosts []string, u *url.URL) bool {
	own := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return slices.ContainsFunc(hosts, func(h string) bool {
		name, port := h, ""
		if host, p, err := net.SplitHostPort(h); err == nil {
			name, port = host, p
		}
		name = strings.Trim(name, "[]")
		return strings.EqualFold(strings.TrimSuffix(name, "."), strings.TrimSuffix(u.Hostname(), ".")) &&
			cmp.Or(port, own) == cmp.Or(u.Port(), own)
	})
}

// short is an address or name as it fits into a message: nothing in it is more
// than text.
func short(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if runes := []rune(text); len(runes) > 120 {
		text = string(runes[:120]) + "…"
	}
	quoted := strconv.QuoteToGraphic(text)
	if plain := quoted[1 : len(quoted)-1]; plain == text && !strings.ContainsAny(text, " \t") && !hidden(text) {
		return text
	}
	return strconv.QuoteToASCII(text)
}

// host is what is known of the server at an address.
func (c *Client) host(u *url.URL) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := u.Scheme + "://" + strings.ToLower(u.Host)
	if c.hosts[key] == nil {
		c.hosts[key] = &host{gap: time.Duration(float64(time.Second) / c.o.Rate)}
	}
	return c.hosts[key]
}

// turn waits until a host may be asked.
func (c *Client) turn(ctx context.Context, h *host) error {
	c.mu.Lock()
	now := time.Now()
	at := h.next
	if at.Before(now) {
		at = now
	}
	h.next = at.Add(h.gap)
	c.mu.Unlock()
	if at.Equal(now) {
		return ctx.Err()
	}
	timer := time.NewTimer(at.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask asks once. Next is where a redirect leads; empty: nowhere.
func (c *Client) ask(ctx context.Context, u *url.URL, header http.Header, r Request) (response *Response, next string, err error) {
	h := c.host(u)
	if err := c.turn(ctx, h); err != nil {
		return nil, "", err
	}
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, "", err
	}
	for name, values := range header {
		request.Header[http.CanonicalHeaderKey(name)] = values
	}
	request.Header.Set("User-Agent", c.o.Agent)
	request.Header.Set("Accept-Encoding", "gzip")
	if request.Header.Get("Accept") == "" && len(r.Types) > 0 {
		request.Header.Set("Accept", strings.Join(r.Types, ", ")+", */*;q=0.1")
	}
	if r.Known.ETag != "" {
		request.Header.Set("If-None-Match", r.Known.ETag)
	}
	if r.Known.LastModified != "" {
		request.Header.Set("If-Modified-Since", r.Known.LastModified)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, "", c.failed(whole, h, u, err)
	}
	defer answer.Body.Close()
	c.mu.Lock()
	h.away = 0
	c.mu.Unlock()

	limit := cmp.Or(r.MaxBytes, c.o.MaxBytes)
	switch status := answer.StatusCode; {
	case status == http.StatusNotModified && (r.Known.ETag != "" || r.Known.LastModified != ""):
		return nil, "", ErrUnchanged
	case slices.Contains([]int{301, 302, 303, 307, 308}, status):
		if next = answer.Header.Get("Location"); next == "" {
			return nil, "", errors.New("it redirects to nowhere; mend the redirect")
		}
		return nil, next, nil
	case status != http.StatusOK:
		said, _ := unpack(answer, maxSaid)
		failure := &StatusError{URL: u.String(), Status: status, Header: answer.Header, Body: said[:min(len(said), maxSaid)]}
		if status != http.StatusTooManyRequests && status < 500 {
			return nil, "", failure
		}
		t := &trouble{err: failure}
		wait, told := retryAfter(answer.Header.Get("Retry-After"), time.Now())
		if !told {
			wait, told = limitReset(answer.Header.Get("X-RateLimit-Reset"), time.Now())
		}
		if told && wait > c.o.MaxWait {
			return nil, "", Fatal(fmt.Errorf("%s says %d and to come back in %v, which is longer than we wait; run it again then: it goes on where it stopped", u.Host, status, wait.Round(time.Second)))
		}
		if told {
			t.wait = &backoff.RetryAfterError{Duration: wait}
		}
		return nil, "", t
	}
	if kind := answer.Header.Get("Content-Type"); len(r.Types) > 0 {
		media, _, err := mime.ParseMediaType(kind)
		if err != nil || !slices.Contains(r.Types, media) {
			return nil, "", fmt.Errorf("it is %s, not %s; take it out of the list", short(cmp.Or(media, kind, "of no type")), strings.Join(r.Types, " or "))
		}
	}
	body, err := unpack(answer, limit)
	switch {
	case errors.Is(err, errLarge):
		return nil, "", fmt.Errorf("it is larger than %s; raise max_bytes if that is meant, or split it", size(limit))
	case err != nil && whole.Err() != nil:
		return nil, "", whole.Err()
	case ctx.Err() != nil:
		return nil, "", &trouble{err: fmt.Errorf("it did not arrive within %v; run it again later, or raise timeout", c.o.Timeout)}
	case errors.Is(err, errPacked):
		return nil, "", err
	case err != nil:
		return nil, "", &trouble{err: fmt.Errorf("the answer broke off: %w; run it again later", reason(err))}
	}
	return &Response{URL: u, Header: answer.Header, Body: body, Known: Known{
		ETag: answer.Header.Get("ETag"), LastModified: answer.Header.Get("Last-Modified"), At: time.Now().UTC(),
	}}, "", nil
}

var (
	errLarge  = errors.New("too large")
	errPacked = errors.New("it is packed in a way that cannot be read; serve it plain or with gzip")
)

// unpack reads a body; errLarge if it has more than limit bytes, before or after
// unpacking.
func unpack(answer *http.Response, limit int64) ([]byte, error) {
	if answer.ContentLength > limit {
		return nil, errLarge
	}
	var from io.Reader = io.LimitReader(answer.Body, limit+1)
	switch strings.ToLower(answer.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip", "x-gzip":
		unzip, err := gzip.NewReader(from)
		if errors.Is(err, gzip.ErrHeader) {
			return nil, errPacked
		}
		if err != nil {
			return nil, err
		}
		from = io.LimitReader(unzip, limit+1)
	default:
		return nil, errPacked
	}
	body, err := io.ReadAll(from)
	if int64(len(body)) > limit {
		return body, errLarge
	}
	if errors.Is(err, gzip.ErrChecksum) || errors.Is(err, gzip.ErrHeader) {
		err = errPacked
	}
	return body, err
}

// gunzip unpacks what is a gzip file by itself, as sitemap.xml.gz.
func gunzip(packed []byte, limit int64) ([]byte, error) {
	unzip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, errPacked
	}
	body, err := io.ReadAll(io.LimitReader(unzip, limit+1))
	switch {
	case int64(len(body)) > limit:
		return nil, fmt.Errorf("it is larger than %s when unpacked; split it", size(limit))
	case err != nil:
		return nil, errPacked
	}
	return body, nil
}

// failed explains a request without any answer.
func (c *Client) failed(ctx context.Context, h *host, u *url.URL, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if refused := (*privateError)(nil); errors.As(err, &refused) {
		return refused
	}
	c.mu.Lock()
	h.away++
	away := h.away
	c.mu.Unlock()
	switch {
	case errors.As(err, new(*net.DNSError)):
		err = fmt.Errorf("%s has no address; check its spelling and the network", short(u.Hostname()))
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("%s does not answer within %v; run it again later, or raise timeout", short(u.Host), c.o.Timeout)
	default:
		err = fmt.Errorf("%s cannot be asked: %w; run it again later", short(u.Host), reason(err))
	}
	if away >= maxAway {
		return Fatal(err)
	}
	return &trouble{err: err}
}

// reason is an error of the network without the address and the ports, which
// messages name already or nobody needs.
func reason(err error) error {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		err = e.Err
	}
	if e := (*net.OpError)(nil); errors.As(err, &e) {
		err = e.Err
	}
	if e := syscall.Errno(0); errors.As(err, &e) {
		return e
	}
	return errors.New(cut(line(err.Error()), maxReason)) // it may quote the server, as of a certificate
}

// maxReason is how many characters of such an error are told.
const maxReason = 200

// A privateError is an address that nobody outside should make us ask.
type privateError struct {
	address netip.Addr
	never   bool // not even if private ones are allowed
}

func (e *privateError) Error() string {
	if e.never {
		return fmt.Sprintf("its host is at %s, where no help centre can be; nothing there is asked", e.address)
	}
	return fmt.Sprintf("its host is at %s, in a private network; if that is your own help centre, allow it with --allow-private or allow_private: true", e.address)
}

// control refuses connections into private networks. It sees the address that is
// dialled, after the name was resolved: what the name resolved to a moment ago
// does not count.
func (c *Client) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	private, never := private(at.Addr())
	if never || private && !c.o.AllowPrivate {
		return &privateError{at.Addr(), never}
	}
	return nil
}

// Networks that are not the public internet.
// Source: https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry
var (
	privateNets = prefixes("10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 100.64.0.0/10 ::1/128 fc00::/7")
	// Link-local addresses hold the metadata services of clouds, with their keys.
	// Some have them elsewhere: Alibaba Cloud, Azure, AWS and Google Cloud.
	// Source: https://www.alibabacloud.com/help/en/ecs/user-guide/view-instance-metadata,
	// https://learn.microsoft.com/en-us/azure/virtual-network/what-is-ip-address-168-63-129-16,
	// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
	// and https://cloud.google.com/compute/docs/metadata/querying-metadata
	neverNets = prefixes("100.100.100.200/32 168.63.129.16/32 fd00:ec2::254/128 fd20:ce::254/128 " +
		"0.0.0.0/8 169.254.0.0/16 192.0.0.0/24 192.0.2.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 " +
		"::/128 fe80::/10 fec0::/10 ff00::/8 100::/64 2001::/23 2001:db8::/32 5f00::/16")
	// Those that hold an IPv4 address, and after how many bytes.
	wrapping = map[netip.Prefix]int{
		netip.MustParsePrefix("64:ff9b::/96"): 12, netip.MustParsePrefix("64:ff9b:1::/48"): 12, netip.MustParsePrefix("2002::/16"): 2, netip.MustParsePrefix("::/96"): 12,
	}
)

func prefixes(list string) (nets []netip.Prefix) {
	for text := range strings.FieldsSeq(list) {
		nets = append(nets, netip.MustParsePrefix(text))
	}
	return nets
}

// private reports whether an address is in a private network, and whether it is
// where no web server of anybody's can be.
func private(a netip.Addr) (is, never bool) {
	a = a.Unmap().WithZone("")
	in := func(nets []netip.Prefix) bool {
		return slices.ContainsFunc(nets, func(p netip.Prefix) bool { return p.Contains(a) })
	}
	if in(neverNets) {
		return true, true
	}
	if in(privateNets) {
		return true, false
	}
	for net, at := range wrapping {
		if net.Contains(a) {
			all := a.As16()
			if inner, ok := netip.AddrFromSlice(all[at : at+4]); ok {
				return private(inner)
			}
		}
	}
	return false, false
}

// retryAfter reads the header: seconds or a date.
// Source: https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}

// limitReset reads when a limit of requests begins anew, in Unix seconds: what
// Intercom says instead of Retry-After. Other times than those of the next hour
// are something else, for nobody has defined the header.
// Source: https://developers.intercom.com/docs/references/2.17/rest-api/errors/rate-limiting
func limitReset(value string, now time.Time) (time.Duration, bool) {
	at, err := strconv.ParseInt(value, 10, 64)
	wait := time.Unix(at, 0).Sub(now)
	return wait, err == nil && wait > 0 && wait <= time.Hour
}

// size is a number of bytes as people read it.
func size(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}
