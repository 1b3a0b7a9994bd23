package spool

import (
	"context"
	"errors"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
)

var (
	// ErrNothing: there is no work just now.
	ErrNothing = errors.New("nothing to do")
	// ErrConflict: something that was read has changed since. Handle again.
	ErrConflict = errors.New("changed since it was read")
	// ErrLost: the lease ran out and someone else has the work now.
	ErrLost = errors.New("lease was lost")
	// ErrNotFound: there is no such record.
	ErrNotFound = errors.New("not found")
	// ErrFull: as many are kept as there may be.
	ErrFull = errors.New("there is no room for more")
	// ErrUnavailable: the store cannot be reached. It is nobody's fault, and
	// counts against no event.
	ErrUnavailable = errors.New("store is unavailable")
)

// Remembered is how long a store knows an event again: longer than any
// platform repeats one. Slack's delayed events come for 24 h.
// Source: https://docs.slack.dev/apis/events-api/
const Remembered = 25 * time.Hour

// Versioned is a record as it was read, or as it should be stored.
type Versioned[T any] struct {
	Value   T
	Version int64 // that was read; 0: not stored yet
}

// An Outcome is everything that handling one event changes. Each record
// carries the version that was read, and is compared with what is stored.
type Outcome struct {
	Conversations []Versioned[conversation.Conversation]
	Tickets       []Versioned[desk.Ticket] // whose ID is that of their Number
	Persons       []Versioned[desk.Person]
	// Replies are delivered in this order per place. One that waits there and
	// was never begun gives way to a newer Replace of its Key, and a Post to a
	// Remove, if nobody else is to see them, they answer the same event and
	// serve the same purpose.
	Replies []chat.Reply
	Timers  []Timer
	// Learned are aliases to add and Unlearned aliases to remove, in this order,
	// as AddAlias and RemoveAlias do. One that there is no room for is left out:
	// the rest of an outcome matters more.
	Learned   []desk.Alias
	Unlearned []desk.AliasID
	// Lines are of the ledger. Tallies are added to those of their day, and Waits
	// to those of their desk, of which the newest [desk.MaxWaits] are kept.
	Lines   []Versioned[desk.Line]
	Tallies []desk.Tally
	Waits   []desk.Wait
	Sets    []SetChange // in this order
	// Forget is whom to forget before all else is committed: it takes as long as it
	// takes, and is no part of the one step.
	Forget []Forgetting
	// Audit is who did what: it is written in the same step as what they did.
	Audit []desk.Deed
}

// A Set is a list that the replicas know by heart, and look at anew when its
// version has changed.
type Set string

// MaxMembers is how many members a set has at most. A change that would add more
// is left out, as with aliases.
const MaxMembers = 10_000

// A SetChange puts a member into a set, or takes it out.
type SetChange struct {
	Set    Set
	Member string
	Value  string // what is to be known of it
	Remove bool
	// If is the value that was read; "" if the member was not there. With another
	// value there now, the outcome is in conflict. Nil: whatever is there.
	If *string
}

// Teaches reports whether o may change what is learned.
func (o Outcome) Teaches() bool { return len(o.Learned)+len(o.Unlearned) > 0 }

// A Timer brings an event later. Setting one takes the place of the one with
// the same Name, which then never comes; a zero Due only takes it away.
type Timer struct {
	Name  string // what for, and of what: nudge/<conversation>
	Due   time.Time
	Event chat.Event // of kind Tick, in the lane where it is to be handled
}

// A Reader reads records. A missing one is [ErrNotFound].
type Reader interface {
	Conversation(ctx context.Context, id chat.ConversationID) (Versioned[conversation.Conversation], error)
	Ticket(ctx context.Context, id chat.TicketID) (Versioned[desk.Ticket], error)
	// Person returns a zero Person of version 0 for someone not stored yet.
	Person(ctx context.Context, id chat.PersonID) (Versioned[desk.Person], error)
	// Queue lists the open tickets of a desk in the order they are worked, at
	// most limit, and how many there are in all.
	Queue(ctx context.Context, desk string, now time.Time, limit int) ([]desk.Ticket, int, error)
	// Ahead counts the open tickets of t's desk that are worked before t, which
	// need not be stored yet.
	Ahead(ctx context.Context, t desk.Ticket, now time.Time) (int, error)
	// Held lists the live tickets that a person holds, oldest claim first.
	Held(ctx context.Context, holder chat.PersonID, limit int) ([]desk.Ticket, error)
	// Asked lists a person's own tickets, newest first.
	Asked(ctx context.Context, asker chat.PersonID, limit int) ([]desk.Ticket, error)
	// LiveOf lists the live tickets of a desk by number, those above after, at
	// most limit, and how many live ones it has in all.
	LiveOf(ctx context.Context, desk string, after int64, limit int) ([]desk.Ticket, int, error)
	// Idle lists the live tickets of a desk whose LatestWord is older than
	// before, the oldest first, at most limit, and how many there are in all.
	Idle(ctx context.Context, desk string, before time.Time, limit int) ([]desk.Ticket, int, error)
	// OnCall lists who is on call at a desk, who has been the longest first.
	OnCall(ctx context.Context, desk string) ([]desk.OnCall, error)
	// Set lists the members of a set with their values, and its version: 0 as long
	// as nothing ever was in it, then another one after each change. Member is
	// the value of one.
	Set(ctx context.Context, set Set) (map[string]string, int64, error)
	Member(ctx context.Context, set Set, member string) (string, error)
	// Alias is one that is learned. If it is not, and there is no room for more,
	// the error is [ErrFull], too.
	Alias(ctx context.Context, id desk.AliasID) (desk.Alias, error)
	// Line reads a line of the ledger. Lately lists a person's newest ones, at
	// most [desk.MaxLately], newest first.
	Line(ctx context.Context, id desk.LineID) (Versioned[desk.Line], error)
	Lately(ctx context.Context, person chat.PersonID) ([]Versioned[desk.Line], error)
	// Gaps lists a desk's lines since a time that are a Gap, newest first, at
	// most limit, and how many there are in all.
	Gaps(ctx context.Context, desk string, since time.Time, limit int) ([]desk.Line, int, error)
	// Tallies lists those of a desk from one day up to another, without it; both
	// are midnights, UTC.
	Tallies(ctx context.Context, desk string, from, to time.Time) ([]desk.Tally, error)
	// Waits lists the newest waits for a first reply of a desk, newest first.
	Waits(ctx context.Context, desk string) ([]desk.Wait, error)
	// Belongings is what is kept of someone. It goes through the whole store.
	Belongings(ctx context.Context, o Owner) (Belongings, error)
	// Posted says what of ours stands at a message of a channel, threads in it
	// included.
	Posted(ctx context.Context, channel chat.Place, m chat.MessageID) (Posted, error)
}

// Posted is a message of ours that stands.
type Posted struct {
	Key          chat.Key            `json:"key"`
	Conversation chat.ConversationID `json:"conversation,omitempty"` // as its reply named it
	Ticket       chat.TicketID       `json:"ticket,omitempty"`       // likewise
}

// A View is what a Handler sees: the records, and the two things it may
// reserve. A reservation belongs to the event: handling it again gets the same
// one. It lapses when the event is finished or buried. Both return [ErrLost] if
// the lease was lost. A View is not for concurrent use.
type View interface {
	Reader
	// Here is the conversation that was stored last as a new one in the event's
	// lane; false if there is none.
	Here(ctx context.Context) (Versioned[conversation.Conversation], bool, error)
	// Number reserves the number of a new ticket.
	Number(ctx context.Context) (int64, error)
	// Head reserves the open ticket of a desk that is worked next and that is not
	// reserved, as the nth of the event's, from 1. It returns [ErrNotFound] if
	// none is left. If the one reserved before is no longer open, it takes the
	// next.
	Head(ctx context.Context, desk string, now time.Time, nth int) (chat.TicketID, error)
}

// Work is an event leased to one worker, the head of its lane.
type Work struct {
	Event chat.Event
	At    time.Time // when it was accepted
	Tries int       // failures so far
	Token string    // proves the lease; differs for every lease
	View  View      // with the lane's conversation, its ticket and the person at hand
}

// A Letter is a reply leased to one sender, the head of its place.
type Letter struct {
	chat.Delivery
	Token string // proves the lease
	// Uncertain: an earlier try was begun, and nobody knows how it ended. Taking
	// the lease marks a letter as begun; Delivered, Postpone and Discard end it.
	// A letter that is postponed while Uncertain is so again at its next lease.
	Uncertain bool
}

// A DeadLetter is an event or reply that was given up.
type DeadLetter struct {
	ID    string
	At    time.Time
	Cause string
	Event *chat.Event // or
	Reply *chat.Reply
}

// Stats are how much is stored, and how old the oldest of what waits is; 0 if
// nothing waits.
type Stats struct {
	Lanes       int // with events
	Events      int
	EventAge    time.Duration            // of the oldest event that could be taken
	Replies     map[string]int           // by platform
	ReplyAge    map[string]time.Duration // likewise
	Open        map[string]int           // open tickets by desk
	OpenAge     map[string]time.Duration // of the oldest open ticket by desk
	Timers      int
	DeadLetters int
}

// Retention is how long what is over is kept. Zero: for good.
type Retention struct {
	Conversations time.Duration // after their newest word, unless a ticket is live
	Receipts      time.Duration // after delivery, unless its ticket is live; a reply is no longer replaced after that
	DeadLetters   time.Duration
	Ledger        time.Duration // after the question; tallies stay for TalliesKept
	Audit         time.Duration // after the deed, once it is sealed
	Tickets       time.Duration // after they were closed, with their history; their numbers are not used again
}

// TalliesKept is how long the tallies of a day are kept: a year, and the same
// time a year before.
const TalliesKept = 2 * 366 * 24 * time.Hour

// Pending counts what is not done yet, leased or not.
type Pending struct {
	Events  int
	Replies int
}

// A Store keeps events, records and replies. Every method that writes is one
// atomic step and safe to repeat after a lost answer. Time comes in as an
// argument; no rule depends on a server's clock.
type Store interface {
	Reader
	chat.Memory

	// Accept stores an event at the end of its lane. A copy of one that was
	// accepted within [Remembered] changes nothing and is no error; fresh
	// tells the two apart.
	Accept(ctx context.Context, e chat.Event, now time.Time) (fresh bool, err error)
	// Lease takes the head of a lane that has work, for d. While it holds,
	// nobody else gets that lane. It does not wait: [ErrNothing].
	Lease(ctx context.Context, now time.Time, d time.Duration) (Work, error)
	// Fresh is a view without what the lease brought along: for handling again
	// after a conflict.
	Fresh(w Work) View
	// Finish commits an outcome, marks the event done and frees its lane.
	// Nothing is changed if it returns [ErrConflict] or [ErrLost]. Repeating a
	// Finish that was committed returns nil and changes nothing.
	Finish(ctx context.Context, w Work, o Outcome, now time.Time) error
	// Retry counts a failure and leaves the event at the head of its lane
	// until then.
	Retry(ctx context.Context, w Work, cause string, until, now time.Time) error
	// Bury moves the event to the dead letters with the cause, frees its lane
	// and reservations, queues an apology, and adds the deeds to the audit.
	Bury(ctx context.Context, w Work, cause string, apology []chat.Reply, now time.Time, deeds ...desk.Deed) error

	// LeaseReply takes the oldest reply of a place on the platform for d, within
	// the platform's pace, with what stands under its Key and Under. While it
	// holds, nobody else gets that place. It does not wait: [ErrNothing].
	LeaseReply(ctx context.Context, platform string, pace chat.Pace, now time.Time, d time.Duration) (Letter, error)
	// Delivered notes where a reply stands under its Key, for Remove that
	// nothing does any more, and frees its place. A zero Receipt means that it
	// is not known. If the reply has a Report, a Delivered event is accepted in
	// the same step.
	Delivered(ctx context.Context, l Letter, r chat.Receipt, now time.Time) error
	// Postpone leaves the reply at the head of its place until then, as l says:
	// with no try begun, or Uncertain.
	Postpone(ctx context.Context, l Letter, until, now time.Time) error
	// Discard moves a reply to the dead letters and frees its place. If the
	// reply has a Report, an Undeliverable event is accepted in the same step.
	Discard(ctx context.Context, l Letter, cause string, now time.Time) error

	// Fire turns due timers into events, each exactly once, and says how many.
	Fire(ctx context.Context, now time.Time) (int, error)
	// NextTimer is when the first of the timers is due, also one that is late
	// already; zero if none is set.
	NextTimer(ctx context.Context) (time.Time, error)

	// Aliases lists what is learned, by id, and the version of the list, which
	// AliasVersion tells without reading it: 0 as long as nothing was ever
	// learned, then another one after each change. An alias that cannot be read
	// is logged and left out.
	Aliases(ctx context.Context) ([]desk.Alias, int64, error)
	AliasVersion(ctx context.Context) (int64, error)
	// AddAlias learns an alias; fresh tells whether it was not learned yet. One
	// of the same ID stays as it is. It returns [ErrFull] if there are
	// [desk.MaxAliases] others. The deeds go into the audit if it was fresh.
	AddAlias(ctx context.Context, a desk.Alias, deeds ...desk.Deed) (fresh bool, err error)
	// RemoveAlias unlearns one; found tells whether it was there, and then the
	// deeds go into the audit.
	RemoveAlias(ctx context.Context, id desk.AliasID, deeds ...desk.Deed) (found bool, err error)

	// SetVersion is the version of a set, without reading it.
	SetVersion(ctx context.Context, set Set) (int64, error)
	// Change makes changes of sets in one step, as an outcome does: [ErrConflict]
	// if one of them found another value than it was to, and then none is made. So
	// does a repeat after a lost answer, if it had such a condition.
	Change(ctx context.Context, changes ...SetChange) error
	// ChangeWith is Change, and adds deeds to the audit in the same step.
	ChangeWith(ctx context.Context, deeds []desk.Deed, changes ...SetChange) error

	// DeadLetters lists the newest, at most limit. DeadLetter reads one.
	DeadLetters(ctx context.Context, limit int) ([]DeadLetter, error)
	DeadLetter(ctx context.Context, id string) (DeadLetter, error)
	// Replay puts a dead letter back at the end of its lane or place, with no
	// failures counted; Drop forgets it. Both are [ErrNotFound] for one that is
	// not there; else the deeds go into the audit.
	Replay(ctx context.Context, id string, now time.Time, deeds ...desk.Deed) error
	Drop(ctx context.Context, id string, deeds ...desk.Deed) error

	// Record adds deeds to the audit that nothing else brings. The step has a name
	// of its own, chosen at random: repeating it within a few minutes changes
	// nothing.
	Record(ctx context.Context, step string, now time.Time, deeds ...desk.Deed) error
	// Audited lists the sealed lines of the audit above a number, at most limit,
	// and Unsealed the oldest of those that are not sealed yet.
	Audited(ctx context.Context, after int64, limit int) ([]desk.AuditLine, error)
	Unsealed(ctx context.Context, limit int) ([]desk.AuditLine, error)
	AuditChain(ctx context.Context) (desk.Chain, error)
	// Seal keeps the seals of the oldest unsealed lines, which were made behind a
	// place in the chain. It returns [ErrConflict], and changes nothing, if the
	// chain does not end there, or these lines are not the next.
	Seal(ctx context.Context, behind desk.Link, lines []desk.AuditLine) error

	// Forget goes through the whole store once and takes away what is an owner's,
	// in steps of which each leaves everything in order: queues keep their order,
	// and what was counted stays counted. Of their tickets a skeleton stays, see
	// [desk.Ticket.Forget], and messages of ours about them are taken back. [Forget]
	// repeats it.
	Forget(ctx context.Context, f Forgetting, now time.Time) (Forgotten, error)

	// Trim drops some of what is older than its retention, or than what a Memory
	// promises, and says how much.
	Trim(ctx context.Context, r Retention, now time.Time) (int, error)
	Pending(ctx context.Context) (Pending, error)
	Stats(ctx context.Context, platforms, desks []string, now time.Time) (Stats, error)
	Close() error
}

// A Handler makes of an event what should change. It only reads, so it may be
// run any number of times. [ErrConflict] asks for that, with a fresh view.
type Handler interface {
	Handle(ctx context.Context, e chat.Event, v View) (Outcome, error)
	// Apologise words what a person is told whose event could not be handled.
	// Nobody waiting: none.
	Apologise(e chat.Event) []chat.Reply
	// Failed is what the audit has of an event that was given up: none, if nobody
	// did anything.
	Failed(e chat.Event) []desk.Deed
	// Doubt is the reply with the remark that it may have arrived already.
	Doubt(r chat.Reply) chat.Reply
	// Make makes the file that a reply's attachment names as made. It only
	// reads, and is run again for each try. With [ErrUnavailable] the reply
	// waits; after any other error it goes without the file.
	Make(ctx context.Context, made string) ([]byte, error)
}
