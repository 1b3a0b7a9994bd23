// Package conversation holds one asker's exchange with the bot in one place:
// what was asked, what was shown, how it ended. Types and rules, no I/O.
package conversation

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A State says how far a conversation has come.
type State string

const (
	Answered  State = "answered"  // the bot has said what it can
	Helped    State = "helped"    // the asker says that settled it
	Expired   State = "expired"   // nobody said anything for long
	Escalated State = "escalated" // it has become a ticket
)

// A Conversation is one asker's exchange in one lane. It begins answered: with
// an article, or with the word that there is none.
type Conversation struct {
	ID      chat.ConversationID `json:"id"`
	Lane    chat.Lane           `json:"lane"`
	Place   chat.Place          `json:"place"`
	Private bool                `json:"private,omitempty"` // for the asker's eyes only
	Direct  bool                `json:"direct,omitempty"`  // and nobody else reads the place anyway
	Asker   chat.Sender         `json:"asker"`
	State   State               `json:"state"`
	Begun   time.Time           `json:"begun"`            // UTC
	Latest  time.Time           `json:"latest"`           // of the asker's newest word or press, UTC
	Misses  int                 `json:"misses,omitempty"` // questions in a row that found nothing or did not help
	Nudged  bool                `json:"nudged,omitempty"` // the asker was asked whether it helped
	Hinted  bool                `json:"hinted,omitempty"` // and told how to be heard, where words are withheld
	As      string              `json:"as,omitempty"`     // the audience that the asker said they are, here
	Ticket  chat.TicketID       `json:"ticket,omitempty"` // the newest one it became
	Trail   Trail               `json:"trail"`
}

// A Trail is what travels with a ticket: how it came to be one.
type Trail struct {
	Lang     string   `json:"lang"`
	Audience string   `json:"audience,omitempty"` // empty: unclear
	Why      []Reason `json:"why,omitempty"`      // how the audience was known
	Asked    []Asked  `json:"asked"`
	Pressed  []Press  `json:"pressed,omitempty"`
}

// A Reason is a piece of evidence for an audience.
type Reason struct {
	Source   string `json:"source"`           // chosen, role, group, channel, words
	Audience string `json:"audience"`         // it speaks for
	Detail   string `json:"detail,omitempty"` // which role, which words
}

// Asked is a question and what was shown for it.
type Asked struct {
	At         time.Time      `json:"at"`
	Message    chat.MessageID `json:"message,omitempty"`
	Stamp      string         `json:"stamp,omitempty"` // of the edit the answer belongs to
	Text       string         `json:"text"`
	Files      []chat.File    `json:"files,omitempty"`
	By         chat.AccountID `json:"by,omitempty"`         // who wrote it, if the asker pointed at what someone else said
	Level      string         `json:"level"`                // sure, unsure, none
	Confidence float64        `json:"confidence,omitempty"` // 0 to 1
	Knowledge  string         `json:"knowledge,omitempty"`  // version of the articles; empty in older trails
	Shown      []Shown        `json:"shown,omitempty"`
	Answer     chat.Key       `json:"answer,omitempty"`  // the reply that answers it
	Settled    bool           `json:"settled,omitempty"` // the asker chose an audience since, whatever the text says of it
}

// Shown is an article that was shown.
type Shown struct {
	ID    string  `json:"id"`
	Lang  string  `json:"lang"`
	Title string  `json:"title"`
	URL   string  `json:"url"`
	Score float64 `json:"score"`
	// By is the agent who sent it; empty: it was found.
	By chat.PersonID `json:"by,omitempty"`
}

// A Press is what the asker made of an answer: helped, more, unhelped,
// contact, as buyer; or nothing.
type Press struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
}

// NewID names the conversation that an event begins: the same for every copy
// of it. 80 bits of a hash, in 16 letters and digits.
func NewID(e chat.Event) chat.ConversationID {
	sum := sha256.Sum256([]byte(e.Identity()))
	return chat.ConversationID(strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10])))
}

// Begin starts a conversation with the event that brought a question, which is
// private where nobody else reads, or because it was asked so.
func Begin(e chat.Event, private bool) Conversation {
	return Conversation{
		ID: NewID(e), Lane: e.Lane(), Place: e.Place, Private: private || e.Private, Direct: e.Private, Asker: e.From,
		State: Answered, Begun: e.At, Latest: e.At,
	}
}

// Stale reports whether so much time has passed that a new question is a new
// conversation.
func (c *Conversation) Stale(now time.Time, after time.Duration) bool {
	return now.Sub(c.Latest) > after
}

// maxAsked is how many questions a conversation remembers: the newest. A thread
// is one conversation for good, and is read whole with every event.
const maxAsked = 50

// Ask adds a question and what was shown for it. A question that found
// nothing is a miss; one that found something ends a row of them.
func (c *Conversation) Ask(a Asked) {
	c.Trail.Asked = append(c.Trail.Asked, a)
	c.Trail.Asked = c.Trail.Asked[max(0, len(c.Trail.Asked)-maxAsked):]
	c.Latest = later(c.Latest, a.At)
	if c.State != Escalated {
		c.State = Answered
	}
	if len(a.Shown) == 0 {
		c.Misses++
	} else {
		c.Misses = 0
	}
}

// Show adds articles to the newest question, of which there must be one.
func (c *Conversation) Show(more []Shown, at time.Time) {
	c.press(at, "more")
	asked := c.Newest()
	asked.Shown = append(asked.Shown[:len(asked.Shown):len(asked.Shown)], more...)
}

// Suggest adds an article that an agent sent, to the newest question. One that
// was shown for it already stays as it is.
func (t *Trail) Suggest(s Shown) {
	if len(t.Asked) == 0 || slices.ContainsFunc(t.Asked[len(t.Asked)-1].Shown, func(o Shown) bool { return o.ID == s.ID }) {
		return
	}
	t.Asked = slices.Clone(t.Asked)
	asked := &t.Asked[len(t.Asked)-1]
	asked.Shown = append(asked.Shown[:len(asked.Shown):len(asked.Shown)], s)
}

// Help ends the conversation well.
func (c *Conversation) Help(at time.Time) {
	c.press(at, "helped")
	c.Misses = 0
	if c.State != Escalated {
		c.State = Helped
	}
}

// Miss notes that what was shown did not help.
func (c *Conversation) Miss(at time.Time) {
	c.press(at, "unhelped")
	c.Misses++
}

// Choose notes that the asker said who they are. It holds for what is asked from
// now on, and overrules what the newest question says of it.
func (c *Conversation) Choose(audience string, at time.Time) {
	c.press(at, "as "+audience)
	c.As = audience
	if asked := c.Newest(); asked != nil {
		asked.Settled = true
	}
}

// Escalate ties the conversation to its ticket.
func (c *Conversation) Escalate(ticket chat.TicketID, at time.Time) {
	c.press(at, "contact")
	c.escalate(ticket)
}

// EscalateUnasked does so because nobody, not even the asker, said a word.
func (c *Conversation) EscalateUnasked(ticket chat.TicketID, at time.Time) {
	c.press(at, "nothing")
	c.escalate(ticket)
}

func (c *Conversation) escalate(ticket chat.TicketID) {
	c.State, c.Ticket, c.Misses = Escalated, ticket, 0
}

// Newest is the question asked last; nil if there is none.
func (c *Conversation) Newest() *Asked {
	if n := len(c.Trail.Asked); n > 0 {
		return &c.Trail.Asked[n-1]
	}
	return nil
}

// ByMessage is the question that a message asked; nil if it asked none.
func (c *Conversation) ByMessage(id chat.MessageID) *Asked {
	for i := range c.Trail.Asked {
		if c.Trail.Asked[i].Message == id && id != "" {
			return &c.Trail.Asked[i]
		}
	}
	return nil
}

// Forget takes out the question that a message asked.
func (c *Conversation) Forget(id chat.MessageID) {
	kept := c.Trail.Asked[:0]
	for _, a := range c.Trail.Asked {
		if a.Message != id || id == "" {
			kept = append(kept, a)
		}
	}
	c.Trail.Asked = kept
}

func (c *Conversation) press(at time.Time, what string) {
	c.Trail.Pressed = append(c.Trail.Pressed, Press{At: at, What: what})
	c.Latest = later(c.Latest, at)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
