package bot

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// sendTimer is the first part of the names of timers that end an undo: then
// come ticket and entry.
const sendTimer = "send/"

// copyKey names a copy of what entry n of a ticket's history says, after the
// event that brought it, and what the copy is for.
//
//	relay/EVENT        an agent's words, where the asker is
//	call/EVENT         that they wait, where the asker may see it
//	line/EVENT/PLACE   what an agent said and how it fares, in a card's thread
//	ack/EVENT          the same, where the agent said it
//	words/EVENT/PLACE  an asker's words, in a card's thread or for the holder
func copyKey(kind string, k *desk.Ticket, n int, where ...chat.Place) chat.Key {
	key := kind + "/" + k.Entry(n).Mark
	for _, place := range where {
		key += "/" + place.String()
	}
	return chat.Key(key)
}

// report is what a reply that carries words brings back: T-12/3, or T-12/3/call
// if it only calls the asker to come and read them.
func report(k *desk.Ticket, n int) string { return fmt.Sprintf("%s/%d", k.ID, n) }

// reported reads the event's report; a nil ticket means that it is none of
// ours.
func (t *turn) reported() (k *heldTicket, n int, called bool, err error) {
	id, rest, _ := strings.Cut(t.event.Report, "/")
	number, what, _ := strings.Cut(rest, "/")
	n, bad := strconv.Atoi(number)
	if bad != nil {
		return nil, 0, false, nil
	}
	k, err = t.ticket(chat.TicketID(id))
	if k == nil || err != nil || k.Value.Entry(n) == nil {
		return nil, 0, false, err
	}
	return k, n, what == "call", nil
}

// From agent to asker.

// relay sends an agent's words, entry n of a ticket, on their way to the asker.
func (t *turn) relay(k *desk.Ticket, n int) {
	e := k.Entry(n)
	t.source(e)
	e.Copies = t.watching(k)
	if e.Passage == desk.Held {
		t.out.Timers = append(t.out.Timers, spool.Timer{
			Name: sendTimer + report(k, n), Due: t.at.Add(t.access.desk(k.Desk).Undo),
			Event: chat.Event{Kind: chat.Tick, Place: k.Place, From: k.Asker},
		})
	} else {
		t.carry(k, n, k.Place)
	}
	t.follow(k, n, chat.Post)
}

// source notes where words came from: the message that said them, or else the
// door, to which word of them goes back.
func (t *turn) source(e *desk.Entry) {
	e.Files, e.Said, e.Mark = t.event.Files, t.event.Place, t.mark()
	if t.event.Kind == chat.Message || t.event.Kind == chat.Edit {
		e.Message = t.event.Message
		return
	}
	e.Ack = &desk.Ack{Place: t.event.Place, Only: t.event.From.Account, Handle: t.event.Handle, Lang: t.lang}
	if t.event.Private {
		e.Ack.Only = ""
	}
}

// carry sends an agent's words to a place of the asker's.
func (t *turn) carry(k *desk.Ticket, n int, place chat.Place) {
	e := k.Entry(n)
	r := t.carried(k, n, place)
	e.Tried = append(e.Tried[:len(e.Tried):len(e.Tried)], place)
	r.Files = t.attach(e, place.Platform)
	t.post(r)
}

// carried is an agent's words as the asker reads them.
func (t *turn) carried(k *desk.Ticket, n int, place chat.Place) chat.Reply {
	e := k.Entry(n)
	lang := t.words.speak(k.Trail.Lang)
	a := args{"Name": t.signed(k, desk.Agent{ID: e.By, Name: e.Name}), "Ticket": k.ID}
	var blocks []chat.Block
	if e.Did == desk.DidArticle {
		blocks = []chat.Block{t.textIn(lang, "article_from", a), {Layout: chat.Links, Links: []chat.Linked{{Title: e.Text, URL: e.URL}}}}
	} else {
		blocks = append([]chat.Block{contextLine(t.words.say(lang, "reply_from", a))}, spoke(k, n)...)
	}
	if place != k.Origin && k.Question != "" && t.firstIn(k, n, place) {
		// Far from the question nobody knows what is answered.
		blocks = slices.Insert(blocks, 1, quote(chat.Defuse(chat.Shorten(k.Question, listed))))
	}
	for _, f := range e.Files {
		if !t.takes(place.Platform, f) {
			blocks = append(blocks, contextLine(t.words.say(lang, "file_left", args{"File": t.fileLine(f)})))
		}
	}
	r := chat.Reply{
		Key: copyKey("relay", k, n), Purpose: chat.Relaying, Place: place, Lang: lang, Blocks: blocks,
		Report: report(k, n), Ticket: k.ID,
	}
	if k.Private && !k.Direct && place == k.Place {
		r.Only = k.Asker.Account
	}
	return r
}

// paragraph is what someone said, to be read by someone else, who may be on
// another platform.
func paragraph(said string) chat.Block {
	return chat.Block{Layout: chat.Paragraph, Text: chat.Plain(chat.Defuse(said))}
}

// spoke is what an agent says in entry n, as it reads now.
func spoke(k *desk.Ticket, n int) []chat.Block {
	if k.Entry(n).Markup {
		return markup(k.Text(n))
	}
	return []chat.Block{paragraph(k.Text(n))}
}

// firstIn reports whether entry n is the first that is carried to a place.
func (t *turn) firstIn(k *desk.Ticket, n int, place chat.Place) bool {
	return !slices.ContainsFunc(k.History[:n-1], func(e desk.Entry) bool { return slices.Contains(e.Tried, place) })
}

// takes reports whether a platform takes a file of that size.
func (t *turn) takes(platform string, f chat.File) bool {
	limit := t.limits(platform).File
	return limit == 0 || f.Size <= limit
}

// attach lists the files of an entry that a platform takes.
func (t *turn) attach(e *desk.Entry, platform string) []chat.Attachment {
	var list []chat.Attachment
	for _, f := range e.Files {
		if t.takes(platform, f) {
			list = append(list, chat.Attachment{File: f, From: e.Said})
		}
	}
	return list
}

// again says an agent's words anew where they were sent last, as they read
// now.
func (t *turn) again(k *desk.Ticket, n int) {
	e := k.Entry(n)
	if len(e.Tried) == 0 {
		return // they have not left yet
	}
	r := t.carried(k, n, e.Tried[len(e.Tried)-1])
	r.Deed = chat.Replace
	t.post(r)
}

// follow tells the desk what an agent said and how it fares, and the agent too
// where they said it through another door.
func (t *turn) follow(k *desk.Ticket, n int, deed chat.Deed) {
	e := k.Entry(n)
	if e.As > 0 {
		t.followMerged(k, n)
		return
	}
	t.forDesk(k, func(place chat.Place) {
		lines := t.passage(k, n, e.Message == "" || e.Said.Outside() != place)
		if len(lines) > 0 {
			t.underCard(k, place, chat.Reply{Key: copyKey("line", k, n, place), Deed: deed, Blocks: lines})
		}
	})
	t.copyPassage(k, n, deed)
	if e.Ack == nil || e.Did == desk.DidNote {
		return
	}
	lang := t.lang
	t.lang = e.Ack.Lang
	t.post(chat.Reply{
		Key: copyKey("ack", k, n), Deed: deed, Ticket: k.ID,
		Place: e.Ack.Place, Only: e.Ack.Only, Handle: e.Ack.Handle, Blocks: t.passage(k, n, false),
	})
	t.lang = lang
}

// passage is what an agent said, unless it stands there anyway, and how far it
// has come.
func (t *turn) passage(k *desk.Ticket, n int, whole bool) []chat.Block {
	e := k.Entry(n)
	a := args{"Name": k.Asker.Name, "Agent": e.Name, "Ticket": k.ID, "Cause": oneLine(e.Cause), "Seconds": int(t.access.desk(k.Desk).Undo.Seconds())}
	if e.Passage == desk.Withdrawn {
		if whole || e.Did != desk.DidNote {
			return []chat.Block{contextLine(t.words.say(t.lang, "passage_withdrawn", a))}
		}
		return nil
	}
	var blocks []chat.Block
	if whole {
		id := "line_reply"
		if e.Did == desk.DidNote {
			id = "line_note"
		}
		blocks = append(blocks, contextLine(t.words.say(t.lang, id, a)))
		if e.Did == desk.DidArticle {
			blocks = append(blocks, chat.Block{Layout: chat.Links, Links: []chat.Linked{{Title: e.Text, URL: e.URL}}})
		} else {
			blocks = append(blocks, spoke(k, n)...)
		}
		for _, f := range e.Files {
			blocks = append(blocks, contextLine(chat.Plain(t.fileLine(f))))
		}
	}
	if e.Did == desk.DidNote {
		return append(blocks, t.changeButtons(k, n, whole)...)
	}
	id := "passage_" + string(e.Passage)
	if e.Passage == desk.Arrived && e.Place != k.Origin && len(e.Tried) > 1 {
		id = "passage_elsewhere"
	}
	blocks = append(blocks, contextLine(t.words.say(t.lang, id, a)))
	for _, m := range e.Missing {
		blocks = append(blocks, contextLine(t.words.say(t.lang, "file_lost", args{"File": m.Name, "Cause": m.Cause})))
	}
	blocks = append(blocks, t.alsoTo(k, n)...)
	return append(blocks, t.changeButtons(k, n, true)...)
}

// changeButtons are for what can still be changed of an agent's words. What
// was said as a message is changed there.
func (t *turn) changeButtons(k *desk.Ticket, n int, here bool) []chat.Block {
	e := k.Entry(n)
	button := func(verb string) chat.Button {
		return chat.Button{Label: t.line("button_" + verb), Action: chat.Do(verb, string(k.ID), strconv.Itoa(n))}
	}
	switch {
	case e.Passage == desk.Failed || !here:
		return nil
	case e.Passage == desk.Held:
		return []chat.Block{row(button("undo"))}
	case e.Message != "":
		return nil
	case e.Did == desk.DidArticle:
		return []chat.Block{row(button("unsend"))}
	}
	return []chat.Block{row(button("rewrite"), button("unsend"))}
}

// dispatched sends words whose time to be undone is over.
func (t *turn) dispatched() error {
	t.event.Report = strings.TrimPrefix(t.event.Timer, sendTimer)
	k, n, _, err := t.reported()
	if k == nil || err != nil || !k.Value.Dispatch(n) {
		return err
	}
	t.keepTicket(k)
	t.carry(&k.Value, n, k.Value.Place)
	t.follow(&k.Value, n, chat.Replace)
	return nil
}

// arrived notes that words stand where the other side reads them.
func (t *turn) arrived() error {
	if of, ok := strings.CutPrefix(t.event.Report, transcriptReport); ok {
		return t.transcriptSent(of)
	}
	if of, ok := strings.CutPrefix(t.event.Report, newsReport); ok {
		return t.newsArrived(of)
	}
	k, n, called, err := t.reported()
	if k == nil || err != nil || called {
		return err
	}
	e := k.Value.Entry(n)
	if e.By == "" {
		return t.arrivedAtDesk(k, n)
	}
	if e.Passage == desk.Withdrawn || e.Passage == desk.Arrived && e.Place == t.event.Place && len(t.event.Missing) == 0 {
		return nil
	}
	k.Value.Arrive(n, t.event.Place)
	e.Missing = append(e.Missing, t.event.Missing...)
	t.keepTicket(k)
	if len(e.Tried) > 1 || !slices.Contains(e.Tried, t.event.Place) {
		if err := t.moveTo(&k.Value, t.event.Place); err != nil {
			return err
		}
	}
	t.follow(&k.Value, n, chat.Replace)
	t.tellLost(&k.Value)
	return t.bringUntold(&k.Value)
}

// moveTo goes on with a ticket where its asker was reached, if that is not
// where they were before: what they say there is said to it.
func (t *turn) moveTo(k *desk.Ticket, place chat.Place) error {
	if place == k.Place {
		return nil
	}
	begun := chat.Event{
		ID: chat.EventID("moved/" + string(k.ID) + "/" + place.String()), Kind: chat.Slash,
		At: t.at, Place: place, From: k.Asker, Private: true,
	}
	c, err := t.conversation(string(conversation.NewID(begun)))
	if err != nil {
		return err
	}
	if c == nil {
		c = &heldConversation{Value: conversation.Begin(begun, true)}
	}
	c.Value.State, c.Value.Ticket, c.Value.Trail = conversation.Escalated, k.ID, k.Trail
	t.keepConversation(c)
	k.Place, k.Private, k.Direct = place, true, true
	return nil
}

// undelivered tries another way to the other side, and tells the agent if
// there is none.
func (t *turn) undelivered() error {
	if of, ok := strings.CutPrefix(t.event.Report, transcriptReport); ok {
		return t.transcriptSent(of)
	}
	if of, ok := strings.CutPrefix(t.event.Report, newsReport); ok {
		return t.newsLost(of)
	}
	k, n, called, err := t.reported()
	if k == nil || err != nil {
		return err
	}
	e := k.Value.Entry(n)
	switch {
	case e.By == "":
		return t.deskGone(k, n)
	case e.Passage == desk.Withdrawn:
		return nil
	}
	t.keepTicket(k)
	e.Cause = strings.TrimPrefix(t.event.Cause, chat.ErrUndeliverable.Error()+": ")
	if place, ok := elsewhere(&k.Value, e); ok && !called {
		e.Passage = desk.Sending
		t.carry(&k.Value, n, place)
		t.follow(&k.Value, n, chat.Replace)
		return nil
	}
	k.Value.Untold = nil // if words find no way, there is none
	if !called && !direct(k.Value.Origin) {
		e.Passage = desk.Called
		t.call(&k.Value, n)
		t.follow(&k.Value, n, chat.Replace)
		return nil
	}
	k.Value.Fail(n, e.Cause, t.at)
	t.follow(&k.Value, n, chat.Replace)
	t.notify(desk.Agent{ID: e.By, Account: cmp.Or(t.accountOf(e), k.Value.HolderAs)}, func() []chat.Block {
		return []chat.Block{
			t.text("not_delivered", args{"Ticket": k.Value.ID, "Name": k.Value.Asker.Name}),
			row(chat.Button{Label: t.line("button_show"), Action: chat.Do("show", string(k.Value.ID))}),
		}
	})
	return nil
}

// accountOf is the account an agent said something with, where it is known.
func (t *turn) accountOf(e *desk.Entry) chat.AccountID {
	if e.Ack != nil {
		return e.Ack.Only
	}
	return ""
}

// direct reports whether a place is someone's direct messages.
func direct(p chat.Place) bool { return strings.HasPrefix(p.Channel, "@") }

// elsewhere is the next place to reach an asker at with words.
func elsewhere(k *desk.Ticket, e *desk.Entry) (chat.Place, bool) {
	for _, place := range ways(k) {
		if !slices.Contains(e.Tried, place) {
			return place, true
		}
	}
	return chat.Place{}, false
}

// call tells an asker, where others read it too, that an answer waits; not
// which.
func (t *turn) call(k *desk.Ticket, n int) {
	lang := t.words.speak(k.Trail.Lang)
	t.post(chat.Reply{
		Key: copyKey("call", k, n), Purpose: chat.Notifying, Place: k.Origin.Outside(), Lang: lang, Ticket: k.ID,
		Report: report(k, n) + "/call",
		Blocks: []chat.Block{
			t.textIn(lang, "call_asker", args{"Name": k.Asker.Name}),
			row(chat.Button{
				Label: t.words.line(lang, "button_read"), Style: chat.Primary,
				Action: chat.Do("read", string(k.ID), strconv.Itoa(n)),
			}),
		},
	})
}

// read shows an asker, alone, the words that they were called for.
func (t *turn) read(in chat.Invocation) error {
	k, err := t.own(in)
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(in.Args["entry"])
	e := k.Value.Entry(n)
	if e == nil || e.Passage != desk.Called && e.Passage != desk.Arrived {
		return &refusal{id: "button_old"}
	}
	t.tell(t.carried(&k.Value, n, k.Value.Origin).Blocks...)
	if e.Passage == desk.Called {
		k.Value.Arrive(n, k.Value.Origin)
		t.keepTicket(k)
		t.follow(&k.Value, n, chat.Replace)
	}
	return nil
}

// tellLost tells an asker which files did not come through, whichever way they
// went.
func (t *turn) tellLost(k *desk.Ticket) {
	lang := t.words.speak(k.Trail.Lang)
	for _, m := range t.event.Missing {
		t.inform(k, chat.Notifying, contextLine(t.words.say(lang, "file_lost_asker", args{"File": m.Name})))
	}
}

// rewriteOwn and the like change what an agent said: their own words, or a
// lead's to change.
func (t *turn) rewriteOwn(in chat.Invocation) error {
	k, n, agent, err := t.worded(in)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(in.Args["text"])
	if text == "" {
		return &refusal{id: "text_missing", args: args{"Verb": "reply"}}
	}
	return t.rewrite(k, n, agent, t.access.leads(t.event.From, k.Value.Desk), text)
}

func (t *turn) rewrite(k *heldTicket, n int, agent desk.Agent, lead bool, text string) error {
	if err := k.Value.Rewrite(n, agent, lead, text, t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	t.keepTicket(k)
	if k.Value.Entry(n).Did != desk.DidNote {
		t.again(&k.Value, n)
	}
	t.follow(&k.Value, n, chat.Replace)
	return nil
}

func (t *turn) unsend(in chat.Invocation) error {
	k, n, agent, err := t.worded(in)
	if err != nil {
		return err
	}
	return t.withdraw(k, n, agent, t.access.leads(t.event.From, k.Value.Desk))
}

func (t *turn) undo(in chat.Invocation) error {
	k, n, agent, err := t.worded(in)
	if err != nil {
		return err
	}
	if err := k.Value.Undo(n, agent, t.access.leads(t.event.From, k.Value.Desk), t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	t.keepTicket(k)
	t.unsaid(&k.Value, n)
	return nil
}

func (t *turn) withdraw(k *heldTicket, n int, agent desk.Agent, lead bool) error {
	if err := k.Value.Withdraw(n, agent, lead, t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	t.keepTicket(k)
	t.unsaid(&k.Value, n)
	return nil
}

// unsaid takes an agent's words away from wherever they stand.
func (t *turn) unsaid(k *desk.Ticket, n int) {
	e := k.Entry(n)
	t.out.Timers = append(t.out.Timers, spool.Timer{Name: sendTimer + report(k, n)})
	if len(e.Tried) > 0 {
		t.post(chat.Reply{
			Key: copyKey("relay", k, n), Deed: chat.Remove, Purpose: chat.Relaying, Ticket: k.ID, Place: e.Tried[len(e.Tried)-1],
		})
	}
	if len(e.Tried) > 1 { // the asker may have been called
		t.post(chat.Reply{Key: copyKey("call", k, n), Deed: chat.Remove, Purpose: chat.Notifying, Ticket: k.ID, Place: k.Origin.Outside()})
	}
	t.follow(k, n, chat.Replace)
}

// worded is the ticket and entry that a button names, and the sender as agent.
func (t *turn) worded(in chat.Invocation) (*heldTicket, int, desk.Agent, error) {
	k, agent, err := t.worked(in)
	n, _ := strconv.Atoi(in.Args["entry"])
	return k, n, agent, err
}

// From asker to desk.

// pass carries the asker's newest words to the threads of the ticket's cards,
// and to its holder.
func (t *turn) pass(k *desk.Ticket, toHolder bool) {
	n, e := len(k.History), k.Newest()
	e.Said, e.Mark = t.event.Place, t.mark()
	if holder := holderOf(k); toHolder && holder.Account != "" && holder.ID != t.event.From.Person {
		e.Told = holder.Account
	}
	e.Copies = t.watching(k)
	t.passed(k, n, chat.Post)
}

// passQuestion carries the files that came with the question.
func (t *turn) passQuestion(k *desk.Ticket) {
	e := k.Entry(1)
	for _, asked := range k.Trail.Asked {
		e.Files = append(e.Files, asked.Files...)
	}
	e.Said, e.Mark = k.Origin, t.mark()
	if len(e.Files) > 0 {
		t.passed(k, 1, chat.Post)
	}
}

// passNewFiles carries files that an edit added.
func (t *turn) passNewFiles(k *desk.Ticket, before []chat.File) {
	e := k.Newest()
	added := slices.DeleteFunc(slices.Clone(e.Files), func(f chat.File) bool {
		return slices.ContainsFunc(before, func(old chat.File) bool { return old.ID == f.ID })
	})
	if len(added) == 0 {
		return
	}
	e.Said, e.Mark = t.event.Place, t.mark()
	only := *e
	only.Files = added
	n := len(k.History)
	t.forDesk(k, func(place chat.Place) {
		blocks := []chat.Block{contextLine(t.words.say(t.lang, "asker_attached", args{"Name": k.Asker.Name, "Ticket": k.ID}))}
		t.underCard(k, place, chat.Reply{
			Key: copyKey("words", k, n, place), Purpose: chat.Relaying, Report: report(k, n),
			Blocks: append(blocks, t.fileLines(added, place.Platform)...), Files: t.attach(&only, place.Platform),
		})
	})
}

// fileLines name files, and say which of them a platform does not take.
func (t *turn) fileLines(files []chat.File, platform string) []chat.Block {
	var blocks []chat.Block
	for _, f := range files {
		line := chat.Plain(t.fileLine(f))
		if !t.takes(platform, f) {
			line = t.words.say(t.lang, "file_left", args{"File": t.fileLine(f)})
		}
		blocks = append(blocks, contextLine(line))
	}
	return blocks
}

// passed says the asker's words as they read now, wherever they were carried.
func (t *turn) passed(k *desk.Ticket, n int, deed chat.Deed) {
	e := k.Entry(n)
	t.forDesk(k, func(place chat.Place) {
		r := chat.Reply{
			Key: copyKey("words", k, n, place), Deed: deed, Purpose: chat.Relaying, Report: report(k, n),
			Blocks: t.heard(k, n, place.Platform),
		}
		if deed == chat.Post {
			r.Files = t.attach(e, place.Platform)
		}
		t.underCard(k, place, r)
	})
	t.copyHeard(k, n, deed)
	if e.Told == "" {
		return
	}
	lang := t.lang
	t.lang = t.words.speak(t.settings.Languages[0])
	var buttons []chat.Button
	if k.Live() {
		buttons = append(buttons, chat.Button{Label: t.line("button_reply"), Action: chat.Do("reply", string(k.ID)), Style: chat.Primary})
	}
	buttons = append(buttons, chat.Button{Label: t.line("button_show"), Action: chat.Do("show", string(k.ID))})
	place := chat.Direct(e.Told)
	r := chat.Reply{
		Key: copyKey("words", k, n, place), Deed: deed, Purpose: chat.Relaying, Ticket: k.ID, Place: place,
		Blocks: append(t.heard(k, n, place.Platform), row(buttons...)),
	}
	if deed == chat.Post {
		r.Files = t.attach(e, place.Platform)
	}
	t.post(r)
	t.lang = lang
}

// heard is what the asker said, as an agent reads it.
func (t *turn) heard(k *desk.Ticket, n int, platform string) []chat.Block {
	e := k.Entry(n)
	id := "asker_added"
	edited := slices.ContainsFunc(k.History, func(later desk.Entry) bool { return later.Of == n && later.Did == desk.DidEdit })
	gone := slices.ContainsFunc(k.History, func(later desk.Entry) bool { return later.Of == n && later.Did == desk.DidTakeBack })
	switch {
	case gone:
		return []chat.Block{contextLine(t.words.say(t.lang, "asker_took_back", args{"Name": k.Asker.Name, "Ticket": k.ID}))}
	case n == 1 || e.Did == desk.DidEdit:
		id = "asker_attached"
	case edited:
		id = "asker_edited"
	}
	blocks := []chat.Block{contextLine(t.words.say(t.lang, id, args{"Name": k.Asker.Name, "Ticket": k.ID}))}
	if text := k.Text(n); text != "" && id != "asker_attached" {
		blocks = append(blocks, paragraph(text))
	}
	blocks = append(blocks, t.fileLines(e.Files, platform)...)
	for _, m := range e.Missing {
		blocks = append(blocks, contextLine(t.words.say(t.lang, "file_lost", args{"File": m.Name, "Cause": m.Cause})))
	}
	return blocks
}

// arrivedAtDesk tells both sides of files that did not come through.
func (t *turn) arrivedAtDesk(k *heldTicket, n int) error {
	e := k.Value.Entry(n)
	if len(t.event.Missing) == 0 || slices.ContainsFunc(e.Missing, func(m chat.Missing) bool { return m == t.event.Missing[0] }) {
		return nil
	}
	e.Missing = append(e.Missing, t.event.Missing...)
	t.keepTicket(k)
	t.passed(&k.Value, n, chat.Replace)
	t.tellLost(&k.Value)
	return nil
}

// tooLarge lists the files that not every side of a ticket takes.
func (t *turn) tooLarge(k *desk.Ticket, files []chat.File) []chat.File {
	var list []chat.File
	for _, f := range files {
		left := false
		t.forDesk(k, func(place chat.Place) { left = left || !t.takes(place.Platform, f) })
		if left {
			list = append(list, f)
		}
	}
	return list
}

// deskGone makes a new card with a thread of its own where the old one's takes
// nothing any more, and says the asker's words there. That is tried a few times:
// if the channel itself is gone, there is nothing to be done.
func (t *turn) deskGone(k *heldTicket, n int) error {
	e, place := k.Value.Entry(n), t.event.Place.Outside()
	if len(e.Tried) >= maxCards || !slices.Contains(t.cardPlaces(&k.Value), place) {
		t.log.Warn("an asker's words did not reach the desk", "ticket", k.Value.ID, "place", place, "cause", t.event.Cause)
		return nil
	}
	e.Tried = append(e.Tried, place)
	t.keepTicket(k)
	of := k
	if parent := k.Value.Parent; parent != "" {
		held, err := t.kin(parent)
		if held == nil || err != nil {
			return err
		}
		of = held
	}
	t.newCard(&of.Value, place)
	t.underCard(&k.Value, place, chat.Reply{
		Key: copyKey("words", &k.Value, n, place), Deed: chat.Replace, Purpose: chat.Relaying, Report: report(&k.Value, n),
		Blocks: t.heard(&k.Value, n, place.Platform), Files: t.attach(e, place.Platform),
	})
	return nil
}

// maxCards is how many new cards are made for one's words.
const maxCards = 5

// tooLong reports whether words are cut where they are kept.
func tooLong(s string) bool { return utf8.RuneCountInString(s) > maxStored }
