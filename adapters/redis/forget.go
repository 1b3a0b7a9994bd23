package redis

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

var (
	forgetRecordScript  = script("forget_record")
	forgetEventScript   = script("forget_event")
	forgetReplyScript   = script("forget_reply")
	forgetTimerScript   = script("forget_timer")
	forgetReceiptScript = script("forget_receipt")
)

// Answers of the scripts that put something into another's place.
const (
	forgotDone = 1
	forgotBusy = 2 // somebody has it in hand
)

// A forgetter goes through the store for one Forget.
type forgetter struct {
	*Store
	spool.Forgetting
	now     time.Time
	hoard   hoard
	named   map[string]bool         // tickets and conversations of theirs
	cards   map[chat.Key]chat.Reply // that take the place of their tickets' cards
	replies map[string][]chat.Reply // likewise, by ticket
	texts   []string                // what they wrote
	done    spool.Forgotten
}

// Forget takes away what is on its way first, and the records by which that is
// found last, once nobody has any of it in hand: so a Forget that was killed is
// simply run again.
func (s *Store) Forget(ctx context.Context, f spool.Forgetting, now time.Time) (spool.Forgotten, error) {
	x := &forgetter{Store: s, Forgetting: f, now: now, named: map[string]bool{}, cards: map[chat.Key]chat.Reply{}, replies: map[string][]chat.Reply{}}
	var err error
	if x.hoard, err = s.hoard(ctx, f.Owner); err == nil {
		x.know()
		err = x.takeOut(ctx, x.Sets)
	}
	if err == nil {
		err = x.onTheWay(ctx)
	}
	for _, step := range []func(context.Context) error{x.forgetAliases, x.forgetLines, x.forgetConversations, x.forgetTickets, x.forgetPersons} {
		if err == nil && !x.done.Busy {
			err = step(ctx)
		}
	}
	if err != nil {
		return x.done, fmt.Errorf("forget %q: %w", f.Person, err)
	}
	return x.done, nil
}

// know notes what the owner's records name, and what they wrote.
func (x *forgetter) know() {
	write := func(texts ...string) {
		for _, s := range texts {
			if s != "" && !slices.Contains(x.texts, s) {
				x.texts = append(x.texts, s)
			}
		}
	}
	trail := func(t conversation.Trail) {
		for _, asked := range t.Asked {
			write(asked.Text)
		}
	}
	for _, c := range x.hoard.conversations {
		x.named[string(c.Value.ID)] = true
		trail(c.Value.Trail)
	}
	for _, l := range x.hoard.lines {
		write(l.Value.Text)
	}
	for _, held := range x.hoard.tickets {
		k := held.Value
		x.named[string(k.ID)] = true
		write(k.Question, k.Detail, k.Comment)
		trail(k.Trail)
		for _, e := range k.History {
			if e.By == "" {
				write(e.Text)
			}
		}
		if k.Forget(x.now); x.Cards != nil {
			x.replies[string(k.ID)] = x.Cards(k)
			for _, card := range x.replies[string(k.ID)] {
				x.cards[card.Key] = card
			}
		}
	}
}

// of reports whether a name, such as T-12/3 or line/…/T-12, is of something of
// theirs.
func (x *forgetter) of(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if x.named[part] {
			return true
		}
	}
	return false
}

const (
	// leastQuote is how many characters of a text are enough to know it again, and
	// mostQuote how many of it lists show at least.
	leastQuote = 8
	mostQuote  = 20
)

// quotes reports whether words have something in them that the owner wrote.
func (x *forgetter) quotes(words string) bool {
	words = strings.Join(strings.Fields(words), " ")
	return slices.ContainsFunc(x.texts, func(s string) bool {
		s = strings.Join(strings.Fields(s), " ")
		if utf8.RuneCountInString(s) < leastQuote {
			return words == s
		}
		runes := []rune(s)
		return strings.Contains(words, string(runes[:min(len(runes), mostQuote)]))
	})
}

// copies reports whether words have in them, from beginning to end, something that
// the owner wrote and that is too long for someone else to say the same: what
// others wrote is not to be lost because it begins alike.
func (x *forgetter) copies(words string) bool {
	words = strings.Join(strings.Fields(words), " ")
	return slices.ContainsFunc(x.texts, func(s string) bool {
		return utf8.RuneCountInString(s) >= mostQuote && strings.Contains(words, strings.Join(strings.Fields(s), " "))
	})
}

// onTheWay goes through events, timers, replies, dead letters, messages that
// stand, and what others asked with the owner's words.
func (x *forgetter) onTheWay(ctx context.Context) error {
	return x.scan(ctx, func(all []string) error {
		for _, one := range []struct {
			kind string
			read func(context.Context, []string) ([]found, error)
			do   func(context.Context, found) error
		}{
			{"event", x.hashes, x.forgetEvent}, {"timer", x.hashes, x.forgetTimer}, {"reply", x.hashes, x.forgetReply},
			{"dead", x.hashes, x.forgetDead}, {"posted", x.Store.texts, x.forgetPosted}, {"conversation", x.hashes, x.forgetCopy},
			{"person", x.hashes, x.forgetUnsent},
		} {
			list, err := one.read(ctx, x.kind(all, one.kind))
			if err != nil {
				return err
			}
			for _, f := range list {
				if err := one.do(ctx, f); err != nil {
					return fmt.Errorf("%s: %w", f.key, err)
				}
			}
		}
		return nil
	})
}

// took counts what a script answered.
func (x *forgetter) took(n int64, count *int) {
	switch n {
	case forgotDone:
		*count++
	case forgotBusy:
		x.done.Busy = true
	}
}

// unsaid is an event without what the owner said in it; false if it has nothing
// of theirs.
func (x *forgetter) unsaid(e chat.Event) (chat.Event, bool) {
	switch {
	case x.Event != "" && e.ID == x.Event, e.Timer == spool.ForgottenTimer:
		return e, false
	case x.Is(e.From), x.of(e.Report) && len(e.Missing) > 0, x.of(e.Timer):
		// It keeps its lane.
		return chat.Event{ID: e.ID, Kind: chat.Tick, Timer: spool.ForgottenTimer, At: e.At, Place: e.Place, From: chat.Sender{Account: e.From.Account, Person: e.From.Person}}, true
	case e.About != nil && x.Is(e.About.From):
		e.About = nil
		return e, true
	}
	return e, false
}

func (x *forgetter) forgetEvent(ctx context.Context, f found) error {
	e, err := decode[chat.Event](f.value)
	if err != nil {
		return nil // nobody knows whose it is; it will be a dead letter
	}
	other, theirs := x.unsaid(e)
	if !theirs {
		return nil
	}
	_, value, err := encode(other)
	if err != nil {
		return err
	}
	n, err := x.durably(ctx, forgetEventScript, []string{f.key, x.keys.ready()}, string(e.Lane()), x.now.UnixMilli(), f.value, value).Int64()
	x.took(n, &x.done.Waiting)
	return err
}

func (x *forgetter) forgetTimer(ctx context.Context, f found) error {
	e, err := decode[chat.Event](f.value)
	if err != nil {
		return err
	}
	name := x.after(f.key, "timer")
	if _, theirs := x.unsaid(e); !theirs && !x.of(name) {
		return nil
	}
	n, err := x.durably(ctx, forgetTimerScript, []string{f.key, x.keys.timers()}, name, f.value).Int64()
	x.took(n, &x.done.Waiting)
	return err
}

// theirs reports whether a reply is for the owner alone, about something of
// theirs, or a list with words of theirs.
func (x *forgetter) theirs(r chat.Reply) bool {
	switch {
	case x.Event != "" && r.Event == x.Event:
		return false
	case r.Only != "" && slices.Contains(x.Accounts, r.Only), x.privately(r.Place):
		return true
	case x.named[string(r.Ticket)], x.named[string(r.Conversation)], x.of(string(r.Key)):
		return true
	}
	return r.Ticket == "" && r.Conversation == "" && x.quotes(r.PlainText())
}

// privately reports whether nobody but the owner reads a place.
func (x *forgetter) privately(p chat.Place) bool {
	return slices.ContainsFunc(x.Accounts, func(a chat.AccountID) bool { return p.Outside() == chat.Direct(a) || p == chat.Apart(p, a) })
}

func (x *forgetter) forgetReply(ctx context.Context, f found) error {
	r, err := decode[chat.Reply](f.value)
	if err != nil {
		return err
	}
	if !x.theirs(r) {
		return nil
	}
	other := chat.Reply{Key: r.Key, Deed: chat.Remove, Purpose: r.Purpose, Place: r.Place}
	if card, ok := x.cards[r.Key]; ok {
		deed := r.Deed
		if other = card; deed == chat.Post {
			other.Deed = deed
		}
	}
	other, fields, err := queuedReply(other)
	if err != nil || fields[3] == f.value {
		return err
	}
	n, err := x.durably(ctx, forgetReplyScript, []string{f.key, x.keys.sending(), x.keys.out(r.Place.Platform)},
		r.Place.String(), x.now.UnixMilli(), f.value, fields[3], string(other.Deed), fields[2]).Int64()
	x.took(n, &x.done.Waiting)
	return err
}

func (x *forgetter) forgetDead(ctx context.Context, f found) error {
	id := x.after(f.key, "dead")
	letter, err := x.DeadLetter(ctx, id)
	switch {
	case errors.Is(err, spool.ErrNotFound):
		return nil
	case err != nil:
		return err
	case letter.Event != nil:
		e := *letter.Event
		_, theirs := x.unsaid(e)
		if !theirs && !x.copies(e.Text) && !slices.ContainsFunc(e.Action.Args, x.of) {
			return nil
		}
	case letter.Reply != nil && !x.theirs(*letter.Reply):
		return nil
	}
	if err := x.Drop(ctx, id); err != nil && !errors.Is(err, spool.ErrNotFound) {
		return err
	}
	x.done.Waiting++
	return nil
}

// forgetPosted takes back a message of ours about something of theirs. A card
// gets another face instead, and what only they read stays with them.
func (x *forgetter) forgetPosted(ctx context.Context, f found) error {
	p, err := decode[spool.Posted](f.value)
	if err != nil {
		return err
	}
	if !x.named[string(p.Ticket)] && !x.named[string(p.Conversation)] && !x.of(string(p.Key)) {
		return nil
	}
	if _, ok := x.cards[p.Key]; ok {
		return nil
	}
	list, err := x.Store.texts(ctx, []string{x.keys.receipt(p.Key)})
	if err != nil || len(list) == 0 {
		return err
	}
	stands, err := decode[standing](list[0].value)
	if err != nil {
		return err
	}
	keys := []string{list[0].key, x.keys.receipts(), f.key, x.keys.pending(), x.keys.reply(x.replyID(p.Key))}
	args := []any{string(p.Key), list[0].value, string(x.keys), x.now.UnixMilli()}
	if x.privately(stands.Place) {
		args = append(args, "")
	} else {
		remove, err := x.reply(chat.Reply{Key: p.Key, Deed: chat.Remove, Purpose: chat.Notifying, Place: stands.Place, Ticket: p.Ticket})
		if err != nil {
			return err
		}
		args = append(args, remove...)
	}
	n, err := x.durably(ctx, forgetReceiptScript, keys, args...).Int64()
	x.took(n, &x.done.Messages)
	return err
}

// replyID names the reply that changes what stands under a Key: the same each
// time, so that it is queued once.
func (x *forgetter) replyID(key chat.Key) string {
	sum := sha256.Sum256([]byte("forget " + string(key)))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10])) + ".f"
}

// reply is a reply as the scripts take it.
func (x *forgetter) reply(r chat.Reply) ([]any, error) {
	r, fields, err := queuedReply(r)
	if err != nil {
		return nil, err
	}
	return append([]any{x.replyID(r.Key), r.Place.String(), r.Place.Platform}, fields...), nil
}

// forgetCopy takes the owner's words out of what someone else asked with them: by
// a button under their answer, or from the menu of their message.
func (x *forgetter) forgetCopy(ctx context.Context, f found) error {
	if !strings.Contains(f.value, "/aside/") {
		return nil
	}
	c, err := decode[conversation.Conversation](f.value)
	if err != nil || x.Is(c.Asker) {
		return err
	}
	changed := false
	for i := range c.Trail.Asked {
		asked := &c.Trail.Asked[i]
		if !slices.Contains(x.texts, asked.Text) && !slices.Contains(x.Accounts, asked.By) {
			continue
		}
		changed, asked.Text, asked.Files, asked.By = true, "", nil, ""
		// Lines are named as the answer is.
		l, err := x.Line(ctx, desk.LineID(strings.TrimPrefix(string(asked.Answer), "answer/")))
		if err == nil && l.Value.Text != "" {
			l.Value.Text = ""
			if err := save(ctx, x, x.keys.line(l.Value.ID), l.Version, l.Value, x.standing(l.Value), nil, &x.done.Lines); err != nil {
				return err
			}
		} else if err != nil && !errors.Is(err, spool.ErrNotFound) {
			return err
		}
	}
	if !changed {
		return nil
	}
	return save(ctx, x, f.key, f.version, c, []entry{{x.keys.conversations(), c.Latest.UnixMilli(), string(c.ID)}}, nil, &x.done.Conversations)
}

// forgetUnsent takes out of what agents wrote, and did not send, what was for one
// of the owner's tickets.
func (x *forgetter) forgetUnsent(ctx context.Context, f found) error {
	if !strings.Contains(f.value, `"drafts":`) {
		return nil
	}
	p, err := decode[desk.Person](f.value)
	if err != nil || slices.Contains(x.Persons(), p.ID) {
		return err
	}
	kept := maps.Clone(p.Drafts)
	maps.DeleteFunc(kept, func(id chat.TicketID, _ string) bool { return x.named[string(id)] })
	if len(kept) == len(p.Drafts) {
		return nil
	}
	p.Drafts = kept
	return save(ctx, x, f.key, f.version, p, x.duties(p), nil, &x.done.Waiting)
}

// save keeps another record in the place of one that was read.
func save[T any](ctx context.Context, x *forgetter, key string, version int64, v T, entries []entry, replies []chat.Reply, count *int) error {
	_, value, err := encode(v)
	if err != nil {
		return err
	}
	return x.record(ctx, key, version, value, "", "", entries, replies, count)
}

// record takes the step of forget_record.lua. What was saved meanwhile is left
// for the next time.
func (x *forgetter) record(ctx context.Context, key string, version int64, value, newest, id string, entries []entry, replies []chat.Reply, count *int) error {
	args := []any{version, value, string(x.keys), x.now.UnixMilli(), newest, id, len(entries)}
	for _, e := range entries {
		args = append(args, e.index, e.score, e.member)
	}
	args = append(args, len(replies))
	for _, r := range replies {
		fields, err := x.reply(r)
		if err != nil {
			return err
		}
		args = append(args, fields...)
	}
	n, err := x.durably(ctx, forgetRecordScript, []string{key, x.keys.pending()}, args...).Int64()
	if n == 0 && err == nil {
		n = forgotBusy
	}
	x.took(n, count)
	return err
}

// forgetAliases unlearns what was taught on their tickets in their own words.
// What an agent put otherwise stays.
func (x *forgetter) forgetAliases(ctx context.Context) error {
	for _, a := range x.hoard.aliases {
		text := unmasked(a.Text)
		if !slices.ContainsFunc(x.texts, func(s string) bool { return carries(text, s) || carries(text, unmasked(s)) }) {
			continue
		}
		found, err := x.RemoveAlias(ctx, a.ID)
		if err != nil {
			return err
		}
		if found {
			x.done.Aliases++
		}
	}
	return nil
}

// maskWord is what stands in a phrasing for what was masked, or left out of it.
var maskWord = regexp.MustCompile(`\[[a-z-]+\]`)

func unmasked(s string) string { return maskWord.ReplaceAllString(chat.Mask(s), " ") }

// carriedWords is how many words in a row are somebody's own.
const carriedWords = 3

// carries reports whether a phrasing has words of a text in it, in the same
// order: three in a row, or all of it if it has fewer.
func carries(phrasing, text string) bool {
	apart := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	words := strings.FieldsFunc(strings.ToLower(phrasing), apart)
	whole := " " + strings.Join(strings.FieldsFunc(strings.ToLower(text), apart), " ") + " "
	n := min(carriedWords, len(words))
	for i := 0; i+n <= len(words) && n > 0; i++ {
		if strings.Contains(whole, " "+strings.Join(words[i:i+n], " ")+" ") {
			return true
		}
	}
	return false
}

func (x *forgetter) forgetLines(ctx context.Context) error {
	for _, l := range x.hoard.lines {
		if err := x.record(ctx, x.keys.line(l.Value.ID), l.Version, "", "", "", nil, nil, &x.done.Lines); err != nil {
			return err
		}
	}
	return nil
}

func (x *forgetter) forgetConversations(ctx context.Context) error {
	for _, c := range x.hoard.conversations {
		id := string(c.Value.ID)
		if err := x.record(ctx, x.keys.conversation(c.Value.ID), c.Version, "", x.keys.newest(c.Value.Lane), id, nil, nil, &x.done.Conversations); err != nil {
			return err
		}
	}
	return nil
}

// forgetTickets lets what goes with their tickets go its own way first.
func (x *forgetter) forgetTickets(ctx context.Context) error {
	for _, held := range x.hoard.tickets {
		k := held.Value
		if ok, err := x.partOthers(ctx, &k); err != nil {
			return err
		} else if !ok {
			continue // whoever goes with it is found by it the next time
		}
		k.Forget(x.now)
		if err := save(ctx, x, x.keys.ticket(k.ID), held.Version, k, x.indexes(k), x.replies[string(k.ID)], &x.done.Tickets); err != nil {
			return err
		}
	}
	return nil
}

// partOthers lets tickets of others that go with one of theirs go their own way;
// false if one of them was saved meanwhile.
func (x *forgetter) partOthers(ctx context.Context, k *desk.Ticket) (bool, error) {
	others := []chat.TicketID{k.Parent}
	for _, c := range k.Children {
		others = append(others, c.ID)
	}
	for _, e := range k.History {
		if e.Did == desk.DidMerge { // it may have gone with another once
			others = append(others, chat.TicketID(e.Text))
		}
	}
	for _, id := range others {
		if id == "" || x.named[string(id)] {
			continue
		}
		other, err := x.Ticket(ctx, id)
		if errors.Is(err, spool.ErrNotFound) {
			continue
		}
		if err != nil {
			return false, err
		}
		if !other.Value.PartForgotten(k, x.now) {
			continue
		}
		parted := 0
		if err := save(ctx, x, x.keys.ticket(id), other.Version, other.Value, x.indexes(other.Value), nil, &parted); err != nil || parted == 0 {
			return false, err
		}
	}
	return true, nil
}

// forgetPersons leaves of the owner what the desks need: that they are on call,
// or kept from writing.
func (x *forgetter) forgetPersons(ctx context.Context) error {
	var blocked *desk.Block
	for _, p := range x.hoard.persons {
		if b := p.Value.Blocked; b != nil && p.Value.IsBlocked(x.now) && (blocked == nil || b.Until.IsZero() || !blocked.Until.IsZero() && b.Until.After(blocked.Until)) {
			blocked = b
		}
	}
	for _, id := range x.Persons() {
		p, err := x.Store.Person(ctx, id)
		if err != nil {
			return err
		}
		kept := desk.Person{ID: id, OnCall: p.Value.OnCall, Blocked: blocked}
		for _, account := range x.Accounts {
			if chat.PersonID(account) == id || !strings.Contains(string(id), ":") {
				kept.Accounts = append(kept.Accounts, account)
			}
		}
		value := ""
		if blocked != nil || len(kept.OnCall) > 0 {
			if _, value, err = encode(kept); err != nil {
				return err
			}
		}
		was := ""
		if p.Version > 0 {
			if _, was, err = encode(p.Value); err != nil {
				return err
			}
		}
		if value == was {
			continue
		}
		if err := x.record(ctx, x.keys.person(id), p.Version, value, "", "", x.duties(kept), nil, &x.done.Persons); err != nil {
			return err
		}
	}
	if x.done.Busy {
		return nil // what is left is found by them
	}
	return x.takeOut(ctx, x.Links)
}

// takeOut takes members out of sets.
func (x *forgetter) takeOut(ctx context.Context, changes []spool.SetChange) error {
	if len(changes) == 0 {
		return nil
	}
	return x.Change(ctx, changes...)
}
