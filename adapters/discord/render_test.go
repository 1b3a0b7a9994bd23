package discord

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/bwmarrin/discordgo"
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/chat/chattest"
)

func TestRender(t *testing.T) {
	for _, sample := range chattest.Corpus() {
		t.Run(sample.Name, func(t *testing.T) {
			got := pretty(t, Render(sample.Reply))
			chattest.Golden(t, sample.Name+".json", got)
			rules(t, got)
			check(t, sample.Reply)
			judge(t, "MessageCreateRequest", got)
		})
	}
}

// A message names its files, and shows its pictures.
func TestRenderFiles(t *testing.T) {
	from := &drawer{files: map[string]string{"f1": "%PDF", "": "png"}}
	for _, sample := range chattest.Corpus() {
		if len(sample.Reply.Files) == 0 {
			continue
		}
		t.Run(sample.Name, func(t *testing.T) {
			d := chat.Delivery{ID: "one.0", Reply: sample.Reply, Open: from.Open}
			files := openAll(t.Context(), d, map[int]error{})
			if len(files) != len(sample.Reply.Files) {
				t.Fatalf("opened %d files", len(files))
			}
			got := pretty(t, with(d, files))
			chattest.Golden(t, sample.Name+"-files.json", got)
			judge(t, "MessageCreateRequest", got)
			for _, f := range files {
				f.Close()
			}
		})
	}
	from.open.Wait()
}

func TestModal(t *testing.T) {
	for _, sample := range chattest.Forms() {
		t.Run(sample.Name, func(t *testing.T) {
			dialog, err := Modal(sample.Form)
			if err != nil {
				t.Fatal(err)
			}
			got := pretty(t, dialog)
			chattest.Golden(t, "form_"+sample.Name+".json", got)
			modalRules(t, got)
			judge(t, "ModalInteractionCallbackRequestData", got)
		})
	}
}

func TestModalRefuses(t *testing.T) {
	field := chat.Field{Name: "text", Kind: chat.Line}
	tests := []struct {
		name string
		form chat.Form
	}{
		{"no action", chat.Form{Fields: []chat.Field{field}}},
		{"a long action", chat.Form{Action: chat.Do("reply", strings.Repeat("x", 100)), Fields: []chat.Field{field}}},
		{"no fields", chat.Form{Action: chat.Do("reply")}},
		{"a menu without options", chat.Form{Action: chat.Do("reply"), Fields: []chat.Field{{Name: "who", Kind: chat.Pick}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if d, err := Modal(test.form); err == nil {
				t.Errorf("Modal = %+v, want an error", d)
			}
		})
	}
}

func TestParagraph(t *testing.T) {
	at := time.Unix(1_700_000_000, 0)
	tests := []struct {
		name string
		text chat.Text
		want string
	}{
		{"words", chat.Plain("It's snake_case (v1.2) - 10:30, 5 > 3."), `It's snake\_case (v1.2) - 10\:30, 5 > 3.`},
		{"neighbours of one style", chat.Text{{Text: "a", Bold: true}, {Text: "b", Bold: true}, {Text: "c"}}, "**ab**c"},
		{"a bold link among bold words", chat.Text{{Text: "See ", Bold: true}, {Text: "this", Bold: true, URL: "https://a.example"}}, "**See [this](<https://a.example>)**"},
		{"bold over two lines", chat.Text{{Text: "a\nb", Bold: true}}, "**a**\n**b**"},
		{"bold with nothing in it", chat.Text{{Text: "a"}, {Text: " ", Bold: true}, {Text: "b"}}, "a b"},
		{"code", chat.Text{{Text: "/ask `x`", Code: true}}, "`/ask ˋxˋ`"},
		{"bold code", chat.Text{{Text: "a**b", Bold: true, Code: true}}, "`a**b`"},
		{"a time", chat.Text{{Text: "opened "}, {Text: "2 minutes ago", At: at}}, "opened <t:1700000000:R>"},
		{"a time beyond all", chat.Text{{Text: "never", At: time.Unix(1<<50, 0)}}, "never"},
		{"a link", chat.Link("Refunds", "https://a.example/x"), "[Refunds](<https://a.example/x>)"},
		{"marks in a link", chat.Link("[iOS] *new* my_file: 10:30", "https://a.example/(x)"), "[(iOS) ∗new∗ myˍfile: 10∶30](<https://a.example/%28x%29>)"},
		{"emoji in a link", chat.Link("👑 Crowns", "https://a.example"), "[Crowns](<https://a.example>)"},
		{"a link named after itself", chat.Link("https://a.example", "https://a.example"), "<https://a.example>"},
		{"a link named after another", chat.Link("https://b.example", "https://a.example"), "<https://b.example> (<https://a.example>)"},
		{"a link without a name", chat.Link(" ", "https://a.example"), "<https://a.example>"},
		{"a link to a script", chat.Link("Refunds", "javascript:alert(1)"), "Refunds"},
		{"a name before the host", chat.Plain("http://good.example@evil.example"), `http\://good.example@evil.example`},
		{"an address in words", chat.Plain("(see https://a.example/b_c)."), "(see <https://a.example/b_c>)."},
		{"everyone in an address", chat.Plain("https://a.example/@everyone"), "<https://a.example/%40everyone>"},
		{"an address with brackets", chat.Plain("https://a.example/b_(c)"), "<https://a.example/b_%28c%29>"},
		{"everyone in two pieces", chat.Text{{Text: "@"}, {Text: "everyone", Bold: true}, {Text: " @ev"}, {Text: "eryone"}}, "\\@**everyone** @\u200Beveryone"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := paragraph(test.text); got != test.want {
				t.Errorf("paragraph = %q, want %q", got, test.want)
			}
		})
	}
}

func TestModalCuts(t *testing.T) {
	pick := chat.Field{Name: "pick", Kind: chat.Pick, Options: slices.Repeat([]chat.Option{{Label: "A", Value: "a"}}, 30)}
	for i := range 30 {
		pick.Options = append(pick.Options, chat.Option{Label: strings.Repeat("B", 200), Value: fmt.Sprint(i)})
	}
	tests := []struct {
		name   string
		fields []chat.Field
		want   int // fields
	}{
		{"many fields", []chat.Field{{Name: "1"}, {Name: "2"}, {Name: "3"}, {Name: "4"}, {Name: "5"}, {Name: "6"}}, 5},
		{"a name twice", []chat.Field{{Name: "1"}, {Name: "1"}, {Name: "2"}}, 2},
		{"a field without a name", []chat.Field{{Label: "1"}, {Name: "2"}}, 1},
		{"long values", []chat.Field{{Name: "1", Label: strings.Repeat("l", 100), Value: strings.Repeat("v", 5000)}, {Name: "2", Kind: chat.Lines, Value: "two\nlines", Max: 5}}, 2},
		{"many options", []chat.Field{pick}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dialog, err := Modal(chat.Form{Action: chat.Do("form"), Title: strings.Repeat("Title ", 20), Fields: test.fields})
			if err != nil {
				t.Fatal(err)
			}
			got := pretty(t, dialog)
			modalRules(t, got)
			judge(t, "ModalInteractionCallbackRequestData", got)
			if len(dialog.Components) != test.want {
				t.Errorf("%d fields, want %d", len(dialog.Components), test.want)
			}
		})
	}
}

// words is a block of text.
func words(s string) chat.Block { return chat.Block{Layout: chat.Paragraph, Text: chat.Plain(s)} }

func TestWhatIsOnlySaidHasNoCard(t *testing.T) {
	button := chat.Block{Layout: chat.Buttons, Buttons: []chat.Button{{Label: "Claim", Action: chat.Do("claim", "T-1")}}}
	tests := []struct {
		name  string
		reply chat.Reply
		want  discordgo.ComponentType
	}{
		{"a sentence", chat.Reply{Blocks: []chat.Block{words("Hello")}}, discordgo.TextDisplayComponent},
		{"relayed words", chat.Reply{Blocks: []chat.Block{words("Ana:"), {Layout: chat.Quote, Text: chat.Plain("Hi")}}}, discordgo.TextDisplayComponent},
		{"nothing", chat.Reply{}, discordgo.TextDisplayComponent},
		{"a sentence with a tone", chat.Reply{Tone: chat.Done, Blocks: []chat.Block{words("Hello")}}, discordgo.ContainerComponent},
		{"a sentence with a button", chat.Reply{Blocks: []chat.Block{words("Hello"), button}}, discordgo.ContainerComponent},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Render(test.reply)
			rules(t, pretty(t, got))
			if kind := got.Components[0].Type(); kind != test.want {
				t.Errorf("begins with component %d, want %d", kind, test.want)
			}
		})
	}
}

// Whatever there is too much of, buttons stay and the text gives way.
func TestRenderCuts(t *testing.T) {
	row := func(n int) chat.Block {
		b := chat.Block{Layout: chat.Buttons}
		for i := range n {
			b.Buttons = append(b.Buttons, chat.Button{Label: "Go", Action: chat.Do("go", fmt.Sprint(i))})
		}
		return b
	}
	section := chat.Block{Layout: chat.Section, Text: chat.Plain("T-1"), Buttons: []chat.Button{{Label: "Open", Action: chat.Do("open", "T-1")}}}
	divider := chat.Block{Layout: chat.Divider}
	listed := slices.Repeat([]chat.Block{section, divider}, 10)
	tests := []struct {
		name     string
		blocks   []chat.Block
		buttons  int
		dividers int
	}{
		{"long text", []chat.Block{words(strings.Repeat("word ", 3000)), words("more"), row(5)}, 5, 0},
		{"text that escapes double", []chat.Block{words(strings.Repeat("*", 3000)), row(5)}, 5, 0},
		{"a long address", []chat.Block{{Layout: chat.Paragraph, Text: chat.Link("here", "https://a.example/"+strings.Repeat("a", 5000))}, row(1)}, 1, 0},
		{"many blocks", append(slices.Repeat([]chat.Block{words("word")}, 100), row(5)), 5, 0},
		{"many buttons", []chat.Block{words("word"), row(40)}, 25, 0},
		{"a list with lines in it", append(listed, row(2)), 12, 0},
		{"a shorter one", append(slices.Clone(listed[:12]), row(2)), 8, 6},
		{"a line at the end", []chat.Block{divider, words("word"), divider, divider, words("word"), divider}, 0, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := pretty(t, Render(chat.Reply{Tone: chat.Waiting, Blocks: test.blocks}))
			rules(t, got)
			judge(t, "MessageCreateRequest", got)
			if n := bytes.Count(got, []byte(`"custom_id"`)); n != test.buttons {
				t.Errorf("%d buttons, want %d", n, test.buttons)
			}
			if n := bytes.Count(got, []byte(`"type": 14`)); n != test.dividers {
				t.Errorf("%d dividers, want %d", n, test.dividers)
			}
		})
	}
}

func TestTexts(t *testing.T) {
	quote := chat.Block{Layout: chat.Quote, Text: chat.Plain("a\nb")}
	small := chat.Block{Layout: chat.Context, Text: chat.Plain("c\n\nd")}
	tests := []struct {
		name   string
		blocks []chat.Block
		want   []string
	}{
		{"two quotes stay two", []chat.Block{words("w"), quote, quote}, []string{"w\n> a\n> b", "> a\n> b"}},
		{"small lines follow", []chat.Block{words("w"), small, small}, []string{"w\n-# c\n-# d\n-# c\n-# d"}},
		{"paragraphs stand apart", []chat.Block{words("w"), words("x\n\ny\n")}, []string{"w", "x\n\ny"}},
		{"links", []chat.Block{words("w"), {Layout: chat.Links, Links: []chat.Linked{
			{Title: "A", URL: "https://a.example", Note: "Wallet"}, {URL: "https://b.example"}, {Title: "C"}, {},
		}}}, []string{"w\n- [A](<https://a.example>) · Wallet\n- <https://b.example>\n- C"}},
		{"facts", []chat.Block{{Layout: chat.Facts, Facts: []chat.Fact{{Name: "A", Value: chat.Plain("1\n2")}, {Name: "B"}}}}, []string{"**A** 1 2"}},
		{"a heading is one line", []chat.Block{{Layout: chat.Heading, Text: chat.Plain("a\nb")}}, []string{"### a b"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := texts(Render(chat.Reply{Blocks: test.blocks})); !slices.Equal(got, test.want) {
				t.Errorf("texts = %q, want %q", got, test.want)
			}
		})
	}
}

func TestOptions(t *testing.T) {
	all := []chat.Option{{Label: "A", Value: "a"}, {Label: "again", Value: "a"}, {Value: "b"}, {Label: "C"}, {Label: "D", Value: "d\x00"}, {Label: "E", Value: strings.Repeat("e", 101)}, {Label: "F\nf", Value: "f"}}
	want := []chat.Option{{Label: "A", Value: "a"}, {Label: "F f", Value: "f"}}
	if got := options(all); !slices.Equal(got, want) {
		t.Errorf("options = %q, want %q", got, want)
	}
}

func TestParseID(t *testing.T) {
	action := chat.Do("claim", "50%#2", "a:b")
	var blocks []chat.Block
	for range 3 {
		blocks = append(blocks, chat.Block{Layout: chat.Buttons, Buttons: []chat.Button{{Label: "Claim", Action: action}}})
	}
	ids := map[string]bool{}
	for _, row := range lay(blocks, manner{}, false).parts {
		id := row.(discordgo.ActionsRow).Components[0].(discordgo.Button).CustomID
		ids[id] = true
		if got, err := ParseID(id); err != nil || got.String() != action.String() {
			t.Errorf("ParseID(%q) = %v, %v; want %v", id, got, err, action)
		}
	}
	if len(ids) != 3 {
		t.Errorf("custom_ids %v, want three", ids)
	}
}

func TestShorten(t *testing.T) {
	tests := []struct {
		s     string
		limit int
		want  string
	}{
		{"short", 5, "short"},
		{"one two three", 9, "one two…"},
		{"👑👑👑", 6, "👑👑👑"},
		{"👑👑👑", 5, "👑…"},
		{"👑", 0, ""},
	}
	for _, test := range tests {
		if got := shorten(test.s, test.limit); got != test.want {
			t.Errorf("shorten(%q, %d) = %q, want %q", test.s, test.limit, got, test.want)
		}
	}
}

// FuzzRender puts anything into every field: Discord takes the message, and it
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
			{Layout: chat.Quote, Text: chat.Plain(a)},
			{Layout: chat.Quote, Text: mixed},
			{Layout: chat.Context, Text: chat.Plain(b)},
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
			rules(t, pretty(t, Render(r)))
			check(t, r)
		}
		shown(chat.Reply{Tone: chat.Tone(b), Blocks: all})
		for _, block := range all {
			shown(chat.Reply{Blocks: slices.Repeat([]chat.Block{block}, 1+n&3)})
		}

		form := chat.Form{Action: chat.Do("form", a), Title: b, Submit: a, Fields: []chat.Field{
			{Name: a, Label: b, Kind: chat.Line, Value: a, Max: n},
			{Name: b, Label: a, Kind: chat.Lines, Value: b, Optional: true},
			{Name: "pick", Label: a, Kind: chat.Pick, Value: b, Options: pick.Options},
			{Name: a + b, Kind: chat.FieldKind(b), Value: b},
			{Name: "5", Label: b}, {Name: "6", Label: a},
		}}
		if dialog, err := Modal(form); err == nil {
			modalRules(t, pretty(t, dialog))
		} else if _, bad := chat.ParseAction(form.Action.String()); bad == nil {
			t.Errorf("Modal: %v", err)
		}
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

// texts are the text displays of a message.
func texts(m Message) []string {
	var all []string
	var walk func(parts []discordgo.MessageComponent)
	walk = func(parts []discordgo.MessageComponent) {
		for _, part := range parts {
			switch part := part.(type) {
			case discordgo.Container:
				walk(part.Components)
			case discordgo.Section:
				walk(part.Components)
			case discordgo.TextDisplay:
				all = append(all, part.Content)
			}
		}
	}
	walk(m.Components)
	return all
}

// A part is any component, as it travels.
type part struct {
	Type       int             `json:"type"`
	CustomID   *string         `json:"custom_id"`
	Content    *string         `json:"content"`
	Label      *string         `json:"label"`
	Title      string          `json:"title"`
	Value      string          `json:"value"`
	MaxLength  int             `json:"max_length"`
	Components []part          `json:"components"`
	Component  *part           `json:"component"`
	Accessory  *part           `json:"accessory"`
	Options    []part          `json:"options"`
	Flags      int             `json:"flags"`
	Mentions   json.RawMessage `json:"allowed_mentions"`
}

// rules are those of a message that the specification lacks, and, so that it
// need not be asked each time, most of those it has.
func rules(t *testing.T, payload []byte) {
	t.Helper()
	m := parse(t, payload)
	if m.Flags != 1<<15 || m.Content != nil {
		t.Errorf("flags %d, content %v", m.Flags, m.Content)
	}
	var mentions map[string]any
	if err := json.Unmarshal(m.Mentions, &mentions); err != nil || fmt.Sprint(mentions) != "map[parse:[] replied_user:false]" {
		t.Errorf("allowed_mentions = %s", m.Mentions)
	}
	c := counted(t, m.Components)
	if c.parts == 0 || c.parts > 40 {
		t.Errorf("%d components", c.parts)
	}
	if c.text > 4000 {
		t.Errorf("%d characters of text", c.text)
	}
}

func modalRules(t *testing.T, payload []byte) {
	t.Helper()
	m := parse(t, payload)
	if n := utf8.RuneCountInString(m.Title); n < 1 || n > 45 {
		t.Errorf("title %q", m.Title)
	}
	if m.CustomID == nil || len(m.Components) < 1 || len(m.Components) > 5 {
		t.Errorf("custom_id %v, %d components", m.CustomID, len(m.Components))
	}
	for _, p := range m.Components {
		if p.Type != 18 || p.Component == nil || utf8.RuneCountInString(*p.Label) > 45 {
			t.Errorf("component %+v", p)
		}
	}
	counted(t, m.Components)
}

func parse(t *testing.T, payload []byte) part {
	t.Helper()
	var m part
	if err := json.Unmarshal(payload, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

type count struct {
	parts, text int
	ids         map[string]bool
}

func counted(t *testing.T, parts []part) count {
	t.Helper()
	c := count{ids: map[string]bool{}}
	var walk func(parts []part)
	walk = func(parts []part) {
		for _, p := range parts {
			c.parts++
			if p.CustomID != nil {
				if n := utf8.RuneCountInString(*p.CustomID); n < 1 || n > 100 || c.ids[*p.CustomID] {
					t.Errorf("custom_id %q is too long, empty, or repeated", *p.CustomID)
				}
				c.ids[*p.CustomID] = true
			}
			if p.Content != nil {
				if strings.TrimSpace(*p.Content) == "" {
					t.Error("an empty text display")
				}
				c.text += units(*p.Content)
			}
			if p.Label != nil {
				if n := utf8.RuneCountInString(*p.Label); n > 80 || strings.TrimSpace(*p.Label) == "" {
					t.Errorf("label %q", *p.Label)
				}
			}
			full := map[int]int{1: 5, 9: 1, 17: 39}
			if limit, ok := full[p.Type]; ok && (len(p.Components) < 1 || len(p.Components) > limit) {
				t.Errorf("component %d holds %d", p.Type, len(p.Components))
			}
			if p.Type == 3 {
				menuRules(t, p.Options)
			}
			if p.Type == 4 && (p.MaxLength < 1 || p.MaxLength > 4000 || utf8.RuneCountInString(p.Value) > p.MaxLength) {
				t.Errorf("text input of %d characters for %q", p.MaxLength, p.Value)
			}
			walk(p.Components)
			for _, inner := range []*part{p.Accessory, p.Component} {
				if inner != nil {
					walk([]part{*inner})
				}
			}
		}
	}
	walk(parts)
	return c
}

func menuRules(t *testing.T, options []part) {
	t.Helper()
	if len(options) < 1 || len(options) > 25 {
		t.Errorf("%d options", len(options))
	}
	seen := map[string]bool{}
	for _, o := range options {
		if n := utf8.RuneCountInString(*o.Label); n < 1 || n > 100 {
			t.Errorf("option's label %q", *o.Label)
		}
		if n := utf8.RuneCountInString(o.Value); n < 1 || n > 100 || seen[o.Value] {
			t.Errorf("option's value %q is too long, empty, or repeated", o.Value)
		}
		seen[o.Value] = true
	}
}

// spec is Discord's own description of its API, which is kept outside the
// repository, at $SIGNPOST_SHARED or beside it. Nil if it is not there.
var spec = sync.OnceValues(func() (*openapi3.T, error) {
	shared := os.Getenv("SIGNPOST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared") // the repository's neighbour
	}
	name := filepath.Join(shared, "specs", "discord-openapi.json")
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
		return nil, nil
	}
	return openapi3.NewLoader().LoadFromFile(name)
})

// judge holds a payload against a schema of the specification. Without it, it
// skips the rest of the test, except in CI.
func judge(t *testing.T, schema string, payload []byte) {
	t.Helper()
	doc, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	if doc == nil {
		t.Skip("not judged by Discord's specification: set SIGNPOST_SHARED to the folder that holds specs/discord-openapi.json")
	}
	var v any
	if err := json.Unmarshal(payload, &v); err != nil {
		t.Fatal(err)
	}
	if err := doc.Components.Schemas[schema].Value.VisitJSON(v, openapi3.EnableJSONSchema2020()); err != nil {
		t.Errorf("Discord would refuse %s\n%v", payload, err)
	}
}

// TestJudge is the judge judged: it refuses what Discord would.
func TestJudge(t *testing.T) {
	doc, err := spec()
	if err != nil {
		t.Fatal(err)
	}
	if doc == nil {
		t.Skip("no specification: set SIGNPOST_SHARED to the folder that holds specs/discord-openapi.json")
	}
	payload := map[string]any{"components": []any{map[string]any{"type": 10.0}}} // a text display without text
	if err := doc.Components.Schemas["MessageCreateRequest"].Value.VisitJSON(payload, openapi3.EnableJSONSchema2020()); err == nil {
		t.Error("an empty text display passed")
	}
}
