package bot

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

var (
	// inside and abroad are the desk's channels, on two platforms.
	inside = chat.Place{Platform: "test", Workspace: "w", Channel: "desk"}
	abroad = chat.Place{Platform: "other", Workspace: "w", Channel: "desk"}
	// thread is where Kim asks.
	thread = chat.Place{Platform: "test", Workspace: "w", Channel: "help", Thread: "m1"}
)

// A post is a world whose replies are delivered: what stands, under which Key.
type post struct {
	*world
	standing map[chat.Key]chat.Reply
	message  map[chat.Key]chat.MessageID
	closed   map[chat.Place]string // where nothing can be delivered, and why
	posted   int
}

func newPost(t *testing.T, change ...func(*Settings)) *post {
	t.Helper()
	s := testSettings()
	s.Desks[0].Channels = []string{inside.String(), abroad.String()}
	for _, c := range change {
		c(&s)
	}
	return &post{
		world: newWorldOf(t, s), standing: map[chat.Key]chat.Reply{},
		message: map[chat.Key]chat.MessageID{}, closed: map[chat.Place]string{},
	}
}

// deliver does with the replies of an outcome what the sender does, and handles
// what comes back.
func (p *post) deliver(o spool.Outcome) spool.Outcome {
	p.t.Helper()
	var reports []chat.Event
	for _, r := range o.Replies {
		e := chat.Event{Kind: chat.Delivered, Place: r.Place, Report: r.Report}
		at := r.Place.Outside().String() + "/"
		switch cause := p.closed[r.Place]; {
		case cause != "":
			e.Kind, e.Cause = chat.Undeliverable, cause
		case r.Deed == chat.Remove:
			delete(p.records.posted, at+string(p.message[r.Key]))
			delete(p.standing, r.Key)
			delete(p.message, r.Key)
		default:
			if p.message[r.Key] == "" {
				p.posted++
				p.message[r.Key] = chat.MessageID("b" + string(rune('0'+p.posted/10)) + string(rune('0'+p.posted%10)))
			}
			p.standing[r.Key] = r
			p.records.posted[at+string(p.message[r.Key])] = spool.Posted{Key: r.Key, Ticket: r.Ticket, Conversation: r.Conversation}
			e.Message = p.message[r.Key]
		}
		if r.Report != "" {
			reports = append(reports, e)
		}
	}
	for _, e := range reports {
		p.deliver(p.do(p.world.event(e, chat.Sender{})))
	}
	return o
}

// acts lets someone do something, and delivers what comes of it.
func (p *post) acts(from chat.Sender, e chat.Event) spool.Outcome {
	p.t.Helper()
	return p.deliver(p.do(p.world.event(e, from)))
}

// opened is Kim's ticket T-1, asked in a thread and claimed by nobody.
func (p *post) opened() {
	p.t.Helper()
	o := p.acts(kim, chat.Event{Kind: chat.Message, Addressed: true, Place: thread, Message: "m1", Text: "where is my refund?"})
	p.acts(kim, chat.Event{Kind: chat.Press, Place: thread, Action: chat.Do("contact", string(o.Conversations[0].Value.ID))})
}

// cardThread is the thread of T-1's card in a desk channel.
func (p *post) cardThread(channel chat.Place) chat.Place {
	channel.Thread = string(p.message[chat.Key("card/T-1/"+channel.String())])
	return channel
}

// finds lists where a text stands, by place, each as often as it does.
func (p *post) finds(text string) []string {
	var places []string
	for _, r := range p.standing {
		if strings.Contains(r.PlainText(), text) {
			place := r.Place.String()
			if r.Under != "" {
				place += "/thread"
			}
			places = append(places, place)
		}
	}
	slices.Sort(places)
	return places
}

func (p *post) stands(text string, where ...string) {
	p.t.Helper()
	slices.Sort(where)
	if got := p.finds(text); !slices.Equal(got, where) {
		p.t.Errorf("%q stands in %q, want %q", text, got, where)
	}
}

const (
	atKim   = "test:w:help:m1"
	atDesk  = "test:w:desk/thread"
	atOther = "other:w:desk/thread"
)

// An agent's words go from the thread of a card to the asker, and stay true to
// what the agent writes.
func TestRelayFromThread(t *testing.T) {
	p := newPost(t)
	p.opened()
	say := chat.Event{Kind: chat.Message, Place: p.cardThread(inside), Message: "a1", Mentioned: true, Addressed: true, Text: "reply two dyas"}
	p.acts(bo, say)
	p.stands("two dyas", atKim, atOther) // here it stands as Bo's own message
	p.stands("✓ Delivered to Kim", atDesk, atOther)

	say.Kind, say.Stamp, say.Text = chat.Edit, "1", "reply two days"
	p.acts(bo, say)
	p.stands("two dyas")
	p.stands("two days", atKim, atOther)
	if k := p.ticket("T-1"); k.Holder == "" || k.State != desk.Waiting {
		t.Errorf("replying leaves the ticket %s with %q", k.State, k.Holder)
	}

	say.Stamp, say.Text = "2", "never mind"
	if got := spoken(p.acts(bo, say)); !strings.Contains(got, "Nothing was changed") {
		t.Errorf("an edit that is no reply says %q", got)
	}
	p.stands("two days", atKim, atOther)

	p.acts(chat.Sender{}, chat.Event{Kind: chat.Delete, Place: say.Place, Message: "a1"})
	p.stands("two days")
	p.stands("Bo took this back", atDesk, atOther)
	if k := p.ticket("T-1"); k.State != desk.Claimed {
		t.Errorf("taken back, the ticket is %s", k.State)
	}
}

// What is said in a card's thread stays there unless the bot is told to send it.
func TestInternalByDefault(t *testing.T) {
	p := newPost(t)
	p.opened()
	p.acts(bo, chat.Event{Kind: chat.Message, Place: p.cardThread(inside), Text: "reply is what we should not do, she is lying"})
	o := p.acts(bo, chat.Event{Kind: chat.Message, Place: p.cardThread(inside), Mentioned: true, Addressed: true, Text: "she is lying"})
	for _, r := range o.Replies {
		if r.Only != bo.Account {
			t.Errorf("answers in public: %s", r.PlainText())
		}
	}
	p.acts(bo, chat.Event{Kind: chat.Message, Place: p.cardThread(inside), Mentioned: true, Addressed: true, Text: "note she is lying", Message: "a2"})
	p.stands("she is lying", atOther)
	p.acts(kim, chat.Event{Kind: chat.Message, Place: p.cardThread(inside), Mentioned: true, Addressed: true, Text: "claim"})
	if k := p.ticket("T-1"); k.Holder != "" {
		t.Error("someone who is no agent claimed the ticket in its card's thread")
	}
}

func TestAskersWords(t *testing.T) {
	p := newPost(t)
	p.opened()
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "claim T-1", Place: chat.Direct(bo.Account), Private: true})
	p.stands("Bo is on T-1 now", atKim)
	say := chat.Event{Kind: chat.Message, Place: thread, Message: "m2", Text: "by the way, order 77"}
	o := p.acts(kim, say)
	direct := chat.Direct(bo.Account).String()
	p.stands("order 77", atDesk, atOther, direct)
	for _, r := range o.Replies {
		if r.Place == thread {
			t.Errorf("with an agent there, Kim is told %q", r.PlainText())
		}
	}
	say.Kind, say.Stamp, say.Text = chat.Edit, "1", "by the way, order 78"
	p.acts(kim, say)
	p.stands("order 77")
	p.stands("order 78", atDesk, atOther, direct)
	p.acts(kim, chat.Event{Kind: chat.Delete, Place: thread, Message: "m2"})
	p.stands("order 78")
	p.stands("Kim took back what they wrote", atDesk, atOther, direct)
}

// Words that cannot be delivered try the asker's direct messages, then a
// private thread, and then only call them.
func TestRelayElsewhere(t *testing.T) {
	private := chat.Direct(kim.Account)
	apart := chat.Apart(thread.Outside(), kim.Account)
	tests := []struct {
		name   string
		closed []chat.Place
		where  []string
		way    desk.Passage
		desk   string
	}{
		{"the thread is gone", []chat.Place{thread}, []string{private.String()}, desk.Arrived, "✓ Delivered to Kim in private"},
		{"direct messages are closed too", []chat.Place{thread, private}, []string{apart.String()}, desk.Arrived, "✓ Delivered to Kim in private"},
		{"nothing is left but a call", []chat.Place{thread, private, apart}, nil, desk.Called, "⚠ Kim cannot be reached"},
		{"not even that", []chat.Place{thread, private, apart, thread.Outside()}, nil, desk.Failed, "⚠ Not delivered to Kim"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := newPost(t)
			p.opened()
			for _, place := range test.closed {
				p.closed[place] = "closed"
			}
			p.acts(bo, chat.Event{Kind: chat.Message, Place: p.cardThread(inside), Message: "a1", Mentioned: true, Addressed: true, Text: "reply two days"})
			p.stands("two days", append(test.where, atOther)...)
			p.stands(test.desk, atDesk, atOther)
			k := p.ticket("T-1")
			if e := k.Entry(k.FromMessage("a1")); e.Passage != test.way {
				t.Errorf("the words are %s, want %s", e.Passage, test.way)
			}
			if test.way == desk.Arrived {
				// What Kim answers there is said to the ticket.
				p.acts(kim, chat.Event{Kind: chat.Message, Addressed: true, Private: true, Place: k.Place, Text: "thanks, and order 79?"})
				p.stands("order 79", atDesk, atOther, chat.Direct(bo.Account).String())
			}
			if test.way == desk.Called {
				if got := spoken(p.acts(lee, chat.Event{Kind: chat.Press, Action: chat.Do("read", "T-1", "3")})); strings.Contains(got, "two days") {
					t.Errorf("Lee reads %q", got)
				}
				n := p.ticket("T-1")
				o := p.acts(kim, chat.Event{Kind: chat.Press, Action: chat.Do("read", "T-1", strconv.Itoa(n.FromMessage("a1")))})
				if got := spoken(o); !strings.Contains(got, "two days") || o.Replies[len(o.Replies)-1].Place == thread {
					t.Errorf("Kim reads %q", got)
				}
				p.stands("✓ Delivered to Kim", atDesk, atOther)
			}
		})
	}
}

func TestUndo(t *testing.T) {
	patient := func(s *Settings) { s.Desks[0].Undo = 10 * time.Second }
	reply := func(p *post) spool.Outcome {
		p.opened()
		return p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "reply T-1 oops", Place: chat.Direct(bo.Account), Private: true})
	}
	timer := func(o spool.Outcome) chat.Event {
		for _, timer := range o.Timers {
			if strings.HasPrefix(timer.Name, sendTimer) && !timer.Due.IsZero() {
				e := timer.Event
				e.Timer, e.ID = timer.Name, "timer/1"
				return e
			}
		}
		t.Fatal("no timer is set")
		return chat.Event{}
	}
	t.Run("in time", func(t *testing.T) {
		p := newPost(t, patient)
		o := reply(p)
		p.stands("oops", atDesk, atOther)
		p.stands("Goes to Kim in 10 s", atDesk, atOther, chat.Direct(bo.Account).String())
		n := strconv.Itoa(len(p.ticket("T-1").History))
		p.acts(cy, chat.Event{Kind: chat.Press, Action: chat.Do("undo", "T-1", n)})
		p.stands("Goes to Kim in 10 s", atDesk, atOther, chat.Direct(bo.Account).String())
		p.acts(bo, chat.Event{Kind: chat.Press, Action: chat.Do("undo", "T-1", n)})
		p.stands("oops")
		p.deliver(p.do(timer(o))) // late
		p.stands("oops")
	})
	t.Run("too late", func(t *testing.T) {
		p := newPost(t, patient)
		o := reply(p)
		n := strconv.Itoa(len(p.ticket("T-1").History))
		p.deliver(p.do(timer(o)))
		p.stands("oops", atDesk, atOther, atKim)
		if got := spoken(p.acts(bo, chat.Event{Kind: chat.Press, Action: chat.Do("undo", "T-1", n)})); !strings.Contains(got, "Too late") {
			t.Errorf("undo says %q", got)
		}
		p.acts(bo, chat.Event{Kind: chat.Press, Action: chat.Do("unsend", "T-1", n)})
		p.stands("oops")
	})
}

// A private question goes on in direct messages, and so does the answer.
func TestPrivateTicket(t *testing.T) {
	p := newPost(t)
	o := p.acts(kim, chat.Event{Kind: chat.Slash, Door: "ask", Text: "where is my refund?", Place: thread.Outside()})
	p.acts(kim, chat.Event{Kind: chat.Press, Place: thread.Outside(), Action: chat.Do("contact", string(o.Conversations[0].Value.ID))})
	p.acts(bo, chat.Event{Kind: chat.Message, Place: p.cardThread(inside), Message: "a1", Mentioned: true, Addressed: true, Text: "reply two days"})
	p.stands("two days", chat.Direct(kim.Account).String(), atOther)
	p.acts(kim, chat.Event{Kind: chat.Message, Addressed: true, Private: true, Place: chat.Direct(kim.Account), Text: "which order?"})
	p.stands("which order?", atDesk, atOther, chat.Direct(bo.Account).String())
}

// Files are carried as far as the other side takes them, and both sides are
// told of the rest.
func TestFiles(t *testing.T) {
	p := newPost(t)
	p.limits = func(platform string) chat.Limits {
		if platform == "other" {
			return chat.Limits{File: 1000}
		}
		return chat.Limits{}
	}
	p.opened()
	files := []chat.File{{ID: "f1", Name: "small.png", Size: 999}, {ID: "f2", Name: "film.mp4", Size: 1001}}
	p.acts(kim, chat.Event{Kind: chat.Message, Place: thread, Message: "m2", Text: "see", Files: files})
	carried := map[string]int{}
	for _, r := range p.standing {
		if strings.HasPrefix(string(r.Key), "words/") {
			carried[r.Place.Platform] += len(r.Files)
			for _, f := range r.Files {
				if f.From != thread {
					t.Errorf("%s comes from %s", f.File.Name, f.From)
				}
			}
		}
	}
	if carried["test"] != 2 || carried["other"] != 1 {
		t.Errorf("carried %v files", carried)
	}
	p.stands("film.mp4 (1 kB) is too large to be passed on", atKim, atOther)

	// One that is lost on the way is told of, too.
	key := p.sent("words/", inside)
	p.deliver(p.do(chat.Event{
		ID: "delivered/9", Kind: chat.Delivered, Place: inside, Report: key.Report, Missing: []chat.Missing{{Name: "small.png", Cause: "timed out"}},
	}))
	p.stands("⚠ small.png could not be carried over: timed out", atDesk, atOther)
	p.stands("⚠ small.png could not be passed on", atKim)
}

// sent is the reply that stands in a place under such a Key.
func (p *post) sent(prefix string, place chat.Place) chat.Reply {
	for key, r := range p.standing {
		if strings.HasPrefix(string(key), prefix) && r.Place == place {
			return r
		}
	}
	p.t.Fatalf("nothing like %s stands in %s", prefix, place)
	return chat.Reply{}
}

// Two write a reply at once: one is sent, and the other's words are not lost.
func TestRepliesMeet(t *testing.T) {
	p := newPost(t)
	p.opened()
	form := func(from chat.Sender, text string) spool.Outcome {
		return p.acts(from, chat.Event{
			Kind: chat.Submit, Place: inside, Action: chat.Do("reply", "T-1"), Values: map[string]string{"text": text},
		})
	}
	form(bo, "two days")
	got := form(cy, "three days")
	p.stands("two days", atKim, atDesk, atOther)
	if text := spoken(got); !strings.Contains(text, "Nothing was sent: T-1 is with Bo") || !strings.Contains(text, "> three days") {
		t.Errorf("Cy is told %q", text)
	}
	cyAt := p.world.event(chat.Event{Kind: chat.Press, Place: inside, Action: chat.Do("reply_anyway", "T-1")}, cy)
	again, err := p.Open(t.Context(), cyAt)
	if err != nil || again == nil || again.Fields[0].Value != "three days" {
		t.Fatalf("the form to send it anyway is %+v, %v", again, err)
	}
	p.acts(cy, chat.Event{Kind: chat.Submit, Place: inside, Action: again.Action, Values: map[string]string{"text": "three days"}})
	// Bo is told, and Cy has it still as it was given back.
	p.stands("three days", atKim, atDesk, atOther, chat.Direct(bo.Account).String(), inside.String())
	if k := p.ticket("T-1"); k.Holder != chat.PersonID(bo.Account) {
		t.Errorf("T-1 is with %s", k.Holder)
	}
	if again, _ := p.Open(t.Context(), cyAt); again == nil || again.Fields[0].Value != "" {
		t.Errorf("what was sent is kept: %+v", again)
	}
}

// Who is not the holder is told before they write.
func TestSecondAgentIsTold(t *testing.T) {
	p := newPost(t)
	p.opened()
	p.acts(bo, chat.Event{Kind: chat.Press, Place: inside, Action: chat.Do("claim", "T-1")})
	press := p.world.event(chat.Event{Kind: chat.Press, Place: inside, Action: chat.Do("reply", "T-1")}, cy)
	if form, err := p.Open(t.Context(), press); form != nil || err != nil {
		t.Fatalf("a form opens: %+v, %v", form, err)
	}
	o := p.deliver(p.do(press))
	if text := spoken(o); !strings.Contains(text, "T-1 is with Bo") || o.Replies[0].Only != cy.Account {
		t.Errorf("Cy is told %q", text)
	}
	if len(o.Replies[0].AllButtons()) != 2 {
		t.Errorf("Cy may press %+v", o.Replies[0].AllButtons())
	}
}

// What strangers write pings nobody and invites nowhere, on either side.
func TestRelayDefuses(t *testing.T) {
	p := newPost(t)
	p.opened()
	const bad = "@everyone look at <!channel> discord.gg/abc"
	p.acts(kim, chat.Event{Kind: chat.Message, Place: thread, Text: bad})
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "reply T-1 " + bad, Place: inside})
	for key, r := range p.standing {
		text := everything(r)
		for _, part := range []string{"@everyone", "<!channel>", "discord.gg/abc"} {
			if strings.Contains(text, part) {
				t.Errorf("%s carries %q", key, part)
			}
		}
	}
}
