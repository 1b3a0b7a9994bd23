package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/signpost-bot/signpost/adapters/redis"
	"github.com/signpost-bot/signpost/bot"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
	"github.com/signpost-bot/signpost/knowledge"
)

// aliasCommand is for what was learned: phrasings that find an article.
type aliasCommand struct {
	Add    aliasAdd    `cmd:"" help:"Teach that a phrasing asks for an article."`
	Remove aliasRemove `cmd:"" help:"Unlearn a phrasing."`
	List   aliasList   `cmd:"" help:"List what was learned."`
}

type aliasAdd struct {
	JSON      bool     `help:"Print JSON." name:"json"`
	Knowledge string   `help:"Folder of articles, instead of the configured one." placeholder:"DIR"`
	Lang      string   `help:"Language of the phrasing, such as pt-BR; without it, the words tell." placeholder:"LANG"`
	By        string   `help:"Who teaches it, to be shown in the list." placeholder:"NAME"`
	Article   string   `arg:"" help:"Which article: its id, title or URL."`
	Phrasing  []string `arg:"" help:"How people ask for it."`
}

type aliasRemove struct {
	JSON bool   `help:"Print JSON." name:"json"`
	ID   string `arg:"" help:"Which one, as list shows it."`
}

type aliasList struct {
	JSON      bool   `help:"Print JSON." name:"json"`
	Knowledge string `help:"Folder of articles, instead of the configured one." placeholder:"DIR"`
}

// phrased is an alias as JSON.
type phrased struct {
	ID       desk.AliasID  `json:"id"`
	Article  string        `json:"article"`
	Title    string        `json:"title"` // of the article; empty if it is not there
	Lang     string        `json:"lang"`
	Phrasing string        `json:"phrasing"`
	By       chat.PersonID `json:"by"`
	At       time.Time     `json:"at"`
	Ticket   chat.TicketID `json:"ticket,omitempty"` // whose question it is
	// Reverted: it is learned no longer, because of a golden question.
	Reverted *reverted `json:"reverted,omitempty"`
}

// reverted is why an alias was taken back.
type reverted struct {
	At       time.Time `json:"at"`
	Question string    `json:"question"`
	Before   string    `json:"before"` // title of the article that was found; empty: rightly none
	After    string    `json:"after"`  // with the alias; empty: none
}

func (r reverted) String() string {
	found := func(title, none string) string {
		if title == "" {
			return none
		}
		return fmt.Sprintf("%q", title)
	}
	return fmt.Sprintf("%q found %s before, and %s with it", r.Question, found(r.Before, "rightly nothing"), found(r.After, "nothing"))
}

// withAliases runs an errand about aliases on the configured Redis.
func withAliases(ctx context.Context, c *cli, s streams, errand func(*redis.Store) error) error {
	return withStore(ctx, c, s, "what is learned is kept there", func(store *redis.Store, _ redactor) error {
		return errand(store)
	})
}

// Run teaches a phrasing.
func (o *aliasAdd) Run(ctx context.Context, c *cli, s streams) error {
	return withAliases(ctx, c, s, func(store *redis.Store) error {
		list, cfg, err := openArticles(c, o.Knowledge)
		if err != nil {
			return err
		}
		all := newCatalogue(list, cfg)
		article, err := all.article(ctx, o.Article, knowledge.Question{Private: all.every})
		if err != nil {
			return err
		}
		phrasing := strings.Join(o.Phrasing, " ")
		lang, err := all.language(ctx, o.Lang, phrasing)
		if err != nil {
			return err
		}
		alias, err := desk.NewAlias(string(article), string(lang), phrasing, chat.PersonID(o.By), time.Now())
		if err != nil {
			return fmt.Errorf("%w; write it as someone would ask, in a sentence or a few words", err)
		}
		fresh, err := store.AddAlias(ctx, alias, taught(alias))
		if errors.Is(err, spool.ErrFull) {
			return fmt.Errorf("%d phrasings are learned, and there is no room for more; signpost alias list shows them, signpost alias remove forgets one", desk.MaxAliases)
		}
		if err != nil {
			return err
		}
		// It is looked at anew, whatever came of it before.
		if err := store.Change(ctx, spool.SetChange{Set: bot.Reverted, Member: string(alias.ID), Remove: true}); err != nil {
			return err
		}
		shown := all.phrased(alias)
		if o.JSON {
			return printJSON(s.out, struct {
				phrased
				New bool `json:"new"`
			}{shown, fresh})
		}
		done, then := "is learned for", "Running replicas know it within 5 s."
		if !fresh {
			done, then = "had been learned for", "Nothing has changed."
		}
		_, err = fmt.Fprintf(s.out, "%q (%s) %s %q. %s Its id is %s.\n",
			visible(alias.Text), visible(alias.Lang), done, visible(shown.Title), then, alias.ID)
		return err
	})
}

// taught is the deed of teaching a phrasing here.
func taught(a desk.Alias) desk.Deed {
	d := errand("alias.add", string(a.ID))
	d.To = a.Article
	return d
}

// Run unlearns a phrasing. One that cannot be read any more has an id, too.
func (o *aliasRemove) Run(ctx context.Context, c *cli, s streams) error {
	return withAliases(ctx, c, s, func(store *redis.Store) error {
		found, err := store.RemoveAlias(ctx, desk.AliasID(o.ID), errand("alias.remove", o.ID))
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("no phrasing has the id %s; signpost alias list shows what was learned", visible(o.ID))
		}
		if o.JSON {
			return printJSON(s.out, struct {
				ID string `json:"id"`
			}{o.ID})
		}
		_, err = fmt.Fprintf(s.out, "%s is forgotten, by running replicas within 5 s.\n", visible(o.ID))
		return err
	})
}

// Run lists what was learned, by article.
func (o *aliasList) Run(ctx context.Context, c *cli, s streams) error {
	return withAliases(ctx, c, s, func(store *redis.Store) error {
		list, cfg, err := openArticles(c, o.Knowledge)
		if err != nil {
			return err
		}
		aliases, _, err := store.Aliases(ctx)
		if err != nil {
			return err
		}
		all := newCatalogue(list, cfg)
		shown := []phrased{}
		for _, a := range aliases {
			shown = append(shown, all.phrased(a))
		}
		slices.SortStableFunc(shown, func(a, b phrased) int {
			return cmp.Or(strings.Compare(a.Article, b.Article), strings.Compare(a.Lang, b.Lang), strings.Compare(a.Phrasing, b.Phrasing))
		})
		back, err := takenBack(ctx, store, all)
		if err != nil {
			return err
		}
		if o.JSON {
			return printJSON(s.out, append(shown, back...))
		}
		return errors.Join(listAliases(s.out, shown), listTakenBack(s.out, back))
	})
}

// takenBack lists what was learned and is no longer, because of a golden
// question, newest first.
func takenBack(ctx context.Context, store *redis.Store, all *catalogue) ([]phrased, error) {
	members, _, err := store.Set(ctx, bot.Reverted)
	if err != nil {
		return nil, err
	}
	var list []phrased
	for _, value := range members {
		var r desk.Reverted
		if json.Unmarshal([]byte(value), &r) != nil {
			continue // of a newer version, say
		}
		p := all.phrased(r.Alias)
		p.Reverted = &reverted{At: r.At, Question: r.Question, Before: r.Before, After: r.After}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b phrased) int {
		return cmp.Or(b.Reverted.At.Compare(a.Reverted.At), strings.Compare(string(a.ID), string(b.ID)))
	})
	return list, nil
}

func listTakenBack(w io.Writer, list []phrased) error {
	if len(list) == 0 {
		return nil
	}
	fmt.Fprintln(w, "\nTaken back, because golden questions were lost by them:")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tARTICLE\tLANG\tPHRASING\tWHEN\tWHY")
	for _, a := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", visible(string(a.ID)), visible(a.Article), visible(a.Lang),
			visible(a.Phrasing), moment(a.Reverted.At), visible(a.Reverted.String()))
	}
	return table.Flush()
}

func listAliases(w io.Writer, list []phrased) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "Nothing is learned yet; signpost alias add teaches.")
		return err
	}
	orphans := 0
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tARTICLE\tLANG\tPHRASING\tBY\tWHEN\tTITLE")
	for _, a := range list {
		title := chat.Shorten(a.Title, 60)
		if a.Title == "" {
			title = "(orphaned: no such article)"
			orphans++
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", visible(string(a.ID)), visible(a.Article), visible(a.Lang),
			visible(a.Phrasing), visible(string(a.By)), moment(a.At), visible(title))
	}
	if err := table.Flush(); err != nil || orphans == 0 {
		return err
	}
	_, err := fmt.Fprintln(w, "Orphaned phrasings change no answer. They count again when their article is back.")
	return err
}

func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// language is the one that was named, or else that of a phrasing's words.
func (c *catalogue) language(ctx context.Context, name, phrasing string) (knowledge.Lang, error) {
	if name == "" {
		answer, err := c.library.Find(ctx, knowledge.Question{Text: phrasing, Private: c.every})
		return answer.Lang, err
	}
	languages := c.library.Languages()
	if !slices.Contains(languages, knowledge.Lang(name)) {
		return "", fmt.Errorf("there is no language %q; use one of %s", visible(name), strings.Trim(fmt.Sprint(languages), "[]"))
	}
	return knowledge.Lang(name), nil
}

func (c *catalogue) phrased(a desk.Alias) phrased {
	p := phrased{ID: a.ID, Article: a.Article, Lang: a.Lang, Phrasing: a.Text, By: a.By, At: a.At, Ticket: a.Ticket}
	if article, ok := c.library.Article(knowledge.ArticleID(a.Article), knowledge.Lang(a.Lang), c.every); ok {
		p.Title = article.Title
	}
	return p
}
