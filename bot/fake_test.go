package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

// records is a Reader on maps. It keeps JSON, as a store does, so that nobody
// changes what another one reads.
type records struct {
	conversations map[chat.ConversationID]stored
	tickets       map[chat.TicketID]stored
	persons       map[chat.PersonID]stored
	newest        map[chat.Lane]chat.ConversationID
	posted        map[string]spool.Posted // by channel and message
	number        int64
	lines         map[desk.LineID]stored
	tallies       []desk.Tally
	waits         []desk.Wait // oldest first
	sets          map[spool.Set]map[string]string
	aliases       map[desk.AliasID]desk.Alias
	full          bool // there is no room for more aliases
}

type stored struct {
	version int64
	value   string
}

func newRecords() *records {
	return &records{
		conversations: map[chat.ConversationID]stored{}, tickets: map[chat.TicketID]stored{},
		persons: map[chat.PersonID]stored{}, newest: map[chat.Lane]chat.ConversationID{},
		posted: map[string]spool.Posted{}, lines: map[desk.LineID]stored{}, sets: map[spool.Set]map[string]string{},
		aliases: map[desk.AliasID]desk.Alias{},
	}
}

func get[K comparable, T any](m map[K]stored, id K) (v spool.Versioned[T], err error) {
	s, ok := m[id]
	if !ok {
		return v, spool.ErrNotFound
	}
	v.Version = s.version
	return v, json.Unmarshal([]byte(s.value), &v.Value)
}

func put[K comparable, T any](m map[K]stored, id K, v spool.Versioned[T]) error {
	if m[id].version != v.Version {
		return fmt.Errorf("%v: %w", id, spool.ErrConflict)
	}
	text, err := json.Marshal(v.Value)
	m[id] = stored{v.Version + 1, string(text)}
	return err
}

func (r *records) Conversation(_ context.Context, id chat.ConversationID) (spool.Versioned[conversation.Conversation], error) {
	return get[chat.ConversationID, conversation.Conversation](r.conversations, id)
}

func (r *records) Belongings(ctx context.Context, o spool.Owner) (spool.Belongings, error) {
	b := spool.Belongings{Tickets: r.list(func(k desk.Ticket) bool { return o.Is(k.Asker) })}
	for id := range r.conversations {
		if c, err := r.Conversation(ctx, id); err == nil && o.Is(c.Value.Asker) {
			b.Conversations = append(b.Conversations, c.Value)
		}
	}
	slices.SortFunc(b.Conversations, func(a, b conversation.Conversation) int { return a.Begun.Compare(b.Begun) })
	for _, id := range o.Persons() {
		if p, err := r.Person(ctx, id); err == nil && p.Version > 0 {
			b.Persons = append(b.Persons, p.Value)
		}
	}
	for id := range r.lines {
		if l, err := r.Line(ctx, id); err == nil && slices.Contains(o.Persons(), l.Value.Person) {
			b.Lines = append(b.Lines, l.Value)
		}
	}
	slices.SortFunc(b.Lines, func(a, b desk.Line) int { return a.At.Compare(b.At) })
	return b, nil
}

func (r *records) Ticket(_ context.Context, id chat.TicketID) (spool.Versioned[desk.Ticket], error) {
	return get[chat.TicketID, desk.Ticket](r.tickets, id)
}

func (r *records) Person(_ context.Context, id chat.PersonID) (spool.Versioned[desk.Person], error) {
	if r.persons[id].version == 0 {
		return spool.Versioned[desk.Person]{}, nil
	}
	return get[chat.PersonID, desk.Person](r.persons, id)
}

// list returns the tickets that are wanted, by number.
func (r *records) list(wanted func(desk.Ticket) bool) []desk.Ticket {
	var list []desk.Ticket
	for id := range r.tickets {
		if k, err := r.Ticket(context.Background(), id); err == nil && wanted(k.Value) {
			list = append(list, k.Value)
		}
	}
	slices.SortFunc(list, func(a, b desk.Ticket) int { return cmp.Compare(a.Number, b.Number) })
	return list
}

func (r *records) open(name string, now time.Time) []desk.Ticket {
	list := r.list(func(k desk.Ticket) bool { return k.State == desk.Open && k.Desk == name && k.Parent == "" })
	slices.SortFunc(list, func(a, b desk.Ticket) int {
		if a.Before(&b, now) {
			return -1
		}
		return 1
	})
	return list
}

func (r *records) Queue(_ context.Context, name string, now time.Time, limit int) ([]desk.Ticket, int, error) {
	list := r.open(name, now)
	return list[:min(limit, len(list))], len(list), nil
}

func (r *records) Ahead(_ context.Context, t desk.Ticket, now time.Time) (int, error) {
	n := 0
	for _, k := range r.open(t.Desk, now) {
		if k.Before(&t, now) {
			n++
		}
	}
	return n, nil
}

func (r *records) Held(_ context.Context, holder chat.PersonID, limit int) ([]desk.Ticket, error) {
	list := r.list(func(k desk.Ticket) bool { return k.Live() && k.Holder == holder && k.Parent == "" })
	return list[:min(limit, len(list))], nil
}

func (r *records) Asked(_ context.Context, asker chat.PersonID, limit int) ([]desk.Ticket, error) {
	list := r.list(func(k desk.Ticket) bool { return k.Asker.Person == asker })
	slices.Reverse(list)
	return list[:min(limit, len(list))], nil
}

func (r *records) live(name string) []desk.Ticket {
	return r.list(func(k desk.Ticket) bool { return k.Live() && k.Desk == name })
}

func (r *records) LiveOf(_ context.Context, name string, after int64, limit int) ([]desk.Ticket, int, error) {
	all := r.live(name)
	list := slices.DeleteFunc(slices.Clone(all), func(k desk.Ticket) bool { return k.Number <= after })
	return list[:min(limit, len(list))], len(all), nil
}

func (r *records) Idle(_ context.Context, name string, before time.Time, limit int) ([]desk.Ticket, int, error) {
	list := slices.DeleteFunc(r.live(name), func(k desk.Ticket) bool { return k.Parent != "" || !k.LatestWord().Before(before) })
	slices.SortFunc(list, func(a, b desk.Ticket) int { return a.LatestWord().Compare(b.LatestWord()) })
	return list[:min(limit, len(list))], len(list), nil
}

func (r *records) OnCall(ctx context.Context, name string) ([]desk.OnCall, error) {
	var list []desk.OnCall
	for id := range r.persons {
		p, err := r.Person(ctx, id)
		if err != nil {
			return nil, err
		}
		if one, ok := p.Value.On(name); ok {
			one.Load = len(r.list(func(k desk.Ticket) bool { return k.Theirs() && k.Holder == id }))
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b desk.OnCall) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Agent.ID, b.Agent.ID))
	})
	return list, nil
}

func (r *records) Set(_ context.Context, set spool.Set) (map[string]string, int64, error) {
	return maps.Clone(r.sets[set]), int64(len(r.sets[set])), nil // no test looks at the version
}

func (r *records) Member(_ context.Context, set spool.Set, member string) (string, error) {
	value, ok := r.sets[set][member]
	if !ok {
		return "", spool.ErrNotFound
	}
	return value, nil
}

func (r *records) Alias(_ context.Context, id desk.AliasID) (desk.Alias, error) {
	a, ok := r.aliases[id]
	switch {
	case !ok && r.full:
		return a, fmt.Errorf("%w; %w", spool.ErrNotFound, spool.ErrFull)
	case !ok:
		return a, spool.ErrNotFound
	}
	return a, nil
}

func (r *records) Line(_ context.Context, id desk.LineID) (spool.Versioned[desk.Line], error) {
	return get[desk.LineID, desk.Line](r.lines, id)
}

// noted lists the lines that are wanted, newest first.
func (r *records) noted(wanted func(desk.Line) bool) []spool.Versioned[desk.Line] {
	var list []spool.Versioned[desk.Line]
	for id := range r.lines {
		if l, err := r.Line(context.Background(), id); err == nil && wanted(l.Value) {
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(a, b spool.Versioned[desk.Line]) int {
		return cmp.Or(b.Value.At.Compare(a.Value.At), cmp.Compare(b.Value.ID, a.Value.ID))
	})
	return list
}

func (r *records) Lately(_ context.Context, person chat.PersonID) ([]spool.Versioned[desk.Line], error) {
	list := r.noted(func(l desk.Line) bool { return l.Person == person && !l.Gone })
	return list[:min(desk.MaxLately, len(list))], nil
}

func (r *records) Gaps(_ context.Context, name string, since time.Time, limit int) ([]desk.Line, int, error) {
	var list []desk.Line
	for _, l := range r.noted(func(l desk.Line) bool { return l.Gap() && l.Desk == name && !l.At.Before(since) }) {
		list = append(list, l.Value)
	}
	return list[:min(limit, len(list))], len(list), nil
}

func (r *records) Tallies(_ context.Context, name string, from, to time.Time) ([]desk.Tally, error) {
	return desk.Sum(slices.DeleteFunc(slices.Clone(r.tallies), func(t desk.Tally) bool {
		return t.Desk != name || t.Day.Before(from) || !t.Day.Before(to)
	})), nil
}

func (r *records) Waits(_ context.Context, name string) ([]desk.Wait, error) {
	list := slices.DeleteFunc(slices.Clone(r.waits), func(w desk.Wait) bool { return w.Desk != name })
	slices.Reverse(list)
	return list[:min(desk.MaxWaits, len(list))], nil
}

func (r *records) Posted(_ context.Context, channel chat.Place, m chat.MessageID) (spool.Posted, error) {
	p, ok := r.posted[channel.String()+"/"+string(m)]
	if !ok {
		return p, spool.ErrNotFound
	}
	return p, nil
}

// A fakeView is what one event sees of the records.
type fakeView struct {
	*records
	lane chat.Lane
}

func (v fakeView) Here(ctx context.Context) (spool.Versioned[conversation.Conversation], bool, error) {
	id, ok := v.newest[v.lane]
	if !ok {
		return spool.Versioned[conversation.Conversation]{}, false, nil
	}
	c, err := v.Conversation(ctx, id)
	return c, err == nil, err
}

func (v fakeView) Number(context.Context) (int64, error) { return v.number + 1, nil }

func (v fakeView) Head(_ context.Context, name string, now time.Time, nth int) (chat.TicketID, error) {
	if list := v.records.open(name, now); len(list) >= nth {
		return list[nth-1].ID, nil
	}
	return "", spool.ErrNotFound
}

// commit does what a store's Finish does with an outcome's records.
func (r *records) commit(o spool.Outcome) error {
	for _, c := range o.Conversations {
		if c.Version == 0 || r.newest[c.Value.Lane] == c.Value.ID {
			r.newest[c.Value.Lane] = c.Value.ID
		}
		if err := put(r.conversations, c.Value.ID, c); err != nil {
			return err
		}
	}
	for _, k := range o.Tickets {
		r.number = max(r.number, k.Value.Number)
		if err := put(r.tickets, k.Value.ID, k); err != nil {
			return err
		}
	}
	for _, p := range o.Persons {
		if err := put(r.persons, p.Value.ID, p); err != nil {
			return err
		}
	}
	for _, l := range o.Lines {
		if err := put(r.lines, l.Value.ID, l); err != nil {
			return err
		}
	}
	r.tallies = desk.Sum(append(r.tallies, o.Tallies...))
	r.waits = append(slices.Clip(r.waits), o.Waits...)
	for _, a := range o.Learned {
		if _, known := r.aliases[a.ID]; !known {
			r.aliases[a.ID] = a
		}
	}
	for _, id := range o.Unlearned {
		delete(r.aliases, id)
	}
	for _, c := range o.Sets {
		if c.If != nil && *c.If != r.sets[c.Set][c.Member] {
			return fmt.Errorf("%s of %s: %w", c.Member, c.Set, spool.ErrConflict)
		}
		set := maps.Clone(r.sets[c.Set])
		if set == nil {
			set = map[string]string{}
		}
		if set[c.Member] = c.Value; c.Remove {
			delete(set, c.Member)
		}
		r.sets[c.Set] = set
	}
	return nil
}

func (r *records) clone() *records {
	return &records{
		maps.Clone(r.conversations), maps.Clone(r.tickets), maps.Clone(r.persons), maps.Clone(r.newest), maps.Clone(r.posted), r.number,
		maps.Clone(r.lines), r.tallies, r.waits, maps.Clone(r.sets), maps.Clone(r.aliases), r.full,
	}
}

var start = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

// help is the channel where people ask.
var help = chat.Place{Platform: "test", Workspace: "w", Channel: "help"}

func account(user string) chat.AccountID { return chat.NewAccountID("test", "w", user) }

// Who is who. Kim and Lee ask; Sam is on the staff. Ana leads the support desk
// and is known by name, Bo works it by account, Cy by role. Dan works the
// sales desk.
var (
	kim = chat.Sender{Account: account("kim"), Name: "Kim", Locale: "en"}
	lee = chat.Sender{Account: account("lee"), Name: "Lee", Locale: "en"}
	sam = chat.Sender{Account: account("sam"), Name: "Sam", Locale: "en", Roles: []string{"staff"}}
	ana = chat.Sender{Account: account("ana"), Name: "ana.2", Locale: "en"}
	bo  = chat.Sender{Account: account("bo"), Name: "Bo", Locale: "en"}
	cy  = chat.Sender{Account: account("cy"), Name: "Cy", Locale: "en", Roles: []string{"helpers"}}
	dan = chat.Sender{Account: account("dan"), Name: "Dan", Locale: "en"}
)

func testSettings() Settings {
	return Settings{
		Audiences: []Audience{
			{Name: "buyer"}, {Name: "creator", Roles: []string{"creators"}, Channels: []string{"studio"}},
			{Name: "staff", Private: true, Roles: []string{"staff"}},
		},
		Desks: []desk.Desk{
			{Name: "support", Agents: []string{"ana", string(account("bo")), "@helpers"}, Leads: []string{"ana"}, Audiences: []string{"", "buyer", "staff"}},
			{Name: "sales", Agents: []string{string(account("dan"))}, Audiences: []string{"creator"}},
		},
		Members:   []Member{{ID: "ana", Name: "Ana", Alias: "A.", Accounts: []chat.AccountID{account("ana"), "other:w:U7"}}},
		Languages: []string{"en", "pt-BR", "es"},
		Articles:  3, Misses: 2, Grace: 48 * time.Hour,
	}
}

// page is an article.
func page(id, title, topic, text string, audiences ...string) *knowledge.Article {
	return &knowledge.Article{
		ID: knowledge.ArticleID(id), Lang: "en", Title: title, URL: "https://help.example.com/" + id,
		Audiences: audiences, Topic: topic, Sections: []knowledge.Section{{Text: text}},
	}
}

func testArticles() []*knowledge.Article {
	return []*knowledge.Article{
		page("refund", "How do I get a refund?", "refunds", "Ask the seller for a refund of your purchase within seven days.", "buyer"),
		page("refund-status", "Where is my refund?", "refunds", "A refund appears on your card statement within two months.", "buyer"),
		page("password", "How do I change my password?", "account", "Open your account and choose a new password.", "buyer", "creator"),
		page("coupon", "How do I create a coupon?", "sales", "Open your product and create a discount coupon.", "creator"),
		page("payout", "How do I withdraw my commission?", "wallet", "Open the wallet and press withdraw.", "creator"),
		page("staff-refund", "Handbook: how do I refund a refund?", "refunds", "Open the back office and refund the refund by hand.", "staff"),
		page("staff-keys", "Handbook: where is the master password?", "keys", "The master password is in the safe.", "staff"),
	}
}

// testLibrary is built once: a library does not change.
var testLibrary = sync.OnceValue(func() *knowledge.Library {
	return knowledge.NewLibrary(testArticles(), testRules())
})

func testRules() knowledge.Rules {
	return knowledge.Rules{
		Audiences: []knowledge.Audience{{Name: "buyer"}, {Name: "creator"}, {Name: "staff", Private: true}},
		Languages: []knowledge.Lang{"en", "pt-BR", "es"},
	}
}

// A tester is what testing and rapid have in common.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// A world is a bot with records that its outcomes are kept in.
type world struct {
	t tester
	*Bot
	records *records
	now     time.Time
	events  int
}

func newWorld(t tester, articles ...*knowledge.Article) *world {
	t.Helper()
	return newWorldOf(t, testSettings(), articles...)
}

func newWorldOf(t tester, s Settings, articles ...*knowledge.Article) *world {
	t.Helper()
	w := &world{t: t, records: newRecords(), now: start}
	library := testLibrary()
	if len(articles) > 0 {
		library = knowledge.NewLibrary(articles, testRules())
	}
	b, err := New(s, Parts{
		Library: func() Library { return library }, Reader: w.records, Sets: func(name spool.Set) map[string]string { return w.records.sets[name] },
		Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Bot = b
	return w
}

// event completes an event as the adapter and the spool would.
func (w *world) event(e chat.Event, from chat.Sender) chat.Event {
	w.events++
	e.ID = chat.EventID(fmt.Sprintf("test:%d", w.events))
	e.At, e.From = w.now, from
	e.From.Person = w.Person(from.Account)
	if e.Place == (chat.Place{}) {
		e.Place = help
	}
	if e.Kind != chat.Message && e.Kind != chat.Edit && e.Kind != chat.Delete {
		e.Addressed = true
	} else if e.Message == "" {
		e.Message = chat.MessageID(fmt.Sprint("m", w.events))
	}
	return e
}

func (w *world) try(e chat.Event) spool.Outcome {
	w.t.Helper()
	o, err := w.Handle(context.Background(), e, fakeView{w.records, e.Lane()})
	if err != nil {
		w.t.Fatalf("handle %s %q %s: %v", e.Kind, e.Text, e.Action, err)
	}
	return o
}

// do handles an event and keeps its outcome.
func (w *world) do(e chat.Event) spool.Outcome {
	w.t.Helper()
	o := w.try(e)
	if err := w.records.commit(o); err != nil {
		w.t.Fatal(err)
	}
	w.now = w.now.Add(time.Second)
	return o
}

func (w *world) says(from chat.Sender, text string) spool.Outcome {
	w.t.Helper()
	return w.do(w.event(chat.Event{Kind: chat.Message, Addressed: true, Text: text}, from))
}

func (w *world) runs(from chat.Sender, door, text string) spool.Outcome {
	w.t.Helper()
	return w.do(w.event(chat.Event{Kind: chat.Slash, Door: door, Text: text}, from))
}

func (w *world) presses(from chat.Sender, verb string, args ...string) spool.Outcome {
	w.t.Helper()
	return w.do(w.event(chat.Event{Kind: chat.Press, Action: chat.Do(verb, args...)}, from))
}

// asks makes a conversation of a question, and returns its id.
func (w *world) asks(from chat.Sender, text string) string {
	w.t.Helper()
	o := w.says(from, text)
	if len(o.Conversations) != 1 {
		w.t.Fatalf("%q made %d conversations: %s", text, len(o.Conversations), spoken(o))
	}
	return string(o.Conversations[0].Value.ID)
}

// opens makes a ticket of a question, and returns it.
func (w *world) opens(from chat.Sender, text string) desk.Ticket {
	w.t.Helper()
	o := w.presses(from, "contact", w.asks(from, text))
	if len(o.Tickets) != 1 {
		w.t.Fatalf("contact made %d tickets: %s", len(o.Tickets), spoken(o))
	}
	return o.Tickets[0].Value
}

func (w *world) ticket(id chat.TicketID) desk.Ticket {
	w.t.Helper()
	k, err := w.records.Ticket(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return k.Value
}

// spoken is all that an outcome says.
func spoken(o spool.Outcome) string {
	var all []string
	for _, r := range o.Replies {
		all = append(all, r.PlainText())
	}
	return strings.Join(all, "\n--\n")
}

// everything is all that a reply shows, buttons and addresses too.
func everything(r chat.Reply) string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // plain data
	}
	return string(text)
}

// changed reports whether an outcome has any record.
func changed(o spool.Outcome) bool {
	return len(o.Conversations)+len(o.Tickets)+len(o.Persons) > 0
}

// seenBy reports whether someone who reads in a place sees a reply.
func seenBy(r chat.Reply, who chat.Sender) bool {
	if strings.HasPrefix(r.Place.Channel, "@") {
		return r.Place == chat.Direct(who.Account)
	}
	return r.Only == "" || r.Only == who.Account
}

// stores keeps a ticket, open at the support desk unless it says otherwise.
func (w *world) stores(number int64, asker chat.Sender, k desk.Ticket) {
	w.t.Helper()
	asker.Person = w.Person(asker.Account)
	k.ID, k.Number, k.Asker, k.OpenedAt = desk.NewID(number), number, asker, w.now
	k.Desk, k.State = cmp.Or(k.Desk, "support"), cmp.Or(k.State, desk.Open)
	if err := w.records.commit(spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{{Value: k}}}); err != nil {
		w.t.Fatal(err)
	}
}
