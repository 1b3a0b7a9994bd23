package discordtest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A judge keeps what the bot did that it should not have.
type judge struct {
	spec *spec // nil: none

	mu    sync.Mutex
	found []string
	rang  []string
}

// Violations are what the bot did that Discord would refuse, or that nobody
// wants: in the order it happened, each as a sentence that begins with the
// method and route.
func (s *Server) Violations() []string {
	s.judge.mu.Lock()
	defer s.judge.mu.Unlock()
	return slices.Clone(s.judge.found)
}

// Pings are all mentions in what the bot sent that call somebody, as they stand
// in it. They are no violations: an invitation into a thread may be one.
func (s *Server) Pings() []string {
	s.judge.mu.Lock()
	defer s.judge.mu.Unlock()
	return slices.Clone(s.judge.rang)
}

// Spec reports whether Discord's description of its API judges too.
func (s *Server) Spec() bool { return s.judge.spec != nil }

func (j *judge) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.found = append(j.found, fmt.Sprintf(format, args...))
}

func (j *judge) ping(found string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.rang = append(j.rang, found)
}

// open reads the description of the API from a file, or from where it is looked
// for.
func (j *judge) open(name string) {
	if name == "" {
		name = shared("discord-openapi.json")
	}
	var err error
	if j.spec, err = readSpec(name); err != nil {
		j.add("Discord's description cannot judge: %v", err)
	}
}

// shared is where a specification is looked for: beside the repository, whose
// root has go.mod.
func shared(name string) string {
	dir := os.Getenv("SIGNPOST_SHARED")
	if dir == "" {
		root, err := os.Getwd()
		for ; err == nil && root != filepath.Dir(root); root = filepath.Dir(root) {
			if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
				break
			}
		}
		dir = filepath.Join(root, "..", "shared")
	}
	return filepath.Join(dir, "specs", name)
}

// A spec is Discord's description of its API. What it says of a route is
// compiled when the route is first called.
type spec struct {
	paths object

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	bodies   map[string]*jsonschema.Schema
}

// specAddress names the description; nothing is fetched there.
const specAddress = "https://docs.discord.com/openapi.json"

var specs sync.Map // by file name: func() (*spec, error)

// readSpec reads a description once. Nil: there is no file, and it is not
// needed.
func readSpec(name string) (*spec, error) {
	once, _ := specs.LoadOrStore(name, sync.OnceValues(func() (*spec, error) {
		raw, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "" {
			return nil, nil
		} else if err != nil {
			return nil, err
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		root, _ := doc.(object)
		paths, _ := root["paths"].(object)
		if paths == nil {
			return nil, fmt.Errorf("%s has no paths", name)
		}
		loosen(within(root, "components", "schemas"))
		c := jsonschema.NewCompiler()
		return &spec{paths: paths, compiler: c, bodies: map[string]*jsonschema.Schema{}}, c.AddResource(specAddress, doc)
	}))
	return once.(func() (*spec, error))()
}

// loosen lets a command's permissions be words, as the reference has them and
// Discord takes them; the description knows only numbers.
// Source: https://docs.discord.com/developers/interactions/application-commands#application-command-object
func loosen(schemas object) {
	for _, v := range schemas {
		o, _ := v.(object)
		if p := within(o, "properties", "default_member_permissions"); p != nil {
			if kinds, ok := p["type"].([]any); ok && !slices.Contains(kinds, any("string")) {
				p["type"] = append(kinds, "string")
			}
		}
	}
}

// within is what lies in an object, nil if it does not.
func within(o object, names ...string) object {
	for _, name := range names {
		o, _ = o[name].(object)
	}
	return o
}

// schema is what the part of the description at some names says, nil if there is
// no such part.
func (p *spec) schema(names ...string) (*jsonschema.Schema, error) {
	if within(p.paths, names...) == nil {
		return nil, nil
	}
	pointer := "/paths"
	for _, name := range names {
		name = strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
		pointer += "/" + url.PathEscape(name)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.bodies[pointer]; ok {
		return known, nil
	}
	schema, err := p.compiler.Compile(specAddress + "#" + pointer)
	if err == nil {
		p.bodies[pointer] = schema
	}
	return schema, err
}

// request holds a request against the description. The lock is held.
func (j *judge) request(c *call) error {
	if j.spec == nil {
		return nil
	}
	verb := strings.ToLower(c.method)
	operation := within(j.spec.paths, c.route, verb)
	if operation == nil {
		return nil // it will be refused anyway
	}
	known := map[string]bool{}
	for _, of := range []object{within(j.spec.paths, c.route), operation} {
		list, _ := of["parameters"].([]any)
		for _, v := range list {
			o, _ := v.(object)
			if name, _ := o["name"].(string); o["in"] == "query" {
				known[name] = true
			}
		}
	}
	for name := range c.r.URL.Query() {
		if !known[name] {
			c.judge("there is no parameter %s", name)
		}
	}
	switch expects := operation["requestBody"] != nil; {
	case !expects && len(c.raw) > 0 && string(c.raw) != "null":
		c.judge("a body where none is taken")
		return nil
	case !expects:
		return nil
	case len(c.raw) == 0 && len(c.files) == 0:
		return invalidForm(fault{[]string{"_errors"}, "BASE_TYPE_REQUIRED", "A body is required."})
	case len(c.raw) == 0:
		return nil
	}
	schema, err := j.spec.schema(c.route, verb, "requestBody", "content", "application/json", "schema")
	if err != nil {
		return fmt.Errorf("the description of %s: %w", c.route, err)
	}
	return against(schema, c.raw)
}

// against holds JSON against a schema, and refuses it with the deepest of what
// is said against it: of several things that something may be, that is the one
// it nearly is.
func against(schema *jsonschema.Schema, raw []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return refuse(http.StatusBadRequest, codeJSON, "The request body contains invalid JSON.")
	}
	err = schema.Validate(v)
	var wrong *jsonschema.ValidationError
	if !errors.As(err, &wrong) {
		return err
	}
	deepest := wrong
	var look func(e *jsonschema.ValidationError)
	look = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 && (len(deepest.Causes) > 0 || len(e.InstanceLocation) > len(deepest.InstanceLocation)) {
			deepest = e
		}
		for _, cause := range e.Causes {
			look(cause)
		}
	}
	look(wrong)
	_, said, found := strings.Cut(deepest.Error(), "': ")
	if !found {
		said = deepest.Error()
	}
	return invalidForm(fault{append([]string{}, deepest.InstanceLocation...), "SPECIFICATION", strings.Join(strings.Fields(said), " ")})
}
