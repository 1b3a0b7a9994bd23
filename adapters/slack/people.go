package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/bot/chat"
)

const (
	// known is how long what Slack tells of a person is good: changes come as
	// events, and this is for those that got lost.
	known = 6 * time.Hour
	// unheard is how long it is left at that if Slack tells nothing.
	unheard = time.Minute
	// introducing is how long an event waits for who its sender is: it has to be
	// stored within 3 s.
	introducing = time.Second
	// refreshing is how often groups and members are read anew.
	refreshing = 10 * time.Minute
	// maxPeople is of how many people we know at a time.
	maxPeople = 20_000
	// maxMembers is how many members of a channel or group a page lists.
	// Source: https://docs.slack.dev/reference/methods/conversations.members
	maxMembers = 1000
	// maxNamed is how many mentions in one message are looked up.
	maxNamed = 5
)

// A person is what Slack tells of one.
type person struct {
	name, locale     string
	team, enterprise string
	bot, stranger    bool
	told             bool // false: Slack did not tell
	until            time.Time
}

// people know who someone is: name, language, groups, and whether they are of
// another organisation.
type people struct {
	*Adapter
	stale chan struct{} // has one if groups are to be read anew

	mu      sync.Mutex
	persons map[string]person
	groups  map[string]group           // by id
	members map[string]map[string]bool // of channels that count as groups
}

// A group is a user group.
type group struct {
	handle string
	users  map[string]bool
}

func newPeople(a *Adapter) *people {
	return &people{Adapter: a, stale: make(chan struct{}, 1), persons: map[string]person{}, members: map[string]map[string]bool{}}
}

// load reads groups and members, so that agents are known from the start.
func (p *people) load(ctx context.Context, self identity) {
	if err := p.refresh(ctx, self); err != nil && ctx.Err() == nil {
		p.log.Warn("not all groups could be read; who is an agent by them is not known yet", "err", scrub(err))
		p.outdated()
	}
}

// run keeps groups and members fresh until ctx ends.
func (p *people) run(ctx context.Context, self identity) {
	if len(p.o.Groups)+len(p.o.Members) == 0 {
		return
	}
	ticker := time.NewTicker(refreshing)
	defer ticker.Stop()
	for wait := time.Second; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-p.stale:
		}
		if err := p.refresh(ctx, self); err != nil && ctx.Err() == nil {
			wait = min(2*wait, slowest)
			p.log.Warn("not all groups could be read", "err", scrub(err), "again in", wait)
			if !pause(ctx, wait) {
				return
			}
			p.outdated()
			continue
		}
		wait = time.Second
	}
}

// outdated asks for groups and members to be read anew.
func (p *people) outdated() {
	select {
	case p.stale <- struct{}{}:
	default:
	}
}

// refresh reads groups and members. What cannot be read stays as it was.
func (p *people) refresh(ctx context.Context, self identity) error {
	var errs []error
	if len(p.o.Groups) > 0 {
		asked, cancel := context.WithTimeout(ctx, asking)
		all, err := p.api.GetUserGroupsContext(asked, slack.GetUserGroupsOptionIncludeUsers(true))
		cancel()
		if err != nil {
			errs = append(errs, err)
		} else {
			groups := map[string]group{}
			for _, g := range all {
				if g.DateDelete == 0 {
					groups[g.ID] = group{g.Handle, set(g.Users)}
				}
			}
			p.mu.Lock()
			p.groups = groups
			p.mu.Unlock()
		}
	}
	for _, name := range p.o.Members {
		members, err := p.membersOf(ctx, strings.TrimPrefix(name, "#"))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		p.mu.Lock()
		p.members[name] = members
		p.mu.Unlock()
	}
	return errors.Join(errs...)
}

func (p *people) membersOf(ctx context.Context, channel string) (map[string]bool, error) {
	members := map[string]bool{}
	for cursor := ""; ; {
		asked, cancel := context.WithTimeout(ctx, asking)
		page, next, err := p.api.GetUsersInConversationContext(asked, &slack.GetUsersInConversationParameters{
			ChannelID: channel, Cursor: cursor, Limit: maxMembers,
		})
		cancel()
		if err != nil {
			return nil, err
		}
		for _, user := range page {
			members[user] = true
		}
		if cursor = next; cursor == "" {
			return members, nil
		}
	}
}

func set(list []string) map[string]bool {
	m := make(map[string]bool, len(list))
	for _, s := range list {
		m[s] = true
	}
	return m
}

// changed takes in news of people, groups and members.
func (p *people) changed(kind string, raw json.RawMessage) error {
	var e struct {
		User json.RawMessage `json:"user"`
	}
	if kind != "user_change" {
		p.outdated()
		return nil
	}
	var u struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return err
	}
	if err := json.Unmarshal(e.User, &u); err != nil {
		return err
	}
	p.mu.Lock()
	delete(p.persons, u.ID) // asked for again when they do something: the event has no locale
	p.mu.Unlock()
	return nil
}

// sender is who did something. Hints are what the event itself tells: a name,
// and the workspace of the person. In a shared channel someone of whom nothing
// is known counts as external.
func (p *people) sender(ctx context.Context, self identity, user, name, team string, shared bool) chat.Sender {
	who := p.person(ctx, user)
	s := chat.Sender{
		Account: self.account(user), Name: cmp.Or(who.name, oneLine(name), user), Locale: who.locale, Bot: who.bot,
	}
	switch {
	case who.told:
		s.External = who.stranger || who.team != "" && who.team != self.team && (self.enterprise == "" || who.enterprise != self.enterprise)
	case team != "":
		s.External = team != self.team
	default:
		s.External = shared
	}
	if s.External {
		return s // whatever group they are in, it is not ours to trust
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, g := range p.groups {
		if g.users[user] {
			s.Groups = append(s.Groups, id, g.handle)
		}
	}
	for name, members := range p.members {
		if members[user] {
			s.Groups = append(s.Groups, name)
		}
	}
	slices.Sort(s.Groups)
	return s
}

// person is what is known of someone; Slack is asked at most for a moment.
func (p *people) person(ctx context.Context, user string) person {
	now := p.now()
	p.mu.Lock()
	who, ok := p.persons[user]
	p.mu.Unlock()
	if ok && now.Before(who.until) {
		return who
	}
	asked, cancel := context.WithTimeout(ctx, introducing)
	defer cancel()
	u, err := p.api.GetUserInfoContext(asked, user)
	if err != nil {
		if !who.told {
			p.log.Debug("Slack tells nothing of a person", "user", user, "err", scrub(err))
		}
		who.until = now.Add(unheard) // what was known is better than nothing
	} else {
		who = person{
			name: cmp.Or(oneLine(u.Profile.DisplayName), oneLine(u.RealName), oneLine(u.Profile.RealName), oneLine(u.Name)), locale: u.Locale, team: u.TeamID, enterprise: u.Enterprise.EnterpriseID,
			bot: u.IsBot, stranger: u.IsStranger, told: true, until: now.Add(known),
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.persons) >= maxPeople {
		for other := range p.persons { // any one: who is active comes back
			delete(p.persons, other)
			break
		}
	}
	p.persons[user] = who
	return who
}

// mentions match people in what someone typed, as Slack escapes it.
var mentions = regexp.MustCompile(`<@([UW][A-Z0-9]+)(\|[^<>]*)?>`)

// named is text with the names of those it mentions, so that it can be read
// anywhere.
func (p *people) named(ctx context.Context, text string) string {
	n := 0
	return mentions.ReplaceAllStringFunc(text, func(tag string) string {
		m := mentions.FindStringSubmatch(tag)
		if n++; n > maxNamed {
			return tag
		}
		name := p.person(ctx, m[1]).name
		if name == "" {
			return tag
		}
		return escaper.Replace("@" + name)
	})
}

// mentioned are those whom text mentions.
func (p *people) mentioned(ctx context.Context, self identity, text string) []chat.Sender {
	var all []chat.Sender
	for _, m := range mentions.FindAllStringSubmatch(text, maxNamed) {
		all = append(all, p.sender(ctx, self, m[1], strings.TrimPrefix(m[2], "|"), "", false))
	}
	return all
}

// pause waits, and reports false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
