package bot

import (
	"errors"
	"strconv"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

const (
	// maxNext is how many tickets are taken at once: more than one works on
	// before lunch.
	maxNext = 10
	// maxReleased is how many tickets are put back at once.
	maxReleased = 100
	// staleSlice is how many stale tickets are closed in one turn, or a few more
	// if others go with them. What is left comes in the next.
	staleSlice = 25
	// staleTimer is the first part of the names of timers that go on closing: then
	// come the desk and the event that began it.
	staleTimer = "stale/"
)

// nextOf takes the first n tickets in line of the sender's desks.
func (t *turn) nextOf(n int) error {
	if n > maxNext {
		return &refusal{id: "next_too_many", args: args{"Count": maxNext}}
	}
	agent := t.access.agent(t.event.From)
	var taken []desk.Ticket
	for _, d := range t.access.worked(t.event.From) {
		for nth := 1; len(taken) < n; nth++ {
			k, err := t.head(d.Name, nth)
			if errors.Is(err, spool.ErrNotFound) {
				break
			}
			if err != nil {
				return err
			}
			if err := k.Value.Claim(agent, t.at); err != nil {
				return t.explain(&k.Value, err)
			}
			t.keepTicket(k)
			taken = append(taken, k.Value)
		}
	}
	if len(taken) == 0 {
		t.tell(t.text("queue_empty"))
		return nil
	}
	blocks := append([]chat.Block{t.text("next_taken", args{"N": len(taken)})}, t.list(taken)...)
	if len(taken) < n {
		blocks = append(blocks, contextLine(t.words.say(t.lang, "next_no_more")))
	}
	t.tell(blocks...)
	for i := range taken {
		if taken[i].Count(desk.DidClaim) == 1 {
			if err := t.bring(&taken[i], desk.Taken); err != nil {
				return err
			}
		}
	}
	return nil
}

// releaseAll puts back whatever the sender holds, at its old place: they are
// away for a while. What waits for its asker waits on, so that nobody has to look
// at it in vain.
func (t *turn) releaseAll(in chat.Invocation) error {
	if in.Args["ticket"] != "" {
		return t.misused(&chat.UsageError{Door: "ticket", Command: &in.Command}, in) // one, or all?
	}
	agent := t.access.agent(t.event.From)
	held, err := t.view.Held(t.ctx, t.event.From.Person, maxReleased+1)
	if err != nil {
		return err
	}
	held = t.access.readable(t.event.From, held)
	if len(held) == 0 {
		t.tell(t.text("mine_none"))
		return nil
	}
	var back, waiting []desk.Ticket
	for _, h := range held[:min(len(held), maxReleased)] {
		k, err := t.ticket(h.ID)
		if err != nil {
			return err
		}
		if k == nil || k.Value.HandBack(agent, t.at) != nil {
			continue // it went elsewhere meanwhile
		}
		t.keepTicket(k)
		if k.Value.State == desk.Open {
			back = append(back, k.Value)
		} else {
			waiting = append(waiting, k.Value)
		}
	}
	var blocks []chat.Block
	if len(back) > 0 || len(waiting) == 0 {
		blocks = append([]chat.Block{t.text("released_all", args{"N": len(back)})}, t.list(back[:min(len(back), queueShown)])...)
	}
	if len(waiting) > 0 {
		blocks = append(blocks, t.text("released_waiting", args{"N": len(waiting)}))
		blocks = append(blocks, t.list(waiting[:min(len(waiting), queueShown)])...)
	}
	if len(held) > maxReleased {
		blocks = append(blocks, t.text("released_more"))
	}
	t.tell(blocks...)
	return nil
}

// previewStale shows a lead which tickets of their desks nobody has said a word
// on for so long, and closes none of them yet.
func (t *turn) previewStale(in chat.Invocation, span time.Duration) error {
	if in.Args["ticket"] != "" {
		return t.misused(&chat.UsageError{Door: "ticket", Command: &in.Command}, in) // one, or all?
	}
	t.acts(chat.Command{Audit: "ticket.stale"}, nil)
	typed := in.Args["stale"]
	if !t.access.may(t.event.From, chat.Lead, "") {
		return t.notAllowed(chat.Lead)
	}
	before := t.at.Add(-span)
	var blocks []chat.Block
	for _, d := range t.settings.Desks {
		if !t.access.may(t.event.From, chat.Lead, d.Name) {
			continue
		}
		list, total, err := t.view.Idle(t.ctx, d.Name, before, queueShown)
		if err != nil {
			return err
		}
		if total == 0 {
			continue
		}
		t.of(d.Name)
		blocks = append(append(blocks, t.text("stale_total", args{"N": total, "Desk": d.Name, "Span": typed})), t.list(list)...)
		if total > len(list) {
			blocks = append(blocks, contextLine(t.words.say(t.lang, "queue_rest", args{"Count": total - len(list)})))
		}
		blocks = append(blocks, row(chat.Button{
			Label: t.line("button_close_stale", args{"N": total}), Style: chat.Danger,
			Action: chat.Do("close_stale", d.Name, strconv.FormatInt(before.UnixMilli(), 10)),
		}))
	}
	if len(blocks) == 0 {
		t.tell(t.text("stale_none", args{"Span": typed}))
		return nil
	}
	t.tell(append(blocks, contextLine(t.words.say(t.lang, "stale_told")))...)
	return nil
}

// closeStale closes what a lead has seen and confirmed.
func (t *turn) closeStale(in chat.Invocation) error {
	ms, err := strconv.ParseInt(in.Args["before"], 10, 64)
	before := time.UnixMilli(ms)
	if err != nil || before.After(t.at) || t.access.desk(in.Args["desk"]).Name == "" {
		return &refusal{id: "button_old"}
	}
	if !t.access.may(t.event.From, chat.Lead, in.Args["desk"]) {
		return t.notAllowed(chat.Lead)
	}
	t.of(in.Args["desk"])
	return t.sweep(in.Args["desk"], before, 0, 0)
}

// closeMoreStale goes on with it. Who may no longer do so is stopped.
func (t *turn) closeMoreStale() error {
	a := t.event.Action
	ms, err := strconv.ParseInt(a.Arg(1), 10, 64)
	done, _ := strconv.Atoi(a.Arg(2))
	left, _ := strconv.Atoi(a.Arg(3))
	if err != nil || !t.access.may(t.event.From, chat.Lead, a.Arg(0)) {
		return nil
	}
	t.alone = true
	return t.sweep(a.Arg(0), time.UnixMilli(ms), done, left)
}

// sweep closes a slice of a desk's tickets without a word since a time, and goes
// on in another turn if there are more. So many were closed and left alone
// before: what is put off to a day to come is not forgotten.
func (t *turn) sweep(name string, before time.Time, done, left int) error {
	agent := t.access.agent(t.event.From)
	list, total, err := t.view.Idle(t.ctx, name, before, left+staleSlice)
	if err != nil {
		return err
	}
	began, more, work := done+left == 0, total > len(list), 0
	for _, idle := range list[min(left, len(list)):] {
		if more = more || work >= staleSlice; work >= staleSlice {
			break
		}
		k, err := t.ticket(idle.ID)
		if err != nil {
			return err
		}
		if k == nil || k.Value.Desk != name || !k.Value.LatestWord().Before(before) || k.Value.WaitUntil.After(t.at) ||
			k.Value.Close(agent, true, "", t.at) != nil {
			left++
			continue
		}
		t.keepTicket(k)
		t.tellHolder(holderOf(&k.Value), "told_closed", &k.Value, agent, desk.Agent{})
		if err := t.bring(&k.Value, desk.Ended); err != nil {
			return err
		}
		done++
		work += 1 + len(k.Value.Children) // which are closed with it
	}
	if more {
		t.out.Timers = append(t.out.Timers, spool.Timer{
			Name: staleTimer + name + "/" + t.mark(), Due: t.at,
			Event: chat.Event{
				Kind: chat.Tick, Place: t.event.Place, From: t.event.From, Private: t.event.Private, Handle: t.event.Handle,
				Action: chat.Do("close_stale", name, strconv.FormatInt(before.UnixMilli(), 10), strconv.Itoa(done), strconv.Itoa(left)),
			},
		})
		if began {
			t.tell(t.text("stale_goes_on", args{"Count": done, "Total": total}))
		}
		return nil
	}
	blocks := []chat.Block{t.text("stale_closed", args{"N": done})}
	if left > 0 {
		blocks = append(blocks, contextLine(t.words.say(t.lang, "stale_left", args{"N": left})))
	}
	t.tell(blocks...)
	return nil
}
