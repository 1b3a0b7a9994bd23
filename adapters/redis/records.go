package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// A record is a stored value before it is decoded.
type record struct {
	version int64 // 0: there is none
	value   string
}

// A reader reads records, each at most once if it has a cache.
type reader struct {
	db    *goredis.Client
	keys  keys
	cache map[string]record // by key; nil: none is kept
}

func (r reader) record(ctx context.Context, key string) (record, error) {
	if found, ok := r.cache[key]; ok {
		return found, nil
	}
	fields, err := r.db.HMGet(ctx, key, "version", "value").Result()
	if err != nil {
		return record{}, explain(ctx, err)
	}
	found, err := toRecord(fields)
	if err == nil && r.cache != nil {
		r.cache[key] = found
	}
	return found, err
}

// text is an answer that may be nil.
func text(answer any) string {
	s, _ := answer.(string)
	return s
}

// count is a number that is stored as text; nil is 0.
func count(answer any) (int, error) {
	s := text(answer)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("stored count: %w", err)
	}
	return n, nil
}

// instant is a time that is stored as Unix milliseconds; nil is the zero time.
func instant(answer any) (time.Time, error) {
	ms, err := count(answer)
	if err != nil || ms == 0 {
		return time.Time{}, err
	}
	return time.UnixMilli(int64(ms)).UTC(), nil
}

// toRecord takes a version and a value as Redis answers them.
func toRecord(fields []any) (record, error) {
	version, err := count(fields[0])
	return record{int64(version), text(fields[1])}, err
}

// read decodes the record under a key. It is decoded every time, so nobody
// changes what another one reads.
func read[T any](ctx context.Context, r reader, key string) (v spool.Versioned[T], err error) {
	found, err := r.record(ctx, key)
	if err != nil {
		return v, err
	}
	if found.version == 0 {
		return v, spool.ErrNotFound
	}
	v.Version = found.version
	v.Value, err = decode[T](found.value)
	return v, err
}

func (r reader) Conversation(ctx context.Context, id chat.ConversationID) (spool.Versioned[conversation.Conversation], error) {
	v, err := read[conversation.Conversation](ctx, r, r.keys.conversation(id))
	if err != nil {
		return v, fmt.Errorf("conversation %q: %w", id, err)
	}
	return v, nil
}

func (r reader) Ticket(ctx context.Context, id chat.TicketID) (spool.Versioned[desk.Ticket], error) {
	v, err := read[desk.Ticket](ctx, r, r.keys.ticket(id))
	if err != nil {
		return v, fmt.Errorf("ticket %q: %w", id, err)
	}
	return v, nil
}

func (r reader) Person(ctx context.Context, id chat.PersonID) (spool.Versioned[desk.Person], error) {
	v, err := read[desk.Person](ctx, r, r.keys.person(id))
	if err != nil && !errors.Is(err, spool.ErrNotFound) {
		return v, fmt.Errorf("person %q: %w", id, err)
	}
	return v, nil
}

// Queue takes one round trip.
func (r reader) Queue(ctx context.Context, name string, now time.Time, limit int) ([]desk.Ticket, int, error) {
	answer, err := r.run(ctx, queueScript, []string{r.keys.due(name), r.keys.rank(name)},
		now.UnixMilli(), max(limit, 1), string(r.keys)).Slice()
	if err != nil {
		return nil, 0, fmt.Errorf("queue of desk %q: %w", name, err)
	}
	total, _ := answer[0].(int64)
	tickets, err := decodeTickets(answer[1:min(len(answer), 1+max(limit, 0))])
	return tickets, int(total), err
}

// Ahead takes one round trip. It looks one by one only at tickets of t's
// priority, those before or those behind it, whichever are fewer.
func (r reader) Ahead(ctx context.Context, t desk.Ticket, now time.Time) (int, error) {
	due := ""
	if !t.DueAt.IsZero() && !t.DueAt.After(now) {
		due = strconv.FormatInt(t.DueAt.UnixMilli(), 10)
	}
	keys := []string{r.keys.due(t.Desk), r.keys.rank(t.Desk)}
	for p := t.Priority; p >= desk.Low; p-- {
		keys = append(keys, r.keys.duePriority(t.Desk, p))
	}
	first, last := desk.Ranks(t.Priority)
	n, err := r.run(ctx, aheadScript, keys,
		now.UnixMilli(), due, t.Rank(), dueMember(t), numberMember(t.Number), first, last).Int()
	if err != nil {
		return 0, fmt.Errorf("count tickets ahead of %s: %w", t.ID, err)
	}
	return n, nil
}

func (r reader) Held(ctx context.Context, holder chat.PersonID, limit int) ([]desk.Ticket, error) {
	return r.tickets(ctx, r.keys.holder(holder), "ZRANGE", limit)
}

func (r reader) Asked(ctx context.Context, asker chat.PersonID, limit int) ([]desk.Ticket, error) {
	return r.tickets(ctx, r.keys.asker(asker), "ZREVRANGE", limit)
}

func (r reader) LiveOf(ctx context.Context, name string, after int64, limit int) ([]desk.Ticket, int, error) {
	list, total, err := r.some(ctx, r.keys.liveOf(name), "("+strconv.FormatInt(after, 10), "+inf", limit, "all")
	if err != nil {
		return nil, 0, fmt.Errorf("live tickets of desk %q: %w", name, err)
	}
	return list, total, nil
}

func (r reader) Idle(ctx context.Context, name string, before time.Time, limit int) ([]desk.Ticket, int, error) {
	list, total, err := r.some(ctx, r.keys.idle(name), "-inf", "("+strconv.FormatInt(before.UnixMilli(), 10), limit, "these")
	if err != nil {
		return nil, 0, fmt.Errorf("idle tickets of desk %q: %w", name, err)
	}
	return list, total, nil
}

// some lists the tickets of an index between two scores, and counts those of the
// index or these. It takes one round trip.
func (r reader) some(ctx context.Context, index, from, to string, limit int, counted string) ([]desk.Ticket, int, error) {
	answer, err := r.run(ctx, someScript, []string{index}, from, to, max(limit, 0), counted, string(r.keys)).Slice()
	if err != nil {
		return nil, 0, err
	}
	total, _ := answer[0].(int64)
	list, err := decodeTickets(answer[1:])
	return list, int(total), err
}

// OnCall takes one round trip.
func (r reader) OnCall(ctx context.Context, name string) ([]desk.OnCall, error) {
	answer, err := r.run(ctx, crewScript, []string{r.keys.onCall(name)}, string(r.keys)).Slice()
	if err != nil {
		return nil, fmt.Errorf("who is on call at desk %q: %w", name, err)
	}
	var list []desk.OnCall
	for pair := range slices.Chunk(answer, 2) {
		p, err := decode[desk.Person](text(pair[0]))
		if err != nil {
			return nil, err
		}
		load, _ := pair[1].(int64)
		if one, ok := p.On(name); ok {
			one.Load = int(load)
			list = append(list, one)
		}
	}
	return list, nil
}

func (r reader) tickets(ctx context.Context, index, order string, limit int) ([]desk.Ticket, error) {
	if limit < 1 {
		return nil, nil
	}
	answer, err := r.run(ctx, ticketsScript, []string{index}, order, limit, string(r.keys)).Slice()
	if err != nil {
		return nil, fmt.Errorf("list tickets: %w", err)
	}
	return decodeTickets(answer)
}

func decodeTickets(answer []any) ([]desk.Ticket, error) {
	var tickets []desk.Ticket
	for _, value := range answer {
		t, err := decode[desk.Ticket](text(value))
		if err != nil {
			return nil, err
		}
		tickets = append(tickets, t)
	}
	return tickets, nil
}

func (r reader) Posted(ctx context.Context, channel chat.Place, m chat.MessageID) (spool.Posted, error) {
	value, err := r.db.Get(ctx, r.keys.posted(channel, m)).Result()
	switch {
	case errors.Is(err, goredis.Nil):
		return spool.Posted{}, fmt.Errorf("message %s of %s: %w", m, channel, spool.ErrNotFound)
	case err != nil:
		return spool.Posted{}, explain(ctx, err)
	}
	return decode[spool.Posted](value)
}

// A view is what one run of a handler sees: not for concurrent use.
type view struct {
	reader
	event string // record id
	token string
	lane  chat.Lane

	person chat.PersonID // who sent the event, if the lease has brought their lines along
	lately []desk.LineID // these; nil if it has not
}

var _ spool.View = (*view)(nil)

// Here takes two round trips in a view without a cache, else none: the lease
// has brought the conversation along.
func (v *view) Here(ctx context.Context) (spool.Versioned[conversation.Conversation], bool, error) {
	var none spool.Versioned[conversation.Conversation]
	newest, ok := v.cache[v.keys.newest(v.lane)]
	if !ok {
		var err error
		newest.value, err = v.db.HGet(ctx, v.keys.newest(v.lane), "conversation").Result()
		if err != nil && !errors.Is(err, goredis.Nil) {
			return none, false, fmt.Errorf("newest conversation: %w", explain(ctx, err))
		}
	}
	if newest.value == "" {
		return none, false, nil
	}
	c, err := v.Conversation(ctx, chat.ConversationID(newest.value))
	return c, err == nil, err
}

func (v *view) Number(ctx context.Context) (int64, error) {
	text, err := v.run(ctx, numberScript, []string{v.keys.event(v.event), v.keys.number()}, v.token).Text()
	if errors.Is(err, goredis.Nil) {
		err = spool.ErrLost
	}
	if err != nil {
		return 0, fmt.Errorf("reserve a ticket number: %w", err)
	}
	return strconv.ParseInt(text, 10, 64)
}

func (v *view) Head(ctx context.Context, name string, now time.Time, nth int) (chat.TicketID, error) {
	text, err := v.run(ctx, headScript, []string{v.keys.event(v.event), v.keys.due(name), v.keys.rank(name)},
		v.token, v.event, name, now.UnixMilli(), string(v.keys), nth).Text()
	switch {
	case errors.Is(err, goredis.Nil):
		err = spool.ErrLost
	case err == nil && text == "":
		err = spool.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("reserve the head of desk %q: %w", name, err)
	}
	number, err := strconv.ParseInt(text, 10, 64)
	return desk.NewID(number), err
}
