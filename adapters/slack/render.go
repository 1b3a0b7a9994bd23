package slack

import (
	"bytes"
	"encoding/json"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A Message is what is posted, in place of another too. It is parsed nowhere
// but for marks of ours, as long as it is sent with neither parse nor
// link_names.
type Message struct {
	// Text is the whole message again, for notifications and screen readers.
	Text   string       `json:"text"`
	Blocks slack.Blocks `json:"blocks"`
}

// circles are how a heading shows its tone.
var circles = map[chat.Tone]string{
	chat.Waiting:  "🟠",
	chat.Underway: "🔵",
	chat.Done:     "🟢",
	chat.Over:     "⚪",
}

// Render shows a reply. It leaves out what nobody could use, such as a button
// without a label or whose action is too long to travel, and what is beyond the
// limits, the end first but buttons last.
func Render(r chat.Reply) Message { return render(r, manner{}) }

// A manner is how a message differs with where it is shown.
type manner struct {
	// native: buttons with an Opposite are shown as Slack's own for feedback,
	// which it has for conversations with an agent.
	// Source: https://docs.slack.dev/reference/block-kit/blocks/context-actions-block
	native bool
	// mark begins the block_id of whatever can be pressed. [markOf] reads it.
	mark string
}

func render(r chat.Reply, m manner) Message {
	r = chat.Fit(r, Limits)
	p := page{manner: m, tone: r.Tone, ids: map[string]int{}}
	var blocks []slack.Block
	for _, block := range r.Blocks {
		var thumbs slack.Block
		if m.native && block.Layout == chat.Buttons {
			block.Buttons, thumbs = p.feedback(block.Buttons)
		}
		for _, shown := range []slack.Block{p.block(block), thumbs} {
			if shown != nil {
				blocks = append(blocks, shown)
			}
		}
	}
	blocks = trim(blocks)
	if len(blocks) == 0 { // Slack refuses a message with nothing in it
		blocks = []slack.Block{richText(section(chat.Plain("…")))}
	}
	text := fit(chat.Plain(r.PlainText()), maxText, func(t chat.Text) string { return escape(t.String()) })
	if blank(text) {
		text = "…"
	}
	return Message{Text: text, Blocks: slack.Blocks{BlockSet: blocks}}
}

// trim drops blocks, the last first and rows of buttons last, until all of them
// together fit.
func trim(blocks []slack.Block) []slack.Block {
	room, places := maxAll-len("[]"), maxBlocks
	kept := make([]bool, len(blocks))
	for _, rows := range []bool{true, false} {
		for i, b := range blocks {
			if n := size(b) + len(","); isRow(b) == rows && n <= room && places > 0 {
				kept[i] = true
				room -= n
				places--
			}
		}
	}
	var left []slack.Block
	for i, b := range blocks {
		if kept[i] {
			left = append(left, b)
		}
	}
	return left
}

// isRow reports whether a block is there to be pressed.
func isRow(b slack.Block) bool {
	return b.BlockType() == slack.MBTAction || b.BlockType() == slack.MBTContextActions
}

// size is how many characters v has as JSON.
func size(v any) int {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return maxAll + 1 // what cannot be written has no room anywhere
	}
	return utf8.RuneCount(b.Bytes())
}

// A page is a message in the making.
type page struct {
	manner
	tone   chat.Tone
	ids    map[string]int // how often an action stands in it
	marked int            // how many blocks have the mark
}

// block is nil if there is nothing to show.
func (p *page) block(b chat.Block) slack.Block {
	switch b.Layout {
	case chat.Heading:
		return p.heading(b.Text)
	case chat.Quote:
		if e := elements(b.Text); e != nil {
			return richText(&slack.RichTextQuote{Type: slack.RTEQuote, Elements: e})
		}
	case chat.Context:
		if text := textObject(b.Text); text != nil {
			return slack.ContextBlock{Type: slack.MBTContext, ContextElements: slack.ContextElements{Elements: []slack.MixedElement{text}}}
		}
	case chat.Facts:
		return facts(b.Facts)
	case chat.Links:
		return links(b.Links)
	case chat.Section:
		return p.section(b)
	case chat.Buttons:
		return p.buttons(b.Buttons)
	case chat.Choice:
		return p.choice(b.Select)
	case chat.Divider:
		return slack.DividerBlock{Type: slack.MBTDivider}
	default:
		if s := section(b.Text); s != nil {
			return richText(s)
		}
	}
	return nil
}

// plain is words in which nothing is parsed but the names of emoji.
func plain(s string) *slack.TextBlockObject {
	return &slack.TextBlockObject{Type: slack.PlainTextType, Text: noEmoji(s)}
}

// heading begins with the circle of the tone, if there is one.
func (p *page) heading(t chat.Text) slack.Block {
	words := oneLine(t.String())
	if blank(words) {
		return nil
	}
	if circle, ok := circles[p.tone]; ok {
		words = circle + " " + words
	}
	return slack.HeaderBlock{Type: slack.MBTHeader, Text: plain(chat.Shorten(words, maxHeading))}
}

// textObject is text for where rich text cannot stand, nil if it is blank.
// Nothing is parsed unless it has a style.
func textObject(t chat.Text) *slack.TextBlockObject {
	t = tidy(t)
	if blank(t.String()) {
		return nil
	}
	if isPlain(t) {
		return plain(chat.Shorten(strings.Trim(t.String(), " \n"), maxBlock))
	}
	words := strings.Trim(fit(t, maxBlock, mrkdwn), " \n")
	if blank(words) {
		return nil
	}
	// Verbatim: no word becomes a link by itself.
	return &slack.TextBlockObject{Type: slack.MarkdownType, Text: words, Verbatim: true}
}

// fit is text as written by write, cut so that it has at most limit characters.
func fit(t chat.Text, limit int, write func(chat.Text) string) string {
	whole := utf8.RuneCountInString(t.String())
	if whole <= limit {
		if content := write(t); utf8.RuneCountInString(content) <= limit {
			return content
		}
	}
	n := sort.Search(min(whole, limit), func(n int) bool { return utf8.RuneCountInString(write(cut(t, n+1))) > limit })
	return write(cut(t, n))
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

// richText is a block in which nothing is parsed: style comes beside the words.
func richText(e slack.RichTextElement) slack.RichTextBlock {
	return slack.RichTextBlock{Type: slack.MBTRichText, Elements: []slack.RichTextElement{e}}
}

// section is a paragraph of rich text, nil if it is blank.
func section(t chat.Text) *slack.RichTextSection {
	e := elements(t)
	if e == nil {
		return nil
	}
	return &slack.RichTextSection{Type: slack.RTESection, Elements: e}
}

// elements are the pieces of rich text, nil if they are blank.
func elements(t chat.Text) []slack.RichTextSectionElement {
	t = tidy(t)
	if blank(t.String()) {
		return nil
	}
	t[0].Text = strings.TrimLeft(t[0].Text, "\n")
	last := &t[len(t)-1]
	last.Text = strings.TrimRight(last.Text, "\n")
	var list []slack.RichTextSectionElement
	for _, span := range t {
		if span.Text != "" {
			list = append(list, element(span))
		}
	}
	return list
}

func element(span chat.Span) slack.RichTextSectionElement {
	var style *slack.RichTextSectionTextStyle
	if span.Bold || span.Code {
		style = &slack.RichTextSectionTextStyle{Bold: span.Bold, Code: span.Code}
	}
	switch {
	case !span.At.IsZero():
		return slack.RichTextSectionDateElement{
			Type: slack.RTSEDate, Timestamp: slack.JSONTime(span.At.Unix()), Format: timeFormat, Fallback: &span.Text, Style: style,
		}
	case span.URL != "":
		return slack.RichTextSectionLinkElement{Type: slack.RTSELink, URL: span.URL, Text: span.Text, Style: style}
	}
	return slack.RichTextSectionTextElement{Type: slack.RTSEText, Text: span.Text, Style: style}
}

// facts are a name and its value a line.
func facts(all []chat.Fact) slack.Block {
	var text chat.Text
	for _, fact := range all {
		if blank(clean(fact.Value.String())) {
			continue
		}
		if len(text) > 0 {
			text = append(text, chat.Span{Text: "\n"})
		}
		if name := oneLine(fact.Name); name != "" {
			text = append(text, chat.Span{Text: name, Bold: true}, chat.Span{Text: " "})
		}
		for _, span := range fact.Value {
			span.Text = strings.ReplaceAll(clean(span.Text), "\n", " ")
			text = append(text, span)
		}
	}
	if s := section(text); s != nil {
		return richText(s)
	}
	return nil
}

// list is a list of rich text. The library's own writes an offset too, which is
// not in Slack's types.
// Source: https://docs.slack.dev/reference/block-kit/block-elements/rich-text-list-element
type list struct {
	Type     slack.RichTextElementType     `json:"type"`
	Style    slack.RichTextListElementType `json:"style"`
	Elements []slack.RichTextElement       `json:"elements"`
}

func (l list) RichTextElementType() slack.RichTextElementType { return l.Type }

func links(all []chat.Linked) slack.Block {
	lines := list{Type: slack.RTEList, Style: slack.RTEListBullet}
	for _, l := range all {
		title := oneLine(l.Title)
		if blank(title) {
			title = oneLine(l.URL)
		}
		text := chat.Link(title, l.URL)
		if note := oneLine(l.Note); !blank(note) {
			text = append(text, chat.Span{Text: " · " + note})
		}
		if s := section(text); s != nil {
			lines.Elements = append(lines.Elements, s)
		}
	}
	if len(lines.Elements) == 0 {
		return nil
	}
	return richText(lines)
}

// section puts its button beside the text.
func (p *page) section(b chat.Block) slack.Block {
	text := textObject(b.Text)
	if text == nil {
		return nil
	}
	s := slack.SectionBlock{Type: slack.MBTSection, Text: text}
	if len(b.Buttons) > 0 {
		if button := p.button(b.Buttons[0]); button != nil {
			s.Accessory = &slack.Accessory{ButtonElement: button}
			s.BlockID = p.blockID()
		}
	}
	return s
}

func (p *page) buttons(buttons []chat.Button) slack.Block {
	var row []slack.BlockElement
	for _, b := range buttons {
		if button := p.button(b); button != nil {
			row = append(row, button)
		}
	}
	return p.actions(row)
}

func (p *page) actions(row []slack.BlockElement) slack.Block {
	if len(row) == 0 {
		return nil
	}
	return slack.ActionBlock{Type: slack.MBTAction, BlockID: p.blockID(), Elements: &slack.BlockElements{ElementSet: row}}
}

// feedback takes those buttons that have an Opposite out of a row, and shows
// both in a block that follows it. Pressing either brings its action as the
// value.
func (p *page) feedback(buttons []chat.Button) (rest []chat.Button, shown slack.Block) {
	var pairs []slack.BlockElement
	for _, b := range buttons {
		good, bad := thumb(b), (*slack.FeedbackButton)(nil)
		if b.Opposite != nil {
			bad = thumb(*b.Opposite)
		}
		if good == nil || bad == nil || len(pairs) == maxPairs {
			rest = append(rest, b)
			continue
		}
		pairs = append(pairs, slack.NewFeedbackButtonsBlockElement(p.id(b.Action), good, bad))
	}
	if len(pairs) == 0 {
		return rest, nil
	}
	return rest, slack.NewContextActionsBlock("", pairs...)
}

// thumb is nil if the button has no label, or an action that cannot travel.
func thumb(b chat.Button) *slack.FeedbackButton {
	label := chat.Shorten(oneLine(b.Label), maxLabel)
	value := b.Action.String()
	if _, err := chat.ParseAction(value); err != nil || blank(label) {
		return nil
	}
	return slack.NewFeedbackButton(plain(label), value)
}

// blockID is one that tells which message a block belongs to, if the message
// has a mark.
func (p *page) blockID() string {
	if p.mark == "" {
		return ""
	}
	p.marked++
	return p.mark + "." + strconv.Itoa(p.marked)
}

var styles = map[chat.Style]slack.Style{
	chat.Primary: slack.StylePrimary,
	chat.Danger:  slack.StyleDanger,
}

// button is nil if it has no label, or an action that cannot travel. The action
// comes back as its value.
func (p *page) button(b chat.Button) *slack.ButtonBlockElement {
	label := chat.Shorten(oneLine(b.Label), maxLabel)
	if blank(label) {
		return nil
	}
	id := p.id(b.Action)
	if id == "" {
		return nil
	}
	return &slack.ButtonBlockElement{
		Type: slack.METButton, Text: plain(label), ActionID: id, Value: b.Action.String(), Style: styles[b.Style],
	}
}

// choice is a menu. Its action comes back as its action_id, which [ParseID]
// reads.
func (p *page) choice(s *chat.Select) slack.Block {
	if s == nil {
		return nil
	}
	menu := slack.SelectBlockElement{Type: slack.OptTypeStatic}
	room := maxMenu
	for _, o := range options(s.Options) {
		if _, err := chat.ParseAction(s.Chosen(o).String()); err != nil {
			continue
		}
		shown := option(o)
		if room -= size(shown) + len(","); room < 0 {
			break
		}
		menu.Options = append(menu.Options, shown)
	}
	if len(menu.Options) == 0 {
		return nil
	}
	if menu.ActionID = p.id(s.Action); menu.ActionID == "" {
		return nil
	}
	if label := chat.Shorten(oneLine(s.Label), maxPlaceholder); !blank(label) {
		menu.Placeholder = plain(label)
	}
	return p.actions([]slack.BlockElement{menu})
}

func option(o chat.Option) *slack.OptionBlockObject {
	return &slack.OptionBlockObject{Text: plain(o.Label), Value: o.Value}
}

// options are those that Slack takes: with a label, and a value that no other
// has.
func options(all []chat.Option) []chat.Option {
	var taken []chat.Option
	seen := map[string]bool{}
	for _, o := range all {
		o.Label = chat.Shorten(oneLine(o.Label), maxOption)
		if blank(o.Label) || blank(o.Value) || utf8.RuneCountInString(o.Value) > maxOptionValue || clean(o.Value) != o.Value || seen[o.Value] || len(taken) == maxOptions {
			continue
		}
		seen[o.Value] = true
		taken = append(taken, o)
	}
	return taken
}

// again follows an action in an action_id that would otherwise stand in the
// message twice: claim:T-1, claim:T-1%#2. No action has it in it, because a %
// is always written %25.
const again = "%#"

// id is an action_id for an action, empty if it cannot travel.
func (p *page) id(a chat.Action) string {
	id := a.String()
	if _, err := chat.ParseAction(id); err != nil {
		return ""
	}
	p.ids[id]++
	if n := p.ids[id]; n > 1 {
		id += again + strconv.Itoa(n)
	}
	return id
}

// ParseID reads the action from an action_id.
func ParseID(id string) (chat.Action, error) {
	action, _, _ := strings.Cut(id, again)
	return chat.ParseAction(action)
}
