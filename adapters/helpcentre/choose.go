package helpcentre

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/signpost-bot/signpost/knowledge"
)

// A Rule tells what becomes of some pages: those that fit everything it names.
// In a pattern, * stands for anything; capitals do not matter.
type Rule struct {
	URL     string // of the whole address
	Section string // of the section or the category
	Label   string // of one of the labels

	Audiences []string // whom the article is for
	Topic     string
	Language  string // what it is written in, whatever the page says
	Skip      bool   // it is not imported
}

// Choices turn what a help centre says of a page into what articles say. What the
// page itself names decides, as a column of a table does; then the first rule that
// fits and says something of it; then what is given here for all. A language that
// a rule names goes before the page's, which is often wrong.
type Choices struct {
	Rules     []Rule
	Languages map[string]string // ours, by how the help centre writes them
	Audiences []string          // for whom no rule names one; empty: the first of all
	Topic     string            // for what no rule names one; empty: by section or address, or general
	Language  string            // of pages that do not tell theirs; empty: the first of all
}

// general is the topic of what has none.
const general = "general"

// fits reports whether a rule is about a page.
func (r Rule) fits(p Page) bool {
	return (r.URL == "" || glob(r.URL, p.URL)) &&
		(r.Section == "" || glob(r.Section, p.Section) || glob(r.Section, p.Category)) &&
		(r.Label == "" || slices.ContainsFunc(p.Labels, func(l string) bool { return glob(r.Label, l) }))
}

// glob reports whether a whole text is as a pattern says.
func glob(pattern, text string) bool {
	parts := strings.Split(strings.ToLower(pattern), "*")
	text = strings.ToLower(text)
	if len(parts) == 1 {
		return parts[0] == text
	}
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	text = text[len(parts[0]):]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}

// A skipped page is left out on purpose; the text says why, the same for all
// pages of its kind.
type skipped string

func (s skipped) Error() string { return string(s) }

// Skips reports whether a rule leaves out whatever is at an address.
func (c Choices) Skips(address string) bool {
	for _, r := range c.Rules {
		if r.URL != "" && r.Section == "" && r.Label == "" && glob(r.URL, address) {
			return r.Skip
		}
	}
	return false
}

// choose fills in language, audiences and topic of an article. The error is a
// skipped, or says which rule is missing.
func (c Choices) choose(p Page, to *knowledge.Page, known knowledge.Rules) error {
	var fitting []Rule
	for _, r := range c.Rules {
		if r.fits(p) {
			fitting = append(fitting, r)
		}
	}
	lang := cmp.Or(p.Lang, c.Language)
	for _, r := range slices.Backward(fitting) {
		if r.Language != "" {
			lang = r.Language
		}
	}
	var ok bool
	if to.Lang, ok = c.language(lang, known.Languages); !ok {
		return skipped(fmt.Sprintf("in %s, which is not one of languages (%s)", short(lang), list(known.Languages)))
	}
	to.Audiences, to.Topic = slices.Clone(p.Audiences), p.Topic
	for _, r := range fitting {
		if r.Skip {
			return skipped("left out by a rule")
		}
		if len(to.Audiences) == 0 {
			to.Audiences = r.Audiences
		}
		to.Topic = cmp.Or(to.Topic, r.Topic)
	}
	if len(to.Audiences) == 0 {
		to.Audiences = c.Audiences
	}
	if len(to.Audiences) == 0 {
		for _, a := range known.Audiences[:min(1, len(known.Audiences))] {
			to.Audiences = []string{a.Name}
		}
	}
	if p.Private {
		// A rule that is about a whole section, or everything, did not mean this one.
		to.Audiences = p.Audiences
		for _, name := range to.Audiences {
			if !slices.ContainsFunc(known.Audiences, func(a knowledge.Audience) bool { return a.Name == name && a.Private }) {
				return fmt.Errorf("only some may read it at the help centre, but its audience %s is not private; write private: true there, or another one under segments", short(name))
			}
		}
	}
	for _, name := range to.Audiences {
		if len(known.Audiences) > 0 && !slices.ContainsFunc(known.Audiences, func(a knowledge.Audience) bool { return a.Name == name }) {
			return fmt.Errorf("its audience %s is not one of audiences in the configuration; add it there, or a rule that gives another", short(name))
		}
	}
	if len(to.Audiences) == 0 {
		return fmt.Errorf("nothing says for whom it is; name one with --audience, or add a rule")
	}
	to.Topic = cmp.Or(to.Topic, c.Topic)
	if to.Topic != "" {
		if len(known.Topics) > 0 && !slices.Contains(known.Topics, to.Topic) {
			return fmt.Errorf("its topic %s is not one of topics in the configuration; add it there, or a rule that gives another", short(to.Topic))
		}
		return nil
	}
	guesses := []string{slug(p.Section), slug(p.Category), topicOf(p.URL), general}
	for _, guess := range guesses {
		if guess != "" && (len(known.Topics) == 0 || slices.Contains(known.Topics, guess)) {
			to.Topic = guess
			return nil
		}
	}
	section := cut(line(p.Section), maxTitle)
	return fmt.Errorf("no rule gives it one of topics (%s); its section is %q, its address %s: add a rule such as {section: %q, topic: %s}, or topic: for all others",
		strings.Join(known.Topics, ", "), section, short(p.URL), cmp.Or(section, "*"), known.Topics[0])
}

func list(languages []knowledge.Lang) string {
	var names []string
	for _, l := range languages {
		names = append(names, string(l))
	}
	return strings.Join(names, ", ")
}

// Wants is what a help centre's language is here, and whether it is one of ours.
func (c Choices) Wants(theirs string, ours []knowledge.Lang) (string, bool) {
	lang, ok := c.language(theirs, ours)
	return string(lang), ok
}

// language is ours for a help centre's: as the table says, the same but for
// capitals, a broader one, or the only one that is narrower.
func (c Choices) language(theirs string, ours []knowledge.Lang) (knowledge.Lang, bool) {
	for as, lang := range c.Languages {
		if strings.EqualFold(as, theirs) {
			theirs = lang
			break
		}
	}
	theirs = strings.ReplaceAll(line(theirs), "_", "-")
	if len(ours) == 0 {
		return knowledge.Lang(theirs), theirs != ""
	}
	if theirs == "" {
		return ours[0], true
	}
	for _, l := range ours {
		if strings.EqualFold(string(l), theirs) {
			return l, true
		}
	}
	base, _, _ := strings.Cut(theirs, "-")
	var near []knowledge.Lang
	for _, l := range ours {
		if strings.EqualFold(string(l), base) {
			return l, true
		}
		if same, _, _ := strings.Cut(string(l), "-"); strings.EqualFold(same, base) {
			near = append(near, l)
		}
	}
	if len(near) == 1 && base == theirs {
		return near[0], true
	}
	return "", false
}

// skippable are parts of addresses that say nothing of a subject.
var skippable = map[string]bool{"hc": true, "help": true, "docs": true, "support": true, "article": true, "articles": true, "kb": true, "faq": true, "sections": true, "categories": true, "knowledge": true, "knowledge-base": true, "collections": true, "blog": true, "posts": true}

// topicOf is the subject that an address names: of its folders, the last that
// says something; empty: none does.
func topicOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	for _, part := range slices.Backward(parts[:max(len(parts)-1, 0)]) {
		name := slug(part)
		if !skippable[name] && !languagePart.MatchString(part) && strings.ContainsFunc(name, unicode.IsLetter) && !strings.ContainsFunc(name, unicode.IsDigit) {
			return name
		}
	}
	return ""
}

// maxSlug is how many characters of a text make a slug.
const maxSlug = 80

// slug is a text in a-z, 0-9 and single dashes, at most 80 of them; empty if none
// of it can be written so.
func slug(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent
		case r == 'ß':
			b.WriteString("ss")
		case r == '\'' || r == '’':
		default:
			if s := b.String(); s != "" && s[len(s)-1] != '-' {
				b.WriteByte('-')
			}
		}
		if b.Len() >= maxSlug {
			break
		}
	}
	return strings.Trim(b.String()[:min(b.Len(), maxSlug)], "-")
}
