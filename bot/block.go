package bot

import (
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// Here is how leads keep someone from the desks for a while. Whoever is kept
// still gets articles, and can take back what is theirs; a ticket of theirs
// stays, and agents may still answer it.

// peopleRows are the verbs about people, and about where they are heard.
func peopleRows() []command {
	user := chat.Param{Name: "user", Kind: chat.PersonParam, Optional: true}
	return []command{
		audits("person.block", lead(deskVerb("block", "", "keep someone from the desks", (*turn).block, aTicket, user, chat.Param{Name: "for", Kind: chat.SpanParam, Optional: true}))),
		audits("person.unblock", lead(deskVerb("unblock", "", "let someone write to the desks again", (*turn).unblock, aTicket, user))),
		audits("channel.watch", lead(deskVerb("channel", "", "answer in this channel, or no longer", (*turn).listen,
			chat.Param{Name: "listen", Kind: chat.WordParam, Options: []string{"watch", "unwatch"}}))),
	}
}

// block keeps someone from the desks: who is named, or who asked a ticket.
func (t *turn) block(in chat.Invocation) error {
	who, k, err := t.whom(in)
	if err != nil {
		return err
	}
	t.of(string(who.Person))
	a := args{"Name": who.Name}
	if t.access.may(who, chat.Agent, "") {
		return &refusal{id: "block_agent", args: a}
	}
	var span time.Duration
	if in.Args["for"] != "" {
		if span, err = chat.ParseSpan(in.Args["for"]); err != nil {
			return t.misused(&chat.UsageError{Door: "ticket", Command: &in.Command, Param: "for"}, in)
		}
	}
	p, err := t.human(who)
	if err != nil {
		return err
	}
	agent := t.access.agent(t.event.From)
	p.Value.Block(agent.Name, span, t.at)
	t.keepPerson(p)
	t.noteBlock(k, agent, desk.DidBlock, p.Value.Blocked.Until)
	if span == 0 {
		t.tell(t.text("blocked", a))
		return nil
	}
	a["Until"] = t.moment(p.Value.Blocked.Until)
	t.tell(t.text("blocked_until", a))
	return nil
}

func (t *turn) unblock(in chat.Invocation) error {
	who, k, err := t.whom(in)
	if err != nil {
		return err
	}
	p, err := t.human(who)
	if err != nil {
		return err
	}
	t.of(string(who.Person))
	if !p.Value.Unblock(t.at) {
		return &refusal{id: "not_blocked", args: args{"Name": who.Name}}
	}
	t.keepPerson(p)
	t.noteBlock(k, t.access.agent(t.event.From), desk.DidUnblock, time.Time{})
	t.tell(t.text("unblocked", args{"Name": who.Name}))
	return nil
}

// noteBlock keeps in the history of the ticket that brought it about what was
// done; there may be none.
func (t *turn) noteBlock(k *heldTicket, by desk.Agent, did desk.Doing, until time.Time) {
	if k == nil {
		return
	}
	k.Value.Note(by, "", t.at)
	k.Value.Newest().Did, k.Value.Newest().Until = did, until
	t.keepTicket(k)
}

// moment words a time, for everyone in their own zone where the platform can.
func (t *turn) moment(at time.Time) chat.Text {
	return chat.Text{{Text: t.words.moment(t.lang, at.UTC(), t.at), At: at}}
}

// whom finds the person whom a command is about, and the ticket that brings it
// about if it is one of theirs. It guesses nobody from what the sender holds.
func (t *turn) whom(in chat.Invocation) (who chat.Sender, k *heldTicket, err error) {
	if in.Args["ticket"] != "" {
		if k, _, err = t.worked(in); err != nil {
			return who, nil, err
		}
		if !t.access.may(t.event.From, chat.Lead, k.Value.Desk) {
			return who, nil, needs(chat.Lead)
		}
		who = k.Value.Asker
		who.Person = t.Person(who.Account)
	}
	if word := in.Args["user"]; word != "" {
		meant, ok, err := t.named(word)
		if err == nil && !ok {
			err = &refusal{id: "no_user", args: args{"Name": chat.Shorten(word, 40)}}
		}
		if meant.Person != who.Person {
			k = nil // where it is said, and no more
		}
		return meant, k, err
	}
	if k == nil {
		err = &refusal{id: "whom", args: args{"Usage": usage(in.Command, "T-1")}}
	}
	return who, k, err
}

// named is whom a mention names: as the platform tells, or else by an account of
// which something is stored.
func (t *turn) named(word string) (chat.Sender, bool, error) {
	for _, who := range t.event.Named {
		if word == "@"+who.Account.User() || word == "<@"+who.Account.User()+">" {
			who.Person = t.Person(who.Account)
			return who, true, nil
		}
	}
	user := mentioned(word)
	if user == "" {
		return chat.Sender{}, false, nil
	}
	account := chat.NewAccountID(t.event.From.Account.Platform(), t.event.From.Account.Workspace(), user)
	who := chat.Sender{Account: account, Person: t.Person(account), Name: user}
	asked, err := t.view.Asked(t.ctx, who.Person, 1)
	if err != nil {
		return who, false, err
	}
	if len(asked) > 0 {
		who.Name = asked[0].Asker.Name
		return who, true, nil
	}
	p, err := t.view.Person(t.ctx, who.Person)
	return who, p.Version > 0, err
}

// human reads what is stored of someone, whoever they are.
func (t *turn) human(who chat.Sender) (*heldPerson, error) {
	p, err := t.person(who.Person)
	if err == nil && p.Value.ID == "" {
		p.Value = desk.Person{ID: who.Person, Accounts: []chat.AccountID{who.Account}}
	}
	return p, err
}

// barred is how the sender is kept from the desks; nil if they are not.
func (t *turn) barred() (*heldPerson, error) {
	p, err := t.human(t.event.From)
	if err != nil || !p.Value.IsBlocked(t.at) {
		return nil, err
	}
	return p, nil
}

// barredLine tells someone how they are kept from the desks.
func (t *turn) barredLine(p *desk.Person) *refusal {
	if p.Blocked.Until.IsZero() {
		return forbidden("barred", nil)
	}
	return forbidden("barred_until", args{"Until": t.moment(p.Blocked.Until)})
}

// ifBarred refuses what would reach the desk.
func (t *turn) ifBarred() error {
	p, err := t.barred()
	if p == nil || err != nil {
		return err
	}
	t.toldBarred(p)
	return t.barredLine(&p.Value)
}

// keptOut reports whether what the sender says does not reach their ticket. They
// are told so once, alone.
func (t *turn) keptOut() (bool, error) {
	p, err := t.barred()
	if p == nil || err != nil {
		return false, err
	}
	if !p.Value.Blocked.Told {
		no := t.barredLine(&p.Value)
		t.post(chat.Reply{Place: t.event.Place, Only: t.only(), Handle: t.event.Handle, Blocks: []chat.Block{t.text(no.id, no.args)}})
	}
	t.toldBarred(p)
	return true, nil
}

// only is the sender where others read along, so that they alone see something.
func (t *turn) only() chat.AccountID {
	if t.event.Private {
		return ""
	}
	return t.event.From.Account
}

func (t *turn) toldBarred(p *heldPerson) {
	if !p.Value.Blocked.Told {
		told := *p.Value.Blocked
		told.Told = true
		p.Value.Blocked = &told
		t.keepPerson(p)
	}
}

// barred reports whether the sender is kept from the desks.
func (o *opening) barred() (bool, error) {
	p, err := o.reader.Person(o.ctx, o.event.From.Person)
	return p.Value.IsBlocked(o.now()), err
}
