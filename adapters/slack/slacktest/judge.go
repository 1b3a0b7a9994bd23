package slacktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A judge keeps what the app did that it should not have.
type judge struct {
	schemas map[string]*jsonschema.Schema // of blocks and views, by their type; nil: none

	mu    sync.Mutex
	found []string
	rang  []string
}

// Violations are what the app did that Slack would refuse, or that nobody
// wants: in the order it happened, each as a sentence that begins with the
// method.
func (s *Server) Violations() []string {
	s.judge.mu.Lock()
	defer s.judge.mu.Unlock()
	return slices.Clone(s.judge.found)
}

// Pings are all mentions in what the app sent that call somebody, as they
// stand in it. They are violations too.
func (s *Server) Pings() []string {
	s.judge.mu.Lock()
	defer s.judge.mu.Unlock()
	return slices.Clone(s.judge.rang)
}

// Schema reports whether Slack's types judge too.
func (s *Server) Schema() bool { return s.judge.schemas != nil }

func (j *judge) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.found = append(j.found, fmt.Sprintf(format, args...))
}

// open reads Slack's types from a file, or from where they are looked for.
func (j *judge) open(name string) {
	if name == "" {
		name = schemaFile()
	}
	var err error
	if j.schemas, err = schemas(name); err != nil {
		j.add("Slack's types cannot judge: %v", err)
	}
}

// schemaFile is where Slack's types are looked for: beside the repository,
// whose root has go.mod.
func schemaFile() string {
	shared := os.Getenv("SIGNPOST_SHARED")
	if shared == "" {
		dir, err := os.Getwd()
		for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				break
			}
		}
		shared = filepath.Join(dir, "..", "shared")
	}
	return filepath.Join(shared, "specs", "slack-blockkit.schema.json")
}

var compiled sync.Map // by file name: func() (map[string]*jsonschema.Schema, error)

// schemas are Slack's types in a file, read once. Nil: there is no file, and it
// is not needed.
func schemas(name string) (map[string]*jsonschema.Schema, error) {
	once, _ := compiled.LoadOrStore(name, sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
		raw, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		return compile(raw)
	}))
	return once.(func() (map[string]*jsonschema.Schema, error))()
}

// compile makes a schema of each type of block, and of the views.
func compile(raw []byte) (map[string]*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	root, _ := doc.(object)
	definitions, _ := root["definitions"].(object)
	part := func(o object, names ...string) object {
		for _, name := range names {
			o, _ = o[name].(object)
		}
		return o
	}
	// It allows 75 characters for an option's value, as Slack once did.
	option := part(definitions, "PlainTextOption", "properties", "value")
	if option == nil {
		return nil, errors.New("no PlainTextOption in the schema")
	}
	option["maxLength"] = json.Number(fmt.Sprint(maxOptionValue))

	c := jsonschema.NewCompiler()
	if err := c.AddResource("slack.json", doc); err != nil {
		return nil, err
	}
	all := map[string]*jsonschema.Schema{}
	wanted := []string{"#/definitions/ModalView", "#/definitions/HomeView"}
	known, _ := part(definitions, "KnownBlock")["anyOf"].([]any)
	for _, v := range known {
		if o, ok := v.(object); ok {
			reference, _ := o["$ref"].(string)
			wanted = append(wanted, reference)
		}
	}
	for _, reference := range wanted {
		kind, _ := part(definitions, strings.TrimPrefix(reference, "#/definitions/"), "properties", "type")["const"].(string)
		if all[kind], err = c.Compile("slack.json" + reference); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// mostSaid is how much of what a schema says is told, in bytes; ours.
const mostSaid = 500

// typed is what Slack's types say against something of a type.
func (j *judge) typed(kind string, v any) (fault string) {
	if j.schemas == nil {
		return ""
	}
	schema := j.schemas[kind]
	if schema == nil {
		return fmt.Sprintf("there is no type %q", kind)
	}
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(encode(v)))
	if err == nil {
		err = schema.Validate(plain)
	}
	if err == nil {
		return ""
	}
	text := strings.Join(strings.Fields(err.Error()), " ")
	return kind + ": " + text[:min(len(text), mostSaid)]
}

// blocks judges blocks, and says what is wrong with them.
func (j *judge) blocks(blocks []object, surface surfaceKind) []string {
	faults := inspect(blocks, surface)
	for _, b := range blocks {
		kind, _ := b["type"].(string)
		if fault := j.typed(kind, b); fault != "" {
			faults = append(faults, fault)
		}
		for _, ping := range pingsIn(b) {
			j.ping("blocks", ping)
		}
	}
	for _, fault := range faults {
		j.add("%s: %s", surface, fault)
	}
	return faults
}

// view judges a modal or a Home, and says what is wrong with it.
func (j *judge) view(request object) []string {
	kind, _ := request["type"].(string)
	var faults []string
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Sprintf(format, args...))
		j.add("%s: %s", kind, faults[len(faults)-1])
	}
	raw, _ := request["blocks"].([]any)
	var blocks []object
	for _, v := range raw {
		if b, ok := v.(object); ok {
			blocks = append(blocks, b)
		}
	}
	bare := object{}
	for name, v := range request {
		bare[name] = v
	}
	bare["blocks"] = []any{}
	if said := j.typed(kind, bare); said != "" {
		fault("%s", said)
	}
	for _, name := range []string{"title", "submit", "close"} {
		if o, ok := request[name].(object); ok {
			text, _ := o["text"].(string)
			if n := utf8.RuneCountInString(text); n < 1 || n > maxTitle {
				fault("%s of %d characters", name, n)
			}
		}
	}
	for name, limit := range map[string]int{"private_metadata": maxPrivate, "callback_id": maxID} {
		if text, _ := request[name].(string); utf8.RuneCountInString(text) > limit {
			fault("%s of %d characters", name, utf8.RuneCountInString(text))
		}
	}
	inputs := slices.ContainsFunc(blocks, func(b object) bool { return b["type"] == "input" })
	if kind == "modal" && inputs && request["submit"] == nil {
		fault("fields, and nothing to send them with")
	}
	return append(faults, j.blocks(blocks, surfaceKind(kind))...)
}

// options judges what the app suggests, and reports whether Slack shows it.
func (j *judge) options(where string, options []object) bool {
	i := &inspection{ids: map[string]bool{}}
	if len(options) > maxOptions {
		i.fault("%d options", len(options))
	}
	for _, o := range options {
		i.part("option", o)
		if text, _ := o["text"].(object); text == nil || text["type"] != "plain_text" {
			i.fault("an option without plain text")
		}
		if value, _ := o["value"].(string); value == "" {
			i.fault("an option without a value")
		}
	}
	for _, fault := range i.faults {
		j.add("%s: %s", where, fault)
	}
	return len(i.faults) == 0
}

// message judges what is beside the blocks of a message.
func (j *judge) message(method string, args object, blocks []object) {
	c := &call{args: args}
	text := c.text("text")
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		j.add("%s: no text beside the blocks", method)
	case n > adviseText:
		j.add("%s: text of %d characters", method, n)
	}
	public := c.text("response_type") == "in_channel" && !c.flag("replace_original")
	if method == "chat.postMessage" || public {
		for _, name := range []string{"unfurl_links", "unfurl_media"} {
			if c.text(name) != "false" {
				j.add("%s: %s is not false", method, name)
			}
		}
	}
	if parse := c.text("parse"); parse != "" && parse != "none" {
		j.add("%s: parse=%s", method, parse)
	}
	if names := c.text("link_names"); names != "" && names != "false" && names != "0" {
		j.add("%s: link_names=%s", method, names)
	}
	j.pings(method, text)
}

// mentions match what calls people in text that Slack parses.
// Source: https://docs.slack.dev/messaging/formatting-message-text
var mentions = regexp.MustCompile(`<(?:!(?:here|channel|everyone|subteam\^S[A-Z0-9]+)|@[UW][A-Z0-9]+)(?:\|[^>]*)?>`)

// pings judges the mentions in text that Slack parses.
func (j *judge) pings(where, text string) {
	for _, found := range mentions.FindAllString(text, -1) {
		j.ping(where, found)
	}
}

func (j *judge) ping(where, found string) {
	j.add("%s: pings %s", where, found)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rang = append(j.rang, found)
}

// pingsIn are the mentions in a block.
func pingsIn(v any) []string {
	var all []string
	switch v := v.(type) {
	case []any:
		for _, one := range v {
			all = append(all, pingsIn(one)...)
		}
	case object:
		switch text, _ := v["text"].(string); v["type"] {
		case "mrkdwn", "markdown":
			all = append(all, mentions.FindAllString(text, -1)...)
		case "user":
			all = append(all, fmt.Sprintf("<@%v>", v["user_id"]))
		case "usergroup":
			all = append(all, fmt.Sprintf("<!subteam^%v>", v["usergroup_id"]))
		case "broadcast":
			all = append(all, fmt.Sprintf("<!%v>", v["range"]))
		}
		for _, one := range v {
			all = append(all, pingsIn(one)...)
		}
	}
	return all
}
