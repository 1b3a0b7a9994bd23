package bot

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/signpost-bot/signpost/bot/chat"
)

//go:embed words/*.yaml
var catalogues embed.FS

// Words says our sentences in the languages we have catalogues for. Each
// sentence stands in words/<language>.yaml, or in words/<area>.<language>.yaml
// if it belongs to an area of its own, under its id, which is there once; what
// is missing in a language is said in English.
type words struct {
	bundle  *i18n.Bundle
	matcher language.Matcher
	tags    []language.Tag
}

// Args are what a sentence is filled in with. Their values are put in as they
// are: no markup in them counts. A [chat.Text] keeps its own styles and times.
type args map[string]any

// newWords reads the catalogues, the first time it is called. They are part of
// the program, so whoever has them shares them.
var newWords = sync.OnceValues(func() (*words, error) {
	w := &words{bundle: i18n.NewBundle(language.English)}
	w.bundle.RegisterUnmarshalFunc("yaml", yaml.Unmarshal)
	for _, name := range []string{"en", "pt-BR", "es"} {
		for _, file := range catalogueFiles(name) {
			if _, err := w.bundle.LoadMessageFileFS(catalogues, file); err != nil {
				return nil, fmt.Errorf("read %s: %w", file, err)
			}
		}
		w.tags = append(w.tags, language.MustParse(name))
	}
	w.matcher = language.NewMatcher(w.tags)
	return w, nil
})

// catalogueFiles are the files with sentences in a language.
func catalogueFiles(lang string) []string {
	all, err := fs.Glob(catalogues, "words/*.yaml")
	if err != nil {
		panic(err) // the pattern is malformed
	}
	return slices.DeleteFunc(all, func(file string) bool {
		name := strings.TrimSuffix(path.Base(file), ".yaml")
		return name != lang && !strings.HasSuffix(name, "."+lang)
	})
}

// speak narrows a language tag to one that we have words in.
func (w *words) speak(tag string) string {
	wanted, err := language.Parse(tag)
	if err != nil {
		return w.tags[0].String()
	}
	_, i, _ := w.matcher.Match(wanted)
	return w.tags[i].String()
}

// has reports whether there is a sentence with this id.
func (w *words) find(lang, id string) (string, bool) {
	s, err := i18n.NewLocalizer(w.bundle, lang).Localize(&i18n.LocalizeConfig{MessageID: id})
	return s, err == nil
}

// line is a sentence without styles, for labels and forms.
func (w *words) line(lang, id string, a ...args) string { return w.say(lang, id, a...).String() }

// say is a sentence in a language. An argument N chooses the plural form. A
// sentence that does not exist is a mistake of ours: its id is shown.
func (w *words) say(lang, id string, a ...args) chat.Text {
	config := &i18n.LocalizeConfig{MessageID: id}
	texts := map[string]chat.Text{}
	if len(a) > 0 {
		data := make(map[string]any, len(a[0]))
		for name, value := range a[0] {
			switch v := value.(type) {
			case chat.Text:
				texts[name], data[name] = v, textBegins+name+textEnds
			case int:
				data[name] = v
				if name == "N" {
					config.PluralCount = v
				}
			default:
				data[name] = chat.EscapeBold(withoutMarks.Replace(fmt.Sprint(v)))
			}
		}
		config.TemplateData = data
	}
	s, err := i18n.NewLocalizer(w.bundle, lang).Localize(config)
	if err != nil {
		return chat.Plain(id)
	}
	return fill(chat.ParseBold(strings.TrimSpace(s)), texts)
}

// What stands for a text in a sentence until it is put there: runes that mean
// nothing, around its name.
const textBegins, textEnds = "\ue000", "\ue001"

// withoutMarks takes these runes out of strangers' words.
var withoutMarks = strings.NewReplacer(textBegins, "", textEnds, "")

// fill puts texts where a sentence has their names.
func fill(sentence chat.Text, texts map[string]chat.Text) chat.Text {
	if len(texts) == 0 {
		return sentence
	}
	var filled chat.Text
	for _, span := range sentence {
		for rest := span.Text; rest != ""; {
			before, after, marked := strings.Cut(rest, textBegins)
			if before != "" {
				piece := span
				piece.Text = before
				filled = append(filled, piece)
			}
			name, after, _ := strings.Cut(after, textEnds)
			if marked {
				filled = append(filled, texts[name]...)
			}
			rest = after
		}
	}
	return filled
}

// moment words a time by the day it is on, as seen from now, in their zone. A
// zone that nobody has chosen is named.
func (w *words) moment(lang string, at, now time.Time) string {
	date := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	clock := args{"Time": at.Format("15:04")}
	if at.Location() == time.UTC {
		clock["Time"] = at.Format("15:04 UTC")
	}
	switch days := int(date(at).Sub(date(now)) / (24 * time.Hour)); {
	case days == 0:
		return w.line(lang, "moment_today", clock)
	case days == 1:
		return w.line(lang, "moment_tomorrow", clock)
	case days == -1:
		return w.line(lang, "moment_yesterday", clock)
	case days > 1 && days < 7:
		clock["Day"] = w.line(lang, fmt.Sprintf("weekday_%d", at.Weekday()))
	case at.Year() == now.Year():
		clock["Day"] = at.Format(w.line(lang, "date_near"))
	default:
		clock["Day"] = at.Format(w.line(lang, "date_far"))
	}
	return w.line(lang, "moment_on", clock)
}

// ago words how long something has been, roughly: "3 minutes ago".
func (w *words) ago(lang string, d time.Duration) string {
	switch {
	case d < time.Minute:
		return w.line(lang, "ago_now")
	case d < time.Hour:
		return w.line(lang, "ago_minutes", args{"N": int(d.Minutes())})
	case d < 48*time.Hour:
		return w.line(lang, "ago_hours", args{"N": int(d.Hours())})
	}
	return w.line(lang, "ago_days", args{"N": int(d.Hours() / 24)})
}

// named is the label of an audience or topic: as configured, else as in the
// catalogue, else its name made readable.
func (w *words) named(lang, kind, name string, labels map[string]string) string {
	for _, tag := range []string{lang, strings.SplitN(lang, "-", 2)[0]} {
		if label := labels[tag]; label != "" {
			return label
		}
	}
	if label, ok := w.find(lang, kind+"_"+name); ok {
		return label
	}
	return capital(strings.NewReplacer("-", " ", "_", " ").Replace(name))
}

// lower is label inside a sentence: "Buyer" becomes "buyer", "FAQ" stays.
func lower(label string) string {
	first, size := utf8.DecodeRuneInString(label)
	if second, _ := utf8.DecodeRuneInString(label[size:]); unicode.IsUpper(second) {
		return label
	}
	return string(unicode.ToLower(first)) + label[size:]
}

func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// article is the English a or an before a word. The other languages' sentences
// do not use it.
func article(word string) string {
	if strings.ContainsAny(strings.ToLower(word[:min(1, len(word))]), "aeiou") {
		return "an"
	}
	return "a"
}
