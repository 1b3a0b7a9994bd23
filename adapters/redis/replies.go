package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

var unleaseReplyScript = script("unlease_reply")

// LeaseReply takes one step, or more if a hundred places and more wait for
// their turn: the server does nothing else meanwhile.
func (s *Store) LeaseReply(ctx context.Context, platform string, pace chat.Pace, now time.Time, d time.Duration) (spool.Letter, error) {
	l := spool.Letter{Token: rand.Text()}
	whole := ""
	if pace.Whole {
		whole = "1"
	}
	var step *goredis.Cmd
	for more := true; more; more = step.Err() == nil && step.Val() == int64(1) {
		step = s.durably(ctx, leaseReplyScript,
			[]string{s.keys.out(platform), s.keys.paced(platform), s.keys.pace(platform), s.keys.sending()},
			string(s.keys), now.UnixMilli(), now.Add(d).UnixMilli(), l.Token,
			milliseconds(pace.Place), milliseconds(pace.Platform), max(pace.Burst, 1), whole)
	}
	answer, err := step.Slice()
	switch {
	case errors.Is(err, goredis.Nil):
		return spool.Letter{}, spool.ErrNothing
	case err != nil:
		s.unlease(ctx, platform, l.Token, now)
		return spool.Letter{}, fmt.Errorf("lease reply: %w", err)
	}
	l.ID = text(answer[0])
	try, _ := answer[2].(int64)
	l.Try = int(try)
	begun, _ := answer[4].(int64)
	l.Uncertain = begun > 1
	if l.Since, err = instant(answer[5]); err != nil {
		return spool.Letter{}, fmt.Errorf("lease reply %s: %w", l.ID, err)
	}
	if l.Reply, err = decode[chat.Reply](text(answer[1])); err != nil {
		return spool.Letter{}, fmt.Errorf("lease reply %s: %w", l.ID, err)
	}
	if receipt := text(answer[3]); receipt != "" {
		if l.Sent, err = decode[chat.Receipt](receipt); err != nil {
			return spool.Letter{}, fmt.Errorf("lease reply %s: %w", l.ID, err)
		}
	}
	if receipt := text(answer[6]); receipt != "" {
		if l.Under, err = decode[chat.Receipt](receipt); err != nil {
			return spool.Letter{}, fmt.Errorf("lease reply %s: %w", l.ID, err)
		}
	}
	return l, nil
}

// unlease takes back a lease whose answer was lost or not confirmed: nobody
// will send that reply, so it must not count as begun. If the server is away,
// the reply is uncertain when its lease has run out.
func (s *Store) unlease(ctx context.Context, platform, token string, now time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	s.run(ctx, unleaseReplyScript, []string{s.keys.out(platform), s.keys.sending()}, string(s.keys), now.UnixMilli(), token)
}

// milliseconds keeps what is less than one.
func milliseconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 6, 64)
}

// A standing is a receipt as it is stored: with the ticket whose life it
// outlasts.
type standing struct {
	chat.Receipt
	Ticket chat.TicketID `json:"ticket,omitempty"`
}

// Delivered forgets the message under the Key if the reply removed it, or if
// the platform cannot say which message it is.
func (s *Store) Delivered(ctx context.Context, l spool.Letter, r chat.Receipt, now time.Time) error {
	place, key := l.Reply.Place, l.Reply.Key
	receipt, posted := "", ""
	if l.Reply.Deed != chat.Remove && key != "" && !r.IsZero() {
		kept := standing{Receipt: r, Ticket: l.Reply.Ticket}
		kept.Missing = nil
		var err error
		if _, receipt, err = encode(kept); err != nil {
			return err
		}
		if _, posted, err = encode(spool.Posted{Key: key, Conversation: l.Reply.Conversation, Ticket: l.Reply.Ticket}); err != nil {
			return err
		}
	}
	report := chat.Event{
		ID:   chat.EventID(fmt.Sprint("delivered/", l.ID, "/", now.UnixMilli())),
		Kind: chat.Delivered, At: now.UTC(), Place: r.Place, Message: r.Message, Report: l.Reply.Report, Missing: r.Missing,
	}
	if r.IsZero() {
		report.Place = place
	}
	record, value, err := reported(report, now)
	if err != nil {
		return err
	}
	return s.settle(ctx, deliveredScript, []string{
		s.keys.reply(l.ID), s.keys.outbox(place), s.keys.out(place.Platform), s.keys.done(), s.keys.pending(), s.keys.sending(),
		s.keys.receipt(key), s.keys.receipts(), s.keys.posted(r.Place, r.Message),
		s.keys.ready(), s.keys.event(record), s.keys.lane(report.Lane()),
	}, l.Token, l.ID, place.String(), now.UnixMilli(), place.Platform, string(key), receipt, posted, string(s.keys),
		record, string(report.Lane()), value)
}

// reported is the record id of an event that reports what became of a reply,
// and the event; empty if nobody asked for it.
func reported(e chat.Event, now time.Time) (record, value string, err error) {
	if e.Report != "" {
		_, value, err = encode(e)
	}
	return recordID(e, now), value, err
}

func (s *Store) Postpone(ctx context.Context, l spool.Letter, until, now time.Time) error {
	uncertain := ""
	if l.Uncertain {
		uncertain = "1"
	}
	place := l.Reply.Place
	return s.settle(ctx, postponeScript, []string{
		s.keys.reply(l.ID), s.keys.out(place.Platform), s.keys.done(), s.keys.sending(), s.keys.waiting(place),
	}, l.Token, l.ID, place.String(), now.UnixMilli(), until.UnixMilli(), uncertain)
}

// Discard reports with an event of its own for each time that a reply dies.
func (s *Store) Discard(ctx context.Context, l spool.Letter, cause string, now time.Time) error {
	place := l.Reply.Place
	report := chat.Event{
		ID:   chat.EventID(fmt.Sprint("undeliverable/", l.ID, "/", now.UnixMilli())),
		Kind: chat.Undeliverable, At: now.UTC(), Place: place, Report: l.Reply.Report, Cause: cause,
	}
	record, value, err := reported(report, now)
	if err != nil {
		return err
	}
	return s.settle(ctx, discardScript, []string{
		s.keys.reply(l.ID), s.keys.outbox(place), s.keys.out(place.Platform), s.keys.done(), s.keys.pending(), s.keys.sending(),
		s.keys.dead(), s.keys.deadLetter(l.ID),
		s.keys.ready(), s.keys.event(record), s.keys.lane(report.Lane()),
	}, l.Token, l.ID, place.String(), now.UnixMilli(), place.Platform, cause,
		record, string(report.Lane()), value)
}
