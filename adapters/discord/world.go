package discord

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"

	"github.com/bwmarrin/discordgo"

	"github.com/signpost-bot/signpost/bot/chat"
)

// maxRooms is of how many channels we know at a time.
const maxRooms = 20_000

// A room is what we know of a channel or thread.
type room struct {
	ID     string                `json:"id"`
	Guild  string                `json:"guild_id"`
	Kind   discordgo.ChannelType `json:"type"`
	Name   string                `json:"name"`
	Parent string                `json:"parent_id"` // of a thread: its channel; else its category
	Latest string                `json:"last_message_id"`
	Owner  string                `json:"owner_id"`
}

func (r room) thread() bool {
	switch r.Kind {
	case discordgo.ChannelTypeGuildNewsThread, discordgo.ChannelTypeGuildPublicThread, discordgo.ChannelTypeGuildPrivateThread:
		return true
	}
	return false
}

// forum reports whether every message of a channel begins a thread.
func (r room) forum() bool {
	return r.Kind == discordgo.ChannelTypeGuildForum || r.Kind == mediaChannel
}

// readable reports whether people write in it.
func (r room) readable() bool {
	return r.Kind == discordgo.ChannelTypeGuildText || r.Kind == discordgo.ChannelTypeGuildNews || r.thread()
}

// A world is what we know of channels and roles, from what the gateway tells.
type world struct {
	*Adapter
	mu     sync.Mutex
	rooms  map[string]room
	roles  map[string]map[string]string // names by id, by guild
	locale map[string]string            // of a guild
}

func newWorld(a *Adapter) *world {
	return &world{Adapter: a, rooms: map[string]room{}, roles: map[string]map[string]string{}, locale: map[string]string{}}
}

// A role is one of a guild.
type role struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// A guild is what is told of a server when it becomes known.
type guild struct {
	ID       string `json:"id"`
	Locale   string `json:"preferred_locale"`
	Channels []room `json:"channels"`
	Threads  []room `json:"threads"`
	Roles    []role `json:"roles"`
}

// changed takes in news of channels, threads and roles.
func (w *world) changed(kind string, raw json.RawMessage) error {
	switch kind {
	case "GUILD_CREATE":
		var g guild
		if err := json.Unmarshal(raw, &g); err != nil {
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.locale[g.ID] = g.Locale
		w.roles[g.ID] = map[string]string{}
		for _, r := range g.Roles {
			w.roles[g.ID][r.ID] = r.Name
		}
		for _, r := range slices.Concat(g.Channels, g.Threads) {
			r.Guild = g.ID
			w.keep(r)
		}
	case "CHANNEL_CREATE", "CHANNEL_UPDATE", "THREAD_CREATE", "THREAD_UPDATE":
		var r room
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		w.known.drop(r.ID) // a forum's tags, too
		w.mu.Lock()
		defer w.mu.Unlock()
		w.keep(r)
	case "THREAD_LIST_SYNC":
		var list struct {
			Guild   string `json:"guild_id"`
			Threads []room `json:"threads"`
		}
		if err := json.Unmarshal(raw, &list); err != nil {
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, r := range list.Threads {
			r.Guild = list.Guild
			w.keep(r)
		}
	case "CHANNEL_DELETE":
		var r room
		if err := json.Unmarshal(raw, &r); err != nil {
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.rooms, r.ID)
	case "GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE":
		var news struct {
			Guild string `json:"guild_id"`
			Role  role   `json:"role"`
			ID    string `json:"role_id"`
		}
		if err := json.Unmarshal(raw, &news); err != nil {
			return err
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.roles[news.Guild] == nil {
			w.roles[news.Guild] = map[string]string{}
		}
		if kind == "GUILD_ROLE_DELETE" {
			delete(w.roles[news.Guild], news.ID)
		} else {
			w.roles[news.Guild][news.Role.ID] = news.Role.Name
		}
	}
	return nil
}

// keep remembers a room. mu is held.
func (w *world) keep(r room) {
	if r.ID == "" {
		return
	}
	if _, known := w.rooms[r.ID]; !known && len(w.rooms) >= maxRooms {
		for other := range w.rooms { // any one: it is asked for again
			delete(w.rooms, other)
			break
		}
	}
	w.rooms[r.ID] = r
}

// room is what is known of a channel; Discord is asked if nothing is.
func (w *world) room(ctx context.Context, id string) (room, error) {
	w.mu.Lock()
	r, ok := w.rooms[id]
	w.mu.Unlock()
	if ok {
		return r, nil
	}
	if err := w.do(ctx, http.MethodGet, "channels/"+id, nil, &r); err != nil {
		return room{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keep(r)
	return r, nil
}

// named are roles by id, followed by their names.
func (w *world) named(guild string, ids []string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := slices.Clone(ids)
	for _, id := range ids {
		if name := w.roles[guild][id]; name != "" {
			list = append(list, name)
		}
	}
	return list
}

// place is where a message stands that came through a channel or thread. A
// question in a channel has a thread of its own, if that is where it is
// answered; the chat of a voice channel has no threads.
func (w *world) place(ctx context.Context, guild, channel, message string) (p chat.Place, r room, err error) {
	if r, err = w.room(ctx, channel); err != nil {
		return p, r, err
	}
	p = chat.Place{Platform: Name, Workspace: guild, Channel: channel}
	switch {
	case r.thread():
		p.Channel, p.Thread = r.Parent, channel
	case w.o.Threads && message != "" && r.readable():
		p.Thread = message
	}
	return p, r, nil
}
