package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// maxFile is how many bytes the file, or the file of a secret, may have.
const maxFile = 1 << 20

// Load reads the file at path, overlays the environment (as [os.Environ] gives
// it) and checks the result. An empty path means no file. What is set nowhere
// has its [Default]; a list that is set replaces the default list as a whole.
//
// SIGNPOST_<SECTION>_<KEY> overrides a key, such as SIGNPOST_REDIS_URL for
// redis.url; lists are divided by commas; a variable without text counts as not
// set. Desks, audiences, topics, persons and sources of imports come from the file
// only. Other variables that begin with SIGNPOST_ are mistakes, except
// SIGNPOST_CONFIG, SIGNPOST_IMPORT_KEY, SIGNPOST_SHARED and SIGNPOST_TEST_*.
//
// A secret may lie in a file of its own, named by the key with _file, without
// the line ends at its end. Paths are relative to the working directory.
//
// The error is nil or [Problems], and then the Config is not to be used.
func Load(path string, environ []string) (Config, error) {
	if path == "" {
		return load("", nil, environ)
	}
	data, err := read(path)
	if err != nil {
		return Config{}, Problems{{File: path, Message: fmt.Sprintf("cannot be read: %v; check its name and permissions", err)}}
	}
	return load(path, data, environ)
}

func load(file string, data []byte, environ []string) (Config, error) {
	c := Default()
	l := &loader{file: file, at: map[string]place{}}
	l.yaml(data, &c)
	l.environment(environ, &c)
	l.secrets(reflect.ValueOf(&c).Elem(), "")
	fill(&c)
	l.check(&c)
	if len(l.problems) > 0 {
		l.problems.sort()
		return Config{}, l.problems
	}
	return c, nil
}

// read returns what a file holds, without the path in the error.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err == nil {
		defer f.Close()
		var data []byte
		if data, err = io.ReadAll(io.LimitReader(f, maxFile+1)); err == nil {
			if len(data) > maxFile {
				return nil, errors.New("larger than 1 MiB")
			}
			return data, nil
		}
	}
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		err = e.Err
	}
	return nil, err
}

// A loader gathers values from their sources, and all that is wrong with them.
type loader struct {
	file     string
	at       map[string]place // where the value of a path, such as desks[0].name, was set
	problems Problems
}

// A place is where a value was set: a spot in the file, or a variable.
type place struct {
	file         string
	line, column int
}

// report adds a problem with the value of a path. A value that was not set is
// placed where the nearest one around it was.
func (l *loader) report(path, format string, args ...any) {
	at, found := l.at[path]
	for !found && path != "" {
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
		at, found = l.at[path]
	}
	if !found {
		at.file = l.file
	}
	l.problems = append(l.problems, Problem{at.file, at.line, at.column, fmt.Sprintf(format, args...)})
}

// environment sets what the variables name.
func (l *loader) environment(environ []string, c *Config) {
	values := map[string]reflect.Value{}
	paths := map[string]string{}
	var names []string
	var walk func(v reflect.Value, path string)
	walk = func(v reflect.Value, path string) {
		for key, field := range fields(v) {
			switch at := join(path, key); {
			case isSection(field.Type()):
				walk(field, at)
			case field.Kind() != reflect.Slice || field.Type().Elem().Kind() == reflect.String:
				name := "SIGNPOST_" + strings.ToUpper(strings.ReplaceAll(at, ".", "_"))
				values[name], paths[name] = field, at
				names = append(names, name)
			}
		}
	}
	walk(reflect.ValueOf(c).Elem(), "")
	slices.Sort(names)

	for _, variable := range environ {
		name, text, _ := strings.Cut(variable, "=")
		switch {
		case !strings.HasPrefix(name, "SIGNPOST_"), strings.HasPrefix(name, "SIGNPOST_TEST_"),
			slices.Contains([]string{"SIGNPOST_CONFIG", "SIGNPOST_SHARED", "SIGNPOST_IMPORT_KEY"}, name), text == "":
			continue
		case !slices.Contains(names, name):
			l.problems = append(l.problems, Problem{File: name, Message: "unknown variable; " + didYouMean(name, names)})
			continue
		}
		path, v := paths[name], values[name]
		l.at[path] = place{file: name}
		if v.Kind() != reflect.Slice {
			l.set(v, path, text)
			continue
		}
		var list []string
		for part := range strings.SplitSeq(text, ",") {
			list = append(list, strings.TrimSpace(part))
		}
		v.Set(reflect.ValueOf(list))
	}
}

// secrets reads the files that hold secrets.
func (l *loader) secrets(v reflect.Value, path string) {
	for key, field := range fields(v) {
		at := join(path, key)
		switch {
		case isSection(field.Type()):
			l.secrets(field, at)
		case field.Kind() == reflect.Slice && field.Type().Elem().Kind() == reflect.Struct:
			for i := range field.Len() {
				l.secrets(field.Index(i), fmt.Sprintf("%s[%d]", at, i))
			}
		case field.Type() == secretType:
			l.secret(v, field, path, key)
		}
	}
}

// secret reads one secret if its file is named.
func (l *loader) secret(section, field reflect.Value, path, key string) {
	var file string
	for sibling, v := range fields(section) {
		if sibling == key+"_file" {
			file = v.String()
		}
	}
	if file == "" {
		return
	}
	at := join(path, key+"_file")
	if field.Interface().(Secret).Reveal() != "" {
		l.report(at, "%s and %s_file are both set; remove one of the two", key, key)
		return
	}
	secret, err := ReadSecret(file)
	if err != nil {
		l.report(at, "%s_file %s %v", key, file, err)
		return
	}
	field.Set(reflect.ValueOf(secret))
}

// ReadSecret reads the file of a secret, without the line ends at its end. The
// error goes behind the file's name, and says how to mend it.
func ReadSecret(file string) (Secret, error) {
	data, err := read(file)
	text := strings.TrimRight(string(data), "\r\n")
	switch {
	case err != nil:
		return Secret{}, fmt.Errorf("cannot be read: %w; check its name and permissions", err)
	case text == "":
		return Secret{}, errors.New("is empty; write the secret there")
	case !utf8.ValidString(text):
		return Secret{}, errors.New("is not text; write the secret there as UTF-8")
	}
	return NewSecret(text), nil
}

// fill gives list items what their defaults say.
func fill(c *Config) {
	builtIn := Default().Audiences
	for i := range c.Audiences {
		a := &c.Audiences[i]
		for _, b := range builtIn {
			if a.Name == b.Name && a.Label == nil {
				a.Label = b.Label
			}
		}
	}
	for i := range c.Desks {
		d := &c.Desks[i]
		d.ShowNames, d.Assign = cmp.Or(d.ShowNames, "name"), cmp.Or(d.Assign, "claim")
		for j := range d.Levels {
			if d.Levels[j].Step == 0 {
				d.Levels[j].Step = 10 * time.Minute
			}
		}
		d.Report.Time = cmp.Or(d.Report.Time, "09:00")
	}
	for _, url := range []*string{&c.Slack.APIURL, &c.Discord.APIURL} {
		if *url != "" && !strings.HasSuffix(*url, "/") {
			*url += "/"
		}
	}
}
