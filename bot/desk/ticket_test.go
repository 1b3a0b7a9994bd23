package desk

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
)

var (
	opened = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)
	now    = opened.Add(time.Hour)

	ana = Agent{ID: "ana", Name: "Ana", Account: "test:w:ana"}
	bo  = Agent{ID: "bo", Name: "Bo", Account: "test:w:bo"}
	zoe = Agent{ID: "zoe", Name: "Zoe", Account: "test:w:zoe"}
)

const grace = 48 * time.Hour

// in is a ticket in a state, held by Ana where somebody holds it, with one
// line of history.
func in(s State) Ticket {
	t := Ticket{
		ID: "T-7", Number: 7, State: s, OpenedAt: opened, Asker: chat.Sender{Name: "Kim"}, Question: "where?",
		History: []Entry{{At: opened, Name: "Kim", Did: DidOpen, Text: "where?"}},
	}
	if s != Open {
		t.Holder, t.HolderName, t.HolderAs, t.ClaimedAt = ana.ID, ana.Name, ana.Account, opened
	}
	if s == Resolved {
		t.ResolvedAt = opened
	}
	return t
}

// TestTicketMoves tries every step in every state.
func TestTicketMoves(t *testing.T) {
	claim := func(a Agent) func(*Ticket) error { return func(k *Ticket) error { return k.Claim(a, now) } }
	release := func(a Agent, lead bool) func(*Ticket) error {
		return func(k *Ticket) error { return k.Release(a, lead, now) }
	}
	assign := func(to Agent) func(*Ticket) error { return func(k *Ticket) error { return k.Assign(zoe, to, now) } }
	transfer := func(by, to Agent, lead bool, note string) func(*Ticket) error {
		return func(k *Ticket) error { return k.Transfer(by, to, lead, note, now) }
	}
	reply := func(a Agent) func(*Ticket) error {
		return func(k *Ticket) error { return k.Reply(a, "here", false, false, now) }
	}
	send := func(a Agent) func(*Ticket) error {
		return func(k *Ticket) error { return k.Send(a, conversation.Shown{ID: "a", Title: "Refunds"}, now) }
	}
	resolve := func(a Agent, lead bool) func(*Ticket) error {
		return func(k *Ticket) error { return k.Resolve(a, lead, "", now) }
	}
	end := func(a Agent, lead bool) func(*Ticket) error {
		return func(k *Ticket) error { return k.Close(a, lead, "spam", now) }
	}
	cancel := func(k *Ticket) error { return k.Cancel(now) }
	reopen := func(a Agent) func(*Ticket) error { return func(k *Ticket) error { return k.Reopen(a, now) } }
	add := func(grace time.Duration) func(*Ticket) error {
		return func(k *Ticket) error { return k.Add("", "more", nil, grace, now) }
	}
	rate := func(k *Ticket) error { return k.Rate(true, now) }
	urgent := func(k *Ticket) error { return k.SetPriority(bo, Urgent, now) }

	tests := []struct {
		name   string
		from   State
		step   func(*Ticket) error
		err    error
		state  State
		holder chat.PersonID
		did    string // what the history gained
	}{
		{"claim open", Open, claim(bo), nil, Claimed, "bo", "claim"},
		{"claim one's own", Claimed, claim(ana), nil, Claimed, "ana", ""},
		{"claim one's own that waits", Waiting, claim(ana), nil, Waiting, "ana", ""},
		{"claim someone else's", Claimed, claim(bo), ErrHeld, Claimed, "ana", ""},
		{"claim someone else's that waits", Waiting, claim(bo), ErrHeld, Waiting, "ana", ""},
		{"claim resolved", Resolved, claim(ana), ErrResolved, Resolved, "ana", ""},
		{"claim closed", Closed, claim(ana), ErrClosed, Closed, "ana", ""},

		{"release open", Open, release(ana, false), ErrFree, Open, "", ""},
		{"release open as lead", Open, release(zoe, true), ErrFree, Open, "", ""},
		{"release one's own", Claimed, release(ana, false), nil, Open, "", "release"},
		{"release one that waits", Waiting, release(ana, false), nil, Open, "", "release"},
		{"release someone else's", Claimed, release(bo, false), ErrHeld, Claimed, "ana", ""},
		{"release as lead", Claimed, release(zoe, true), nil, Open, "", "release"},
		{"release resolved", Resolved, release(ana, false), ErrResolved, Resolved, "ana", ""},
		{"release closed", Closed, release(ana, true), ErrClosed, Closed, "ana", ""},

		{"assign open", Open, assign(bo), nil, Claimed, "bo", "assign Bo"},
		{"assign held", Waiting, assign(bo), nil, Claimed, "bo", "assign Bo"},
		{"assign to its holder", Claimed, assign(ana), ErrUnchanged, Claimed, "ana", ""},
		{"assign resolved", Resolved, assign(bo), ErrResolved, Resolved, "ana", ""},
		{"assign closed", Closed, assign(bo), ErrClosed, Closed, "ana", ""},

		{"transfer open", Open, transfer(ana, bo, false, ""), ErrFree, Open, "", ""},
		{"transfer one's own", Claimed, transfer(ana, bo, false, ""), nil, Claimed, "bo", "transfer Bo"},
		{"transfer with a note", Waiting, transfer(ana, bo, false, "is angry"), nil, Claimed, "bo", "transfer Bo, note is angry"},
		{"transfer someone else's", Claimed, transfer(zoe, bo, false, "x"), ErrHeld, Claimed, "ana", ""},
		{"transfer as lead", Claimed, transfer(zoe, bo, true, ""), nil, Claimed, "bo", "transfer Bo"},
		{"transfer to its holder", Claimed, transfer(ana, ana, false, "x"), ErrUnchanged, Claimed, "ana", ""},
		{"transfer resolved", Resolved, transfer(ana, bo, true, ""), ErrResolved, Resolved, "ana", ""},

		{"reply to open", Open, reply(bo), nil, Waiting, "bo", "claim, reply here"},
		{"reply to one's own", Claimed, reply(ana), nil, Waiting, "ana", "reply here"},
		{"reply again", Waiting, reply(ana), nil, Waiting, "ana", "reply here"},
		{"reply to someone else's", Claimed, reply(bo), ErrHeld, Claimed, "ana", ""},
		{"reply to resolved", Resolved, reply(ana), ErrResolved, Resolved, "ana", ""},
		{"reply to closed", Closed, reply(ana), ErrClosed, Closed, "ana", ""},

		{"send for open", Open, send(bo), nil, Waiting, "bo", "claim, article Refunds"},
		{"send for one's own", Claimed, send(ana), nil, Waiting, "ana", "article Refunds"},
		{"send for someone else's", Waiting, send(bo), ErrHeld, Waiting, "ana", ""},
		{"send for resolved", Resolved, send(ana), ErrResolved, Resolved, "ana", ""},

		{"resolve open", Open, resolve(bo, false), nil, Resolved, "bo", "claim, resolve"},
		{"resolve one's own", Claimed, resolve(ana, false), nil, Resolved, "ana", "resolve"},
		{"resolve one that waits", Waiting, resolve(ana, false), nil, Resolved, "ana", "resolve"},
		{"resolve someone else's", Claimed, resolve(bo, false), ErrHeld, Claimed, "ana", ""},
		{"resolve as lead", Claimed, resolve(zoe, true), nil, Resolved, "ana", "resolve"},
		{"resolve again", Resolved, resolve(ana, false), ErrResolved, Resolved, "ana", ""},
		{"resolve closed", Closed, resolve(ana, true), ErrClosed, Closed, "ana", ""},

		{"close open", Open, end(bo, false), nil, Closed, "", "close spam"},
		{"close one's own", Waiting, end(ana, false), nil, Closed, "ana", "close spam"},
		{"close resolved", Resolved, end(ana, false), nil, Closed, "ana", "close spam"},
		{"close someone else's", Claimed, end(bo, false), ErrHeld, Claimed, "ana", ""},
		{"close as lead", Claimed, end(zoe, true), nil, Closed, "ana", "close spam"},
		{"close again", Closed, end(ana, true), ErrClosed, Closed, "ana", ""},

		{"cancel open", Open, cancel, nil, Closed, "", "cancel"},
		{"cancel held", Claimed, cancel, nil, Closed, "ana", "cancel"},
		{"cancel resolved", Resolved, cancel, ErrResolved, Resolved, "ana", ""},
		{"cancel again", Closed, cancel, ErrClosed, Closed, "ana", ""},

		{"reopen open", Open, reopen(ana), ErrNotDone, Open, "", ""},
		{"reopen held", Waiting, reopen(ana), ErrNotDone, Waiting, "ana", ""},
		{"reopen resolved", Resolved, reopen(bo), nil, Claimed, "ana", "reopen"},
		{"reopen closed", Closed, reopen(bo), nil, Claimed, "ana", "reopen"},

		{"add to open", Open, add(grace), nil, Open, "", "add more"},
		{"add to claimed", Claimed, add(grace), nil, Claimed, "ana", "add more"},
		{"add to waiting", Waiting, add(grace), nil, Claimed, "ana", "add more"},
		{"add within grace", Resolved, add(now.Sub(opened)), nil, Claimed, "ana", "reopen, add more"},
		{"add after grace", Resolved, add(now.Sub(opened) - 1), ErrClosed, Resolved, "ana", ""},
		{"add to closed", Closed, add(grace), ErrClosed, Closed, "ana", ""},

		{"rate open", Open, rate, ErrNotDone, Open, "", ""},
		{"rate held", Waiting, rate, ErrNotDone, Waiting, "ana", ""},
		{"rate resolved", Resolved, rate, nil, Resolved, "ana", "rate good"},
		{"rate closed", Closed, rate, ErrClosed, Closed, "ana", ""},

		{"priority of open", Open, urgent, nil, Open, "", "priority urgent"},
		{"priority of held", Waiting, urgent, nil, Waiting, "ana", "priority urgent"},
		{"priority of resolved", Resolved, urgent, ErrResolved, Resolved, "ana", ""},
		{"priority of closed", Closed, urgent, ErrClosed, Closed, "ana", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := in(test.from)
			before := in(test.from)
			if err := test.step(&got); !errors.Is(err, test.err) {
				t.Fatalf("error = %v, want %v", err, test.err)
			}
			if test.err != nil {
				if diff := cmp.Diff(before, got); diff != "" {
					t.Fatalf("refused, and yet changed:\n%s", diff)
				}
			}
			if got.State != test.state || got.Holder != test.holder {
				t.Errorf("is %s with %q, want %s with %q", got.State, got.Holder, test.state, test.holder)
			}
			if (got.Holder == "") != (got.HolderAs == "") || (got.Holder == "") != got.ClaimedAt.IsZero() {
				t.Errorf("half a holder: %q as %q since %s", got.Holder, got.HolderAs, got.ClaimedAt)
			}
			if !got.OpenedAt.Equal(opened) {
				t.Errorf("lost its place in the queue: opened at %s", got.OpenedAt)
			}
			var did []string
			for _, e := range got.History[1:] {
				did = append(did, strings.TrimSpace(string(e.Did)+" "+e.Text))
				if !e.At.Equal(now) || e.Name == "" {
					t.Errorf("entry %+v has no time or name", e)
				}
			}
			if s := strings.Join(did, ", "); s != test.did {
				t.Errorf("history gained %q, want %q", s, test.did)
			}
		})
	}
}

func TestTicketHolder(t *testing.T) {
	k := in(Open)
	if err := k.Claim(bo, now); err != nil {
		t.Fatal(err)
	}
	if k.HolderName != "Bo" || k.HolderAs != bo.Account || !k.ClaimedAt.Equal(now) {
		t.Errorf("held by %q as %q since %s", k.HolderName, k.HolderAs, k.ClaimedAt)
	}
	if err := k.Claim(bo, now.Add(time.Hour)); err != nil || !k.ClaimedAt.Equal(now) {
		t.Errorf("claiming again = %v, held since %s, want since %s", err, k.ClaimedAt, now)
	}
	if err := k.Release(bo, false, now); err != nil || k.HolderName != "" {
		t.Errorf("release = %v, leaves the name %q", err, k.HolderName)
	}
}

func TestTicketReopenWithoutHolder(t *testing.T) {
	k := in(Open)
	if err := errors.Join(k.Close(bo, false, "", now), k.Reopen(bo, now)); err != nil {
		t.Fatal(err)
	}
	if k.State != Open || k.Holder != "" {
		t.Errorf("reopened as %s with %q, want open with nobody", k.State, k.Holder)
	}
}

// Resolved again, a ticket is rated again; grace counts from the newest time.
func TestTicketResolveAgain(t *testing.T) {
	k := in(Resolved)
	if err := errors.Join(k.Rate(false, now), k.Add("", "no", nil, grace, now)); err != nil {
		t.Fatal(err)
	}
	if k.Rating != "bad" || !k.ResolvedAt.IsZero() {
		t.Errorf("reopened with rating %q, resolved at %s", k.Rating, k.ResolvedAt)
	}
	if err := k.Resolve(ana, false, "", now); err != nil || k.Rating != "" || !k.ResolvedAt.Equal(now) {
		t.Errorf("resolve = %v, rating %q, at %s", err, k.Rating, k.ResolvedAt)
	}
}

func TestTicketAddFiles(t *testing.T) {
	k := in(Waiting)
	files := []chat.File{{ID: "f1", Name: "bill.pdf", Size: 7}}
	if err := k.Add("", "see", files, grace, now); err != nil {
		t.Fatal(err)
	}
	newest := k.History[len(k.History)-1]
	if diff := cmp.Diff(Entry{At: now, Name: "Kim", Did: DidAdd, Text: "see", Files: files}, newest); diff != "" {
		t.Error(diff)
	}
}

func TestTicketSend(t *testing.T) {
	k := in(Claimed)
	article := conversation.Shown{ID: "a", Lang: "en", Title: "Refunds", URL: "https://help.example.com/a"}
	if err := k.Send(ana, article, now); err != nil {
		t.Fatal(err)
	}
	want := Entry{At: now, By: "ana", Name: "Ana", Did: DidArticle, Text: "Refunds", URL: article.URL, Article: "a", Passage: Sending}
	if diff := cmp.Diff(want, k.History[len(k.History)-1]); diff != "" || len(k.Trail.Asked) != 0 {
		t.Errorf("trail %v, history:\n%s", k.Trail.Asked, diff)
	}
}

func TestTicketNote(t *testing.T) {
	for _, state := range []State{Open, Claimed, Waiting, Resolved, Closed} {
		k := in(state)
		k.Note(bo, "hm", now)
		want := Entry{At: now, By: "bo", Name: "Bo", Did: DidNote, Text: "hm"}
		if k.State != state || !cmp.Equal(k.History[1], want) {
			t.Errorf("note on %s: %s, %+v", state, k.State, k.History[1])
		}
	}
}

func TestTicketPriority(t *testing.T) {
	k := in(Open)
	if err := k.SetPriority(bo, Normal, now); !errors.Is(err, ErrUnchanged) || len(k.History) != 1 {
		t.Errorf("same priority = %v, %d lines of history", err, len(k.History))
	}
	if err := k.SetPriority(bo, Low, now); err != nil || k.Priority != Low {
		t.Errorf("low = %v, %s", err, k.Priority)
	}
}

func TestTicketLabels(t *testing.T) {
	k := in(Closed) // labels are for finding things again: any state will do
	for _, label := range []string{"vip", "billing"} {
		if err := k.AddLabel(bo, label, now); err != nil {
			t.Fatal(err)
		}
	}
	shared := k.Labels
	if diff := cmp.Diff([]string{"billing", "vip"}, k.Labels); diff != "" {
		t.Error(diff)
	}
	if err := k.AddLabel(bo, "vip", now); !errors.Is(err, ErrUnchanged) {
		t.Errorf("a label it has = %v", err)
	}
	if err := k.RemoveLabel(bo, "lost", now); !errors.Is(err, ErrUnchanged) {
		t.Errorf("a label it lacks = %v", err)
	}
	if err := k.RemoveLabel(bo, "billing", now); err != nil || !cmp.Equal(k.Labels, []string{"vip"}) {
		t.Errorf("remove = %v, %v left", err, k.Labels)
	}
	if diff := cmp.Diff([]string{"billing", "vip"}, shared); diff != "" {
		t.Errorf("an earlier copy's labels changed:\n%s", diff)
	}
	for n := len(k.Labels); n < MaxLabels; n++ {
		if err := k.AddLabel(bo, fmt.Sprint(n), now); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.AddLabel(bo, "one more", now); !errors.Is(err, ErrTooMany) || len(k.Labels) != MaxLabels {
		t.Errorf("one label too many = %v, %d labels", err, len(k.Labels))
	}
}

func TestTicketLive(t *testing.T) {
	for state, want := range map[State]bool{Open: true, Claimed: true, Waiting: true, Resolved: false, Closed: false} {
		if k := in(state); k.Live() != want {
			t.Errorf("%s: live = %t", state, k.Live())
		}
	}
}

func TestNew(t *testing.T) {
	c := conversation.Conversation{
		ID: "c1", Place: chat.Place{Platform: "test", Workspace: "w", Channel: "help"}, Private: true,
		Asker: chat.Sender{Person: "kim", Name: "Kim"}, Trail: conversation.Trail{Lang: "es", Audience: "buyer"},
	}
	want := Ticket{
		ID: "T-7", Number: 7, Conversation: "c1", Asker: c.Asker, Origin: c.Place, Place: c.Place, Private: true,
		Question: "where?", Topic: "refunds", Trail: c.Trail, State: Open, OpenedAt: now,
		History: []Entry{{At: now, Name: "Kim", Did: DidOpen, Text: "where?"}},
	}
	if diff := cmp.Diff(want, New(7, &c, "where?", "refunds", now), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestParseID(t *testing.T) {
	tests := []struct {
		typed string
		want  chat.TicketID // empty: refused
	}{
		{"T-12", "T-12"}, {"t-12", "T-12"}, {"#12", "T-12"}, {"12", "T-12"}, {" #T-12 ", "T-12"}, {"T-007", "T-7"},
		{"T-100000000000000", "T-100000000000000"},
		{"", ""}, {"T-", ""}, {"T", ""}, {"#", ""}, {"T-0", ""}, {"0", ""}, {"-1", ""}, {"T--1", ""}, {"T-T-1", ""},
		{"T-1a", ""}, {"1.0", ""}, {"1 2", ""}, {"T-٣", ""}, {"99999999999999999999", ""}, {"refund", ""},
	}
	for _, test := range tests {
		got, err := ParseID(test.typed)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("ParseID(%q) = %q, %v, want %q", test.typed, got, err, test.want)
		}
	}
}

func FuzzParseID(f *testing.F) {
	f.Add("T-12")
	f.Add("#t-007")
	f.Add("9223372036854775808")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseID(s)
		if err != nil {
			return
		}
		var number int64
		if _, err := fmt.Sscanf(string(id), "T-%d", &number); err != nil || number < 1 || NewID(number) != id {
			t.Errorf("ParseID(%q) = %q, no ticket's name", s, id)
		}
		if again, err := ParseID(string(id)); again != id || err != nil {
			t.Errorf("ParseID(%q) = %q, %v", id, again, err)
		}
	})
}

func TestParsePriority(t *testing.T) {
	for _, p := range []Priority{Low, Normal, High, Urgent} {
		for _, s := range []string{p.String(), strings.ToUpper(p.String())} {
			if got, err := ParsePriority(s); got != p || err != nil {
				t.Errorf("ParsePriority(%q) = %s, %v", s, got, err)
			}
		}
	}
	for _, s := range []string{"", "medium", " high", "1"} {
		if got, err := ParsePriority(s); err == nil {
			t.Errorf("ParsePriority(%q) = %s, want an error", s, got)
		}
	}
}

// Held words wait to be sent, and can be called back as long as they do.
func TestTicketUndo(t *testing.T) {
	k := in(Claimed)
	if err := k.Reply(ana, "oops", false, true, now); err != nil || k.Newest().Passage != Held || k.State != Waiting {
		t.Fatalf("reply = %v, %s, ticket %s", err, k.Newest().Passage, k.State)
	}
	n := len(k.History)
	if err := k.Undo(n, bo, false, now); !errors.Is(err, ErrNotYours) {
		t.Errorf("undo by someone else = %v", err)
	}
	if err := k.Undo(n, ana, false, now); err != nil || k.Entry(n).Passage != Withdrawn || k.State != Claimed {
		t.Errorf("undo = %v, %s, ticket %s", err, k.Entry(n).Passage, k.State)
	}
	if k.Dispatch(n) {
		t.Error("what was undone is sent all the same")
	}
	if err := k.Reply(ana, "fine", false, true, now); err != nil || !k.Dispatch(len(k.History)) || k.Dispatch(len(k.History)) {
		t.Errorf("reply = %v; it is sent %s, and must be once", err, k.Newest().Passage)
	}
	if err := k.Undo(len(k.History), ana, false, now); !errors.Is(err, ErrSent) {
		t.Errorf("undo after it was sent = %v", err)
	}
}

// A colleague who knows that someone else holds a ticket may answer all the
// same, and leaves it with them.
func TestTicketReplyAnyway(t *testing.T) {
	k := in(Claimed)
	if err := k.Reply(bo, "me too", true, false, now); err != nil || k.Holder != "ana" || k.State != Waiting {
		t.Errorf("reply = %v, held by %s, %s", err, k.Holder, k.State)
	}
	for state, want := range map[State]error{Resolved: ErrResolved, Closed: ErrClosed} {
		k := in(state)
		if err := k.Reply(bo, "late", true, false, now); !errors.Is(err, want) {
			t.Errorf("reply on %s = %v", state, err)
		}
	}
}

func TestTicketWords(t *testing.T) {
	k := in(Claimed)
	if err := k.Reply(ana, "helo", false, false, now); err != nil {
		t.Fatal(err)
	}
	n := len(k.History)
	if err := k.Rewrite(n, bo, false, "hi", now); !errors.Is(err, ErrNotYours) {
		t.Errorf("rewritten by someone else: %v", err)
	}
	if err := k.Rewrite(n, ana, false, "hello", now); err != nil || k.Text(n) != "hello" || k.Entry(n).Text != "helo" {
		t.Errorf("rewrite = %v, says %q, said %q", err, k.Text(n), k.Entry(n).Text)
	}
	if err := k.Rewrite(n, ana, false, "hello", now); !errors.Is(err, ErrUnchanged) {
		t.Errorf("rewritten to the same: %v", err)
	}
	k.Arrive(n, k.Place)
	if k.Entry(n).Passage != Arrived {
		t.Errorf("arrived, and is %s", k.Entry(n).Passage)
	}
	if err := k.Withdraw(n, zoe, true, now); err != nil || k.Entry(n).Passage != Withdrawn || k.State != Claimed {
		t.Errorf("withdrawn by a lead: %v, %s, ticket %s", err, k.Entry(n).Passage, k.State)
	}
	k.Arrive(n, k.Place)
	k.Fail(n, "gone", now)
	if k.Entry(n).Passage != Withdrawn {
		t.Errorf("what was withdrawn is %s", k.Entry(n).Passage)
	}
	for _, n := range []int{0, -1, 1, n, 99} {
		if err := k.Rewrite(n, ana, true, "x", now); !errors.Is(err, ErrGone) {
			t.Errorf("rewrote entry %d: %v", n, err)
		}
	}
}

func TestTicketFail(t *testing.T) {
	k := in(Claimed)
	if err := k.Reply(ana, "one", false, false, now); err != nil {
		t.Fatal(err)
	}
	first := len(k.History)
	if err := k.Reply(ana, "two", false, false, now); err != nil {
		t.Fatal(err)
	}
	k.Fail(first, "closed", now)
	if k.State != Waiting || k.Entry(first).Passage != Failed || k.Entry(first).Cause != "closed" {
		t.Errorf("%s, %+v: the asker has the second reply to answer", k.State, k.Entry(first))
	}
	k.Fail(first+1, "closed", now)
	if k.State != Claimed {
		t.Errorf("%s, though nothing reached the asker", k.State)
	}
}

// What was written beside a question stays with it when the question is edited,
// however often, and goes with it.
func TestTicketExplain(t *testing.T) {
	e := chat.Event{Kind: chat.Message, At: opened, Message: "m1", From: chat.Sender{Account: "test:w:kim", Name: "Kim"}}
	c := conversation.Begin(e, false)
	c.Ask(conversation.Asked{At: opened, Message: "m1", Text: "where is my refund?"})
	k := New(1, &c, "where is my refund?", "", opened)
	k.Explain("")
	if k.Question != "where is my refund?" {
		t.Errorf("question = %q", k.Question)
	}
	k.Explain("order 77")
	if want := "where is my refund?\n\norder 77"; k.Question != want || k.Text(1) != want {
		t.Errorf("question = %q, told as %q", k.Question, k.Text(1))
	}
	for _, text := range []string{"where is my money?", "where is all my money?"} {
		k.Edit("m1", text, nil, opened)
		if want := text + "\n\norder 77"; k.Question != want {
			t.Errorf("question = %q, want %q", k.Question, want)
		}
	}
	k.TakeBack("m1", opened)
	k.Edit("m1", "never mind", nil, opened)
	if k.Question != "" || k.Detail != "" {
		t.Errorf("taken back, it is %+v", k)
	}
}

// What an agent hands back on leaving waits for as long as it would have, and
// then for whoever takes it.
func TestHandBack(t *testing.T) {
	free := in(Open)
	other := in(Claimed)
	if err := errors.Join(free.HandBack(ana, now), other.HandBack(bo, now)); !errors.Is(err, ErrFree) || !errors.Is(err, ErrHeld) {
		t.Errorf("what is not hers: %v", err)
	}
	claimed := in(Claimed)
	if err := claimed.HandBack(ana, now); err != nil || claimed.State != Open {
		t.Errorf("one that is hers to answer is %s: %v", claimed.State, err)
	}
	for name, ours := range map[string]func(*Ticket) error{
		"a word":       func(k *Ticket) error { return k.Add("", "hello?", nil, grace, now) },
		"a word there": func(k *Ticket) error { child := in(Open); k.Hear(&child, now); return nil },
		"a failure":    func(k *Ticket) error { k.Fail(3, "closed", now); return nil },
		"a second try": func(k *Ticket) error { return k.Withdraw(3, ana, false, now) },
		"its time":     func(k *Ticket) error { k.Wake(now); return nil },
		"a merge":      func(k *Ticket) error { return k.Merge(bo, false, now, asked(9)) },
	} {
		k := in(Open)
		if err := k.Reply(ana, "here", false, false, now); err != nil {
			t.Fatal(err)
		}
		d := office()
		k.Tick(Standing{}, d, now)
		since, was := k.Silence.Since, k.Standing()
		if err := k.HandBack(ana, now); err != nil {
			t.Fatal(err)
		}
		k.Tick(was, d, now.Add(time.Hour))
		if k.State != Waiting || k.Holder != "" || !k.Silence.Since.Equal(since) || k.Theirs() {
			t.Errorf("handed back, it is %s by %q, and has waited since %v", k.State, k.Holder, k.Silence.Since)
		}
		if err := ours(&k); err != nil || k.State != Open {
			t.Errorf("after %s it is %s: %v", name, k.State, err)
		}
	}
	off := in(Claimed)
	if err := errors.Join(off.Wait(ana, false, now.Add(time.Hour), now), off.HandBack(ana, now)); err != nil || off.State != Waiting || off.WaitUntil.IsZero() {
		t.Errorf("put off, it is %s until %v: %v", off.State, off.WaitUntil, err)
	}
	if err := off.Claim(bo, now); err != nil || off.State != Claimed || off.Holder != "bo" {
		t.Errorf("bo has it %s: %v", off.State, err)
	}
}
