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
	return []command{audits("person.link_code", link)}
}

// linkButtons are beside what it answers.
func linkButtons() []command {
	return []command{audits("person.link", button("join", chat.Private, (*turn).join)), audits("person.unlink", button("unjoin", chat.Private, (*turn).unjoin))}
}

// link gives the sender a code, or asks whether they mean the one they typed.
func (t *turn) link(in chat.Invocation) error {
	typed := strings.TrimSpace(in.Args["code"])
	switch {
	case typed == "":
		return t.giveCode()
	case strings.EqualFold(typed, unlinkWord):
		t.acts(chat.Command{Audit: "person.unlink"}, nil)
		return t.detach(t.event.From.Account)
	}
	o, err := t.offered(typed)
	if err != nil {
		return err
	}
	t.tell(t.text("link_sure", args{"Name": o.Name, "Platform": t.platform(o.Account)}), row(chat.Button{
		Label: t.line("button_join"), Action: chat.Do("join", o.code), Style: chat.Primary,
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
		Account: t.event.From.Account, Name: t.access.agent(t.event.From).Name, Lang: t.lang, Until: t.at.Add(codeLasts),
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

// whose is the person that an account is now, and whether by a code: not what is
// known by heart, which another replica may have changed just now.
func (t *turn) whose(account chat.AccountID) (person chat.PersonID, linked bool, err error) {
	if t.access.configured(account) {
		return t.Person(account), false, nil
	}
	switch value, err := t.view.Member(t.ctx, Links, string(account)); {
	case errors.Is(err, spool.ErrNotFound):
		return chat.PersonID(account), false, nil
	case err != nil:
		return "", false, err
	default:
		return chat.PersonID(value), true, nil
	}
}

// A typedCode is an offer that the sender may take up.
type typedCode struct {
	desk.Offer
	code, value string        // as the set has it
	from, to    chat.PersonID // who the sender is now, and who they become
}

// offered reads a code that the sender typed.
func (t *turn) offered(typed string) (o typedCode, err error) {
	code, ok := desk.ParseCode(typed)
	if !ok {
		return o, &refusal{id: "link_unknown"}
	}
	o.code = code
	o.value, err = t.view.Member(t.ctx, codes, code)
	switch {
	case errors.Is(err, spool.ErrNotFound):
		return o, &refusal{id: "link_unknown"}
	case err != nil:
		return o, err
	}
	if err := json.Unmarshal([]byte(o.value), &o.Offer); err != nil {
		return o, fmt.Errorf("read the code: %w", err)
	}
	var linked bool
	if o.from, linked, err = t.whose(t.event.From.Account); err != nil {
		return o, err
	}
	if o.to, _, err = t.whose(o.Account); err != nil { // it may have been linked since
		return o, err
	}
	switch {
	case !t.at.Before(o.Until):
		err = &refusal{id: "link_unknown"}
	case o.from == o.to:
		err = &refusal{id: "link_yourself"}
	case t.access.configured(t.event.From.Account):
		err = &refusal{id: "link_configured"}
	case linked:
		err = &refusal{id: "link_linked"}
	}
	return o, err
}

// join makes the sender's account one of the person's who asked for the code,
// with all that is theirs.
func (t *turn) join(chat.Invocation) error {
	o, err := t.offered(t.event.Action.Arg(0))
	if err != nil {
		return err
	}
	from := t.event.From
	old, err := t.human(chat.Sender{Person: o.from, Account: from.Account})
	if err != nil {
		return err
	}
	to, err := t.human(chat.Sender{Person: o.to, Account: o.Account})
	if err != nil {
		return err
	}
	if !slices.Contains(old.Value.Accounts, from.Account) {
		old.Value.Accounts = append(old.Value.Accounts, from.Account)
	}
	t.out.Sets = append(t.out.Sets, spool.SetChange{Set: codes, Member: o.code, Remove: true, If: &o.value})
	t.out.Timers = append(t.out.Timers, spool.Timer{Name: codeTimer + o.code})
	for _, account := range old.Value.Accounts {
		was, linked, err := t.whose(account)
		if err != nil {
			return err
		}
		if account == from.Account || linked && was == o.from {
			t.out.Sets = append(t.out.Sets, spool.SetChange{Set: Links, Member: string(account), Value: string(o.to)})
		}
	}
	to.Value.Join(&old.Value)
	t.keepPerson(to)
	t.keepPerson(old)
	if err := t.rehome(o.from, o.to, ""); err != nil {
		return err
	}
	t.of(string(from.Account))
	t.to(string(o.to))
	t.log.Info("an account was linked", "event", t.event.ID, "account", from.Account, "person", o.to)
	t.tell(t.text("link_done", args{"Name": o.Name, "Platform": t.platform(o.Account)}))
	lang := t.lang
	t.lang = t.words.speak(o.Lang)
	t.post(chat.Reply{Place: chat.Direct(o.Account), Purpose: chat.Notifying, Blocks: []chat.Block{
		t.text("link_told", args{"Name": from.Name, "Platform": t.platform(from.Account)}),
		row(chat.Button{Label: t.line("button_unjoin"), Action: chat.Do("unjoin", string(from.Account)), Style: chat.Danger}),
	}})
	t.lang = lang
	return nil
}

// unjoin takes one of the sender's accounts away from them: whoever typed the
// code was not them.
func (t *turn) unjoin(chat.Invocation) error {
	account := chat.AccountID(t.event.Action.Arg(0))
	theirs, _, err := t.whose(t.event.From.Account)
	if err != nil {
		return err
	}
	switch person, linked, err := t.whose(account); {
	case err != nil:
		return err
	case !linked || person != theirs:
		return &refusal{id: "link_off_already"}
	}
	return t.detach(account)
}

// detach makes a linked account a person of its own again, with what came of it.
func (t *turn) detach(account chat.AccountID) error {
	person, linked, err := t.whose(account)
	if err != nil {
		return err
	}
	if !linked {
		return &refusal{id: "link_off_already"}
	}
	p, err := t.human(chat.Sender{Person: person, Account: account})
	if err != nil {
		return err
	}
	alone, err := t.human(chat.Sender{Person: chat.PersonID(account), Account: account})
	if err != nil {
		return err
	}
	t.out.Sets = append(t.out.Sets, spool.SetChange{Set: Links, Member: string(account), Remove: true, If: new(string(person))})
	apart := p.Value.Part(account)
	alone.Value.Join(&apart)
	t.keepPerson(p)
	t.keepPerson(alone)
	if err := t.rehome(p.Value.ID, alone.Value.ID, account); err != nil {
		return err
	}
	t.of(string(account), string(person))
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
