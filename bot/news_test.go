package bot

import (
	"slices"
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// asksAlone makes a ticket of someone's private question in a channel: it goes on
// in their direct messages.
func (p *post) asksAlone(who chat.Sender) {
	p.t.Helper()
	o := p.acts(who, chat.Event{Kind: chat.Slash, Door: "ask", Text: "where is my refund?"})
	p.acts(who, chat.Event{Kind: chat.Press, Action: chat.Do("contact", string(o.Conversations[0].Value.ID))})
}

const shut = "cannot be delivered: direct messages are closed"

// News finds a way around closed direct messages, and what the asker says where
// it reached them is said to the ticket.
func TestNewsElsewhere(t *testing.T) {
	p := newPost(t)
	p.asksAlone(kim)
	if k := p.ticket("T-1"); k.Place != chat.Direct(kim.Account) {
		t.Fatalf("it goes on in %s", k.Place)
	}
	p.closed[chat.Direct(kim.Account)] = shut
	apart := chat.Apart(help, kim.Account)
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "claim T-1"})
	p.stands("Bo is on T-1 now", apart.String())
	if k := p.ticket("T-1"); k.Place != apart || !k.Direct {
		t.Fatalf("it goes on in %s", k.Place)
	}
	p.acts(kim, chat.Event{Kind: chat.Message, Place: apart, Message: "m9", Text: "my order is HP123"})
	p.stands("my order is HP123", atDesk, atOther, "test:w:@bo")

	for _, step := range []struct{ text, news string }{
		{"resolve T-1", "has settled T-1"}, {"reopen T-1", "T-1 is open again; the team"}, {"move T-1 sales", "T-1 went to the team"},
	} {
		p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: step.text})
		p.stands(step.news, apart.String())
	}
	p.acts(dan, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "close T-1"})
	p.stands("T-1 is closed. If something", apart.String())
}

// Where no way is left that only the asker reads, nothing is told in the channel,
// and nothing is tried for ever.
func TestNewsNowhere(t *testing.T) {
	p := newPost(t)
	p.asksAlone(kim)
	p.closed[chat.Direct(kim.Account)], p.closed[chat.Apart(help, kim.Account)] = shut, shut
	before := len(p.finds(""))
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "claim T-1"})
	p.stands("is on T-1 now")
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "resolve T-1"})
	p.stands("has settled T-1")
	if after := len(p.finds("")); after != before+2 { // what Bo is answered
		t.Errorf("%d messages stand, before %d", after, before)
	}
	if k := p.ticket("T-1"); len(k.Untold) > 0 || k.Place != chat.Direct(kim.Account) {
		t.Errorf("it goes on in %s, with %q untold", k.Place, k.Untold)
	}
}

// News beside words comes after them, where they have found a way; none of it is
// told where they have not.
func TestNewsAfterWords(t *testing.T) {
	for _, way := range []bool{true, false} {
		p := newPost(t)
		p.asksAlone(kim)
		p.closed[chat.Direct(kim.Account)] = shut
		apart := chat.Apart(help, kim.Account)
		if !way {
			p.closed[apart] = shut
		}
		o := p.do(p.world.event(chat.Event{Kind: chat.Slash, Door: "ticket", Text: "resolve T-1 It left on Monday."}, bo))
		lost := func(report string) []chat.Reply {
			return p.do(p.world.event(chat.Event{Kind: chat.Undeliverable, Place: chat.Direct(kim.Account), Report: report, Cause: shut}, chat.Sender{})).Replies
		}
		var words []chat.Reply
		for _, r := range o.Replies {
			switch {
			case r.Place != chat.Direct(kim.Account):
			case strings.HasPrefix(r.Report, newsReport):
				if got := lost(r.Report); len(got) > 0 {
					t.Errorf("the news goes before the words: %+v", got)
				}
			default:
				words = lost(r.Report)
			}
		}
		if k := p.ticket("T-1"); !slices.Equal(k.Untold, []desk.News{desk.Settled}) {
			t.Fatalf("untold: %q", k.Untold)
		}
		o.Replies = words
		p.deliver(o)
		if way {
			p.stands("It left on Monday.", apart.String(), atDesk, atOther)
			p.stands("has settled T-1", apart.String())
		} else {
			p.stands("has settled T-1")
			p.stands("⚠ Kim cannot be reached in private", atDesk, atOther, "test:w:help")
		}
		if k := p.ticket("T-1"); len(k.Untold) > 0 {
			t.Errorf("untold: %q", k.Untold)
		}
	}
}

// What a report says comes back from outside of the turn that wrote it.
func TestNewsReports(t *testing.T) {
	p := newPost(t)
	p.opened()
	for _, report := range []string{"news/", "news/T-1", "news/T-9/taken/1", "news/T-1/taken/x", "news/T-1/opened/0", "news/T-1/opened/-1", "news/T-1/nothing/1", "news/T-1/taken/1", "news/T-1/settled/2", "news/T-1/opened/99"} {
		for _, kind := range []chat.Kind{chat.Undeliverable, chat.Delivered} {
			o := p.do(p.world.event(chat.Event{Kind: kind, Place: thread, Report: report, Cause: shut}, chat.Sender{}))
			if len(o.Replies) > 0 {
				t.Errorf("%s %s: %+v", kind, report, o.Replies)
			}
		}
	}
	// A place in line is told anew, as it is by now.
	p.asksIn(lee, "m2")
	lees := chat.Place{Platform: "test", Workspace: "w", Channel: "help", Thread: "m2"}
	o := p.do(p.world.event(chat.Event{Kind: chat.Undeliverable, Place: lees, Report: "news/T-2/opened/1", Cause: shut}, chat.Sender{}))
	if len(o.Replies) != 1 || o.Replies[0].Place != chat.Direct(lee.Account) || !strings.Contains(o.Replies[0].PlainText(), "One question is ahead of yours") {
		t.Errorf("in line: %+v", o.Replies)
	}
}
