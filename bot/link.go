package bot

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// Here is how someone with accounts on two platforms becomes one person: they
// ask for a code with one account, and type it with the other.

// Links is the set of whose accounts are whose: the person's id by account. What
// the configuration says counts more. Codes is the set of codes that are good
// for a while, and the [desk.Offer] of each.
const (
	Links spool.Set = "links"
	codes spool.Set = "codes"
)

const (
	// codeLasts is how long a code is good: as long as it takes to open another
	// app and find the bot there.
	codeLasts = 10 * time.Minute
	// codeTimer is the first part of the names of timers that end a code.
	codeTimer = "code/"
	// maxRehomed is how many tickets change hands with an account: the newest that
	// it asked, and as many that it holds. Older ones are found by their number.
	maxRehomed = 100
)

// unlinkWord, in place of a code, takes an account away again.
const unlinkWord = "off"

func linkRows() []command {
	link := deskVerb("link", "", "be one person with your account on another platform", (*turn).link,
		chat.Param{Name: "code", Kind: chat.TextParam, Optional: true})
	link.Role = chat.Everyone
	return []command{link}
}

// linkButtons are beside what it answers.
func linkButtons() []command {
	return []command{button("join", chat.Private, (*turn).join), button("unjoin", chat.Private, (*turn).unjoin)}
}

// link gives the sender a code, or asks whether they mean the one they typed.
func (t *turn) link(in chat.Invocation) error {
	typed := strings.TrimSpace(in.Args["code"])
	switch {
	case typed == "":
		return t.giveCode()
	case strings.EqualFold(typed, unlinkWord):
		return t.detach(t.event.From.Account)
	}
	code, o, _, err := t.offered(typed)
	if err != nil {
		return err
	}
	t.tell(t.text("link_sure", args{"Name": o.Name, "Platform": t.platform(o.Account)}), row(chat.Button{
		Label: t.line("button_join"), Action: chat.Do("join", code), Style: chat.Primary,
	}))
	return nil
}

// giveCode gives the sender a code.
func (t *turn) giveCode() error {
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return fmt.Errorf("make a code: %w", err)
	}
	code := desk.NewCode(random)
	value, err := json.Marshal(desk.Offer{
		Person: t.event.From.Person, Account: t.event.From.Account, Name: t.access.agent(t.event.From).Name, Until: t.at.Add(codeLasts),
	})
	if err != nil {
		return err
	}
	t.out.Sets = append(t.out.Sets, spool.SetChange{Set: codes, Member: code, Value: string(value)})
	t.out.Timers = append(t.out.Timers, spool.Timer{
		Name: codeTimer + code, Due: t.at.Add(codeLasts), Event: chat.Event{Kind: chat.Tick, Place: t.event.Place, From: t.event.From},
	})
	t.tell(t.text("link_code", args{"Code": code, "Minutes": int(codeLasts.Minutes())}))
	return nil
}

// spent forgets a code whose time is over.
func (t *turn) spent(code string) error {
	t.out.Sets = append(t.out.Sets, spool.SetChange{Set: codes, Member: code, Remove: true})
	return nil
}

// offered is what a code stands for, if the sender may type it, and its value in
// the set.
func (t *turn) offered(typed string) (code string, o desk.Offer, value string, err error) {
	code, ok := desk.ParseCode(typed)
	if !ok {
		return "", o, "", &refusal{id: "link_unknown"}
	}
	value, err = t.view.Member(t.ctx, codes, code)
	switch {
	case errors.Is(err, spool.ErrNotFound):
		return "", o, "", &refusal{id: "link_unknown"}
	case err != nil:
		return "", o, "", err
	}
	if err := json.Unmarshal([]byte(value), &o); err != nil {
		return "", o, "", fmt.Errorf("read the code: %w", err)
	}
	from := t.event.From
	switch _, linked := t.sets(Links)[string(from.Account)]; {
	case !t.at.Before(o.Until):
		err = &refusal{id: "link_unknown"}
	case from.Person == o.Person:
		err = &refusal{id: "link_yourself"}
	case t.access.configured(from.Account):
		err = &refusal{id: "link_configured"}
	case linked:
		err = &refusal{id: "link_linked"}
	}
	return code, o, value, err
}

// join makes the sender's account one of the person's who asked for the code,
// with all that is theirs.
func (t *turn) join(chat.Invocation) error {
	code, o, value, err := t.offered(t.event.Action.Arg(0))
	if err != nil {
		return err
	}
	from := t.event.From
	old, err := t.human(from)
	if err != nil {
		return err
	}
	to, err := t.human(chat.Sender{Person: o.Person, Account: o.Account})
	if err != nil {
		return err
	}
	known := t.sets(Links)
	t.out.Sets = append(t.out.Sets, spool.SetChange{Set: codes, Member: code, Remove: true, If: &value})
	for _, account := range append([]chat.AccountID{from.Account}, old.Value.Accounts...) {
		was := known[string(account)]
		if account != from.Account && chat.PersonID(was) != from.Person { // it was not linked to this one
			continue
		}
		t.out.Sets = append(t.out.Sets, spool.SetChange{Set: Links, Member: string(account), Value: string(o.Person)})
	}
	t.out.Timers = append(t.out.Timers, spool.Timer{Name: codeTimer + code})
	if !slices.Contains(old.Value.Accounts, from.Account) {
		old.Value.Accounts = append(old.Value.Accounts, from.Account)
	}
	to.Value.Join(&old.Value)
	t.keepPerson(to)
	t.keepPerson(old)
	if err := t.rehome(from.Person, o.Person, ""); err != nil {
		return err
	}
	t.log.Info("an account was linked", "event", t.event.ID, "account", from.Account, "person", o.Person)
	t.tell(t.text("link_done", args{"Name": o.Name, "Platform": t.platform(o.Account)}))
	t.post(chat.Reply{Place: chat.Direct(o.Account), Purpose: chat.Notifying, Blocks: []chat.Block{
		t.text("link_told", args{"Name": from.Name, "Platform": t.platform(from.Account)}),
		row(chat.Button{Label: t.line("button_unjoin"), Action: chat.Do("unjoin", string(from.Account)), Style: chat.Danger}),
	}})
	return nil
}

// unjoin takes one of the sender's accounts away from them: whoever typed the
// code was not them.
func (t *turn) unjoin(chat.Invocation) error {
	account := chat.AccountID(t.event.Action.Arg(0))
	if t.sets(Links)[string(account)] != string(t.event.From.Person) {
		return &refusal{id: "link_off_already"}
	}
	return t.detach(account)
}

// detach makes a linked account a person of its own again, with what came of it.
func (t *turn) detach(account chat.AccountID) error {
	person, linked := t.sets(Links)[string(account)]
	if !linked || t.access.configured(account) {
		return &refusal{id: "link_off_already"}
	}
	p, err := t.human(chat.Sender{Person: chat.PersonID(person), Account: account})
	if err != nil {
		return err
	}
	alone, err := t.human(chat.Sender{Person: chat.PersonID(account), Account: account})
	if err != nil {
		return err
	}
	t.out.Sets = append(t.out.Sets, spool.SetChange{Set: Links, Member: string(account), Remove: true, If: &person})
	apart := p.Value.Part(account)
	alone.Value.Join(&apart)
	t.keepPerson(p)
	t.keepPerson(alone)
	if err := t.rehome(p.Value.ID, alone.Value.ID, account); err != nil {
		return err
	}
	t.log.Info("an account was linked no longer", "event", t.event.ID, "account", account, "person", person)
	t.tell(t.text("link_off", args{"Account": account.User(), "Platform": t.platform(account)}))
	return nil
}

// rehome gives the tickets of one person to another: those of an account, if it
// is given.
func (t *turn) rehome(from, to chat.PersonID, account chat.AccountID) error {
	asked, err := t.view.Asked(t.ctx, from, maxRehomed)
	if err != nil {
		return err
	}
	held, err := t.view.Held(t.ctx, from, maxRehomed)
	if err != nil {
		return err
	}
	for _, one := range append(asked, held...) {
		k, err := t.kin(one.ID)
		if err != nil {
			return err
		}
		if k != nil {
			k.Value.Rehome(from, to, account)
			t.keepTicket(k)
		}
	}
	return nil
}

// platform is what people call the platform of an account.
func (t *turn) platform(account chat.AccountID) string { return capital(account.Platform()) }
