package desk

import (
	"slices"
	"strings"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

// An Offer is what a one-time code stands for: that whoever types it is the same
// human.
type Offer struct {
	Account chat.AccountID `json:"account"` // that asked for the code
	Name    string         `json:"name"`
	Lang    string         `json:"lang"`  // that they read
	Until   time.Time      `json:"until"` // it is good before then
}

// codeLetters are what codes are made of: none of them is taken for another.
const codeLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeLength is how many of them a code has: 40 bits, for some minutes.
const codeLength = 8

// NewCode makes a code of as many random bytes.
func NewCode(random [codeLength]byte) string {
	var code strings.Builder
	for i, b := range random {
		if i == codeLength/2 {
			code.WriteByte('-')
		}
		code.WriteByte(codeLetters[int(b)%len(codeLetters)])
	}
	return code.String()
}

// ParseCode reads a code as people type it: in small letters, without its dash,
// with an O for a zero. It reports false for what cannot be one.
func ParseCode(s string) (string, bool) {
	var code [codeLength]byte
	n := 0
	for _, r := range strings.ToUpper(strings.TrimSpace(s)) {
		switch r {
		case '-', '–', '—', ' ':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		i := strings.IndexRune(codeLetters, r)
		if i < 0 || n == codeLength {
			return "", false
		}
		code[n] = byte(i)
		n++
	}
	if n < codeLength {
		return "", false
	}
	return NewCode(code), true
}

// Join makes other and p one: p takes over what is known of other, who keeps
// nothing. Where both know something, p's stands, but for a block: the longer
// one does.
func (p *Person) Join(other *Person) {
	for _, account := range other.Accounts {
		if !slices.Contains(p.Accounts, account) {
			p.Accounts = append(slices.Clone(p.Accounts), account)
		}
	}
	if p.Audience == "" {
		p.Audience, p.ChosenAt = other.Audience, other.ChosenAt
	}
	p.Drafts, p.OnCall = joined(p.Drafts, other.Drafts), joined(p.OnCall, other.OnCall)
	if b := other.Blocked; b != nil && (p.Blocked == nil || b.Until.IsZero() || !p.Blocked.Until.IsZero() && b.Until.After(p.Blocked.Until)) {
		p.Blocked = b
	}
	*other = Person{ID: other.ID}
}

// joined has what either has, and a's where both have it.
func joined[K comparable, V any](a, b map[K]V) map[K]V {
	if len(b) == 0 {
		return a
	}
	all := map[K]V{}
	for _, m := range []map[K]V{b, a} {
		for key, value := range m {
			all[key] = value
		}
	}
	return all
}

// Part takes an account away from p, and makes it a person of its own again,
// who is as blocked as p is.
func (p *Person) Part(account chat.AccountID) Person {
	p.Accounts = slices.DeleteFunc(slices.Clone(p.Accounts), func(a chat.AccountID) bool { return a == account })
	stays := map[string]Duty{}
	for name, duty := range p.OnCall {
		if duty.Account != account {
			stays[name] = duty
		}
	}
	p.OnCall = stays
	return Person{ID: chat.PersonID(account), Accounts: []chat.AccountID{account}, Blocked: p.Blocked}
}

// Rehome makes what was one person's on t another's: what they asked, hold, or
// did. Given an account, only what came of that counts.
func (t *Ticket) Rehome(from, to chat.PersonID, account chat.AccountID) {
	of := func(a chat.AccountID) bool { return account == "" || a == account }
	if t.Asker.Person == from && of(t.Asker.Account) {
		t.Asker.Person = to
	}
	t.Watchers = slices.Clone(t.Watchers)
	for i := range t.Watchers {
		if w := &t.Watchers[i]; w.ID == from && of(w.Account) {
			w.ID = to
		}
	}
	if t.Holder != from || !of(t.HolderAs) {
		return
	}
	t.Holder = to
	t.History = slices.Clone(t.History)
	for i := range t.History { // so that they may still change their words
		if t.History[i].By == from {
			t.History[i].By = to
		}
	}
}
