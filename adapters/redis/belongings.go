package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// scanCount is how many keys one step of a scan looks at, and readMost how many
// records are read in one round trip: the server does nothing else meanwhile.
const (
	scanCount = 500
	readMost  = 100
)

// A found is a record with its key, before it is decoded.
type found struct {
	key     string
	version int64
	value   string
}

var globs = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// scan goes through all keys of the installation, some at a time. What is there
// all the while comes at least once.
func (r reader) scan(ctx context.Context, do func(keys []string) error) error {
	for cursor := uint64(0); ; {
		some, next, err := r.db.Scan(ctx, cursor, globs.Replace(string(r.keys))+"*", scanCount).Result()
		if err != nil {
			return fmt.Errorf("go through the store: %w", explain(ctx, err))
		}
		if len(some) > 0 {
			if err := do(some); err != nil {
				return err
			}
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

// kind keeps those of some keys that begin with a name behind the prefix, and
// returns them without it, too.
func (r reader) kind(all []string, name string) (list []string) {
	for _, key := range all {
		if strings.HasPrefix(key, string(r.keys)+name+":") {
			list = append(list, key)
		}
	}
	return list
}

// after is a key without the prefix and the name of its kind.
func (r reader) after(key, name string) string {
	return strings.TrimPrefix(key, string(r.keys)+name+":")
}

// hashes reads the values of hashes, and their versions where they have some.
// Those that are gone are left out.
func (r reader) hashes(ctx context.Context, all []string) ([]found, error) {
	var list []found
	for some := range slices.Chunk(all, readMost) {
		var cmds []*goredis.SliceCmd
		_, err := r.db.Pipelined(ctx, func(p goredis.Pipeliner) error {
			for _, key := range some {
				cmds = append(cmds, p.HMGet(ctx, key, "version", "value"))
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read records: %w", explain(ctx, err))
		}
		for i, cmd := range cmds {
			one, err := toRecord(cmd.Val())
			if err != nil {
				return nil, fmt.Errorf("%s: %w", some[i], err)
			}
			if one.value != "" {
				list = append(list, found{some[i], one.version, one.value})
			}
		}
	}
	return list, nil
}

// texts reads strings. Those that are gone are left out.
func (r reader) texts(ctx context.Context, all []string) ([]found, error) {
	var list []found
	for some := range slices.Chunk(all, readMost) {
		values, err := r.db.MGet(ctx, some...).Result()
		if err != nil {
			return nil, fmt.Errorf("read texts: %w", explain(ctx, err))
		}
		for i, value := range values {
			if s := text(value); s != "" {
				list = append(list, found{key: some[i], value: s})
			}
		}
	}
	return list, nil
}

// decodeAll decodes records. One that cannot be read is an error: nobody could
// tell whose it is.
func decodeAll[T any](list []found) ([]spool.Versioned[T], error) {
	var all []spool.Versioned[T]
	for _, f := range list {
		v, err := decode[T](f.value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.key, err)
		}
		all = append(all, spool.Versioned[T]{Value: v, Version: f.version})
	}
	return all, nil
}

// A hoard is what is kept of an owner, with the versions that were read.
type hoard struct {
	persons       []spool.Versioned[desk.Person]
	conversations []spool.Versioned[conversation.Conversation]
	tickets       []spool.Versioned[desk.Ticket]
	lines         []spool.Versioned[desk.Line]
	aliases       []desk.Alias
}

// Belongings finds tickets and questions by their indexes, and conversations by
// going through all of them.
func (r reader) Belongings(ctx context.Context, o spool.Owner) (spool.Belongings, error) {
	var b spool.Belongings
	h, err := r.hoard(ctx, o)
	if err != nil {
		return b, fmt.Errorf("what is kept of %q: %w", o.Person, err)
	}
	for _, p := range h.persons {
		b.Persons = append(b.Persons, p.Value)
	}
	for _, c := range h.conversations {
		b.Conversations = append(b.Conversations, c.Value)
	}
	for _, k := range h.tickets {
		b.Tickets = append(b.Tickets, k.Value)
	}
	for _, l := range h.lines {
		b.Lines = append(b.Lines, l.Value)
	}
	b.Aliases = h.aliases
	slices.SortFunc(b.Conversations, func(a, b conversation.Conversation) int { return a.Begun.Compare(b.Begun) })
	slices.SortFunc(b.Tickets, func(a, b desk.Ticket) int { return int(a.Number - b.Number) })
	slices.SortFunc(b.Lines, func(a, b desk.Line) int { return a.At.Compare(b.At) })
	slices.SortFunc(b.Aliases, func(a, b desk.Alias) int { return a.At.Compare(b.At) })
	return b, nil
}

func (r reader) hoard(ctx context.Context, o spool.Owner) (h hoard, err error) {
	for _, id := range o.Persons() {
		p, err := r.Person(ctx, id)
		if err != nil {
			return h, err
		}
		if p.Version > 0 {
			h.persons = append(h.persons, p)
		}
		var keys []string
		numbers, err := r.db.ZRange(ctx, r.keys.asker(id), 0, -1).Result()
		for _, member := range numbers {
			n, err := strconv.ParseInt(member, 10, 64)
			if err != nil {
				return h, fmt.Errorf("index of tickets: %w", err)
			}
			keys = append(keys, r.keys.ticket(desk.NewID(n)))
		}
		if err != nil {
			return h, explain(ctx, err)
		}
		list, err := r.hashes(ctx, keys)
		tickets, err2 := decodeAll[desk.Ticket](list)
		if err := errors.Join(err, err2); err != nil {
			return h, err
		}
		h.tickets = append(h.tickets, tickets...)

		ids, err := r.db.ZRange(ctx, r.keys.questions(id), 0, -1).Result()
		if err != nil {
			return h, explain(ctx, err)
		}
		keys = nil
		for _, line := range ids {
			keys = append(keys, r.keys.line(desk.LineID(line)))
		}
		list, err = r.hashes(ctx, keys)
		lines, err2 := decodeAll[desk.Line](list)
		if err := errors.Join(err, err2); err != nil {
			return h, err
		}
		h.lines = append(h.lines, lines...)
	}
	err = r.scan(ctx, func(keys []string) error {
		list, err := r.hashes(ctx, r.kind(keys, "conversation"))
		if err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(f found) bool { return !mentions(f.value, o) })
		all, err := decodeAll[conversation.Conversation](list)
		for _, c := range all {
			twice := func(other spool.Versioned[conversation.Conversation]) bool { return other.Value.ID == c.Value.ID }
			if o.Is(c.Value.Asker) && !slices.ContainsFunc(h.conversations, twice) {
				h.conversations = append(h.conversations, c)
			}
		}
		return err
	})
	if err != nil || len(h.tickets) == 0 {
		return h, err
	}
	all, err := r.learned(ctx)
	for _, a := range all {
		if slices.ContainsFunc(h.tickets, func(k spool.Versioned[desk.Ticket]) bool { return k.Value.ID == a.Ticket }) {
			h.aliases = append(h.aliases, a)
		}
	}
	return h, err
}

// learned are all aliases that can be read.
func (r reader) learned(ctx context.Context) ([]desk.Alias, error) {
	values, err := r.db.HVals(ctx, r.keys.aliases()).Result()
	if err != nil {
		return nil, fmt.Errorf("list aliases: %w", explain(ctx, err))
	}
	var list []desk.Alias
	for _, value := range values {
		if a, err := decode[desk.Alias](value); err == nil {
			list = append(list, a)
		}
	}
	return list, nil
}

// mentions reports whether a stored value may name the owner: it need not be
// decoded if it does not. JSON writes some characters in another way.
func mentions(value string, o spool.Owner) bool {
	plain := func(id string) bool { return strings.ContainsAny(id, `"\<>&`) || strings.Contains(value, id) }
	return slices.ContainsFunc(o.Persons(), func(id chat.PersonID) bool { return plain(string(id)) })
}
