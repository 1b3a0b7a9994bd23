package bot

import (
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

// What timers are for: the first part of their names.
const (
	overheardTimer = "overheard/" // and the place
	nudgeTimer     = "nudge/"     // and the conversation
	ticketTimer    = "ticket/"    // and the ticket
	silenceTimer   = "silence/"   // likewise
)

// overheard takes in what was said to nobody of ours. In a watched place it
// may be a question that we could answer, if nobody else says anything for a
// while; what was said before it is answered by it, as far as we can tell.
func (t *turn) overheard() error {
	if err := t.humanReplied(); err != nil {
		return err
	}
	if !t.watched() {
		return nil
	}
	timer := spool.Timer{Name: overheardTimer + t.event.Place.String()}
	age := t.at.Sub(t.event.At)
	if t.event.Text != "" && (t.settings.OverheardMaxAge == 0 || age <= t.settings.OverheardMaxAge) {
		timer.Due = t.at.Add(t.settings.OverheardWait)
		timer.Event = t.event
		timer.Event.Kind = chat.Tick
	}
	t.out.Timers = append(t.out.Timers, timer)
	return nil
}

// awaitNoMore leaves a question to nobody unanswered: someone has said another
// word since.
func (t *turn) awaitNoMore() {
	if t.watched() {
		t.out.Timers = append(t.out.Timers, spool.Timer{Name: overheardTimer + t.event.Place.String()})
	}
}

func (t *turn) watched() bool { return t.watches(t.event.Place.Outside()) }

// humanReplied calls off what was to come in a thread where someone else
// answers.
func (t *turn) humanReplied() error {
	c, ok, err := t.view.Here(t.ctx)
	if err == nil && ok && !t.isAsker(&c.Value) {
		t.nudgeNoMore(c.Value.ID)
	}
	return err
}

// nudgeLater asks an asker later whether an answer helped, if it was not a
// sure one: once in a conversation, and only where it can be seen that nobody
// else has answered. Who asks on after that gets the whole time anew until a
// ticket is made of it.
func (t *turn) nudgeLater(c *conversation.Conversation, level knowledge.Level) {
	switch {
	case t.settings.NudgeAfter == 0 || c.Private:
	case level == knowledge.Sure:
		t.nudgeNoMore(c.ID)
	case c.Nudged:
		t.escalateLater(c, t.settings.EscalateAfter)
	default:
		t.later(nudgeTimer, c, t.settings.NudgeAfter)
	}
}

func (t *turn) later(timer string, c *conversation.Conversation, after time.Duration) {
	t.out.Timers = append(t.out.Timers, spool.Timer{
		Name: timer + string(c.ID), Due: t.at.Add(after),
		Event: chat.Event{Kind: chat.Tick, Place: c.Place, From: c.Asker},
	})
}

// escalateLater makes a ticket of a conversation after a while in which nobody
// says a word. That is heard in threads: in a channel nobody can tell whom a
// word answers.
func (t *turn) escalateLater(c *conversation.Conversation, after time.Duration) {
	if t.settings.EscalateAfter > 0 && c.Place.Thread != "" && !c.Private {
		t.later(silenceTimer, c, after)
	}
}

// nudgeNoMore leaves a conversation alone: somebody has said or done something.
func (t *turn) nudgeNoMore(id chat.ConversationID) {
	t.out.Timers = append(t.out.Timers, spool.Timer{Name: nudgeTimer + string(id)})
	if t.settings.EscalateAfter > 0 {
		t.out.Timers = append(t.out.Timers, spool.Timer{Name: silenceTimer + string(id)})
	}
}

// ticked handles a timer that came due. What it was set for may be over, so
// everything is looked at again; and where clocks differ, it may have come too
// early.
func (t *turn) ticked() error {
	if id, ok := strings.CutPrefix(t.event.Timer, ticketTimer); ok {
		return t.alarm(chat.TicketID(id))
	}
	if t.early() {
		return nil
	}
	if t.event.Timer == beginTimer {
		t.rounds()
		return t.reports()
	}
	if name, ok := strings.CutPrefix(t.event.Timer, roundTimer); ok {
		return t.round(name)
	}
	if id, ok := strings.CutPrefix(t.event.Timer, nudgeTimer); ok {
		return t.nudge(id)
	}
	if id, ok := strings.CutPrefix(t.event.Timer, silenceTimer); ok {
		return t.escalateSilence(id)
	}
	if name, ok := strings.CutPrefix(t.event.Timer, reportTimer); ok {
		return t.report(name)
	}
	if of, ok := strings.CutPrefix(t.event.Timer, assignTimer); ok {
		return t.handOut(of)
	}
	if code, ok := strings.CutPrefix(t.event.Timer, codeTimer); ok {
		return t.spent(code)
	}
	if id, ok := strings.CutPrefix(t.event.Timer, revertTimer); ok {
		return t.revert(id)
	}
	if strings.HasPrefix(t.event.Timer, overheardTimer) {
		return t.answerOverheard()
	}
	if strings.HasPrefix(t.event.Timer, sendTimer) {
		return t.dispatched()
	}
	if strings.HasPrefix(t.event.Timer, staleTimer) {
		return t.closeMoreStale()
	}
	if t.event.Timer == spool.ForgottenTimer {
		return nil
	}
	t.log.Warn("timer of an unknown kind came due", "event", t.event.ID, "timer", t.event.Timer)
	return nil
}

// early sets a timer that has come too early by our clock once more. What was
// overheard is the message, and has its time.
func (t *turn) early() bool {
	due := t.event.At
	if strings.HasPrefix(t.event.Timer, overheardTimer) {
		due = due.Add(t.settings.OverheardWait)
	}
	if t.at.UnixMilli() >= due.UnixMilli() {
		return false
	}
	t.out.Timers = append(t.out.Timers, spool.Timer{Name: t.event.Timer, Due: due, Event: t.event})
	return true
}

// nudge asks whether an answer helped.
func (t *turn) nudge(id string) error {
	c, err := t.conversation(id)
	if c == nil || err != nil {
		return err
	}
	if c.Value.State != conversation.Answered || c.Value.Ticket != "" || c.Value.Nudged {
		return nil
	}
	c.Value.Nudged = true
	t.keepConversation(c)
	t.lang = t.words.speak(c.Value.Trail.Lang)
	t.post(t.public(&c.Value, "", chat.Post, []chat.Block{t.text("nudge"), row(
		t.helpedButton(c.Value.ID), t.contactButton(c.Value.ID),
	)}))
	t.escalateLater(&c.Value, t.settings.EscalateAfter-t.settings.NudgeAfter)
	return nil
}

// escalateSilence makes a ticket of a conversation that nobody has settled.
// Whoever does not want it takes it back by a press.
func (t *turn) escalateSilence(id string) error {
	c, err := t.conversation(id)
	if c == nil || err != nil {
		return err
	}
	asked := c.Value.Newest()
	if c.Value.State != conversation.Answered || c.Value.Ticket != "" || !c.Value.Nudged ||
		asked == nil || asked.Text == "" || asked.Level == string(knowledge.Sure) {
		return nil
	}
	if p, err := t.barred(); p != nil || err != nil {
		return err
	}
	t.lang = t.words.speak(c.Value.Trail.Lang)
	if err := t.open(c, chat.Shorten(asked.Text, maxFormText), "", t.topicOf(&c.Value)); err != nil {
		return err
	}
	opened := &t.out.Replies[len(t.out.Replies)-1]
	opened.Blocks = slices.Insert(opened.Blocks, 0, t.text("silence_opened"))
	return nil
}

// answerOverheard answers a question that nobody else took up, if the match is
// sure. Silence is better than a guess.
func (t *turn) answerOverheard() error {
	// From here on it is the message that was heard, so that edits find it.
	t.event.Kind = chat.Message
	here, err := t.here()
	if err != nil {
		return err
	}
	if here != nil && here.Value.ByMessage(t.event.Message) != nil {
		return nil // it was asked of us meanwhile
	}
	ans, err := t.find(nil, t.event.Text)
	if err != nil {
		return err
	}
	if ans.Intent != knowledge.Asks || ans.Level != knowledge.Sure {
		return nil
	}
	t.lang = t.words.speak(string(ans.Lang))
	return t.ask(t.begin(false), t.event.Text, ans)
}
