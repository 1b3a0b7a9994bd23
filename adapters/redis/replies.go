package redis

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/spool"
)

func (s *Store) LeaseReply(ctx context.Context, platform string, now time.Time, d time.Duration) (spool.Letter, error) {
	l := spool.Letter{Token: rand.Text()}
	answer, err := s.run(ctx, leaseReplyScript, []string{s.keys.out(platform)},
		string(s.keys), now.UnixMilli(), now.Add(d).UnixMilli(), l.Token).Slice()
	switch {
	case errors.Is(err, goredis.Nil):
		return spool.Letter{}, spool.ErrNothing
	case err != nil:
		return spool.Letter{}, fmt.Errorf("lease reply: %w", err)
	}
	l.ID = text(answer[0])
	try, _ := answer[2].(int64)
	l.Try = int(try)
	if l.Reply, err = decode[chat.Reply](text(answer[1])); err != nil {
		return spool.Letter{}, fmt.Errorf("lease reply %s: %w", l.ID, err)
	}
	if receipt := text(answer[3]); receipt != "" {
		if l.Sent, err = decode[chat.Receipt](receipt); err != nil {
			return spool.Letter{}, fmt.Errorf("lease reply %s: %w", l.ID, err)
		}
	}
	return l, nil
}

// Delivered forgets the message under the Key if the reply removed it, or if
// the platform cannot say which message it is.
func (s *Store) Delivered(ctx context.Context, l spool.Letter, r chat.Receipt, now time.Time) error {
	receipt := ""
	if l.Reply.Deed != chat.Remove && l.Reply.Key != "" && r != (chat.Receipt{}) {
		var err error
		if _, receipt, err = encode(r); err != nil {
			return err
		}
	}
	place := l.Reply.Place
	return s.settle(ctx, deliveredScript, []string{
		s.keys.reply(l.ID), s.keys.outbox(place), s.keys.out(place.Platform), s.keys.done(), s.keys.pending(),
		s.keys.receipt(l.Reply.Key),
	}, l.Token, l.ID, place.String(), now.UnixMilli(), receipt)
}

func (s *Store) Postpone(ctx context.Context, l spool.Letter, until, now time.Time) error {
	place := l.Reply.Place
	return s.settle(ctx, postponeScript, []string{s.keys.reply(l.ID), s.keys.out(place.Platform), s.keys.done()},
		l.Token, place.String(), now.UnixMilli(), until.UnixMilli())
}

func (s *Store) Discard(ctx context.Context, l spool.Letter, cause string, now time.Time) error {
	place := l.Reply.Place
	return s.settle(ctx, discardScript, []string{
		s.keys.reply(l.ID), s.keys.outbox(place), s.keys.out(place.Platform), s.keys.done(), s.keys.pending(),
		s.keys.dead(), s.keys.deadLetter(l.ID),
	}, l.Token, l.ID, place.String(), now.UnixMilli(), cause)
}

func (s *Store) Pending(ctx context.Context) (spool.Pending, error) {
	counts, err := s.db.HMGet(ctx, s.keys.pending(), "events", "replies").Result()
	if err != nil {
		return spool.Pending{}, fmt.Errorf("count what is pending: %w", explain(ctx, err))
	}
	var p spool.Pending
	var bad [2]error
	p.Events, bad[0] = count(counts[0])
	p.Replies, bad[1] = count(counts[1])
	return p, errors.Join(bad[:]...)
}
