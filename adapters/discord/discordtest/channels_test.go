package discordtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestHistory checks which messages a page holds.
func TestHistory(t *testing.T) {
	s := newScene(t, Options{MessageContent: true})
	var ids []string
	for n := range 9 {
		ids = append(ids, s.say(s.kim, s.help, fmt.Sprint(n)))
	}
	s.put(s.channels[s.help], &Message{Author: botID, Content: "x", Only: s.kim})
	tests := []struct{ query, want string }{
		{"", "876543210"},
		{"?limit=3", "876"},
		{"?limit=3&before=" + ids[4], "321"},
		{"?limit=3&after=" + ids[4], "765"},
		{"?limit=3&around=" + ids[4], "543"},
		{"?after=" + ids[8], ""},
		{"?after=0&limit=2", "876543210"[:2]},
		{"?before=" + ids[0], ""},
		{"?limit=5&after=1", "43210"},
	}
	for _, test := range tests {
		var list []struct{ Content string }
		s.call("GET", "channels/"+s.help+"/messages"+test.query, nil, 200, &list)
		var got string
		for _, m := range list {
			got += m.Content
		}
		if got != test.want {
			t.Errorf("%s holds %s, want %s", test.query, got, test.want)
		}
	}
	if err := s.Overwrite(s.help, Overwrite{ID: s.BotRole(), Deny: ReadMessageHistory}); err != nil {
		t.Fatal(err)
	}
	if _, answer := s.request("GET", "channels/"+s.help+"/messages", nil); string(answer) != "[]" {
		t.Errorf("without the permission: %s", answer)
	}
	s.judged()
}

// TestArchive checks what is listed of the archive, page by page.
func TestArchive(t *testing.T) {
	s := newScene(t, Options{})
	put := func(private bool, invited bool) string {
		t.Helper()
		s.clock.advance(time.Minute)
		id, err := s.OpenThread(s.kim, s.help, "thread", private)
		must(t, id, err)
		if invited {
			must(t, id, s.Invite(s.kim, id, s.Bot()))
		}
		return must(t, id, s.ArchiveThread(s.ana, id, false))
	}
	a, b, c, d := put(false, false), put(false, false), put(true, false), put(true, true)
	open, err := s.OpenThread(s.kim, s.help, "open", false)
	must(t, open, err)
	list := func(path string) (string, bool) {
		t.Helper()
		var l struct {
			Threads []struct {
				ID   string
				Data struct {
					At string `json:"archive_timestamp"`
				} `json:"thread_metadata"`
			}
			More bool `json:"has_more"`
		}
		s.call("GET", "channels/"+s.help+path, nil, 200, &l)
		var got []string
		for _, thread := range l.Threads {
			got = append(got, thread.ID)
		}
		return strings.Join(got, " "), l.More
	}
	first, _ := s.Channel(b)
	at := strings.ReplaceAll(stamp(first.archivedAt), "+00:00", "Z")
	tests := []struct {
		path, want string
		more       bool
	}{
		{"/threads/archived/public", b + " " + a, false},
		{"/threads/archived/public?limit=1", b, true},
		{"/threads/archived/public?before=" + at, a, false},
		{"/threads/archived/private", d + " " + c, false},
		{"/users/@me/threads/archived/private", d, false},
		{"/users/@me/threads/archived/private?before=" + d, "", false},
	}
	for _, test := range tests {
		if got, more := list(test.path); got != test.want || more != test.more {
			t.Errorf("%s lists %s, %t; want %s, %t", test.path, got, more, test.want, test.more)
		}
	}
	if status, _ := s.request("GET", "channels/"+s.help+"/threads/archived/public?before=soon", nil); status != 400 {
		t.Errorf("status %d", status)
	}
	if err := s.UnarchiveThread(s.ana, a); err != nil {
		t.Error(err)
	}
	if got, _ := list("/threads/archived/public"); got != b {
		t.Errorf("then %s", got)
	}
}

// TestMembers checks who is let into a thread, and out of it.
func TestMembers(t *testing.T) {
	s := newScene(t, Options{})
	l := s.connect(usual, nil)
	thread, err := s.OpenThread(s.ana, s.help, "thread", false)
	must(t, thread, err)
	staff := s.AddChannel(Channel{Name: "staff", Overwrites: []Overwrite{{ID: s.kim, Deny: ViewChannel}}})
	apart, err := s.OpenThread(s.ana, staff, "apart", true)
	must(t, apart, err)
	path := "channels/" + thread + "/thread-members"
	tests := []struct {
		method, path string
		status       int
		members      int
	}{
		{"GET", path, 200, 1}, {"PUT", path + "/@me", 204, 2}, {"PUT", path + "/@me", 204, 2}, {"PUT", path + "/" + s.kim, 204, 3},
		{"GET", path + "/" + s.kim, 200, 3}, {"DELETE", path + "/" + s.kim, 204, 2}, {"GET", path + "/" + s.kim, 404, 2}, {"DELETE", path + "/" + s.kim, 404, 2},
		{"PUT", path + "/1", 404, 2}, {"DELETE", path + "/@me", 204, 1}, {"PUT", "channels/" + apart + "/thread-members/" + s.kim, 403, 1},
		{"PUT", "channels/" + s.help + "/thread-members/@me", 400, 1},
	}
	for _, test := range tests {
		status, answer := s.request(test.method, test.path, nil)
		if c, _ := s.Channel(thread); status != test.status || len(c.Members) != test.members {
			t.Errorf("%s %s: %d %s, members %q", test.method, test.path, status, answer, c.Members)
		}
	}
	s.settle()
	if !slices.Contains(l.events(0), "THREAD_MEMBERS_UPDATE") {
		t.Errorf("heard %q", l.events(0))
	}
	s.judged()
}

// TestDelete checks what the bot can delete.
func TestDelete(t *testing.T) {
	s := newScene(t, Options{Permissions: asked | ManageChannels | ManageMessages})
	l := s.connect(usual, nil)
	since := l.count()
	theirs := s.say(s.kim, s.help, "theirs")
	thread, err := s.StartThread(s.kim, s.help, theirs, "thread")
	must(t, thread, err)
	private := s.Direct(s.kim)
	said := s.say(s.kim, private, "hi")
	tests := []struct {
		path   string
		status int
	}{
		{"channels/" + s.help + "/messages/" + theirs, 204}, {"channels/" + thread, 200}, {"channels/" + private, 200}, {"channels/" + private + "/messages/" + said, 403},
		{"channels/" + s.help, 200}, {"channels/" + s.help, 404},
	}
	for _, test := range tests {
		if status, answer := s.request("DELETE", test.path, nil); status != test.status {
			t.Errorf("%s: %d %s", test.path, status, answer)
		}
	}
	s.settle()
	want := []string{"MESSAGE_DELETE", "THREAD_DELETE", "CHANNEL_DELETE"}
	got := slices.DeleteFunc(l.events(since), func(name string) bool { return !strings.HasSuffix(name, "DELETE") })
	if !slices.Equal(got, want) {
		t.Errorf("heard %q", got)
	}
	s.DeleteChannel(s.forum)
	if n := len(s.Channels()); n != 1 {
		t.Errorf("%d channels", n)
	}
	s.judged()
}

// TestInspect checks Discord's rules for components that its description lacks,
// and those of it that hold where the description is not there.
func TestInspect(t *testing.T) {
	row := func(parts ...object) []object { return []object{{"type": 1, "components": parts}} }
	button := object{"type": 2, "style": 1, "label": "a", "custom_id": "a"}
	link := object{"type": 2, "style": 5, "label": "a", "url": "https://a.example"}
	with := func(o object, name string, value any) object {
		changed := object{}
		for k, v := range o {
			changed[k] = v
		}
		changed[name] = value
		return changed
	}
	menu := object{"type": 3, "custom_id": "m", "options": []object{{"label": "a", "value": "a"}}}
	text := object{"type": 10, "content": "a"}
	long := strings.Repeat("ä", 101)
	tests := []struct {
		name  string
		v2    bool
		parts []object
		want  string // where something is wrong; empty: nothing is
	}{
		{"nothing", false, nil, ""},
		{"a row", false, row(button, link), ""},
		{"a menu", false, row(menu), ""},
		{"five rows", false, slices.Repeat(row(link), 5), ""},
		{"six rows", false, slices.Repeat(row(link), 6), "components"},
		{"text without the flag", false, []object{text}, "components.0.type"},
		{"text", true, []object{text}, ""},
		{"a button in no row", true, []object{button}, "components.0.type"},
		{"an empty row", false, row(), "components.0.components"},
		{"text in a row", true, row(text), "components.0.components.0.type"},
		{"a button beside a menu", false, row(button, menu), "components.0.components"},
		{"no label", false, row(with(button, "label", "")), "components.0.components.0.label"},
		{"a long label", false, row(with(button, "label", strings.Repeat("a", 81))), "components.0.components.0.label"},
		{"no id", false, row(object{"type": 2, "style": 1, "label": "a"}), "components.0.components.0.custom_id"},
		{"a long id", false, row(with(button, "custom_id", long)), "components.0.components.0.custom_id"},
		{"a link with an id", false, row(with(link, "custom_id", "a")), "components.0.components.0.custom_id"},
		{"a link to nowhere", false, row(with(link, "url", "")), "components.0.components.0.url"},
		{"no style", false, row(with(button, "style", 9)), "components.0.components.0.style"},
		{"one id twice", false, row(button, button), "components.0.components.1.custom_id"},
		{"no options", false, row(with(menu, "options", []object{})), "components.0.components.0.options"},
		{"one value twice", false, row(with(menu, "options", []object{{"label": "a", "value": "a"}, {"label": "b", "value": "a"}})), "components.0.components.0.options.1.value"},
		{"a long option", false, row(with(menu, "options", []object{{"label": long, "value": "a"}})), "components.0.components.0.options.0.label"},
		{"two chosen", false, row(with(menu, "options", []object{{"label": "a", "value": "a", "default": true}, {"label": "b", "value": "b", "default": true}})), "components.0.components.0.options"},
		{"a long placeholder", false, row(with(menu, "placeholder", strings.Repeat("a", 151))), "components.0.components.0.placeholder"},
		{"a section", true, []object{{"type": 9, "components": []object{text}, "accessory": button}}, ""},
		{"a section with nothing beside it", true, []object{{"type": 9, "components": []object{text}}}, "components.0.accessory"},
		{"a section of four", true, []object{{"type": 9, "components": slices.Repeat([]object{text}, 4), "accessory": button}}, "components.0.components"},
		{"no text", true, []object{with(text, "content", " ")}, "components.0.content"},
		{"a container in a container", true, []object{{"type": 17, "components": []object{{"type": 17, "components": []object{text}}}}}, "components.0.components.0.type"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			faults := inspect(encode(test.parts), test.v2).faults
			if test.want == "" && len(faults) == 0 {
				return
			}
			if len(faults) != 1 || strings.Join(faults[0].path, ".") != test.want {
				t.Errorf("faults %v, want one at %s", faults, test.want)
			}
		})
	}
}

// TestInspectForm checks Discord's rules for forms.
func TestInspectForm(t *testing.T) {
	input := object{"type": 4, "style": 1, "custom_id": "a"}
	label := func(o object) []object { return []object{{"type": 18, "label": "a", "component": o}} }
	labelled := object{"type": 4, "style": 1, "custom_id": "a", "label": "a"}
	tests := []struct {
		name, title string
		parts       []object
		want        string
	}{
		{"a label", "a", label(input), ""},
		{"a row", "a", []object{{"type": 1, "components": []object{labelled}}}, ""},
		{"text", "a", append(label(input), object{"type": 10, "content": "a"}), ""},
		{"no title", "", label(input), "title"},
		{"a long title", strings.Repeat("a", 46), label(input), "title"},
		{"nothing", "a", nil, "components"},
		{"six", "a", slices.Repeat([]object{{"type": 10, "content": "a"}}, 6), "components"},
		{"two labels", "a", label(labelled), "components.0.component.label"},
		{"no label", "a", []object{{"type": 18, "component": input}}, "components.0.label"},
		{"a label of nothing", "a", []object{{"type": 18, "label": "a"}}, "components.0.component"},
		{"a row without a label", "a", []object{{"type": 1, "components": []object{input}}}, "components.0.components.0.label"},
		{"a bare field", "a", []object{input}, "components.0.type"},
		{"a field of nothing", "a", label(object{"type": 4, "style": 1, "custom_id": "a", "max_length": 0}), "components.0.component.max_length"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			faults := inspectForm(form{CustomID: "f", Title: test.title, Components: encode(test.parts)}).faults
			if test.want == "" && len(faults) == 0 {
				return
			}
			if len(faults) != 1 || strings.Join(faults[0].path, ".") != test.want {
				t.Errorf("faults %v, want one at %s", faults, test.want)
			}
		})
	}
}
