package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/config"
	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/audience"
)

type askCommand struct {
	JSON      bool     `help:"Print JSON." name:"json"`
	Why       bool     `help:"Say why it is answered so."`
	Knowledge string   `help:"Folder of articles, instead of the configured one." placeholder:"DIR"`
	Audience  string   `help:"Who asks: one of the configured audiences." placeholder:"NAME"`
	Lang      string   `help:"Language of the person, if known, such as pt-BR." placeholder:"LANG"`
	Question  []string `arg:"" help:"The question, in plain words."`
}

// answered is the answer to a question as JSON.
type answered struct {
	Level      knowledge.Level `json:"level"`
	Confidence float64         `json:"confidence"`
	Lang       knowledge.Lang  `json:"lang"`
	Audience   guessed         `json:"audience"`
	Matches    []matched       `json:"matches"`

	Why *knowledge.Explanation `json:"why,omitempty"`
}

type guessed struct {
	Name       string   `json:"name"` // empty: unclear
	Confidence float64  `json:"confidence"`
	Why        []string `json:"why"`
}

type matched struct {
	ID       knowledge.ArticleID `json:"id"`
	Title    string              `json:"title"`
	URL      string              `json:"url"`
	Lang     knowledge.Lang      `json:"lang"`
	Audience []string            `json:"audience"`
	Topic    string              `json:"topic"`
	Section  string              `json:"section"`
	Passage  string              `json:"passage"`
	Score    float64             `json:"score"`
	Also     []mentioned         `json:"also,omitempty"` // nearly the same, for the same people
}

type mentioned struct {
	ID    knowledge.ArticleID `json:"id"`
	Title string              `json:"title"`
	URL   string              `json:"url"`
}

// Run asks the library one question.
func (o *askCommand) Run(ctx context.Context, c *cli, s streams) error {
	list, cfg, err := openArticles(c, o.Knowledge)
	if err != nil {
		return err
	}
	q := knowledge.Question{Text: strings.Join(o.Question, " "), Locale: knowledge.Lang(o.Lang), Limit: cfg.Answers.Articles}
	if o.Audience != "" && !askAs(&q, o.Audience, cfg) {
		return fmt.Errorf("there is no audience %q in the configuration; use one of %s", o.Audience, strings.Join(audienceNames(cfg), ", "))
	}
	server := consult(ctx, cfg, list, s.err)
	defer hangUp(server)
	library := knowledge.NewLibrary(list, rules(cfg, server))
	ans, err := library.Find(ctx, q)
	if err != nil {
		return err
	}
	result := answeredBy(ans)
	if o.Why {
		explanation, err := library.Explain(ctx, q)
		if err != nil {
			return err
		}
		if !o.JSON {
			return printWhy(s.out, explanation, cmp.Or(o.Lang, cfg.Languages[0]), behaviour(cfg))
		}
		result.Why = &explanation
	}
	if o.JSON {
		encoder := json.NewEncoder(s.out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(result)
	}
	return result.print(s.out)
}

// printWhy writes why a question is answered as it is, a paragraph a line.
func printWhy(w io.Writer, e knowledge.Explanation, lang string, settings bot.Settings) error {
	paragraphs, err := bot.Explain(e, lang, settings)
	if err != nil {
		return err
	}
	for _, p := range paragraphs {
		if _, err := fmt.Fprintln(w, p); err != nil {
			return err
		}
	}
	return nil
}

// askAs makes q that of someone of the named audience, who may see its private
// articles, too. It reports whether there is such an audience.
func askAs(q *knowledge.Question, name string, cfg config.Config) bool {
	for _, a := range cfg.Audiences {
		if a.Name != name {
			continue
		}
		q.Known = []audience.Evidence{{Audience: name, Source: audience.Chosen}}
		if a.Private {
			q.Private = []string{name}
		}
		return true
	}
	return false
}

func audienceNames(cfg config.Config) []string {
	var names []string
	for _, a := range cfg.Audiences {
		names = append(names, a.Name)
	}
	return names
}

func answeredBy(ans knowledge.Answer) answered {
	a := answered{
		Level: ans.Level, Confidence: ans.Confidence, Lang: ans.Lang,
		Audience: guessed{Name: ans.Audience.Name, Confidence: ans.Audience.Confidence, Why: []string{}},
		Matches:  []matched{},
	}
	for _, why := range ans.Audience.Why {
		a.Audience.Why = append(a.Audience.Why, why.String())
	}
	for _, m := range ans.Matches {
		section, url := "", m.Article.URL
		if m.Section != nil {
			section = m.Section.Heading
			if m.Section.Anchor != "" {
				url += "#" + m.Section.Anchor
			}
		}
		var also []mentioned
		for _, other := range m.Also {
			also = append(also, mentioned{other.ID, other.Title, other.URL})
		}
		a.Matches = append(a.Matches, matched{
			ID: m.Article.ID, Title: m.Article.Title, URL: url, Lang: m.Article.Lang, Audience: m.Article.Audiences,
			Topic: m.Article.Topic, Section: section, Passage: m.Passage, Score: m.Score, Also: also,
		})
	}
	return a
}

// print writes the answer for a person at a terminal.
func (a answered) print(w io.Writer) error {
	who := a.Audience.Name
	if who == "" {
		who = "unclear"
	}
	if len(a.Audience.Why) > 0 {
		who += " (" + strings.Join(a.Audience.Why, "; ") + ")"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%.0f %%) · %s · audience: %s\n", a.Level, a.Confidence*100, a.Lang, who)
	switch {
	case len(a.Matches) == 0:
		b.WriteString("\nNo article fits.\n")
	case a.Level == knowledge.None:
		b.WriteString("\nNo article fits. The nearest:\n")
	}
	for i, m := range a.Matches {
		fmt.Fprintf(&b, "\n%d. %s\n   %s\n   %s › %s\n", i+1, m.Title, m.URL, strings.Join(m.Audience, ", "), m.Topic)
		for line := range strings.Lines(m.Passage) {
			fmt.Fprintf(&b, "   > %s\n", strings.TrimRight(line, "\n"))
		}
		for _, other := range m.Also {
			fmt.Fprintf(&b, "   See also: %s\n   %s\n", other.Title, other.URL)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// openArticles reads configuration and articles; dir, if given, takes the place
// of the configured folder.
func openArticles(c *cli, dir string) ([]*knowledge.Article, config.Config, error) {
	cfg, err := c.settings()
	if err != nil {
		return nil, cfg, err
	}
	if dir == "" {
		dir = cfg.Knowledge.Dir
	}
	list, err := articles(dir, rules(cfg))
	return list, cfg, err
}
