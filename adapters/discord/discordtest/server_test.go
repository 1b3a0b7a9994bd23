package discordtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/gorilla/websocket"
)

const usual = intentGuilds | intentMessages | intentReactions | intentDMs

// TestClose checks that nothing runs once a Discord is closed, whatever was on
// its way.
func TestClose(t *testing.T) {
	s := New(Options{RespondWithin: time.Hour})
	kim := s.AddUser(User{Name: "kim"})
	help := s.AddChannel(Channel{Name: "help"})
	s.commands[""] = []*command{{ID: "1", Type: commandSlash, Name: "ask"}}
	conn, _, err := websocket.DefaultDialer.Dial(gatewayAddress(s.gatewayURL("/gateway")), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.WriteJSON(object{"op": opIdentify, "d": object{"token": s.Token(), "intents": usual, "properties": object{}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.WaitSockets(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	ran := make(chan error)
	go func() { ran <- s.Slash(kim, help, "/ask", nil) }() // nobody answers
	if err := s.Wait(t.Context(), func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.pending > 0 }); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := <-ran; err != ErrFailed {
		t.Errorf("Slash = %v", err)
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "discordtest.(*Server)") || strings.Contains(stack, "discordtest.(*socket)") {
			t.Errorf("still running:\n%s", stack)
		}
	}
}

// TestEvents checks what the bot hears of what people do.
func TestEvents(t *testing.T) {
	s := newScene(t, Options{MessageContent: true})
	hidden := s.AddChannel(Channel{Name: "hidden", Overwrites: []Overwrite{{ID: s.BotRole(), Deny: ViewChannel}}})
	l := s.connect(usual|intentContent, nil)
	var m, post, thread, secret string
	tests := []struct {
		name string
		do   func() error
		want []string // name, type, content
	}{
		{"words", func() (err error) { m, err = s.Say(s.kim, s.help, "hello"); return }, []string{"MESSAGE_CREATE 0 hello"}},
		{"a mention", func() error { _, err := s.Say(s.kim, s.help, "@signpost why?"); return err }, []string{"MESSAGE_CREATE 0 <@" + s.Bot() + "> why?"}},
		{"in private", func() error { _, err := s.Say(s.kim, s.Direct(s.kim), "hi"); return err }, []string{"MESSAGE_CREATE 0 hi"}},
		{"where the bot is not", func() error { _, err := s.Say(s.kim, hidden, "hi"); return err }, nil},
		{"a file", func() error { _, err := s.Say(s.kim, s.help, "", Upload{Name: "a.txt", Data: []byte("a")}); return err }, []string{"MESSAGE_CREATE 0 "}},
		{"a reply", func() error { _, err := s.Reply(s.ana, s.help, m, "so", true); return err }, []string{"MESSAGE_CREATE 19 so"}},
		{"an edit", func() error { return s.Edit(s.kim, s.help, m, "hello!") }, []string{"MESSAGE_UPDATE 0 hello!"}},
		{"a preview", func() error { return s.Embed(s.help, m, "https://a.example") }, []string{"MESSAGE_UPDATE 0 hello!"}},
		{"an emoji", func() error { return s.React(s.ana, s.help, m, "👀") }, []string{"MESSAGE_REACTION_ADD 0"}},
		{"an emoji gone", func() error { return s.Unreact(s.ana, s.help, m, "👀") }, []string{"MESSAGE_REACTION_REMOVE 0"}},
		{"a thread", func() (err error) { thread, err = s.StartThread(s.ana, s.help, m, "greetings"); return }, []string{"THREAD_CREATE 11", "MESSAGE_UPDATE 0 hello!", "MESSAGE_CREATE 21 "}},
		{"in it", func() error { _, err := s.Say(s.kim, thread, "thanks"); return err }, []string{"MESSAGE_CREATE 0 thanks"}},
		{"archived", func() error { return s.ArchiveThread(s.ana, thread, false) }, []string{"THREAD_UPDATE 11"}},
		{"brought back by words", func() error { _, err := s.Say(s.kim, thread, "wait"); return err }, []string{"THREAD_UPDATE 11", "MESSAGE_CREATE 0 wait"}},
		{"a thread alone", func() error { _, err := s.OpenThread(s.kim, s.help, "alone", false); return err }, []string{"THREAD_CREATE 11", "MESSAGE_CREATE 18 alone"}},
		{"a private thread", func() (err error) { secret, err = s.OpenThread(s.kim, s.help, "secret", true); return }, []string{"THREAD_CREATE 12"}},
		{"invited", func() error { return s.Invite(s.kim, secret, s.ana) }, []string{"MESSAGE_CREATE 1 "}},
		{"a post", func() (err error) { post, err = s.Post(s.kim, s.forum, "broken", "it is", []string{s.bug}); return }, []string{"THREAD_CREATE 11", "MESSAGE_CREATE 0 it is"}},
		{"a post deleted", func() error { return s.DeleteThread(s.ana, post) }, []string{"THREAD_DELETE 11"}},
		{"deleted", func() error { return s.Delete(s.kim, s.help, m) }, []string{"MESSAGE_DELETE"}},
		{"a role", func() error { s.AddRole(Role{Name: "new"}); return nil }, []string{"GUILD_ROLE_CREATE"}},
		{"a channel", func() error { s.AddChannel(Channel{Name: "new"}); return nil }, []string{"CHANNEL_CREATE 0"}},
		{"no longer seen", func() error { return s.Overwrite(s.help, Overwrite{ID: s.BotRole(), Deny: ViewChannel}) }, []string{"CHANNEL_UPDATE 0"}},
		{"not heard", func() error { _, err := s.Say(s.kim, s.help, "psst"); return err }, nil},
		{"seen again", func() error { return s.Overwrite(s.help, Overwrite{ID: s.BotRole()}) }, []string{"CHANNEL_UPDATE 0", "THREAD_LIST_SYNC"}},
		{"another server", func() error { s.AddGuild(Guild{Name: "else"}, s.kim); return nil }, []string{"GUILD_CREATE"}},
		{"a profile", func() error { return s.ChangeUser(User{ID: s.kim, Name: "kim", Locale: "de"}) }, nil},
		{"anything", func() error { s.Emit("ANYTHING", object{"type": 7}); return nil }, []string{"ANYTHING 7"}},
		{"removed", func() error { s.RemoveGuild(s.GuildID()); return nil }, []string{"GUILD_DELETE"}},
		{"gone", func() error { _, err := s.Say(s.kim, s.help, "hello?"); return err }, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := l.count()
			if err := test.do(); err != nil {
				t.Fatal(err)
			}
			s.settle()
			if got := l.events(before, "type", "content"); !slices.Equal(got, test.want) {
				t.Errorf("heard %q, want %q", got, test.want)
			}
		})
	}
	s.judged()
}

// TestWithheld checks whose words a bot without the intent reads.
func TestWithheld(t *testing.T) {
	s := newScene(t, Options{})
	own := s.post(s.help, object{"content": "own"})
	l := s.connect(usual, nil)
	file := Upload{Name: "a.txt", Data: []byte("a")}
	tests := []struct {
		name string
		do   func() (string, error)
		want bool // it is read
	}{
		{"words", func() (string, error) { return s.Say(s.kim, s.help, "words", file) }, false},
		{"a mention", func() (string, error) { return s.Say(s.kim, s.help, "@signpost words", file) }, true},
		{"another's mention", func() (string, error) { return s.Say(s.kim, s.help, "@ana words", file) }, false},
		{"in private", func() (string, error) { return s.Say(s.kim, s.Direct(s.kim), "words", file) }, true},
		{"a reply that pings", func() (string, error) { return s.Reply(s.kim, s.help, own, "words", true, file) }, true},
		{"a reply that does not", func() (string, error) { return s.Reply(s.kim, s.help, own, "words", false, file) }, false},
		{"in a thread", func() (string, error) { return s.Post(s.kim, s.forum, "title", "words", nil, file) }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			id, err := test.do()
			if err != nil {
				t.Fatal(err)
			}
			s.settle()
			heard := l.last("MESSAGE_CREATE")
			channel := heard["channel_id"].(string)
			m, err := s.api.ChannelMessage(channel, id)
			if err != nil {
				t.Fatal(err)
			}
			if read := strings.Contains(heard["content"].(string), "words"); read != test.want || len(heard["attachments"].([]any)) > 0 != test.want {
				t.Errorf("heard: %t", read)
			}
			if read := strings.Contains(m.Content, "words"); read != test.want || len(m.Attachments) > 0 != test.want {
				t.Errorf("fetched: %t", read)
			}
		})
	}
	s.judged()
}

// TestRefused checks that people can only do what Discord lets them.
func TestRefused(t *testing.T) {
	s := newScene(t, Options{})
	m := s.say(s.kim, s.help, "hello")
	closed := s.AddChannel(Channel{Name: "staff", Overwrites: []Overwrite{{ID: s.GuildID(), Deny: ViewChannel}, {ID: s.leads, Allow: ViewChannel}}})
	mute := s.AddChannel(Channel{Name: "news", Overwrites: []Overwrite{{ID: s.kim, Deny: SendMessages | AddReactions}}})
	news := s.say(s.ana, mute, "news")
	out := s.AddUser(User{Name: "out", Outside: true})
	thread, err := s.StartThread(s.ana, s.help, m, "thread")
	must(t, thread, err)
	secret, err := s.OpenThread(s.ana, s.help, "secret", true)
	must(t, secret, err)
	locked, err := s.OpenThread(s.kim, s.help, "locked", false)
	must(t, locked, err)
	if err := s.ArchiveThread(s.ana, locked, true); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func() error{
		"nobody":                 func() error { _, err := s.Say("1", s.help, "a"); return err },
		"no channel":             func() error { _, err := s.Say(s.kim, "1", "a"); return err },
		"not seen":               func() error { _, err := s.Say(s.kim, closed, "a"); return err },
		"muted":                  func() error { _, err := s.Say(s.kim, mute, "a"); return err },
		"outside":                func() error { _, err := s.Say(out, s.help, "a"); return err },
		"another's DM":           func() error { _, err := s.Say(s.kim, s.Direct(s.ana), "a"); return err },
		"in a forum":             func() error { _, err := s.Say(s.kim, s.forum, "a"); return err },
		"a private thread":       func() error { _, err := s.Say(s.kim, secret, "a"); return err },
		"a locked thread":        func() error { _, err := s.Say(s.kim, locked, "a"); return err },
		"nothing":                func() error { _, err := s.Say(s.kim, s.help, ""); return err },
		"a reply to nothing":     func() error { _, err := s.Reply(s.kim, s.help, "1", "a", true); return err },
		"another's":              func() error { return s.Edit(s.ana, s.help, m, "a") },
		"deleting another's":     func() error { return s.DeleteAny(s.kim, s.help, s.post(s.help, object{"content": "a"})) },
		"an emoji there":         func() error { return s.React(s.kim, mute, news, "👀") },
		"nothing to take away":   func() error { return s.Unreact(s.kim, s.help, m, "👀") },
		"a second thread":        func() error { _, err := s.StartThread(s.kim, s.help, m, "again"); return err },
		"archiving another's":    func() error { return s.ArchiveThread(s.kim, thread, false) },
		"a post elsewhere":       func() error { _, err := s.Post(s.kim, s.help, "a", "a", nil); return err },
		"no such command":        func() error { return s.Slash(s.kim, s.help, "/ask", nil) },
		"no such menu":           func() error { return s.Menu(s.kim, "Ask", s.help, m) },
		"no such button":         func() error { return s.Press(s.kim, s.help, m, "go") },
		"no modal":               func() error { return s.Submit(s.kim, nil) },
		"nothing to close":       func() error { return s.Dismiss(s.kim) },
		"a preview of nothing":   func() error { return s.Embed(s.help, "1", "a") },
		"a profile of nobody":    func() error { return s.ChangeUser(User{ID: "1"}) },
		"an overwrite elsewhere": func() error { return s.Overwrite("1", Overwrite{}) },
	}
	for name, do := range tests {
		if do() == nil {
			t.Errorf("%s: Discord lets them", name)
		}
	}
	if err := s.DeleteAny(s.ana, s.help, s.post(s.help, object{"content": "a"})); err != nil {
		t.Errorf("who manages messages cannot delete: %v", err)
	}
}

// TestText checks what becomes of what people type.
func TestText(t *testing.T) {
	s := newScene(t, Options{})
	tests := []struct {
		who, typed, want string
		everyone         bool
	}{
		{s.kim, "@kim, (@leads) in #help", "<@" + s.kim + ">, (<@&" + s.leads + ">) in <#" + s.help + ">", false},
		{s.kim, "kim@kim.example @nobody @everyone", "kim@kim.example @nobody @everyone", false},
		{s.ana, "@here", "@here", true},
		{s.kim, "<@" + s.ana + "> <@1>", "<@" + s.ana + "> <@1>", false},
	}
	for _, test := range tests {
		id := s.say(test.who, s.help, test.typed)
		m := s.Messages(s.help)[len(s.Messages(s.help))-1]
		if m.ID != id || m.Content != test.want || m.everyone != test.everyone {
			t.Errorf("%q becomes %q, %t", test.typed, m.Content, m.everyone)
		}
	}
}

// TestSees checks who reads what.
func TestSees(t *testing.T) {
	s := newScene(t, Options{})
	staff := s.AddChannel(Channel{Name: "staff", Overwrites: []Overwrite{{ID: s.GuildID(), Deny: ViewChannel}, {ID: s.leads, Allow: ViewChannel}}})
	s.say(s.kim, s.help, "1")
	s.say(s.ana, staff, "2")
	s.say(s.kim, s.Direct(s.kim), "3")
	secret, err := s.OpenThread(s.kim, s.help, "secret", true)
	s.say(s.kim, must(t, secret, err), "4")
	s.put(s.channels[s.help], &Message{Author: botID, Content: "5", Only: s.kim})
	seen := func(user string) string {
		var all []string
		for _, m := range s.Sees(user) {
			all = append(all, m.Content)
		}
		return strings.Join(all, " ")
	}
	if got := seen(s.kim); got != "1 3 4 5" {
		t.Errorf("kim sees %s", got)
	}
	if got := seen(s.ana); got != "1 2 4" { // who manages threads sees private ones
		t.Errorf("ana sees %s", got)
	}
	s.Reload(s.kim)
	if got := seen(s.kim); got != "1 3 4" {
		t.Errorf("after a reload kim sees %s", got)
	}
}

// TestLibrary checks that Discord's Go library understands the answers.
func TestLibrary(t *testing.T) {
	s := newScene(t, Options{MessageContent: true, GuildMembers: true})
	none := &discordgo.MessageAllowedMentions{Parse: []discordgo.AllowedMentionType{}}
	m := s.say(s.kim, s.help, "hello @ana", Upload{Name: "a b.txt", Data: []byte("data")})
	var thread, dm, sent string
	tests := []struct {
		name string
		do   func() (any, error)
		want any
	}{
		{"gateway", func() (any, error) { g, err := s.api.GatewayBot(); return g.Shards, err }, 1},
		{"self", func() (any, error) { u, err := s.api.User("@me"); return u.ID, err }, s.Bot()},
		{"application", func() (any, error) { a, err := s.api.Application("@me"); return a.ID, err }, s.ApplicationID()},
		{"guilds", func() (any, error) { g, err := s.api.UserGuilds(10, "", "", false); return g[0].ID, err }, s.GuildID()},
		{"guild", func() (any, error) {
			g, err := s.api.GuildWithCounts(s.GuildID())
			return g.ApproximateMemberCount, err
		}, 3},
		{"channels", func() (any, error) { c, err := s.api.GuildChannels(s.GuildID()); return len(c), err }, 2},
		{"roles", func() (any, error) { r, err := s.api.GuildRoles(s.GuildID()); return len(r), err }, 4},
		{"member", func() (any, error) { m, err := s.api.GuildMember(s.GuildID(), s.ana); return m.Roles[0], err }, s.leads},
		{"members", func() (any, error) { m, err := s.api.GuildMembers(s.GuildID(), "", 10); return len(m), err }, 3},
		{"search", func() (any, error) {
			m, err := s.api.GuildMembersSearch(s.GuildID(), "ana", 5)
			return m[0].User.ID, err
		}, s.ana},
		{"user", func() (any, error) { u, err := s.api.User(s.kim); return u.Username, err }, "kim"},
		{"history", func() (any, error) {
			m, err := s.api.ChannelMessages(s.help, 10, "", "", "")
			return m[0].Mentions[0].ID, err
		}, s.ana},
		{"attachment", func() (any, error) {
			m, err := s.api.ChannelMessage(s.help, m)
			if err != nil {
				return nil, err
			}
			w, err := s.client.Get(m.Attachments[0].URL)
			if err != nil {
				return nil, err
			}
			defer w.Body.Close()
			data, err := io.ReadAll(w.Body)
			return string(data), err
		}, "data"},
		{"post with a file", func() (any, error) {
			m, err := s.api.ChannelMessageSendComplex(s.help, &discordgo.MessageSend{Content: "see", AllowedMentions: none, Files: []*discordgo.File{{Name: "x.txt", Reader: strings.NewReader("x")}}})
			sent = m.ID
			return m.Attachments[0].Filename, err
		}, "x.txt"},
		{"edit", func() (any, error) {
			text := "seen"
			m, err := s.api.ChannelMessageEditComplex(&discordgo.MessageEdit{Channel: s.help, ID: sent, Content: &text, AllowedMentions: none})
			return m.Content, err
		}, "seen"},
		{"reply", func() (any, error) {
			m, err := s.api.ChannelMessageSendComplex(s.help, &discordgo.MessageSend{Content: "so", AllowedMentions: none, Reference: &discordgo.MessageReference{MessageID: m}})
			return m.ReferencedMessage.Content, err
		}, "hello <@" + s.ana + ">"},
		{"react", func() (any, error) { return nil, s.api.MessageReactionAdd(s.help, m, "✅") }, nil},
		{"reactions", func() (any, error) {
			u, err := s.api.MessageReactions(s.help, m, "✅", 10, "", "")
			return len(u), err
		}, 1},
		{"react no more", func() (any, error) { return nil, s.api.MessageReactionRemove(s.help, m, "✅", "@me") }, nil},
		{"thread", func() (any, error) {
			c, err := s.api.MessageThreadStart(s.help, m, "about it", 60)
			thread = c.ID
			return c.ID == m && c.OwnerID == s.Bot(), err
		}, true},
		{"thread member", func() (any, error) { return nil, s.api.ThreadMemberAdd(thread, s.ana) }, nil},
		{"thread members", func() (any, error) { m, err := s.api.ThreadMembers(thread, 10, false, ""); return len(m), err }, 2},
		{"active", func() (any, error) { l, err := s.api.GuildThreadsActive(s.GuildID()); return len(l.Threads), err }, 1},
		{"archive", func() (any, error) {
			on := true
			c, err := s.api.ChannelEditComplex(thread, &discordgo.ChannelEdit{Archived: &on})
			return c.ThreadMetadata.Archived, err
		}, true},
		{"archived", func() (any, error) { l, err := s.api.ThreadsArchived(s.help, nil, 10); return len(l.Threads), err }, 1},
		{"private thread", func() (any, error) {
			c, err := s.api.ThreadStartComplex(s.help, &discordgo.ThreadStart{Name: "for you", Type: discordgo.ChannelTypeGuildPrivateThread, AutoArchiveDuration: 1440})
			return c.Type, err
		}, discordgo.ChannelTypeGuildPrivateThread},
		{"post in a forum", func() (any, error) {
			c, err := s.api.ForumThreadStartComplex(s.forum, &discordgo.ThreadStart{Name: "news", AppliedTags: []string{s.bug}}, &discordgo.MessageSend{Content: "words", AllowedMentions: none})
			return c.AppliedTags[0], err
		}, s.bug},
		{"DM", func() (any, error) { c, err := s.api.UserChannelCreate(s.kim); dm = c.ID; return c.Type, err }, discordgo.ChannelTypeDM},
		{"in it", func() (any, error) {
			m, err := s.api.ChannelMessageSendComplex(dm, &discordgo.MessageSend{Content: "hi", AllowedMentions: none})
			return m.ChannelID == dm, err
		}, true},
		{"typing", func() (any, error) { return nil, s.api.ChannelTyping(s.help) }, nil},
		{"delete", func() (any, error) { return nil, s.api.ChannelMessageDelete(s.help, sent) }, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := test.do()
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
	s.judged()
}

// TestErrors checks what Discord refuses, with which code, and whether it is
// the bot's fault.
func TestErrors(t *testing.T) {
	s := newScene(t, Options{})
	mine := s.post(s.help, object{"content": "mine"})
	theirs := s.say(s.kim, s.help, "theirs")
	begun := s.say(s.kim, s.help, "begun")
	must(t, begun, s.thread(begun))
	closed := s.AddUser(User{Name: "closed", DMsClosed: true})
	gone := s.AddUser(User{Name: "gone", Outside: true})
	hidden := s.AddChannel(Channel{Name: "hidden", Overwrites: []Overwrite{{ID: s.BotRole(), Deny: ViewChannel}}})
	mute := s.AddChannel(Channel{Name: "mute", Overwrites: []Overwrite{{ID: s.BotRole(), Deny: SendMessages | AddReactions | CreatePublicThreads | CreatePrivateThreads}}})
	silent := s.say(s.kim, mute, "silent")
	tagged := s.AddChannel(Channel{Name: "tagged", Kind: Forum, RequireTag: true, Tags: []Tag{{Name: "a"}}})
	old, err := s.OpenThread(s.kim, s.help, "old", false)
	word := s.say(s.kim, must(t, old, err), "word")
	if err := s.ArchiveThread(s.ana, old, false); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("a", 2001)
	messages := func(channel string) string { return "channels/" + channel + "/messages" }
	tests := []struct {
		name, method, path string
		body               any
		status, code       int
		judged             bool
	}{
		{"no route", "GET", "nothing", nil, 404, 0, true},
		{"no channel", "GET", "channels/1", nil, 404, codeUnknownChannel, false},
		{"hidden", "GET", messages(hidden), nil, 403, codeMissingAccess, false},
		{"muted", "POST", messages(mute), quiet(object{"content": "a"}), 403, codeMissingPermissions, false},
		{"in a forum", "POST", messages(s.forum), quiet(object{"content": "a"}), 400, codeNoText, false},
		{"empty", "POST", messages(s.help), quiet(object{"content": " "}), 400, codeEmpty, true},
		{"long", "POST", messages(s.help), quiet(object{"content": long}), 400, codeForm, true},
		{"no message", "PATCH", messages(s.help) + "/1", quiet(object{"content": "a"}), 404, codeUnknownMessage, false},
		{"theirs", "PATCH", messages(s.help) + "/" + theirs, quiet(object{"content": "a"}), 403, codeNotTheirs, false},
		{"emptied", "PATCH", messages(s.help) + "/" + mine, quiet(object{"content": ""}), 400, codeEmpty, true},
		{"deleting theirs", "DELETE", messages(s.help) + "/" + theirs, nil, 403, codeMissingPermissions, false},
		{"a reply to nothing", "POST", messages(s.help), quiet(object{"content": "a", "message_reference": object{"message_id": "1"}}), 400, codeForm, true},
		{"a long nonce", "POST", messages(s.help), quiet(object{"content": "a", "nonce": strings.Repeat("1", 26)}), 400, codeForm, true},
		{"ephemeral", "POST", messages(s.help), quiet(object{"content": "a", "flags": flagEphemeral}), 400, codeForm, true},
		{"content beside components", "POST", messages(s.help), quiet(object{"content": "a", "flags": flagV2, "components": []object{{"type": 10, "content": "a"}}}), 400, codeForm, true},
		{"components without the flag", "POST", messages(s.help), quiet(object{"components": []object{{"type": 10, "content": "a"}}}), 400, codeForm, true},
		{"one id twice", "POST", messages(s.help), quiet(buttons("a", "a")), 400, codeForm, true},
		{"six buttons", "POST", messages(s.help), quiet(buttons("a", "b", "c", "d", "e", "f")), 400, codeForm, true},
		{"a long id", "POST", messages(s.help), quiet(buttons(strings.Repeat("a", 101))), 400, codeForm, true},
		{"much text", "POST", messages(s.help), quiet(object{"flags": flagV2, "components": []object{{"type": 10, "content": strings.Repeat("a", 3000)}, {"type": 10, "content": strings.Repeat("a", 1001)}}}), 400, codeForm, true},
		{"many components", "POST", messages(s.help), quiet(object{"flags": flagV2, "components": slices.Repeat([]object{{"type": 10, "content": "a"}}, 41)}), 400, codeForm, true},
		{"a thread twice", "POST", messages(s.help) + "/" + begun + "/threads", object{"name": "a"}, 400, codeThreadExists, false},
		{"a nameless thread", "POST", messages(s.help) + "/" + mine + "/threads", object{"name": ""}, 400, codeForm, true},
		{"a thread in a thread", "POST", messages(old) + "/" + word + "/threads", object{"name": "a"}, 400, codeChannelType, false},
		{"no thread there", "POST", messages(mute) + "/" + silent + "/threads", object{"name": "a"}, 403, codeMissingPermissions, false},
		{"no private thread there", "POST", "channels/" + mute + "/threads", object{"name": "a", "type": 12}, 403, codeMissingPermissions, false},
		{"no tag", "POST", "channels/" + tagged + "/threads", object{"name": "a", "message": quiet(object{"content": "a"})}, 400, codeTagRequired, false},
		{"no such tag", "POST", "channels/" + tagged + "/threads", object{"name": "a", "applied_tags": []string{"1"}, "message": quiet(object{"content": "a"})}, 400, codeForm, true},
		{"react in the archive", "PUT", messages(old) + "/" + word + "/reactions/%E2%9C%85/@me", nil, 400, codeArchived, false},
		{"invite into the archive", "PUT", "channels/" + old + "/thread-members/" + s.ana, nil, 400, codeArchived, false},
		{"no emoji", "PUT", messages(s.help) + "/" + theirs + "/reactions/tick/@me", nil, 400, codeUnknownEmoji, false},
		{"no reaction there", "PUT", messages(mute) + "/" + silent + "/reactions/%E2%9C%85/@me", nil, 403, codeMissingPermissions, false},
		{"closed", "POST", messages(s.Direct(closed)), quiet(object{"content": "a"}), 403, codeClosed, false},
		{"no server shared", "POST", messages(s.Direct(gone)), quiet(object{"content": "a"}), 403, codeNoShared, false},
		{"a DM to nobody", "POST", "users/@me/channels", object{"recipient_id": "1"}, 400, codeRecipient, false},
		{"no member", "GET", "guilds/" + s.GuildID() + "/members/" + gone, nil, 404, codeUnknownMember, false},
		{"no user", "GET", "users/1", nil, 404, codeUnknownUser, false},
		{"no guild", "GET", "guilds/1", nil, 404, codeUnknownGuild, false},
		{"members", "GET", "guilds/" + s.GuildID() + "/members", nil, 403, codeMissingAccess, false},
		{"too many", "GET", messages(s.help) + "?limit=101", nil, 400, codeForm, true},
		{"no such webhook", "POST", "webhooks/" + s.ApplicationID() + "/none", quiet(object{"content": "a"}), 404, codeUnknownWebhook, false},
		{"no such interaction", "POST", "interactions/1/none/callback", object{"type": 5}, 404, codeUnknownInteraction, false},
		{"no command", "GET", "applications/" + s.ApplicationID() + "/commands/1", nil, 404, codeUnknownCommand, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := len(s.Violations())
			status, answer := s.request(test.method, test.path, test.body)
			if status != test.status || code(answer) != test.code {
				t.Errorf("got %d %s", status, answer)
			}
			if after := s.Violations(); len(after) > before != test.judged {
				t.Errorf("violations %q", after[before:])
			}
		})
	}
}

// thread begins one from a message in #help.
func (s *scene) thread(id string) error {
	_, err := s.StartThread(s.kim, s.help, id, "thread")
	return err
}

// TestJudge checks what is taken, and yet is no good.
func TestJudge(t *testing.T) {
	s := newScene(t, Options{})
	path := "channels/" + s.help + "/messages"
	s.call("POST", path, object{"content": "<@" + s.kim + "> @here <@&" + s.leads + ">"}, 200, nil)
	s.judged("no allowed_mentions")
	s.call("POST", path, object{"content": "<@" + s.kim + "> @here", "allowed_mentions": object{"parse": []string{"users"}}}, 200, nil)
	s.call("POST", path, object{"content": "<@" + s.kim + "> <@" + s.ana + ">", "allowed_mentions": object{"parse": []string{}, "users": []string{s.ana}}}, 200, nil)
	s.judged("no allowed_mentions", `parse ["users"]`)
	want := []string{"<@" + s.kim + ">", "@here", "<@&" + s.leads + ">", "<@" + s.kim + ">", "<@" + s.ana + ">"}
	if got := s.Pings(); !slices.Equal(got, want) {
		t.Errorf("pings %q, want %q", got, want)
	}
	r, err := http.NewRequest("GET", s.APIURL()+"users/@me?token="+s.Token(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bot wrong")
	r.Header.Set("User-Agent", "Go-http-client/1.1")
	for range 2 {
		w, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if w.Body.Close(); w.StatusCode != 401 {
			t.Errorf("status %d", w.StatusCode)
		}
	}
	s.judged("no allowed_mentions", "parse", "token in the address", "user agent", "token in the address", "user agent", "after a 401")
	if s.Invalid() != 2 {
		t.Errorf("%d invalid requests", s.Invalid())
	}
	if status, _ := s.request("GET", "channels/"+tokenBegins, nil); status != 404 {
		t.Errorf("status %d", status)
	}
	if all := s.Violations(); !strings.Contains(all[len(all)-2], "an interaction's token") || !strings.Contains(all[len(all)-1], "after a 401") {
		t.Errorf("violations %q", all)
	}
	// Who is refused too often is answered no more, for a while.
	s.invalid = slices.Repeat([]time.Time{s.clock.now()}, invalidLimit)
	if status, answer := s.request("GET", "users/@me", nil); status != 429 || code(answer) != -1 {
		t.Errorf("after 10,000: %d %s", status, answer)
	}
	s.clock.advance(invalidWindow)
	if status, _ := s.request("GET", "users/@me", nil); status != 200 {
		t.Errorf("later: %d", status)
	}
}

// TestFiles checks which files stand on a message of the bot's.
func TestFiles(t *testing.T) {
	s := newScene(t, Options{})
	send := func(method, path string, payload object, names ...string) int {
		t.Helper()
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		if err := form.WriteField("payload_json", string(encode(quiet(payload)))); err != nil {
			t.Fatal(err)
		}
		for i, name := range names {
			part, err := form.CreateFormFile(fmt.Sprintf("files[%d]", i), name)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(part, name)
		}
		form.Close()
		r, err := http.NewRequest(method, s.APIURL()+path, &body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bot "+s.Token())
		r.Header.Set("User-Agent", "DiscordBot (x, 1)")
		r.Header.Set("Content-Type", form.FormDataContentType())
		w, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		w.Body.Close()
		return w.StatusCode
	}
	file := func(name string) object { return object{"type": 13, "file": object{"url": "attachment://" + name}} }
	path := "channels/" + s.help + "/messages"
	v2 := func(parts ...object) object { return object{"flags": flagV2, "components": parts} }
	tests := []struct {
		name   string
		do     func() int
		status int
		files  string
	}{
		{"two", func() int { return send("POST", path, v2(file("a.txt"), file("b.txt")), "a.txt", "b.txt") }, 200, "a.txt b.txt"},
		{"named", func() int {
			o := v2(file("c.txt"))
			o["attachments"] = []object{{"id": "0", "filename": "c.txt", "description": "see"}}
			return send("POST", path, o, "x.txt")
		}, 200, "c.txt"},
		{"none of that name", func() int { return send("POST", path, v2(file("b.txt")), "a.txt") }, 400, "c.txt"},
		{"in no attachment", func() int {
			return send("POST", path, object{"content": "a", "attachments": []object{{"id": "1", "filename": "c.txt"}}}, "a.txt")
		}, 400, "c.txt"},
		{"eleven", func() int {
			return send("POST", path, object{"content": "a"}, strings.Fields(strings.Repeat("a ", 11))...)
		}, 400, "c.txt"},
		{"one more", func() int { return send("PATCH", path+"/"+s.newest(), object{}, "d.txt") }, 200, "c.txt d.txt"},
		{"only one", func() int {
			m := s.Messages(s.help)[len(s.Messages(s.help))-1]
			return send("PATCH", path+"/"+m.ID, object{"attachments": []object{{"id": m.Files[1]}}})
		}, 200, "d.txt"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.do(); got != test.status {
				t.Errorf("status %d, want %d", got, test.status)
			}
			var names []string
			m := s.Messages(s.help)[len(s.Messages(s.help))-1]
			for _, id := range m.Files {
				name, _, _ := s.File(id)
				names = append(names, name)
			}
			if got := strings.Join(names, " "); got != test.files {
				t.Errorf("files %s, want %s", got, test.files)
			}
		})
	}
	before := len(s.Violations())
	if status := send("POST", path, v2(object{"type": 10, "content": "a"}), "a.txt"); status != 200 {
		t.Errorf("status %d", status)
	}
	if after := s.Violations()[before:]; len(after) != 1 || !strings.Contains(after[0], "shown by no component") {
		t.Errorf("violations %q", after)
	}
}

// newest is the last message in #help.
func (s *scene) newest() string {
	all := s.Messages(s.help)
	return all[len(all)-1].ID
}

// TestThreads checks where the bot may write without managing threads.
func TestThreads(t *testing.T) {
	s := newScene(t, Options{Permissions: asked &^ ManageThreads})
	open := func(private bool) string {
		t.Helper()
		id, err := s.OpenThread(s.kim, s.help, "thread", private)
		return must(t, id, err)
	}
	archived, locked, secret, shared := open(false), open(false), open(true), open(true)
	if err := errors.Join(s.ArchiveThread(s.ana, archived, false), s.ArchiveThread(s.ana, locked, true), s.Invite(s.kim, shared, s.Bot())); err != nil {
		t.Fatal(err)
	}
	status := func(thread string) (int, int) {
		status, answer := s.request("POST", "channels/"+thread+"/messages", quiet(object{"content": "a"}))
		return status, code(answer)
	}
	tests := []struct {
		name, thread string
		status, code int
	}{
		{"archived", archived, 200, 0}, {"locked", locked, 403, codeThreadLocked}, {"private", secret, 403, codeMissingAccess}, {"invited", shared, 200, 0},
	}
	for _, test := range tests {
		if got, c := status(test.thread); got != test.status || c != test.code {
			t.Errorf("%s: %d %d", test.name, got, c)
		}
	}
	if c, _ := s.Channel(archived); c.Archived {
		t.Error("words do not bring a thread back")
	}
	archive := func(thread string, o object) int {
		status, _ := s.request("PATCH", "channels/"+thread, o)
		return status
	}
	var own struct{ ID string }
	s.call("POST", "channels/"+s.help+"/threads", object{"name": "own", "type": 12, "invitable": false}, 201, &own)
	if others, mine, lock := archive(archived, object{"archived": true}), archive(own.ID, object{"archived": true}), archive(own.ID, object{"archived": false, "locked": true}); others != 403 || mine != 200 || lock != 403 {
		t.Errorf("archiving another's: %d, its own: %d, locking: %d", others, mine, lock)
	}
	for range activeThreads {
		open(false)
	}
	if got, answer := s.request("POST", "channels/"+s.help+"/threads", object{"name": "one more", "type": 11}); got != 400 || code(answer) != codeTooManyThreads {
		t.Errorf("one more: %d %s", got, answer)
	}
	s.judged()
}

// TestSpec checks that Discord's description judges.
func TestSpec(t *testing.T) {
	s := newScene(t, Options{})
	if !s.Spec() {
		t.Skip("no specification: set SIGNPOST_SHARED to the folder that holds specs/discord-openapi.json")
	}
	path := "channels/" + s.help + "/messages"
	status, answer := s.request("POST", path, quiet(object{"content": "a", "components": []object{{"type": 1, "components": []object{{"type": 2, "style": 1, "label": "a", "custom_id": 7}}}}}))
	if status != 400 || !strings.Contains(string(answer), "custom_id") {
		t.Errorf("got %d %s", status, answer)
	}
	s.call("GET", path+"?count=3", nil, 200, nil)
	s.call("GET", path, object{"a": 1}, 200, nil)
	s.judged("custom_id", "no parameter count", "a body where none is taken")
}

// TestNonce checks that a message that is sent again is the first one.
func TestNonce(t *testing.T) {
	s := newScene(t, Options{})
	one := object{"content": "a", "nonce": "n1", "enforce_nonce": true}
	first := s.post(s.help, one)
	if again := s.post(s.help, one); again != first {
		t.Error("it stands twice")
	}
	s.clock.advance(nonceLasts)
	if later := s.post(s.help, one); later == first {
		t.Error("it was remembered too long")
	}
	if n := len(s.Messages(s.help)); n != 2 {
		t.Errorf("%d messages", n)
	}
	s.judged()
}

// TestEdit checks what stays of a message that is edited.
func TestEdit(t *testing.T) {
	s := newScene(t, Options{})
	id := s.post(s.help, buttons("a"))
	path := "channels/" + s.help + "/messages/" + id
	s.call("PATCH", path, quiet(object{"components": []object{{"type": 10, "content": "done"}}}), 200, nil)
	if m := s.Messages(s.help)[0]; m.Text() != "done" || m.Edited.IsZero() || m.Flags&flagV2 == 0 {
		t.Errorf("message %+v", m)
	}
	s.call("PATCH", path, quiet(object{"content": "plain", "flags": 0, "components": []object{}}), 400, nil)
	if m := s.Messages(s.help)[0]; m.Text() != "done" {
		t.Errorf("a refused edit changed it to %q", m.Text())
	}
	plain := s.post(s.help, object{"content": "plain"})
	s.call("PATCH", "channels/"+s.help+"/messages/"+plain, quiet(object{"content": nil, "flags": flagV2, "components": []object{{"type": 10, "content": "a"}}}), 400, nil)
	s.call("PATCH", "channels/"+s.help+"/messages/"+plain, quiet(object{"content": "", "flags": flagV2, "components": []object{{"type": 10, "content": "a"}}}), 200, nil)
}

// TestLimits checks that requests are counted, and refused when they are too
// many.
func TestLimits(t *testing.T) {
	s := newScene(t, Options{Limit: 2, GlobalLimit: 6})
	get := func(path string) *http.Response {
		r, err := http.NewRequest("GET", s.APIURL()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bot "+s.Token())
		r.Header.Set("User-Agent", "DiscordBot (x, 1)")
		w, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		w.Body.Close()
		return w
	}
	one, other := "channels/"+s.help, "channels/"+s.forum
	tests := []struct {
		path             string
		status           int
		remaining, scope string
	}{
		{one, 200, "1", ""}, {one, 200, "0", ""}, {one, 429, "0", "user"}, {other, 200, "1", ""}, {other, 200, "0", ""}, {"users/@me", 200, "1", ""}, {"users/@me", 429, "", "global"},
	}
	for i, test := range tests {
		w := get(test.path)
		if w.StatusCode != test.status || w.Header.Get("X-RateLimit-Remaining") != test.remaining || w.Header.Get("X-RateLimit-Scope") != test.scope {
			t.Errorf("%d: %d %v", i, w.StatusCode, w.Header)
		}
	}
	s.clock.advance(bucketLasts)
	if w := get(one); w.StatusCode != 200 || w.Header.Get("X-RateLimit-Reset-After") != "5.000" {
		t.Errorf("after a while: %d %v", w.StatusCode, w.Header)
	}
	if s.Invalid() != 2 {
		t.Errorf("%d invalid requests", s.Invalid())
	}
}

// TestRename checks that a channel is renamed twice in ten minutes.
func TestRename(t *testing.T) {
	s := newScene(t, Options{Permissions: asked | ManageChannels})
	rename := func(name string) int {
		status, _ := s.request("PATCH", "channels/"+s.help, object{"name": name})
		return status
	}
	if a, b, c := rename("a"), rename("b"), rename("c"); a != 200 || b != 200 || c != 429 {
		t.Errorf("statuses %d %d %d", a, b, c)
	}
	s.clock.advance(renameWindow)
	if d := rename("d"); d != 200 {
		t.Errorf("status %d", d)
	}
	s.judged()
}

// TestBreak checks that a request can be broken before it is done, and after.
func TestBreak(t *testing.T) {
	s := newScene(t, Options{})
	for _, after := range []bool{false, true} {
		for name, f := range map[string]Fault{
			"limit": {Status: 429, RetryAfter: 1500 * time.Millisecond}, "page": {Status: 429, HTML: true}, "error": {Status: 503}, "cut": {Cut: true},
			"refusal": {Status: 403, Code: codeMissingAccess, Message: "Missing Access"},
		} {
			before := len(s.Messages(s.help))
			s.Break(func(method, route string, done bool) Fault {
				if done == after && method == "POST" && route == "/channels/{channel_id}/messages" {
					return f
				}
				return Fault{}
			})
			status, answer := s.request("POST", "channels/"+s.help+"/messages", quiet(object{"content": "a"}))
			if status != f.Status {
				t.Errorf("%s: status %d", name, status)
			}
			if name == "limit" && !bytes.Contains(answer, []byte(`"retry_after":1.5`)) || name == "page" && !bytes.HasPrefix(answer, []byte("<!DOCTYPE")) {
				t.Errorf("%s: %s", name, answer)
			}
			if stands := len(s.Messages(s.help)) > before; stands != after {
				t.Errorf("%s after: %t, stands: %t", name, after, stands)
			}
		}
	}
	if n := s.Called("POST", "/channels/{channel_id}/messages"); n != 10 {
		t.Errorf("%d calls", n)
	}
	s.judged()
}

// TestAddresses checks that the address of a file ends, and is renewed.
func TestAddresses(t *testing.T) {
	s := newScene(t, Options{MessageContent: true})
	id := s.say(s.kim, s.help, "", Upload{Name: "ü.txt", Data: []byte("data")})
	status := func(at string) int {
		w, err := s.client.Get(at)
		if err != nil {
			t.Fatal(err)
		}
		w.Body.Close()
		return w.StatusCode
	}
	address := func() string {
		m, err := s.api.ChannelMessage(s.help, id)
		if err != nil {
			t.Fatal(err)
		}
		return m.Attachments[0].URL
	}
	first := address()
	if n := status(first); n != 200 {
		t.Errorf("status %d", n)
	}
	if n := status(strings.Replace(first, "ex=", "ex=1", 1)); n != 404 {
		t.Errorf("forged: %d", n)
	}
	s.clock.advance(addressLasts)
	if old, fresh := status(first), status(address()); old != 404 || fresh != 200 {
		t.Errorf("old: %d, fresh: %d", old, fresh)
	}
}

// TestSettle checks that it waits for the bot.
func TestSettle(t *testing.T) {
	s := newScene(t, Options{})
	l := s.connect(usual, nil)
	l.mu.Lock()
	l.deaf = true
	l.mu.Unlock()
	s.say(s.kim, s.help, "hello")
	ctx, cancel := context.WithCancel(t.Context())
	settled := make(chan error)
	go func() { settled <- s.Settle(ctx) }()
	asked := func() int {
		n := 0
		for _, f := range l.frames {
			if f["op"] == float64(opHeartbeat) {
				n++
			}
		}
		return n
	}
	before := 0
	l.await(func() bool { before = asked(); return len(l.heard) == 3 && before > 0 })
	l.send(opHeartbeat, 2) // it was busy
	l.await(func() bool { return asked() > before })
	cancel()
	if err := <-settled; err != context.Canceled {
		t.Errorf("Settle = %v", err)
	}
	l.send(opHeartbeat, 3)
	s.settle()
	s.judged()
}

// FuzzParseBody reads any body of a request.
func FuzzParseBody(f *testing.F) {
	f.Add("application/json", []byte(`{"content":"a"}`))
	f.Add("multipart/form-data; boundary=x", []byte("--x\r\nContent-Disposition: form-data; name=\"payload_json\"\r\n\r\n{}\r\n--x\r\nContent-Disposition: form-data; name=\"files[0]\"; filename=\"a\"\r\n\r\na\r\n--x--\r\n"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		raw, files, err := parseBody(kind, body)
		if err != nil {
			return // refusing is fine
		}
		for _, file := range files {
			if file.Name == "" {
				t.Error("a file without a name")
			}
		}
		var d draft
		if read(raw, &d) == nil {
			inspect(d.Components, true)
			complete(d.Components, func(string) object { return nil })
			embedded(d.Embeds)
		}
	})
}
