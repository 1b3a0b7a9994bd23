package redis

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

var (
	deadScript   = script("dead")
	replayScript = script("audit", "replay")
	dropScript   = script("audit", "drop")
)

func (s *Store) DeadLetters(ctx context.Context, limit int) ([]spool.DeadLetter, error) {
	if limit < 1 {
		return nil, nil
	}
	answer, err := s.run(ctx, deadScript, []string{s.keys.dead()}, string(s.keys), limit).Slice()
	if err != nil {
		return nil, fmt.Errorf("list dead letters: %w", err)
	}
	var letters []spool.DeadLetter
	for _, one := range answer {
		fields, ok := one.([]any)
		if !ok || len(fields) != 5 {
			return nil, fmt.Errorf("list dead letters: odd answer %v", one)
		}
		letter, err := toDeadLetter(text(fields[0]), fields[1:])
		if err != nil {
			return nil, err
		}
		letters = append(letters, letter)
	}
	return letters, nil
}

func (s *Store) DeadLetter(ctx context.Context, id string) (spool.DeadLetter, error) {
	fields, err := s.db.HMGet(ctx, s.keys.deadLetter(id), "at", "cause", "kind", "value").Result()
	if err != nil {
		return spool.DeadLetter{}, fmt.Errorf("dead letter %q: %w", id, explain(ctx, err))
	}
	if fields[3] == nil {
		return spool.DeadLetter{}, fmt.Errorf("dead letter %q: %w", id, spool.ErrNotFound)
	}
	return toDeadLetter(id, fields)
}

// toDeadLetter takes at, cause, kind and value as Redis answers them.
func toDeadLetter(id string, fields []any) (spool.DeadLetter, error) {
	l := spool.DeadLetter{ID: id, Cause: text(fields[1])}
	var err error
	if l.At, err = instant(fields[0]); err == nil {
		if text(fields[2]) == "event" {
			l.Event, err = decode[*chat.Event](text(fields[3]))
		} else {
			l.Reply, err = decode[*chat.Reply](text(fields[3]))
		}
	}
	if err != nil {
		return l, fmt.Errorf("dead letter %q: %w", id, err)
	}
	return l, nil
}

// Replay gives an event a new record, so that no reply to it is taken for one
// of its first life. A reply keeps its id: it is the same message.
func (s *Store) Replay(ctx context.Context, id string, now time.Time, deeds ...desk.Deed) error {
	letter, err := s.DeadLetter(ctx, id)
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	done, err := encodedDeeds(deeds)
	if err != nil {
		return err
	}
	keys := []string{s.keys.dead(), s.keys.deadLetter(id), s.keys.pending()}
	var args []any
	if e := letter.Event; e != nil {
		_, value, err := encode(*e)
		if err != nil {
			return err
		}
		again := *e
		again.ID, again.Kind = chat.EventID("replay/"+id), chat.Tick // for its identity only
		record, lane := recordID(again, now), e.Lane()
		keys = append(keys, s.keys.event(record), s.keys.lane(lane), s.keys.ready(), s.keys.waiting(e.Place))
		args = []any{id, record, string(lane), now.UnixMilli(), "events", "", string(s.keys), len(done),
			"value", value, "person", string(e.From.Person), "at", now.UnixMilli()}
	} else {
		r := letter.Reply
		_, fields, err := queuedReply(*r)
		if err != nil {
			return err
		}
		keys = append(keys, s.keys.reply(id), s.keys.outbox(r.Place), s.keys.out(r.Place.Platform), s.keys.waiting(r.Place))
		args = []any{id, id, r.Place.String(), now.UnixMilli(), "replies:" + r.Place.Platform, fields[0], string(s.keys), len(done),
			"key", fields[0], "deed", fields[1], "like", fields[2], "value", fields[3], "at", now.UnixMilli()}
	}
	args = slices.Insert(args, 8, done...)
	n, err := s.durably(ctx, replayScript, keys, args...).Int()
	if err == nil && n == 0 {
		err = spool.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("replay dead letter %q: %w", id, err)
	}
	return nil
}

func (s *Store) Drop(ctx context.Context, id string, deeds ...desk.Deed) error {
	done, err := encodedDeeds(deeds)
	if err != nil {
		return err
	}
	n, err := s.durably(ctx, dropScript, []string{s.keys.dead(), s.keys.deadLetter(id)}, append([]any{id, string(s.keys)}, done...)...).Int()
	if err == nil && n == 0 {
		err = spool.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("drop dead letter %q: %w", id, err)
	}
	return nil
}
