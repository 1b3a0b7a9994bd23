package helpcentre

import (
	"context"
	"errors"
	"time"
)

// A Page is what a help centre says of one article in one language. All of it is
// an outsider's word: the importer cleans it, turns HTML into Markdown, chooses
// audience and topic by rules, and refuses what cannot be written.
type Page struct {
	// ID is the help centre's own for the article, the same for all its
	// translations: a number, a slug, any text.
	ID string
	// Translations are the keys of [Item]s that are the same article in other
	// languages, where ids alone do not tell. One that was imported gives its id.
	Translations []string

	Lang     string    // as the help centre writes it: en, en-us, pt_BR; empty: the source's first
	Title    string    // text, no HTML
	URL      string    // the canonical address, absolute
	Updated  time.Time // zero if unknown
	HTML     string    // the article alone, without what stands around it on its web page
	Markdown string    // instead of HTML

	// What rules choose audience and topic by, as people see it.
	Category string // the upper one: Zendesk's category, Intercom's collection
	Section  string // the lower one
	Labels   []string

	// What few help centres know; empty: rules choose.
	Audiences []string
	// Private says that nobody but Audiences may read it, whatever rules say: none
	// of them may be one that everybody belongs to.
	Private   bool
	Topic     string
	Questions []string
}

// Known is what is kept of an item from one import to the next.
type Known struct {
	Stamp        string    `json:"stamp,omitempty"`         // the [Item]'s
	ETag         string    `json:"etag,omitempty"`          // of the response, if the page has one of its own
	LastModified string    `json:"last_modified,omitempty"` // likewise, as the server wrote it
	At           time.Time `json:"-"`                       // when it was fetched; zero: never
}

// An Item is an article in one language, as a [Source] lists it.
type Item struct {
	// Key names it within its source for good: its address, or an id and a
	// language. No two items of a walk have the same.
	Key string
	// Name is how messages call it, such as its address or title; empty: Key.
	Name string
	// Stamp changes with the article, such as a time of its last change together
	// with that of whatever else makes the Page; while it is as it was, the item
	// is not fetched. Empty: only fetching tells.
	Stamp string
	// Mark is where a walk that was broken off once this item was done may go on.
	// Empty: it cannot go on there.
	Mark string
	// Fetch gets the page and what to keep of it; Known.Stamp is filled in by the
	// importer. A source whose list has everything returns it without a request.
	// [ErrUnchanged] means that the page is as it was when known was kept, and
	// [ErrGone] that the help centre no longer has it. Any other error is of this
	// page alone and the import goes on, unless it is a [Fatal] one.
	Fetch func(ctx context.Context, known Known) (Page, Known, error)
}

// A Source is a help centre.
type Source interface {
	// Walk calls visit with every item, one at a time, from wherever mark says an
	// earlier walk had come; empty: from the beginning. It stops at an error of
	// visit and returns it. Any other error means that the list is not whole: what
	// was not visited may still be there, so nothing is taken for removed. A source
	// that can go on after such an error does, and returns it at the end.
	//
	// A mark that the help centre no longer knows is [ErrMark], before anything
	// is visited; the importer then walks from the beginning.
	Walk(ctx context.Context, mark string, visit func(Item) error) error
}

var (
	// ErrUnchanged: a page is as it was.
	ErrUnchanged = errors.New("unchanged since it was imported")
	// ErrGone: the help centre has no such page any more.
	ErrGone = errors.New("the help centre no longer has it")
	// ErrMark: a walk cannot go on from a mark.
	ErrMark = errors.New("the list cannot be continued where it broke off")
)

// Fatal makes an error of one page one of the whole source: no other page would
// fare better. So are a refused key and a host that is away.
func Fatal(err error) error { return &fatal{err} }

// IsFatal reports whether an error ends a source.
func IsFatal(err error) bool { return errors.As(err, new(*fatal)) }

type fatal struct{ error }

func (f *fatal) Unwrap() error { return f.error }
