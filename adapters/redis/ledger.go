package redis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

var (
	linesScript   = script("lines")
	talliesScript = script("tallies")
)

func (r reader) Line(ctx context.Context, id desk.LineID) (spool.Versioned[desk.Line], error) {
	v, err := read[desk.Line](ctx, r, r.keys.line(id))
	if err != nil {
		return v, fmt.Errorf("line %q of the ledger: %w", id, err)
	}
	return v, nil
}

// Lately takes one round trip.
func (r reader) Lately(ctx context.Context, person chat.PersonID) ([]spool.Versioned[desk.Line], error) {
	list, _, err := r.lines(ctx, r.keys.questions(person), "-inf", desk.MaxLately)
	if err != nil {
		return nil, fmt.Errorf("questions of %q: %w", person, err)
	}
	return list, nil
}

// Lately takes no round trip for the sender of the event that was leased: the
// lease has brought their lines along.
func (v *view) Lately(ctx context.Context, person chat.PersonID) ([]spool.Versioned[desk.Line], error) {
	if v.lately == nil || person != v.person {
		return v.reader.Lately(ctx, person)
	}
	var list []spool.Versioned[desk.Line]
	for _, id := range v.lately {
		l, err := v.Line(ctx, id)
		if errors.Is(err, spool.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

// Gaps takes one round trip.
func (r reader) Gaps(ctx context.Context, name string, since time.Time, limit int) ([]desk.Line, int, error) {
	found, total, err := r.lines(ctx, r.keys.gaps(name), strconv.FormatInt(since.UnixMilli(), 10), limit)
	if err != nil {
		return nil, 0, fmt.Errorf("gaps of desk %q: %w", name, err)
	}
	var list []desk.Line
	for _, l := range found {
		list = append(list, l.Value)
	}
	return list, total, nil
}

// lines lists those of an index, newest first, and counts them.
func (r reader) lines(ctx context.Context, index, since string, limit int) ([]spool.Versioned[desk.Line], int, error) {
	answer, err := r.run(ctx, linesScript, []string{index}, since, max(limit, 0), string(r.keys)).Slice()
	if err != nil {
		return nil, 0, err
	}
	total, _ := answer[0].(int64)
	var list []spool.Versioned[desk.Line]
	for i := 1; i+1 < len(answer); i += 2 {
		found, err := toRecord(answer[i : i+2])
		if err != nil {
			return nil, 0, err
		}
		l := spool.Versioned[desk.Line]{Version: found.version}
		if l.Value, err = decode[desk.Line](found.value); err != nil {
			return nil, 0, err
		}
		list = append(list, l)
	}
	return list, int(total), nil
}

// dayLayout names a day in keys.
const dayLayout = "2006-01-02"

// tallyField names a count in the hash of its desk and day.
func tallyField(t desk.Tally) (string, error) {
	field, err := json.Marshal([]string{string(t.What), string(t.By), t.Of, t.How})
	return string(field), err
}

// readTally is the opposite of tallyField.
func readTally(field string) (t desk.Tally, err error) {
	var parts []string
	if err := json.Unmarshal([]byte(field), &parts); err != nil || len(parts) != 4 {
		return t, fmt.Errorf("stored tally %q is none", field)
	}
	t.What, t.By, t.Of, t.How = desk.Counted(parts[0]), desk.Facet(parts[1]), parts[2], parts[3]
	return t, nil
}

// Tallies takes one round trip.
func (r reader) Tallies(ctx context.Context, name string, from, to time.Time) ([]desk.Tally, error) {
	var keys []string
	var days []time.Time
	for day := from.UTC().Truncate(24 * time.Hour); day.Before(to); day = day.Add(24 * time.Hour) {
		keys, days = append(keys, r.keys.tally(name, day.Format(dayLayout))), append(days, day)
	}
	if len(keys) == 0 {
		return nil, nil
	}
	answer, err := r.run(ctx, talliesScript, keys).Slice()
	if err != nil {
		return nil, fmt.Errorf("tallies of desk %q: %w", name, err)
	}
	var list []desk.Tally
	for i, day := range answer {
		fields, _ := day.([]any)
		for j := 0; j+1 < len(fields); j += 2 {
			t, err := readTally(text(fields[j]))
			if err != nil {
				return nil, err
			}
			if t.N, err = count(fields[j+1]); err != nil {
				return nil, err
			}
			if t.Day, t.Desk = days[i], name; t.N != 0 {
				list = append(list, t)
			}
		}
	}
	return desk.Sum(list), nil
}

func (r reader) Waits(ctx context.Context, name string) ([]desk.Wait, error) {
	values, err := r.db.LRange(ctx, r.keys.waits(name), 0, desk.MaxWaits-1).Result()
	if err != nil {
		return nil, fmt.Errorf("waits of desk %q: %w", name, explain(ctx, err))
	}
	var list []desk.Wait
	for _, value := range values {
		w, err := decode[desk.Wait](value)
		if err != nil {
			return nil, err
		}
		w.Desk = name
		list = append(list, w)
	}
	return list, nil
}

// counted lists what an outcome counts as finish.lua takes it: of how many days
// of a desk, then for each which, how many counts, and these; how many waits are
// kept, how many there are, then each.
func (s *Store) counted(b *batch, o spool.Outcome) []any {
	var names []string
	first, fields := map[string]desk.Tally{}, map[string][]any{}
	for _, t := range o.Tallies {
		// What is no UTF-8 would be another field than the one that is read again.
		t.Desk, t.Of, t.How = strings.ToValidUTF8(t.Desk, "�"), strings.ToValidUTF8(t.Of, "�"), strings.ToValidUTF8(t.How, "�")
		field, err := tallyField(t)
		if b.err == nil {
			b.err = err
		}
		name := t.Day.Format(dayLayout) + ":" + t.Desk
		if fields[name] == nil {
			names, first[name] = append(names, name), t
		}
		fields[name] = append(fields[name], field, t.N)
	}
	args := []any{len(names)}
	for _, name := range names {
		args = append(append(args, name, first[name].Day.UnixMilli(), len(fields[name])/2), fields[name]...)
	}
	args = append(args, desk.MaxWaits, len(o.Waits))
	for _, w := range o.Waits {
		name := w.Desk
		_, value := encodeInto(b, w)
		args = append(args, s.keys.waits(name), value)
	}
	return args
}
