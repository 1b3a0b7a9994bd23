package chat

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"time"
)

const (
	// saving is how often it is stored how far we have read.
	saving = 5 * time.Second
	// absent is how long nobody may listen, or nothing be stored, before what was
	// missed is read: platforms repeat for longer what they could not deliver.
	absent = time.Minute
	// overlap is how far before a cursor reading begins: events may overtake each
	// other. What was stored before is known again, for that is not as old as
	// the store remembers.
	overlap    = 10 * time.Minute
	remembered = 24 * time.Hour
	// holding is how long a replica may be silent that catches up, and asking how
	// long the memory may take to tell where to begin.
	holding = time.Minute
	asking  = 10 * time.Second
	// again and rarely are the first and the longest wait between two tries, standby
	// the longest while another replica has the hold, which may have died with it,
	// and late is how long there is for the last word.
	again   = time.Second
	rarely  = time.Minute
	standby = 5 * time.Second
	late    = 2500 * time.Millisecond

	// What cursors are called that are of no channel: when we listened last, and
	// when catching up was done last.
	aliveCursor  = "alive"
	caughtCursor = "caught"
)

// A Progress is how far the channels of a platform have been read. It has
// everything read that was said while nobody listened: by one replica, once,
// before any cursor passes it. Methods are safe for concurrent use.
type Progress struct {
	o     ProgressOptions
	owner string
	due   chan struct{} // has one if something may have been missed

	mu       sync.Mutex
	from     map[string]string // cursors as they were when something may have been missed
	upto     map[string]string // how far what came in went since, by name
	noted    map[string]bool   // names of those that are stored at any time
	behind   bool              // we are not caught up: until then no cursor may pass what is still to be read
	others   bool              // nothing came in through us for a while: what others have read since counts
	up       int               // connections
	downAt   time.Time         // since when there is none
	failedAt time.Time         // since when nothing can be stored
}

// ProgressOptions are what a Progress works with.
type ProgressOptions struct {
	Platform string
	Memory   Memory
	// At is the cursor of a moment, and Time the moment of a cursor.
	At   func(time.Time) string
	Time func(cursor string) time.Time
	// Read takes in what was missed. It keeps the hold of c while it goes on.
	Read func(ctx context.Context, c *Catching) error
	Now  func() time.Time
	Log  *slog.Logger
}

// NewProgress makes a progress that is behind.
func NewProgress(o ProgressOptions) *Progress {
	return &Progress{
		o: o, due: make(chan struct{}, 1), owner: rand.Text(),
		from: map[string]string{}, upto: map[string]string{}, noted: map[string]bool{}, behind: true, others: true,
	}
}

// Begin reads the cursors, before anything comes in.
func (p *Progress) Begin(ctx context.Context) error {
	asked, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	from, err := p.o.Memory.Cursors(asked, p.o.Platform)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.from = from
	p.behind = true
	return nil
}

// Saw notes that what stands at a cursor of a channel has come in.
func (p *Progress) Saw(name, cursor string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.upto[name] = Later(p.upto[name], cursor)
}

// Note notes something that has nothing to do with reading, and is stored even
// while we are behind.
func (p *Progress) Note(name, cursor string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.upto[name] = Later(p.upto[name], cursor)
	p.noted[name] = true
}

// Later is the greater of two cursors.
func Later(a, b string) string {
	if len(a) != len(b) {
		if len(a) > len(b) {
			return a
		}
		return b
	}
	return max(a, b)
}

// Connected and Disconnected count the connections through which events come
// in. The first one begins by catching up.
func (p *Progress) Connected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up++
	if p.behind || !p.downAt.IsZero() && p.o.Now().Sub(p.downAt) >= absent {
		p.missed()
	} else {
		p.others = false
	}
	p.downAt = time.Time{}
}

func (p *Progress) Disconnected() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.up--; p.up == 0 {
		p.downAt = p.o.Now()
		p.others = p.failedAt.IsZero() // else we know of something that nobody has stored
	}
}

// Stored notes whether something could be stored. What could not for a while is
// read again.
func (p *Progress) Stored(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil && p.failedAt.IsZero():
		p.failedAt = p.o.Now()
	case err == nil && !p.failedAt.IsZero():
		if p.o.Now().Sub(p.failedAt) >= absent {
			p.missed()
		}
		p.failedAt = time.Time{}
	}
}

// Missed asks for catching up.
func (p *Progress) Missed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.missed()
}

func (p *Progress) missed() {
	p.behind = true
	select {
	case p.due <- struct{}{}:
	default:
	}
}

// Run stores how far we have read, and catches up when something was missed,
// until ctx ends.
func (p *Progress) Run(ctx context.Context) {
	var catching sync.WaitGroup
	defer catching.Wait()
	catching.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-p.due:
			}
			p.catchUp(ctx)
		}
	})
	ticker := time.NewTicker(saving)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			p.save(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), late)
			p.save(last)
			cancel()
			return
		}
	}
}

// save stores how far we have read, once we are caught up. A channel that is
// read to its end is no reason to do so earlier: old threads in it are not.
func (p *Progress) save(ctx context.Context) {
	p.mu.Lock()
	cursors := map[string]string{}
	for name, cursor := range p.upto {
		if p.noted[name] || !p.behind {
			cursors[name] = cursor
		}
	}
	if !p.behind && p.up > 0 && p.failedAt.IsZero() {
		cursors[aliveCursor] = p.o.At(p.o.Now())
	}
	p.mu.Unlock()
	if len(cursors) == 0 {
		return
	}
	if err := p.o.Memory.Advance(ctx, p.o.Platform, cursors); err != nil {
		p.o.Log.Warn("how far channels were read could not be stored", "err", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, cursor := range cursors {
		p.from[name] = Later(p.from[name], cursor)
		if p.upto[name] == cursor {
			delete(p.upto, name)
			delete(p.noted, name)
		}
	}
}

// catchUp has everything read that was missed. Only one replica does so at a
// time; the others see whether it was done.
func (p *Progress) catchUp(ctx context.Context) {
	began := p.o.At(p.o.Now())
	for wait := again; ; wait = min(2*wait, rarely) {
		_, err := p.o.Memory.Hold(ctx, p.hold(), p.owner, p.o.Now(), holding)
		if err == nil {
			err = p.catchUpSince(ctx, began)
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), late)
			if e := p.o.Memory.LetGo(last, p.hold(), p.owner); e != nil {
				p.o.Log.Warn("catching up could not be handed back", "err", e)
			}
			cancel()
		} else if errors.Is(err, ErrHeld) {
			if caught, e := p.o.Memory.Cursor(ctx, p.o.Platform, caughtCursor); e == nil && caught != "" && Later(caught, began) == caught {
				p.caughtUp()
				return
			}
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		if errors.Is(err, ErrHeld) {
			wait = min(wait, standby)
		} else {
			p.o.Log.Warn("catching up broke off", "err", err, "again in", wait)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

func (p *Progress) hold() string { return p.o.Platform + "/catch-up" }

func (p *Progress) catchUpSince(ctx context.Context, began string) error {
	if err := p.learn(ctx); err != nil {
		return err
	}
	p.mu.Lock()
	c := &Catching{p: p, from: maps.Clone(p.from)}
	p.mu.Unlock()
	if c.since = c.from[aliveCursor]; c.since != "" { // or else it is the first time ever
		if err := p.o.Read(ctx, c); err != nil {
			return err
		}
	}
	p.mu.Lock()
	p.from[aliveCursor] = Later(p.from[aliveCursor], began)
	p.mu.Unlock()
	p.caughtUp()
	return p.o.Memory.Advance(ctx, p.o.Platform, map[string]string{caughtCursor: began, aliveCursor: began})
}

// learn reads the cursors again if we have stood by: another replica has listened
// meanwhile, maybe for days.
func (p *Progress) learn(ctx context.Context) error {
	p.mu.Lock()
	others := p.others
	p.mu.Unlock()
	if !others {
		return nil
	}
	asked, cancel := context.WithTimeout(ctx, asking)
	defer cancel()
	from, err := p.o.Memory.Cursors(asked, p.o.Platform)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.others = p.up == 0
	for name, cursor := range from {
		p.from[name] = Later(p.from[name], cursor)
	}
	return nil
}

// caughtUp notes that everything is read, unless something has been missed
// again meanwhile.
func (p *Progress) caughtUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.behind = len(p.due) > 0
}

// A Catching is one pass over what was missed.
type Catching struct {
	p     *Progress
	from  map[string]string
	since string // when we listened last
}

// Since is when we listened last.
func (c *Catching) Since() time.Time { return c.p.o.Time(c.since) }

// Cursors are those of all channels that we know, by name.
func (c *Catching) Cursors() map[string]string { return c.from }

// Start is after which cursor a channel has to be read, whether anything was
// ever heard in it or not.
func (c *Catching) Start(name string) string {
	from := c.from[name]
	if from == "" {
		from = c.since
	}
	if at := c.p.o.Time(from); c.p.o.Now().Sub(at) < remembered-overlap {
		return c.p.o.At(at.Add(-overlap))
	}
	return from
}

// Hold keeps what only one replica does. With an error someone else does it.
func (c *Catching) Hold(ctx context.Context) error {
	_, err := c.p.o.Memory.Hold(ctx, c.p.hold(), c.p.owner, c.p.o.Now(), holding)
	return err
}
