package redis

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

var (
	recordScript = script("audit", "record")
	sealScript   = script("seal")
)

// encodeDeeds makes JSON of deeds; an error stays in b.
func encodeDeeds(b *batch, deeds []desk.Deed) []any {
	var args []any
	for _, d := range deeds {
		_, value := encodeInto(b, d)
		args = append(args, value)
	}
	return args
}

// encodedDeeds is encodeDeeds for a step of its own.
func encodedDeeds(deeds []desk.Deed) ([]any, error) {
	var b batch
	args := encodeDeeds(&b, deeds)
	return args, b.err
}

func (s *Store) Record(ctx context.Context, step string, now time.Time, deeds ...desk.Deed) error {
	args, err := encodedDeeds(deeds)
	if err == nil {
		err = s.durably(ctx, recordScript, []string{s.keys.done()}, append([]any{string(s.keys), step, now.UnixMilli()}, args...)...).Err()
	}
	if err != nil {
		return fmt.Errorf("record in the audit: %w", err)
	}
	return nil
}

// Audited takes one round trip.
func (s *Store) Audited(ctx context.Context, after int64, limit int) ([]desk.AuditLine, error) {
	from := strconv.FormatInt(after+1, 10)
	found, err := s.db.XRangeN(ctx, s.keys.audit(), from, "+", int64(max(limit, 1))).Result()
	if err != nil {
		return nil, fmt.Errorf("read the audit: %w", explain(ctx, err))
	}
	var list []desk.AuditLine
	for _, entry := range found {
		l, err := toAuditLine(entry)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

// toAuditLine takes a sealed line as Redis answers it. Another entry than ours
// is no line that could be checked.
func toAuditLine(entry goredis.XMessage) (desk.AuditLine, error) {
	line, ok := entry.Values["line"].(string)
	seal, ok2 := entry.Values["seal"].(string)
	number, rest := entry.ID, ""
	if i := len(number) - len("-0"); i > 0 {
		number, rest = number[:i], number[i:]
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || rest != "-0" || !ok || !ok2 || len(entry.Values) != 2 {
		return desk.AuditLine{}, fmt.Errorf("%w: the entry %s of it is not one that Signpost wrote", desk.ErrBroken, entry.ID)
	}
	return desk.AuditLine{N: n, Text: line, Seal: desk.Seal(seal)}, nil
}

// lineNumber is how every line begins.
var lineNumber = regexp.MustCompile(`^\{"n":([1-9][0-9]{0,17}),`)

func (s *Store) Unsealed(ctx context.Context, limit int) ([]desk.AuditLine, error) {
	found, err := s.db.LRange(ctx, s.keys.auditOpen(), 0, int64(max(limit, 1))-1).Result()
	if err != nil {
		return nil, fmt.Errorf("read the audit: %w", explain(ctx, err))
	}
	var list []desk.AuditLine
	for _, text := range found {
		number := lineNumber.FindStringSubmatch(text)
		if number == nil {
			return nil, fmt.Errorf("%w before it was sealed: a line has no number", desk.ErrBroken)
		}
		n, err := strconv.ParseInt(number[1], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read the audit: %w", err)
		}
		list = append(list, desk.AuditLine{N: n, Text: text})
	}
	return list, nil
}

// AuditChain takes one round trip. A line that is sealed meanwhile may be missing
// from both, or counted twice.
func (s *Store) AuditChain(ctx context.Context) (c desk.Chain, err error) {
	var fields *goredis.SliceCmd
	var waiting *goredis.IntCmd
	_, err = s.db.Pipelined(ctx, func(p goredis.Pipeliner) error {
		fields = p.HMGet(ctx, s.keys.auditChain(), "first", "first_seal", "last", "last_seal")
		waiting = p.LLen(ctx, s.keys.auditOpen())
		return nil
	})
	if err != nil {
		return c, fmt.Errorf("read the audit: %w", explain(ctx, err))
	}
	c.Waiting = int(waiting.Val())
	for i, l := range []*desk.Link{&c.First, &c.Last} {
		n, err := count(fields.Val()[2*i])
		if err != nil {
			return c, fmt.Errorf("read the audit: %w", err)
		}
		l.N, l.Seal = int64(n), desk.Seal(text(fields.Val()[2*i+1]))
	}
	return c, nil
}

func (s *Store) Seal(ctx context.Context, behind desk.Link, lines []desk.AuditLine) error {
	if len(lines) == 0 {
		return nil
	}
	args := []any{behind.N, string(behind.Seal)}
	for _, l := range lines {
		args = append(args, l.N, l.Text, string(l.Seal))
	}
	n, err := s.durably(ctx, sealScript, []string{s.keys.auditChain(), s.keys.auditOpen(), s.keys.audit()}, args...).Int()
	if err == nil && n == 0 {
		err = spool.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("seal the audit: %w", err)
	}
	return nil
}
