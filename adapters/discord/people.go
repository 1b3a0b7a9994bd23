package discord

import (
	"cmp"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// known is how long what Discord tells of a member is good, where an event
	// does not bring it along: in direct messages.
	known = 5 * time.Minute
	// introducing is how long an event waits for who its sender is.
	introducing = time.Second
	// maxPeople is of how many people we know at a time.
	maxPeople = 20_000
)

// A user is who someone is on Discord.
type user struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Global   string `json:"global_name"`
	Bot      bool   `json:"bot"`
	System   bool   `json:"system"`
}

// A member is who someone is in a server.
type member struct {
	User  user     `json:"user"`
	Nick  string   `json:"nick"`
	Roles []string `json:"roles"`
}

// people know what events do not bring along: someone's language, which only
// interactions tell, and who they are on the server when they write a direct
// message.
type people struct {
	*Adapter
	mu      sync.Mutex
	locales map[string]string
	members map[string]acquaintance // by guild and user
}

type acquaintance struct {
	member
	until time.Time
}

func newPeople(a *Adapter) *people {
	return &people{Adapter: a, locales: map[string]string{}, members: map[string]acquaintance{}}
}

// speaks notes the language of someone.
func (p *people) speaks(user, locale string) {
	if locale == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	makeRoom(p.locales)
	p.locales[user] = locale
}

// makeRoom makes room for one more: whoever is forgotten tells again.
func makeRoom[T any](m map[string]T) {
	for other := range m {
		if len(m) < maxPeople {
			return
		}
		delete(m, other)
	}
}

// sender is who did something in a guild. A nil member: it was done in direct
// messages.
func (p *people) sender(ctx context.Context, guild string, u user, m *member) chat.Sender {
	s := chat.Sender{
		Account: chat.NewAccountID(Name, guild, u.ID), Name: cmp.Or(oneLine(u.Global), oneLine(u.Username), u.ID), Bot: u.Bot || u.System,
	}
	p.mu.Lock()
	s.Locale = p.locales[u.ID]
	p.mu.Unlock()
	if m == nil && !s.Bot {
		m = p.member(ctx, guild, u.ID)
	}
	if m != nil {
		s.Name = cmp.Or(oneLine(m.Nick), s.Name)
		s.Roles = p.world.named(guild, m.Roles)
	}
	return s
}

// member is who someone is in a guild; nil if Discord does not tell.
func (p *people) member(ctx context.Context, guild, user string) *member {
	if guild == "" {
		return nil
	}
	id, now := guild+"/"+user, p.now()
	p.mu.Lock()
	m, ok := p.members[id]
	p.mu.Unlock()
	if ok && now.Before(m.until) {
		return &m.member
	}
	asked, cancel := context.WithTimeout(ctx, introducing)
	defer cancel()
	if err := p.do(asked, http.MethodGet, "guilds/"+guild+"/members/"+user, nil, &m.member); err != nil {
		p.log.Debug("Discord tells nothing of a member", "err", scrub(err))
		if !ok {
			return nil // and asked again next time
		}
	}
	m.until = now.Add(known)
	p.mu.Lock()
	defer p.mu.Unlock()
	makeRoom(p.members)
	p.members[id] = m
	return &m.member
}
