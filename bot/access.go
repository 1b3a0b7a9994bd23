package bot

import (
	"slices"
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
)

// A Member is a person whom the configuration names.
type Member struct {
	ID       chat.PersonID
	Name     string // as colleagues call them; empty: the platform's name
	Alias    string // for askers
	Accounts []chat.AccountID
}

// Access knows who may do what. It is the only place that decides.
type access struct {
	desks   []desk.Desk
	members []Member
	persons map[chat.AccountID]chat.PersonID
	links   func() map[string]string // persons by account, as people have said
}

func newAccess(desks []desk.Desk, members []Member) *access {
	a := &access{desks: desks, members: members, persons: map[chat.AccountID]chat.PersonID{}, links: func() map[string]string { return nil }}
	for _, m := range members {
		for _, account := range m.Accounts {
			a.persons[account] = m.ID
		}
	}
	return a
}

// person says whose account it is.
func (a *access) person(account chat.AccountID) chat.PersonID {
	if id, ok := a.persons[account]; ok {
		return id
	}
	if id, ok := a.links()[string(account)]; ok {
		return chat.PersonID(id)
	}
	return chat.PersonID(account)
}

// configured reports whether the configuration says whose account it is.
func (a *access) configured(account chat.AccountID) bool {
	_, ok := a.persons[account]
	return ok
}

// same reports whether two senders are one human, as far as is known by now:
// what was stored of either may be older.
func (a *access) same(one, other chat.Sender) bool {
	return one.Account != "" && a.person(one.Account) == a.person(other.Account)
}

func (a *access) member(id chat.PersonID) (Member, bool) {
	i := slices.IndexFunc(a.members, func(m Member) bool { return m.ID == id })
	if i < 0 {
		return Member{}, false
	}
	return a.members[i], true
}

// may reports whether the sender has the role, on the named desk or, if that
// is empty, on any. A desk without leads trusts each of its agents with what
// leads do.
func (a *access) may(s chat.Sender, role chat.Role, name string) bool {
	if s.Bot {
		return false
	}
	return role == chat.Everyone || slices.ContainsFunc(a.desks, func(d desk.Desk) bool {
		if name != "" && d.Name != name {
			return false
		}
		if role == chat.Lead && len(d.Leads) > 0 {
			return a.among(s, d.Leads)
		}
		return a.among(s, d.Agents) || a.among(s, d.Leads)
	})
}

// leads reports whether the sender is named as a lead of the desk, and so may
// do to a ticket what only its holder may.
func (a *access) leads(s chat.Sender, name string) bool {
	return slices.ContainsFunc(a.desks, func(d desk.Desk) bool { return d.Name == name && a.among(s, d.Leads) })
}

// among reports whether a list of persons, accounts, @roles and #channels has
// the sender. What someone of another organisation is there counts for nothing
// here: they must be named.
func (a *access) among(s chat.Sender, list []string) bool {
	if s.External {
		s.Roles, s.Groups = nil, nil
	}
	return slices.ContainsFunc(list, func(entry string) bool {
		if role, ok := strings.CutPrefix(entry, "@"); ok {
			return s.HasRole(role) || s.InGroup(role)
		}
		if strings.HasPrefix(entry, "#") {
			return s.InGroup(entry) // the members of a channel are a group of its name
		}
		return entry == string(s.Person) || entry == string(s.Account)
	})
}

// desk is the desk with a name; a zero one if it is no more.
func (a *access) desk(name string) desk.Desk {
	for _, d := range a.desks {
		if d.Name == name {
			return d
		}
	}
	return desk.Desk{}
}

// inside reports whether a place is a desk's own: what is said there is
// between its agents.
func (a *access) inside(p chat.Place) bool {
	return slices.ContainsFunc(a.desks, func(d desk.Desk) bool { return slices.Contains(d.Channels, p.Outside().String()) })
}

// readable are those of some tickets that the sender may read as an agent: who
// worked a desk once may hold what is no longer theirs to read.
func (a *access) readable(s chat.Sender, list []desk.Ticket) []desk.Ticket {
	return slices.DeleteFunc(list, func(k desk.Ticket) bool { return !a.may(s, chat.Agent, k.Desk) })
}

// worked lists the desks that the sender works.
func (a *access) worked(s chat.Sender) []desk.Desk {
	var desks []desk.Desk
	for _, d := range a.desks {
		if a.may(s, chat.Agent, d.Name) {
			desks = append(desks, d)
		}
	}
	return desks
}

// agent is the sender as a ticket sees them.
func (a *access) agent(s chat.Sender) desk.Agent {
	agent := desk.Agent{ID: s.Person, Name: s.Name, Account: s.Account}
	if m, ok := a.member(s.Person); ok && m.Name != "" {
		agent.Name = m.Name
	}
	return agent
}

// colleague finds an agent of a desk by what someone typed: a name, an id or
// a mention, from an account's point of view. Only those whom the
// configuration names can be found; a role has no list of who has it.
func (a *access) colleague(typed, name string, from chat.AccountID) (found desk.Agent, ok bool) {
	typed = strings.TrimPrefix(strings.TrimSpace(typed), "@")
	mention, isMention := strings.CutSuffix(strings.TrimLeft(typed, "<@!"), ">")
	for _, agent := range a.agents(name) {
		switch {
		case isMention && agent.Account == chat.NewAccountID(from.Platform(), from.Workspace(), mention),
			!isMention && (strings.EqualFold(typed, agent.Name) || strings.EqualFold(typed, string(agent.ID)) || strings.EqualFold(typed, agent.Account.User())):
			if ok && found.ID != agent.ID {
				return desk.Agent{}, false // two are called so
			}
			if !ok {
				found, ok = agent, true
			}
		}
	}
	return found, ok
}

// stillWorks reports whether someone who worked a desk still does, as far as the
// configuration tells: who has a role or is in a group, it does not.
func (a *access) stillWorks(agent desk.Agent, d desk.Desk) bool {
	return a.named(agent, d) || slices.ContainsFunc(slices.Concat(d.Agents, d.Leads), func(entry string) bool {
		return strings.HasPrefix(entry, "@") || strings.HasPrefix(entry, "#")
	})
}

// named reports whether a desk names someone as one who works it: by themselves,
// and not by a role or a group.
func (a *access) named(agent desk.Agent, d desk.Desk) bool {
	return slices.ContainsFunc(slices.Concat(d.Agents, d.Leads), func(entry string) bool {
		return entry == string(agent.ID) || entry == string(agent.Account)
	})
}

// known are those of some agents whom a desk names.
func (a *access) known(agents []desk.Agent, d desk.Desk) (known []desk.Agent) {
	for _, agent := range agents {
		if a.named(agent, d) {
			known = append(known, agent)
		}
	}
	return known
}

// agents lists those whom the configuration names for a desk; empty means all
// desks.
func (a *access) agents(name string) []desk.Agent {
	var agents []desk.Agent
	for _, d := range a.desks {
		if name != "" && d.Name != name {
			continue
		}
		for _, entry := range slices.Concat(d.Agents, d.Leads) {
			for _, agent := range a.accountsOf(entry) {
				if !slices.Contains(agents, agent) {
					agents = append(agents, agent)
				}
			}
		}
	}
	return agents
}

// accountsOf lists the accounts that an entry of a desk names: a person's, or
// the one account itself. A role or a channel names none.
func (a *access) accountsOf(entry string) []desk.Agent {
	id := chat.PersonID(entry)
	if strings.Count(entry, ":") == 2 {
		id = a.person(chat.AccountID(entry))
	}
	if m, ok := a.member(id); ok {
		var agents []desk.Agent
		for _, account := range m.Accounts {
			agent := desk.Agent{ID: m.ID, Name: m.Name, Account: account}
			if agent.Name == "" {
				agent.Name = string(m.ID)
			}
			agents = append(agents, agent)
		}
		return agents
	}
	if account := chat.AccountID(entry); string(id) == entry && account.User() != "" {
		return []desk.Agent{{ID: id, Name: account.User(), Account: account}}
	}
	return nil
}

// signature is how an agent is called before an asker; empty means just
// support.
func (a *access) signature(name string, agent desk.Agent) string {
	i := slices.IndexFunc(a.desks, func(d desk.Desk) bool { return d.Name == name })
	if i < 0 {
		return ""
	}
	switch m, _ := a.member(agent.ID); a.desks[i].Names {
	case desk.AsSupport:
		return ""
	case desk.ByAlias:
		return m.Alias
	}
	return agent.Name
}
