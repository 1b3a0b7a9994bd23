package bot

import (
	"strings"
	"testing"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// A ticket is worked by emoji, wherever a message of it stands: on its card, in
// the card's thread, and on the question. Whoever is no agent only puts emoji.
func TestEmoji(t *testing.T) {
	does := []struct {
		emoji []string
		done  func(k desk.Ticket) bool
	}{
		{[]string{"👀", "eyes", ":eyes:"}, func(k desk.Ticket) bool { return k.Holder == chat.PersonID(bo.Account) }},
		{[]string{"✅", "white_check_mark"}, func(k desk.Ticket) bool { return k.State == desk.Resolved }},
		{[]string{"🚨", "rotating_light"}, func(k desk.Ticket) bool { return k.Priority == desk.Urgent }},
	}
	for _, test := range does {
		for _, emoji := range test.emoji {
			for _, where := range []string{"card", "thread", "question"} {
				p := newPost(t)
				p.opened()
				e := chat.Event{Kind: chat.Reaction, Place: inside, Message: p.message["card/T-1/test:w:desk"], Emoji: emoji}
				switch where {
				case "thread":
					e.Place, e.Message = p.cardThread(inside), "whatever"
				case "question":
					e.Place, e.Message = thread, "m1"
				}
				if o := p.acts(kim, e); changed(o) || len(o.Replies) > 0 {
					t.Errorf("%s on the %s by the asker: %s", emoji, where, spoken(o))
				}
				o := p.acts(bo, e)
				if !test.done(p.ticket("T-1")) {
					t.Errorf("%s on the %s does nothing: %s", emoji, where, spoken(o))
				}
				for _, r := range o.Replies {
					if r.Purpose == chat.Answering && r.Only != bo.Account {
						t.Errorf("%s on the %s is answered to all: %s", emoji, where, r.PlainText())
					}
				}
			}
		}
	}
	p := newPost(t)
	p.opened()
	for _, e := range []chat.Event{
		{Kind: chat.Reaction, Place: inside, Message: "other", Emoji: "👀"},
		{Kind: chat.Reaction, Place: help, Message: "other", Emoji: "✅"},
		{Kind: chat.Reaction, Place: thread, Message: "m1", Emoji: "🎉"},
	} {
		if o := p.acts(bo, e); changed(o) || len(o.Replies) > 0 {
			t.Errorf("%s on %s says %s", e.Emoji, e.Message, spoken(o))
		}
	}
}

func lees(text string) *chat.Said {
	return &chat.Said{Message: "m7", From: lee, At: start, Text: text}
}

// An agent makes a ticket of what someone else wrote, once.
func TestCreate(t *testing.T) {
	doors := map[string]chat.Event{
		"menu":  {Kind: chat.Menu, Place: help, Message: "m7", Action: chat.Do("create"), About: lees("my purchase has vanished")},
		"emoji": {Kind: chat.Reaction, Place: help, Message: "m7", Emoji: "🎫", About: lees("my purchase has vanished")},
	}
	for door, e := range doors {
		t.Run(door, func(t *testing.T) {
			p := newPost(t)
			o := p.acts(bo, e)
			k := p.ticket("T-1")
			if k.Asker.Account != lee.Account || k.Question != "my purchase has vanished" || k.Place.Thread != "m7" {
				t.Errorf("the ticket is %s's in %s: %q", k.Asker.Name, k.Place, k.Question)
			}
			if text := spoken(o); !strings.Contains(text, "T-1 is open for Lee") {
				t.Errorf("Bo is told %q", text)
			}
			if o := p.acts(bo, e); len(o.Tickets) > 0 || !strings.Contains(spoken(o), "has a ticket already: T-1") {
				t.Errorf("again: %s", spoken(o))
			}
			p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "reply T-1 let me see", Place: help})
			p.stands("let me see", "test:w:help:m7", atDesk, atOther)
			p.acts(lee, chat.Event{Kind: chat.Message, Place: k.Place, Text: "it was blue"})
			p.stands("it was blue", atDesk, atOther, chat.Direct(bo.Account).String())
		})
	}
	refused := map[string]struct {
		from chat.Sender
		e    chat.Event
		want string
	}{
		"no agent":   {kim, doors["menu"], "is for the support team"},
		"no words":   {bo, chat.Event{Kind: chat.Menu, Place: help, Action: chat.Do("create"), About: lees(" ")}, "cannot read any words"},
		"withheld":   {bo, chat.Event{Kind: chat.Menu, Place: help, Action: chat.Do("create")}, "cannot read any words"},
		"a bot":      {bo, chat.Event{Kind: chat.Menu, Place: help, Action: chat.Do("create"), About: &chat.Said{Text: "x", From: chat.Sender{Account: account("robot"), Bot: true}}}, "needs a person"},
		"among us":   {bo, chat.Event{Kind: chat.Menu, Place: inside, Action: chat.Do("create"), About: lees("x")}, "between agents"},
		"by a press": {bo, chat.Event{Kind: chat.Press, Place: help, Action: chat.Do("create")}, "cannot read any words"},
	}
	for name, test := range refused {
		o := newPost(t).acts(test.from, test.e)
		if changed(o) || len(o.Replies) != 1 || o.Replies[0].Only != test.from.Account || !strings.Contains(spoken(o), test.want) {
			t.Errorf("%s: %s", name, spoken(o))
		}
	}
}

// What is pointed at is answered for its author, or for whoever asked alone.
func TestFindFor(t *testing.T) {
	public := func(o spool.Outcome) bool { return len(o.Replies) == 1 && o.Replies[0].Only == "" }
	glass := chat.Event{Kind: chat.Reaction, Place: help, Message: "m7", Emoji: "🔍", About: lees("where is my refund?")}
	for who, open := range map[string]bool{"Lee": true, "Bo": true, "Kim": false} {
		from := map[string]chat.Sender{"Lee": lee, "Bo": bo, "Kim": kim}[who]
		p := newPost(t)
		o := p.acts(from, glass)
		if !strings.Contains(spoken(o), "refund") || public(o) != open {
			t.Errorf("🔍 by %s, to %q: %s", who, o.Replies[0].Only, spoken(o))
		}
		if asker := o.Conversations[0].Value.Asker; open != (asker.Account == lee.Account) {
			t.Errorf("🔍 by %s asks for %s", who, asker.Name)
		}
		if o := p.acts(from, glass); open && len(o.Replies) > 0 {
			t.Errorf("a second 🔍 by %s says %s", who, spoken(o))
		}
	}
	menu := chat.Event{Kind: chat.Menu, Place: help, Message: "m7", Action: chat.Do("find"), About: lees("where is my refund?")}
	o := newPost(t).acts(lee, menu)
	if public(o) || !strings.Contains(spoken(o), "refund") {
		t.Errorf("the menu answers %q: %s", o.Replies[0].Only, spoken(o))
	}
	for _, who := range []chat.Sender{lee, sam} {
		by := chat.AccountID("")
		if who.Account != lee.Account {
			by = lee.Account // whose words they are, should she be forgotten
		}
		if asked := newPost(t).acts(who, menu).Conversations[0].Value.Newest(); asked.By != by {
			t.Errorf("%s points at words of %q, want %q", who.Name, asked.By, by)
		}
	}
}

// Called by name in a thread about a ticket, the bot does what an agent says;
// anywhere else, and for anyone else, the same words are a question.
func TestMentionVerbs(t *testing.T) {
	told := func(place chat.Place, text string) chat.Event {
		return chat.Event{Kind: chat.Message, Mentioned: true, Addressed: true, Place: place, Text: text}
	}
	p := newPost(t)
	p.opened()
	p.acts(kim, told(thread, "claim"))
	if p.ticket("T-1").Holder != "" {
		t.Error("the asker claimed their own ticket")
	}
	if o := p.acts(bo, told(help, "close my account please")); len(o.Tickets) > 0 {
		t.Errorf("a question of an agent's closed a ticket: %s", spoken(o))
	}
	unasked := told(thread, "claim")
	unasked.Mentioned = false
	if p.acts(bo, unasked); p.ticket("T-1").Holder != "" {
		t.Error("what was said to others claimed a ticket")
	}
	o := p.acts(bo, told(thread, "claim"))
	if p.ticket("T-1").Holder == "" || o.Replies[len(o.Replies)-1].Place != thread && o.Replies[0].Only != bo.Account {
		t.Errorf("claim in the asker's thread: %s", spoken(o))
	}
	p.acts(bo, told(help, "release T-1"))
	if p.ticket("T-1").Holder != "" {
		t.Error("release of a ticket by its number does nothing")
	}
	o = p.acts(bo, told(p.cardThread(abroad), "clam"))
	if text := spoken(o); !strings.Contains(text, "claim") || o.Replies[0].Only != bo.Account {
		t.Errorf("a slip says %q to %q", text, o.Replies[0].Only)
	}
	p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: "claim", Place: p.cardThread(inside)})
	if p.ticket("T-1").Holder == "" {
		t.Error("a command in the card's thread is not about its ticket")
	}
}

// A card that was deleted comes back, and one whose thread was gets another.
func TestCardComesBack(t *testing.T) {
	p := newPost(t)
	p.opened()
	card := chat.Key("card/T-1/test:w:desk")
	o := p.acts(chat.Sender{}, chat.Event{Kind: chat.Delete, Place: inside, Message: p.message[card]})
	if len(o.Replies) != 1 || o.Replies[0].Key != card || o.Replies[0].Deed != chat.Replace {
		t.Errorf("deleted, it brings %+v", o.Replies)
	}
	o = p.deliver(p.do(chat.Event{ID: "gone", Kind: chat.Delete, Place: p.cardThread(inside)}))
	if len(o.Replies) != 2 || o.Replies[0].Deed != chat.Remove || o.Replies[1].Key != card {
		t.Errorf("without its thread, it brings %+v", o.Replies)
	}
	if o := p.acts(chat.Sender{}, chat.Event{Kind: chat.Delete, Place: inside, Message: "other"}); len(o.Replies) > 0 {
		t.Errorf("someone's own message brings %s", spoken(o))
	}
}

// A card says the same whoever did what: what is stored of its ticket, and
// nothing that only some may read.
func TestCardIsTheTicket(t *testing.T) {
	p := newPost(t)
	p.opened()
	for _, step := range []string{"claim T-1", "priority T-1 high", "label T-1 add vip", "reply T-1 hi", "resolve T-1", "reopen T-1", "close T-1"} {
		p.acts(bo, chat.Event{Kind: chat.Slash, Door: "ticket", Text: step, Place: inside})
		k := p.ticket("T-1")
		tn := p.turn(t.Context(), chat.Event{From: kim}, nil)
		tn.lang = "en"
		for _, place := range []chat.Place{inside, abroad} {
			want, got := tn.deskCard(&k, place), p.standing[cardKey(&k, place)]
			if want.PlainText() != got.PlainText() || want.Tone != got.Tone || len(want.AllButtons()) != len(got.AllButtons()) {
				t.Errorf("after %s the card in %s is\n%s\nand the ticket\n%s", step, place, got.PlainText(), want.PlainText())
			}
		}
	}
	k := desk.Ticket{Trail: conversation.Trail{Asked: []conversation.Asked{{Shown: []conversation.Shown{{ID: "staff-keys", Lang: "en", Title: "Handbook", URL: "x"}}}}}}
	if text := p.turn(t.Context(), chat.Event{From: sam}, nil).deskCard(&k, inside).PlainText(); strings.Contains(text, "Handbook") {
		t.Errorf("a card shows a private article:\n%s", text)
	}
}
