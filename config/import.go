package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

const (
	// leastEvery is how often serve may import: help centres change by the day.
	leastEvery = 15 * time.Minute
	// Bounds of what can be meant.
	leastRate = 0.01
	mostRate  = 100.0
	mostPages = 100_000
	mostBytes = 50 << 20
)

var (
	hostRule      = regexp.MustCompile(`^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[1-9][0-9]{0,4})?$`)
	subdomainRule = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	segmentRule   = regexp.MustCompile(`^[0-9]{1,20}$`)
)

// kinds are those of sources, and the keys that only some of them have.
var kinds = []string{"sitemap", "zendesk", "intercom", "csv", "markdown"}

func (l *loader) checkImport(c *Config, audiences, topics []string) {
	sources := c.Import.Sources
	l.names("import.sources", "name", len(sources), func(i int) string { return sources[i].Name })
	for i, s := range sources {
		path := fmt.Sprintf("import.sources[%d].", i)
		if s.Kind == "" {
			l.report(path+"name", "kind is missing; write one of %s", strings.Join(kinds, ", "))
		} else {
			l.oneOf(path+"kind", "kind", s.Kind, kinds...)
		}
		l.checkSource(path, s)
		l.checkSourceLimits(path, s)
		if s.Every > 0 && c.Knowledge.Dir == "" {
			l.report(path+"every", "every needs a folder to import into; set knowledge.dir, or remove every")
		}
		l.checkChoices(path, s.Audience, s.Topic, s.Language, c.Languages, audiences, topics)
		for theirs, ours := range s.Languages {
			l.oneOf(join(path+"languages", theirs), "language", ours, c.Languages...)
		}
		l.checkSegments(path, s, c.Audiences, audiences)
		for k, rule := range s.Rules {
			at := fmt.Sprintf("%srules[%d]", path, k)
			if rule.URL == "" && rule.Section == "" && rule.Label == "" {
				l.report(at, "the rule is about all pages; name a url, section or label, or write its values beside rules")
			}
			if !rule.Skip && len(rule.Audience) == 0 && rule.Topic == "" && rule.Language == "" {
				l.report(at, "the rule says nothing; give it an audience, topic or language, or skip: true")
			}
			l.checkChoices(at+".", rule.Audience, rule.Topic, rule.Language, c.Languages, audiences, topics)
		}
	}
}

// checkSegments looks at whom articles are for that only some may read: an
// audience that everybody belongs to would open them.
func (l *loader) checkSegments(path string, s ImportSource, all []Audience, audiences []string) {
	if len(s.Segments) > 0 && slices.Contains(kinds, s.Kind) && s.Kind != "zendesk" && s.Kind != "intercom" {
		l.report(path+"segments", "kind %s has no segments; remove them", s.Kind)
		return
	}
	for segment, audience := range s.Segments {
		at := join(path+"segments", segment)
		if !segmentRule.MatchString(segment) {
			l.report(at, "segment %q is not a number; write the one in the address of its page at the help centre, in quotes", segment)
		}
		l.oneOf(at, "audience", audience, audiences...)
		if slices.ContainsFunc(all, func(a Audience) bool { return a.Name == audience && !a.Private }) {
			l.report(at, "the audience %s is not private, so everyone would read what only this segment may; name a private one", audience)
		}
	}
}

// checkImportKey reports a key that is none, never showing it.
func (l *loader) checkImportKey(path string, s ImportSource) {
	at, key := secretPath(path+"key", s.KeyFile), s.Key.Reveal()
	switch lower := strings.ToLower(key); {
	case strings.HasPrefix(lower, "bearer "), strings.HasPrefix(lower, "basic "):
		l.report(at, "key begins with the word before it in the header; write the key alone")
	case strings.Contains(key, "/token:"):
		l.report(at, "key has an email in front; write that into email, and here what stands behind /token:")
	case strings.ContainsFunc(key, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		l.report(at, "key is more than one word; write the key alone")
	}
	u, err := url.Parse(s.URL)
	if key == "" || err != nil || u.Scheme != "http" {
		return
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		l.report(path+"url", "the key would travel unprotected to another machine; write https")
	}
}

// checkChoices looks at what articles are to say.
func (l *loader) checkChoices(path string, audience []string, topic, language string, languages, audiences, topics []string) {
	each(path+"audience", audience, func(path, name string) { l.oneOf(path, "audience", name, audiences...) })
	if topic != "" {
		l.oneOf(path+"topic", "topic", topic, topics...)
	}
	if language != "" {
		l.oneOf(path+"language", "language", language, languages...)
	}
}

// checkSource looks at where a source is.
func (l *loader) checkSource(path string, s ImportSource) {
	need := func(key, value, example string, of ...string) {
		switch wanted := slices.Contains(of, s.Kind); {
		case wanted && value == "":
			l.report(path+"kind", "%s is missing, which kind %s needs; write it such as %s", key, s.Kind, example)
		case !wanted && value != "" && slices.Contains(kinds, s.Kind):
			l.report(path+key, "kind %s has no %s; remove it", s.Kind, key)
		}
	}
	need("path", s.Path, "articles.csv or docs", "csv", "markdown")
	need("subdomain", s.Subdomain, "acme, of acme.zendesk.com", "zendesk")
	if s.Kind == "sitemap" && s.URL == "" {
		l.report(path+"kind", "url is missing, which kind sitemap needs; write it such as https://help.example.com")
	}
	if s.URL != "" && (s.Kind == "csv" || s.Kind == "markdown") {
		l.report(path+"url", "kind %s has no url; name where it is with path, and where its articles are with link", s.Kind)
	}
	if s.Subdomain != "" && !subdomainRule.MatchString(s.Subdomain) {
		l.report(path+"subdomain", "subdomain %q is none; write the acme of acme.zendesk.com", s.Subdomain)
	}
	if s.Region != "" {
		l.oneOf(path+"region", "region", s.Region, "us", "eu", "au")
	}
	key := s.Key.Reveal() != "" || s.KeyFile != ""
	switch {
	case s.Kind == "intercom" && !key:
		l.report(path+"kind", "key is missing, which kind intercom needs; put the access token into key_file")
	case key && s.Kind != "zendesk" && s.Kind != "intercom":
		l.report(secretPath(path+"key", s.KeyFile), "kind %s has no key; remove it", s.Kind)
	case s.Email != "" && s.Kind == "intercom":
		l.report(path+"email", "kind intercom has no email; remove it")
	case s.Email != "" && !key:
		l.report(path+"email", "email is of no use without a key; add key_file, or remove it")
	}
	l.checkImportKey(path, s)
	if strings.ContainsAny(s.Email, ":/ \t") || s.Email != "" && !strings.Contains(s.Email, "@") {
		l.report(path+"email", "email is no address; write that of the agent whose key it is, without /token")
	}
	for _, address := range []struct{ key, value string }{{"url", s.URL}, {"link", s.Link}} {
		u, err := url.Parse(address.value)
		if address.value != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil) {
			l.report(path+address.key, "%s is not the address of a web page without a password; write it such as https://help.example.com", address.key)
		}
	}
	l.checkHosts(path, s)
}

func (l *loader) checkHosts(path string, s ImportSource) {
	each(path+"hosts", s.Hosts, func(path, host string) {
		if !hostRule.MatchString(host) {
			l.report(path, "%q is not a host; write it such as help.example.com or 127.0.0.1:8080", host)
		}
	})
}

// CheckSource finds what [Load] would find wrong with the limits of a source, and
// with what it says of articles: for one that the command line names. The error is
// of one line.
func (c *Config) CheckSource(s ImportSource) error {
	var audiences, topics []string
	for _, a := range c.Audiences {
		audiences = append(audiences, a.Name)
	}
	for _, t := range c.Topics {
		topics = append(topics, t.Name)
	}
	l := &loader{}
	l.checkSourceLimits("", s)
	l.checkHosts("", s)
	l.checkChoices("", s.Audience, s.Topic, s.Language, c.Languages, audiences, topics)
	if len(l.problems) > 0 {
		return errors.New(l.problems[0].Message)
	}
	return nil
}

func (l *loader) checkSourceLimits(path string, s ImportSource) {
	if s.Every != 0 && s.Every < leastEvery {
		l.report(path+"every", "every is %v; write 0s for never, or at least %v", s.Every, leastEvery)
	}
	if s.Rate != 0 && !(s.Rate >= leastRate && s.Rate <= mostRate) { // a NaN is neither
		l.report(path+"rate", "rate is %v; write requests a second, from %v to %v, or 0 for 5", s.Rate, leastRate, mostRate)
	}
	if s.Timeout < 0 {
		l.report(path+"timeout", "timeout is %v; write 0s for 30s, or more", s.Timeout)
	}
	if s.MaxPages < 0 || s.MaxPages > mostPages {
		l.report(path+"max_pages", "max_pages is %d; write 0 for 5000, or up to %d", s.MaxPages, mostPages)
	}
	if s.MaxBytes < 0 || s.MaxBytes > mostBytes {
		l.report(path+"max_bytes", "max_bytes is %d; write 0 for 5 MiB (5242880), or up to %d", s.MaxBytes, mostBytes)
	}
}
