package console

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/bot/chat"
)

// maxSuggestions is how many completions fit well below a line.
const maxSuggestions = 8

// complete is called for every key and acts on Tab: it types what is certain,
// and lists what is possible.
func (c *Console) complete(ctx context.Context, line string, pos int, key rune) (string, int, bool) {
	if key != '\t' {
		return "", 0, false
	}
	if pos != len(line) || c.filling != nil {
		return line, pos, true
	}
	typed, options := c.completions(ctx, line)
	before := line[:len(line)-len(typed)]
	switch len(options) {
	case 0:
	case 1:
		line = before + oneLine(options[0].Value) + " "
	default:
		common := oneLine(options[0].Value)
		labels := make([]string, len(options))
		for i, o := range options {
			common = commonPrefix(common, oneLine(o.Value))
			labels[i] = oneLine(o.Label)
		}
		if len(common) > len(typed) {
			line = before + common
		} else {
			l := c.look()
			c.write(l.row(labels) + "\n")
		}
	}
	return line, len(line), true
}

// completions finds what the end of a line may become, and that end.
func (c *Console) completions(ctx context.Context, line string) (typed string, options []chat.Option) {
	door, rest, more := strings.Cut(line, " ")
	switch {
	case !strings.HasPrefix(line, "/"):
		return "", nil
	case !more:
		var names []string
		for _, name := range slices.Concat(own, doors) {
			names = append(names, "/"+name)
		}
		return line, beginning(line, names)
	case door == "/as" && !strings.Contains(rest, " "):
		c.mu.Lock()
		defer c.mu.Unlock()
		names := slices.Collect(maps.Keys(c.people))
		return rest, beginning(rest, append(names, c.o.Agents...))
	case door == "/in":
		return rest, beginning(rest, c.places())
	case slices.Contains(own, door[1:]):
		return "", nil
	}
	q := c.typing(door[1:], rest)
	return q.Text, c.o.Front.Suggest(ctx, q)
}

// typing says which argument of a door is being typed.
func (c *Console) typing(door, rest string) chat.Typing {
	q := chat.Typing{From: c.sender(), Place: c.current.place, Door: door, Text: rest, Limit: maxSuggestions}
	var params []chat.Param
	verb, args, more := strings.Cut(rest, " ")
	invocation, err := c.o.Front.Parse(door, rest)
	command := &invocation.Command
	if usage := (*chat.UsageError)(nil); errors.As(err, &usage) {
		command = usage.Command
	}
	switch {
	case command == nil:
		q.Limit = 0 // all verbs: one that is left out seems not to exist
		return q
	case command.Verb == "":
		params = command.Params
	case more:
		params = command.Params
		q.Verb, q.Text = verb, args
	}
	for i, param := range params {
		q.Param = param.Name
		word, after, more := strings.Cut(q.Text, " ")
		if param.Kind == chat.TicketParam && param.Optional && word != "" && !strings.ContainsAny(word[:1], "tT#0123456789") {
			continue // the ticket is left out; this is the next one
		}
		if !more || param.Kind == chat.TextParam || i == len(params)-1 {
			break
		}
		q.Text = after
	}
	return q
}

// places are those that anyone is in or the bot has posted to. It takes mu.
func (c *Console) places() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := []string{"dm"}
	for place := range c.shown {
		names = append(names, placeName(place))
	}
	for _, p := range c.people {
		names = append(names, placeName(p.place))
	}
	return names
}

// beginning lists the names that begin as typed, each once, in order.
func beginning(typed string, names []string) []chat.Option {
	slices.Sort(names)
	var options []chat.Option
	for _, name := range slices.Compact(names) {
		if strings.HasPrefix(name, strings.ToLower(typed)) {
			options = append(options, chat.Option{Label: name, Value: name})
		}
	}
	return options
}

// commonPrefix is what a and b both begin with, in whole characters.
func commonPrefix(a, b string) string {
	for !strings.HasPrefix(b, a) {
		_, n := utf8.DecodeLastRuneInString(a)
		a = a[:len(a)-n]
	}
	return a
}
