package helpcentre

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A nasty transport answers as its hosts would, good and bad ones, and keeps what
// it was asked.
type nasty struct {
	mu    sync.Mutex
	asked []string // method, address and after how many seconds
	began time.Time
}

func (n *nasty) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	n.asked = append(n.asked, fmt.Sprintf("%s %s %.0f", r.Method, r.URL.Host+r.URL.Path, time.Since(n.began).Seconds()))
	patient := len(n.asked) > 1 && slices.ContainsFunc(n.asked[:len(n.asked)-1], func(before string) bool { return strings.Contains(before, r.URL.Path+" ") })
	n.mu.Unlock()
	header := http.Header{"Content-Type": {"text/html; charset=utf-8"}}
	answer := func(status int, body io.Reader) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body), ContentLength: -1, Request: r}, nil
	}
	plain := func(status int, body string) (*http.Response, error) { return answer(status, strings.NewReader(body)) }
	redirect := func(status int, to string) (*http.Response, error) {
		header.Set("Location", to)
		return plain(status, "")
	}
	switch r.URL.Host {
	case "nowhere.example":
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Name: r.URL.Host, IsNotFound: true}}
	case "away.example":
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	case "inside.example":
		return nil, &net.OpError{Op: "dial", Err: &privateError{address: netip.MustParseAddr("10.0.0.7")}}
	case "silent.example":
		<-r.Context().Done()
		return nil, r.Context().Err()
	case "closed.example":
		return plain(503, "")
	}
	if r.URL.Path == "/robots.txt" {
		return plain(200, "User-agent: *\nDisallow: /private\n")
	}
	if r.URL.Host == "moody.example" {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection reset")}
	}
	switch r.URL.Path {
	case "/gone":
		return plain(410, "")
	case "/missing":
		return plain(404, "")
	case "/nohead":
		if r.Method == http.MethodHead {
			return plain(405, "")
		}
		return plain(200, "")
	case "/headless": // says of HEAD what is not so
		if r.Method == http.MethodHead {
			return plain(404, "")
		}
		return plain(200, "")
	case "/moved":
		return redirect(301, "/new")
	case "/twice":
		return redirect(308, "https://other.example/moved")
	case "/lately": // for good, then for now
		return redirect(301, "/now")
	case "/now":
		return redirect(302, "/moved")
	case "/secure":
		return redirect(301, "https://"+r.URL.Host+"/secure/")
	case "/movedaway":
		return redirect(301, "/gone")
	case "/loop":
		return redirect(302, "/loop")
	case "/file":
		return redirect(302, "file:///etc/passwd")
	case "/user":
		return redirect(302, "https://admin:x@help.example.com/")
	case "/hidden":
		return redirect(301, "https://help.example.com\u202e.evil.example/")
	case "/inside":
		return redirect(302, "http://inside.example/")
	case "/bare":
		return plain(302, "")
	case "/login":
		return plain(401, "")
	case "/forbidden":
		return plain(403, "")
	case "/teapot":
		return plain(418, "")
	case "/broken":
		return plain(500, "")
	case "/busy":
		header.Set("Retry-After", "7")
		if patient {
			return plain(200, "")
		}
		return plain(429, "")
	case "/verybusy":
		header.Set("Retry-After", "3600")
		return plain(429, "")
	case "/endless":
		return answer(200, io.MultiReader(strings.NewReader("<h1 id=y>"), forever{}))
	case "/drip":
		return answer(200, drip{r.Context()})
	case "/bomb":
		header.Set("Content-Encoding", "gzip")
		return answer(200, bytes.NewReader(packed(make([]byte, 64<<20))))
	case "/anchors":
		return plain(200, "<h2 id=card>Card</h2><a name='pix'>Pix</a><div id=user-content-boleto></div><script>'id=fake'</script>")
	case "/scripted":
		return plain(200, "<div id=app></div><script src=x></script>")
	case "/picture":
		header.Set("Content-Type", "image/png")
		return plain(200, "<h1 id=x>")
	}
	return plain(200, "")
}

// forever is a body without end.
type forever struct{}

func (forever) Read(p []byte) (int, error) { return len(p), nil }

// drip is a body of which nothing comes for as long as one waits.
type drip struct{ context.Context }

func (d drip) Read([]byte) (int, error) { <-d.Done(); return 0, d.Err() }

func TestCheckLinks(t *testing.T) {
	const at = "https://help.example.com"
	tests := []struct {
		url  string
		want Visit // without the link
	}{
		{at + "/", Visit{Fate: Found}},
		{at + "/gone", Visit{Fate: Dead, Why: "410 Gone"}},
		{at + "/missing", Visit{Fate: Dead, Why: "404 Not Found"}},
		{at + "/nohead", Visit{Fate: Found}},
		{at + "/headless", Visit{Fate: Found}},
		{at + "/moved", Visit{Fate: Found, Moved: at + "/new"}},
		{at + "/twice", Visit{Fate: Found, Moved: "https://other.example/new"}},
		{at + "/lately", Visit{Fate: Found, Moved: at + "/now"}},
		{at + "/now", Visit{Fate: Found}},
		{"http://help.example.com/secure", Visit{Fate: Found}},
		{at + "/movedaway", Visit{Fate: Dead, Why: "410 Gone", Moved: at + "/gone"}},
		{at + "/loop", Visit{Fate: Untold, Why: "redirects in a circle, at least programs"}},
		{at + "/file", Visit{Fate: Untold, Why: "redirects to what is no web page"}},
		{at + "/hidden", Visit{Fate: Found, Moved: "https://help.example.com%E2%80%AE.evil.example/"}},
		{at + "/user", Visit{Fate: Untold, Why: "holds a user or password; remove it"}},
		{at + "/inside", Visit{Fate: Untold, Why: "inside.example is in a private network; --allow-private has it asked"}},
		{at + "/bare", Visit{Fate: Untold, Why: "redirects to nowhere"}},
		{at + "/login", Visit{Fate: Untold, Why: "401 Unauthorized"}},
		{at + "/forbidden", Visit{Fate: Untold, Why: "403 Forbidden"}},
		{at + "/teapot", Visit{Fate: Untold, Why: "418 I'm a teapot"}},
		{at + "/broken", Visit{Fate: Untold, Why: "500 Internal Server Error"}},
		{at + "/busy", Visit{Fate: Found}},
		{at + "/verybusy", Visit{Fate: Untold, Why: "429 Too Many Requests"}},
		{at + "/private/page", Visit{Fate: Untold, Why: "the robots.txt of help.example.com asks programs to stay away"}},
		{at + "/endless#x", Visit{Fate: Found}},
		{at + "/drip#x", Visit{Fate: Found}},
		{at + "/bomb#x", Visit{Fate: Found}},
		{at + "/anchors#card pix boleto fake none", Visit{Fate: Found, Missing: []string{"fake", "none"}}},
		{at + "/scripted#card", Visit{Fate: Found}},
		{at + "/picture#card", Visit{Fate: Found}},
		{at + "/missing#card", Visit{Fate: Dead, Why: "404 Not Found"}},
		{"https://nowhere.example/a", Visit{Fate: Dead, Why: "nowhere.example has no address"}},
		{"https://away.example/a", Visit{Fate: Untold, Why: "away.example cannot be asked: connection refused"}},
		{"https://inside.example/a", Visit{Fate: Untold, Why: "inside.example is in a private network; --allow-private has it asked"}},
		{"https://silent.example/a", Visit{Fate: Untold, Why: "silent.example does not answer within 15s"}},
		{"https://closed.example/a", Visit{Fate: Untold, Why: "its robots.txt cannot be read: 503 Service Unavailable"}},
		{"https://me:secret@help.example.com/", Visit{Fate: Untold, Why: "holds a user or password; remove it"}},
		{"https:///nothing", Visit{Fate: Untold, Why: "is no address"}},
		{"http://%zz", Visit{Fate: Untold, Why: "is no address"}},
	}
	synctest.Test(t, func(t *testing.T) {
		server := &nasty{began: time.Now()}
		c := NewLinkChecker(Options{Transport: server, Agent: "Signpost/1"})
		var links []Link
		for _, test := range tests {
			address, anchors, _ := strings.Cut(test.url, "#")
			links = append(links, Link{address, strings.Fields(anchors)})
		}
		links = append(links, Link{URL: at + "/"}) // something that is found
		done := 0
		visits, err := c.Check(t.Context(), links, func(n, of int) {
			if done++; n != done || of != len(links) {
				t.Errorf("%d of %d, after %d", n, of, done-1)
			}
		})
		if err != nil || done != len(links) {
			t.Fatalf("%d of %d: %v", done, len(links), err)
		}
		for i, test := range tests {
			test.want.Link = links[i]
			if diff := cmp.Diff(test.want, visits[i]); diff != "" {
				t.Errorf("%s: %s", test.url, diff)
			}
		}
	})
}

// TestCheckLinksPolitely: robots.txt is read once, requests are apart, patience is
// heeded, and a host that is away is not asked again and again.
func TestCheckLinksPolitely(t *testing.T) {
	ask := func(t *testing.T, urls ...string) []string {
		server := &nasty{began: time.Now()}
		c := NewLinkChecker(Options{Transport: server, Rate: 1})
		var links []Link
		for _, u := range urls {
			links = append(links, Link{URL: u})
		}
		if _, err := c.Check(t.Context(), links, nil); err != nil {
			t.Fatal(err)
		}
		return server.asked
	}
	const at = "https://help.example.com"
	tests := []struct {
		name string
		urls []string
		want []string
	}{
		{"a second apart", []string{at + "/a", at + "/b"}, []string{"GET help.example.com/robots.txt 0", "HEAD help.example.com/a 1", "HEAD help.example.com/b 2"}},
		{"patience", []string{at + "/busy", at + "/b"}, []string{"GET help.example.com/robots.txt 0", "HEAD help.example.com/busy 1", "HEAD help.example.com/busy 8", "HEAD help.example.com/b 10"}},
		{"forbidden", []string{at + "/private/a"}, []string{"GET help.example.com/robots.txt 0"}},
		{"away after a while", slices.Repeat([]string{"https://moody.example/a"}, 8), []string{
			"GET moody.example/robots.txt 0", "HEAD moody.example/a 1", "HEAD moody.example/a 2", "HEAD moody.example/a 3", "HEAD moody.example/a 4", "HEAD moody.example/a 5",
		}},
		{"away", []string{"https://away.example/a", "https://away.example/b", "https://away.example/c"}, []string{"GET away.example/robots.txt 0"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if diff := cmp.Diff(test.want, ask(t, test.urls...)); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// TestCheckLinksWithoutNetwork: where nobody answers and no name is known, it is
// not the links that are dead.
func TestCheckLinksWithoutNetwork(t *testing.T) {
	c := NewLinkChecker(Options{Transport: &nasty{}})
	visits, err := c.Check(t.Context(), []Link{{URL: "https://nowhere.example/"}}, nil)
	if err != nil || visits[0].Fate != Untold {
		t.Errorf("%+v, %v", visits, err)
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := NewLinkChecker(Options{Transport: &nasty{}}).Check(ctx, []Link{{URL: "https://silent.example/"}}, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("called off: %v", err)
		}
	})
}

// TestCheckLinksReally asks a real server on this machine, with leave and without.
func TestCheckLinksReally(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Path)
		switch r.URL.Path {
		case "/page":
			fmt.Fprint(w, "<html><h1 id=top-of-it>Page</h1></html>")
		case "/old":
			http.Redirect(w, r, "/page", http.StatusMovedPermanently)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	links := []Link{{URL: server.URL + "/page", Anchors: []string{"top-of-it", "x"}}, {URL: server.URL + "/old"}, {URL: server.URL + "/nothing"}}
	c := NewLinkChecker(Options{Rate: 1000})
	visits, err := c.Check(t.Context(), links, nil)
	if err != nil || slices.ContainsFunc(visits, func(v Visit) bool { return v.Fate != Untold }) || len(asked) > 0 {
		t.Errorf("without leave: %+v, %v, asked %q", visits, err, asked)
	}
	c.Close()
	c = NewLinkChecker(Options{Rate: 1000, AllowPrivate: true})
	defer c.Close()
	visits, err = c.Check(t.Context(), links, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []Visit{
		{Link: links[0], Fate: Found, Missing: []string{"x"}},
		{Link: links[1], Fate: Found, Moved: server.URL + "/page"},
		{Link: links[2], Fate: Dead, Why: "404 Not Found"},
	}
	if diff := cmp.Diff(want, visits); diff != "" {
		t.Error(diff)
	}
	if want := []string{"GET /robots.txt", "GET /page", "HEAD /old", "HEAD /page", "HEAD /nothing", "GET /nothing"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q", asked)
	}
}

// FuzzPlacesIn: whatever a page holds, what is found in it stands in it.
func FuzzPlacesIn(f *testing.F) {
	f.Add("<h1 id=a>b</h1><a name=\"c&amp;d\">")
	f.Add("<h2 id='x")
	f.Add("<!--<h1 id=a>--><svg><a name=b />")
	f.Fuzz(func(t *testing.T, page string) {
		for place := range placesIn(strings.NewReader(page)) {
			if place == "" {
				t.Error("a place without a name")
			}
		}
		a := &linkAnswer{page: true, body: []byte(page)}
		if missing := a.missing([]string{"a", "b"}); len(missing) > 2 {
			t.Errorf("missing %q", missing)
		}
	})
}
