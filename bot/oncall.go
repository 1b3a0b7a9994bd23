package bot

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// crewRows are the verbs about who works a desk just now.
func crewRows() []command {
	return []command{
		deskVerb("oncall", "", "be on call, or no longer, or see who is", (*turn).onCallNow,
			chat.Param{Name: "duty", Kind: chat.WordParam, Optional: true, Options: []string{"on", "off"}},
			chat.Param{Name: "desk", Kind: chat.WordParam, Optional: true, Suggested: true}),
	}
}

// onCallNow puts the sender on call, or off: at one of their desks or at all of
// them. Without a word it says who is.
func (t *turn) onCallNow(in chat.Invocation) error {
	desks := t.access.worked(t.event.From)
	if name := strings.ToLower(in.Args["desk"]); name != "" {
		desks = slices.DeleteFunc(slices.Clone(desks), func(d desk.Desk) bool { return d.Name != name })
		if len(desks) == 0 {
			return t.notYours(name)
		}
	}
	switch in.Args["duty"] {
	case "on":
		return t.goOnCall(desks)
	case "off":
		if in.Args["desk"] == "" { // where they no longer work, too
			desks = t.settings.Desks
		}
		return t.goOffCall(desks)
	}
	return t.tellOnCall(desks)
}

// notYours refuses a desk that the sender does not work, naming those they do.
func (t *turn) notYours(name string) error {
	var names []string
	for _, d := range t.access.worked(t.event.From) {
		names = append(names, d.Name)
	}
	no := forbidden("oncall_not_yours", args{"Name": chat.Shorten(name, 40)})
	no.more = []chat.Block{contextLine(chat.Plain(strings.Join(names, " · ")))}
	return no
}

func (t *turn) goOnCall(desks []desk.Desk) error {
	p, err := t.sender()
	if err != nil {
		return err
	}
	agent := t.access.agent(t.event.From)
	p.Value.OnCall = maps.Clone(p.Value.OnCall)
	if p.Value.OnCall == nil {
		p.Value.OnCall = map[string]desk.Duty{}
	}
	for _, d := range desks {
		duty, already := p.Value.OnCall[d.Name]
		if !already {
			duty.Since = t.at
		}
		duty.Name, duty.Account = agent.Name, agent.Account
		t.of(d.Name)
		p.Value.OnCall[d.Name] = duty
		t.handOutSoon(d)
	}
	t.keepPerson(p)
	blocks := []chat.Block{t.text("oncall_on", args{"Desks": t.desksLine(desks)})}
	for _, d := range desks {
		if opens, closed := d.Hours.Next(t.at); closed && d.Assign == desk.RoundRobin {
			blocks = append(blocks, contextLine(t.words.say(t.lang, "oncall_closed", args{"Desk": d.Name, "When": t.when(opens, &desk.Ticket{Desk: d.Name})})))
		}
	}
	t.tell(blocks...)
	return nil
}

func (t *turn) goOffCall(desks []desk.Desk) error {
	p, err := t.sender()
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(desks), func(d desk.Desk) bool { _, on := p.Value.On(d.Name); return !on })
	if len(left) == 0 {
		desks = slices.DeleteFunc(slices.Clone(desks), func(d desk.Desk) bool { return !t.access.may(t.event.From, chat.Agent, d.Name) })
		return &refusal{id: "oncall_not_on", args: args{"Desks": t.desksLine(desks)}}
	}
	p.Value.OnCall = maps.Clone(p.Value.OnCall)
	for _, d := range left {
		delete(p.Value.OnCall, d.Name)
		t.of(d.Name)
	}
	t.keepPerson(p)
	blocks := []chat.Block{t.text("oncall_off", args{"Desks": t.desksLine(left)})}
	held, err := t.view.Held(t.ctx, t.event.From.Person, 1)
	if err != nil {
		return err
	}
	if len(held) > 0 {
		blocks = append(blocks, contextLine(t.words.say(t.lang, "oncall_holds")))
	}
	t.tell(blocks...)
	return nil
}

// tellOnCall says who is on call at some desks, and how much each of them has to
// do.
func (t *turn) tellOnCall(desks []desk.Desk) error {
	facts := chat.Block{Layout: chat.Facts}
	for _, d := range desks {
		crew, err := t.crew(d)
		if err != nil {
			return err
		}
		facts.Facts = append(facts.Facts, chat.Fact{Name: d.Name, Value: chat.Plain(t.crewLine(crew))})
	}
	t.tell(t.text("oncall"), facts)
	return nil
}

// crewLines say who is on call at a desk; nil if nobody is.
func (t *turn) crewLines(d desk.Desk) ([]chat.Block, error) {
	crew, err := t.crew(d)
	if err != nil || len(crew) == 0 {
		return nil, err
	}
	return []chat.Block{contextLine(t.words.say(t.lang, "oncall_line", args{"Names": t.crewLine(crew)}))}, nil
}

// homeDuty offers an agent to go on call, or tells where they are and lets them
// go off.
func (t *turn) homeDuty(p desk.Person, desks []homeQueue) []chat.Block {
	var on []string
	for _, q := range desks {
		if _, ok := p.OnCall[q.desk]; ok {
			on = append(on, q.desk)
		}
	}
	if len(on) == 0 {
		return []chat.Block{row(chat.Button{Label: t.line("button_oncall"), Action: chat.Do("oncall", "on")})}
	}
	return []chat.Block{
		contextLine(t.words.say(t.lang, "oncall_on", args{"Desks": strings.Join(on, ", ")})),
		row(chat.Button{Label: t.line("button_offcall"), Action: chat.Do("oncall", "off")}),
	}
}

// crewLine names who is on call, with what each has to do.
func (t *turn) crewLine(crew []desk.OnCall) string {
	if len(crew) == 0 {
		return t.line("oncall_nobody")
	}
	var names []string
	for _, o := range crew {
		names = append(names, fmt.Sprintf("%s (%d)", o.Agent.Name, o.Load))
	}
	return strings.Join(names, ", ")
}

func (t *turn) desksLine(desks []desk.Desk) string {
	var names []string
	for _, d := range desks {
		names = append(names, d.Name)
	}
	return strings.Join(names, ", ")
}

// crew lists who is on call at a desk and still works it, as far as the
// configuration tells.
func (t *turn) crew(d desk.Desk) ([]desk.OnCall, error) {
	crew, err := t.view.OnCall(t.ctx, d.Name)
	return slices.DeleteFunc(crew, func(o desk.OnCall) bool { return !t.access.stillWorks(o.Agent, d) }), err
}

// assignTimer is the first part of the names of timers that give out the tickets
// of a desk: then come the desk and the second when they do. Those of one second
// are one timer, and none is put off by what comes after it.
const assignTimer = "assign/"

// handOutSoon gives out what waits at a desk, within a second or once it is open.
func (t *turn) handOutSoon(d desk.Desk) {
	if d.Assign != desk.RoundRobin {
		return
	}
	due := t.at.Truncate(time.Second).Add(time.Second)
	if opens, closed := d.Hours.Next(t.at); closed {
		due = opens
	}
	name := fmt.Sprintf("%s%s/%d", assignTimer, d.Name, due.Unix())
	t.out.Timers = slices.DeleteFunc(t.out.Timers, func(timer spool.Timer) bool { return timer.Name == name })
	t.out.Timers = append(t.out.Timers, spool.Timer{Name: name, Due: due, Event: chat.Event{Kind: chat.Tick, Place: deskLane(d.Name)}})
}

// handOutAfter gives out what waits where a ticket has come free, or somebody who
// may be on call has more room than when it was read.
func (t *turn) handOutAfter(k *desk.Ticket, was desk.Standing) {
	if k.State == desk.Open && was.State != desk.Open {
		t.handOutSoon(t.access.desk(k.Desk))
	}
	if was.State == desk.Claimed && (k.State != desk.Claimed || k.Holder != was.Holder) {
		for _, d := range t.settings.Desks {
			if d.Capacity > 0 {
				t.handOutSoon(d)
			}
		}
	}
}

// How many tickets are looked at and given out in one turn. What is left comes
// in the next.
const (
	maxLookedAt = 30
	maxSought   = 300 // if none of those may be given, since those on call gave them back
	maxGiven    = 10
)

// handOut gives the tickets that wait at a desk to those on call, the first in
// line first. What nobody has room for waits.
func (t *turn) handOut(timer string) error {
	name, _, _ := strings.Cut(timer, "/")
	d := t.access.desk(name)
	if d.Assign != desk.RoundRobin {
		return nil
	}
	if _, closed := d.Hours.Next(t.at); closed {
		t.handOutSoon(d)
		return nil
	}
	t.event.From = chat.Sender{} // nobody does this
	waiting, total, err := t.view.Queue(t.ctx, name, t.at, maxLookedAt)
	if err != nil || total == 0 {
		return err
	}
	crew, err := t.crew(d)
	if err != nil {
		return err
	}
	takes := func(k desk.Ticket) bool { _, ok := desk.Choose(crew, &k, d.Capacity); return ok }
	if total > len(waiting) && takes(desk.Ticket{}) && !slices.ContainsFunc(waiting, takes) {
		if waiting, _, err = t.view.Queue(t.ctx, name, t.at, maxSought); err != nil {
			return err
		}
	}
	given := 0
	for i := range waiting {
		who, ok := desk.Choose(crew, &waiting[i], d.Capacity)
		if !ok {
			continue
		}
		if given == maxGiven {
			t.handOutSoon(d)
			break
		}
		gave, err := t.give(waiting[i].ID, d, crew[who].Agent)
		if err != nil {
			return err
		}
		if gave {
			crew[who].Given = t.at
			crew[who].Load++
			given++
		}
	}
	if given > 0 && total > len(waiting) {
		t.handOutSoon(d)
	}
	return nil
}

// give gives a ticket to someone on call. It reports false if it is no longer
// there to be given, or they are on call no more.
func (t *turn) give(id chat.TicketID, d desk.Desk, to desk.Agent) (bool, error) {
	p, err := t.person(to.ID)
	if err != nil {
		return false, err
	}
	duty, on := p.Value.OnCall[d.Name]
	k, err := t.ticket(id)
	if err != nil || k == nil || !on || k.Value.State != desk.Open || k.Value.Desk != d.Name {
		return false, err
	}
	if err := k.Value.Assign(desk.Signpost, to, t.at); err != nil {
		return false, nil
	}
	t.keepTicket(k)
	duty.Given = t.at
	p.Value.OnCall = maps.Clone(p.Value.OnCall)
	p.Value.OnCall[d.Name] = duty
	t.keepPerson(p)
	t.notify(to, func() []chat.Block {
		return append([]chat.Block{t.text("given", args{"Ticket": k.Value.ID})}, t.card(&k.Value)...)
	})
	if k.Value.Count(desk.DidClaim)+k.Value.Count(desk.DidAssign) == 1 { // they know that someone is there
		return true, t.bring(&k.Value, desk.Taken)
	}
	return true, nil
}

// person is someone's record, the one that is kept already if it is.
func (t *turn) person(id chat.PersonID) (*heldPerson, error) {
	for _, p := range t.persons {
		if p.Value.ID == id {
			return p, nil
		}
	}
	p, err := t.view.Person(t.ctx, id)
	return &p, err
}

// burden tells an agent who took a ticket if they now have more than the desk
// means them to.
func (t *turn) burden(k *desk.Ticket) ([]chat.Block, error) {
	d := t.access.desk(k.Desk)
	if d.Capacity == 0 {
		return nil, nil
	}
	held, err := t.view.Held(t.ctx, k.Holder, maxLookedAt)
	if err != nil {
		return nil, err
	}
	n := 0
	for i := range held {
		if held[i].ID != k.ID && held[i].Theirs() {
			n++
		}
	}
	if k.Theirs() {
		n++
	}
	if n <= d.Capacity {
		return nil, nil
	}
	return []chat.Block{contextLine(t.words.say(t.lang, "burden", args{"Count": n, "Capacity": d.Capacity}))}, nil
}

// waitLines tell what a new ticket waits for at a desk: that everyone on call
// has as much as they may, and how long a first reply takes as a rule, from now
// on and with the hours in which the desk is closed. What is not known is not
// said.
func (t *turn) waitLines(name string) ([]chat.Block, error) {
	var lines []chat.Block
	d := t.access.desk(name)
	if d.Capacity > 0 && d.Hours.Open(t.at) {
		crew, err := t.crew(d)
		if err != nil {
			return nil, err
		}
		if desk.Busy(crew, d.Capacity) {
			lines = append(lines, contextLine(t.words.say(t.lang, "all_busy")))
		}
	}
	waits, err := t.view.Waits(t.ctx, name)
	if err != nil {
		return nil, err
	}
	if took, ok := desk.Typical(waits, t.at); ok {
		from := t.at // what is answered outside hours took no open time
		if opens, closed := d.Hours.Next(t.at); closed {
			from = opens
		}
		wall := d.Hours.After(from, took).Sub(t.at)
		lines = append(lines, contextLine(t.words.typically(t.lang, wall)))
	}
	return lines, nil
}

// placeLines tell an asker where their ticket stands in the queue, and how long
// a first reply takes; nil if somebody holds it.
func (t *turn) placeLines(k *desk.Ticket) ([]chat.Block, error) {
	if k.State != desk.Open {
		return nil, nil
	}
	ahead, err := t.view.Ahead(t.ctx, *k, t.at)
	if err != nil {
		return nil, err
	}
	line := t.queueLine(ahead)
	line.Layout = chat.Context
	wait, err := t.waitLines(k.Desk)
	return append([]chat.Block{line}, wait...), err
}

// typically words how long a first reply takes, rounded up.
func (w *words) typically(lang string, d time.Duration) chat.Text {
	up := func(unit time.Duration) int { return int((d + unit - 1) / unit) }
	switch {
	case d <= 55*time.Minute:
		return w.say(lang, "typically_minutes", args{"N": max(1, up(5*time.Minute)) * 5})
	case d <= 36*time.Hour:
		return w.say(lang, "typically_hours", args{"N": up(time.Hour)})
	}
	return w.say(lang, "typically_days", args{"N": up(24 * time.Hour)})
}
