package slack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
)

func TestRender(t *testing.T) {
	for _, sample := range chattest.Corpus() {
		t.Run(sample.Name, func(t *testing.T) {
			m := Render(sample.Reply)
			chattest.Golden(t, sample.Name+".json", pretty(t, m))
			rules(t, m)
			check(t, sample.Reply)
			judge(t, "SKnownBlocks", pretty(t, m.Blocks))
		})
	}
}

func TestView(t *testing.T) {
	for _, sample := range chattest.Forms() {
		t.Run(sample.Name, func(t *testing.T) {
			got := pretty(t, View(sample.Form))
			chattest.Golden(t, "form_"+sample.Name+".json", got)
			viewRules(t, got)
			judge(t, "SModalView", got)
		})
	}
}

func TestViewCuts(t *testing.T) {
	pick := chat.Field{Name: "pick", Kind: chat.Pick, Value: "3", Options: slices.Repeat([]chat.Option{{Label: "A", Value: "a"}}, 30)}
	for i := range 120 {
		pick.Options = append(pick.Options, chat.Option{Label: strings.Repeat("B", 200), Value: fmt.Sprint(i)})
	}
	var many []chat.Field
	for i := range 120 {
		many = append(many, chat.Field{Name: fmt.Sprint(i)})
	}
	tests := []struct {
		name   string
		fields []chat.Field
		want   int // fields
	}{
		{"many fields", many, 100},
		{"a name twice", []chat.Field{{Name: "1"}, {Name: "1"}, {Name: "2"}}, 2},
		{"fields without a name, or a short one", []chat.Field{{Label: "1"}, {Name: strings.Repeat("n", 256)}, {Name: "2"}}, 1},
		{"a menu without options", []chat.Field{{Name: "1", Kind: chat.Pick}, {Name: "2"}}, 1},
		{"long values", []chat.Field{{Name: "1", Label: strings.Repeat("l", 3000), Value: strings.Repeat("v", 5000)}, {Name: "2", Kind: chat.Lines, Value: "two\nlines", Max: 5}}, 2},
		{"many options", []chat.Field{pick}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := pretty(t, View(chat.Form{Action: chat.Do("form"), Title: strings.Repeat("Title ", 20), Fields: test.fields}))
			viewRules(t, got)
			if n := bytes.Count(got, []byte(`"block_id"`)); n != test.want {
				t.Errorf("%d fields, want %d", n, test.want)
			}
			judge(t, "SModalView", got)
		})
	}
}

func TestMrkdwn(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	tests := []struct {
		name string
		text chat.Text
		want string
	}{
		{"words", chat.Plain("It's snake_case (v1.2) - 10:30, 5 > 3 & 2*3."), `It's snake_case (v1.2) - 10:30, 5 &gt; 3 &amp; 2*3.`},
		{"marks", chat.Plain("*a* _b_ ~c~ `d` :e: > f"), "∗a∗ ˍbˍ ∼c∼ ˋdˋ ∶e: &gt; f"},
		{"a quote", chat.Plain("a\n > b"), "a\n › b"},
		{"neighbours of one style", chat.Text{{Text: "a", Bold: true}, {Text: "b", Bold: true}, {Text: " c"}}, "*ab* c"},
		{"bold within a word", chat.Text{{Text: "a"}, {Text: "b", Bold: true}, {Text: "c"}}, "a\u200B*b*\u200Bc"},
		{"bold with spaces around", chat.Text{{Text: "a"}, {Text: " b ", Bold: true}, {Text: "c"}}, "a *b* c"},
		{"bold over two lines", chat.Text{{Text: "a\nb", Bold: true}}, "*a*\n*b*"},
		{"bold with nothing in it", chat.Text{{Text: "a"}, {Text: " ", Bold: true}, {Text: "b"}}, "a b"},
		{"code", chat.Text{{Text: "/ask `x` <y>", Code: true}}, "`/ask ˋxˋ &lt;y&gt;`"},
		{"bold code", chat.Text{{Text: "a*b", Bold: true, Code: true}}, "`a*b`"},
		{"a time", chat.Text{{Text: "opened "}, {Text: "at 9:30", At: at}}, "opened <!date^1700000000^{date_short_pretty} {time}|at 9:30>"},
		{"a time beyond all", chat.Text{{Text: "never", At: time.Unix(1<<50, 0)}}, "never"},
		{"a link", chat.Link("Refunds", "https://a.example/x?y=1&z=2"), "<https://a.example/x?y=1&amp;z=2|Refunds>"},
		{"marks in a link", chat.Link("*a* | <b>", "https://a.example/<x|y>"), "<https://a.example/%3Cx%7Cy%3E|∗a∗ | &lt;b&gt;>"},
		{"a bold link", chat.Text{{Text: "R", URL: "https://a.example", Bold: true}}, "*<https://a.example|R>*"},
		{"mail", chat.Link("us", "mailto:a@b.example"), "<mailto:a@b.example|us>"},
		{"a link to a script", chat.Link("Refunds", "javascript:alert(1)"), "Refunds"},
		{"a name before the host", chat.Link("Refunds", "https://good.example@evil.example"), "Refunds"},
		{"an emoji in two pieces", chat.Text{{Text: ":ta"}, {Text: "da:", Bold: true}}, ":ta\u200B*da:*"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := mrkdwn(tidy(test.text)); got != test.want {
				t.Errorf("mrkdwn = %q, want %q", got, test.want)
			}
		})
	}
}

func words(s string) chat.Block { return chat.Block{Layout: chat.Paragraph, Text: chat.Plain(s)} }

// Whatever there is too much of, buttons stay and the text gives way.
func TestRenderCuts(t *testing.T) {
	row := func(n int) chat.Block {
		b := chat.Block{Layout: chat.Buttons}
		for i := range n {
			b.Buttons = append(b.Buttons, chat.Button{Label: "Go", Action: chat.Do("go", fmt.Sprint(i))})
		}
		return b
	}
	menu := chat.Block{Layout: chat.Choice, Select: &chat.Select{Label: "one", Action: chat.Do("pick")}}
	for i := range 100 {
		menu.Select.Options = append(menu.Select.Options, chat.Option{Label: strings.Repeat("label ", 12), Value: fmt.Sprint(strings.Repeat("v", 80), i)})
	}
	tests := []struct {
		name    string
		blocks  []chat.Block
		buttons int
		menus   int
	}{
		{"long text", []chat.Block{words(strings.Repeat("word ", 3000)), words("more"), row(5)}, 5, 0},
		{"text that escapes fivefold", []chat.Block{{Layout: chat.Section, Text: chat.Text{{Text: strings.Repeat("&", 3000), Bold: true}}}, row(5)}, 5, 0},
		{"a long address", []chat.Block{{Layout: chat.Context, Text: chat.Link("here", "https://a.example/"+strings.Repeat("a", 5000))}, row(1)}, 1, 0},
		{"longer addresses", []chat.Block{words("a"), {Layout: chat.Paragraph, Text: chat.Link("here", "https://a.example/"+strings.Repeat("a", 14000))}, row(1)}, 1, 0},
		{"many blocks", append(slices.Repeat([]chat.Block{words("word")}, 100), row(5)), 5, 0},
		{"many buttons", []chat.Block{words("word"), row(60)}, 60, 0},
		{"many options", []chat.Block{words(strings.Repeat("word ", 3000)), menu, row(5)}, 5, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := Render(chat.Reply{Tone: chat.Waiting, Blocks: test.blocks})
			got := pretty(t, m.Blocks)
			rules(t, m)
			if n := bytes.Count(got, []byte(`"type": "button"`)); n != test.buttons {
				t.Errorf("%d buttons, want %d", n, test.buttons)
			}
			if n := bytes.Count(got, []byte(`"type": "static_select"`)); n != test.menus {
				t.Errorf("%d menus, want %d", n, test.menus)
			}
			judge(t, "SKnownBlocks", got)
		})
	}
}

func TestHeading(t *testing.T) {
	tests := map[chat.Tone]string{
		chat.Plainly: "T-1 a:b", chat.Waiting: "🟠 T-1 a:b", chat.Underway: "🔵 T-1 a:b", chat.Done: "🟢 T-1 a:b", chat.Over: "⚪ T-1 a:b", "other": "T-1 a:b",
	}
	for tone, want := range tests {
		m := Render(chat.Reply{Tone: tone, Blocks: []chat.Block{{Layout: chat.Heading, Text: chat.Plain("T-1\na:b")}}})
		if got := readMessage(t, m).seen.String(); strings.TrimSpace(got) != want {
			t.Errorf("%s: %q, want %q", tone, got, want)
		}
	}
}

// Which object shows text is the difference between words that are parsed and
// words that are not.
func TestTextIsParsedOnlyWithStyle(t *testing.T) {
	tests := []struct {
		name string
		text chat.Text
		want string
	}{
		{"words", chat.Plain("*a*"), "plain_text"},
		{"words in pieces", chat.Text{{Text: "a"}, {Text: "b"}}, "plain_text"},
		{"a bad link", chat.Link("a", "javascript:b"), "plain_text"},
		{"bold", chat.Text{{Text: "a", Bold: true}}, "mrkdwn"},
		{"a link", chat.Link("a", "https://b.example"), "mrkdwn"},
		{"a time", chat.Text{{Text: "a", At: time.Unix(1, 0)}}, "mrkdwn"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := textObject(test.text); got == nil || got.Type != test.want || got.Verbatim != (test.want == "mrkdwn") {
				t.Errorf("text object = %+v, want %s", got, test.want)
			}
		})
	}
}

func TestTextBesideBlocks(t *testing.T) {
	tests := []struct {
		name   string
		blocks []chat.Block
		want   string
	}{
		{"nothing", nil, "…"},
		{"only buttons", []chat.Block{{Layout: chat.Buttons, Buttons: []chat.Button{{Label: "Go", Action: chat.Do("go")}}}}, "…"},
		{"words", []chat.Block{words("<!channel> & *b*")}, "&lt;!channel&gt; &amp; *b*"},
		{"a quote", []chat.Block{{Layout: chat.Quote, Text: chat.Plain("a\nb")}}, "&gt; a\n&gt; b"},
		{"a link", []chat.Block{{Layout: chat.Paragraph, Text: chat.Link("R", "https://a.example/?b&c")}}, "R (https://a.example/?b&amp;c)"},
		{"too many words", []chat.Block{words(strings.Repeat("<", 2000))}, strings.Repeat("&lt;", 999) + "…"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := Render(chat.Reply{Blocks: test.blocks})
			rules(t, m)
			if m.Text != test.want {
				t.Errorf("text = %q, want %q", m.Text, test.want)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	all := []chat.Option{{Label: "A", Value: "a"}, {Label: "again", Value: "a"}, {Value: "b"}, {Label: "C"}, {Label: "D", Value: "d\x00"}, {Label: "E", Value: strings.Repeat("e", 151)}, {Label: "F\nf", Value: "f"}}
	want := []chat.Option{{Label: "A", Value: "a"}, {Label: "F f", Value: "f"}}
	if got := options(all); !slices.Equal(got, want) {
		t.Errorf("options = %q, want %q", got, want)
	}
}

func TestParseID(t *testing.T) {
	action := chat.Do("claim", "50%#2", "a:b")
	p := page{ids: map[string]int{}}
	ids := map[string]bool{}
	for range 3 {
		id := p.id(action)
		ids[id] = true
		if got, err := ParseID(id); err != nil || got.String() != action.String() {
			t.Errorf("ParseID(%q) = %v, %v; want %v", id, got, err, action)
		}
	}
	if len(ids) != 3 || !ids[action.String()] {
		t.Errorf("action_ids %v, want three, one of them the action", ids)
	}
}

// FuzzRender puts anything into every field: Slack takes the message, and it
// shows nothing that was not asked for.
func FuzzRender(f *testing.F) {
	for i, s := range hostile {
		f.Add(s, hostile[(i+7)%len(hostile)], i)
	}
	f.Fuzz(func(t *testing.T, a, b string, n int) {
		mixed := chat.Text{{Text: a}, {Text: b, Bold: true}, {Text: a, URL: b}, {Text: b, URL: a, Bold: true}, {Text: b, Code: true}, {Text: a, Bold: true, Code: true}, {Text: b, At: time.Unix(int64(n), 0)}, {Text: a}}
		button := chat.Button{Label: a, Action: chat.Do(b, a), Style: chat.Style(b)}
		pick := &chat.Select{Label: a, Action: chat.Do("pick", b), Options: []chat.Option{{Label: a, Value: b}, {Label: b, Value: a}, {Label: a, Value: b}}}
		all := []chat.Block{
			{Layout: chat.Layout(a), Text: mixed},
			{Layout: chat.Paragraph, Text: chat.Plain(a)},
			{Layout: chat.Heading, Text: chat.Plain(b)},
			{Layout: chat.Quote, Text: mixed},
			{Layout: chat.Context, Text: chat.Plain(b)},
			{Layout: chat.Context, Text: mixed},
			{Layout: chat.Facts, Facts: []chat.Fact{{Name: a, Value: chat.Plain(b)}, {Name: b, Value: mixed}}},
			{Layout: chat.Links, Links: []chat.Linked{{Title: a, URL: b, Note: a}, {Title: b, URL: a}, {Title: a, URL: "https://a.example/" + b, Note: b}}},
			{Layout: chat.Divider},
			{Layout: chat.Section, Text: chat.Plain(b), Buttons: []chat.Button{{Label: b, Action: chat.Do("open")}}},
			{Layout: chat.Section, Text: mixed, Buttons: []chat.Button{button}},
			{Layout: chat.Buttons, Buttons: []chat.Button{button, button, {Label: "Go", Action: chat.Do("go", b)}}},
			{Layout: chat.Choice, Select: pick},
			{Layout: chat.Choice},
		}
		shown := func(r chat.Reply) {
			rules(t, Render(r))
			check(t, r)
		}
		shown(chat.Reply{Tone: chat.Tone(b), Blocks: all})
		for _, block := range all {
			shown(chat.Reply{Blocks: slices.Repeat([]chat.Block{block}, 1+n&3)})
		}

		viewRules(t, pretty(t, View(chat.Form{Action: chat.Do("form"), Title: b, Submit: a, Fields: []chat.Field{
			{Name: a, Label: b, Kind: chat.Line, Value: a, Max: n},
			{Name: b, Label: a, Kind: chat.Lines, Value: b, Optional: true},
			{Name: "pick", Label: a, Kind: chat.Pick, Value: b, Options: pick.Options},
			{Name: a + b, Kind: chat.FieldKind(b), Value: b},
		}})))
	})
}

// pretty is v as JSON, for reading.
func pretty(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(plain); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rules are those of a message that the schema lacks, and, so that it need not
// be asked each time, most of those it has.
func rules(t *testing.T, m Message) {
	t.Helper()
	if n := utf8.RuneCountInString(m.Text); n > 4000 || strings.TrimSpace(m.Text) == "" {
		t.Errorf("text of %d characters", n)
	}
	if n := len(m.Blocks.BlockSet); n < 1 || n > 50 {
		t.Errorf("%d blocks", n)
	}
	var compact bytes.Buffer
	payload := pretty(t, m.Blocks)
	if err := json.Compact(&compact, payload); err != nil {
		t.Fatal(err)
	}
	if n := utf8.RuneCount(compact.Bytes()); n > 13_200 {
		t.Errorf("blocks of %d characters", n)
	}
	var blocks []any
	if err := json.Unmarshal(payload, &blocks); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, b := range (object{"blocks": blocks}).list("blocks") {
		if b["block_id"] != nil {
			t.Errorf("block_id %q", b["block_id"])
		}
		partRules(t, b, ids)
	}
}

func viewRules(t *testing.T, payload []byte) {
	t.Helper()
	var v object
	if err := json.Unmarshal(payload, &v); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"title", "submit"} {
		if n := utf8.RuneCountInString(v.object(name).text("text")); n < 1 || n > 24 {
			t.Errorf("%s of %d characters", name, n)
		}
	}
	if len(v.list("blocks")) > 100 || v.text("callback_id") == "" {
		t.Errorf("callback_id %q, %d blocks", v.text("callback_id"), len(v.list("blocks")))
	}
	names := map[string]bool{}
	for _, b := range v.list("blocks") {
		name, input := b.text("block_id"), b.object("element")
		if name == "" || len(name) > 255 || names[name] || input.text("action_id") != name {
			t.Errorf("block_id %q is too long, empty, or repeated, or action_id %q is not the same", name, input.text("action_id"))
		}
		names[name] = true
		if limit, ok := input["max_length"].(float64); ok && (limit < 1 || limit > 3000 || utf8.RuneCountInString(input.text("initial_value")) > int(limit)) {
			t.Errorf("input of %v characters for %q", limit, input.text("initial_value"))
		}
		if first := input.object("initial_option"); first != nil && !slices.ContainsFunc(input.list("options"), func(o object) bool {
			return o.text("value") == first.text("value") && maps.Equal(o.object("text"), first.object("text"))
		}) {
			t.Errorf("initial option %v is none of the options", first)
		}
		partRules(t, b, map[string]bool{})
	}
}

// partRules are those of a block or an element, and of what it holds.
func partRules(t *testing.T, o object, ids map[string]bool) {
	t.Helper()
	full := map[string]int{"actions": 25, "context": 10}
	kind := o.text("type")
	if limit := full[kind]; limit > 0 && (len(o.list("elements")) < 1 || len(o.list("elements")) > limit) {
		t.Errorf("%s holds %d", kind, len(o.list("elements")))
	}
	if strings.HasPrefix(kind, "rich_text") && len(o.list("elements")) == 0 {
		t.Errorf("an empty %s", kind)
	}
	if id, ok := o["action_id"].(string); ok {
		if id == "" || len(id) > 255 || ids[id] {
			t.Errorf("action_id %q is too long, empty, or repeated", id)
		}
		ids[id] = true
	}
	longest := map[string]int{"header": 150, "section": 3000, "button": 75, "": 75}
	if limit, ok := longest[kind]; ok {
		if n := utf8.RuneCountInString(o.object("text").text("text")); n < 1 || n > limit {
			t.Errorf("%s with text of %d characters", kind, n)
		}
	}
	if n := utf8.RuneCountInString(o.text("text")); (kind == "plain_text" || kind == "mrkdwn") && n > 3000 || n < 1 && (kind == "text" || kind == "plain_text" || kind == "mrkdwn") {
		t.Errorf("%s of %d characters", kind, n)
	}
	if n := utf8.RuneCountInString(o.object("placeholder").text("text")); n > 150 {
		t.Errorf("placeholder of %d characters", n)
	}
	if kind == "static_select" {
		menuRules(t, o.list("options"))
	}
	if value := o.text("value"); kind == "button" {
		if _, err := chat.ParseAction(value); err != nil {
			t.Errorf("value %q: %v", value, err)
		}
	}
	for _, part := range slices.Concat(o.list("elements"), o.list("options")) {
		partRules(t, part, ids)
	}
	for _, name := range []string{"text", "accessory", "element", "label"} {
		if part := o.object(name); part != nil {
			partRules(t, part, ids)
		}
	}
}

func menuRules(t *testing.T, options []object) {
	t.Helper()
	if len(options) < 1 || len(options) > 100 {
		t.Errorf("%d options", len(options))
	}
	seen := map[string]bool{}
	for _, o := range options {
		value := o.text("value")
		if n := utf8.RuneCountInString(value); n < 1 || n > 150 || seen[value] {
			t.Errorf("option's value %q is too long, empty, or repeated", value)
		}
		seen[value] = true
	}
}

// spec is Slack's description of its blocks, which is kept outside the
// repository, at $SIGNPOST_SHARED or beside it. Nil if it is not there.
var spec = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	shared := os.Getenv("SIGNPOST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared") // the repository's neighbour
	}
	file, err := os.Open(filepath.Join(shared, "specs", "slack-blockkit.schema.json"))
	if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer file.Close()
	doc, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		return nil, err
	}
	// It allows 75 characters for an option's value, as Slack once did.
	root, _ := doc.(map[string]any)
	option := object(root).object("definitions").object("PlainTextOption").object("properties").object("value")
	if option == nil {
		return nil, errors.New("no PlainTextOption in the schema")
	}
	option["maxLength"] = json.Number("150")

	c := jsonschema.NewCompiler()
	if err := c.AddResource("slack.json", doc); err != nil {
		return nil, err
	}
	schemas := map[string]*jsonschema.Schema{}
	for _, name := range []string{"SKnownBlocks", "SModalView", "SHomeView"} {
		if schemas[name], err = c.Compile("slack.json#/definitions/" + name); err != nil {
			return nil, err
		}
	}
	return schemas, nil
})

// refused is what the schema says against a payload. Without the schema, it
// skips the rest of the test, except in CI.
func refused(t *testing.T, schema string, payload []byte) error {
	t.Helper()
	schemas, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	if schemas == nil {
		t.Skip("not judged by Slack's types: set SIGNPOST_SHARED to the folder that holds specs/slack-blockkit.schema.json")
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err != nil {
		t.Fatal(err)
	}
	return schemas[schema].Validate(v)
}

func judge(t *testing.T, schema string, payload []byte) {
	t.Helper()
	if err := refused(t, schema, payload); err != nil {
		t.Errorf("Slack would refuse %s\n%v", payload, err)
	}
}

// TestJudge is the judge judged: it refuses what Slack would.
func TestJudge(t *testing.T) {
	for schema, payload := range map[string]string{
		"SKnownBlocks": `[{"type": "header"}]`,
		"SModalView":   `{"type": "modal", "blocks": []}`,
	} {
		if refused(t, schema, []byte(payload)) == nil {
			t.Errorf("%s takes %s", schema, payload)
		}
	}
}
