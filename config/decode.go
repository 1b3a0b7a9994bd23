package config

import (
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

var (
	secretType   = reflect.TypeFor[Secret]()
	durationType = reflect.TypeFor[time.Duration]()
)

// fields are the keys of a section, and their values.
func fields(section reflect.Value) iter.Seq2[string, reflect.Value] {
	return func(yield func(string, reflect.Value) bool) {
		for i := range section.NumField() {
			if !yield(section.Type().Field(i).Tag.Get("yaml"), section.Field(i)) {
				return
			}
		}
	}
}

// isSection says whether t holds keys of its own.
func isSection(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != secretType
}

// keys are the names of the fields of a section.
func keys(section reflect.Value) []string {
	var names []string
	for key := range fields(section) {
		names = append(names, key)
	}
	return names
}

// name is the last key of a path: agents of desks[0].agents[1].
func name(path string) string {
	if path == "" {
		return "the file"
	}
	path, _, _ = strings.Cut(path[strings.LastIndexByte(path, '.')+1:], "[")
	return path
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// yaml sets what a file names. The decoder of the YAML package stops at the
// first mistake; this one walks the tree and finds them all.
func (l *loader) yaml(data []byte, c *Config) {
	l.at[""] = place{file: l.file}
	if !utf8.Valid(data) {
		l.report("", "is not UTF-8; save the file as UTF-8")
		return
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		message := err.Error()
		if e := yaml.Error(nil); errors.As(err, &e) {
			message = e.GetMessage()
			if token := e.GetToken(); token != nil {
				l.at[""] = place{l.file, token.Position.Line, token.Position.Column}
			}
		}
		l.report("", "is not YAML: %s; mend this line, or put its value in quotes", message)
		return
	}
	if len(file.Docs) > 1 {
		l.report("", "holds %d YAML documents; keep one", len(file.Docs))
		return
	}
	for _, doc := range file.Docs {
		if doc.Body != nil {
			l.decode(doc.Body, reflect.ValueOf(c).Elem(), "")
		}
	}
}

// decode sets v, which is at path, to what node says. A key without a value
// counts as not set.
func (l *loader) decode(node ast.Node, v reflect.Value, path string) {
	if _, null := node.(*ast.NullNode); null {
		return
	}
	token := node.GetToken()
	mapping, isMap := node.(*ast.MappingNode)
	if isMap && len(mapping.Values) > 0 && !mapping.IsFlowStyle {
		token = mapping.Values[0].Key.GetToken() // its own is the first colon
	}
	l.at[path] = place{l.file, token.Position.Line, token.Position.Column}

	switch {
	case isSection(v.Type()):
		if !isMap {
			l.report(path, "%s takes keys of its own, each on a line: %s", name(path), strings.Join(keys(v), ", "))
			return
		}
		values := map[string]reflect.Value{}
		for key, field := range fields(v) {
			values[key] = field
		}
		l.entries(mapping, path, keys(v), func(key string, value ast.Node) {
			l.decode(value, values[key], join(path, key))
		})
	case v.Kind() == reflect.Map:
		if !isMap {
			l.report(path, "%s takes a text for each language, such as {en: Buyer}", name(path))
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		l.entries(mapping, path, nil, func(key string, value ast.Node) {
			text := reflect.New(v.Type().Elem()).Elem()
			l.decode(value, text, join(path, key))
			v.SetMapIndex(reflect.ValueOf(key), text)
		})
	case v.Kind() == reflect.Slice:
		sequence, ok := node.(*ast.SequenceNode)
		if !ok {
			l.report(path, "%s is a list; write [a, b], or one item a line after a dash", name(path))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(sequence.Values), len(sequence.Values)))
		for i, item := range sequence.Values {
			at := fmt.Sprintf("%s[%d]", path, i)
			if _, null := item.(*ast.NullNode); null {
				l.report(path, "item %d of %s is empty; give it a value or remove it", i+1, name(path))
				continue
			}
			l.decode(item, v.Index(i), at)
		}
	default:
		if text, ok := scalar(node); ok {
			l.set(v, path, text)
		} else {
			l.report(path, "%s takes one value, not a list, keys, an anchor or a tag; write it out", name(path))
		}
	}
}

// entries visits each key of a mapping once, and reports those that are given
// twice or are not among the choices; no choices allow any.
func (l *loader) entries(mapping *ast.MappingNode, path string, choices []string, visit func(key string, value ast.Node)) {
	seen := map[string]int{}
	for _, entry := range mapping.Values {
		token := entry.Key.GetToken()
		key, line := token.Value, token.Position.Line
		wrong := ""
		switch first, twice := seen[key]; {
		case choices != nil && !slices.Contains(choices, key):
			wrong = fmt.Sprintf("unknown key %q; %s", key, didYouMean(key, choices))
		case twice:
			wrong = fmt.Sprintf("key %q is already on line %d; remove one of the two", key, first)
		default:
			seen[key] = line
			visit(key, entry.Value)
			continue
		}
		l.problems = append(l.problems, Problem{l.file, line, token.Position.Column, wrong})
	}
}

// scalar is the text of a plain value as it was written, so that 0123 stays so.
func scalar(node ast.Node) (string, bool) {
	switch node := node.(type) {
	case *ast.LiteralNode:
		return node.Value.Value, true
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return node.GetToken().Value, true
	}
	return "", false
}

// set gives v, which is at path, the value that text stands for. A text that
// stands for none is reported and leaves v as it is.
func (l *loader) set(v reflect.Value, path, text string) {
	wrong := func(mend string) { l.report(path, "%s %q is not %s", name(path), text, mend) }
	switch {
	case v.Type() == secretType:
		v.Set(reflect.ValueOf(NewSecret(text)))
	case v.Type() == durationType:
		if d, err := parseSpan(text); err != nil {
			wrong("a span of time; write it such as 30s, 5m, 48h or 14d")
		} else {
			v.SetInt(int64(d))
		}
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		if text != "true" && text != "false" {
			wrong("a yes or no; write true or false")
		} else {
			v.SetBool(text == "true")
		}
	case v.Kind() == reflect.Int:
		if i, err := strconv.Atoi(text); err != nil {
			wrong("a whole number; write it such as 3")
		} else {
			v.SetInt(int64(i))
		}
	case v.Kind() == reflect.Float64:
		if f, err := strconv.ParseFloat(text, 64); err != nil {
			wrong("a number; write it such as 0.5")
		} else {
			v.SetFloat(f)
		}
	default:
		panic("config: no rule for " + v.Type().String()) // a new kind of field
	}
}
