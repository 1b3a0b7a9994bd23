package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/adapters/discord"
	"github.com/signpost-bot/signpost/bot/chat"
)

// A shown message is what people make of a payload, read as their app does.
type shown struct {
	text   string   // as it reads; code stands in backticks
	offers []offer  // buttons and options, in order
	links  []string // title and address of each
	marks  []mark
}

// An offer is something to press or pick.
type offer struct {
	label  string
	id     string // as it travels
	value  string // of an option
	option bool
}

// A mark is a piece of a message that is more than words. Its kind says what.
type mark struct{ kind, text, url string }

// buttons are the labels of everything there is to press or pick.
func (s shown) buttons() []string {
	var labels []string
	for _, o := range s.offers {
		labels = append(labels, o.label)
	}
	return labels
}

// strange lists the marks that a reply did not ask for: someone else's words
// made them.
func (s shown) strange(r chat.Reply) []string {
	var bold, code strings.Builder
	var addresses []string
	layouts := map[string]bool{"list": false}
	spans := func(t chat.Text) {
		for _, span := range t {
			if span.Bold {
				bold.WriteString(span.Text)
			}
			if span.Code {
				code.WriteString(span.Text)
			}
			addresses = append(addresses, span.URL)
			layouts["time"] = layouts["time"] || !span.At.IsZero()
		}
	}
	for _, b := range r.Blocks {
		layouts[string(b.Layout)] = true
		spans(b.Text)
		for _, fact := range b.Facts {
			bold.WriteString(fact.Name)
			spans(fact.Value)
		}
		for _, l := range b.Links {
			addresses = append(addresses, l.URL)
			bold.WriteString(l.Title)
		}
		if b.Layout == chat.Heading {
			bold.WriteString(b.Text.String())
		}
	}
	layouts["list"] = layouts[string(chat.Links)]
	var strange []string
	for _, m := range s.marks {
		ours := layouts[m.kind]
		switch m.kind {
		case "bold":
			ours = strings.Contains(plain(bold.String()), strings.TrimSuffix(plain(m.text), "…"))
		case "code":
			ours = strings.Contains(code.String(), strings.TrimSuffix(m.text, "…"))
		case "link":
			ours = slices.ContainsFunc(addresses, func(a string) bool { return unescaped(a) == unescaped(m.url) })
		case "address": // shown whole, so that nobody is misled
			ours = true
		}
		if !ours {
			strange = append(strange, fmt.Sprintf("%s %q %s", m.kind, m.text, m.url))
		}
	}
	return strange
}

func unescaped(address string) string {
	if s, err := url.PathUnescape(address); err == nil {
		return s
	}
	return address
}

// generic is a payload as everyone can read it.
func generic(payload any) (any, error) {
	text, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	var v any
	return v, json.Unmarshal(text, &v)
}

// object is a JSON object whose fields may be missing.
type object map[string]any

func (o object) text(name string) string   { s, _ := o[name].(string); return s }
func (o object) number(name string) int    { n, _ := o[name].(float64); return int(n) }
func (o object) list(name string) []any    { l, _ := o[name].([]any); return l }
func (o object) object(name string) object { m, _ := o[name].(map[string]any); return m }

// Kinds of Discord's components.
// Source: https://docs.discord.com/developers/components/reference
const (
	discordButton = 2
	discordSelect = 3
	discordText   = 10
)

// readDiscord reads a message of Discord's components.
func readDiscord(r chat.Reply) (shown, error) {
	payload, err := generic(discord.Render(r))
	if err != nil {
		return shown{}, err
	}
	var s shown
	message, _ := payload.(map[string]any)
	s.components(message)
	if len(object(message).object("allowed_mentions").list("parse")) > 0 {
		s.marks = append(s.marks, mark{kind: "allowed mention"})
	}
	return s, nil
}

func (s *shown) components(o object) {
	switch o.number("type") {
	case discordText:
		s.lines(o.text("content"), discordLines, s.discordInline)
	case discordButton:
		s.offers = append(s.offers, offer{label: o.text("label"), id: o.text("custom_id")})
	case discordSelect:
		for _, v := range o.list("options") {
			option, _ := v.(map[string]any)
			s.offers = append(s.offers, offer{
				label: object(option).text("label"), id: o.text("custom_id"), value: object(option).text("value"), option: true,
			})
		}
	}
	for _, v := range o.list("components") {
		part, _ := v.(map[string]any)
		s.components(part)
	}
	if accessory := o.object("accessory"); accessory != nil {
		s.components(accessory)
	}
}

// A lineMark is what makes a line more than words, where it begins.
type lineMark struct {
	kind  string
	match *regexp.Regexp
}

var discordLines = []lineMark{
	{"quote", regexp.MustCompile(`^ *>(?:>>)?(?: |$)`)},
	{"context", regexp.MustCompile(`^ *-# +`)},
	{"heading", regexp.MustCompile(`^ *#{1,3} +`)},
	{"list", regexp.MustCompile(`^ *(?:[-*+] +|\d+\.(?: |$))`)},
}

// lines reads text line by line, and what is inside the lines with inline.
func (s *shown) lines(text string, begin []lineMark, inline func(string) string) {
	for line := range strings.SplitSeq(text, "\n") {
		for i := 0; i < len(begin); i++ {
			m := begin[i].match.FindString(line)
			if m == "" {
				continue
			}
			line = line[len(m):]
			s.marks = append(s.marks, mark{kind: begin[i].kind, text: line})
			if begin[i].kind == "quote" {
				s.text += "> "
			}
			i = -1 // one may follow another
		}
		s.text += inline(line) + "\n"
	}
}

var (
	discordTags = []lineMark{
		{"mention", regexp.MustCompile(`^<(?:@[!&]?|#)\d+>`)},
		{"emoji", regexp.MustCompile(`^(?:<a?)?:\w+:(?:\d+>)?`)},
		{"command", regexp.MustCompile(`^</[^>]+:\d+>`)},
		{"guide", regexp.MustCompile(`^<id:\w+>`)},
		{"time", regexp.MustCompile(`^<t:-?\d+(?::\w)?>`)},
		{"address", regexp.MustCompile(`(?i)^<https?:/[^ >]+>`)},
		{"bare address", regexp.MustCompile(`(?i)^https?://[^\s<]`)},
		{"broadcast", regexp.MustCompile(`(?i)^@(?:everyone|here)`)},
	}
	discordPairs = []struct{ sign, kind string }{
		{"**", "bold"}, {"*", "italic"}, {"__", "underline"}, {"_", "italic"}, {"~~", "strike"}, {"||", "spoiler"},
	}
	discordLink = regexp.MustCompile(`^\[([^\]]*)\]\(<?([^\s)>]*)>?\)`)
)

// What the expressions of each app begin with. Trying them at every letter of a
// long line takes longer than all else in a test.
const (
	discordOpens = "<:hH@["
	slackOpens   = "<`:*_~&"
)

// opens reports whether something may begin with this byte.
func opens(first byte, signs string) bool { return strings.IndexByte(signs, first) >= 0 }

// discordInline reads what stands inside a line.
func (s *shown) discordInline(line string) string {
	var out strings.Builder
next:
	for line != "" {
		first, size := utf8.DecodeRuneInString(line)
		if first == '\\' && len(line) > 1 {
			if r, n := utf8.DecodeRuneInString(line[1:]); unicode.IsPunct(r) || unicode.IsSymbol(r) {
				// A call to everyone is one whatever the backslashes.
				out.WriteRune(r)
				line = line[1+n:]
				continue
			}
		}
		if opens(line[0], discordOpens) {
			for _, tag := range discordTags {
				m := tag.match.FindString(line)
				if m == "" {
					continue
				}
				s.marks = append(s.marks, mark{kind: tag.kind, text: m})
				line = line[len(m):]
				if tag.kind == "time" {
					m = readTime(m)
				}
				out.WriteString(strings.Trim(m, "<>"))
				continue next
			}
			if m := discordLink.FindStringSubmatch(line); m != nil {
				s.link(&out, m[1], m[2])
				line = line[len(m[0]):]
				continue
			}
		}
		if rest, ok := strings.CutPrefix(line, "`"); ok {
			if code, after, ok := strings.Cut(rest, "`"); ok {
				s.marks = append(s.marks, mark{kind: "code", text: code})
				out.WriteString("`" + code + "`")
				line = after
				continue
			}
		}
		for _, pair := range discordPairs {
			rest, ok := strings.CutPrefix(line, pair.sign)
			if !ok {
				continue
			}
			if end := closing(rest, pair.sign); end > 0 {
				inside := s.discordInline(rest[:end])
				s.marks = append(s.marks, mark{kind: pair.kind, text: inside})
				out.WriteString(inside)
				line = rest[end+len(pair.sign):]
				continue next
			}
		}
		out.WriteRune(first)
		line = line[size:]
	}
	return out.String()
}

// readTime reads <t:0:R> as the app of someone in UTC shows it.
func readTime(tag string) string {
	seconds, _, _ := strings.Cut(strings.Trim(tag, "<t:>"), ":")
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return tag
	}
	return time.Unix(n, 0).UTC().Format("2 Jan 15:04 UTC")
}

func (s *shown) link(out *strings.Builder, name, address string) {
	s.marks = append(s.marks, mark{kind: "link", text: name, url: address})
	s.links = append(s.links, name+" "+address)
	out.WriteString(name)
}

// closing is where a sign stands again, not after a backslash nor before one
// more of its kind; -1 if nowhere.
func closing(s, sign string) int {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], sign) && !strings.HasPrefix(s[i+len(sign):], sign[:1]):
			return i
		}
	}
	return -1
}

// TestReadDiscord checks the reader: it finds what Discord's app would.
func TestReadDiscord(t *testing.T) {
	tests := []struct{ content, text, kinds string }{
		{"plain words, 3 * 4 = 12", "plain words, 3 * 4 = 12", ""},
		{"**a** *b* _c_ __d__ ~~e~~ ||f|| `g*h*`", "a b c d e f `g*h*`", "bold italic italic underline strike spoiler code"},
		{"### a\n-# b\n- c\n1. d\n> e", "a b c d > e", "heading context list list quote"},
		{"<@1> <@&1> <#1> </ask:1> <id:guide> :smile: @everyone", "@1 @&1 #1 /ask:1 id:guide :smile: @everyone", "mention mention mention command guide emoji broadcast"},
		{"[a](<http://b>) <https://c> https://d <t:0:R>", "a https://c https://d 1 Jan 00:00 UTC", "link address bare address time"},
		{`\*a\* \<@1> \[b](<c>) @` + "\u200b" + `everyone`, "*a* <@1> [b](<c>) @everyone", ""},
	}
	for _, test := range tests {
		var s shown
		s.lines(test.content, discordLines, s.discordInline)
		var kinds []string
		for _, m := range s.marks {
			kinds = append(kinds, m.kind)
		}
		if diff := gocmp.Diff([]string{test.text, test.kinds}, []string{plain(s.text), strings.Join(kinds, " ")}); diff != "" {
			t.Errorf("%q:\n%s", test.content, diff)
		}
	}
}

// readSlack reads a message of Slack's blocks.
// Source: https://docs.slack.dev/reference/block-kit/blocks
func readSlack(payload any) (shown, error) {
	v, err := generic(payload)
	if err != nil {
		return shown{}, err
	}
	var s shown
	message, _ := v.(map[string]any)
	s.blocks(message)
	for _, v := range object(message).list("attachments") {
		attachment, _ := v.(map[string]any)
		s.blocks(attachment)
	}
	// Notifications show the text beside the blocks: it must call nobody either.
	var notice shown
	notice.lines(object(message).text("text"), slackLines, notice.slackInline)
	for _, m := range notice.marks {
		if m.kind == "mention" || m.kind == "broadcast" {
			s.marks = append(s.marks, m)
		}
	}
	return s, nil
}

func (s *shown) blocks(o object) {
	for _, v := range o.list("blocks") {
		block, _ := v.(map[string]any)
		s.block(block)
	}
}

// block reads a block, or an element of one.
func (s *shown) block(o object) {
	switch kind := o.text("type"); kind {
	case "mrkdwn":
		s.lines(o.text("text"), slackLines, s.slackInline)
	case "plain_text":
		s.text += o.text("text") + "\n"
	case "button":
		s.offers = append(s.offers, offer{label: o.object("text").text("text"), id: cmp.Or(o.text("value"), o.text("action_id"))})
	case "feedback_buttons":
		for _, name := range []string{"positive_button", "negative_button"} {
			s.offers = append(s.offers, offer{label: o.object(name).object("text").text("text"), id: o.object(name).text("value")})
		}
	case "static_select", "overflow", "radio_buttons":
		for _, v := range o.list("options") {
			option, _ := v.(map[string]any)
			s.offers = append(s.offers, offer{
				label: object(option).object("text").text("text"), id: o.text("action_id"), value: object(option).text("value"), option: true,
			})
		}
	case "markdown":
		s.marks = append(s.marks, mark{kind: "markdown", text: o.text("text")})
	case "rich_text_quote":
		s.marks = append(s.marks, mark{kind: "quote"})
		s.text += "> "
		s.rich(o)
	case "rich_text_section", "rich_text_preformatted":
		s.rich(o)
	default: // what holds others
		for _, name := range []string{"text", "accessory"} {
			if part := o.object(name); part != nil {
				s.block(part)
			}
		}
		for _, v := range slices.Concat(o.list("fields"), o.list("elements")) {
			part, _ := v.(map[string]any)
			s.block(part)
		}
	}
}

// rich reads a line of rich text, whose words are only words.
func (s *shown) rich(o object) {
	var out strings.Builder
	for _, v := range o.list("elements") {
		var e object
		e, _ = v.(map[string]any)
		style := e.object("style")
		words := e.text("text")
		switch e.text("type") {
		case "text":
		case "link":
			s.link(&out, cmp.Or(words, e.text("url")), e.text("url"))
			continue
		case "date":
			s.marks = append(s.marks, mark{kind: "time", text: e.text("fallback")})
			words = readTime("<t:" + strconv.Itoa(e.number("timestamp")) + ">")
		default: // user, usergroup, channel, broadcast, emoji
			s.marks = append(s.marks, mark{kind: "mention", text: e.text("type")})
		}
		for _, kind := range []string{"bold", "italic", "strike", "code"} {
			if on, _ := style[kind].(bool); on {
				s.marks = append(s.marks, mark{kind: kind, text: words})
			}
		}
		if code, _ := style["code"].(bool); code {
			words = "`" + words + "`"
		}
		out.WriteString(words)
	}
	s.text += out.String() + "\n"
}

var (
	slackLines = []lineMark{
		{"quote", regexp.MustCompile(`^ *(?:>|&gt;)(?: |$)?`)},
	}
	slackTag   = regexp.MustCompile(`^<([^<>]+)>`)
	slackCode  = regexp.MustCompile("^`([^`]+)`")
	slackEmoji = regexp.MustCompile(`^:[a-z0-9_+'-]+:`)
	slackPairs = []lineMark{
		{"bold", regexp.MustCompile(`^\*([^\s\x{200b}*](?:[^*]*[^\s\x{200b}*])?)\*`)},
		{"italic", regexp.MustCompile(`^_([^\s\x{200b}_](?:[^_]*[^\s\x{200b}_])?)_`)},
		{"strike", regexp.MustCompile(`^~([^\s\x{200b}~](?:[^~]*[^\s\x{200b}~])?)~`)},
	}
	slackEscape  = regexp.MustCompile(`^&(?:lt|gt|amp);`)
	slackEscapes = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")
)

// slackInline reads mrkdwn that stands inside a line.
// Source: https://docs.slack.dev/messaging/formatting-message-text
func (s *shown) slackInline(line string) string {
	var out strings.Builder
	begins := true // a word: a sign inside one is only a sign
next:
	for line != "" {
		r, n := utf8.DecodeRuneInString(line)
		if !opens(line[0], slackOpens) {
			out.WriteRune(r)
			line, begins = line[n:], between(r)
			continue
		}
		if m := slackTag.FindStringSubmatch(line); m != nil {
			s.slackTag(&out, m[1])
			line, begins = line[len(m[0]):], true
			continue
		}
		if m := slackCode.FindStringSubmatch(line); m != nil {
			s.marks = append(s.marks, mark{kind: "code", text: slackEscapes.Replace(m[1])})
			out.WriteString("`" + slackEscapes.Replace(m[1]) + "`")
			line = line[len(m[0]):]
			continue
		}
		if m := slackEmoji.FindString(line); m != "" && begins {
			s.marks = append(s.marks, mark{kind: "emoji", text: m})
		}
		for _, pair := range slackPairs {
			if m := pair.match.FindStringSubmatch(line); m != nil && begins {
				inside := s.slackInline(m[1])
				s.marks = append(s.marks, mark{kind: pair.kind, text: inside})
				out.WriteString(inside)
				line = line[len(m[0]):]
				continue next
			}
		}
		if m := slackEscape.FindString(line); m != "" {
			out.WriteString(slackEscapes.Replace(m))
			line, begins = line[len(m):], true
			continue
		}
		out.WriteRune(r)
		line, begins = line[n:], between(r)
	}
	return out.String()
}

// between reports whether a word may begin after a character.
func between(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\u200b' }

// slackTag reads what stands in angle brackets.
func (s *shown) slackTag(out *strings.Builder, tag string) {
	target, label, named := strings.Cut(tag, "|")
	label = slackEscapes.Replace(label)
	switch {
	case strings.HasPrefix(target, "!date^"):
		s.marks = append(s.marks, mark{kind: "time", text: label})
		seconds, _, _ := strings.Cut(strings.TrimPrefix(target, "!date^"), "^")
		out.WriteString(readTime("<t:" + seconds + ">"))
	case target[0] == '!':
		s.marks = append(s.marks, mark{kind: "broadcast", text: target})
		out.WriteString(cmp.Or(label, target))
	case target[0] == '@' || target[0] == '#':
		s.marks = append(s.marks, mark{kind: "mention", text: target})
		out.WriteString(cmp.Or(label, target))
	case named && label != slackEscapes.Replace(target):
		s.link(out, label, slackEscapes.Replace(target))
	default:
		s.marks = append(s.marks, mark{kind: "address", text: target})
		out.WriteString(slackEscapes.Replace(target))
	}
}

// TestReadSlack checks the reader: it finds what Slack's app would.
func TestReadSlack(t *testing.T) {
	tests := []struct{ content, text, kinds string }{
		{"plain words, 3 * 4 = 12", "plain words, 3 * 4 = 12", ""},
		{"*a* _b_ ~c~ `d*e*`", "a b c `d*e*`", "bold italic strike code"},
		{"> a\n&gt; b", "> a > b", "quote quote"},
		{"<@U1> <#C1> <!channel> <!subteam^S1> :smile:", "@U1 #C1 !channel !subteam^S1 :smile:", "mention mention broadcast broadcast emoji"},
		{"<http://b|a> <http://c> <!date^0^{date}|then>", "a http://c 1 Jan 00:00 UTC", "link address time"},
		{"&lt;@U1&gt; &lt;!channel&gt; &amp;lt; snake_case_name *\u200ba*", "<@U1> <!channel> &lt; snake_case_name *a*", ""},
	}
	for _, test := range tests {
		s, err := readSlack(object{"blocks": []any{
			object{"type": "section", "text": object{"type": "mrkdwn", "text": test.content}},
		}})
		if err != nil {
			t.Fatal(err)
		}
		var kinds []string
		for _, m := range s.marks {
			kinds = append(kinds, m.kind)
		}
		if diff := gocmp.Diff([]string{test.text, test.kinds}, []string{plain(s.text), strings.Join(kinds, " ")}); diff != "" {
			t.Errorf("%q:\n%s", test.content, diff)
		}
	}

	words := func(s string) object { return object{"type": "plain_text", "text": s} }
	s, err := readSlack(object{"text": "hey <!here> *bold*", "attachments": []any{object{"blocks": []any{
		object{"type": "header", "text": words("T-1")},
		object{"type": "section", "text": words("asks"), "accessory": object{"type": "button", "text": words("Show"), "action_id": "show:T-1"}},
		object{"type": "rich_text", "elements": []any{object{"type": "rich_text_quote", "elements": []any{
			object{"type": "text", "text": "*why* "}, object{"type": "text", "text": "x", "style": object{"code": true}},
			object{"type": "link", "url": "http://a", "text": "A"}, object{"type": "user", "user_id": "U1"},
		}}}},
		object{"type": "actions", "elements": []any{object{"type": "static_select", "action_id": "priority:T-1", "options": []any{
			object{"text": words("high"), "value": "high"},
		}}}},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	want := shown{
		text:   "T-1\nasks\n> *why* `x`A\n",
		offers: []offer{{label: "Show", id: "show:T-1"}, {label: "high", id: "priority:T-1", value: "high", option: true}},
		links:  []string{"A http://a"},
		marks: []mark{
			{kind: "quote"}, {kind: "code", text: "x"}, {kind: "link", text: "A", url: "http://a"},
			{kind: "mention", text: "user"}, {kind: "broadcast", text: "!here"},
		},
	}
	if diff := gocmp.Diff(want, s, gocmp.AllowUnexported(shown{}, offer{}, mark{})); diff != "" {
		t.Error(diff)
	}
}

// TestStrange checks that a mark which nobody asked for is told from ours.
func TestStrange(t *testing.T) {
	r := chat.Reply{Blocks: []chat.Block{
		{Layout: chat.Heading, Text: chat.Plain("T-1 · open")},
		{Layout: chat.Facts, Facts: []chat.Fact{{Name: "Asker", Value: chat.Plain("dora")}}},
		{Layout: chat.Links, Links: []chat.Linked{{Title: "Refunds", URL: "https://help.example.com/refund"}}},
		{Layout: chat.Paragraph, Text: chat.Text{{Text: "ours", Bold: true}, {Text: " @everyone **theirs** <@1> [x](https://evil.example)"}}},
	}}
	s, err := readDiscord(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.strange(r); got != nil {
		t.Errorf("strange: %q", got)
	}
	if want := []string{"Refunds https://help.example.com/refund"}; !slices.Equal(s.links, want) {
		t.Errorf("links = %q, want %q", s.links, want)
	}
	for _, m := range []mark{{kind: "bold", text: "theirs"}, {kind: "link", text: "x", url: "https://evil.example"}, {kind: "mention"}, {kind: "quote"}, {kind: "code", text: "x"}} {
		if got := (shown{marks: []mark{m}}).strange(r); len(got) != 1 {
			t.Errorf("%+v passes for ours", m)
		}
	}
}
