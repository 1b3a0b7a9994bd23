package slacktest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"unicode/utf8"
)

// Limits of messages and views, in characters, unless they count things.
const (
	// maxText is what a message's text may hold at all, adviseText what it
	// should: the rest of Slack may cut it.
	// Source: https://docs.slack.dev/reference/methods/chat.postMessage
	maxText    = 40_000
	adviseText = 4000
	// Source: https://docs.slack.dev/reference/block-kit/blocks
	maxMessageBlocks = 50
	maxViewBlocks    = 100
	// maxAll is for all blocks together. The reference does not name it.
	// Source: https://github.com/slackapi/bolt-js/issues/2509
	maxAll = 13_200
	// maxMarkdown is for all markdown blocks of a message together.
	// Source: https://docs.slack.dev/reference/block-kit/blocks/markdown-block
	maxMarkdown = 12_000
	// maxID is for an action_id, a block_id and a callback_id.
	// Source: https://docs.slack.dev/reference/block-kit/block-elements
	maxID = 255
	// maxTitle is for a modal's title and its two buttons, maxPrivate for its
	// private_metadata.
	// Source: https://docs.slack.dev/reference/views/modal-views
	maxTitle   = 24
	maxPrivate = 3000
	// Source: https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
	maxInput = 3000
	// maxOptions is for a menu, and for what is suggested.
	// Source: https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
	maxOptions = 100
	// Source: https://docs.slack.dev/reference/block-kit/composition-objects/option-object
	maxOptionText  = 75
	maxOptionValue = 150
)

// longest is how many characters a part may hold, by the type of what it is a
// part of, and its name.
// Source: https://docs.slack.dev/reference/block-kit/blocks and
// https://docs.slack.dev/reference/block-kit/composition-objects
var longest = map[string]map[string]int{
	"header":           {"text": 150},
	"section":          {"text": 3000, "fields": 2000},
	"context":          {"elements": 3000},
	"image":            {"alt_text": 2000, "title": 2000, "image_url": 3000},
	"input":            {"label": 2000, "hint": 2000},
	"button":           {"text": 75, "value": 2000, "url": 3000, "accessibility_label": 75},
	"icon_button":      {"text": 75, "value": 2000, "accessibility_label": 75},
	"feedback":         {"text": 75, "value": 2000, "accessibility_label": 75},
	"static_select":    {"placeholder": 150},
	"external_select":  {"placeholder": 150},
	"users_select":     {"placeholder": 150},
	"plain_text_input": {"placeholder": 150, "initial_value": maxInput},
	"option":           {"text": maxOptionText, "value": maxOptionValue, "description": maxOptionText},
	"confirm":          {"title": 100, "text": 300, "confirm": 30, "deny": 30},
	"markdown":         {"text": maxMarkdown},
}

// most is how many things a part may have, likewise.
// Source: https://docs.slack.dev/reference/block-kit/blocks and
// https://docs.slack.dev/reference/block-kit/block-elements
var most = map[string]map[string]int{
	"actions":         {"elements": 25},
	"context":         {"elements": 10},
	"context_actions": {"elements": 5},
	"section":         {"fields": 10},
	"static_select":   {"options": maxOptions, "option_groups": maxOptions},
	"radio_buttons":   {"options": 10},
	"checkboxes":      {"options": 10},
	"overflow":        {"options": 5},
}

// A surfaceKind is where blocks are shown.
type surfaceKind string

const (
	messageSurface surfaceKind = "message"
	modalSurface   surfaceKind = "modal"
	homeSurface    surfaceKind = "home"
)

// An inspection looks at the blocks of one message or view.
type inspection struct {
	surface  surfaceKind
	faults   []string
	ids      map[string]bool
	markdown int
	field    bool // within an input block
}

func (i *inspection) fault(format string, args ...any) {
	i.faults = append(i.faults, fmt.Sprintf(format, args...))
}

// tooLong begins the fault of blocks that are too long together.
const tooLong = "all blocks together"

// inspect says what is wrong with blocks.
func inspect(blocks []object, surface surfaceKind) []string {
	i := &inspection{surface: surface, ids: map[string]bool{}}
	limit := maxViewBlocks
	if surface == messageSurface {
		limit = maxMessageBlocks
		if n := utf8.RuneCount(encode(blocks)); n > maxAll {
			i.fault("%s have %d characters", tooLong, n)
		}
	}
	if len(blocks) > limit {
		i.fault("%d blocks", len(blocks))
	}
	for _, b := range blocks {
		kind, _ := b["type"].(string)
		switch {
		case kind == "context_actions" && surface != messageSurface:
			i.fault("%s in a %s", kind, surface)
		case kind == "actions" || kind == "context" || kind == "context_actions" || kind == "rich_text":
			if list, _ := b["elements"].([]any); len(list) == 0 {
				i.fault("%s without elements", kind)
			}
		case kind == "section" && b["text"] == nil && b["fields"] == nil:
			i.fault("a section without text")
		}
		i.id("block_id", b["block_id"])
		i.field = kind == "input"
		i.part(kind, b)
	}
	if i.markdown > maxMarkdown {
		i.fault("markdown blocks of %d characters together", i.markdown)
	}
	return i.faults
}

// id checks an action_id or block_id, which must be the only one of its name.
func (i *inspection) id(name string, v any) {
	id, given := v.(string)
	if v == nil {
		return
	} else if !given {
		i.fault("%s is no text", name)
		return
	}
	if n := utf8.RuneCountInString(id); n > maxID || n == 0 {
		i.fault("%s of %d characters", name, n)
	}
	// A field's action_id is by itself in its block, which is enough.
	if i.ids[name+" "+id] && !(name == "action_id" && i.field) {
		i.fault("%s %q stands twice", name, id)
	}
	i.ids[name+" "+id] = true
}

// part checks something that has parts.
func (i *inspection) part(kind string, o object) {
	i.id("action_id", o["action_id"])
	for name, limit := range longest[kind] {
		i.length(kind+"."+name, o[name], limit)
	}
	for name, limit := range most[kind] {
		if list, _ := o[name].([]any); len(list) > limit {
			i.fault("%s with %d %s", kind, len(list), name)
		}
	}
	switch kind {
	case "markdown":
		text, _ := o["text"].(string)
		i.markdown += utf8.RuneCountInString(text)
	case "plain_text_input":
		if n, ok := o["max_length"].(float64); ok && (n < 1 || n > maxInput) {
			i.fault("max_length %v", n)
		}
	case "static_select", "radio_buttons", "overflow", "checkboxes":
		i.menu(kind, o)
	}
	for name, under := range map[string]string{"confirm": "confirm", "positive_button": "feedback", "negative_button": "feedback"} {
		if inner, ok := o[name].(object); ok && kind != "confirm" {
			i.part(under, inner)
		}
	}
	for _, name := range []string{"accessory", "element"} {
		if inner, ok := o[name].(object); ok {
			under, _ := inner["type"].(string)
			i.part(under, inner)
		}
	}
	if kind == "actions" || kind == "context_actions" {
		list, _ := o["elements"].([]any)
		for _, v := range list {
			if inner, ok := v.(object); ok {
				under, _ := inner["type"].(string)
				i.part(under, inner)
			}
		}
	}
}

// menu checks the options of a menu: each has a value of its own, and the
// initial one is among them.
func (i *inspection) menu(kind string, o object) {
	options := optionsOf(o)
	if len(options) == 0 {
		i.fault("%s without options", kind)
	}
	values := map[any]bool{}
	for _, option := range options {
		i.part("option", option)
		value, _ := option["value"].(string)
		if values[value] || value == "" && kind != "overflow" {
			i.fault("%s has the value %q twice, or none", kind, value)
		}
		values[value] = true
	}
	if first, ok := o["initial_option"].(object); ok && !slices.ContainsFunc(options, func(option object) bool { return reflect.DeepEqual(option, first) }) {
		i.fault("%s begins with an option it does not have", kind)
	}
}

// length checks a text, a text object, or a list of them.
func (i *inspection) length(name string, v any, limit int) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			if o, ok := one.(object); ok && o["text"] != nil {
				i.length(name, o, limit)
			}
		}
	case object:
		text, _ := v["text"].(string)
		if text == "" {
			i.fault("%s is empty", name)
		}
		i.length(name, text, limit)
	case string:
		if n := utf8.RuneCountInString(v); n > limit {
			i.fault("%s of %d characters", name, n)
		}
	}
}

// optionsOf are the options of a menu, in groups or not.
func optionsOf(o object) []object {
	var all []object
	take := func(list any) {
		options, _ := list.([]any)
		for _, v := range options {
			if option, ok := v.(object); ok {
				all = append(all, option)
			}
		}
	}
	take(o["options"])
	groups, _ := o["option_groups"].([]any)
	for _, g := range groups {
		if group, ok := g.(object); ok {
			take(group["options"])
		}
	}
	return all
}

// A placed element is one that people can use, in its block.
type placed struct {
	block, element object
}

// actions are all elements with an action_id, in order.
func actions(raw json.RawMessage) []placed {
	var blocks []object
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &blocks); err != nil {
			panic(err) // it was kept once it had been read
		}
	}
	var all []placed
	for _, b := range blocks {
		list, _ := b["elements"].([]any)
		for _, v := range append([]any{b["accessory"], b["element"]}, list...) {
			if o, ok := v.(object); ok && o["action_id"] != nil {
				all = append(all, placed{b, o})
			}
		}
	}
	return all
}

// interactive are the elements that get an action_id.
var interactive = []string{"button", "icon_button", "feedback_buttons", "static_select", "external_select", "radio_buttons", "checkboxes", "overflow", "plain_text_input", "users_select"}

// complete adds what Slack adds to blocks: ids, and what texts leave open. The
// server's lock is held.
func (s *Server) complete(blocks []object) json.RawMessage {
	kept := []any{}
	if err := json.Unmarshal(encode(blocks), &kept); err != nil { // a copy
		panic(err)
	}
	for _, v := range kept {
		if b, ok := v.(object); ok && b["block_id"] == nil {
			b["block_id"] = s.blockID()
		}
		s.completePart(v)
	}
	return encode(kept)
}

func (s *Server) completePart(v any) {
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			s.completePart(one)
		}
	case object:
		kind, _ := v["type"].(string)
		if slices.Contains(interactive, kind) && v["action_id"] == nil {
			v["action_id"] = s.blockID()
		}
		if _, given := v["emoji"]; kind == "plain_text" && !given {
			v["emoji"] = true
		}
		if _, given := v["verbatim"]; kind == "mrkdwn" && !given {
			v["verbatim"] = false
		}
		for _, one := range v {
			s.completePart(one)
		}
	}
}
