package slacktest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/adapters/slack/slacktest"
)

// call calls a method with a form, and returns the answer.
func (s *scene) call(method string, args ...string) map[string]any {
	s.t.Helper()
	form := url.Values{}
	for i := 0; i < len(args); i += 2 {
		form.Set(args[i], args[i+1])
	}
	if !form.Has("token") {
		form.Set("token", s.BotToken())
	}
	return s.request(method, "application/x-www-form-urlencoded", form.Encode(), "")
}

func (s *scene) request(method, kind, body, bearer string) map[string]any {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.APIURL()+method, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	var got map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
		s.t.Fatal(err)
	}
	if answer.Header.Get("X-Oauth-Scopes") == "" {
		s.t.Errorf("%s: no scopes in the headers", method)
	}
	return got
}

// TestErrors checks what Slack refuses, and how.
func TestErrors(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	hidden := s.AddChannel(slacktest.Channel{Kind: slacktest.Private, Members: []string{s.ana}})
	apart := s.AddChannel(slacktest.Channel{Name: "apart", Members: []string{s.ana}})
	old := s.AddChannel(slacktest.Channel{Name: "old", BotIn: true, Archived: true})
	said, mine := s.say(s.kim, s.help, "", "hello"), s.post(s.help)
	ephemeral, err := s.api.PostEphemeral(s.help, s.kim, calm("psst")...)
	if err != nil {
		t.Fatal(err)
	}
	gone := s.post(s.help)
	if _, _, err := s.api.DeleteMessage(s.help, gone); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("a", 40_001)
	// Five of these are too long together, though none is.
	section := `{"type":"section","text":{"type":"plain_text","text":"` + strings.Repeat("a", 3000) + `"}},`
	tests := []struct {
		method string
		args   []string
		want   string // empty: fine
	}{
		{"api.test", nil, ""},
		{"auth.test", nil, ""},
		{"auth.test", []string{"token", ""}, "not_authed"},
		{"auth.test", []string{"token", "xoxb-other"}, "invalid_auth"},
		{"auth.test", []string{"token", s.AppToken()}, "not_allowed_token_type"},
		{"apps.connections.open", nil, "not_allowed_token_type"},
		{"apps.connections.open", []string{"token", s.AppToken()}, ""},
		{"chat.everything", nil, "unknown_method"},
		{"chat.postMessage", []string{"channel", s.help, "text", "a"}, ""},
		{"chat.postMessage", []string{"channel", s.kim, "text", "a"}, ""},
		{"chat.postMessage", []string{"channel", apart, "text", "a"}, ""},
		{"chat.postMessage", []string{"channel", "CNONE", "text", "a"}, "channel_not_found"},
		{"chat.postMessage", []string{"channel", hidden, "text", "a"}, "channel_not_found"},
		{"chat.postMessage", []string{"channel", old, "text", "a"}, "is_archived"},
		{"chat.postMessage", []string{"channel", "USLACKBOT", "text", "a"}, "cannot_dm_bot"},
		{"chat.postMessage", []string{"channel", s.help}, "no_text"},
		{"chat.postMessage", []string{"channel", s.help, "text", long}, "msg_too_long"},
		{"chat.postMessage", []string{"channel", s.help, "text", "a", "thread_ts", "1.000000"}, "thread_not_found"},
		{"chat.postMessage", []string{"channel", s.help, "text", "a", "thread_ts", said}, ""},
		{"chat.postMessage", []string{"channel", s.help, "text", "a", "blocks", "?"}, "invalid_blocks_format"},
		{"chat.postMessage", []string{"channel", s.help, "text", "a", "blocks", `[{"type":"section"}]`}, "invalid_blocks"},
		{"chat.postMessage", []string{"channel", s.help, "text", "a", "blocks", "[" + strings.Repeat(section, 5) + `{"type":"divider"}]`}, "msg_blocks_too_long"},
		{"chat.postMessage", []string{"channel", s.help, "text", "a", "metadata", `{"event_type":"x"}`}, "invalid_metadata_schema"},
		{"chat.postMessage", []string{"channel", s.help, "text", "a", "metadata", `{`}, "invalid_metadata_format"},
		{"chat.update", []string{"channel", s.help, "ts", mine, "text", "b"}, ""},
		{"chat.update", []string{"channel", s.help, "ts", said, "text", "b"}, "cant_update_message"},
		{"chat.update", []string{"channel", s.help, "ts", ephemeral, "text", "b"}, "message_not_found"},
		{"chat.update", []string{"channel", s.help, "ts", gone, "text", "b"}, "message_not_found"},
		{"chat.update", []string{"channel", "CNONE", "ts", mine, "text", "b"}, "channel_not_found"},
		{"chat.delete", []string{"channel", s.help, "ts", said}, "cant_delete_message"},
		{"chat.delete", []string{"channel", s.help, "ts", gone}, "message_not_found"},
		{"chat.postEphemeral", []string{"channel", apart, "user", s.ana, "text", "a"}, "not_in_channel"},
		{"chat.postEphemeral", []string{"channel", s.help, "user", "UNOBODY", "text", "a"}, "user_not_in_channel"},
		{"chat.getPermalink", []string{"channel", s.help, "message_ts", said}, ""},
		{"chat.getPermalink", []string{"channel", s.help, "message_ts", gone}, "message_not_found"},
		{"conversations.open", []string{"users", s.kim}, ""},
		{"conversations.open", []string{"users", s.kim + "," + s.ana}, ""},
		{"conversations.open", []string{"users", "UNOBODY"}, "user_not_found"},
		{"conversations.open", []string{"users", s.Bot()}, "cannot_dm_bot"},
		{"conversations.open", nil, "users_list_not_supplied"},
		{"conversations.info", []string{"channel", apart}, ""},
		{"conversations.info", []string{"channel", hidden}, "channel_not_found"},
		{"conversations.history", []string{"channel", apart}, "not_in_channel"},
		{"conversations.history", []string{"channel", s.help, "cursor", "?"}, "invalid_cursor"},
		{"conversations.history", []string{"channel", s.help, "limit", "1000"}, "invalid_limit"},
		{"conversations.replies", []string{"channel", s.help, "ts", gone}, "thread_not_found"},
		{"conversations.list", []string{"types", "rooms"}, "invalid_types"},
		{"users.info", []string{"user", "UNOBODY"}, "user_not_found"},
		{"usergroups.users.list", []string{"usergroup", "SNONE"}, "no_such_subteam"},
		{"bots.info", []string{"bot", "BNONE"}, "bot_not_found"},
		{"bots.info", []string{"bot", "B0SIGNPOST"}, ""},
		{"reactions.add", []string{"channel", s.help, "timestamp", said, "name", "eyes"}, ""},
		{"reactions.add", []string{"channel", s.help, "timestamp", said, "name", "eyes"}, "already_reacted"},
		{"reactions.remove", []string{"channel", s.help, "timestamp", said, "name", "eyes"}, ""},
		{"reactions.remove", []string{"channel", s.help, "timestamp", said, "name", "eyes"}, "no_reaction"},
		{"reactions.add", []string{"channel", s.help, "timestamp", gone, "name", "eyes"}, "message_not_found"},
		{"views.open", []string{"trigger_id", "1.2.3"}, "invalid_trigger_id"},
		{"views.publish", []string{"user_id", "UNOBODY"}, "user_not_found"},
		{"views.update", []string{"view_id", "VNONE"}, "not_found"},
		{"files.info", []string{"file", "FNONE"}, "file_not_found"},
		{"files.completeUploadExternal", []string{"files", `[{"id":"FNONE"}]`}, "file_not_found"},
		{"assistant.threads.setStatus", []string{"channel_id", "CNONE"}, "channel_not_found"},
		{"agents.sessions.setStatus", []string{"channel_id", s.help, "thread_ts", said, "status", "asleep"}, "invalid_arguments"},
	}
	for _, test := range tests {
		got := s.call(test.method, test.args...)
		code, _ := got["error"].(string)
		if code != test.want || got["ok"] != (test.want == "") {
			t.Errorf("%s %.80q: %q, want %q (%v)", test.method, test.args, code, test.want, got["response_metadata"])
		}
	}
}

// TestBodies checks that arguments come as a form or as JSON, and that
// nothing else does.
func TestBodies(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	tests := []struct{ kind, body, want string }{
		{"application/json; charset=utf-8", `{"channel":"` + s.help + `","text":"a","blocks":[{"type":"divider"}],"unfurl_links":false,"unfurl_media":false}`, ""},
		{"application/json", `{"channel":"` + s.help + `","text":"a","unfurl_links":false,"unfurl_media":false}`, ""},
		{"application/json; charset=utf-8", `{`, "invalid_json"},
		{"text/plain", "a", "invalid_post_type"},
		{"application/x-www-form-urlencoded", "a=%", "invalid_form_data"},
	}
	for _, test := range tests {
		got := s.request("chat.postMessage", test.kind, test.body, s.BotToken())
		if code, _ := got["error"].(string); code != test.want {
			t.Errorf("%s: error %q, want %q", test.kind, code, test.want)
		}
		if warning := got["warning"]; (warning == "missing_charset") != (test.kind == "application/json") {
			t.Errorf("%s: warning %v", test.kind, warning)
		}
	}
	s.judged()
}

// TestScopes checks that without a scope nothing is done and nothing is heard.
func TestScopes(t *testing.T) {
	s := newScene(t, slacktest.Options{Scopes: []string{"chat:write", "channels:history"}})
	a := s.connect(1, nil)
	if _, err := s.Say(s.kim, s.help, "", "@signpost"); err != nil {
		t.Fatal(err)
	}
	s.say(s.kim, s.Direct(s.kim), "", "hello")
	if got := a.events("type"); !slices.Equal(got, []string{"message"}) {
		t.Errorf("heard %q", got)
	}
	got := s.call("users.info", "user", s.kim)
	if got["error"] != "missing_scope" || got["needed"] != "users:read" || got["provided"] != "channels:history,chat:write" {
		t.Errorf("answer %v", got)
	}
	apart := s.AddChannel(slacktest.Channel{Name: "apart"})
	if got := s.call("chat.postMessage", "channel", apart, "text", "a")["error"]; got != "not_in_channel" {
		t.Errorf("without chat:write.public: %v", got)
	}
	if err := s.Slash(s.kim, s.help, "/ask", ""); err == nil {
		t.Error("a command without the scope for it")
	}
	s.judged("users.info: missing_scope users:read")
}

// TestThreads checks where replies come to stand.
func TestThreads(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	thread := func(under string) string {
		t.Helper()
		_, _, m, err := s.api.PostMessageWithResponse(s.help, calm("reply", slack.MsgOptionTS(under))...)
		if err != nil {
			t.Fatal(err)
		}
		return m.ThreadTimestamp
	}
	asked := s.say(s.kim, s.help, "", "why?")
	reply := s.say(s.kim, s.help, asked, "really")
	if got := thread(asked); got != asked {
		t.Errorf("a reply stands under %q", got)
	}
	if got := thread(reply); got != asked {
		t.Errorf("a reply to a reply stands under %q", got)
	}
	alone := s.say(s.kim, s.help, "", "never mind")
	for _, ts := range []string{asked, alone} {
		if err := s.Delete(s.kim, s.help, ts); err != nil {
			t.Fatal(err)
		}
		if got := thread(ts); got != "" {
			t.Errorf("a reply to a deleted message stands under %q", got)
		}
	}
	var left []string
	for _, m := range s.Messages(s.help) {
		left = append(left, m.Subtype+m.Text)
	}
	if want := []string{"tombstoneThis message was deleted.", "really", "reply", "reply", "reply", "reply"}; !slices.Equal(left, want) {
		t.Errorf("there stand %q", left)
	}
	s.judged("thread_ts is a reply's")
}

// TestUpdate checks that an update without blocks takes them away, and that
// only it is seen.
func TestUpdate(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	a := s.connect(1, nil)
	ts := s.post(s.help, slack.MsgOptionBlocks(slack.NewDividerBlock()))
	state := func() (blocks, edited bool) {
		m := s.Messages(s.help)[0]
		return len(m.Blocks) > 0, m.Edited != ""
	}
	if blocks, edited := state(); !blocks || edited {
		t.Errorf("posted: blocks %t, edited %t", blocks, edited)
	}
	for _, test := range []struct {
		options        []slack.MsgOption
		blocks, edited bool
	}{
		{[]slack.MsgOption{slack.MsgOptionText("b", false), slack.MsgOptionBlocks(slack.NewDividerBlock())}, true, false},
		{[]slack.MsgOption{slack.MsgOptionText("c", false)}, false, true},
	} {
		if _, _, _, err := s.api.UpdateMessage(s.help, ts, test.options...); err != nil {
			t.Fatal(err)
		}
		if blocks, edited := state(); blocks != test.blocks || edited != test.edited {
			t.Errorf("blocks %t, edited %t; want %t, %t", blocks, edited, test.blocks, test.edited)
		}
	}
	if _, _, err := s.api.DeleteMessage(s.help, ts); err != nil {
		t.Fatal(err)
	}
	if err := s.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := a.events("type", "subtype")
	slices.Sort(got)
	if want := []string{"message", "message message_changed", "message message_changed", "message message_deleted"}; !slices.Equal(got, want) {
		t.Errorf("its own deeds are heard as %q", got)
	}
	s.judged()
}

// TestHistory checks what can be read again, page by page.
func TestHistory(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	var all []string
	for _, text := range []string{"a", "b", "c", "d", "e"} {
		all = append(all, s.say(s.kim, s.help, "", text))
	}
	for _, text := range []string{"b1", "b2", "b3"} {
		s.say(s.ana, s.help, all[1], text)
	}
	if _, err := s.Broadcast(s.ana, s.help, all[1], "b4"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.api.PostEphemeral(s.help, s.kim, calm("psst")...); err != nil {
		t.Fatal(err)
	}
	texts := func(messages []slack.Message) string {
		var words []string
		for _, m := range messages {
			words = append(words, m.Text)
		}
		return strings.Join(words, " ")
	}
	tests := []struct {
		p    slack.GetConversationHistoryParameters
		want string // pages
	}{
		{slack.GetConversationHistoryParameters{}, "b4 e d c b a"},
		{slack.GetConversationHistoryParameters{Limit: 2}, "b4 e, d c, b a"},
		{slack.GetConversationHistoryParameters{Oldest: all[2]}, "b4 e d"},
		{slack.GetConversationHistoryParameters{Oldest: all[2], Inclusive: true, Limit: 3}, "b4 e d, c"},
		{slack.GetConversationHistoryParameters{Latest: all[2]}, "b a"},
		{slack.GetConversationHistoryParameters{Oldest: all[0], Latest: all[2]}, "b"},
	}
	for _, test := range tests {
		var pages []string
		p := test.p
		p.ChannelID = s.help
		for {
			got, err := s.api.GetConversationHistory(&p)
			if err != nil {
				t.Fatal(err)
			}
			pages = append(pages, texts(got.Messages))
			if p.Cursor = got.ResponseMetaData.NextCursor; !got.HasMore {
				break
			}
		}
		if got := strings.Join(pages, ", "); got != test.want {
			t.Errorf("%+v: %s, want %s", test.p, got, test.want)
		}
	}
	got, more, cursor, err := s.api.GetConversationReplies(&slack.GetConversationRepliesParameters{ChannelID: s.help, Timestamp: all[1], Limit: 3})
	if err != nil || texts(got) != "b b1 b2" || !more {
		t.Errorf("replies %s, more %t, %v", texts(got), more, err)
	}
	if root := got[0]; root.ReplyCount != 4 || root.ThreadTimestamp != all[1] {
		t.Errorf("the first has %d replies, thread %q", root.ReplyCount, root.ThreadTimestamp)
	}
	got, more, _, err = s.api.GetConversationReplies(&slack.GetConversationRepliesParameters{ChannelID: s.help, Timestamp: all[1], Limit: 3, Cursor: cursor})
	if err != nil || texts(got) != "b3 b4" || more {
		t.Errorf("the rest of the replies %s, more %t, %v", texts(got), more, err)
	}
	s.judged()
}

// TestMetadata checks that what was sent along can be found again, when asked
// for.
func TestMetadata(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	s.post(s.help, slack.MsgOptionMetadata(slack.SlackMetadata{EventType: "reply", EventPayload: map[string]any{"id": "7.0"}}))
	for _, all := range []bool{false, true} {
		got, err := s.api.GetConversationHistory(&slack.GetConversationHistoryParameters{ChannelID: s.help, IncludeAllMetadata: all})
		if err != nil {
			t.Fatal(err)
		}
		if id := got.Messages[0].Metadata.EventPayload["id"]; (id == "7.0") != all {
			t.Errorf("include_all_metadata %t: id %v", all, id)
		}
	}
}

// TestLists checks who and what there is.
func TestLists(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	s.AddChannel(slacktest.Channel{Name: "apart"})
	s.AddChannel(slacktest.Channel{Name: "hidden", Kind: slacktest.Private})
	s.AddChannel(slacktest.Channel{Name: "secret", Kind: slacktest.Private, BotIn: true})
	stranger := s.AddUser(slacktest.User{Name: "max", RealName: "Max", Team: "T0OTHER"})
	agents := s.AddGroup(slacktest.Group{Handle: "agents", Members: []string{s.ana}})
	s.Direct(s.kim)

	var names []string
	p := &slack.GetConversationsParameters{Types: []string{"public_channel", "private_channel", "im"}, Limit: 1}
	for {
		got, next, err := s.api.GetConversations(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range got {
			names = append(names, c.Name+c.User)
		}
		if p.Cursor = next; next == "" {
			break
		}
	}
	if want := []string{"help", "apart", "secret", s.kim}; !slices.Equal(names, want) {
		t.Errorf("channels %q", names)
	}
	mine, _, err := s.api.GetConversationsForUser(&slack.GetConversationsForUserParameters{Types: []string{"public_channel"}})
	if err != nil || len(mine) != 1 || mine[0].ID != s.help {
		t.Errorf("the bot's channels %v, %v", mine, err)
	}
	members, _, err := s.api.GetUsersInConversation(&slack.GetUsersInConversationParameters{ChannelID: s.help})
	if err != nil || !slices.Equal(members, []string{s.ana, s.kim, s.Bot()}) {
		t.Errorf("members %q, %v", members, err)
	}
	u, err := s.api.GetUserInfo(s.ana)
	if err != nil || u.Locale != "pt-BR" || u.RealName != "Ana Lima" || u.IsStranger {
		t.Errorf("ana is %+v, %v", u, err)
	}
	if got := s.call("users.info", "user", s.ana)["user"].(map[string]any)["locale"]; got != nil {
		t.Errorf("locale %v, though nobody asked", got)
	}
	u, err = s.api.GetUserInfo(stranger)
	if err != nil || !u.IsStranger || u.TeamID != "T0OTHER" || u.TZ != "" || u.Locale != "" {
		t.Errorf("the stranger is %+v, %v", u, err)
	}
	all, err := s.api.GetUsers()
	if err != nil || len(all) != 4 { // the bot, Slackbot, ana, kim
		t.Errorf("%d users, %v", len(all), err)
	}
	groups, err := s.api.GetUserGroups(slack.GetUserGroupsOptionIncludeUsers(true))
	if err != nil || len(groups) != 1 || groups[0].Handle != "agents" || !slices.Equal(groups[0].Users, []string{s.ana}) {
		t.Errorf("groups %+v, %v", groups, err)
	}
	in, err := s.api.GetUserGroupMembers(agents)
	if err != nil || !slices.Equal(in, []string{s.ana}) {
		t.Errorf("members of the group %q, %v", in, err)
	}
	s.judged()
}

// TestFiles takes a file up and down.
func TestFiles(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	asked := s.say(s.kim, s.help, "", "why?", slacktest.Upload{Name: "bill.pdf", Data: []byte("a bill")})
	came := s.Messages(s.help)[0].Files[0]
	info, _, _, err := s.api.GetFileInfo(came, 0, 0)
	if err != nil || info.Mimetype != "application/pdf" || info.Size != 6 {
		t.Fatalf("file %+v, %v", info, err)
	}
	var down bytes.Buffer
	if err := s.api.GetFile(info.URLPrivateDownload, &down); err != nil || down.String() != "a bill" {
		t.Errorf("came down as %q, %v", &down, err)
	}
	up, err := s.api.UploadFile(slack.UploadFileParameters{Reader: strings.NewReader("a copy"), FileSize: 6, Filename: "copy.txt", Title: "Copy", Channel: s.help, ThreadTimestamp: asked})
	if err != nil {
		t.Fatal(err)
	}
	m := s.Messages(s.help)[1]
	if name, data, ok := s.File(up.ID); !ok || name != "copy.txt" || string(data) != "a copy" || m.Thread != asked || !slices.Equal(m.Files, []string{up.ID}) {
		t.Errorf("file %s of %q, %t, on %+v", name, data, ok, m)
	}
	if err := s.api.DeleteFile(up.ID); err != nil || len(s.Messages(s.help)) != 1 {
		t.Errorf("deleted: %v, and there stand %d messages", err, len(s.Messages(s.help)))
	}
	if err := s.api.DeleteFile(came); err == nil || err.Error() != "cant_delete_file" {
		t.Errorf("deleting someone else's: %v", err)
	}
	s.judged()

	if _, err := s.api.UploadFile(slack.UploadFileParameters{Reader: strings.NewReader("short"), FileSize: 6, Filename: "short.txt", Channel: s.help}); err == nil {
		t.Error("a file shorter than announced is taken")
	}
	if err := slack.New("xoxb-other", slack.OptionAPIURL(s.APIURL())).GetFile(info.URLPrivate, io.Discard); err == nil {
		t.Error("anybody may have the file")
	}
	s.judged("5 bytes are not what was announced", "may not have the file")
}

// TestPostEvery checks that messages may not come too fast in one channel.
func TestPostEvery(t *testing.T) {
	s := newScene(t, slacktest.Options{PostEvery: time.Second})
	s.post(s.help)
	var limited *slack.RateLimitedError
	if _, _, err := s.api.PostMessage(s.help, calm("b")...); !errors.As(err, &limited) || limited.RetryAfter != time.Second {
		t.Errorf("at once: %v", err)
	}
	s.post(s.Direct(s.kim))
	s.clock.advance(time.Second)
	s.post(s.help)
	if n := len(s.Messages(s.help)); n != 2 {
		t.Errorf("%d messages", n)
	}
}

// TestFaults checks that a call breaks as it is told, before it is done or
// after.
func TestFaults(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	var code slack.StatusCodeError
	var limited *slack.RateLimitedError
	tests := []struct {
		name  string
		fault slacktest.Fault
		like  func(error) bool
	}{
		{"429", slacktest.Fault{Status: 429, RetryAfter: 1500 * time.Millisecond}, func(err error) bool { return errors.As(err, &limited) && limited.RetryAfter == 2*time.Second }},
		{"503", slacktest.Fault{Status: 503}, func(err error) bool { return errors.As(err, &code) && code.Code == 503 }},
		{"error", slacktest.Fault{Error: "internal_error"}, func(err error) bool { return err.Error() == "internal_error" }},
		{"cut", slacktest.Fault{Cut: true}, func(err error) bool { return errors.Is(err, io.EOF) }},
	}
	for _, test := range tests {
		for _, after := range []bool{false, true} {
			before := len(s.Messages(s.help))
			s.Break(func(method string, done bool) slacktest.Fault {
				if method == "chat.postMessage" && done == after {
					return test.fault
				}
				return slacktest.Fault{}
			})
			_, _, err := s.api.PostMessage(s.help, calm("a")...)
			if err == nil || !test.like(err) {
				t.Errorf("%s, after %t: %v", test.name, after, err)
			}
			if stands := len(s.Messages(s.help)) > before; stands != after {
				t.Errorf("%s, after %t: stands %t", test.name, after, stands)
			}
		}
	}
	s.Break(nil)
	s.post(s.help)
	if n := s.Called("chat.postMessage"); n != 2*len(tests)+1 {
		t.Errorf("called %d times", n)
	}
}

// TestWait checks that waiting ends with what is waited for, or its context.
func TestWait(t *testing.T) {
	s := newScene(t, slacktest.Options{})
	waited := make(chan error)
	go func() {
		waited <- s.Wait(t.Context(), func() bool { return len(s.Messages(s.help)) == 2 })
	}()
	s.post(s.help)
	s.post(s.help)
	if err := <-waited; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.WaitSockets(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting in vain: %v", err)
	}
}
