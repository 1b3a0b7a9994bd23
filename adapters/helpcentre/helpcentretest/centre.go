// Package helpcentretest has a help centre for tests: a web site with many
// articles in three languages, a sitemap, a robots.txt, and whatever goes wrong
// on real ones.
package helpcentretest

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// Languages are those of every article.
var Languages = []string{"en", "pt-BR", "es"}

// A Centre is a help centre. Its methods may be used while it serves.
type Centre struct {
	URL      string // of its front page, without a slash at the end
	Articles int

	mu       sync.Mutex
	edits    map[string]string // what an article says besides, by path
	removed  map[string]bool   // paths
	requests map[string]int    // by path
	asked    int               // pages, whole or not
	saved    int               // of which were answered with 304
	hurdles  map[string]http.HandlerFunc
	listed   []string // addresses that the sitemap has besides
	gate     func(path string)
}

// New starts a help centre with so many articles in each language.
func New(t testing.TB, articles int) *Centre {
	c := &Centre{Articles: articles, edits: map[string]string{}, removed: map[string]bool{}, requests: map[string]int{}, hurdles: map[string]http.HandlerFunc{}}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.URL = server.URL
	return c
}

// Host is where it serves: host:port.
func (c *Centre) Host() string { return strings.TrimPrefix(c.URL, "http://") }

// Path is that of an article in a language.
func Path(n int, lang string) string {
	return fmt.Sprintf("/hc/%s/articles/%d-%s", strings.ToLower(lang), 360000000+n, slugs[n%len(slugs)])
}

var (
	slugs    = []string{"how-do-i-get-a-refund", "where-is-my-order", "change-my-password", "withdraw-from-my-wallet", "pay-with-pix"}
	sections = []string{"Refunds", "Orders", "Account", "Wallet", "Payments"}
	titles   = map[string][]string{
		"en":    {"How do I get a refund?", "Where is my order?", "How do I change my password?", "How do I withdraw from my wallet?", "How do I pay with Pix?"},
		"pt-BR": {"Como peço um reembolso?", "Onde está meu pedido?", "Como troco minha senha?", "Como saco da minha carteira?", "Como pago com Pix?"},
		"es":    {"¿Cómo pido un reembolso?", "¿Dónde está mi pedido?", "¿Cómo cambio mi contraseña?", "¿Cómo retiro de mi billetera?", "¿Cómo pago con Pix?"},
	}
	texts = map[string][]string{
		"en":    {"You have 30 days from the purchase.", "Choose the order in your account.", "The money is back on your next statement."},
		"pt-BR": {"Você tem 30 dias a partir da compra.", "Escolha o pedido na sua conta.", "O dinheiro volta na próxima fatura."},
		"es":    {"Tienes 30 días desde la compra.", "Elige el pedido en tu cuenta.", "El dinero vuelve en tu próximo extracto."},
	}
)

// Title is that of an article in a language.
func Title(n int, lang string) string {
	return strings.TrimSuffix(titles[lang][n%len(slugs)], "?") + fmt.Sprintf(" (%d)?", n)
}

// Edit makes an article say something else in a language.
func (c *Centre) Edit(n int, lang, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.edits[Path(n, lang)] = text
}

// Remove takes an article out, sitemap and page.
func (c *Centre) Remove(n int, lang string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.removed[Path(n, lang)] = true
}

// Hurdle has a path answered by something else, and lists it in the sitemap
// unless it is there.
func (c *Centre) Hurdle(path string, handler http.HandlerFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, twice := c.hurdles[path]; !twice && !c.own(path) {
		c.listed = append(c.listed, c.URL+path)
	}
	c.hurdles[path] = handler
}

// own reports whether a path is that of an article.
func (c *Centre) own(path string) bool {
	for n := range c.Articles {
		for _, lang := range Languages {
			if Path(n, lang) == path {
				return true
			}
		}
	}
	return false
}

// Gate is called before every page is answered; nil: nothing is.
func (c *Centre) Gate(gate func(path string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gate = gate
}

// Asked is how many requests for pages came since it was called last, and how
// many of them were answered with 304 Not Modified.
func (c *Centre) Asked() (all, unchanged int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all, unchanged = c.asked, c.saved
	c.asked, c.saved = 0, 0
	return all, unchanged
}

// Requests is how often a path was asked for.
func (c *Centre) Requests(path string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests[path]
}

// ServeHTTP implements [http.Handler].
func (c *Centre) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	c.mu.Lock()
	c.requests[path]++
	hurdle, gate, gone, edit := c.hurdles[path], c.gate, c.removed[path], c.edits[path]
	c.mu.Unlock()
	switch {
	case path == "/robots.txt" && hurdle == nil:
		fmt.Fprintf(w, "User-agent: *\nDisallow: /admin/\nDisallow: /hc/*/private/\n\nSitemap: %s/sitemap.xml\n", c.URL)
		return
	case path == "/sitemap.xml" && hurdle == nil:
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">`)
		for _, lang := range Languages {
			fmt.Fprintf(w, "<sitemap><loc>%s/sitemap-%s.xml.gz</loc></sitemap>", c.URL, lang)
		}
		fmt.Fprintf(w, "<sitemap><loc>%s/sitemap-more.xml</loc></sitemap></sitemapindex>", c.URL)
		return
	case strings.HasPrefix(path, "/sitemap-") && hurdle == nil:
		c.sitemap(w, strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(path, "/sitemap-"), ".gz"), ".xml"))
		return
	}
	c.mu.Lock()
	c.asked++
	c.mu.Unlock()
	if gate != nil {
		gate(path)
	}
	if hurdle != nil {
		hurdle(w, r)
		return
	}
	n, lang, ok := c.article(path)
	if !ok || gone {
		http.NotFound(w, r)
		return
	}
	page := c.page(n, lang, edit)
	sum := sha256.Sum256([]byte(page))
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		c.mu.Lock()
		c.saved++
		c.mu.Unlock()
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		fmt.Fprint(z, page)
		return
	}
	fmt.Fprint(w, page)
}

func (c *Centre) article(path string) (int, string, bool) {
	var lang string
	var id int
	parts := strings.SplitN(path, "/", 5)
	if len(parts) != 5 || parts[1] != "hc" || parts[3] != "articles" {
		return 0, "", false
	}
	if _, err := fmt.Sscanf(parts[4], "%d-", &id); err != nil {
		return 0, "", false
	}
	for _, l := range Languages {
		if strings.ToLower(l) == parts[2] {
			lang = l
		}
	}
	n := id - 360000000
	return n, lang, lang != "" && n >= 0 && n < c.Articles && Path(n, lang) == path
}

func (c *Centre) sitemap(w http.ResponseWriter, which string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">` + "\n")
	if which == "more" {
		for _, address := range c.listed {
			fmt.Fprintf(&b, "<url><loc>%s</loc></url>\n", html.EscapeString(address))
		}
	} else {
		for n := range c.Articles {
			if c.removed[Path(n, which)] {
				continue
			}
			fmt.Fprintf(&b, "<url><loc>%s%s</loc><lastmod>2026-10-%02d</lastmod>", c.URL, Path(n, which), n%28+1)
			for _, lang := range Languages {
				fmt.Fprintf(&b, `<xhtml:link rel="alternate" hreflang="%s" href="%s%s"/>`, lang, c.URL, Path(n, lang))
			}
			b.WriteString("</url>\n")
		}
	}
	b.WriteString("</urlset>\n")
	if which == "more" {
		fmt.Fprint(w, b.String())
		return
	}
	w.Header().Set("Content-Type", "application/gzip")
	z := gzip.NewWriter(w)
	defer z.Close()
	fmt.Fprint(z, b.String())
}

// page is the HTML of an article: what stands around it, too.
func (c *Centre) page(n int, lang, edit string) string {
	title, text := html.EscapeString(Title(n, lang)), texts[lang]
	return fmt.Sprintf(`<!DOCTYPE html><html lang="%s"><head><meta charset="utf-8"><title>%s – Help Center</title>
<link rel="canonical" href="%s%s"><script>var tracker = "x";</script></head>
<body><header><nav><a href="/">Help Center</a></nav></header>
<ol class="breadcrumbs"><li>Help Center</li><li class="section">%s</li></ol>
<main><article><h1>%s</h1><div class="article-body">
<p>%s <a href="/hc/%s/articles/%d-x">More</a></p>
<h2 id="steps">%s</h2><ol><li>%s</li><li>%s</li></ol>
<h2 id="h_%d">%d</h2><table><tr><th>A</th><th>B</th></tr><tr><td>%d</td><td>%s</td></tr></table>
<p>%s</p></div></article></main>
<footer><p>© Example</p></footer></body></html>`,
		lang, title, c.URL, Path(n, lang), sections[n%len(sections)], title, text[0], strings.ToLower(lang), 360000000+n,
		text[1], text[1], text[2], n, n, n, text[2], html.EscapeString(edit))
}

// Redirect answers with a redirect.
func Redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusMovedPermanently)
	}
}

// Status answers with a status.
func Status(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

// Busy answers with 429 and Retry-After once, then as next.
func Busy(seconds int, next http.Handler) http.HandlerFunc {
	var once sync.Once
	return func(w http.ResponseWriter, r *http.Request) {
		busy := false
		once.Do(func() { busy = true })
		if busy {
			w.Header().Set("Retry-After", fmt.Sprint(seconds))
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// Slow answers after a while, unless the client has gone by then.
func Slow(after time.Duration, next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-timer.C:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}
}

// Broken begins to answer and cuts the connection.
func Broken() http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Length", "100000")
		fmt.Fprint(w, "<html><p>half a pa")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// HTML answers with a page.
func HTML(page string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, page)
	}
}
