package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/signpost-bot/signpost/adapters/web"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// A meter makes of what the spool tells the figures that the web server shows,
// and a line in the log for each event, by which its conversation and ticket
// are found.
type meter struct {
	metrics *web.Metrics
	log     *slog.Logger
	now     func() time.Time
}

var _ spool.Meter = meter{}

func newMeter(m *web.Metrics, log *slog.Logger) meter { return meter{m, log, time.Now} }

// Accepted implements [spool.Meter].
func (m meter) Accepted(e chat.Event, fresh bool, took time.Duration) {
	result := "accepted"
	if !fresh {
		result = "repeated"
	}
	m.metrics.Event(e.Place.Platform, result)
	m.metrics.Took(web.AcceptStage, took)
}

// Finished implements [spool.Meter].
func (m meter) Finished(e chat.Event, o spool.Outcome, waited, took time.Duration) {
	m.metrics.Event(e.Place.Platform, "finished")
	m.metrics.Took(web.WaitStage, waited)
	m.metrics.Took(web.HandleStage, took)
	line := []any{"event", e.ID, "kind", e.Kind}
	for _, c := range o.Conversations {
		line = append(line, "conversation", c.Value.ID)
		if asked := c.Value.Newest(); asked != nil && asked.At.Equal(e.At) && asked.Level != "agent" {
			m.metrics.Asked(asked.Level, orUnknown(c.Value.Trail.Lang), orUnknown(c.Value.Trail.Audience))
		}
	}
	for _, t := range o.Tickets {
		line = append(line, "ticket", t.Value.ID)
		if m.claimed(t.Value, e, took) {
			m.metrics.Claimed()
		}
	}
	m.log.Info("event was handled", append(line, "replies", len(o.Replies), "waited", waited, "took", took)...)
}

// claimed reports whether an event, whose handling has just ended after took,
// has claimed a ticket. History tells when something was done, not by which
// event.
func (m meter) claimed(t desk.Ticket, e chat.Event, took time.Duration) bool {
	if len(t.History) == 0 {
		return false
	}
	newest := t.History[len(t.History)-1]
	const slack = 100 * time.Millisecond // since the handling ended
	return newest.Did == desk.DidClaim && newest.By == e.From.Person && !newest.At.Before(m.now().Add(-took-slack))
}

// Failed implements [spool.Meter].
func (m meter) Failed(e chat.Event, buried bool) {
	result := "failed"
	if buried {
		result = "buried"
	}
	m.metrics.Event(e.Place.Platform, result)
}

// Sent implements [spool.Meter].
func (m meter) Sent(l spool.Letter, how string, took time.Duration) {
	m.metrics.Delivery(l.Reply.Place.Platform, how)
	m.metrics.Took(web.DeliverStage, took)
	m.log.Debug("reply was tried", "reply", l.ID, "key", l.Reply.Key, "try", l.Try, "how", how, "took", took)
}

// Trouble implements [spool.Meter].
func (m meter) Trouble(step string) { m.metrics.Trouble(step) }

// Examined counts a time that the golden questions were asked again.
func (m meter) Examined(result string) { m.metrics.Examined(result) }

// Meant counts a question whose meaning a model told; empty: none did.
func (m meter) Meant(model string) {
	by := "server"
	switch model {
	case "":
		by = "none"
	case semantic.BuiltIn().Model().Name:
		by = "static"
	}
	m.metrics.Meant(by)
}

// counting is what a shelf holds, which tells the meter what told the meaning of
// each question, if it counts that.
func counting(s *shelf, m spool.Meter) func() bot.Library {
	counter, ok := m.(interface{ Meant(model string) })
	if !ok {
		return func() bot.Library { return s.library() }
	}
	return func() bot.Library { return metered{s.library(), counter.Meant} }
}

// A metered library tells what told the meaning of each question.
type metered struct {
	bot.Library
	meant func(model string)
}

func (l metered) Find(ctx context.Context, q knowledge.Question) (knowledge.Answer, error) {
	answer, err := l.Library.Find(ctx, q)
	if err == nil {
		l.meant(answer.Meaning)
	}
	return answer, err
}

func orUnknown(name string) string {
	if name == "" {
		return "unknown"
	}
	return name
}
