package discord

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bwmarrin/discordgo"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A Message is the body of a new message, of an edit, and the data of an
// interaction's answer.
//
// Every message is made of components, even a plain sentence: only so can an
// edit turn it into a card and back, because the flag that says so is never
// taken off again, and only so does it hold 4,000 characters and not 2,000.
// Source: https://docs.discord.com/developers/components/reference
type Message struct {
	Components      []discordgo.MessageComponent      `json:"components"`
	Flags           discordgo.MessageFlags            `json:"flags"`
	AllowedMentions *discordgo.MessageAllowedMentions `json:"allowed_mentions"` // nobody
}

// accents are the colours of a card's edge, close to Discord's own.
var accents = map[chat.Tone]int{
	chat.Waiting:  0xF0B232, // amber
	chat.Underway: 0x3498DB, // blue
	chat.Done:     0x23A55A, // green
	chat.Over:     0x80848E, // grey
}

// Render shows a reply. It leaves out what nobody could use, such as a button
// without a label or whose action is too long to travel, and cuts what is
// beyond the limits, the end first but buttons last.
func Render(r chat.Reply) Message { return render(r, manner{}) }

// A manner is how a reply is shown beside what it says.
type manner struct {
	// mark stands in whatever can be pressed, so that a press tells in which
	// message it was, where Discord does not.
	mark string
	// files is how many components are kept free for files.
	files int
}

func render(r chat.Reply, as manner) Message {
	r = chat.Fit(r, Limits)
	p := lay(r.Blocks, as, false)
	if p.full {
		p = lay(r.Blocks, as, true)
	}
	if len(p.parts) == 0 {
		p.say("…", false) // Discord refuses a message with nothing in it
	}
	parts := p.parts
	if !bare(r) {
		card := discordgo.Container{Components: parts}
		if accent, ok := accents[r.Tone]; ok {
			card.AccentColor = &accent
		}
		parts = []discordgo.MessageComponent{card}
	}
	return Message{
		Components:      parts,
		Flags:           discordgo.MessageFlagsIsComponentsV2,
		AllowedMentions: &discordgo.MessageAllowedMentions{Parse: []discordgo.AllowedMentionType{}},
	}
}

// bare reports whether a reply is only said: words that read as a person's
// message does, without a card around them. Buttons are kept together with
// what they are about by the card.
func bare(r chat.Reply) bool {
	return r.Tone == chat.Plainly && !slices.ContainsFunc(r.Blocks, func(b chat.Block) bool {
		return b.Layout != chat.Paragraph && b.Layout != chat.Quote && b.Layout != chat.Context
	})
}

// A page is a message in the making.
type page struct {
	parts []discordgo.MessageComponent
	dense bool           // as few components as can be
	full  bool           // something found no room
	room  int            // components left beside those of the rows
	text  int            // characters left
	rows  int            // left for buttons and menus
	ids   map[string]int // how often an action stands in it
	mark  string         // see manner
}

func lay(blocks []chat.Block, as manner, dense bool) *page {
	p := &page{dense: dense, text: maxText, rows: maxRows, ids: map[string]int{}, mark: as.mark}
	if as.files > 0 {
		p.rows-- // or ten of them would leave nothing for the text
	}
	p.room = maxComponents - 1 - as.files - min(rowsNeed(blocks), p.rows*(maxRow+1))
	var last chat.Layout
	for _, block := range blocks {
		switch block.Layout {
		case chat.Heading:
			p.say(p.fit(block.Text, func(t chat.Text) string { return prefix("### ", joined(t)) }), false)
		case chat.Quote:
			// Two quotes in one display would read as one.
			p.say(p.fit(block.Text, quote), last != chat.Quote)
		case chat.Context:
			p.say(p.fit(block.Text, small), true)
		case chat.Facts:
			p.say(p.facts(block.Facts), false)
		case chat.Links:
			p.say(p.links(block.Links), true)
		case chat.Section:
			p.section(block)
		case chat.Buttons:
			p.buttons(block.Buttons)
		case chat.Choice:
			p.choice(block.Select)
		case chat.Divider:
			p.divide()
		default:
			p.say(p.fit(block.Text, paragraph), false)
		}
		last = block.Layout
	}
	if n := len(p.parts); n > 0 {
		if _, ok := p.parts[n-1].(discordgo.Separator); ok {
			p.parts = p.parts[:n-1]
		}
	}
	return p
}

// rowsNeed is how many components the rows of buttons and menus take at most.
func rowsNeed(blocks []chat.Block) int {
	n := 0
	for _, block := range blocks {
		switch block.Layout {
		case chat.Buttons:
			n += len(block.Buttons) + (len(block.Buttons)+maxRow-1)/maxRow
		case chat.Choice:
			n += 2
		}
	}
	return n
}

// say adds text. If it joins, it stands right under the text before it, with
// no gap between.
func (p *page) say(content string, joins bool) {
	if content == "" {
		return
	}
	p.text -= units(content) + 1
	if n := len(p.parts); n > 0 && (joins || p.dense) {
		if before, ok := p.parts[n-1].(discordgo.TextDisplay); ok {
			p.parts[n-1] = discordgo.TextDisplay{Content: before.Content + "\n" + content}
			return
		}
	}
	p.add(discordgo.TextDisplay{Content: content}, 1)
}

// add adds a component that counts as many as it holds, if there is room.
func (p *page) add(c discordgo.MessageComponent, count int) {
	if p.room < count {
		p.full = true
		return
	}
	p.room -= count
	p.parts = append(p.parts, c)
}

// fit is text as written by write, cut so that it fits what is left.
func (p *page) fit(t chat.Text, write func(chat.Text) string) string {
	return fit(t, p.text-1, write)
}

func fit(t chat.Text, limit int, write func(chat.Text) string) string {
	whole := utf8.RuneCountInString(t.String())
	if whole <= limit {
		if content := write(t); units(content) <= limit {
			return content
		}
	}
	n := sort.Search(max(0, min(whole, limit)), func(n int) bool { return units(write(cut(t, n+1))) > limit })
	content := write(cut(t, n))
	if n == 0 || units(content) > limit {
		return ""
	}
	return content
}

// cut is the first n characters of t, the last of them an ellipsis if there
// were more.
func cut(t chat.Text, n int) chat.Text {
	var out chat.Text
	for _, span := range t {
		runes := utf8.RuneCountInString(span.Text)
		if runes > n {
			span.Text = chat.Shorten(span.Text, n)
			span.At = time.Time{}
			return append(out, span)
		}
		n -= runes
		out = append(out, span)
	}
	return out
}

func prefix(mark, s string) string {
	if blank(s) {
		return ""
	}
	return mark + s
}

// joined is text on one line.
func joined(t chat.Text) string {
	return strings.TrimSpace(strings.Join(lines(t), " "))
}

func paragraph(t chat.Text) string {
	return prefix("", strings.Trim(strings.Join(lines(t), "\n"), " \n"))
}

func quote(t chat.Text) string {
	s := paragraph(t)
	return prefix("> ", strings.ReplaceAll(s, "\n", "\n> "))
}

func small(t chat.Text) string {
	var all []string
	for _, line := range lines(t) {
		if line = prefix("-# ", strings.TrimSpace(line)); line != "" {
			all = append(all, line)
		}
	}
	return strings.Join(all, "\n")
}

func (p *page) facts(facts []chat.Fact) string {
	var all strings.Builder
	for _, fact := range facts {
		name := chat.Span{Text: shorten(oneLine(fact.Name), maxName), Bold: true}
		p.line(&all, fact.Value, func(value chat.Text) string {
			if blank(value.String()) {
				return ""
			}
			return joined(slices.Concat(chat.Text{name, {Text: " "}}, value))
		})
	}
	return all.String()
}

func (p *page) links(links []chat.Linked) string {
	var all strings.Builder
	for _, l := range links {
		name := oneLine(l.Title)
		if blank(name) {
			name = oneLine(l.URL)
		}
		t := chat.Link(name, l.URL)
		if note := oneLine(l.Note); !blank(note) {
			t = append(t, chat.Span{Text: " · " + note})
		}
		p.line(&all, t, func(t chat.Text) string { return prefix("- ", joined(t)) })
	}
	return all.String()
}

// line adds a line to those of a block, if it fits.
func (p *page) line(all *strings.Builder, t chat.Text, write func(chat.Text) string) {
	line := fit(t, p.text-units(all.String())-2, write)
	if line == "" {
		return
	}
	if all.Len() > 0 {
		all.WriteByte('\n')
	}
	all.WriteString(line)
}

// section puts its button beside the text.
func (p *page) section(block chat.Block) {
	content := p.fit(block.Text, paragraph)
	var button *discordgo.Button
	if len(block.Buttons) > 0 && (content == "" || p.room >= 3) {
		button = p.button(block.Buttons[0])
	}
	switch {
	case button == nil:
		p.full = p.full || len(block.Buttons) > 0 && p.room < 3
		p.say(content, false)
	case content == "":
		p.add(discordgo.ActionsRow{Components: []discordgo.MessageComponent{*button}}, 2)
	default:
		p.text -= units(content)
		p.add(discordgo.Section{
			Components: []discordgo.MessageComponent{discordgo.TextDisplay{Content: content}},
			Accessory:  *button,
		}, 3)
	}
}

func (p *page) buttons(buttons []chat.Button) {
	var row []discordgo.MessageComponent
	for _, b := range buttons {
		if button := p.button(b); button != nil {
			row = append(row, *button)
		}
	}
	for some := range slices.Chunk(row, maxRow) {
		p.row(some)
	}
}

// row adds a row of buttons or a menu, for which room was kept.
func (p *page) row(parts []discordgo.MessageComponent) {
	if p.rows--; p.rows >= 0 {
		p.parts = append(p.parts, discordgo.ActionsRow{Components: parts})
	}
}

var styles = map[chat.Style]discordgo.ButtonStyle{
	chat.Primary: discordgo.PrimaryButton,
	chat.Danger:  discordgo.DangerButton,
}

// button is nil if it has no label, or an action that cannot travel.
func (p *page) button(b chat.Button) *discordgo.Button {
	label := shorten(oneLine(b.Label), maxLabel)
	if blank(label) {
		return nil
	}
	id := p.id(b.Action)
	if id == "" {
		return nil
	}
	style, ok := styles[b.Style]
	if !ok {
		style = discordgo.SecondaryButton
	}
	return &discordgo.Button{Label: label, Style: style, CustomID: id}
}

func (p *page) choice(s *chat.Select) {
	if s == nil {
		return
	}
	var menu []discordgo.SelectMenuOption
	for _, o := range options(s.Options) {
		if _, err := chat.ParseAction(s.Chosen(o).String()); err == nil {
			menu = append(menu, discordgo.SelectMenuOption{Label: o.Label, Value: o.Value})
		}
	}
	if len(menu) == 0 {
		return
	}
	if id := p.id(s.Action); id != "" {
		p.row([]discordgo.MessageComponent{discordgo.SelectMenu{
			MenuType:    discordgo.StringSelectMenu,
			CustomID:    id,
			Placeholder: shorten(oneLine(s.Label), maxPlaceholder),
			Options:     menu,
		}})
	}
}

// options are those that Discord takes: with a label, and a value that no
// other has.
func options(all []chat.Option) []chat.Option {
	var taken []chat.Option
	seen := map[string]bool{}
	for _, o := range all {
		o.Label = shorten(oneLine(o.Label), maxOption)
		if blank(o.Label) || blank(o.Value) || units(o.Value) > maxOption || clean(o.Value) != o.Value || seen[o.Value] || len(taken) == maxOptions {
			continue
		}
		seen[o.Value] = true
		taken = append(taken, o)
	}
	return taken
}

// divide draws a line under what stands there already. Where room is short
// lines are what goes first.
func (p *page) divide() {
	n := len(p.parts)
	if p.dense || n == 0 {
		return
	}
	if _, ok := p.parts[n-1].(discordgo.Separator); !ok {
		p.add(discordgo.Separator{}, 1)
	}
}

// again follows an action in a custom_id that would otherwise stand in the
// message twice, which Discord refuses: claim:T-1, claim:T-1%#2. A message's
// mark follows it too: claim:T-1%#1.0123456789. No action has it in it, because
// a % is always written %25.
const again = "%#"

// id is a custom_id for an action, empty if it cannot travel. Where the mark
// finds no room it is left out: the button still does what it says.
func (p *page) id(a chat.Action) string {
	id := a.String()
	if _, err := chat.ParseAction(id); err != nil {
		return ""
	}
	p.ids[id]++
	n := strconv.Itoa(p.ids[id])
	if marked := id + again + n + "." + p.mark; p.mark != "" && len(marked) <= maxID {
		return marked
	}
	if n != "1" {
		id += again + n
	}
	if len(id) > maxID {
		return ""
	}
	return id
}

// ParseID reads the action from a custom_id.
func ParseID(id string) (chat.Action, error) {
	action, _, _ := strings.Cut(id, again)
	return chat.ParseAction(action)
}
