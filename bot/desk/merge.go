package desk

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// Several people ask the same thing: their tickets are merged into one, their
// parent. It alone is worked. What it is told or becomes, its children are told
// and become too, each asker in their own place; what they say is heard there.
//
// A child does as its parent does, and is in no queue. One whose asker takes it
// back, or comes back to it after it was settled, goes its own way again. So
// parents have no parents, and of a parent and its children either all are live
// or none.

// Why tickets are not merged, or one is not worked.
var (
	ErrMerged  = errors.New("ticket goes with another")
	ErrSelf    = errors.New("a ticket cannot be merged into itself")
	ErrCrowded = errors.New("as many tickets as there may be go with it")
)

// MaxChildren is how many tickets go with one at most: one outcome changes them
// all.
const MaxChildren = 50

// A Child is a ticket that goes with another.
type Child struct {
	ID    chat.TicketID `json:"id"`
	Name  string        `json:"name"`  // of its asker
	After int           `json:"after"` // how many entries the parent's history had: none of them was for this asker
}

// Merge makes child go with t, and so do those that went with it, which are
// its. Who may hand the child over may do so. A child that was worked brings its
// holder along if nobody holds t. It returns [ErrSelf], [ErrUnchanged],
// [ErrMerged] if either goes with another, [ErrCrowded], [ErrHeld], or why one
// of them is not live.
func (t *Ticket) Merge(a Agent, lead bool, at time.Time, child *Ticket, its ...*Ticket) error {
	switch {
	case t.ID == child.ID:
		return ErrSelf
	case child.Parent == t.ID:
		return ErrUnchanged
	case t.Parent != "":
		return fmt.Errorf("%s: %w", t.ID, ErrMerged)
	case child.Parent != "":
		return fmt.Errorf("%s: %w", child.ID, ErrMerged)
	case len(t.Children)+1+len(its) > MaxChildren:
		return fmt.Errorf("%s: %w", t.ID, ErrCrowded)
	case child.Holder != "" && child.Holder != a.ID && !lead:
		return fmt.Errorf("merge %s by %s: %w", child.ID, a.ID, ErrHeld)
	}
	if err := errors.Join(child.live(), t.live()); err != nil {
		return err
	}
	if t.Holder == "" && child.Holder != "" {
		if t.State = child.State; t.owed() > 0 {
			t.State = Claimed // whatever its holder waits for, this asker has no reply
		} else if t.State == Waiting {
			t.WaitUntil = child.WaitUntil
		}
		t.Holder, t.HolderName, t.HolderAs, t.ClaimedAt = child.Holder, child.HolderName, child.HolderAs, child.ClaimedAt
	}
	t.Watchers = both(t.Watchers, child.Watchers)
	child.Children = nil
	for _, one := range append([]*Ticket{child}, its...) {
		t.note(at, a, DidLink, string(one.ID))
		if t.Newest().Thanks = one.owed() == 0; !t.Newest().Thanks && t.State == Waiting {
			t.ours() // what was said before was not for them
		}
		one.note(at, a, DidMerge, string(t.ID))
	}
	for _, one := range append([]*Ticket{child}, its...) {
		t.adopt(one)
	}
	return nil
}

// both are those who watch either of two tickets, as many as may.
func both(a, b []Agent) []Agent {
	all := slices.Clone(a)
	for _, w := range b {
		if len(all) < MaxWatchers && !slices.ContainsFunc(all, func(o Agent) bool { return o.ID == w.ID }) {
			all = append(all, w)
		}
	}
	return all
}

// adopt makes child go with t from now on.
func (t *Ticket) adopt(child *Ticket) {
	child.Parent = t.ID
	for i := range child.History {
		child.History[i].As = 0 // it says how another history counts
	}
	t.Children = append(slices.Clone(t.Children), Child{child.ID, child.Asker.Name, len(t.History)})
}

// Leave lets child go its own way, as it is now, unless it does already. A live
// one keeps its holder.
func (t *Ticket) Leave(child *Ticket, at time.Time) {
	i := slices.IndexFunc(t.Children, func(c Child) bool { return c.ID == child.ID })
	if i < 0 {
		return
	}
	t.Children = slices.Delete(slices.Clone(t.Children), i, i+1)
	t.note(at, Agent{ID: child.Asker.Person, Name: child.Asker.Name}, DidPart, string(child.ID))
	child.part(at)
}

// part lets t go its own way. Its parent is to be told with [Ticket.Leave].
func (t *Ticket) part(at time.Time) {
	if t.Parent != "" {
		t.Parent = ""
		t.note(at, Agent{Name: t.Asker.Name}, DidPart, string(t.ID))
	}
}

// Succeed puts the first child in t's place, for t's asker wants it no more.
// The others go with that one.
func (t *Ticket) Succeed(heir *Ticket, others []*Ticket, at time.Time) {
	t.Leave(heir, at)
	for _, other := range others {
		heir.adopt(other)
	}
	t.Children = nil
}

// Hear notes on t that the asker of a child said something there: it is the
// agent's turn.
func (t *Ticket) Hear(child *Ticket, at time.Time) {
	if t.State == Waiting {
		t.ours()
	}
	t.note(at, Agent{ID: child.Asker.Person, Name: child.Asker.Name}, DidHear, string(child.ID))
}

// A Course is what the children of a ticket follow.
type Course struct {
	desk      string
	state     State
	holder    chat.PersonID
	claimedAt time.Time
	waitUntil time.Time
	nagged    time.Time
	children  int
	watchers  string
	words     string
}

// Course tells whether children have anything to follow: it is another one
// when they have.
func (t *Ticket) Course() Course {
	if len(t.Children) == 0 {
		return Course{}
	}
	c := Course{desk: t.Desk, state: t.State, holder: t.Holder, claimedAt: t.ClaimedAt, waitUntil: t.WaitUntil, nagged: t.Silence.Told, children: len(t.Children)}
	for _, w := range t.Watchers {
		c.watchers += string(w.ID) + "\n"
	}
	for n := range t.History {
		if e := &t.History[n]; e.toAsker() {
			c.words += fmt.Sprintf("%d %t %q\n", n, e.Passage == Withdrawn, t.Text(n+1))
		}
	}
	return c
}

// toAsker reports whether an entry is an agent's words that are to reach, or
// have reached, the asker.
func (e *Entry) toAsker() bool {
	return (e.Did == DidReply || e.Did == DidArticle) && e.Passage != Held
}

// Following is what came of following a parent: entries of the child's history
// that are to be carried to its asker, said anew and taken away, and news.
type Following struct {
	Carry, Again, Unsay []int
	News                []News
	By                  Agent // whose news it is
}

// Follow brings t where its parent is. It says what is new for t's asker, and
// nothing if it is called again.
//
// A parent whose own asker comes back to it after it was settled comes back
// alone: t parts with it.
func (t *Ticket) Follow(parent *Ticket, at time.Time) Following {
	var f Following
	t.repeat(parent, at, &f)
	was := *t
	turned := func(e *Entry, news News) {
		f.By = Agent{ID: e.By, Name: e.Name}
		t.note(at, f.By, e.Did, "")
		if news != "" {
			f.News = append(f.News, news)
		}
	}
	switch live := parent.Live(); {
	case live && !was.Live():
		back := parent.Last(DidReopen)
		if back.By == "" {
			parent.Leave(t, at)
			f.News = append(f.News, Parted)
			return f
		}
		turned(back, Back)
	case live && was.Holder == "" && parent.Holder != "" && parent.Count(DidClaim) <= 1 && len(f.Carry) == 0: // words tell it, too
		f.By = Agent{ID: parent.Holder, Name: parent.HolderName}
		f.News = append(f.News, Taken)
	case live && was.Holder != "" && parent.Holder == "" && was.Desk != parent.Desk:
		f.News = append(f.News, Moved)
	case parent.State == Waiting && !parent.Silence.Told.IsZero() && !parent.Silence.Told.Equal(was.Silence.Told):
		f.News = append(f.News, Nagged)
	case parent.State == Resolved && was.State != Resolved:
		t.Rating, t.Comment = "", ""
		if done := parent.Last(DidResolve, DidExpire); done.Did == DidExpire {
			turned(done, Expired)
		} else {
			turned(done, Settled)
		}
	case parent.State == Closed && was.State != Closed:
		switch done := parent.Last(DidClose, DidEnd); {
		case done.Did == DidClose:
			turned(done, Ended)
		case was.Live(): // it was settled just before
			turned(done, Expired)
		default:
			turned(done, "")
		}
	}
	t.Desk, t.State, t.WaitUntil = parent.Desk, parent.State, parent.WaitUntil
	t.Holder, t.HolderName, t.HolderAs, t.ClaimedAt = parent.Holder, parent.HolderName, parent.HolderAs, parent.ClaimedAt
	t.ResolvedAt, t.ClosedAt, t.ClosedBy = parent.ResolvedAt, parent.ClosedAt, parent.ClosedBy
	t.Silence, t.Watchers = parent.Silence, parent.Watchers
	return f
}

// Last is the newest entry of some kinds; an empty one if there is none.
func (t *Ticket) Last(did ...Doing) *Entry {
	for i := range slices.Backward(t.History) {
		if slices.Contains(did, t.History[i].Did) {
			return &t.History[i]
		}
	}
	return &Entry{}
}

// repeat says on t what was said on its parent since it went with it, as it
// reads now.
func (t *Ticket) repeat(parent *Ticket, at time.Time, f *Following) {
	i := slices.IndexFunc(parent.Children, func(c Child) bool { return c.ID == t.ID })
	if i < 0 {
		return
	}
	for n := parent.Children[i].After + 1; n <= len(parent.History); n++ {
		e := parent.Entry(n)
		if !e.toAsker() {
			continue
		}
		m := 1 + slices.IndexFunc(t.History, func(mine Entry) bool { return mine.As == n })
		gone, text := e.Passage == Withdrawn, parent.Text(n)
		switch {
		case m == 0 && gone:
		case m == 0:
			t.note(at, Agent{ID: e.By, Name: e.Name}, e.Did, text)
			mine := t.Newest()
			mine.As, mine.URL, mine.Article, mine.Files, mine.Said, mine.Passage = n, e.URL, e.Article, e.Files, e.Said, Sending
			mine.Mark = e.Mark + "/" + string(t.ID)
			if mine.Markup = e.Markup; text == e.Text { // else it is the agent's own by now
				mine.Snippet = e.Snippet
			}
			f.Carry = append(f.Carry, len(t.History))
		case t.Entry(m).Passage == Withdrawn, t.Entry(m).Passage == Failed:
		case gone:
			t.Entry(m).Passage = Withdrawn
			t.note(at, Agent{ID: e.By, Name: e.Name}, DidTakeBack, "")
			t.Newest().Of = m
			f.Unsay = append(f.Unsay, m)
		case e.Did == DidReply && t.Text(m) != t.ownWords(m, e, text):
			t.note(at, Agent{ID: e.By, Name: e.Name}, DidEdit, t.ownWords(m, e, text))
			t.Newest().Of = m
			f.Again = append(f.Again, m)
		}
	}
}

// ownWords is what entry m of t is to say, which repeats e of its parent's, that
// reads as text now: its own version of a snippet, unless that was changed.
func (t *Ticket) ownWords(m int, e *Entry, text string) string {
	if mine := t.Entry(m); mine.Snippet != "" && text == e.Text {
		return mine.Text
	}
	return text
}
