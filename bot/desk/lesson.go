package desk

import (
	"errors"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// What became of a ticket's question for those who will ask the same.
const (
	DidTeach   Doing = "teach"   // it was tied to an article: Text is its title
	DidUnteach Doing = "unteach" // and untied again
	DidRevert  Doing = "revert"  // or what was learned was taken back, because of Text
	DidDraft   Doing = "draft"   // an article was asked for
)

// Teach notes that t's question finds an article from now on.
func (t *Ticket) Teach(a Agent, article, title string, at time.Time) {
	t.note(at, a, DidTeach, title)
	t.Newest().Article = article
}

// Unteach notes that it does no longer.
func (t *Ticket) Unteach(a Agent, at time.Time) { t.note(at, a, DidUnteach, "") }

// Revert notes why it does no longer, although nobody took it back.
func (t *Ticket) Revert(why string, at time.Time) { t.note(at, Signpost, DidRevert, why) }

// AskArticle notes that an article about t's question was asked for.
func (t *Ticket) AskArticle(a Agent, at time.Time) { t.note(at, a, DidDraft, "") }

// Asks is the question of t without what the form added to it.
func (t *Ticket) Asks() string {
	if t.Detail == "" {
		return t.Question
	}
	return strings.TrimSuffix(t.Question, "\n\n"+t.Detail)
}

// A Draft is an article that was asked for on a ticket, waiting for whoever
// writes it.
type Draft struct {
	Ticket   chat.TicketID `json:"ticket"`
	Title    string        `json:"title"`
	Lang     string        `json:"lang"` // a BCP 47 tag
	Audience string        `json:"audience,omitempty"`
	Topic    string        `json:"topic,omitempty"`
	Page     string        `json:"page"` // the Markdown file
	By       chat.PersonID `json:"by"`
	At       time.Time     `json:"at"` // UTC
	// Written is when it was put into the folder of drafts, and Committed whether
	// git has it; a zero time: it was not.
	Written   time.Time `json:"written,omitzero"`
	Committed bool      `json:"committed,omitempty"`
}

// State is new, written or committed.
func (d Draft) State() string {
	switch {
	case d.Committed:
		return "committed"
	case !d.Written.IsZero():
		return "written"
	}
	return "new"
}

// File is the name of the draft's file: of its ticket's number alone.
func (d Draft) File() (string, error) {
	if id, err := ParseID(string(d.Ticket)); err != nil || id != d.Ticket {
		return "", errors.New("the draft is of no ticket")
	}
	return "draft-" + string(d.Ticket) + ".md", nil
}

// A Reverted is an alias that was taken back by itself, and why: a golden
// question was answered right before it was learned, and is not with it.
type Reverted struct {
	Alias    Alias     `json:"alias"`
	Question string    `json:"question"`
	Before   string    `json:"before,omitempty"` // title of the article that answered it; empty: rightly none
	After    string    `json:"after,omitempty"`  // with the alias; empty: none
	At       time.Time `json:"at"`               // UTC
}
