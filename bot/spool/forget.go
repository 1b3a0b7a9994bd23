package spool

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
)

// An Owner is someone whose data are asked for: a person with all of their
// accounts.
type Owner struct {
	Person   chat.PersonID
	Accounts []chat.AccountID
}

// Persons are the ids that the owner has or once had: an account is a person of
// its own until it is linked.
func (o Owner) Persons() []chat.PersonID {
	ids := []chat.PersonID{o.Person}
	for _, account := range o.Accounts {
		if id := chat.PersonID(account); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Is reports whether someone is the owner.
func (o Owner) Is(s chat.Sender) bool {
	return s.Account != "" && slices.Contains(o.Accounts, s.Account) || s.Person != "" && slices.Contains(o.Persons(), s.Person)
}

// Belongings is what is kept of an owner: what they asked and chose. Each list is
// in the order of time.
type Belongings struct {
	Persons       []desk.Person
	Conversations []conversation.Conversation
	Tickets       []desk.Ticket // that they asked
	Lines         []desk.Line
	Aliases       []desk.Alias // taught on their tickets
}

// Empty reports whether nothing is kept.
func (b Belongings) Empty() bool {
	return len(b.Persons)+len(b.Conversations)+len(b.Tickets)+len(b.Lines)+len(b.Aliases) == 0
}

// ForgottenTimer is the name of a timer that nothing comes of: what is left of an
// event of someone who is forgotten.
const ForgottenTimer = "forgotten"

// A Forgetting is the wish of an owner that nothing of theirs is kept.
type Forgetting struct {
	Owner
	// Event is the wish itself, as long as it is handled; empty: none.
	Event chat.EventID
	// Sets are members to take out of sets, and Links those by which their accounts
	// are known, which go last.
	Sets, Links []SetChange
	// Cards are what stands in the place of a ticket's cards from then on.
	Cards func(desk.Ticket) []chat.Reply
}

// Forgotten counts what a [Forgetting] took away.
type Forgotten struct {
	Conversations, Tickets, Lines, Aliases int
	Persons                                int // records, with links and codes
	Waiting                                int // events, timers and replies on their way, and dead letters
	Messages                               int // that are taken back on their platforms
	// Busy: some of it is in somebody's hands just now, and comes back when they
	// are done.
	Busy bool
}

// Sum is how much it was.
func (f Forgotten) Sum() int {
	return f.Conversations + f.Tickets + f.Lines + f.Aliases + f.Persons + f.Waiting + f.Messages
}

func (f *Forgotten) add(more Forgotten) {
	f.Conversations += more.Conversations
	f.Tickets += more.Tickets
	f.Lines += more.Lines
	f.Aliases += more.Aliases
	f.Persons += more.Persons
	f.Waiting += more.Waiting
	f.Messages += more.Messages
	f.Busy = more.Busy
}

const (
	// maxPasses is how often the store is gone through while others bring back
	// what was taken away, and breath how long they are given between two times:
	// together longer than a lease, so that what a dead process had in hand is
	// found, too.
	maxPasses = 160
	breath    = 250 * time.Millisecond
)

// errInHand: others held, or brought back, some of it all the while.
var errInHand = errors.New("some of it is in somebody's hands all the while")

// Forget takes an owner's data away while others work on: again and again, until
// there is nothing left. It is safe to repeat after a kill, and after an error,
// which is also what comes of it if somebody never lets go.
func Forget(ctx context.Context, store Store, f Forgetting, now func() time.Time) (Forgotten, error) {
	var all Forgotten
	for range maxPasses {
		some, err := store.Forget(ctx, f, now())
		if err != nil {
			return all, err
		}
		if all.add(some); some.Sum() == 0 && !some.Busy {
			return all, nil
		}
		if some.Busy {
			if !pause(ctx, nil, breath) {
				return all, ctx.Err()
			}
		}
	}
	return all, errInHand
}
