package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// confirming and sending are how long a platform may take to answer. Both
	// fit into a lease: nobody else sends a reply meanwhile.
	confirming = 8 * time.Second
	sending    = 15 * time.Second
	// patience is how long a reply is tried that fails with errors which may
	// pass, counted from its first try. An outage over a long weekend loses none.
	patience = 3 * 24 * time.Hour
)

// deliver sends one reply. It returns nil if there was one, however it went.
func (s *Spool) deliver(ctx context.Context, name string, platform chat.Platform, found func()) error {
	began := s.now()
	l, err := s.store.LeaseReply(ctx, name, platform.Pace(), began, lease)
	if err != nil {
		return err
	}
	found()
	d := delivery{
		Spool: s, platform: platform, letter: l, began: began,
		log: s.log.With(replyNames(l)...),
	}
	err = d.run(ctx)
	if errors.Is(err, ErrLost) {
		d.log.Warn("another sender took the reply over")
		return nil
	}
	return err
}

// replyNames names a reply and what it is about, for the log.
func replyNames(l Letter) []any {
	names := []any{"event", l.Reply.Event, "reply", l.ID, "key", l.Reply.Key, "try", l.Try}
	if l.Reply.Conversation != "" {
		names = append(names, "conversation", l.Reply.Conversation)
	}
	if l.Reply.Ticket != "" {
		names = append(names, "ticket", l.Reply.Ticket)
	}
	return names
}

// A delivery is one try to deliver a letter.
type delivery struct {
	*Spool
	platform chat.Platform
	letter   Letter // Uncertain until that is settled
	began    time.Time
	log      *slog.Logger
}

func (d *delivery) run(ctx context.Context) error {
	reply := d.letter.Reply
	if len(reply.Files) > 0 {
		d.letter.Open = d.open
	}
	if d.letter.Uncertain {
		receipt, finding, err := d.confirm(ctx)
		switch {
		case err != nil:
			return d.failed(ctx, fmt.Errorf("confirm: %w", err))
		case finding == chat.Found:
			return d.delivered(ctx, receipt, "confirmed")
		case finding == chat.Absent:
			d.letter.Uncertain = false
		default:
			rule := uncertain(reply)
			d.log.Warn("nobody knows whether the reply arrived", "purpose", reply.Purpose, "rule", rule)
			d.meter.Sent(d.letter, "uncertain", d.now().Sub(d.began))
			switch rule {
			case never:
				return d.discard(ctx, "its delivery was begun, and the platform cannot say how it ended", "dropped")
			case warned:
				reply = d.doubt(reply)
			}
		}
	}
	if reply.Under != "" && d.letter.Under.IsZero() {
		return d.discard(ctx, "the message it belongs under is gone", "undeliverable")
	}
	receipt, err := d.send(ctx, reply)
	if err == nil {
		return d.delivered(ctx, receipt, "delivered")
	}
	if !refused(err) {
		d.letter.Uncertain = true
	}
	return d.failed(ctx, err)
}

// refused reports whether an error of Send shows that the reply did not
// arrive. After any other it may have.
func refused(err error) bool {
	return errors.As(err, new(*chat.RateLimitedError)) || errors.Is(err, chat.ErrUndeliverable) || errors.Is(err, chat.ErrNotSent)
}

// failed leaves the reply for later, or gives it up.
func (d *delivery) failed(ctx context.Context, err error) error {
	now := d.now()
	var limited *chat.RateLimitedError
	switch {
	case errors.Is(err, chat.ErrUndeliverable):
		d.log.Warn("reply cannot be delivered", "err", err)
		return d.discard(ctx, err.Error(), "undeliverable")
	case errors.As(err, &limited):
		return d.postpone(ctx, max(limited.After, 0), now, "limited")
	case !d.letter.Since.IsZero() && now.Sub(d.letter.Since) >= patience:
		d.log.Error("reply is given up", "since", d.letter.Since, "err", err)
		return d.discard(ctx, err.Error(), "dropped")
	}
	wait := backoff(d.letter.Try)
	d.log.Warn("reply will be tried again", "in", wait, "err", err)
	return d.postpone(ctx, wait, now, "failed")
}

func (d *delivery) delivered(ctx context.Context, r chat.Receipt, how string) error {
	return d.reported(d.sent(d.store.Delivered(ctx, d.letter, r, d.now()), how))
}

func (d *delivery) postpone(ctx context.Context, wait time.Duration, now time.Time, how string) error {
	return d.sent(d.store.Postpone(ctx, d.letter, now.Add(wait), now), how)
}

func (d *delivery) discard(ctx context.Context, cause, how string) error {
	return d.reported(d.sent(d.store.Discard(ctx, d.letter, cause, d.now()), how))
}

// reported calls those who handle events, if a reply has brought one.
func (d *delivery) reported(err error) error {
	if err == nil && d.letter.Reply.Report != "" {
		d.handling.call(1)
	}
	return err
}

// make makes the files of a delivery that are made when it is sent, so that
// their sizes are known, and has the others opened where they are.
func (d *delivery) make(ctx context.Context, out *chat.Delivery) error {
	if out.Reply.Deed != chat.Post || !slices.ContainsFunc(out.Reply.Files, func(a chat.Attachment) bool { return a.Made != "" }) {
		return nil
	}
	files, made := slices.Clone(out.Reply.Files), map[string][]byte{}
	for i := range files {
		a := &files[i]
		if a.Made == "" {
			continue
		}
		data, err := d.makeOne(ctx, a.Made)
		switch {
		case errors.Is(err, ErrUnavailable), ctx.Err() != nil:
			return fmt.Errorf("%w: make %s: %w", chat.ErrNotSent, a.Made, errors.Join(err, ctx.Err()))
		case err != nil:
			d.log.Warn("a file cannot be made", "file", a.Made, "err", err)
			continue
		}
		a.File.Size, made[a.Made] = int64(len(data)), data
	}
	out.Reply.Files = files
	out.Open = func(ctx context.Context, a chat.Attachment) (io.ReadCloser, error) {
		if a.Made == "" {
			return d.open(ctx, a)
		}
		data, ok := made[a.Made]
		if !ok {
			return nil, fmt.Errorf("%s could not be made", a.Made)
		}
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	return nil
}

func (d *delivery) makeOne(ctx context.Context, name string) (data []byte, err error) {
	defer d.survive("make a file", &err)
	return d.handler.Make(ctx, name)
}

// open opens a file where it was attached, and lets no more of it through than
// the platform takes that it goes to: what another one says of its size is not
// to be trusted.
func (d *delivery) open(ctx context.Context, a chat.Attachment) (file io.ReadCloser, err error) {
	defer d.survive("open a file", &err)
	from, ok := d.platforms[a.From.Platform]
	if !ok {
		return nil, fmt.Errorf("%s is on %s, which is not connected", a.File.Name, a.From.Platform)
	}
	if file, err = from.Fetch(ctx, a); err != nil {
		return nil, err
	}
	if limit := d.platform.Limits().File; limit > 0 {
		file = &limited{file, limit}
	}
	return file, nil
}

// limited is a file that fails once it is longer than it may be.
type limited struct {
	io.ReadCloser
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, errors.New("the file is larger than the platform takes")
	}
	return n, err
}

// sent tells the meter how a try ended, once that is stored.
func (d *delivery) sent(err error, how string) error {
	if err == nil {
		d.meter.Sent(d.letter, how, d.now().Sub(d.began))
	}
	return err
}

// send survives an adapter that panics: its reply waits, the others go on.
func (d *delivery) send(ctx context.Context, r chat.Reply) (receipt chat.Receipt, err error) {
	defer d.survive("send", &err)
	ctx, cancel := context.WithTimeout(ctx, sending)
	defer cancel()
	out := d.letter.Delivery
	out.Reply = r
	if err := d.make(ctx, &out); err != nil {
		return chat.Receipt{}, err
	}
	return d.platform.Send(ctx, out)
}

func (d *delivery) confirm(ctx context.Context) (receipt chat.Receipt, finding chat.Finding, err error) {
	defer d.survive("confirm", &err)
	ctx, cancel := context.WithTimeout(ctx, confirming)
	defer cancel()
	return d.platform.Confirm(ctx, d.letter.Delivery)
}

// doubt is the reply with a remark, or as it is if the words cannot be found.
func (d *delivery) doubt(r chat.Reply) (warned chat.Reply) {
	var err error
	defer func() {
		if err != nil {
			warned = r
		}
	}()
	defer d.survive("word the doubt", &err)
	return d.handler.Doubt(r)
}

// survive makes an error of a panic. It is deferred.
func (d *delivery) survive(what string, err *error) {
	if p := recover(); p != nil {
		d.log.Error("panic while trying to "+what, "panic", p, "stack", string(debug.Stack()))
		*err = fmt.Errorf("panic: %v", p)
	}
}
