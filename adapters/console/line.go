package console

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A saying is a message of a person that can still be changed.
type saying struct {
	id        chat.MessageID
	place     chat.Place
	addressed bool
	mentioned bool
	text      string
	files     []chat.File
	edits     int
}

// own are the console's commands; any other word belongs to the bot.
var own = []string{"as", "in", "edit", "delete", "react", "attach", "wait", "cancel", "help", "quit"}

// doors are the bot's commands. Should it know others, Front tells.
var doors = []string{"ask", "ticket", "desk", "privacy"}

// take does what a line says, and reports whether the person leaves.
func (c *Console) take(ctx context.Context, line string) (quit bool) {
	line = strings.TrimSpace(oneLine(line))
	if c.screen == nil && (line != "" || c.filling != nil) {
		c.write(strings.TrimSpace(c.prompt()+line) + "\n")
	}
	word, rest := command(line)
	known := slices.Contains(own, word) || slices.Contains(doors, word)
	if c.filling != nil {
		if !known {
			c.fill(ctx, line)
			return false
		}
		c.closeForm()
		if word == "cancel" {
			return false
		}
	}
	switch {
	case line == "":
	case line[0] != '/':
		if m, button := c.button(line); m != nil {
			e := c.event(chat.Press)
			e.Message, e.Action = m.id, button.Action
			c.open(ctx, e)
			return false
		}
		c.say(ctx, line)
	case slices.Contains(own, word):
		return c.own(ctx, word, rest)
	default:
		e := c.event(chat.Slash)
		e.Door, e.Text = word, rest
		if _, ok := c.o.Front.Lookup(e); !ok && !known {
			c.unknown(word)
			return false
		}
		c.open(ctx, e)
	}
	return false
}

// command splits /word rest; the word is empty if the line is no command.
func command(line string) (word, rest string) {
	line, ok := strings.CutPrefix(line, "/")
	if !ok {
		return "", ""
	}
	word, rest, _ = strings.Cut(line, " ")
	return strings.ToLower(word), strings.TrimSpace(rest)
}

// own runs one of the console's commands.
func (c *Console) own(ctx context.Context, word, rest string) (quit bool) {
	switch word {
	case "as":
		c.as(rest)
	case "in":
		place, err := parsePlace(rest, c.current.name)
		if err != nil {
			c.notice("I cannot go there: %v.", err)
			return false
		}
		c.mu.Lock()
		c.current.place = place
		c.mu.Unlock()
		c.notice("Now in %s.", placeName(place))
	case "edit", "delete", "react", "attach":
		c.change(ctx, word, rest)
	case "wait":
		c.wait(ctx, rest)
	case "cancel":
		c.notice("No form is open.")
	case "help":
		c.help()
	case "quit":
		return true
	}
	return false
}

var localeRule = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// as lets someone else speak. Roles and a language that are not given stay
// what they were.
func (c *Console) as(rest string) {
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		c.notice("Speak as whom? Try /as ana, or /as ana @agents lang:pt-BR.")
		return
	}
	name, err := parseName(fields[0])
	if err != nil {
		c.notice("I cannot call anyone that: %v.", err)
		return
	}
	var roles []string
	locale := ""
	for _, field := range fields[1:] {
		role, isRole := strings.CutPrefix(field, "@")
		tag, isLocale := strings.CutPrefix(field, "lang:")
		switch {
		case isRole && role != "":
			roles = append(roles, role)
		case isLocale && localeRule.MatchString(tag):
			locale = tag
		default:
			c.notice("I do not understand %q. After the name come @roles and lang:pt-BR.", field)
			return
		}
	}

	c.mu.Lock()
	p := c.person(name)
	if roles != nil {
		p.roles = roles
	}
	if locale != "" {
		p.locale = locale
	}
	c.current = p
	c.mu.Unlock()

	sentence := fmt.Sprintf("Now speaking: %s, in %s", name, placeName(p.place))
	if len(p.roles) > 0 {
		sentence += ", with @" + strings.Join(p.roles, " @")
	}
	if p.locale != "" {
		sentence += ", in " + p.locale
	}
	c.notice("%s.", sentence)
}

// mention is how the bot is spoken to in a channel.
var mention = regexp.MustCompile(`(?i)(^|[^\w@])@signpost\b[,:]?\s*`)

// address takes mentions out of what a person says, and notes whether it is for
// the bot.
func (c *Console) address(s *saying, line string) {
	s.text = strings.TrimSpace(mention.ReplaceAllString(line, "$1"))
	s.mentioned = mention.MatchString(line)
	s.addressed = isDirect(c.current.place) || s.mentioned
}

// say sends a line as a message.
func (c *Console) say(ctx context.Context, line string) {
	c.said++
	s := &saying{id: chat.MessageID(fmt.Sprintf("m%d", c.said)), place: c.current.place}
	c.address(s, line)
	if c.accept(ctx, c.sayingEvent(chat.Message, s)) {
		c.current.said = append(c.current.said, s)
	}
}

// change edits, deletes, reacts to or attaches to the person's newest message
// where they are.
func (c *Console) change(ctx context.Context, word, rest string) {
	at := -1
	for i, s := range c.current.said {
		if s.place == c.current.place {
			at = i
		}
	}
	if at < 0 {
		c.notice("Nothing said by %s stands in %s yet.", c.current.name, placeName(c.current.place))
		return
	}
	if rest == "" && word != "delete" {
		c.notice("What should follow? Try %s.", map[string]string{
			"edit": "/edit a better text", "react": "/react 👍", "attach": "/attach bill.pdf",
		}[word])
		return
	}

	s := *c.current.said[at] // changed for good once it is accepted
	switch word {
	case "delete":
		e := c.sayingEvent(chat.Delete, &s)
		e.Text, e.Files = "", nil
		if c.accept(ctx, e) {
			c.current.said = slices.Delete(c.current.said, at, at+1)
		}
		return
	case "react":
		e := c.sayingEvent(chat.Reaction, &s)
		e.Text, e.Files, e.Stamp = "", nil, ""
		e.Emoji = strings.Trim(rest, ":")
		c.accept(ctx, e)
		return
	case "edit":
		c.address(&s, rest)
	case "attach":
		c.files++
		s.files = append(slices.Clip(s.files), file(fmt.Sprintf("f%d", c.files), rest))
	}
	s.edits++
	if c.accept(ctx, c.sayingEvent(chat.Edit, &s)) {
		c.current.said[at] = &s
	}
}

// file describes NAME [bytes]. It need not exist; if it does, its real size
// counts.
func file(id, rest string) chat.File {
	f := chat.File{ID: id, Name: rest}
	if i := strings.LastIndexByte(rest, ' '); i > 0 {
		if size, err := strconv.ParseUint(rest[i+1:], 10, 63); err == nil {
			f.Name, f.Size = strings.TrimSpace(rest[:i]), int64(size)
		}
	}
	if info, err := os.Stat(f.Name); err == nil && info.Mode().IsRegular() {
		f.Size = info.Size()
	}
	f.Name = filepath.Base(f.Name)
	return f
}

// reach is in how many of the newest messages a button is looked for by its
// label: one is often followed by the news of what was sent.
const reach = 4

// button finds what a line presses: a number of the newest message, or a label of
// one of the newest.
func (c *Console) button(line string) (*message, chat.Button) {
	for age, m := range c.newest(reach) {
		for i, button := range (chat.Reply{Blocks: m.blocks}).AllButtons() {
			if age == 0 && line == strconv.Itoa(i+1) || strings.EqualFold(line, strings.TrimSpace(oneLine(button.Label))) {
				return m, button
			}
		}
	}
	return nil, chat.Button{}
}

// event is something that the current person does, where they are.
func (c *Console) event(kind chat.Kind) chat.Event {
	c.events++
	return chat.Event{
		ID:        chat.EventID(fmt.Sprintf("%s:%d", platform, c.events)),
		Kind:      kind,
		At:        c.o.Now().UTC(),
		Place:     c.current.place,
		From:      c.sender(),
		Addressed: true,
		Private:   isDirect(c.current.place),
	}
}

func (c *Console) sayingEvent(kind chat.Kind, s *saying) chat.Event {
	e := c.event(kind)
	e.Message, e.Text, e.Files, e.Addressed, e.Mentioned = s.id, s.text, s.files, s.addressed, s.mentioned
	if s.edits > 0 {
		e.Stamp = strconv.Itoa(s.edits)
	}
	return e
}

func (c *Console) sender() chat.Sender {
	p := c.current
	return chat.Sender{Account: Account(p.name), Name: p.name, Locale: p.locale, Roles: slices.Clone(p.roles), Groups: slices.Clone(p.roles)}
}

// open starts the form of a press or command if it has one, and else sends it.
func (c *Console) open(ctx context.Context, e chat.Event) {
	form, err := c.o.Front.Open(ctx, e)
	switch {
	case err != nil:
		c.notice("That cannot be opened just now. Please try again in a moment.")
	case form != nil:
		c.startForm(ctx, form)
	default:
		c.accept(ctx, e)
	}
}

// accept hands an event over and waits for its answers, so that they stand
// below what they answer. It reports whether the event was taken.
func (c *Console) accept(ctx context.Context, e chat.Event) bool {
	if err := c.inbox.Accept(ctx, e); err != nil {
		c.notice("That did not get through. Please try again in a moment.")
		return false
	}
	if c.o.Quiet == nil {
		return true
	}
	if c.screen != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	// If waiting fails the event is safe all the same, and its answers come
	// later.
	_ = c.o.Quiet(ctx)
	return true
}
