package discord

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/bwmarrin/discordgo"

	"github.com/signpost-bot/signpost/bot/chat"
)

// A Dialog is the data of an interaction's answer that opens a modal.
type Dialog struct {
	CustomID   string                       `json:"custom_id"`
	Title      string                       `json:"title"`
	Components []discordgo.MessageComponent `json:"components"`
}

// Modal shows a form. The values come back under the names of the fields.
// Discord words the button that sends it, so the form's own word is not shown,
// and takes five fields; more are left out, and so is a menu without options.
// It fails if the action cannot travel or no field is left.
func Modal(f chat.Form) (Dialog, error) {
	id := f.Action.String()
	if _, err := chat.ParseAction(id); err != nil {
		return Dialog{}, fmt.Errorf("form: %w", err)
	}
	d := Dialog{CustomID: id, Title: cmp.Or(shorten(oneLine(f.Title), maxTitle), "…")}
	names := map[string]bool{}
	for _, field := range f.Fields {
		if blank(field.Name) || len(field.Name) > maxID || names[field.Name] || len(d.Components) == maxFields {
			continue
		}
		part := input(field)
		if part == nil {
			continue
		}
		names[field.Name] = true
		name := shorten(oneLine(field.Label), maxFieldLabel)
		if blank(name) {
			name = shorten(oneLine(field.Name), maxFieldLabel)
		}
		d.Components = append(d.Components, label{Label: name, Component: part})
	}
	if len(d.Components) == 0 {
		return Dialog{}, errors.New("form has no field that Discord can show")
	}
	return d, nil
}

// input is what a field is filled in with, nil if there is nothing to choose.
func input(f chat.Field) discordgo.MessageComponent {
	if f.Kind == chat.Pick {
		m := menu{CustomID: f.Name, Required: !f.Optional}
		for _, o := range options(f.Options) {
			m.Options = append(m.Options, option{Label: o.Label, Value: o.Value, Default: o.Value == f.Value})
		}
		if len(m.Options) == 0 {
			return nil
		}
		return m
	}
	limit := maxValue
	if f.Max > 0 {
		limit = min(f.Max, maxValue)
	}
	text := textInput{CustomID: f.Name, Style: discordgo.TextInputShort, Max: limit, Required: !f.Optional}
	value := oneLine(f.Value)
	if f.Kind == chat.Lines {
		text.Style = discordgo.TextInputParagraph
		value = strings.Trim(clean(f.Value), "\n")
	}
	text.Value = shorten(value, limit)
	return text
}

// The components that only modals know are not in discordgo, and its text
// input has a label of its own, which Discord refuses inside a [label].
// Source: https://docs.discord.com/developers/components/reference#label
type (
	label struct {
		Label     string                     `json:"label"`
		Component discordgo.MessageComponent `json:"component"`
	}
	textInput struct {
		CustomID string                   `json:"custom_id"`
		Style    discordgo.TextInputStyle `json:"style"`
		Value    string                   `json:"value,omitempty"`
		Max      int                      `json:"max_length"`
		Required bool                     `json:"required"`
	}
	menu struct {
		CustomID string   `json:"custom_id"`
		Options  []option `json:"options"`
		Required bool     `json:"required"`
	}
	option struct {
		Label   string `json:"label"`
		Value   string `json:"value"`
		Default bool   `json:"default,omitempty"`
	}
)

const labelComponent discordgo.ComponentType = 18

func (label) Type() discordgo.ComponentType     { return labelComponent }
func (textInput) Type() discordgo.ComponentType { return discordgo.TextInputComponent }
func (menu) Type() discordgo.ComponentType      { return discordgo.SelectMenuComponent }

// MarshalJSON adds the component's type.
func (l label) MarshalJSON() ([]byte, error) {
	type fields label
	return json.Marshal(struct {
		Type discordgo.ComponentType `json:"type"`
		fields
	}{l.Type(), fields(l)})
}

// MarshalJSON adds the component's type.
func (t textInput) MarshalJSON() ([]byte, error) {
	type fields textInput
	return json.Marshal(struct {
		Type discordgo.ComponentType `json:"type"`
		fields
	}{t.Type(), fields(t)})
}

// MarshalJSON adds the component's type.
func (m menu) MarshalJSON() ([]byte, error) {
	type fields menu
	return json.Marshal(struct {
		Type discordgo.ComponentType `json:"type"`
		fields
	}{m.Type(), fields(m)})
}
