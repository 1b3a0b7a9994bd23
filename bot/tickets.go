package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/audience"
)

// listed is how many runes of a question stand in a list.
const listed = 120

// queueShown is how many tickets `queue` and `mine` list: a screenful.
const queueShown = 10

// which finds the ticket a command is about: the one named, else the only one
// the sender holds. It never guesses between two.
func (b *Bot) which(ctx context.Context, r spool.Reader, s chat.Sender, in chat.Invocation) (*heldTicket, error) {
	if typed, ok := in.Args["ticket"]; ok {
		id, err := desk.ParseID(typed)
		if err != nil {
			return nil, &refusal{id: "no_ticket", args: args{"Ticket": chat.Shorten(typed, 20)}}
		}
		k, err := r.Ticket(ctx, id)
		switch {
		case errors.Is(err, spool.ErrNotFound):
			return nil, &refusal{id: "no_ticket", args: args{"Ticket": id}}
		case err != nil:
			return nil, err
		case !b.access.may(s, chat.Agent, k.Value.Desk):
			return nil, forbidden("other_desk", args{"Ticket": id, "Desk": k.Value.Desk})
		}
		return &k, nil
	}
	held, err := r.Held(ctx, s.Person, 3)
	switch {
	case err != nil:
		return nil, err
	case len(held) == 0:
		return nil, &refusal{id: "which_none", args: args{"Usage": usage(in.Command, "T-1")}}
	case len(held) > 1:
		a := args{"One": held[0].ID, "Two": held[1].ID, "Usage": usage(in.Command, held[0].ID)}
		if len(held) > 2 {
			return nil, &refusal{id: "which_many", args: a}
		}
		return nil, &refusal{id: "which_two", args: a}
	}
	if !b.access.may(s, chat.Agent, held[0].Desk) {
		return nil, forbidden("other_desk", args{"Ticket": held[0].ID, "Desk": held[0].Desk})
	}
	k, err := r.Ticket(ctx, held[0].ID)
	return &k, err
}

// usage is how a command is typed for a ticket.
func usage(c chat.Command, id chat.TicketID) string {
	return strings.Replace(c.Usage(), "[ticket]", string(id), 1)
}

// worked is the turn's ticket, and the sender as its agent.
func (t *turn) worked(in chat.Invocation) (*heldTicket, desk.Agent, error) {
	k, err := t.which(t.ctx, t.view, t.event.From, in)
	if err == nil {
		t.of(string(k.Value.ID))
		t.remember(&k.Value)
	}
	return k, t.access.agent(t.event.From), err
}

// explain turns a rule's refusal into words. Other errors stay what they are.
func (t *turn) explain(k *desk.Ticket, err error) error {
	a := args{"Ticket": k.ID, "Name": k.HolderName}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, desk.ErrHeld):
		a["Ago"] = t.words.ago(t.lang, t.at.Sub(k.ClaimedAt))
		switch t.verb {
		case "claim", "next":
			return &refusal{id: "held", args: a}
		case "reply", "article", "snippet":
			return &refusal{id: "held_unsent", args: a}
		}
		return &refusal{id: "held_unchanged", args: a}
	case errors.Is(err, desk.ErrFree):
		return &refusal{id: "free", args: a}
	case errors.Is(err, desk.ErrResolved):
		return &refusal{id: "is_resolved", args: a}
	case errors.Is(err, desk.ErrClosed):
		return &refusal{id: "is_closed", args: a}
	case errors.Is(err, desk.ErrMerged): // a settled one says so first
		return t.goesWith(k)
	case errors.Is(err, desk.ErrForgotten):
		return &refusal{id: "is_forgotten", args: a}
	case errors.Is(err, desk.ErrNotDone):
		return &refusal{id: "not_done", args: a}
	case errors.Is(err, desk.ErrUnchanged):
		return &refusal{id: "unchanged", args: a}
	case errors.Is(err, desk.ErrSent):
		return &refusal{id: "undo_late", args: a}
	case errors.Is(err, desk.ErrGone):
		return &refusal{id: "words_gone", args: a}
	case errors.Is(err, desk.ErrNotYours):
		return forbidden("words_not_yours", a)
	case errors.Is(err, desk.ErrTooMany):
		return &refusal{id: "too_many_labels", args: args{"Count": desk.MaxLabels, "Ticket": k.ID}}
	}
	return err
}

// changed keeps the ticket and confirms what was done to it.
func (t *turn) changed(k *heldTicket, id string, a args) error {
	t.keepTicket(k)
	a["Ticket"] = k.Value.ID
	t.tell(t.text(id, a))
	return nil
}

// queue lists what waits on the sender's desks.
func (t *turn) queue(chat.Invocation) error {
	var blocks []chat.Block
	desks := t.access.worked(t.event.From)
	for _, d := range desks {
		list, total, err := t.view.Queue(t.ctx, d.Name, t.at, queueShown)
		if err != nil {
			return err
		}
		if total == 0 {
			continue
		}
		if len(desks) > 1 {
			blocks = append(blocks, chat.Block{Layout: chat.Heading, Text: chat.Plain(d.Name)})
		}
		blocks = append(append(blocks, t.text("queue_total", args{"N": total})), t.list(list)...)
		if total > len(list) {
			blocks = append(blocks, contextLine(t.words.say(t.lang, "queue_rest", args{"Count": total - len(list)})))
		}
		crew, err := t.crewLines(d)
		if err != nil {
			return err
		}
		blocks = append(blocks, crew...)
	}
	if len(blocks) == 0 {
		t.tell(t.text("queue_empty"))
		return nil
	}
	t.tell(append(blocks, row(chat.Button{Label: t.line("button_next"), Action: chat.Do("next"), Style: chat.Primary}))...)
	return nil
}

// mine lists what the sender holds.
func (t *turn) mine(chat.Invocation) error {
	list, err := t.view.Held(t.ctx, t.event.From.Person, queueShown)
	if err != nil {
		return err
	}
	if list = t.access.readable(t.event.From, list); len(list) == 0 {
		t.tell(t.text("mine_none"))
		return nil
	}
	t.tell(append([]chat.Block{t.text("mine", args{"N": len(list)})}, t.list(list)...)...)
	return nil
}

func (t *turn) list(tickets []desk.Ticket) []chat.Block {
	var blocks []chat.Block
	for i := range tickets {
		k := &tickets[i]
		text := append(t.words.say(t.lang, "listed", args{"Ticket": k.ID}), chat.Span{Text: " " + chat.Shorten(oneLine(k.Question), listed)})
		blocks = append(blocks,
			chat.Block{Layout: chat.Paragraph, Text: text},
			contextLine(chat.Plain(t.listedLine(k))))
	}
	return blocks
}

// listedLine is the small line under a listed ticket.
func (t *turn) listedLine(k *desk.Ticket) string {
	parts := []string{k.Asker.Name, t.words.ago(t.lang, t.at.Sub(k.OpenedAt))}
	if k.State == desk.Waiting {
		parts = append(parts, t.stateOf(k))
	}
	if k.Late() {
		parts = append(parts, t.line("listed_late"))
	}
	if k.Priority != desk.Normal {
		parts = append(parts, t.line("priority_"+k.Priority.String()))
	}
	if k.Trail.Audience != "" {
		parts = append(parts, t.audienceLabel(t.lang, k.Trail.Audience))
	}
	return strings.Join(append(parts, k.Labels...), " · ")
}

// next takes the first ticket in line: of the first of the sender's desks that
// has any. Asked for several, it takes as many as there are.
func (t *turn) next(in chat.Invocation) error {
	if n, _ := strconv.Atoi(in.Args["count"]); n > 1 {
		return t.nextOf(n)
	}
	for _, d := range t.access.worked(t.event.From) {
		k, err := t.head(d.Name, 1)
		switch {
		case errors.Is(err, spool.ErrNotFound):
			continue
		case err != nil:
			return err
		}
		return t.take(k, t.access.agent(t.event.From))
	}
	t.tell(t.text("queue_empty"))
	return nil
}

// head reserves the ticket of a desk that is worked next, as the nth of this
// turn, and reads it.
func (t *turn) head(name string, nth int) (*heldTicket, error) {
	for range 3 {
		id, err := t.view.Head(t.ctx, name, t.at, nth)
		if err != nil {
			return nil, err
		}
		k, err := t.ticket(id)
		if err != nil {
			return nil, err
		}
		// Someone may claim by name what is reserved for us; then we get the next.
		if k != nil && k.Value.State == desk.Open {
			return k, nil
		}
	}
	return nil, spool.ErrConflict // what this view remembers is behind
}

// claim makes a ticket the sender's.
func (t *turn) claim(in chat.Invocation) error {
	if in.Args["ticket"] == "" {
		return &refusal{id: "claim_which"}
	}
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	if k.Value.Holder == agent.ID && k.Value.Live() {
		return &refusal{id: "claimed_already", args: args{"Ticket": k.Value.ID}}
	}
	return t.take(k, agent)
}

func (t *turn) take(k *heldTicket, agent desk.Agent) error {
	if err := k.Value.Claim(agent, t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	t.keepTicket(k)
	burden, err := t.burden(&k.Value)
	if err != nil {
		return err
	}
	blocks := append([]chat.Block{t.text("claimed", args{"Ticket": k.Value.ID})}, burden...)
	if !t.access.inside(t.event.Place) { // where its card is
		blocks = append(blocks, t.card(&k.Value)...)
	}
	t.tell(blocks...)
	if k.Value.Count(desk.DidClaim) == 1 { // they know that someone is there
		return t.bring(&k.Value, desk.Taken)
	}
	return nil
}

// show lays a ticket out with its trail and history.
func (t *turn) show(in chat.Invocation) error {
	k, _, err := t.worked(in)
	if err != nil {
		return err
	}
	blocks := append(t.card(&k.Value), t.history(&k.Value)...)
	t.tell(append(blocks, t.further(&k.Value)...)...)
	return nil
}

func (t *turn) release(in chat.Invocation) error {
	if in.Args["all"] == "all" {
		return t.releaseAll(in)
	}
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	holder := holderOf(&k.Value)
	if err := k.Value.Release(agent, t.access.leads(t.event.From, k.Value.Desk), t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	t.tellHolder(holder, "told_released", &k.Value, agent, desk.Agent{})
	return t.changed(k, "released", args{})
}

func (t *turn) assign(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	if !t.access.may(t.event.From, chat.Lead, k.Value.Desk) {
		return t.notAllowed(chat.Lead)
	}
	to, err := t.colleague(&k.Value, in)
	if err != nil {
		return err
	}
	holder := holderOf(&k.Value)
	if err := k.Value.Assign(agent, to, t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	t.tellHolder(holder, "told_taken", &k.Value, agent, to)
	t.handOver(&k.Value, agent, to, "")
	return t.changed(k, "assigned", args{"Name": to.Name})
}

func (t *turn) transfer(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	to, err := t.colleague(&k.Value, in)
	if err != nil {
		return err
	}
	lead := t.access.leads(t.event.From, k.Value.Desk)
	holder := holderOf(&k.Value)
	if err := k.Value.Transfer(agent, to, lead, in.Args["note"], t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	t.tellHolder(holder, "told_taken", &k.Value, agent, to)
	t.handOver(&k.Value, agent, to, in.Args["note"])
	return t.changed(k, "transferred", args{"Name": to.Name})
}

func holderOf(k *desk.Ticket) desk.Agent {
	return desk.Agent{ID: k.Holder, Name: k.HolderName, Account: k.HolderAs}
}

// tellHolder tells the one who held a ticket what a colleague did to it.
func (t *turn) tellHolder(holder desk.Agent, id string, k *desk.Ticket, by, to desk.Agent) {
	t.tellWatchers(id, k, by)
	if holder.ID == to.ID {
		return
	}
	if to.ID == by.ID && to.ID != "" {
		id = "told_took"
	}
	t.notify(holder, func() []chat.Block {
		return []chat.Block{t.text(id, args{"Ticket": k.ID, "Name": by.Name, "To": to.Name})}
	})
}

// colleague is the agent whom a command names. Whom the platform knows by a
// mention may be an agent by a role or group.
func (t *turn) colleague(k *desk.Ticket, in chat.Invocation) (desk.Agent, error) {
	for _, who := range t.event.Named {
		if word := in.Args["agent"]; word == "@"+who.Account.User() || word == "<@"+who.Account.User()+">" {
			who.Person = t.Person(who.Account)
			if t.access.may(who, chat.Agent, k.Desk) {
				return t.access.agent(who), nil
			}
		}
	}
	to, ok := t.access.colleague(in.Args["agent"], k.Desk, t.event.From.Account)
	if !ok {
		return to, &refusal{id: "no_agent", args: args{"Name": chat.Shorten(in.Args["agent"], 40), "Ticket": k.ID}}
	}
	return to, nil
}

// handOver tells an agent of a ticket that is theirs now.
func (t *turn) handOver(k *desk.Ticket, by, to desk.Agent, note string) {
	t.notify(to, func() []chat.Block {
		blocks := []chat.Block{t.text("told_yours", args{"Ticket": k.ID, "Name": by.Name})}
		if note != "" {
			blocks = append(blocks, quote(note))
		}
		return append(blocks, t.card(k)...)
	})
}

// reply sends an agent's words to the asker.
func (t *turn) reply(in chat.Invocation) error { return t.answerAsker(in, false) }

// replyAnyway does so on a ticket that someone else holds, once the agent has
// been told.
func (t *turn) replyAnyway(in chat.Invocation) error { return t.answerAsker(in, true) }

func (t *turn) answerAsker(in chat.Invocation, anyway bool) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(in.Args["text"])
	if text == "" && len(t.event.Files) == 0 {
		if held := k.Value.Holder; t.event.Kind == chat.Press && held != "" && held != agent.ID && k.Value.Live() {
			return &refusal{id: "held_first", args: t.heldArgs(&k.Value), more: []chat.Block{row(t.anywayButton(&k.Value), t.noteButton(&k.Value))}}
		}
		return &refusal{id: "text_missing", args: args{"Verb": "reply"}}
	}
	if tooLong(text) {
		return t.giveBack(&k.Value, text, &refusal{id: "form_too_long", args: args{"Count": maxStored}})
	}
	holder := holderOf(&k.Value)
	if err := k.Value.Reply(agent, text, anyway, t.undoable(&k.Value), t.at); err != nil {
		return t.giveBack(&k.Value, text, t.explain(&k.Value, err))
	}
	if holder.ID != "" && holder.ID != agent.ID {
		t.notify(holder, func() []chat.Block {
			return []chat.Block{t.text("told_replied", args{"Ticket": k.Value.ID, "Name": agent.Name}), quote(chat.Shorten(text, listed))}
		})
	}
	if err := t.forgetDraft(k.Value.ID); err != nil {
		return err
	}
	t.keepTicket(k)
	t.relay(&k.Value, len(k.Value.History))
	return nil
}

// undoable reports whether agents may call a reply back before it is sent.
func (t *turn) undoable(k *desk.Ticket) bool { return t.access.desk(k.Desk).Undo > 0 }

// giveBack gives words that were not sent back to who wrote them, and keeps
// them for the form in which they can be sent after all.
func (t *turn) giveBack(k *desk.Ticket, text string, err error) error {
	var no *refusal
	if !errors.As(err, &no) || text == "" {
		return err
	}
	no.more = append(no.more, quote(text))
	if no.id != "held_unsent" {
		return no
	}
	p, err := t.sender()
	if err != nil {
		return err
	}
	drafts := map[chat.TicketID]string{k.ID: chat.Shorten(text, maxFormText)}
	for id, draft := range p.Value.Drafts {
		if id != k.ID && len(drafts) < maxDrafts {
			drafts[id] = draft
		}
	}
	p.Value.Drafts = drafts
	t.keepPerson(p)
	no.more = append(no.more, row(t.anywayButton(k), t.noteButton(k)))
	return no
}

// maxDrafts is how many of an agent's unsent replies are kept.
const maxDrafts = 5

// forgetDraft drops what an agent could not send before.
func (t *turn) forgetDraft(id chat.TicketID) error {
	p, err := t.sender()
	if err != nil || p.Value.Drafts[id] == "" {
		return err
	}
	p.Value.Drafts = maps.Clone(p.Value.Drafts)
	delete(p.Value.Drafts, id)
	t.keepPerson(p)
	return nil
}

func (t *turn) anywayButton(k *desk.Ticket) chat.Button {
	return chat.Button{Label: t.line("button_reply_anyway"), Action: chat.Do("reply_anyway", string(k.ID))}
}

func (t *turn) noteButton(k *desk.Ticket) chat.Button {
	return chat.Button{Label: t.line("button_note"), Action: chat.Do("note", string(k.ID))}
}

// heldArgs name who holds a ticket, since when, and who asked.
func (t *turn) heldArgs(k *desk.Ticket) args {
	return args{"Ticket": k.ID, "Name": k.HolderName, "Ago": t.words.ago(t.lang, t.at.Sub(k.ClaimedAt)), "Asker": k.Asker.Name}
}

// signed is how an agent is called before the asker of a ticket.
func (t *turn) signed(k *desk.Ticket, agent desk.Agent) string {
	return cmp.Or(t.access.signature(k.Desk, agent), t.words.line(t.words.speak(k.Trail.Lang), "support"))
}

func (t *turn) addNote(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(in.Args["text"])
	if text == "" {
		return &refusal{id: "text_missing", args: args{"Verb": "note"}}
	}
	k.Value.Note(agent, text, t.at)
	t.source(k.Value.Newest())
	t.follow(&k.Value, len(k.Value.History), chat.Post)
	return t.changed(k, "noted", args{})
}

// article sends the asker an article, found with the asker's eyes: nothing
// private. What is not named exactly is offered first, so that nobody gets an
// article that its sender has not seen.
func (t *turn) article(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	query := oneLine(in.Args["query"])
	if query == "" {
		return t.misused(&chat.UsageError{Door: "ticket", Command: &in.Command, Param: "query"}, in)
	}
	found, exact, err := t.findArticles(query, &k.Value)
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return &refusal{id: "article_none", args: args{"Query": chat.Shorten(query, 60)}}
	case !exact:
		return t.offerArticles(found, &k.Value)
	}
	sent := suggestion(found[0], agent)
	if err := k.Value.Send(agent, sent, t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	if err := t.suggested(&k.Value, sent); err != nil {
		return err
	}
	t.keepTicket(k)
	t.relay(&k.Value, len(k.Value.History))
	return nil
}

// findArticles takes an id, as typeahead and buttons give it, or a title, for
// which it is exact; or else words.
func (t *turn) findArticles(query string, k *desk.Ticket) (found []*knowledge.Article, exact bool, err error) {
	return t.findPublic(t.ctx, query, k)
}

// findPublic is findArticles, outside a turn too.
func (b *Bot) findPublic(ctx context.Context, query string, k *desk.Ticket) (found []*knowledge.Article, exact bool, err error) {
	lang := knowledge.Lang(k.Trail.Lang)
	if a, ok := b.library().Article(knowledge.ArticleID(query), lang, nil); ok {
		return []*knowledge.Article{a}, true, nil
	}
	titles := b.library().Suggest(query, lang, nil, b.settings.Articles)
	if len(titles) > 0 && strings.EqualFold(titles[0].Title, query) {
		return titles[:1], true, nil
	}
	q := knowledge.Question{Text: query, Locale: lang, Limit: b.settings.Articles}
	if k.Trail.Audience != "" {
		q.Known = []audience.Evidence{{Audience: k.Trail.Audience, Source: audience.Chosen}}
	}
	ans, err := b.library().Find(ctx, q)
	if err != nil {
		return nil, false, err
	}
	for _, m := range ans.Matches {
		found = append(found, m.Article)
	}
	if ans.Level == knowledge.None && len(titles) > 0 {
		return titles, false, nil
	}
	return found, false, nil
}

// offerArticles asks an agent which article to send.
func (t *turn) offerArticles(found []*knowledge.Article, k *desk.Ticket) error {
	blocks := []chat.Block{t.text("article_which", args{"Name": k.Asker.Name})}
	var buttons []chat.Button
	for i, a := range found {
		blocks = append(blocks, chat.Block{Layout: chat.Paragraph, Text: append(chat.Plain(fmt.Sprintf("%d. ", i+1)), chat.Link(a.Title, a.URL)...)})
		buttons = append(buttons, chat.Button{
			Label:  t.line("button_send", args{"Number": fmt.Sprint(i + 1)}),
			Action: chat.Do("article", string(k.ID), string(a.ID)),
		})
	}
	t.tell(append(blocks, rows(buttons)...)...)
	return nil
}

// resolve settles a ticket, with a last word to the asker if there is one,
// and asks them whether it helped.
func (t *turn) resolve(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	lead := t.access.leads(t.event.From, k.Value.Desk)
	text := strings.TrimSpace(in.Args["text"])
	holder := holderOf(&k.Value)
	if err := k.Value.Resolve(agent, lead, text, t.at); err != nil {
		return t.stillTeach(&k.Value, t.giveBack(&k.Value, text, t.explain(&k.Value, err)))
	}
	t.tellHolder(holder, "told_resolved", &k.Value, agent, desk.Agent{})
	if text != "" { // the entry before the last
		t.relay(&k.Value, len(k.Value.History)-1)
	}
	if err := t.askHelped(&k.Value); err != nil {
		return err
	}
	form := t.event.Kind == chat.Submit
	if err := t.confirmResolved(k, !form); err != nil || !form {
		return err
	}
	err = t.lesson(k, agent)
	var no *refusal
	if errors.As(err, &no) { // it is settled, whatever becomes of that
		t.refuse(append([]chat.Block{t.text(no.id, no.args)}, no.more...)...)
		return nil
	}
	return err
}

// confirmResolved tells an agent that a ticket is settled, and offers to learn
// from it.
func (t *turn) confirmResolved(k *heldTicket, offer bool) error {
	t.keepTicket(k)
	blocks := []chat.Block{t.text("resolved", args{"Ticket": k.Value.ID, "Name": k.Value.Asker.Name})}
	if offer {
		blocks = append(blocks, t.offerLesson(&k.Value)...)
	}
	t.tell(blocks...)
	return nil
}

// askHelped tells an asker that their ticket is settled, and asks whether it
// helped.
func (t *turn) askHelped(k *desk.Ticket) error {
	return errors.Join(t.bring(k, desk.Settled), t.settledTicket(k, true))
}

// ratingRow is how an asker says whether they were helped.
func (t *turn) ratingRow(k *desk.Ticket) chat.Block {
	lang := t.words.speak(k.Trail.Lang)
	return row(
		chat.Button{Label: t.words.line(lang, "button_good"), Action: chat.Do("good", string(k.ID)), Style: chat.Primary},
		chat.Button{Label: t.words.line(lang, "button_bad"), Action: chat.Do("bad", string(k.ID))})
}

func (t *turn) closeTicket(in chat.Invocation) error {
	if span, err := chat.ParseSpan(in.Args["stale"]); err == nil {
		return t.previewStale(in, span)
	}
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	if err := k.Value.Close(agent, t.access.leads(t.event.From, k.Value.Desk), in.Args["reason"], t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	t.tellHolder(holderOf(&k.Value), "told_closed", &k.Value, agent, desk.Agent{})
	if err := t.bring(&k.Value, desk.Ended); err != nil {
		return err
	}
	return t.changed(k, "closed", args{})
}

func (t *turn) reopen(in chat.Invocation) error {
	if in.Args["ticket"] == "" {
		return &refusal{id: "reopen_which"}
	}
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	if err := k.Value.Reopen(agent, t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	t.tellHolder(holderOf(&k.Value), "told_reopened", &k.Value, agent, desk.Agent{})
	if err := t.tellReopened(&k.Value); err != nil {
		return err
	}
	return t.changed(k, "reopened", args{})
}

func (t *turn) tellReopened(k *desk.Ticket) error {
	return errors.Join(t.bring(k, desk.Back), t.settledTicket(k, false))
}

func (t *turn) priority(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	p, err := desk.ParsePriority(in.Args["priority"])
	if err != nil {
		return &refusal{id: "no_priority"}
	}
	if err := k.Value.SetPriority(agent, p, t.at); err != nil {
		return t.explain(&k.Value, err)
	}
	return t.changed(k, "prioritised", args{"Priority": t.line("priority_" + p.String())})
}

// maxLabel is how many runes a label has: a word, not a sentence.
const maxLabel = 40

func (t *turn) label(in chat.Invocation) error {
	k, agent, err := t.worked(in)
	if err != nil {
		return err
	}
	word := chat.Shorten(strings.ToLower(oneLine(in.Args["label"])), maxLabel)
	if word == "" {
		return t.misused(&chat.UsageError{Door: "ticket", Command: &in.Command, Param: "label"}, in)
	}
	a := args{"Ticket": k.Value.ID, "Label": word}
	if in.Args["do"] == "remove" {
		if err := k.Value.RemoveLabel(agent, word, t.at); err != nil {
			return &refusal{id: "already_unlabelled", args: a}
		}
		return t.changed(k, "unlabelled", a)
	}
	switch err := k.Value.AddLabel(agent, word, t.at); {
	case errors.Is(err, desk.ErrUnchanged):
		return &refusal{id: "already_labelled", args: a}
	case err != nil:
		return t.explain(&k.Value, err)
	}
	return t.changed(k, "labelled", a)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
