package knowledge

import (
	"time"

	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// An ArticleID names an article; its translations share it. It is text: help
// centres use numbers, slugs and both.
type ArticleID string

// A Lang is a BCP 47 language tag as articles write it: en, pt-BR, es.
type Lang string

// An Article is one help page in one language. Articles are immutable once
// loaded; everything that points at one may be shared by all goroutines.
type Article struct {
	ID        ArticleID
	Lang      Lang
	Title     string
	URL       string   // absolute, http or https
	Audiences []string // names from [Rules.Audiences], the first is the primary one
	Topic     string
	Questions []string  // phrasings that should find it; may be empty
	Learned   []string  // phrasings that were learned, in a Library: askers' own words, so never shown
	Updated   time.Time // UTC; zero if unknown
	Sections  []Section // at least one
	File      string    // path inside the folder it was loaded from, with slashes

	// What a review looks at, and no answer is made of.
	Links []Link `json:"-"` // in its text, in order
	Bare  []Bare `json:"-"` // headings with nothing under them, not even another heading
}

// A Link is where an article's text leads.
type Link struct {
	URL  string // absolute, http or https; a fragment is kept
	Line int    // of its file, from 1; 0 if unknown
}

// A Bare is a heading that promises what is not there.
type Bare struct {
	Heading string
	Line    int // of its file, from 1
}

// A Section is a heading of an article and the text under it.
type Section struct {
	Heading string // empty before the first heading
	Anchor  string // fragment of a deep link, without #; empty if the page has none
	Text    string // plain text, one paragraph or list item a line; never empty
	Steps   bool   // has a numbered list: tells what to do, one thing after the other
	Ways    bool   // has another list: may tell what can be done
}

// An Audience is a kind of reader.
type Audience struct {
	Name    string
	Private bool     // only for those who prove it by role, group or workspace
	Called  []string // what people call it besides, in any language
}

// Rules say what a knowledge base may contain. They come from configuration.
// An empty list of audiences, languages or topics accepts any.
type Rules struct {
	Audiences []Audience
	Languages []Lang              // the first is the default
	Topics    []string            // names
	Cues      map[string][]string // words that hint at an audience, by its name

	// Sure and Unsure are the confidences from which an answer is sure, or
	// given at all: between 0 and 1. 0 means the built-in ones.
	Sure, Unsure float64

	// Sources tell what texts mean, the best first; where one does not answer, the
	// next is asked. None: an article is found by its words alone.
	Sources []semantic.Source

	// Cache is a folder to keep what was learned from the articles' questions, so
	// that it need not be learned again at the next start; empty: none.
	Cache string
}
