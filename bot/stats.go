package bot

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// reportRows are what tells how the desk is doing.
func reportRows() []command {
	return []command{
		deskVerb("stats", "", "how the desk is doing", (*turn).stats, some(aPerson, "agent")),
		deskVerb("gaps", "", "what articles miss", (*turn).gaps),
	}
}

const (
	day = 24 * time.Hour
	// statsDays is how many days the figures are of. Before them come as many to
	// compare with.
	statsDays = 7
	// sharesShown is how many audiences, languages or agents are listed.
	sharesShown = 10
)

// A week is how a desk has been doing for some days.
type week struct {
	desk       string
	always     bool // it never closes
	figures    map[desk.Share]*desk.Figures
	before     *desk.Figures // everyone's, the days before
	open, live int           // tickets that wait now, and that are not settled
	oldest     time.Time     // when the oldest of the live was opened; zero: there is none
	names      map[string]string
	from, to   time.Time // midnights; to is not of it
}

// weekOf reads the figures of a desk for the days up to a midnight.
func weekOf(ctx context.Context, r spool.Reader, d desk.Desk, to, now time.Time) (*week, error) {
	w := &week{desk: d.Name, always: d.Hours.Always(), from: to.Add(-statsDays * day), to: to}
	list, err := r.Tallies(ctx, d.Name, w.from.Add(-statsDays*day), to)
	if err != nil {
		return nil, err
	}
	middle := slices.IndexFunc(list, func(t desk.Tally) bool { return !t.Day.Before(w.from) })
	if middle < 0 {
		middle = len(list)
	}
	w.before, w.figures = desk.Summarise(list[:middle])[desk.Share{}], desk.Summarise(list[middle:])
	_, w.open, err = r.Queue(ctx, d.Name, now, 0)
	if err != nil {
		return nil, err
	}
	oldest, live, err := r.LiveOf(ctx, d.Name, 0, 1)
	if err != nil {
		return nil, err
	}
	if w.live = live; len(oldest) > 0 {
		w.oldest = oldest[0].OpenedAt
	}
	w.names, _, err = r.Set(ctx, named)
	return w, err
}

// stats tells how the sender's desks, or an agent of theirs, have been doing.
func (t *turn) stats(in chat.Invocation) error {
	tomorrow := t.at.Truncate(day).Add(day)
	var blocks []chat.Block
	refused := false
	desks := t.access.worked(t.event.From)
	for _, d := range desks {
		w, err := weekOf(t.ctx, t.view, d, tomorrow, t.at)
		if err != nil {
			return err
		}
		title := t.line("stats_title", args{"Count": statsDays})
		if len(desks) > 1 {
			title = t.line("stats_title_desk", args{"Desk": d.Name, "Count": statsDays})
		}
		typed := strings.TrimSpace(in.Args["agent"])
		if typed == "" {
			blocks = append(blocks, chat.Block{Layout: chat.Heading, Text: chat.Plain(title)})
			blocks = append(blocks, t.weekBlocks(w)...)
			blocks = append(blocks, t.shares("stats_by_agent", w, desk.OfAgent, func(of string) (string, bool) {
				return t.nameOf(w, of), of == string(t.event.From.Person) || t.access.may(t.event.From, chat.Lead, d.Name)
			})...)
			continue
		}
		agent, ok := t.whoIs(w, typed, in)
		if !ok {
			continue
		}
		if agent.ID != t.event.From.Person && !t.access.may(t.event.From, chat.Lead, d.Name) {
			refused = true // here; they may lead another desk
			continue
		}
		of := agent.Name
		if len(desks) > 1 {
			of += " · " + d.Name
		}
		blocks = append(blocks, chat.Block{Layout: chat.Heading, Text: chat.Plain(t.line("stats_title_desk", args{"Desk": of, "Count": statsDays}))})
		blocks = append(blocks, t.agentBlocks(w, agent.ID)...)
	}
	switch {
	case len(blocks) == 0 && refused:
		return t.notAllowed(chat.Lead)
	case len(blocks) == 0:
		return &refusal{id: "stats_no_agent", args: args{"Name": chat.Shorten(in.Args["agent"], 40)}}
	}
	t.tell(blocks...)
	return nil
}

// whoIs finds an agent of a desk by what was typed: one who can be found anyway,
// or one who has worked its tickets.
func (t *turn) whoIs(w *week, typed string, in chat.Invocation) (desk.Agent, bool) {
	if agent, err := t.colleague(&desk.Ticket{Desk: w.desk}, in); err == nil {
		return agent, true
	}
	typed = strings.TrimPrefix(typed, "@")
	if self := t.access.agent(t.event.From); strings.EqualFold(self.Name, typed) {
		return self, true
	}
	var found []desk.Agent
	for share := range w.figures {
		if share.By == desk.OfAgent && strings.EqualFold(w.names[share.Of], typed) {
			found = append(found, desk.Agent{ID: chat.PersonID(share.Of), Name: w.names[share.Of]})
		}
	}
	if len(found) != 1 {
		return desk.Agent{}, false // nobody, or two who are called so
	}
	return found[0], true
}

// weekBlocks lays the figures of a desk out, but for those of each agent.
func (t *turn) weekBlocks(w *week) []chat.Block {
	all := w.figures[desk.Share{}]
	if all.Questions+all.Opened+all.Resolved+w.before.Questions+w.before.Opened+w.live == 0 {
		return []chat.Block{t.text("stats_nothing", args{"Count": 2 * statsDays})}
	}
	var facts []chat.Fact
	add := func(id string, value string) {
		if value != "" {
			facts = append(facts, chat.Fact{Name: t.line(id), Value: chat.Plain(value)})
		}
	}
	add("stats_questions", fmt.Sprintf("%d (%d)", all.Questions, w.before.Questions))
	if all.Questions > 0 {
		add("stats_answers", t.parts([]part{
			{"stats_sure", "Count", all.Levels["sure"]}, {"stats_unsure", "Count", all.Levels["unsure"]},
			{"stats_none", "Count", all.Levels["none"]}, {"stats_direct", "Count", all.Levels[""]},
		}))
		add("stats_endings", t.parts([]part{
			{"stats_helped", "Count", all.Endings[desk.Helped]}, {"stats_silent", "Count", all.Endings[desk.Silent]},
			{"stats_unhelped", "Count", all.Endings[desk.Unhelped]},
			{"stats_again", "N", all.Endings[desk.Again]}, {"stats_escalated", "N", all.Endings[desk.Escalated]},
		}))
		add("stats_settled", t.line("stats_settled_value", args{
			"Strict": t.change(all.Strict(), w.before.Strict(), w.before.Questions), "Loose": t.change(all.Loose(), w.before.Loose(), w.before.Questions),
		}))
	}
	add("stats_tickets", t.line("stats_tickets_value", args{
		"Opened": all.Opened, "OpenedBefore": w.before.Opened, "Resolved": all.Resolved, "ResolvedBefore": w.before.Resolved,
	}))
	if w.live > 0 {
		add("stats_backlog", t.line("stats_backlog_value", args{"Open": w.open, "Live": w.live, "Ago": t.words.ago(t.lang, t.at.Sub(w.oldest))}))
	} else {
		add("stats_backlog", t.line("stats_backlog_none"))
	}
	facts = append(facts, t.timeFacts(w, all)...)
	blocks := []chat.Block{contextLine(t.words.say(t.lang, "stats_brackets", args{"Count": statsDays})), {Layout: chat.Facts, Facts: facts}}
	blocks = append(blocks, t.shares("stats_by_audience", w, desk.OfAudience, func(of string) (string, bool) {
		return t.audienceName(of), t.mayName(of)
	})...)
	return append(blocks, t.shares("stats_by_language", w, desk.OfLang, func(of string) (string, bool) {
		return t.langName(of), true
	})...)
}

// audienceName is the label of an audience, or that it is unclear which.
func (t *turn) audienceName(name string) string {
	if name == "" {
		return t.line("stats_unclear")
	}
	return t.audienceLabel(t.lang, name)
}

func (t *turn) langName(lang string) string { return t.words.named(t.lang, "lang", lang, nil) }

// nameOf is what someone is called of whom figures know the id.
func (t *turn) nameOf(w *week, id string) string {
	m, _ := t.access.member(chat.PersonID(id))
	return cmp.Or(m.Name, w.names[id], id)
}

// agentBlocks lays the figures of one agent out.
func (t *turn) agentBlocks(w *week, id chat.PersonID) []chat.Block {
	f := w.figures[desk.Share{By: desk.OfAgent, Of: string(id)}]
	if f == nil {
		return []chat.Block{t.text("stats_agent_nothing", args{"Count": statsDays})}
	}
	facts := []chat.Fact{
		{Name: t.line("stats_replies"), Value: chat.Plain(fmt.Sprint(f.Replies))},
		{Name: t.line("stats_resolved"), Value: chat.Plain(fmt.Sprint(f.Resolved))},
	}
	return []chat.Block{{Layout: chat.Facts, Facts: append(facts, t.timeFacts(w, f)...)}}
}

// timeFacts are how long things took, and what askers said of it.
func (t *turn) timeFacts(w *week, f *desk.Figures) []chat.Fact {
	var facts []chat.Fact
	add := func(id, value string) {
		facts = append(facts, chat.Fact{Name: t.line(id), Value: chat.Plain(value)})
	}
	for _, one := range []struct {
		id    string
		times desk.Times
	}{{"stats_first", f.First}, {"stats_work", f.Work}} {
		half, ok := one.times.Within(0.5)
		if !ok {
			continue
		}
		most, _ := one.times.Within(0.9)
		add(one.id, t.line("stats_times", args{"Half": t.lasts(w, half), "Most": t.lasts(w, most)}))
	}
	var kept []string
	for _, one := range []struct {
		id    string
		clock desk.ClockName
	}{{"stats_promise_first", desk.FirstClock}, {"stats_promise_resolve", desk.ResolveClock}} {
		if p := f.Promises[one.clock]; p.Kept+p.Late > 0 {
			kept = append(kept, t.line(one.id, args{"Count": p.Kept, "All": p.Kept + p.Late}))
		}
	}
	if len(kept) > 0 {
		add("stats_promises", strings.Join(kept, " · "))
	}
	if f.Good+f.Bad > 0 {
		add("stats_ratings", fmt.Sprintf("👍 %d · 👎 %d", f.Good, f.Bad))
	}
	return facts
}

// A part is one of several counts: a sentence, how many, and what it calls that:
// N if it has a plural.
type part struct {
	id string
	as string
	n  int
}

// parts words those of several counts that are not nothing.
func (t *turn) parts(all []part) string {
	var words []string
	for _, p := range all {
		if p.n > 0 {
			words = append(words, t.line(p.id, args{p.as: p.n}))
		}
	}
	return strings.Join(words, " · ")
}

// shares lists the figures of each audience, language or agent, those with the
// most to do first, as far as name says that they may be.
func (t *turn) shares(title string, w *week, by desk.Facet, name func(of string) (string, bool)) []chat.Block {
	var list []desk.Share
	for share := range w.figures {
		if _, ok := name(share.Of); ok && share.By == by {
			list = append(list, share)
		}
	}
	if len(list) == 0 {
		return nil
	}
	work := func(s desk.Share) int { f := w.figures[s]; return f.Questions + f.Opened + f.Resolved + f.Replies }
	slices.SortFunc(list, func(a, b desk.Share) int { return cmp.Or(work(b)-work(a), cmp.Compare(a.Of, b.Of)) })
	var facts []chat.Fact
	for _, share := range list[:min(sharesShown, len(list))] {
		if value := t.shareLine(w, share); value != "" {
			label, _ := name(share.Of)
			facts = append(facts, chat.Fact{Name: label, Value: chat.Plain(value)})
		}
	}
	if len(facts) == 0 {
		return nil
	}
	return []chat.Block{t.text(title), {Layout: chat.Facts, Facts: facts}}
}

// shareLine is the figures of a share in one line.
func (t *turn) shareLine(w *week, of desk.Share) string {
	f, by := w.figures[of], of.By
	var words []string
	if f.Questions > 0 {
		strict, loose := t.percent(f.Strict()), t.percent(f.Loose())
		settled := t.line("stats_share_settled", args{"Strict": strict, "Loose": loose})
		if strict == loose {
			settled = t.line("stats_share_settled_all", args{"Strict": strict})
		}
		words = append(words, t.line("stats_share_questions", args{"N": f.Questions}), settled)
	}
	if f.Opened > 0 {
		words = append(words, t.line("stats_share_tickets", args{"N": f.Opened}))
	}
	if by == desk.OfAgent && f.Replies > 0 {
		words = append(words, t.line("stats_share_replies", args{"N": f.Replies}))
	}
	if by == desk.OfAgent && f.Resolved > 0 {
		words = append(words, t.line("stats_share_resolved", args{"Count": f.Resolved}))
	}
	if half, ok := f.First.Within(0.5); ok {
		words = append(words, t.line("stats_share_first", args{"Half": t.lasts(w, half)}))
	}
	if by == desk.OfAgent && f.Good+f.Bad > 0 {
		words = append(words, fmt.Sprintf("👍 %d 👎 %d", f.Good, f.Bad))
	}
	return strings.Join(words, " · ")
}

// mayName reports whether the one who is answered may know of an audience.
func (t *turn) mayName(audience string) bool {
	a, _ := t.audience(audience)
	return !a.Private || slices.Contains(t.private(t.event.From, t.alone), audience)
}

// percent words a part of something.
func (t *turn) percent(part float64) string {
	return t.line("percent", args{"Count": int(math.Round(100 * part))})
}

// change is a part now, and what it was before if there was any.
func (t *turn) change(now, before float64, of int) string {
	if of == 0 {
		return t.percent(now)
	}
	return t.percent(now) + " (" + t.percent(before) + ")"
}

// lasts words how long something takes, to the bounds that tallies know. At a
// desk that closes, 24 open hours are not a day.
func (t *turn) lasts(w *week, d time.Duration) string {
	switch {
	case d%day == 0 && w.always:
		return t.line("lasts_days", args{"N": int(d / day)})
	case d%time.Hour == 0:
		return t.line("lasts_hours", args{"N": int(d / time.Hour)})
	}
	return t.line("lasts_minutes", args{"N": int(d / time.Minute)})
}
