package slack

import (
	"cmp"
	"strings"

	"github.com/slack-go/slack"

	"github.com/signpost-bot/signpost/bot/chat"
)

// View shows a form. The values come back under the names of the fields, which
// are both block_id and action_id: two of one name are not had in a view. What
// Slack would refuse is left out: a second field of one name, and a menu
// without options.
func View(f chat.Form) slack.ModalViewRequest {
	title := cmp.Or(chat.Shorten(oneLine(f.Title), maxTitle), "…")
	v := slack.ModalViewRequest{
		Type:       slack.VTModal,
		CallbackID: f.Action.String(),
		Title:      plain(title),
		Submit:     plain(cmp.Or(chat.Shorten(oneLine(f.Submit), maxTitle), title)),
		Blocks:     slack.Blocks{BlockSet: []slack.Block{}},
	}
	names := map[string]bool{}
	for _, field := range f.Fields {
		if blank(field.Name) || len(field.Name) > maxID || names[field.Name] || len(names) == maxFields {
			continue
		}
		element := input(field)
		if element == nil {
			continue
		}
		names[field.Name] = true
		label := chat.Shorten(oneLine(field.Label), maxFieldLabel)
		if blank(label) {
			label = oneLine(field.Name)
		}
		v.Blocks.BlockSet = append(v.Blocks.BlockSet, slack.InputBlock{
			Type:     slack.MBTInput,
			BlockID:  field.Name,
			Label:    plain(label),
			Element:  element,
			Optional: field.Optional,
		})
	}
	return v
}

// input is what a field is filled in with, nil if there is nothing to choose.
func input(f chat.Field) slack.BlockElement {
	if f.Kind == chat.Pick {
		menu := slack.SelectBlockElement{Type: slack.OptTypeStatic, ActionID: f.Name}
		for _, o := range options(f.Options) {
			shown := option(o)
			menu.Options = append(menu.Options, shown)
			if o.Value == f.Value {
				menu.InitialOption = shown
			}
		}
		if len(menu.Options) == 0 {
			return nil
		}
		return menu
	}
	limit := maxValue
	if f.Max > 0 {
		limit = min(f.Max, maxValue)
	}
	value := oneLine(f.Value)
	if f.Kind == chat.Lines {
		value = strings.Trim(clean(f.Value), "\n")
	}
	return slack.PlainTextInputBlockElement{
		Type:         slack.METPlainTextInput,
		ActionID:     f.Name,
		InitialValue: chat.Shorten(value, limit),
		Multiline:    f.Kind == chat.Lines,
		MaxLength:    limit,
	}
}
