package console

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A filling is a form on its way, asked field by field.
type filling struct {
	form   *chat.Form
	todo   []chat.Field // the next first; Value is what an empty line keeps
	values map[string]string
}

func (c *Console) startForm(ctx context.Context, form *chat.Form) {
	c.filling = &filling{form: form, values: map[string]string{}}
	for _, field := range form.Fields {
		if _, ok := option(field, field.Value); field.Kind == chat.Pick && !ok {
			field.Value = ""
		}
		c.filling.todo = append(c.filling.todo, field)
	}
	c.write(c.look().paint(oneLine(form.Title), bold) + "\n")
	c.notice("An empty line keeps what stands in [brackets]; /cancel leaves the form.")
	c.askNext(ctx)
}

// closeForm leaves the form unsent.
func (c *Console) closeForm() {
	c.filling = nil
	c.notice("Form closed; nothing was sent.")
}

// askNext asks for the next field, or sends the form if there is none.
func (c *Console) askNext(ctx context.Context) {
	if len(c.filling.todo) == 0 {
		c.submit(ctx)
		return
	}
	field := c.filling.todo[0]
	l := c.look()
	question := oneLine(field.Label)
	if field.Optional {
		question += " (optional)"
	}
	value := field.Value
	if o, ok := option(field, value); ok {
		value = o.Label
	}
	if value != "" {
		question += " [" + oneLine(value) + "]"
	}
	question += "\n"
	if field.Kind == chat.Pick {
		row := make([]string, len(field.Options))
		for i, o := range field.Options {
			row[i] = fmt.Sprintf("[%d] %s", i+1, oneLine(o.Label))
		}
		question += l.row(row) + "\n"
	}
	c.write(question)
}

// fill takes a line as the value of the field that was asked.
func (c *Console) fill(ctx context.Context, line string) {
	f := c.filling
	field := f.todo[0]
	value := line
	if value == "" {
		value = field.Value
	} else if field.Kind == chat.Pick {
		picked, ok := pick(field, line)
		if !ok {
			c.notice("Please pick one of them, by number or by name.")
			return
		}
		value = picked.Value
	}
	switch length := utf8.RuneCountInString(value); {
	case value == "" && !field.Optional:
		c.notice("This one is needed.")
	case field.Max > 0 && length > field.Max:
		c.notice("That is %d characters long; at most %d fit.", length, field.Max)
	default:
		f.values[field.Name] = value
		f.todo = f.todo[1:]
		c.askNext(ctx)
	}
}

// submit sends the form if it is in order, and else asks again for what is
// wrong.
func (c *Console) submit(ctx context.Context) {
	f := c.filling
	e := c.event(chat.Submit)
	e.Action, e.Values = f.form.Action, f.values
	problems := c.o.Front.Check(e)
	if len(problems) == 0 {
		c.filling = nil
		c.accept(ctx, e)
		return
	}
	for _, field := range f.form.Fields {
		if problem, ok := problems[field.Name]; ok {
			c.notice("%s: %s", field.Label, problem)
			field.Value = f.values[field.Name]
			f.todo = append(f.todo, field)
		}
	}
	if len(f.todo) == 0 { // nothing here can mend it
		for _, problem := range problems {
			c.notice("%s", problem)
		}
		c.closeForm()
		return
	}
	c.askNext(ctx)
}

// pick finds an option by number, label or value.
func pick(field chat.Field, line string) (chat.Option, bool) {
	if n, err := strconv.Atoi(line); err == nil && 1 <= n && n <= len(field.Options) {
		return field.Options[n-1], true
	}
	for _, o := range field.Options {
		if strings.EqualFold(line, strings.TrimSpace(oneLine(o.Label))) || strings.EqualFold(line, o.Value) {
			return o, true
		}
	}
	return chat.Option{}, false
}

// option finds an option by its exact value.
func option(field chat.Field, value string) (chat.Option, bool) {
	i := slices.IndexFunc(field.Options, func(o chat.Option) bool { return o.Value == value })
	if i < 0 {
		return chat.Option{}, false
	}
	return field.Options[i], true
}
