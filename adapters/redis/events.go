package redis

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// recordID names an event's record: 80 bits of a hash, in 16 letters and
// digits. The time tells apart two events of one identity that came more than
// spool.Remembered apart. Replies are named after it and must stay short:
// Discord takes 25 characters.
// Source: https://docs.discord.com/developers/resources/message#create-message
func recordID(e chat.Event, now time.Time) string {
	sum := sha256.Sum256([]byte(strconv.FormatInt(now.UnixMilli(), 10) + " " + e.Identity()))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}

func (s *Store) Accept(ctx context.Context, e chat.Event, now time.Time) (fresh bool, err error) {
	e, value, err := encode(e)
	if err != nil {
		return false, err
	}
	id := recordID(e, now)
	n, err := s.durably(ctx, acceptScript,
		[]string{s.keys.seen(), s.keys.event(id), s.keys.lane(e.Lane()), s.keys.ready(), s.keys.pending(), s.keys.done()},
		e.Identity(), now.UnixMilli(), now.Add(-spool.Remembered).UnixMilli(),
		id, string(e.Lane()), value, string(e.From.Person), now.Add(-repeatable).UnixMilli()).Int()
	return n == 1, err
}

// Lease takes one round trip.
func (s *Store) Lease(ctx context.Context, now time.Time, d time.Duration) (spool.Work, error) {
	token := rand.Text()
	answer, err := s.run(ctx, leaseScript, []string{s.keys.ready()}, string(s.keys),
		now.UnixMilli(), now.Add(d).UnixMilli(), token, desk.MaxLately).Slice()
	switch {
	case errors.Is(err, goredis.Nil):
		return spool.Work{}, spool.ErrNothing
	case err != nil:
		return spool.Work{}, fmt.Errorf("lease: %w", err)
	}
	id := text(answer[0])
	w := spool.Work{Token: id + "/" + token}
	if w.Event, err = decode[chat.Event](text(answer[1])); err != nil {
		return spool.Work{}, fmt.Errorf("lease event %s: %w", id, err)
	}
	if w.Tries, err = count(answer[2]); err != nil {
		return spool.Work{}, fmt.Errorf("lease event %s: %w", id, err)
	}
	if w.At, err = instant(answer[3]); err != nil {
		return spool.Work{}, fmt.Errorf("lease event %s: %w", id, err)
	}
	here := text(answer[4])
	v := s.view(w)
	v.cache = map[string]record{v.keys.newest(v.lane): {value: here}}
	for key, fields := range map[string][]any{
		s.keys.conversation(chat.ConversationID(here)): answer[5:7],
		s.keys.ticket(chat.TicketID(text(answer[7]))):  answer[8:10],
		s.keys.person(w.Event.From.Person):             answer[10:12],
	} {
		if v.cache[key], err = toRecord(fields); err != nil {
			return spool.Work{}, fmt.Errorf("lease event %s: %w", id, err)
		}
	}
	v.lately = []desk.LineID{}
	for fields := range slices.Chunk(answer[12:], 3) {
		line := desk.LineID(text(fields[0]))
		if v.cache[v.keys.line(line)], err = toRecord(fields[1:]); err != nil {
			return spool.Work{}, fmt.Errorf("lease event %s: %w", id, err)
		}
		v.lately = append(v.lately, line)
	}
	v.person = w.Event.From.Person
	w.View = v
	return w, nil
}

func (s *Store) Fresh(w spool.Work) spool.View { return s.view(w) }

func (s *Store) view(w spool.Work) *view {
	id, token, _ := strings.Cut(w.Token, "/")
	return &view{reader: s.reader, event: id, token: token, lane: w.Event.Lane()}
}

func (s *Store) Finish(ctx context.Context, w spool.Work, o spool.Outcome, now time.Time) error {
	v := s.view(w)
	b := batch{
		keys: []string{s.keys.event(v.event), s.keys.lane(v.lane), s.keys.ready(), s.keys.done(), s.keys.pending()},
		args: []any{v.token, v.event, string(v.lane), now.UnixMilli(), string(s.keys)},
	}
	var newest []any
	for _, record := range o.Conversations {
		c, value := encodeInto(&b, record.Value)
		b.save(s.keys.conversation(c.ID), record.Version, value,
			entry{s.keys.conversations(), c.Latest.UnixMilli(), string(c.ID)})
		newest = append(newest, record.Version, string(c.ID), string(c.Ticket), s.keys.newest(c.Lane))
	}
	for _, record := range o.Tickets {
		t, value := encodeInto(&b, record.Value)
		if t.ID != desk.NewID(t.Number) {
			return fmt.Errorf("ticket %q has number %d", t.ID, t.Number)
		}
		b.save(s.keys.ticket(t.ID), record.Version, value, s.indexes(t)...)
	}
	for _, record := range o.Persons {
		p, value := encodeInto(&b, record.Value)
		b.save(s.keys.person(p.ID), record.Version, value, s.duties(p)...)
	}
	for _, record := range o.Lines {
		l, value := encodeInto(&b, record.Value)
		b.save(s.keys.line(l.ID), record.Version, value, s.standing(l)...)
	}
	replies, err := s.queued(v.event, o.Replies)
	timers, err2 := s.setTimers(v.event, o.Timers, now)
	taught, counted, deeds := taught(&b, o), s.counted(&b, o), encodeDeeds(&b, o.Audit)
	if err := errors.Join(b.err, err, err2); err != nil {
		return err
	}
	args := slices.Concat(b.args, b.versions, members(o.Sets), b.records, []any{len(o.Conversations)}, newest, replies, timers, taught, counted, []any{len(deeds)}, deeds)
	return s.settle(ctx, finishScript, b.keys, args...)
}

// A batch is what finish.lua gets, as it is put together.
type batch struct {
	keys     []string
	args     []any // then
	versions []any // then, after the changes of sets
	records  []any
	err      error // the first
}

// An entry is where a record stands in an index.
type entry struct {
	index  string
	score  int64
	member string
}

// encodeInto is encode; an error stays in b.
func encodeInto[T any](b *batch, v T) (T, string) {
	v, value, err := encode(v)
	if b.err == nil {
		b.err = err
	}
	return v, value
}

func (b *batch) save(key string, version int64, value string, entries ...entry) {
	b.keys = append(b.keys, key)
	b.versions = append(b.versions, version)
	b.records = append(b.records, value, len(entries))
	for _, e := range entries {
		b.records = append(b.records, e.index, e.score, e.member)
	}
}

// indexes lists where a ticket stands.
func (s *Store) indexes(t desk.Ticket) []entry {
	number := numberMember(t.Number)
	var entries []entry
	if t.Asker.Person != "" { // else they are forgotten
		entries = append(entries, entry{s.keys.asker(t.Asker.Person), t.OpenedAt.UnixMilli(), number})
	}
	if t.State == desk.Closed {
		entries = append(entries, entry{s.keys.closed(), max(t.ClosedAt.UnixMilli(), t.OpenedAt.UnixMilli()), number})
	}
	if t.Live() {
		entries = append(entries,
			entry{s.keys.live(), t.OpenedAt.UnixMilli(), number},
			entry{s.keys.liveOf(t.Desk), t.Number, number})
	}
	if t.Parent != "" {
		return entries // it is worked with another: it waits in no queue, and is in nobody's hands
	}
	if t.State == desk.Open {
		entries = append(entries, entry{s.keys.rank(t.Desk), t.Rank(), number})
		if !t.DueAt.IsZero() {
			entries = append(entries,
				entry{s.keys.due(t.Desk), t.DueAt.UnixMilli(), dueMember(t)},
				entry{s.keys.duePriority(t.Desk, t.Priority), t.DueAt.UnixMilli(), dueMember(t)})
		}
	}
	if t.Live() {
		entries = append(entries, entry{s.keys.idle(t.Desk), t.LatestWord().UnixMilli(), number})
		if t.Holder != "" {
			entries = append(entries, entry{s.keys.holder(t.Holder), t.ClaimedAt.UnixMilli(), number})
		}
		if t.Theirs() {
			entries = append(entries, entry{s.keys.load(t.Holder), t.ClaimedAt.UnixMilli(), number})
		}
	}
	return entries
}

// duties lists where a person is on call.
func (s *Store) duties(p desk.Person) []entry {
	var entries []entry
	for name, duty := range p.OnCall {
		entries = append(entries, entry{s.keys.onCall(name), duty.Since.UnixMilli(), string(p.ID)})
	}
	return entries
}

// standing lists where a line of the ledger stands.
func (s *Store) standing(l desk.Line) []entry {
	at := l.At.UnixMilli()
	entries := []entry{{s.keys.ledger(), at, string(l.ID)}}
	if !l.Gone && l.Person != "" {
		entries = append(entries, entry{s.keys.questions(l.Person), at, string(l.ID)})
	}
	if l.Gap() {
		entries = append(entries, entry{s.keys.gaps(l.Desk), at, string(l.ID)})
	}
	return entries
}

// queued lists the replies to an event as the scripts take them: how many,
// then each.
func (s *Store) queued(event string, replies []chat.Reply) ([]any, error) {
	args := []any{len(replies)}
	for i, r := range replies {
		r, fields, err := queuedReply(r)
		if err != nil {
			return nil, err
		}
		id := event + "." + strconv.Itoa(i)
		args = append(append(args, id, r.Place.String(), r.Place.Platform), fields...)
	}
	return args, nil
}

// queuedReply is Key, Deed, what another reply must share to take its place,
// the reply, and the reply as a Post if it is a Replace. One reply takes the
// other's place only if nobody else sees it, it answers the same event, and its
// failure is told alike.
//
// It also returns the reply as it will be read again.
func queuedReply(r chat.Reply) (chat.Reply, []any, error) {
	r, value, err := encode(r)
	if err != nil {
		return r, nil, err
	}
	like, err := json.Marshal([]string{string(r.Purpose), string(r.Only), string(r.Handle), r.Report})
	if err != nil {
		return r, nil, err
	}
	posted := ""
	if r.Deed == chat.Replace {
		post := r
		post.Deed = chat.Post
		if _, posted, err = encode(post); err != nil {
			return r, nil, err
		}
	}
	return r, []any{string(r.Key), string(r.Deed), string(like), value, posted}, nil
}

func (s *Store) Retry(ctx context.Context, w spool.Work, cause string, until, now time.Time) error {
	v := s.view(w)
	return s.settle(ctx, retryScript, []string{s.keys.event(v.event), s.keys.ready(), s.keys.done()},
		v.token, string(v.lane), now.UnixMilli(), until.UnixMilli(), cause)
}

func (s *Store) Bury(ctx context.Context, w spool.Work, cause string, apology []chat.Reply, now time.Time, deeds ...desk.Deed) error {
	v := s.view(w)
	replies, err := s.queued(v.event, apology)
	if err != nil {
		return err
	}
	done, err := encodedDeeds(deeds)
	if err != nil {
		return err
	}
	args := []any{v.token, v.event, string(v.lane), now.UnixMilli(), string(s.keys), cause}
	return s.settle(ctx, buryScript, []string{
		s.keys.event(v.event), s.keys.lane(v.lane), s.keys.ready(), s.keys.done(), s.keys.pending(),
		s.keys.dead(), s.keys.deadLetter(v.event),
	}, slices.Concat(args, replies, done)...)
}
