package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// An Inbox takes events in. Once Accept has returned nil the event is stored
// and will be handled, once; only then does an adapter acknowledge it. A copy
// of an accepted event is accepted again and changes nothing.
type Inbox interface {
	Accept(ctx context.Context, e Event) error
}

// A Front answers at once what platforms want in the same breath. It only
// reads, and takes less than a second.
type Front interface {
	// Lookup finds what an event sets off, for its declared Visibility, Role
	// and whether it may open a form. False: nothing of ours.
	Lookup(e Event) (Command, bool)
	// Parse splits the words that followed a door: "claim T-1" after ticket.
	// Its error is a [*UsageError].
	Parse(door, text string) (Invocation, error)
	// Open says whether a press or command opens a form, and which, checked
	// for access and filled in. A nil form: accept the event as it is. With an
	// error, nothing can be read just now: the person presses again.
	Open(ctx context.Context, e Event) (*Form, error)
	// Check says what is wrong with a sent form: a sentence for the person by
	// field name. Empty: accept it.
	Check(e Event) map[string]string
	// Suggest offers what the person may be typing, best first.
	Suggest(ctx context.Context, q Typing) []Option
	// Home is what a person finds on the bot's own page, where the platform has
	// one.
	Home(ctx context.Context, from Sender) (Home, error)
	// Sorry is what a person is told when nothing can be stored just now: to try
	// again in a moment.
	Sorry(to Sender) string
}

// A Home is the bot's own page, for one person.
type Home struct {
	Lang   string
	Ask    Field  // the box to ask in: what is entered is the question of /ask
	Find   string // label of a search for titles, which are suggested while one types
	Blocks []Block
	// Prompts are questions that a new conversation may begin with: a short
	// Label, and what is asked as its Value.
	Prompts []Option
	// Searching is what is shown while an answer is looked for.
	Searching string
}

// Typing is an argument that a person is typing.
type Typing struct {
	From  Sender
	Place Place
	Door  string
	Verb  string // as typed: it may be an alias
	Param string // name of the parameter; empty: the verb itself
	Text  string // so far
	Limit int    // how many options are wanted at most
}

// A UsageError says that words after a door make no command.
type UsageError struct {
	Door    string
	Verb    string   // as typed
	Command *Command // what it takes, if the verb is known
	Nearest string   // a verb that may have been meant
	Param   string   // the parameter that is missing or wrong
}

func (e *UsageError) Error() string {
	switch {
	case e.Command == nil:
		return fmt.Sprintf("/%s has no %q", e.Door, e.Verb)
	default:
		return fmt.Sprintf("usage: %s", e.Command.Usage())
	}
}

// A Platform brings events in and takes replies out.
type Platform interface {
	// Run serves until ctx ends, and returns once its goroutines have ended.
	Run(ctx context.Context, in Inbox) error
	// Send does what the reply says. It returns what is known of the message
	// afterwards, or one of the delivery errors below.
	Send(ctx context.Context, d Delivery) (Receipt, error)
	// Confirm says what became of a delivery that was begun and never reported.
	Confirm(ctx context.Context, d Delivery) (Receipt, Finding, error)
	// Fetch opens a file that was attached on the platform. The caller closes it.
	Fetch(ctx context.Context, a Attachment) (io.ReadCloser, error)
	// Pace says how fast replies may follow each other, over all replicas.
	Pace() Pace
	// Limits say how much one message holds.
	Limits() Limits
}

// A Pace is a platform's rate limit as we keep it. Zero durations: none.
type Pace struct {
	Place    time.Duration // least time between two replies to one place
	Whole    bool          // a channel and all its threads are one place
	Platform time.Duration // mean time between any two replies
	Burst    int           // how many may come at once after a pause; at least 1
}

// A Delivery is a reply on its way.
type Delivery struct {
	ID    string // stable over all tries: what Confirm looks for
	Reply Reply
	// Sent is the message that stands under the reply's Key, to be replaced or
	// removed; empty if none. A Post leaves it alone.
	Sent Receipt
	// Under is the message that stands under the reply's Under.
	Under Receipt
	// Open opens one of the reply's files, of at most [Limits.File] bytes. Nil if
	// the reply has none. The platform closes it; what cannot be carried over is
	// left out, and told in the receipt.
	Open func(ctx context.Context, a Attachment) (io.ReadCloser, error) `json:"-"`
	Try  int                                                            // 1 for the first; one that was begun and broken off counts
	// Since is when it was first tried; zero if it never was.
	Since time.Time
}

// A Receipt is where a delivered reply stands.
type Receipt struct {
	Place   Place     `json:"place"`
	Message MessageID `json:"message"`
	Missing []Missing `json:"missing,omitempty"` // files that were left out
}

// IsZero reports whether it is not known where the reply stands.
func (r Receipt) IsZero() bool { return r.Message == "" && r.Place == Place{} }

// Same reports whether both are the same message.
func (r Receipt) Same(o Receipt) bool { return r.Place == o.Place && r.Message == o.Message }

// A Finding is what a platform can tell about an uncertain delivery.
type Finding string

const (
	Found      Finding = "found"
	Absent     Finding = "absent"
	Unknowable Finding = "unknowable"
)

// ErrUndeliverable means that trying again is of no use: the direct messages
// are closed, the channel is gone. It is wrapped with the reason.
var ErrUndeliverable = errors.New("cannot be delivered")

// ErrNotSent means that the reply did not get as far as the platform, so that
// sending it again cannot double it. Any other error leaves that open: the
// connection may have broken before the answer. It is wrapped with the reason.
var ErrNotSent = errors.New("was not sent")

// A RateLimitedError means that the platform wants to be left alone for a time.
type RateLimitedError struct{ After time.Duration }

func (e *RateLimitedError) Error() string {
	return fmt.Sprintf("rate limited for %s", e.After)
}
