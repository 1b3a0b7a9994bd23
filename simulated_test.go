package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/signpost-bot/signpost/adapters/discord"
	"github.com/signpost-bot/signpost/adapters/slack"
	"github.com/signpost-bot/signpost/bot/chat"
)

// manners are in what two chat platforms differ, as far as the bot can tell.
type manners struct {
	name        string
	id          func(now time.Time, n int) chat.MessageID
	threads     bool          // a message in a channel begins a thread of its own, which lives as long as it
	handle      time.Duration // how long a private answer can be given or changed by its handle
	ephemeral   bool          // and given without one too; otherwise it goes as a direct message
	apart       bool          // there are private threads
	closable    bool          // people can close their direct messages
	slashInside bool          // commands can be run in threads
	emoji       map[string]string
	limits      chat.Limits
	read        func(chat.Reply) (shown, error) // as people see it
	action      func(id string) (chat.Action, error)
	dialog      func(chat.Form) error // why it cannot be shown
}

var (
	// alpha has Slack's rules.
	alpha = manners{
		name: "alpha",
		id: func(now time.Time, n int) chat.MessageID {
			return chat.MessageID(fmt.Sprintf("%d.%06d", now.Unix(), n*100))
		},
		threads: true, handle: 30 * time.Minute, ephemeral: true,
		emoji: map[string]string{
			"🎫": "ticket", "👀": "eyes", "✅": "white_check_mark", "🚨": "rotating_light", "🔍": "mag", "👍": "+1", "🎉": "tada",
		},
		limits: slack.Limits,
		read:   func(r chat.Reply) (shown, error) { return readSlack(slack.Render(r)) }, action: slack.ParseID,
		dialog: func(chat.Form) error { return nil }, // View leaves out what cannot be shown
	}
	// beta has Discord's rules.
	beta = manners{
		name: "beta",
		id: func(now time.Time, n int) chat.MessageID {
			return chat.MessageID(strconv.FormatInt(now.Sub(snowflakes).Milliseconds()<<22|int64(n), 10))
		},
		handle: 15 * time.Minute, apart: true, closable: true, slashInside: true,
		limits: discord.Limits,
		read:   readDiscord, action: discord.ParseID,
		dialog: func(f chat.Form) error { _, err := discord.Modal(f); return err },
	}
	// snowflakes count from here.
	// Source: https://docs.discord.com/developers/reference#snowflakes
	snowflakes = time.Date(2015, 1, 1, 0, 0, 0, 0, time.UTC)
)

// A simulated platform keeps everything in this process. People do there what
// they can do on the real one: what comes of it is an event, which whoever
// plays them hands over, once or more often.
type simulated struct {
	manners
	now func() time.Time
	// fault may break a delivery, before it is done and after; nil: none does.
	fault func(d chat.Delivery, done bool) error

	mu        sync.Mutex
	count     int
	standing  []*posted // in the order they came
	news      []news    // since someone looked
	begun     map[chat.Place]bool
	private   map[chat.Place]chat.AccountID // threads that only one person reads
	gone      map[chat.Place]bool           // threads that were deleted, and channels without the bot
	closed    map[chat.AccountID]bool
	handles   map[chat.ReplyHandle]time.Time
	files     map[string]chat.File
	delivered map[string]chat.Receipt
	pings     []string // what deliveries would have called, linked or formatted that was not ours
}

// A posted message is one that stands.
type posted struct {
	shown
	id     chat.MessageID
	place  chat.Place
	at     time.Time
	only   chat.AccountID // empty: everyone there reads it
	by     *chat.Sender   // nil: the bot
	ticket chat.TicketID  // of the bot's
	files  []carried
	edits  int
}

// A carried file is one that stands with a message.
type carried struct {
	chat.File
	sum  [sha256.Size]byte // of the bytes that came; zero where a person attached it
	data []byte            // they themselves, if they are few
}

// news is what has come to be shown, or to be gone.
type news struct {
	posted
	gone bool
}

func newSimulated(m manners, now func() time.Time) *simulated {
	return &simulated{
		manners: m, now: now, begun: map[chat.Place]bool{}, private: map[chat.Place]chat.AccountID{}, gone: map[chat.Place]bool{},
		closed: map[chat.AccountID]bool{}, handles: map[chat.ReplyHandle]time.Time{}, files: map[string]chat.File{},
		delivered: map[string]chat.Receipt{},
	}
}

var _ chat.Platform = (*simulated)(nil)

// Run brings nothing in: what people do is handed over by whoever plays them.
func (s *simulated) Run(ctx context.Context, _ chat.Inbox) error {
	<-ctx.Done()
	return nil
}

func (s *simulated) Pace() chat.Pace     { return chat.Pace{} }
func (s *simulated) Limits() chat.Limits { return s.limits }

// Fetch gives a file that someone attached. One whose name begins with
// "broken" breaks off in the middle.
func (s *simulated) Fetch(_ context.Context, a chat.Attachment) (io.ReadCloser, error) {
	s.mu.Lock()
	f, ok := s.files[a.File.ID]
	s.mu.Unlock()
	if !ok || a.From.Platform != s.name {
		return nil, fmt.Errorf("there is no file %s", a.File.ID)
	}
	if strings.HasPrefix(f.Name, "broken") {
		return io.NopCloser(io.MultiReader(io.LimitReader(contents(f), f.Size/2), failingFile{})), nil
	}
	return io.NopCloser(contents(f)), nil
}

type failingFile struct{}

func (failingFile) Read([]byte) (int, error) { return 0, errors.New("the file breaks off") }

// contents are the bytes of a file: always the same ones for its name.
func contents(f chat.File) io.Reader {
	h := fnv.New64a()
	io.WriteString(h, f.Name)
	var seed [32]byte
	copy(seed[:], h.Sum(nil))
	return io.LimitReader(rand.NewChaCha8(seed), f.Size)
}

// sum is a fingerprint of everything that can be read.
func sum(r io.Reader) (sum [sha256.Size]byte, n int64, err error) {
	h := sha256.New()
	n, err = io.Copy(h, r)
	return [sha256.Size]byte(h.Sum(nil)), n, err
}

// Send does what a delivery says, by the rules of the platform.
func (s *simulated) Send(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	if s.fault != nil {
		if err := s.fault(d, false); err != nil {
			return chat.Receipt{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return chat.Receipt{}, fmt.Errorf("%w: %w", chat.ErrNotSent, err)
	}
	files, missing := s.take(ctx, d)
	receipt, err := s.store(d, files, missing)
	if err == nil && s.fault != nil {
		err = s.fault(d, true)
	}
	return receipt, err
}

// take reads a delivery's files, and says which of them are left out and why.
func (s *simulated) take(ctx context.Context, d chat.Delivery) (files []carried, missing []chat.Missing) {
	for _, a := range d.Reply.Files {
		f, err := s.carry(ctx, d, a)
		if err == nil && s.limits.Files > 0 && len(files) == s.limits.Files {
			err = errors.New("too many files")
		}
		if err != nil {
			missing = append(missing, chat.Missing{Name: a.File.Name, Cause: err.Error()})
			continue
		}
		files = append(files, f)
	}
	return files, missing
}

func (s *simulated) carry(ctx context.Context, d chat.Delivery, a chat.Attachment) (carried, error) {
	if s.limits.File > 0 && a.File.Size > s.limits.File {
		return carried{}, errors.New("the file is too large")
	}
	if d.Open == nil {
		return carried{}, errors.New("the file cannot be opened")
	}
	file, err := d.Open(ctx, a)
	if err != nil {
		return carried{}, err
	}
	defer file.Close()
	var data few
	sum, n, err := sum(io.TeeReader(file, &data))
	f := a.File
	f.Size = n
	return carried{f, sum, data}, err
}

// few are the first bytes of a file: as many as people read.
type few []byte

func (f *few) Write(p []byte) (int, error) {
	*f = append(*f, p[:min(len(p), 1<<20-len(*f))]...)
	return len(p), nil
}

func undeliverable(why string) error { return fmt.Errorf("%w: %s", chat.ErrUndeliverable, why) }

// Why something cannot be delivered, as the two platforms put it.
var (
	errNoThread   = undeliverable("thread_not_found")
	errNotThere   = undeliverable("not_in_channel")
	errNoPrivate  = undeliverable("there are no private threads")
	errNoChannel  = undeliverable("10003 Unknown Channel")
	errNoMessage  = undeliverable("10008 Unknown Message")
	errDMsClosed  = undeliverable("Cannot send messages to this user (50007)")
	errNoCommand  = errors.New("commands cannot be run in threads here")
	errNotOffered = errors.New("the message offers no such thing")
)

func (s *simulated) store(d chat.Delivery, files []carried, missing []chat.Missing) (chat.Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := d.Reply
	old := s.find(d.Sent)
	changed := old != nil && (old.only == "" || s.valid(r.Handle)) // a private answer is changed by its handle alone
	if r.Deed == chat.Remove {
		if changed {
			s.remove(old)
		}
		s.delivered[d.ID] = d.Sent
		return d.Sent, nil
	}
	seen, err := s.read(r)
	if err != nil {
		return chat.Receipt{}, err
	}
	for _, strange := range seen.strange(r) {
		s.pings = append(s.pings, fmt.Sprintf("%s: %s", r.Key, strange))
	}
	if r.Deed == chat.Replace && changed && !s.gone[old.place] {
		old.shown = seen
		s.news = append(s.news, news{posted: *old})
		s.delivered[d.ID] = d.Sent
		return d.Sent, nil
	}
	place, only, err := s.target(d)
	if err != nil {
		return chat.Receipt{}, err
	}
	m := s.post(posted{shown: seen, place: place, only: only, ticket: r.Ticket, files: files})
	s.news = append(s.news, news{posted: *m})
	receipt := chat.Receipt{Place: place, Message: m.id, Missing: missing}
	s.delivered[d.ID] = receipt
	return receipt, nil
}

// target is where a new message comes to stand, and who alone reads it.
func (s *simulated) target(d chat.Delivery) (place chat.Place, only chat.AccountID, err error) {
	place, only = d.Reply.Place, d.Reply.Only
	if d.Reply.Under != "" {
		place.Thread = string(d.Under.Message)
	}
	user, apart := strings.CutPrefix(place.Thread, "@")
	switch {
	case direct(place):
		return place, "", s.open(account(place, place.Channel[1:]))
	case s.gone[place.Outside()]:
		return place, "", errNotThere
	case apart && !s.apart:
		return place, "", errNoPrivate
	case apart:
		s.count++
		place.Thread = string(s.id(s.now(), s.count))
		s.begun[place], s.private[place] = true, account(place, user)
		return place, "", nil
	case s.gone[place]:
		return place, "", errNoChannel
	}
	if place.Thread != "" {
		stands := s.find(chat.Receipt{Place: place, Message: chat.MessageID(place.Thread)}) != nil
		switch {
		case s.threads && !stands:
			return place, "", errNoThread
		case !s.threads && !stands && !s.begun[place]:
			return place, "", errNoMessage
		}
	}
	switch {
	case only == "" || s.private[place] == only:
		return place, "", nil
	case !s.ephemeral && !s.valid(d.Reply.Handle):
		return chat.Direct(only), "", s.open(only)
	}
	return place, only, nil
}

// open is why an account takes no direct messages.
func (s *simulated) open(a chat.AccountID) error {
	if s.closed[a] {
		return errDMsClosed
	}
	return nil
}

// valid reports whether private answers can be given by a handle still.
func (s *simulated) valid(h chat.ReplyHandle) bool {
	at, ok := s.handles[h]
	return ok && s.now().Before(at.Add(s.handle))
}

// account is who a platform calls user, there where a place is.
func account(p chat.Place, user string) chat.AccountID {
	return chat.NewAccountID(p.Platform, p.Workspace, user)
}

// direct reports whether a place is someone's direct messages.
func direct(p chat.Place) bool { return strings.HasPrefix(p.Channel, "@") }

// post lets a message stand.
func (s *simulated) post(m posted) *posted {
	s.count++
	m.id, m.at = s.id(s.now(), s.count), s.now()
	if m.place.Thread != "" {
		s.begun[m.place] = true
	}
	s.standing = append(s.standing, &m)
	return &m
}

// find is a message that stands, by where it stands; nil if it does not.
func (s *simulated) find(r chat.Receipt) *posted {
	for _, m := range s.standing {
		if m.id == r.Message && m.place.Outside() == r.Place.Outside() {
			return m
		}
	}
	return nil
}

func (s *simulated) remove(m *posted) {
	s.standing = slices.DeleteFunc(s.standing, func(other *posted) bool { return other == m })
	s.news = append(s.news, news{posted: *m, gone: true})
}

// Confirm knows everything but the private answers of a platform that keeps
// none.
func (s *simulated) Confirm(_ context.Context, d chat.Delivery) (chat.Receipt, chat.Finding, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.Reply.Only != "" && s.ephemeral {
		return chat.Receipt{}, chat.Unknowable, nil
	}
	if receipt, ok := s.delivered[d.ID]; ok {
		return receipt, chat.Found, nil
	}
	return chat.Receipt{}, chat.Absent, nil
}

// What people see and do.

// see is everything that someone can read, oldest first, as it stands now.
func (s *simulated) see(who chat.AccountID) []*posted {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*posted
	for _, m := range s.standing {
		if s.sees(who, m) {
			seen := *m
			list = append(list, &seen)
		}
	}
	return list
}

// meant is the message as it stands that someone has seen; as they saw it if it
// is gone.
func (s *simulated) meant(m *posted) *posted {
	return cmp.Or(s.find(chat.Receipt{Place: m.place, Message: m.id}), m)
}

func (s *simulated) sees(who chat.AccountID, m *posted) bool {
	reader := cmp.Or(s.reader(m), who)
	return reader == who
}

// reader is who alone reads a message; empty: everyone there does.
func (s *simulated) reader(m *posted) chat.AccountID {
	if direct(m.place) {
		return account(m.place, m.place.Channel[1:])
	}
	return cmp.Or(m.only, s.private[m.place])
}

// stands reports whether a message can still be seen where it came to stand.
func (s *simulated) stands(r chat.Receipt) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(r) != nil
}

// readBy is who alone reads a message that was seen; empty: everyone there.
func (s *simulated) readBy(m *posted) chat.AccountID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reader(m)
}

// looked is what has come or gone since it was called last.
func (s *simulated) looked() []news {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.news
	s.news = nil
	return list
}

// event begins an event of someone's.
func (s *simulated) event(kind chat.Kind, from chat.Sender, place chat.Place) chat.Event {
	s.count++
	e := chat.Event{
		ID: chat.EventID(fmt.Sprintf("%s:%d", s.name, s.count)), Kind: kind, At: s.now(), Place: place, From: from,
		Private: direct(place) || from.Account != "" && s.private[place] == from.Account,
	}
	switch kind {
	case chat.Slash, chat.Press, chat.Submit, chat.Menu:
		e.Addressed = true
		e.Handle = chat.ReplyHandle(e.ID)
		s.handles[e.Handle] = s.now()
	}
	return e
}

var mentionRule = regexp.MustCompile(`(?i)@signpost\b[,:]?\s*`)

// address takes the mention out of what someone says, and says whether it is
// for the bot.
func (s *simulated) address(e *chat.Event, text string) {
	e.Mentioned = mentionRule.MatchString(text)
	e.Text = strings.TrimSpace(mentionRule.ReplaceAllString(text, ""))
	e.Addressed = e.Mentioned || e.Private
}

// attach is a file that someone has, to be said something with.
func (s *simulated) attach(name string, size int64) chat.File {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	f := chat.File{ID: fmt.Sprintf("F%d", s.count), Name: name, Size: size}
	s.files[f.ID] = f
	return f
}

// attached reports whether someone attached a file of that name.
func (s *simulated) attached(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		if f.Name == name {
			return true
		}
	}
	return false
}

// say is a message of someone's. Where a channel's messages begin threads, who
// answers the bot does so in the thread where it answered.
func (s *simulated) say(from chat.Sender, place chat.Place, text string, files ...chat.File) (chat.Event, *posted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := posted{shown: shown{text: text}, place: place, by: &from}
	if s.threads && place.Thread == "" && !direct(place) && !mentionRule.MatchString(text) {
		m.place.Thread = s.answered(from.Account, place)
	}
	for _, f := range files {
		m.files = append(m.files, carried{File: f})
	}
	said := s.post(m)
	if s.threads && said.place.Thread == "" && !direct(place) {
		said.place.Thread = string(said.id)
	}
	e := s.event(chat.Message, from, said.place)
	e.Message, e.Files = said.id, files
	s.address(&e, text)
	seen := *said
	return e, &seen
}

// answered is the thread of someone's own in which the bot has just answered
// them; empty if the newest that they see of the channel is something else.
func (s *simulated) answered(who chat.AccountID, channel chat.Place) string {
	for _, m := range slices.Backward(s.standing) {
		if m.place.Outside() != channel || !s.sees(who, m) {
			continue
		}
		first := s.find(chat.Receipt{Place: channel, Message: chat.MessageID(m.place.Thread)})
		if m.by == nil && first != nil && first.by != nil && first.by.Account == who {
			return m.place.Thread
		}
		return ""
	}
	return ""
}

// edit changes what someone said.
func (s *simulated) edit(m *posted, text string) chat.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	m = s.meant(m)
	e := s.event(chat.Edit, *m.by, m.place)
	m.edits++
	m.text = text
	e.Message, e.Stamp, e.Files = m.id, strconv.Itoa(m.edits), m.attached()
	s.address(&e, text)
	return e
}

// delete takes a message away, whoever does it: the platform tells who wrote
// it, and nobody for one of the bot's.
func (s *simulated) delete(m *posted) chat.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	m = s.meant(m)
	var from chat.Sender
	if m.by != nil {
		from = *m.by
	}
	e := s.event(chat.Delete, from, m.place)
	e.Message, e.Addressed = m.id, e.Private
	s.remove(m)
	return e
}

// deleteThread deletes a thread and all that is in it; nobody tells who did.
func (s *simulated) deleteThread(place chat.Place) (chat.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.threads || place.Thread == "" {
		return chat.Event{}, errors.New("that cannot be deleted here")
	}
	s.gone[place] = true
	s.standing = slices.DeleteFunc(s.standing, func(m *posted) bool { return m.place == place })
	return s.event(chat.Delete, chat.Sender{}, place), nil
}

// expel takes the bot out of a channel.
func (s *simulated) expel(channel chat.Place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone[channel] = true
}

// closeDirect lets someone take no direct messages any more.
func (s *simulated) closeDirect(who chat.AccountID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closable {
		return errors.New("direct messages cannot be closed here")
	}
	s.closed[who] = true
	return nil
}

// run is a command: /ticket claim T-1.
func (s *simulated) run(from chat.Sender, place chat.Place, line string) (chat.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if place.Thread != "" && !s.slashInside {
		return chat.Event{}, errNoCommand
	}
	e := s.event(chat.Slash, from, place)
	e.Door, e.Text, _ = strings.Cut(strings.TrimPrefix(line, "/"), " ")
	return e, nil
}

// press is a button or option of a message, by its label.
func (s *simulated) press(from chat.Sender, m *posted, label string) (chat.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(m.offers, func(o offer) bool { return o.label == label })
	if i < 0 {
		return chat.Event{}, errNotOffered
	}
	action, err := s.action(m.offers[i].id)
	if err != nil {
		return chat.Event{}, err
	}
	if o := m.offers[i]; o.option {
		action = chat.Select{Action: action}.Chosen(chat.Option{Value: o.value})
	}
	e := s.event(chat.Press, from, m.place)
	e.Message, e.Action = m.id, action
	return e, nil
}

// react puts an emoji on a message.
func (s *simulated) react(from chat.Sender, m *posted, emoji string) chat.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.event(chat.Reaction, from, m.place)
	e.Message, e.About, e.Emoji = m.id, s.about(m), cmp.Or(s.emoji[emoji], emoji)
	return e
}

// menu chooses something from a message's menu.
func (s *simulated) menu(from chat.Sender, m *posted, verb string) chat.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.event(chat.Menu, from, m.place)
	e.Message, e.About, e.Action = m.id, s.about(m), chat.Do(verb)
	return e
}

// submit sends a form.
func (s *simulated) submit(from chat.Sender, place chat.Place, a chat.Action, values map[string]string) chat.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.event(chat.Submit, from, place)
	e.Action, e.Values = a, values
	return e
}

// about is a message as events carry it that someone else than its author
// brings about.
func (s *simulated) about(m *posted) *chat.Said {
	said := &chat.Said{Message: m.id, At: m.at, Text: m.text, Files: m.attached()}
	if m.by == nil {
		said.From = chat.Sender{Account: account(m.place, "signpost"), Name: "Signpost", Bot: true}
	} else {
		said.From = *m.by
		said.Text = strings.TrimSpace(mentionRule.ReplaceAllString(m.text, ""))
	}
	return said
}

func (m *posted) attached() []chat.File {
	var files []chat.File
	for _, f := range m.files {
		files = append(files, f.File)
	}
	return files
}
