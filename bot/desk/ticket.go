// Package desk holds tickets, the people who work them and the order they are
// worked in. Types and rules, no I/O; time comes in as an argument.
package desk

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
)

// Why a ticket does not move.
var (
	ErrHeld      = errors.New("ticket is held by someone else")
	ErrFree      = errors.New("ticket is held by nobody")
	ErrResolved  = errors.New("ticket is already resolved")
	ErrClosed    = errors.New("ticket is closed")
	ErrNotDone   = errors.New("ticket is not resolved")
	ErrUnchanged = errors.New("ticket is so already")
	ErrTooMany   = errors.New("ticket has too many labels")
	ErrSent      = errors.New("words are on their way already")
	ErrGone      = errors.New("words were taken back or never arrived")
	ErrNotYours  = errors.New("words are someone else's")
	ErrForgotten = errors.New("ticket's asker is forgotten")
)

// A State says how far a ticket has come.
type State string

const (
	Open     State = "open"     // waits for an agent
	Claimed  State = "claimed"  // an agent holds it
	Waiting  State = "waiting"  // the asker's turn, or put off; held unless it was handed back so
	Resolved State = "resolved" // done; the asker may still come back
	Closed   State = "closed"   // done for good
)

// A Priority orders the queue. The zero value is Normal.
type Priority int

const (
	Low    Priority = -1
	Normal Priority = 0
	High   Priority = 1
	Urgent Priority = 2
)

var priorityNames = map[Priority]string{Low: "low", Normal: "normal", High: "high", Urgent: "urgent"}

// ParsePriority reads low, normal, high or urgent.
func ParsePriority(s string) (Priority, error) {
	for p, name := range priorityNames {
		if strings.EqualFold(s, name) {
			return p, nil
		}
	}
	return Normal, fmt.Errorf("priority %q is none of low, normal, high, urgent", s)
}

// String is low, normal, high or urgent.
func (p Priority) String() string { return priorityNames[p] }

// MaxLabels is how many labels a ticket holds: as many as fit on a card.
const MaxLabels = 20

// A Ticket is a conversation that no article settled, waiting for a person.
type Ticket struct {
	ID           chat.TicketID       `json:"id"`
	Number       int64               `json:"number"`
	Desk         string              `json:"desk"`
	Conversation chat.ConversationID `json:"conversation"`
	Asker        chat.Sender         `json:"asker"`
	Origin       chat.Place          `json:"origin"`            // where the question was asked
	Place        chat.Place          `json:"place"`             // where the asker is answered
	Private      bool                `json:"private,omitempty"` // and nobody else there may read it
	Direct       bool                `json:"direct,omitempty"`  // nor does anyway
	Question     string              `json:"question"`          // empty: taken back
	Detail       string              `json:"detail,omitempty"`  // that the form added to it: its last paragraphs
	Topic        string              `json:"topic,omitempty"`
	Trail        conversation.Trail  `json:"trail"`
	State        State               `json:"state"`
	Priority     Priority            `json:"priority,omitempty"`
	Labels       []string            `json:"labels,omitempty"` // sorted, each once
	Holder       chat.PersonID       `json:"holder,omitempty"` // empty while open; see HandBack
	HolderName   string              `json:"holder_name,omitempty"`
	HolderAs     chat.AccountID      `json:"holder_as,omitempty"` // the account they claimed it with
	Left         []chat.PersonID     `json:"left,omitempty"`      // who held it and gave it back, or lost it
	Watchers     []Agent             `json:"watchers,omitempty"`  // who hears of all that is said
	OpenedAt     time.Time           `json:"opened_at"`           // UTC; keeps its place in the queue
	DueAt        time.Time           `json:"due_at,omitzero"`     // UTC; zero: never due
	ClaimedAt    time.Time           `json:"claimed_at,omitzero"`
	ResolvedAt   time.Time           `json:"resolved_at,omitzero"`
	ClosedAt     time.Time           `json:"closed_at,omitzero"`
	ClosedBy     chat.PersonID       `json:"closed_by,omitempty"` // empty: the asker
	WaitUntil    time.Time           `json:"wait_until,omitzero"` // while it waits, for that and not for the asker
	Clocks       Clocks              `json:"clocks,omitzero"`     // see Tick
	Silence      Silence             `json:"silence,omitzero"`    // likewise
	AlarmAt      time.Time           `json:"alarm_at,omitzero"`   // what its timer was set to last
	Phrasing     string              `json:"phrasing,omitempty"`  // how an agent would have its question learned; empty: as it was asked
	Rating       string              `json:"rating,omitempty"`    // good, bad; empty: not said
	Comment      string              `json:"comment,omitempty"`   // that goes with it
	Untold       []News              `json:"untold,omitempty"`    // that follows words which look for a way
	Parent       chat.TicketID       `json:"parent,omitempty"`    // with which it goes; see [Ticket.Merge]
	Children     []Child             `json:"children,omitempty"`  // that go with it, in the order they came
	History      []Entry             `json:"history"`
}

// An Agent is who works a ticket, as far as a ticket cares.
type Agent struct {
	ID      chat.PersonID  `json:"id"`
	Name    string         `json:"name"`
	Account chat.AccountID `json:"account"` // the one they act with, and are told things by
}

// New makes a ticket of a conversation. The caller routes it to a desk.
func New(number int64, c *conversation.Conversation, question, topic string, at time.Time) Ticket {
	t := Ticket{
		ID: NewID(number), Number: number, Conversation: c.ID, Asker: c.Asker, Origin: c.Place, Place: c.Place, Private: c.Private, Direct: c.Direct,
		Question: question, Topic: topic, Trail: c.Trail, State: Open, OpenedAt: at,
	}
	t.note(at, Agent{Name: c.Asker.Name}, DidOpen, question)
	if asked := c.Newest(); asked != nil {
		t.History[0].Message = asked.Message
	}
	return t
}

// Explain adds what the asker wrote beside the question of a new ticket. It
// stays when they edit the question.
func (t *Ticket) Explain(detail string) {
	if detail == "" {
		return
	}
	t.Detail = detail
	t.Question = t.detailed(t.Question)
	t.History[0].Text = t.Question
}

func (t *Ticket) detailed(question string) string {
	if t.Detail == "" {
		return question
	}
	return question + "\n\n" + t.Detail
}

// NewID names the ticket with a number.
func NewID(number int64) chat.TicketID {
	return chat.TicketID(fmt.Sprintf("T-%d", number))
}

// ParseID reads T-12, t-12, #12 or 12. It refuses anything else.
func ParseID(s string) (chat.TicketID, error) {
	digits := strings.TrimPrefix(strings.TrimSpace(s), "#")
	if len(digits) > 2 && strings.EqualFold(digits[:2], "t-") {
		digits = digits[2:]
	}
	var number int64
	for _, r := range digits {
		if r < '0' || r > '9' || number >= 1e14 {
			return "", fmt.Errorf("%q is not a ticket such as T-12", s)
		}
		number = number*10 + int64(r-'0')
	}
	if number == 0 {
		return "", fmt.Errorf("%q is not a ticket such as T-12", s)
	}
	return NewID(number), nil
}

// Claim gives t to a. Claiming a ticket one already holds does nothing. It
// returns [ErrHeld] if someone else holds t, [ErrMerged] if it goes with
// another, and [ErrResolved] or [ErrClosed] if t is done.
func (t *Ticket) Claim(a Agent, at time.Time) error {
	if err := t.live(); err != nil {
		return err
	}
	switch t.Holder {
	case "":
		if err := t.alone(); err != nil {
			return err
		}
		t.hold(a, at)
		t.note(at, a, DidClaim, "")
		return nil
	case a.ID:
		return nil
	}
	return fmt.Errorf("claim %s for %s: %w", t.ID, a.ID, ErrHeld)
}

// Release puts t back at its old place in the queue: OpenedAt stays. Only its
// holder or a lead may; anyone else gets [ErrHeld].
func (t *Ticket) Release(a Agent, lead bool, at time.Time) error {
	if err := t.mine(a, lead); err != nil {
		return err
	}
	t.free()
	t.note(at, a, DidRelease, "")
	return nil
}

// HandBack is Release by a holder who leaves: what is not ours to answer now goes
// on waiting, held by nobody, and is in the queue once it is ours again.
func (t *Ticket) HandBack(a Agent, at time.Time) error {
	was := t.State
	if err := t.Release(a, false, at); err != nil {
		return err
	}
	if was == Waiting {
		t.State = Waiting
	}
	return nil
}

// Assign gives t to another agent, whoever holds it now. Handing it to its
// holder returns [ErrUnchanged].
func (t *Ticket) Assign(by, to Agent, at time.Time) error {
	if err := errors.Join(t.live(), t.alone()); err != nil {
		return err
	}
	if t.Holder == to.ID {
		return ErrUnchanged
	}
	t.hold(to, at)
	t.note(at, by, DidAssign, to.Name)
	return nil
}

// Transfer hands t from its holder, or on a lead's word, to another agent with
// a note.
func (t *Ticket) Transfer(by, to Agent, lead bool, text string, at time.Time) error {
	if err := t.mine(by, lead); err != nil {
		return err
	}
	if t.Holder == to.ID {
		return ErrUnchanged
	}
	t.hold(to, at)
	t.note(at, by, DidTransfer, to.Name)
	if text != "" {
		t.note(at, by, DidNote, text)
	}
	return nil
}

// Reply notes an agent's words to the asker; the next move is the asker's. An
// open ticket is claimed by replying. Someone else's returns [ErrHeld], unless
// the agent knows and replies anyway, and then stays with its holder. Words
// that are held wait for [Ticket.Dispatch].
func (t *Ticket) Reply(a Agent, text string, anyway, held bool, at time.Time) error {
	if err := t.Claim(a, at); err != nil && !(anyway && errors.Is(err, ErrHeld)) {
		return err
	}
	t.State = Waiting
	t.note(at, a, DidReply, text)
	t.Newest().Passage = Sending
	if held {
		t.Newest().Passage = Held
	}
	return nil
}

// Dispatch lets held words go, and reports whether they were held still.
func (t *Ticket) Dispatch(n int) bool {
	e := t.Entry(n)
	if e == nil || e.Passage != Held {
		return false
	}
	e.Passage = Sending
	return true
}

// Undo calls held words back before anyone has read them. It returns
// [ErrSent] if that is too late.
func (t *Ticket) Undo(n int, a Agent, lead bool, at time.Time) error {
	e, err := t.words(n, a, lead)
	switch {
	case err != nil:
		return err
	case e.Passage != Held:
		return fmt.Errorf("undo %s/%d: %w", t.ID, n, ErrSent)
	}
	return t.Withdraw(n, a, lead, at)
}

// Rewrite changes what an agent said to the asker, or noted.
func (t *Ticket) Rewrite(n int, a Agent, lead bool, text string, at time.Time) error {
	if _, err := t.words(n, a, lead); err != nil {
		return err
	}
	if t.Text(n) == text {
		return ErrUnchanged
	}
	t.note(at, a, DidEdit, text)
	t.Newest().Of = n
	return nil
}

// Withdraw takes back what an agent said to the asker, or noted. The history
// keeps it.
func (t *Ticket) Withdraw(n int, a Agent, lead bool, at time.Time) error {
	e, err := t.words(n, a, lead)
	if err != nil {
		return err
	}
	e.Passage = Withdrawn
	if t.State == Waiting && t.lastReply() == nil {
		t.ours()
	}
	t.note(at, a, DidTakeBack, "")
	t.Newest().Of = n
	return nil
}

// words are those of an agent that may still be changed by a: their own, or a
// lead's to change.
func (t *Ticket) words(n int, a Agent, lead bool) (*Entry, error) {
	e := t.Entry(n)
	switch {
	case e == nil, e.Did != DidReply && e.Did != DidArticle && e.Did != DidNote, e.Passage == Withdrawn, e.Passage == Failed:
		return nil, fmt.Errorf("%s/%d: %w", t.ID, n, ErrGone)
	case e.By != a.ID && !lead:
		return nil, fmt.Errorf("%s/%d by %s: %w", t.ID, n, a.ID, ErrNotYours)
	}
	return e, nil
}

// lastReply is what the asker may have to answer; nil if it was taken back.
func (t *Ticket) lastReply() *Entry {
	for i := range slices.Backward(t.History) {
		switch e := &t.History[i]; {
		case e.Did == DidAdd:
			return nil
		case (e.Did == DidReply || e.Did == DidArticle) && e.Passage != Withdrawn && e.Passage != Failed:
			return e
		}
	}
	return nil
}

// Arrive notes that words reached the other side at a place.
func (t *Ticket) Arrive(n int, place chat.Place) {
	if e := t.Entry(n); e != nil && e.Passage != Withdrawn {
		e.Passage, e.Place = Arrived, place
	}
}

// Fail notes that what an agent said did not reach the asker, and why: it is
// the agent's turn again.
func (t *Ticket) Fail(n int, cause string, at time.Time) {
	e := t.Entry(n)
	if e == nil || e.Passage == Withdrawn {
		return
	}
	e.Passage, e.Cause = Failed, cause
	if t.State == Waiting && t.lastReply() == nil {
		t.ours()
	}
	t.note(at, Agent{ID: e.By, Name: e.Name}, DidFail, "")
	t.Newest().Of = n
}

// Note keeps words for agents alone. Any agent may, at any time.
func (t *Ticket) Note(a Agent, text string, at time.Time) {
	t.note(at, a, DidNote, text)
}

// Send notes that an article was sent to the asker. It counts as a reply, and as
// an article shown.
func (t *Ticket) Send(a Agent, article conversation.Shown, at time.Time) error {
	if err := t.Claim(a, at); err != nil {
		return err
	}
	t.State = Waiting
	t.note(at, a, DidArticle, article.Title)
	t.Newest().URL, t.Newest().Article, t.Newest().Passage = article.URL, article.ID, Sending
	article.By = a.ID
	t.Trail.Suggest(article)
	return nil
}

// Hand notes that the asker is sent what was said on t. It is no reply.
func (t *Ticket) Hand(a Agent, at time.Time) {
	t.note(at, a, DidTranscript, "")
	t.Newest().Passage = Sending
}

// Resolve ends the work on t, with a last word to the asker unless text is
// empty; the asker may come back. Resolving an open ticket is fine: whoever
// does so becomes its holder. Someone else's returns [ErrHeld] unless a lead
// does it, done ones [ErrResolved] or [ErrClosed].
func (t *Ticket) Resolve(a Agent, lead bool, text string, at time.Time) error {
	if t.Holder == "" {
		if err := t.Claim(a, at); err != nil {
			return err
		}
	}
	if err := t.mine(a, lead); err != nil {
		return err
	}
	if text != "" {
		t.note(at, a, DidReply, text)
		t.Newest().Passage = Sending
	}
	t.State, t.ResolvedAt, t.Rating, t.Comment = Resolved, at, "", ""
	t.note(at, a, DidResolve, "")
	return nil
}

// Close ends t for good, from any state but closed. The asker may, for their
// own; else its holder, anyone if nobody holds it, or a lead.
func (t *Ticket) Close(a Agent, lead bool, reason string, at time.Time) error {
	if t.State == Closed {
		return ErrClosed
	}
	if err := t.alone(); err != nil {
		return err
	}
	if t.Holder != "" && t.Holder != a.ID && !lead {
		return fmt.Errorf("close %s by %s: %w", t.ID, a.ID, ErrHeld)
	}
	t.State, t.ClosedAt, t.ClosedBy = Closed, at, a.ID
	t.note(at, a, DidClose, reason)
	return nil
}

// Cancel is the asker's own Close.
func (t *Ticket) Cancel(at time.Time) error {
	if err := t.live(); err != nil {
		return err
	}
	t.part(at)
	t.State, t.ClosedAt, t.ClosedBy = Closed, at, ""
	t.note(at, Agent{Name: t.Asker.Name}, DidCancel, "")
	return nil
}

// Reopen brings a resolved or closed ticket back: to its holder if it had one,
// else to its old place in the queue. A live one returns [ErrNotDone], and one
// whose asker wished to be forgotten [ErrForgotten].
func (t *Ticket) Reopen(a Agent, at time.Time) error {
	switch {
	case t.live() == nil:
		return ErrNotDone
	case t.Forgotten():
		return ErrForgotten
	}
	t.reopen(at)
	t.note(at, a, DidReopen, "")
	return nil
}

func (t *Ticket) reopen(at time.Time) {
	t.part(at)
	t.ResolvedAt, t.ClosedAt, t.ClosedBy = time.Time{}, time.Time{}, ""
	t.ours()
}

// ours makes the next move on t its holder's, or, if nobody holds it, that of
// whoever takes it.
func (t *Ticket) ours() {
	t.State = Open
	if t.Holder != "" {
		t.State = Claimed
	}
}

// Add takes the asker's further words in. A waiting ticket is the agent's turn
// again; a settled one comes back if they were said at most grace after. After
// that, and when someone closed it, it returns [ErrClosed].
func (t *Ticket) Add(id chat.MessageID, text string, files []chat.File, grace time.Duration, at time.Time) error {
	switch back := t.Returns(grace, at); {
	case !t.Live() && !back:
		return ErrClosed
	case back:
		t.regret(text)
		t.reopen(at)
		t.note(at, Agent{Name: t.Asker.Name}, DidReopen, "")
	case t.State == Waiting:
		t.ours()
	}
	t.note(at, Agent{Name: t.Asker.Name}, DidAdd, text)
	t.Newest().Message, t.Newest().Files = id, files
	return nil
}

// Said finds the newest words of the asker's that a message brought; nil if
// there are none, or they were taken back.
func (t *Ticket) Said(id chat.MessageID) *Entry {
	for i := len(t.History) - 1; i >= 0 && id != ""; i-- {
		if e := &t.History[i]; e.Message == id {
			if e.Did == DidTakeBack {
				return nil
			}
			return e
		}
	}
	return nil
}

// Thank notes the asker's thanks, which change nothing.
func (t *Ticket) Thank(id chat.MessageID, text string, at time.Time) {
	t.note(at, Agent{Name: t.Asker.Name}, DidAdd, text)
	t.Newest().Message, t.Newest().Thanks = id, true
}

// Edit notes that the asker's words now read otherwise. The old ones stay in
// the history, for someone may have answered them.
func (t *Ticket) Edit(id chat.MessageID, text string, files []chat.File, at time.Time) {
	if t.History[0].Message == id && t.Question != "" {
		t.Question = t.detailed(text)
	}
	of := t.FromMessage(id)
	t.note(at, Agent{Name: t.Asker.Name}, DidEdit, text)
	e := t.Newest()
	e.Message, e.Files, e.Of = id, files, of
}

// TakeBack notes that the asker took words back, and forgets them.
func (t *Ticket) TakeBack(id chat.MessageID, at time.Time) {
	for i := range t.History {
		if e := &t.History[i]; e.Message == id && e.By == "" {
			e.Text, e.Files = "", nil
		}
	}
	if t.History[0].Message == id {
		t.Question, t.Detail, t.Phrasing = "", "", ""
	}
	t.Trail.Asked = slices.Clone(t.Trail.Asked)
	for i := range t.Trail.Asked {
		if a := &t.Trail.Asked[i]; a.Message == id {
			a.Text, a.Files = "", nil
		}
	}
	of := t.FromMessage(id)
	t.note(at, Agent{Name: t.Asker.Name}, DidTakeBack, "")
	t.Newest().Message, t.Newest().Of = id, of
}

// Rate keeps whether the asker was helped. Only a settled ticket is rated, the
// time to come back may be over; a live one returns [ErrNotDone], and one that
// someone closed [ErrClosed].
func (t *Ticket) Rate(good bool, at time.Time) error {
	switch {
	case t.Live():
		return ErrNotDone
	case t.State == Closed && !t.ended():
		return ErrClosed
	}
	rating := "bad"
	if good {
		rating = "good"
	}
	if t.Rating == rating {
		return nil
	}
	t.Rating = rating
	t.note(at, Agent{Name: t.Asker.Name}, DidRate, t.Rating)
	return nil
}

// SetPriority moves t in the queue.
func (t *Ticket) SetPriority(a Agent, p Priority, at time.Time) error {
	if err := errors.Join(t.live(), t.alone()); err != nil {
		return err
	}
	if t.Priority == p {
		return ErrUnchanged
	}
	t.Priority = p
	t.note(at, a, DidPriority, p.String())
	return nil
}

// AddLabel files t under a label. One it has returns [ErrUnchanged], one too
// many [ErrTooMany].
func (t *Ticket) AddLabel(a Agent, label string, at time.Time) error {
	if slices.Contains(t.Labels, label) {
		return ErrUnchanged
	}
	if len(t.Labels) >= MaxLabels {
		return fmt.Errorf("%s: %w", t.ID, ErrTooMany)
	}
	t.Labels = append(slices.Clone(t.Labels), label)
	slices.Sort(t.Labels)
	t.note(at, a, DidLabel, label)
	return nil
}

// RemoveLabel undoes AddLabel. One it does not have returns [ErrUnchanged].
func (t *Ticket) RemoveLabel(a Agent, label string, at time.Time) error {
	i := slices.Index(t.Labels, label)
	if i < 0 {
		return ErrUnchanged
	}
	t.Labels = slices.Delete(slices.Clone(t.Labels), i, i+1)
	t.note(at, a, DidUnlabel, label)
	return nil
}

// Live reports whether work on t is still to be done.
func (t *Ticket) Live() bool { return t.live() == nil }

func (t *Ticket) live() error {
	switch t.State {
	case Resolved:
		return fmt.Errorf("%s: %w", t.ID, ErrResolved)
	case Closed:
		return fmt.Errorf("%s: %w", t.ID, ErrClosed)
	}
	return nil
}

// alone is [ErrMerged] if t goes with another ticket, which alone is worked.
func (t *Ticket) alone() error {
	if t.Parent != "" {
		return fmt.Errorf("%s goes with %s: %w", t.ID, t.Parent, ErrMerged)
	}
	return nil
}

func (t *Ticket) mine(a Agent, lead bool) error {
	if err := errors.Join(t.live(), t.alone()); err != nil {
		return err
	}
	switch {
	case t.Holder == "":
		return fmt.Errorf("%s: %w", t.ID, ErrFree)
	case t.Holder != a.ID && !lead:
		return fmt.Errorf("%s by %s: %w", t.ID, a.ID, ErrHeld)
	}
	return nil
}

func (t *Ticket) hold(a Agent, at time.Time) {
	t.State, t.Holder, t.HolderName, t.HolderAs, t.ClaimedAt = Claimed, a.ID, a.Name, a.Account, at
}

func (t *Ticket) free() {
	if !slices.Contains(t.Left, t.Holder) && t.Holder != "" {
		t.Left = append(slices.Clip(t.Left), t.Holder)
	}
	t.State, t.Holder, t.HolderName, t.HolderAs, t.ClaimedAt = Open, "", "", "", time.Time{}
}
