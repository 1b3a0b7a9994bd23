package discordtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Types of components.
// Source: https://docs.discord.com/developers/components/reference#component-object-component-types
const (
	componentRow         = 1
	componentButton      = 2
	componentSelect      = 3
	componentInput       = 4
	componentUsers       = 5
	componentRoles       = 6
	componentMentionable = 7
	componentChannels    = 8
	componentSection     = 9
	componentText        = 10
	componentThumbnail   = 11
	componentGallery     = 12
	componentFile        = 13
	componentSeparator   = 14
	componentContainer   = 17
	componentLabel       = 18
	componentUpload      = 19
	componentRadio       = 21
)

// styleLink and stylePremium are buttons that the bot does not hear of.
const (
	styleLink    = 5
	stylePremium = 6
)

// Limits of messages and forms.
// Source: https://docs.discord.com/developers/components/reference
const (
	maxContent     = 2000 // Source: https://docs.discord.com/developers/resources/message#create-message
	maxComponents  = 40
	maxShown       = 4000 // characters, in all that a message of components shows
	maxRows        = 5
	maxButtons     = 5
	maxOptions     = 25
	maxID          = 100
	maxLabel       = 80
	maxPlaceholder = 150
	maxOption      = 100
	maxInput       = 4000
	maxTexts       = 3    // of a section
	maxURL         = 512  // of a button
	maxEmbedded    = 6000 // Source: https://docs.discord.com/developers/resources/message#embed-object-embed-limits
	// Source: https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-modal
	maxTitle      = 45
	maxFields     = 5
	maxFieldLabel = 45
)

// A part is a component, as it travels.
type part struct {
	ID          int      `json:"id"`
	Type        int      `json:"type"`
	CustomID    *string  `json:"custom_id"`
	Style       int      `json:"style"`
	Label       *string  `json:"label"`
	URL         string   `json:"url"`
	Disabled    bool     `json:"disabled"`
	Placeholder string   `json:"placeholder"`
	Content     string   `json:"content"`
	Value       string   `json:"value"`
	Required    *bool    `json:"required"`
	MinLength   int      `json:"min_length"`
	MaxLength   *int     `json:"max_length"`
	MinValues   *int     `json:"min_values"`
	MaxValues   *int     `json:"max_values"`
	Options     []choice `json:"options"`
	Components  []part   `json:"components"`
	Component   *part    `json:"component"`
	Accessory   *part    `json:"accessory"`
	Emoji       any      `json:"emoji"`
	File        *media   `json:"file"`
	Media       *media   `json:"media"`
	Items       []struct {
		Media media `json:"media"`
	} `json:"items"`
}

type media struct {
	URL string `json:"url"`
}

type choice struct {
	Label       string `json:"label"`
	Value       string `json:"value"`
	Description string `json:"description"`
	Default     bool   `json:"default"`
}

func (p part) id() string {
	if p.CustomID == nil {
		return ""
	}
	return *p.CustomID
}

// menu reports whether something is chosen with the component.
func (p part) menu() bool {
	return p.Type == componentSelect || p.Type >= componentUsers && p.Type <= componentChannels
}

// An inspection looks for what is wrong with components.
type inspection struct {
	v2     bool
	form   bool
	faults []fault
	ids    map[string]bool
	count  int
	shown  int
	files  []string // that are referred to
}

func (i *inspection) fault(path []string, code, format string, args ...any) {
	i.faults = append(i.faults, fault{slices.Clone(path), code, fmt.Sprintf(format, args...)})
}

// length checks how long a text is, in characters.
func (i *inspection) length(path []string, name, text string, least, most int) {
	if n := utf8.RuneCountInString(text); n < least || n > most {
		i.fault(append(path, name), "BASE_TYPE_BAD_LENGTH", "Must be between %d and %d in length.", least, most)
	}
}

// inspect looks at the components of a message.
func inspect(raw json.RawMessage, v2 bool) *inspection {
	i := &inspection{v2: v2, ids: map[string]bool{}}
	path := []string{"components"}
	var top []part
	if len(raw) > 0 && json.Unmarshal(raw, &top) != nil {
		i.fault(path, "BASE_TYPE_BAD_TYPE", "Could not interpret the value.")
		return i
	}
	if !v2 && len(top) > maxRows {
		i.fault(path, "BASE_TYPE_MAX_LENGTH", "Must be %d or fewer in length.", maxRows)
	}
	for n, p := range top {
		at := append(path, strconv.Itoa(n))
		switch {
		case p.Type == componentRow:
		case v2 && slices.Contains([]int{componentSection, componentText, componentGallery, componentFile, componentSeparator, componentContainer}, p.Type):
		default:
			i.fault(append(at, "type"), "UNION_TYPE_CHOICES", "Value of field \"type\" must be another.")
		}
		i.part(at, p)
	}
	if i.count > maxComponents {
		i.fault(path, "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "The total number of components cannot exceed %d.", maxComponents)
	}
	if i.shown > maxShown {
		i.fault(path, "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", "Displayable text size exceeds maximum size of %d.", maxShown)
	}
	return i
}

// part looks at a component and those in it.
func (i *inspection) part(path []string, p part) {
	path = slices.Clone(path)
	i.count++
	if p.CustomID != nil {
		i.length(path, "custom_id", *p.CustomID, 1, maxID)
		if i.ids[*p.CustomID] {
			i.fault(append(path, "custom_id"), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated.")
		}
		i.ids[*p.CustomID] = true
	}
	least, most, allowed := 0, 0, []int{}
	switch p.Type {
	case componentRow:
		least, most, allowed = 1, maxButtons, []int{componentButton, componentSelect, componentUsers, componentRoles, componentMentionable, componentChannels}
		if i.form {
			most, allowed = 1, []int{componentInput}
		}
		if len(p.Components) > 1 && slices.ContainsFunc(p.Components, part.menu) {
			i.fault(append(path, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The row is too wide.")
		}
	case componentButton:
		i.button(path, p)
	case componentSelect, componentRadio:
		i.choices(path, p)
	case componentInput:
		limit := maxInput
		if p.MaxLength != nil {
			limit = *p.MaxLength
		}
		if limit < 1 || limit > maxInput || p.MinLength > limit {
			i.fault(append(path, "max_length"), "NUMBER_TYPE_MAX", "int value should be between 1 and %d.", maxInput)
		}
		i.length(path, "value", p.Value, 0, limit)
	case componentSection:
		least, most, allowed = 1, maxTexts, []int{componentText}
		if p.Accessory == nil || p.Accessory.Type != componentButton && p.Accessory.Type != componentThumbnail {
			i.fault(append(path, "accessory"), "BASE_TYPE_REQUIRED", "This field is required.")
		}
	case componentText:
		i.length(path, "content", p.Content, 1, maxShown)
		i.shown += utf8.RuneCountInString(p.Content)
		if strings.TrimSpace(p.Content) == "" {
			i.fault(append(path, "content"), "BASE_TYPE_REQUIRED", "This field is required.")
		}
	case componentThumbnail, componentGallery, componentFile:
		for _, m := range []*media{p.File, p.Media} {
			if m != nil {
				i.files = append(i.files, m.URL)
			}
		}
		for _, item := range p.Items {
			i.files = append(i.files, item.Media.URL)
		}
	case componentContainer:
		least, most, allowed = 1, maxComponents, []int{componentRow, componentText, componentSection, componentGallery, componentSeparator, componentFile}
	}
	if p.menu() {
		i.length(path, "placeholder", p.Placeholder, 0, maxPlaceholder)
		if p.CustomID == nil {
			i.fault(append(path, "custom_id"), "BASE_TYPE_REQUIRED", "This field is required.")
		}
	}
	if n := len(p.Components); n < least || n > most {
		i.fault(append(path, "components"), "BASE_TYPE_BAD_LENGTH", "Must be between %d and %d in length.", least, most)
	}
	for n, inner := range p.Components {
		at := append(append(path, "components"), strconv.Itoa(n))
		if !slices.Contains(allowed, inner.Type) {
			i.fault(append(at, "type"), "UNION_TYPE_CHOICES", "Value of field \"type\" must be another.")
		}
		i.part(at, inner)
	}
	if p.Accessory != nil {
		i.part(append(path, "accessory"), *p.Accessory)
	}
	if p.Component != nil {
		i.part(append(path, "component"), *p.Component)
	}
}

func (i *inspection) button(path []string, p part) {
	if p.Label != nil {
		i.length(path, "label", *p.Label, 0, maxLabel)
	}
	if (p.Label == nil || *p.Label == "") && p.Emoji == nil && p.Style != stylePremium {
		i.fault(append(path, "label"), "BUTTON_COMPONENT_REQUIRED", "A button must have a label or an emoji.")
	}
	switch {
	case p.Style == styleLink:
		i.length(path, "url", p.URL, 1, maxURL)
		if p.CustomID != nil {
			i.fault(append(path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A custom id and url cannot both be specified.")
		}
	case p.Style < 1 || p.Style > stylePremium:
		i.fault(append(path, "style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}.")
	case p.CustomID == nil && p.Style != stylePremium:
		i.fault(append(path, "custom_id"), "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A custom id is required.")
	}
}

func (i *inspection) choices(path []string, p part) {
	path = append(path, "options")
	if n := len(p.Options); n < 1 || n > maxOptions {
		i.fault(path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and %d in length.", maxOptions)
	}
	seen, chosen := map[string]bool{}, 0
	for n, o := range p.Options {
		at := append(path, strconv.Itoa(n))
		i.length(at, "label", o.Label, 1, maxOption)
		i.length(at, "value", o.Value, 1, maxOption)
		i.length(at, "description", o.Description, 0, maxOption)
		if seen[o.Value] {
			i.fault(append(at, "value"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The specified option value is already used.")
		}
		seen[o.Value] = true
		if o.Default {
			chosen++
		}
	}
	most := 1
	if p.MaxValues != nil {
		most = *p.MaxValues
	}
	if chosen > most {
		i.fault(path, "SELECT_COMPONENT_TOO_MANY_DEFAULT_OPTIONS", "Too many options are chosen beforehand.")
	}
}

// inspectForm looks at a modal.
func inspectForm(f form) *inspection {
	i := &inspection{form: true, ids: map[string]bool{}}
	i.length(nil, "title", f.Title, 1, maxTitle)
	i.length(nil, "custom_id", f.CustomID, 1, maxID)
	path := []string{"components"}
	var top []part
	if json.Unmarshal(f.Components, &top) != nil || len(top) < 1 || len(top) > maxFields {
		i.fault(path, "BASE_TYPE_BAD_LENGTH", "Must be between 1 and %d in length.", maxFields)
	}
	for n, p := range top {
		at := append(path, strconv.Itoa(n))
		switch p.Type {
		case componentLabel:
			label := ""
			if p.Label != nil {
				label = *p.Label
			}
			i.length(at, "label", label, 1, maxFieldLabel)
			if p.Component == nil {
				i.fault(append(at, "component"), "BASE_TYPE_REQUIRED", "This field is required.")
			} else if p.Component.Type == componentInput && p.Component.Label != nil {
				i.fault(append(at, "component", "label"), "COMPONENT_LABEL", "A text input in a label has none of its own.")
			}
		case componentRow:
			for _, inner := range p.Components {
				if inner.Label == nil {
					i.fault(append(at, "components", "0", "label"), "BASE_TYPE_REQUIRED", "This field is required.")
				} else {
					i.length(at, "label", *inner.Label, 1, maxFieldLabel)
				}
			}
		case componentText:
		default:
			i.fault(append(at, "type"), "UNION_TYPE_CHOICES", "Value of field \"type\" must be another.")
		}
		i.part(at, p)
	}
	return i
}

// completed is what Discord adds to a component that does not say so itself.
var completed = map[int]object{
	componentButton:      {"disabled": false},
	componentSelect:      {"min_values": 1, "max_values": 1, "disabled": false},
	componentUsers:       {"min_values": 1, "max_values": 1, "disabled": false},
	componentRoles:       {"min_values": 1, "max_values": 1, "disabled": false},
	componentMentionable: {"min_values": 1, "max_values": 1, "disabled": false},
	componentChannels:    {"min_values": 1, "max_values": 1, "disabled": false},
	componentThumbnail:   {"description": nil, "spoiler": false},
	componentFile:        {"spoiler": false, "name": nil, "size": nil},
	componentSeparator:   {"spacing": 1, "divider": true},
	componentContainer:   {"accent_color": nil, "spoiler": false},
}

// complete is components as Discord keeps them: each with a number and all that
// it adds, and files with their addresses.
func complete(raw json.RawMessage, address func(name string) object) json.RawMessage {
	var top []any
	if len(raw) == 0 || json.Unmarshal(raw, &top) != nil {
		return nil
	}
	n := 0
	var walk func(v any)
	resolve := func(o object) {
		u, _ := o["url"].(string)
		if name, ours := strings.CutPrefix(u, "attachment://"); ours {
			for k, v := range address(name) {
				o[k] = v
			}
		}
	}
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, one := range v {
				walk(one)
			}
		case object:
			if kind, component := v["type"].(float64); component {
				n++
				if id, _ := v["id"].(float64); id == 0 {
					v["id"] = n
				}
				for name, value := range completed[int(kind)] {
					if v[name] == nil {
						v[name] = value
					}
				}
			}
			for _, name := range []string{"components", "component", "accessory", "items"} {
				walk(v[name])
			}
			for _, name := range []string{"file", "media"} {
				if o, ok := v[name].(object); ok {
					resolve(o)
					for _, known := range []string{"name", "size"} {
						if _, named := v[known]; named && o[known] != nil {
							v[known] = o[known]
						}
					}
				}
			}
		}
	}
	walk(top)
	return encode(top)
}
