package helpcentre

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A script is a transport that answers by itself: for tests of waiting.
type script func(r *http.Request, n int) (status int, header http.Header, body string)

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = append(s.asked, time.Now())
	s.requests = append(s.requests, r)
	status, header, body := s.script(r, len(s.asked))
	if status == 0 {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1, Request: r}, nil
}

type scripted struct {
	script   script
	asked    []time.Time
	requests []*http.Request
}

const home = "https://help.example.com"

func TestClientWaits(t *testing.T) {
	tests := []struct {
		name   string
		script script
		want   string // the error; empty: none
		fatal  bool
		waits  []time.Duration // at least, between requests
	}{
		{"fine", func(*http.Request, int) (int, http.Header, string) { return 200, nil, "x" }, "", false, nil},
		{"429 and seconds", func(_ *http.Request, n int) (int, http.Header, string) {
			if n == 1 {
				return 429, http.Header{"Retry-After": {"7"}}, ""
			}
			return 200, nil, "x"
		}, "", false, []time.Duration{7 * time.Second}},
		{"503 and a date", func(_ *http.Request, n int) (int, http.Header, string) {
			if n == 1 {
				return 503, http.Header{"Retry-After": {time.Now().Add(20 * time.Second).UTC().Format(http.TimeFormat)}}, ""
			}
			return 200, nil, "x"
		}, "", false, []time.Duration{19 * time.Second}},
		{"too long", func(*http.Request, int) (int, http.Header, string) {
			return 429, http.Header{"Retry-After": {"3600"}}, ""
		}, "help.example.com says 429 and to come back in 1h0m0s, which is longer than we wait; run it again then: it goes on where it stopped", true, nil},
		{"429 for ever", func(*http.Request, int) (int, http.Header, string) { return 429, nil, "" },
			"the server says 429 Too Many Requests; run it again later, or lower rate", true, []time.Duration{400 * time.Millisecond, 400 * time.Millisecond, 400 * time.Millisecond}},
		{"500 for ever", func(*http.Request, int) (int, http.Header, string) { return 500, nil, "" },
			"the server says 500 Internal Server Error; run it again later", false, []time.Duration{0, 0, 0}},
		{"404", func(*http.Request, int) (int, http.Header, string) { return 404, nil, "" },
			"the server says 404 Not Found; take it out of the list of the help centre, or publish it again", false, nil},
		{"away", func(*http.Request, int) (int, http.Header, string) { return 0, nil, "" },
			"help.example.com cannot be asked: connection refused; run it again later", false, []time.Duration{0, 0, 0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scripted{script: test.script}
				c := NewClient(Options{Hosts: []string{"help.example.com"}, Transport: s, Rate: 100})
				_, err := c.Get(t.Context(), Request{URL: home})
				if fmt.Sprint(err) != test.want && (err != nil || test.want != "") {
					t.Errorf("Get = %v, want %q", err, test.want)
				}
				if IsFatal(err) != test.fatal {
					t.Errorf("fatal is %v", IsFatal(err))
				}
				if len(s.asked) != 1+len(test.waits) {
					t.Fatalf("asked %d times", len(s.asked))
				}
				for i, want := range test.waits {
					if got := s.asked[i+1].Sub(s.asked[i]); got < want {
						t.Errorf("wait %d was %v, want %v", i, got, want)
					}
				}
			})
		})
	}
}

// TestClientRate: requests are apart, as far as the rate or robots.txt says, and
// a host that is away is given up.
func TestClientRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{script: func(r *http.Request, n int) (int, http.Header, string) {
			if r.URL.Path == "/robots.txt" {
				return 200, nil, "User-agent: signpost\nCrawl-delay: 3\nDisallow: /no\n"
			}
			return 200, nil, "x"
		}}
		c := NewClient(Options{Hosts: []string{"help.example.com"}, Transport: s, Rate: 10, Robots: true, Agent: "Signpost/1.0 (test)"})
		for range 3 {
			if _, err := c.Get(t.Context(), Request{URL: home + "/a"}); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.asked[3].Sub(s.asked[1]); got < 6*time.Second {
			t.Errorf("two gaps took %v, want 6 s", got)
		}
		_, err := c.Get(t.Context(), Request{URL: home + "/no/page"})
		if want := "the robots.txt of help.example.com forbids it; allow the user agent Signpost there, or take it out of the list"; err == nil || err.Error() != want {
			t.Errorf("a forbidden page: %v", err)
		}
		if len(s.asked) != 4 {
			t.Errorf("%d requests, want robots.txt once and 3 pages", len(s.asked))
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := NewClient(Options{Hosts: []string{"help.example.com"}, Robots: true, Transport: &scripted{script: func(*http.Request, int) (int, http.Header, string) { return 503, nil, "" }}})
		if _, err := c.Get(t.Context(), Request{URL: home}); !IsFatal(err) || !strings.Contains(err.Error(), "so we stay away") {
			t.Errorf("robots.txt in trouble: %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := NewClient(Options{Hosts: []string{"help.example.com"}, Transport: &scripted{script: func(*http.Request, int) (int, http.Header, string) { return 0, nil, "" }}})
		if _, err := c.Get(t.Context(), Request{URL: home}); IsFatal(err) {
			t.Errorf("one page: %v", err)
		}
		if _, err := c.Get(t.Context(), Request{URL: home}); !IsFatal(err) {
			t.Errorf("two pages: %v", err)
		}
	})
}

func TestClientConditional(t *testing.T) {
	s := &scripted{script: func(r *http.Request, _ int) (int, http.Header, string) {
		if r.Header.Get("If-None-Match") == `"a"` && r.Header.Get("If-Modified-Since") == "then" {
			return 304, nil, ""
		}
		return 200, http.Header{"Etag": {`"a"`}, "Last-Modified": {"then"}}, "x"
	}}
	c := NewClient(Options{Hosts: []string{"help.example.com"}, Transport: s, Rate: 1000})
	got, err := c.Get(t.Context(), Request{URL: home})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Get(t.Context(), Request{URL: home, Known: got.Known}); !errors.Is(err, ErrUnchanged) {
		t.Errorf("the second time: %v", err)
	}
	// A server that says so unasked has told nothing.
	s.script = func(*http.Request, int) (int, http.Header, string) { return 304, nil, "" }
	_, err = c.Get(t.Context(), Request{URL: home})
	if want := "the server says 304 Not Modified, though nobody asked whether it has changed; mend the server"; err == nil || err.Error() != want {
		t.Errorf("unasked: %v", err)
	}
}

// TestClientTroubled: a host that is in trouble page after page is not asked four
// times for each, until it is well again.
func TestClientTroubled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &scripted{script: func(r *http.Request, _ int) (int, http.Header, string) {
			if r.URL.Path == "/well" {
				return 200, nil, "x"
			}
			return 503, http.Header{"Retry-After": {"100"}}, ""
		}}
		c := NewClient(Options{Hosts: []string{"help.example.com"}, Transport: s})
		tries := func(path string) int {
			before := len(s.asked)
			_, err := c.Get(t.Context(), Request{URL: home + path})
			if (err == nil) != (path == "/well") || IsFatal(err) {
				t.Errorf("%s: %v", path, err)
			}
			return len(s.asked) - before
		}
		for n := range 3 * maxTroubles {
			if got, want := tries("/ill"), map[bool]int{true: defaultTries, false: 1}[n < maxTroubles]; got != want {
				t.Errorf("page %d was asked for %d times, want %d", n, got, want)
			}
		}
		tries("/well")
		if got := tries("/ill"); got != defaultTries {
			t.Errorf("once it was well, a page was asked for %d times", got)
		}
	})
}

// TestClientRefuses: whatever a server does, it gets one clear line.
func TestClientRefuses(t *testing.T) {
	bomb := packed(bytes.Repeat([]byte("0"), 8<<20))
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	slow := make(chan struct{})
	defer close(slow)
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Location", to); w.WriteHeader(302) }
	}
	mux.HandleFunc("/loop", redirect("/loop"))
	mux.HandleFunc("/meta", redirect("http://169.254.169.254/latest/meta-data/"))
	mux.HandleFunc("/file", redirect("file:///etc/passwd"))
	mux.HandleFunc("/gopher", redirect("gopher://127.0.0.1/x"))
	mux.HandleFunc("/elsewhere", redirect("https://evil.example/"))
	mux.HandleFunc("/user", redirect("http://admin:x@"+server.Listener.Addr().String()+"/"))
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "104857600") })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb)
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		fmt.Fprint(w, "not gzip at all")
	})
	mux.HandleFunc("/brotli", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Encoding", "br") })
	mux.HandleFunc("/picture", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "image/png") })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-slow:
		case <-r.Context().Done():
		}
	})
	at := server.Listener.Addr().String()
	tests := []struct{ url, want string }{
		{server.URL + "/loop", "it redirects more than 5 times, in a circle or nearly; mend the redirects, or take it out of the list"},
		{server.URL + "/meta", "it redirects elsewhere: 169.254.169.254 is not one of the hosts given (" + at + "); if it belongs to the help centre, add it with --host or to hosts"},
		{server.URL + "/file", "it redirects elsewhere: file:///etc/passwd is not http or https, and nothing else is fetched"},
		{server.URL + "/gopher", "it redirects elsewhere: gopher://127.0.0.1/x is not http or https, and nothing else is fetched"},
		{server.URL + "/elsewhere", "it redirects elsewhere: evil.example is not one of the hosts given (" + at + "); if it belongs to the help centre, add it with --host or to hosts"},
		{server.URL + "/user", "it redirects elsewhere: the address at " + at + " holds a user or password; remove it"},
		{server.URL + "/large", "it is larger than 1 MiB; raise max_bytes if that is meant, or split it"},
		{server.URL + "/endless", "it is larger than 1 MiB; raise max_bytes if that is meant, or split it"},
		{server.URL + "/bomb", "it is larger than 1 MiB; raise max_bytes if that is meant, or split it"},
		{server.URL + "/broken", "it is packed in a way that cannot be read; serve it plain or with gzip"},
		{server.URL + "/brotli", "it is packed in a way that cannot be read; serve it plain or with gzip"},
		{server.URL + "/picture", "it is image/png, not text/html; take it out of the list"},
		{server.URL + "/slow", at + " does not answer within 200ms; run it again later, or raise timeout"},
		{"ftp://" + at, "ftp://" + at + " is not http or https, and nothing else is fetched"},
		{"https:///x", "https:///x names no host; write it such as https://help.example.com/sitemap.xml"},
		{"http://x\x1b[31m.example\u202e/", `"http://x\x1b[31m.example\u202e/" is not an address; write it such as https://help.example.com/sitemap.xml`},
	}
	c := NewClient(Options{Hosts: []string{at}, AllowPrivate: true, Rate: 1000, MaxBytes: 1 << 20, Tries: 1, Timeout: 200 * time.Millisecond})
	defer c.Close()
	for _, test := range tests {
		r := Request{URL: test.url}
		if strings.HasSuffix(test.url, "/picture") {
			r.Types = []string{"text/html"}
		}
		if _, err := c.Get(t.Context(), r); err == nil || err.Error() != test.want {
			t.Errorf("%s\n got %v\nwant %s", test.url, err, test.want)
		}
	}
	// The same server, which is on this machine, without leave.
	c = NewClient(Options{Hosts: []string{at}, Rate: 1000, Tries: 1})
	defer c.Close()
	if _, err := c.Get(t.Context(), Request{URL: server.URL}); err == nil || err.Error() != "its host is at 127.0.0.1, in a private network; if that is your own help centre, allow it with --allow-private or allow_private: true" {
		t.Errorf("this machine: %v", err)
	}
}

// TestClientBomb: a small answer that unpacks to much is not unpacked whole.
func TestClientBomb(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	for zeros := make([]byte, 1<<20); bomb.Len() < 128<<10; {
		z.Write(zeros) // 1 MiB takes 1 KiB
	}
	z.Close()
	c := NewClient(Options{Hosts: []string{"help.example.com"}, Rate: 1e6, MaxBytes: 1 << 20, Transport: &scripted{script: func(*http.Request, int) (int, http.Header, string) {
		return 200, http.Header{"Content-Encoding": {"gzip"}}, bomb.String()
	}}})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := c.Get(t.Context(), Request{URL: home}); err == nil {
		t.Error("it was unpacked")
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 { // 3 MiB
		t.Errorf("that took %d MiB of memory", took>>20)
	}
}

func packed(data []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(data)
	w.Close()
	return b.Bytes()
}

// TestClientRebinding: a name that resolves to another address each time cannot
// lead us to this machine, for it is the address dialled that counts.
func TestClientRebinding(t *testing.T) {
	secret := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a private server was asked") }))
	defer secret.Close()
	port := secret.Listener.Addr().(*net.TCPAddr).Port
	for _, address := range []string{"127.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "0.0.0.0"} {
		resolver := resolving(t, netip.MustParseAddr(address))
		c := NewClient(Options{Hosts: []string{fmt.Sprintf("help.example.com:%d", port)}, Rate: 1000, Tries: 1, Resolver: resolver})
		_, err := c.Get(t.Context(), Request{URL: fmt.Sprintf("http://help.example.com:%d/", port)})
		if refused := (*privateError)(nil); !errors.As(err, &refused) {
			t.Errorf("%s: %v", address, err)
		}
		c.Close()
	}
}

// resolving is a resolver for which every name is at one address.
func resolving(t *testing.T, a netip.Addr) *net.Resolver {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { server.Close(); <-done })
	go func() {
		defer close(done)
		buffer := make([]byte, 512)
		for {
			n, from, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) == 0 {
				continue
			}
			q := m.Questions[0]
			m.Response, m.Additionals = true, nil
			header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 0}
			switch {
			case q.Type == dnsmessage.TypeA && a.Is4():
				m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: a.As4()}}}
			case q.Type == dnsmessage.TypeAAAA && a.Is6():
				m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AAAAResource{AAAA: a.As16()}}}
			}
			if data, err := m.Pack(); err == nil {
				server.WriteTo(data, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
}

func TestPrivate(t *testing.T) {
	for _, a := range strings.Fields("127.0.0.1 127.9.9.9 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 169.254.169.254 0.0.0.0 0.1.2.3 224.0.0.1 255.255.255.255 " +
		"::1 :: ::ffff:127.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::a00:1 2002:7f00:1:: fe80::1%eth0 fc00::1 fd12::1 fec0::1 ff02::1 2001::1 2001:db8::1") {
		if is, _ := private(netip.MustParseAddr(a)); !is {
			t.Errorf("%s is taken for public", a)
		}
	}
	for _, a := range strings.Fields("169.254.169.254 192.0.0.192 100.100.100.200 168.63.129.16 fd00:ec2::254 fd20:ce::254 ::ffff:100.100.100.200 64:ff9b::a9fe:a9fe") {
		if _, never := private(netip.MustParseAddr(a)); !never {
			t.Errorf("%s, where a cloud keeps keys, is asked if private addresses are allowed", a)
		}
	}
	for _, a := range strings.Fields("1.1.1.1 8.8.8.8 172.32.0.1 100.128.0.1 169.253.0.1 2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::808:808") {
		if is, _ := private(netip.MustParseAddr(a)); is {
			t.Errorf("%s is taken for private", a)
		}
	}
}

func TestRobots(t *testing.T) {
	const text = "\uFEFF# us\r\nUser-agent: other\nUser-Agent: SIGNPOST\nDisallow: /a\nAllow: /a/b\nDisallow: /*.pdf$\nDisallow: /c*d\nCrawl-delay: 900\n\n" +
		"User-agent: *\nDisallow: /\nSitemap: https://help.example.com/s.xml\nnonsense\nDisallow:\n"
	r := ParseRobots([]byte(text), "Signpost")
	for path, want := range map[string]bool{
		"/": true, "/a": false, "/a/c": false, "/a/b": true, "/x.pdf": false, "/x.pdf?y": true, "/cxxd/": false, "/%61": false, "/robots.txt": true,
	} {
		if got := r.Allows(path); got != want {
			t.Errorf("Allows(%s) = %v", path, got)
		}
	}
	if r.Delay != maxDelay || len(r.Sitemaps) != 1 {
		t.Errorf("delay %v, sitemaps %v", r.Delay, r.Sitemaps)
	}
	if r := ParseRobots([]byte(text), "Another"); r.Allows("/x") {
		t.Error("what is for everyone is not heeded")
	}
}

// FuzzRobots: a robots.txt may hold anything; what it says of a path is the same
// each time, and an empty one forbids nothing.
func FuzzRobots(f *testing.F) {
	f.Add([]byte("User-agent: *\nDisallow: /*a*b$\nAllow: /x\nCrawl-delay: 1e99\nSitemap: :"), "/xab")
	f.Add([]byte("user-agent: signpost\ndisallow: %zz*\n"), "/%zz")
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		r := ParseRobots(data, "Signpost")
		if r.Delay < 0 || r.Delay > maxDelay {
			t.Errorf("delay %v", r.Delay)
		}
		if first, again := r.Allows(path), r.Allows(path); first != again {
			t.Error("undecided")
		}
		if len(r.rules) == 0 && !r.Allows(path) {
			t.Error("forbidden without a rule")
		}
	})
}

func TestShort(t *testing.T) {
	for text, want := range map[string]string{
		"https://help.example.com/ü": "https://help.example.com/ü",
		"a b":                        `"a b"`,
		"a\u202eb\x1b":               `"a\u202eb\x1b"`,
	} {
		if got := short(text); got != want {
			t.Errorf("short(%q) = %s, want %s", text, got, want)
		}
	}
	if u, _ := url.Parse("http://[::1]:80/"); !allows([]string{"[::1]"}, u) || allows([]string{"[::1]:81"}, u) {
		t.Error("hosts of IPv6 are told apart wrongly")
	}
}
