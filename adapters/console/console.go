// Package console makes the terminal a platform: lines become events, replies
// are printed. It is what `signpost chat` talks through, at a keyboard or in a
// pipe, with as many people as one cares to play.
package console

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	platform  = "console"
	workspace = "local"
	// patience is how long the next prompt waits for the answer to the last
	// line. Slower answers appear above the prompt.
	patience = time.Second
)

// Options are what a Console is made of.
type Options struct {
	// In and Out are the person's. If both are terminals, lines can be edited;
	// otherwise they are echoed, so that the output reads as a conversation.
	In  io.Reader
	Out io.Writer
	// Front answers what cannot wait: forms, commands, completion.
	Front chat.Front
	// Quiet blocks until everything accepted is handled and delivered. Nil:
	// answers come when they come.
	Quiet  func(context.Context) error
	Person string   // who speaks first; "you" if empty or no name
	Agents []string // who works the desk, for the banner and completion
	Notice string   // a last line of the banner
	// Wait lets time pass, and blocks until all that comes of it has happened.
	// Nil: it only passes by itself.
	Wait func(context.Context, time.Duration) error
	Now  func() time.Time // nil: time.Now
}

// A Console is one terminal or pipe. Its message and event ids start anew in
// every process, so they suit only a store that does as well.
type Console struct {
	o       Options
	in      *bufio.Reader
	editor  *term.Terminal // nil without line editing
	screen  *os.File       // nil if nobody watches
	colour  bool
	inbox   chat.Inbox // from Run on
	events  int
	said    int
	files   int
	filling *filling // the form being filled in, or nil

	mu        sync.Mutex // guards what follows, and the order of output
	people    map[string]*person
	current   *person
	editing   bool // the editor draws the screen
	posted    int
	shown     map[chat.Place][]*message // in the order they were last printed
	delivered map[string]chat.Receipt   // by delivery
	failed    error                     // of the first write that failed
}

var _ chat.Platform = (*Console)(nil)

// Pace is none: a terminal takes what comes.
func (c *Console) Pace() chat.Pace { return chat.Pace{} }

// Limits are none: a terminal scrolls.
func (c *Console) Limits() chat.Limits { return chat.Limits{} }

// Fetch has nothing to give: files on the console are only names.
func (c *Console) Fetch(_ context.Context, a chat.Attachment) (io.ReadCloser, error) {
	return nil, fmt.Errorf("%s is only a name on the console", a.File.Name)
}

// A message is one that the bot posted and that still stands.
type message struct {
	id     chat.MessageID
	place  chat.Place
	only   chat.AccountID // empty: everyone there sees it
	blocks []chat.Block
	files  []chat.Attachment
	ticket chat.TicketID // that it is about
}

// New makes a console.
func New(o Options) *Console {
	c := &Console{
		o:         o,
		in:        bufio.NewReader(o.In),
		people:    map[string]*person{},
		shown:     map[chat.Place][]*message{},
		delivered: map[string]chat.Receipt{},
	}
	if c.o.Now == nil {
		c.o.Now = time.Now
	}
	name, err := parseName(o.Person)
	if err != nil {
		name = "you"
	}
	c.current = c.person(name)

	in, inFile := o.In.(*os.File)
	out, outFile := o.Out.(*os.File)
	if inFile && outFile && isTerminal(in) && isTerminal(out) {
		c.screen = out
		if os.Getenv("TERM") != "dumb" {
			c.editor = term.NewTerminal(struct {
				io.Reader
				io.Writer
			}{in, out}, "")
			c.colour = os.Getenv("NO_COLOR") == ""
		}
	}
	return c
}

// Run reads lines until In or ctx ends or the person leaves; none of these is
// an error. When ctx ends, a read in progress is cut short by closing In if it
// is an [io.Closer], or by its deadline if it is a file that has one. A real
// terminal and most inherited pipes have none: their read stays behind and
// ends with the next line or the process.
func (c *Console) Run(ctx context.Context, in chat.Inbox) error {
	c.inbox = in
	if c.editor != nil {
		restore, err := makeRaw(c.o.In.(*os.File))
		if err != nil {
			return fmt.Errorf("console: %w", err)
		}
		c.edits(true)
		defer func() {
			c.edits(false)
			restore()
			c.write("\n") // below the last prompt
		}()
		c.editor.AutoCompleteCallback = func(line string, pos int, key rune) (string, int, bool) {
			return c.complete(ctx, line, pos, key)
		}
	}
	c.banner()
	for {
		if err := c.broken(); err != nil {
			return err
		}
		line, err := c.next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, io.EOF):
			if c.filling != nil {
				c.closeForm()
			}
			return c.broken()
		case errors.Is(err, errTooLong):
			c.notice("That line is longer than %d KiB. Please send it in pieces.", maxLine>>10)
		case err != nil:
			return fmt.Errorf("console: read: %w", err)
		case c.take(ctx, line):
			return c.broken()
		}
	}
}

// Send prints a reply. Only the console's own places and accounts exist here;
// any other reply, and one that can no longer be written, is undeliverable.
func (c *Console) Send(_ context.Context, d chat.Delivery) (chat.Receipt, error) {
	r := d.Reply
	if r.Place.Platform != platform || r.Place.Workspace != workspace {
		return chat.Receipt{}, fmt.Errorf("%w: %s is no place on the console", chat.ErrUndeliverable, r.Place)
	}
	if r.Only != "" && !strings.HasPrefix(string(r.Only), string(Account(""))) {
		return chat.Receipt{}, fmt.Errorf("%w: %s is nobody on the console", chat.ErrUndeliverable, r.Only)
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	receipt := c.show(d)
	if c.failed != nil {
		return chat.Receipt{}, fmt.Errorf("%w: %w", chat.ErrUndeliverable, c.failed)
	}
	c.delivered[d.ID] = receipt
	return receipt, nil
}

// Confirm finds a delivery if it was printed.
func (c *Console) Confirm(_ context.Context, d chat.Delivery) (chat.Receipt, chat.Finding, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if receipt, ok := c.delivered[d.ID]; ok {
		return receipt, chat.Found, nil
	}
	return chat.Receipt{}, chat.Absent, nil
}

// show does what the delivery says. The caller holds mu.
func (c *Console) show(d chat.Delivery) chat.Receipt {
	var old *message
	if d.Reply.Deed != chat.Post {
		old = c.forget(d.Sent)
	}
	if d.Reply.Deed == chat.Remove {
		if old != nil {
			c.print(c.removal(old))
		}
		return d.Sent
	}

	m := &message{
		place: d.Reply.Place, only: d.Reply.Only, blocks: d.Reply.Blocks, files: d.Reply.Files, ticket: d.Reply.Ticket,
	}
	if d.Reply.Under != "" {
		m.place.Thread = string(d.Under.Message)
	}
	if old != nil {
		m.id, m.place = old.id, old.place
	} else {
		c.posted++
		m.id = chat.MessageID(fmt.Sprintf("b%d", c.posted))
	}
	c.shown[m.place] = append(c.shown[m.place], m)
	c.print(c.announcement(m, old != nil))
	return chat.Receipt{Place: m.place, Message: m.id}
}

// forget takes a message out of what is shown; nil if it is not there. The
// caller holds mu.
func (c *Console) forget(r chat.Receipt) *message {
	for i, m := range c.shown[r.Place] {
		if m.id == r.Message {
			c.shown[r.Place] = append(c.shown[r.Place][:i:i], c.shown[r.Place][i+1:]...)
			return m
		}
	}
	return nil
}

// newest are the last messages printed that the current person sees where they
// are, at most n, the newest first.
func (c *Console) newest(n int) (list []*message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range slices.Backward(c.shown[c.current.place]) {
		if len(list) == n {
			break
		}
		if m.only == "" || m.only == Account(c.current.name) {
			list = append(list, m)
		}
	}
	return list
}

// A person is one of those who speak through the console.
type person struct {
	name   string
	roles  []string
	locale string
	place  chat.Place
	said   []*saying // newest last
}

// person finds or makes a person, in their own direct place. The caller holds
// mu or is alone.
func (c *Console) person(name string) *person {
	p := c.people[name]
	if p == nil {
		p = &person{name: name, place: direct(name)}
		c.people[name] = p
	}
	return p
}

var nameRule = regexp.MustCompile(`^[a-z0-9_-]{1,32}$`)

var (
	errName  = errors.New("a name has 1 to 32 letters a-z, digits, - or _")
	errPlace = errors.New("a place is dm, #channel or #channel/thread")
)

func parseName(s string) (string, error) {
	s = strings.ToLower(s)
	if !nameRule.MatchString(s) {
		return "", errName
	}
	return s, nil
}

// Account is the account of a person by name, in any case.
func Account(name string) chat.AccountID {
	return chat.NewAccountID(platform, workspace, strings.ToLower(name))
}

// direct is where only the bot and one person are.
func direct(name string) chat.Place { return chat.Direct(Account(name)) }

func isDirect(p chat.Place) bool { return strings.HasPrefix(p.Channel, "@") }

// parsePlace reads a place as a person writes it.
func parsePlace(s, name string) (chat.Place, error) {
	if strings.EqualFold(s, "dm") {
		return direct(name), nil
	}
	s, ok := strings.CutPrefix(strings.ToLower(s), "#")
	channel, thread, inThread := strings.Cut(s, "/")
	if !ok || !nameRule.MatchString(channel) || inThread && !nameRule.MatchString(thread) {
		return chat.Place{}, errPlace
	}
	return chat.Place{Platform: platform, Workspace: workspace, Channel: "#" + channel, Thread: thread}, nil
}

// placeName is a place as a person reads it.
func placeName(p chat.Place) string {
	switch {
	case isDirect(p):
		return "dm"
	case p.Thread != "":
		return oneLine(p.Channel + "/" + p.Thread)
	}
	return oneLine(p.Channel)
}
