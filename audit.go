package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// auditCommand is for who did what. docs/audit.md says what its output means.
type auditCommand struct {
	Export auditExport `cmd:"" default:"withargs" help:"Print who did what as lines of JSON, the oldest first."`
	Verify auditVerify `cmd:"" help:"Check that nobody has changed it since."`
}

type auditExport struct {
	Since  string `help:"Only from then on: 2026-03-01, 2026-03-01T09:30Z, or 14d ago." placeholder:"WHEN"`
	Until  string `help:"Only before then, likewise." placeholder:"WHEN"`
	Who    string `help:"Only what this person or account did." placeholder:"ID"`
	Ticket string `help:"Only what was done to this ticket." placeholder:"T-12"`
	What   string `help:"Only such actions: ticket.claim, or ticket for all that are done to tickets." placeholder:"ACTION"`
}

type auditVerify struct {
	File string   `arg:"" optional:"" help:"What was exported, or - for the standard input; by itself, what Redis has. A file needs no Redis."`
	Head []string `help:"Where it ended once, as the log or an earlier check has it: it must have gone on from there. May be repeated." placeholder:"N:SEAL"`
	Key  []string `help:"File with a key that it was sealed with, beside the configured one. May be repeated." placeholder:"FILE"`
	Part bool     `help:"The file is a part of it, picked by --who and the like: lines may be missing."`
}

// auditKept is what withStore says of it.
const auditKept = "the audit is kept there"

// auditBatch is how many lines are read at once.
const auditBatch = 1000

// Run exports the audit. What is not sealed yet is sealed first.
func (o *auditExport) Run(ctx context.Context, c *cli, s streams) error {
	wanted, err := o.filter(time.Now())
	if err != nil {
		return err
	}
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	return withStore(ctx, c, s, auditKept, func(store *redis.Store, _ redactor) error {
		if err := store.Record(ctx, rand.Text(), time.Now(), errand("audit.export")); err != nil {
			return err
		}
		sealer, err := newSealer(store, cfg.Audit, time.Now, newLogger(cfg.Log, s.err, secrets(cfg)))
		if err != nil {
			return err
		}
		switch _, err := sealer.seal(ctx); {
		case errors.Is(err, errKeyless):
			fmt.Fprintln(s.err, "Lines of the last second may be missing: only who has the key of the audit can seal them.")
		case err != nil:
			return err
		}
		out := bufio.NewWriter(s.out)
		if _, err := eachLine(ctx, store, func(_ desk.Chain, l desk.AuditLine, before desk.Seal) error {
			if ok, err := wanted(l); !ok || err != nil {
				return err
			}
			_, err := fmt.Fprintln(out, l.Export(before))
			return err
		}); err != nil {
			return errors.Join(out.Flush(), err)
		}
		return out.Flush()
	})
}

// filter is which lines are wanted.
func (o *auditExport) filter(now time.Time) (func(desk.AuditLine) (bool, error), error) {
	since, err := moments(o.Since, now)
	if err != nil {
		return nil, fmt.Errorf("--since: %w", err)
	}
	until, err := moments(o.Until, now)
	if err != nil {
		return nil, fmt.Errorf("--until: %w", err)
	}
	var ticket chat.TicketID
	if o.Ticket != "" {
		if ticket, err = desk.ParseID(o.Ticket); err != nil {
			return nil, fmt.Errorf("--ticket: %q is no ticket; write it such as T-12", visible(o.Ticket))
		}
	}
	return func(l desk.AuditLine) (bool, error) {
		d, err := l.Deed()
		if err != nil {
			return false, err
		}
		return (since.IsZero() || !d.At.Before(since)) && (until.IsZero() || d.At.Before(until)) &&
			(o.Who == "" || o.Who == string(d.Who) || o.Who == string(d.Account)) &&
			(ticket == "" || d.Touches(string(ticket))) && (o.What == "" || d.Is(o.What)), nil
	}, nil
}

// moments reads a day, a time, or how long ago; empty is the zero time.
func moments(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04Z07:00", time.RFC3339} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, nil
		}
	}
	span, err := chat.ParseSpan(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time; write it such as 2026-03-01, 2026-03-01T09:30Z or 14d", visible(s))
	}
	return now.Add(-span), nil
}

// A lineReader reads the audit.
type lineReader interface {
	AuditChain(ctx context.Context) (desk.Chain, error)
	Audited(ctx context.Context, after int64, limit int) ([]desk.AuditLine, error)
}

// eachLine calls do with every sealed line, the oldest first, and the seal of the
// line before it. It returns the chain as it was before.
func eachLine(ctx context.Context, store lineReader, do func(desk.Chain, desk.AuditLine, desk.Seal) error) (desk.Chain, error) {
	chain, err := store.AuditChain(ctx)
	last := chain.First
	for err == nil {
		var lines []desk.AuditLine
		if lines, err = store.Audited(ctx, last.N, auditBatch); len(lines) == 0 {
			break
		}
		for _, l := range lines {
			if err = do(chain, l, last.Seal); err != nil {
				return chain, err
			}
			last = desk.Link{N: l.N, Seal: l.Seal}
		}
	}
	return chain, err
}

// Run checks the audit, in Redis or in a file.
func (o *auditVerify) Run(ctx context.Context, c *cli, s streams) error {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	own, err := sealKeyOf(cfg.Audit)
	if err != nil {
		return err
	}
	keys, err := o.keys(own)
	if err != nil {
		return err
	}
	var heads []desk.Link
	for _, text := range o.Head {
		head, err := desk.ParseLink(text)
		if err != nil {
			return fmt.Errorf("--head: %w", err)
		}
		heads = append(heads, head)
	}
	if o.File != "" {
		return o.file(keys, heads, s)
	}
	if o.Part {
		return errors.New("--part is for a file; what Redis has is whole")
	}
	return withStore(ctx, c, s, auditKept, func(store *redis.Store, _ redactor) error {
		v, chain, err := verifyStore(ctx, store, keys, heads)
		if err == nil && own.Name() != "" && v.Lines > 0 && v.Last().Key() == "" {
			err = fmt.Errorf("%w: its end is sealed without the configured key, so whoever may write to Redis may have made it; "+
				"if the key is new, start signpost serve with it and check again", desk.ErrUnchecked)
		}
		if err == nil {
			_, err = fmt.Fprint(s.out, told(v, chain.First))
		}
		if err == nil && chain.Waiting > 0 {
			_, err = fmt.Fprintf(s.out, "%d newer lines are not sealed yet, and not checked; signpost serve seals within seconds.\n", chain.Waiting)
		}
		return err
	})
}

// verifyStore checks what Redis has. Retention may drop the oldest lines in the
// middle of it; then it begins anew.
func verifyStore(ctx context.Context, store lineReader, keys []desk.SealKey, heads []desk.Link) (v *desk.Verifier, chain desk.Chain, err error) {
	for range 3 {
		v = nil
		chain, err = eachLine(ctx, store, func(chain desk.Chain, l desk.AuditLine, before desk.Seal) error {
			if v == nil {
				v = desk.NewVerifier(chain.First, keys, append(heads, chain.Last)...)
			}
			return v.Line(l, before)
		})
		if v == nil {
			v = desk.NewVerifier(chain.First, keys, append(heads, chain.Last)...)
		}
		if err == nil {
			err = v.End(chain.First)
		}
		now, again := store.AuditChain(ctx)
		if err == nil || again != nil || now.First == chain.First {
			return v, chain, err
		}
	}
	return v, chain, err
}

func (o *auditVerify) keys(own desk.SealKey) ([]desk.SealKey, error) {
	keys := []desk.SealKey{own}
	for _, name := range o.Key {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("--key: %w", err)
		}
		key, err := desk.NewSealKey([]byte(strings.TrimRight(string(text), "\r\n")))
		if err != nil {
			return nil, fmt.Errorf("--key %s: %w", name, err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// maxAuditLine is far more bytes than a line of the audit has.
const maxAuditLine = 1 << 20

// file checks what was exported.
func (o *auditVerify) file(keys []desk.SealKey, heads []desk.Link, s streams) error {
	in := s.in
	if o.File != "-" {
		f, err := os.Open(o.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	v, first, err := verifyExport(in, keys, heads, o.Part)
	if err == nil {
		_, err = fmt.Fprint(s.out, told(v, first))
	}
	return err
}

// verifyExport checks lines as they are exported. They may begin anywhere.
func verifyExport(in io.Reader, keys []desk.SealKey, heads []desk.Link, part bool) (v *desk.Verifier, first desk.Link, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxAuditLine)
	for n := 1; lines.Scan(); n++ {
		l, before, err := desk.ParseExport(lines.Text())
		if err == nil {
			if v == nil {
				first = desk.Link{N: l.N - 1, Seal: before}
				v = desk.NewVerifier(first, keys, heads...)
				v.Loose = part
			}
			err = v.Line(l, before)
		}
		if err != nil {
			return v, first, fmt.Errorf("line %d of the file: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return v, first, fmt.Errorf("read the export: %w", err)
	}
	if v == nil {
		return nil, first, errors.New("there is nothing to check; signpost audit writes what can be")
	}
	if part && len(heads) > 0 {
		return v, first, errors.New("a part cannot be checked against --head; export all of it")
	}
	return v, first, v.End(first)
}

// told says in words what was checked.
func told(v *desk.Verifier, first desk.Link) string {
	if v.Lines == 0 {
		return "The audit is empty.\n"
	}
	text := fmt.Sprintf("All good: %d lines, %d to %d", v.Lines, first.N+1, v.Last().N)
	if v.Skipped > 0 {
		text += fmt.Sprintf(", and %d that are not here and were not checked", v.Skipped)
	}
	text += ".\n"
	switch {
	case v.Keyed == 0:
		text += "They are sealed without a key: this finds changes by those who cannot make the whole chain anew.\n"
	case v.Keyed < v.Lines:
		text += fmt.Sprintf("The first %d of them are sealed without a key.\n", v.Lines-v.Keyed)
	}
	return text + "It ends here, to be checked against later: --head " + v.Last().String() + "\n"
}
