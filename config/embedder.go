package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
	"unicode"
)

const (
	// leastWait and mostWait bound how long a question may wait for an embedding
	// server: who asks in chat looks away after a second or two.
	leastWait = 10 * time.Millisecond
	mostWait  = 2 * time.Second
	// maxDimensions is more than any model has.
	maxDimensions = 1 << 14
)

func (l *loader) checkEmbedder(e Embedder) {
	const at = "knowledge.embedder."
	l.checkEmbedderURL(at+"url", e.URL)
	l.checkEmbedderKey(secretPath(at+"key", e.KeyFile), e.Key.Reveal())
	switch {
	case e.On() && strings.TrimSpace(e.Model) == "":
		l.report(at+"model", "model is missing; write the name that the server knows it by, such as nomic-embed-text")
	case !e.On() && e.Model != "":
		l.report(at+"model", "url is missing, so no embedding server is asked; add it, or remove model")
	}
	if e.Timeout < leastWait || e.Timeout > mostWait {
		l.report(at+"timeout", "timeout is %v; write %v to %v", e.Timeout, leastWait, mostWait)
	}
	if e.Dimensions < 0 || e.Dimensions > maxDimensions {
		l.report(at+"dimensions", "dimensions is %d; write 0 for as many as the model has, or 1 to %d", e.Dimensions, maxDimensions)
	}
}

// checkEmbedderURL reports an address that is none, never showing it: it may
// hold a key.
func (l *loader) checkEmbedderURL(path, address string) {
	u, err := url.Parse(address)
	switch {
	case address == "":
	case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		l.report(path, "url is not the address of an embedding server; write it such as http://127.0.0.1:11434 or https://api.openai.com/v1")
	case u.User != nil:
		l.report(path, "url holds a name or password; remove it, and put the server's key into key_file")
	case strings.ContainsAny(address, "?#"):
		l.report(path, "url has more than an address behind its path; write it without ? and #")
	}
}

func (l *loader) checkEmbedderKey(path, key string) {
	switch {
	case strings.HasPrefix(strings.ToLower(key), "bearer "):
		l.report(path, "key begins with Bearer, which does not belong to it; remove that word")
	case strings.ContainsFunc(key, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		l.report(path, "key is more than one word; write the key alone")
	}
}

func adviseMeaning(k Knowledge) []string {
	e := k.Embedder
	u, err := url.Parse(e.URL)
	if !e.On() || err != nil {
		return nil
	}
	if !k.Meaning {
		return []string{"knowledge.meaning: it is false, so the embedding server is never asked; remove embedder, or write meaning: true"}
	}
	var advice []string
	ip, _ := netip.ParseAddr(u.Hostname())
	if e.Key.Reveal() != "" && u.Scheme == "http" && u.Hostname() != "localhost" && !ip.IsLoopback() {
		advice = append(advice, "knowledge.embedder.url: the key and all questions travel unprotected to another machine; write https if its server can")
	}
	for _, p := range []struct{ key, text string }{{"question_prefix", e.QuestionPrefix}, {"passage_prefix", e.PassagePrefix}} {
		// "query:question" is not what a model has learned to take for a question.
		if strings.HasSuffix(p.text, ":") {
			advice = append(advice, fmt.Sprintf("knowledge.embedder.%s: models expect a space before the text; write %q unless yours does not", p.key, p.text+" "))
		}
	}
	return advice
}
