package desk

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A Door is the way in which something was done.
type Door string

const (
	BySlash    Door = "slash"    // a command
	ByButton   Door = "button"   // a press
	ByForm     Door = "form"     // a form that was sent
	ByMenu     Door = "menu"     // the menu of a message
	ByEmoji    Door = "emoji"    // put on a message
	ByMessage  Door = "message"  // said, changed or taken back: a mention, a word in a ticket's thread
	ByTimer    Door = "timer"    // time did it
	ByDelivery Door = "delivery" // it came of words that arrived, or could not
	ByCLI      Door = "cli"      // a command on the machine
	ByServe    Door = "serve"    // the running program by itself
)

// A Result is how it went.
type Result string

const (
	Done Result = "done"
	// Shown: nothing was changed; they were shown something, or asked first.
	Shown   Result = "shown"
	Refused Result = "refused" // Why says for what reason
	Erred   Result = "failed"  // likewise
)

// Denied is What was done where someone lacked the right to; Tried says to what.
const Denied = "access.denied"

// A Deed is a line of the audit: what someone did, or was kept from. It names
// persons, accounts, places and tickets by their ids alone. Nothing that people
// wrote, and no name of theirs, is ever in it.
type Deed struct {
	At time.Time `json:"at"` // UTC, in whole milliseconds
	// Who is the person; cli: and who is logged in, for a command on the machine;
	// and the id of [Signpost], if nobody did it. Account is theirs.
	Who     chat.PersonID  `json:"who"`
	Account chat.AccountID `json:"account,omitempty"`
	Where   string         `json:"where,omitempty"` // platform:workspace:channel
	Door    Door           `json:"door"`
	// What is the action, in words with dots between them that stay the same:
	// ticket.claim. Tried is the one that was [Denied].
	What  string `json:"what"`
	Tried string `json:"tried,omitempty"`
	// Of is what it was done to: tickets, desks, aliases, accounts. To is whom, or
	// where, it was given.
	Of     []string     `json:"of,omitempty"`
	To     string       `json:"to,omitempty"`
	How    []string     `json:"how,omitempty"` // words from lists of ours: on, urgent
	Result Result       `json:"result"`
	Why    string       `json:"why,omitempty"`   // the id of the reason
	Event  chat.EventID `json:"event,omitempty"` // that set it off, as the log has it
}

const (
	// maxDeedWord is how many bytes an id in a deed has at most, and maxDeedOf of
	// how many things it is: as many as are put back, or closed, at once.
	maxDeedWord = 200
	maxDeedOf   = 200
)

// plain is d as it is kept: bounded, without control characters or what is no
// UTF-8.
func (d Deed) plain() Deed {
	word := func(s string) string {
		s = tidy(s)
		return strings.ToValidUTF8(s[:min(len(s), maxDeedWord)], "")
	}
	d.At = d.At.UTC().Truncate(time.Millisecond)
	d.Who, d.Account, d.Where, d.Door = chat.PersonID(word(string(d.Who))), chat.AccountID(word(string(d.Account))), word(d.Where), Door(word(string(d.Door)))
	d.What, d.Tried, d.To = word(d.What), word(d.Tried), word(d.To)
	d.Result, d.Why, d.Event = Result(word(string(d.Result))), word(d.Why), chat.EventID(word(string(d.Event)))
	list := func(words []string) (kept []string) {
		for _, w := range words {
			if w = word(w); w != "" && !slices.Contains(kept, w) && len(kept) < maxDeedOf {
				kept = append(kept, w)
			}
		}
		return kept
	}
	d.Of, d.How = list(d.Of), list(d.How)
	return d
}

// MarshalJSON writes d as it is kept, its time first.
func (d Deed) MarshalJSON() ([]byte, error) {
	type bare Deed
	return json.Marshal(bare(d.plain()))
}

// Touches reports whether d was done to something, or gave it to someone.
func (d Deed) Touches(id string) bool { return slices.Contains(d.Of, id) || d.To == id }

// Is reports whether d is a kind of action: ticket.claim, or all of ticket.
func (d Deed) Is(what string) bool {
	for _, is := range []string{d.What, d.Tried} {
		if is == what || strings.HasPrefix(is, strings.TrimSuffix(what, ".")+".") {
			return true
		}
	}
	return false
}
