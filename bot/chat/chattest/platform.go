// Package chattest checks that a platform keeps the contract of
// [chat.Platform]: the one suite that every adapter passes.
package chattest

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A Stage is a platform with someone in front of it.
type Stage struct {
	Platform chat.Platform
	// Say lets a person say something to the bot, from outside.
	Say func(text string)
	// Seen is everything that the person has been shown so far.
	Seen func() string
	// Leave ends the person's side, where that is how Run ends; may be nil.
	Leave func()
}

// soon bounds each wait of the suite; what is waited for takes far less.
const soon = 10 * time.Second

// TestPlatform checks the promises of [chat.Platform]. open makes a new stage
// for each of them.
func TestPlatform(t *testing.T, open func(t *testing.T) Stage) {
	for name, test := range map[string]func(*testing.T, *play){
		"events":     events,
		"post":       post,
		"replace":    replace,
		"remove":     remove,
		"confirm":    confirm,
		"hostile":    hostile,
		"concurrent": concurrent,
		"pace":       pace,
	} {
		t.Run(name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			p := start(t, open(t))
			test(t, p)
			p.stop(t)
			wait(t, "goroutines of Run end", func() bool { return runtime.NumGoroutine() <= before })
		})
	}
}

// A play is a stage whose platform runs.
type play struct {
	Stage
	inbox *inbox
	place chat.Place // of the person
	ended chan error
	end   context.CancelFunc
}

// An inbox keeps what it is given.
type inbox struct {
	mu     sync.Mutex
	events []chat.Event
}

func (i *inbox) Accept(_ context.Context, e chat.Event) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.events = append(i.events, e)
	return nil
}

func (i *inbox) all() []chat.Event {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]chat.Event(nil), i.events...)
}

// start runs the platform, and lets the person say hello to learn where they
// are.
func start(t *testing.T, s Stage) *play {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	p := &play{Stage: s, inbox: &inbox{}, ended: make(chan error, 1), end: cancel}
	go func() { p.ended <- s.Platform.Run(ctx, p.inbox) }()
	s.Say("hello")
	wait(t, "the first event", func() bool { return len(p.inbox.all()) > 0 })
	p.place = p.inbox.all()[0].Place
	return p
}

func (p *play) stop(t *testing.T) {
	t.Helper()
	if p.Leave != nil {
		p.Leave()
	}
	p.end()
	select {
	case err := <-p.ended:
		if err != nil {
			t.Errorf("Run = %v after its context ended", err)
		}
	case <-time.After(soon):
		t.Fatal("Run goes on after its context ended")
	}
}

// send posts a reply for the person and returns its receipt.
func (p *play) send(t *testing.T, id string, sent chat.Receipt, deed chat.Deed, text string) chat.Receipt {
	t.Helper()
	d := chat.Delivery{ID: id, Sent: sent, Try: 1, Reply: chat.Reply{
		Key: chat.Key("key/" + strings.SplitN(id, ".", 2)[0]), Deed: deed, Purpose: chat.Answering, Place: p.place,
	}}
	if deed != chat.Remove {
		d.Reply.Blocks = []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain(text)}}
	}
	receipt, err := p.Platform.Send(t.Context(), d)
	if err != nil {
		t.Fatalf("%s %q: %v", deed, text, err)
	}
	return receipt
}

func (p *play) sees(t *testing.T, text string) {
	t.Helper()
	wait(t, fmt.Sprintf("the person sees %q", text), func() bool { return strings.Contains(p.Seen(), text) })
}

// events: what is said arrives, once, complete.
func events(t *testing.T, p *play) {
	p.Say("where is my refund?")
	p.Say("where is my refund?")
	wait(t, "three events", func() bool { return len(p.inbox.all()) == 3 })
	identities := map[string]bool{}
	for _, e := range p.inbox.all() {
		identities[e.Identity()] = true
		if e.Kind != chat.Message || e.ID == "" || e.Message == "" || e.Text == "" || e.At.IsZero() {
			t.Errorf("incomplete: %+v", e)
		}
		if e.From.Person != "" || e.From.Account.Platform() != e.Place.Platform || e.From.Account.User() == "" {
			t.Errorf("from %+v in %s", e.From, e.Place)
		}
		if again, err := chat.ParsePlace(e.Place.String()); err != nil || again != e.Place {
			t.Errorf("place %q is not its own text: %v", e.Place, err)
		}
	}
	if len(identities) != 3 {
		t.Errorf("3 messages have %d identities", len(identities))
	}
}

// post: all words are shown, and the receipt says where they stand.
func post(t *testing.T, p *play) {
	receipt := p.send(t, "one.0", chat.Receipt{}, chat.Post, "the first answer")
	p.sees(t, "the first answer")
	if receipt.Message == "" || receipt.Place.Outside() != p.place.Outside() {
		t.Errorf("receipt = %+v, want a message in %s", receipt, p.place)
	}
	if second := p.send(t, "two.0", chat.Receipt{}, chat.Post, "the second answer"); second.Same(receipt) {
		t.Errorf("two messages have the receipt %+v", second)
	}
}

// replace: the new words are shown, also where nothing stands any more.
func replace(t *testing.T, p *play) {
	receipt := p.send(t, "one.0", chat.Receipt{}, chat.Post, "the first answer")
	receipt = p.send(t, "one.1", receipt, chat.Replace, "a better answer")
	p.sees(t, "a better answer")
	if receipt.Message == "" {
		t.Error("no receipt for what was replaced")
	}
	if receipt = p.send(t, "two.0", chat.Receipt{}, chat.Replace, "posted anew"); receipt.Message == "" {
		t.Error("no receipt for what was posted anew")
	}
	p.sees(t, "posted anew")
}

// remove: taking a message away works, and so does taking away nothing.
func remove(t *testing.T, p *play) {
	receipt := p.send(t, "one.0", chat.Receipt{}, chat.Post, "the first answer")
	p.send(t, "one.1", receipt, chat.Remove, "")
	p.send(t, "one.2", chat.Receipt{}, chat.Remove, "")
}

// confirm: what was sent is found or unknowable; what was not, absent or
// unknowable.
func confirm(t *testing.T, p *play) {
	receipt := p.send(t, "one.0", chat.Receipt{}, chat.Post, "the first answer")
	d := chat.Delivery{ID: "one.0", Try: 2, Reply: chat.Reply{Key: "key/one", Deed: chat.Post, Place: p.place}}
	got, finding, err := p.Platform.Confirm(t.Context(), d)
	if err != nil || finding == chat.Absent || finding == chat.Found && !got.Same(receipt) {
		t.Errorf("Confirm of a sent reply = %+v, %s, %v; it stands at %+v", got, finding, err, receipt)
	}
	d.ID = "never.0"
	if _, finding, err := p.Platform.Confirm(t.Context(), d); err != nil || finding == chat.Found {
		t.Errorf("Confirm of a reply that was never sent = %s, %v", finding, err)
	}
}

// hostile: whatever is in the words, sending neither fails nor shows raw
// control characters.
func hostile(t *testing.T, p *play) {
	for i, text := range []string{
		"\x1b[2J\x07 bell", "\u202eright to left", "@everyone <!channel> <@U1>", "a\x00b", strings.Repeat("long ", 2000), "", "\xff\xfe",
	} {
		p.send(t, fmt.Sprintf("hostile%d.0", i), chat.Receipt{}, chat.Post, text+" end")
	}
	for _, r := range "\x07\x00\u202e" {
		if strings.ContainsRune(p.Seen(), r) {
			t.Errorf("the person is shown %U", r)
		}
	}
}

// concurrent: replies for many places at once do not get in each other's way.
func concurrent(t *testing.T, p *play) {
	const many = 20
	var group sync.WaitGroup
	errs := make(chan error, many)
	for i := range many {
		group.Go(func() {
			_, err := p.Platform.Send(t.Context(), chat.Delivery{ID: fmt.Sprintf("many%d.0", i), Try: 1, Reply: chat.Reply{
				Key: chat.Key(fmt.Sprintf("key/many%d", i)), Deed: chat.Post, Purpose: chat.Answering, Place: p.place,
				Blocks: []chat.Block{{Layout: chat.Paragraph, Text: chat.Plain(fmt.Sprintf("answer number %d.", i))}},
			}})
			errs <- err
		})
	}
	group.Wait()
	for range many {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	for i := range many {
		p.sees(t, fmt.Sprintf("answer number %d.", i))
	}
}

// pace: a platform's pace makes sense.
func pace(t *testing.T, p *play) {
	if got := p.Platform.Pace(); got.Place < 0 || got.Platform < 0 || got.Platform > 0 && got.Burst < 1 {
		t.Errorf("pace = %+v", got)
	}
}

// wait polls for a condition.
func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	late := time.After(soon)
	for !done() {
		select {
		case <-ticker.C:
		case <-late:
			t.Fatalf("in vain: %s", what)
		}
	}
}
