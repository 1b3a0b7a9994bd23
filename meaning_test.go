package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/adapters/embedding"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/config"
	"github.com/signpost-bot/signpost/knowledge"
	"github.com/signpost-bot/signpost/knowledge/semantic"
)

// A mood is how an embedding server behaves.
type mood int

const (
	well    mood = iota
	cutting      // connections
	hanging      // until who asks has had enough
)

// An oracle is a fake embedding server. Texts with words in common mean much the
// same to it.
type oracle struct {
	*httptest.Server

	mu    sync.Mutex
	mood  mood
	seed  string // another one is another model
	texts []string
	most  int // how many requests it answers before it hangs; 0: all
	hung  int // how many it has left without an answer
}

func newOracle(t *testing.T) *oracle {
	t.Helper()
	o := &oracle{}
	o.Server = httptest.NewServer(http.HandlerFunc(o.answer))
	t.Cleanup(o.Close)
	return o
}

func (o *oracle) answer(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Input []string }
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	o.mu.Lock()
	mood, seed := o.mood, o.seed
	if o.most > 0 {
		if o.most--; o.most == 0 {
			o.mood = hanging
		}
	}
	switch mood {
	case well:
		o.texts = append(o.texts, asked.Input...)
	case hanging:
		o.hung++
	}
	o.mu.Unlock()
	switch mood {
	case cutting:
		panic(http.ErrAbortHandler)
	case hanging:
		<-r.Context().Done()
		return
	}
	type item struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	}
	var items []item
	for i, text := range asked.Input {
		vector := make([]float32, 64)
		for _, word := range strings.Fields(strings.ToLower(text)) {
			h := fnv.New32()
			io.WriteString(h, seed+word)
			vector[h.Sum32()%uint32(len(vector))]++
		}
		items = append(items, item{i, vector})
	}
	json.NewEncoder(w).Encode(map[string]any{"data": items})
}

// set changes the oracle while it may be asked.
func (o *oracle) set(change func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change()
}

// heard are the texts that it was asked for, and has told.
func (o *oracle) heard() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.texts)
}

// env is the configuration that names the oracle. Its questions wait as little as
// a slow machine that runs other tests allows.
func (o *oracle) env(more ...string) []string {
	return append([]string{
		"SIGNPOST_KNOWLEDGE_EMBEDDER_URL=" + o.URL, "SIGNPOST_KNOWLEDGE_EMBEDDER_MODEL=oracle", "SIGNPOST_KNOWLEDGE_EMBEDDER_TIMEOUT=200ms",
	}, more...)
}

// pages are articles that have little in common.
func pages(n int) map[string]string {
	things := []string{"invoice", "password", "video", "coupon", "certificate", "payout", "subscription", "avatar", "newsletter", "webinar"}
	deeds := []string{"change", "delete", "find", "share", "print", "renew"}
	texts := map[string]string{}
	for i := range n {
		what := deeds[i/len(things)%len(deeds)] + " a " + things[i%len(things)]
		texts[fmt.Sprintf("p%d.md", i)] = fmt.Sprintf("---\ntitle: How do I %s?\nurl: https://help.example.com/p%d\nid: p%d\nlang: en\naudience: buyer\ntopic: refunds\n---\nOpen page %d to %s.\n", what, i, i, i, what)
	}
	return texts
}

// pagesConfig is a configuration with so many articles and an environment.
func pagesConfig(t *testing.T, n int, env ...string) config.Config {
	t.Helper()
	cfg, err := config.Load("", append(env, "SIGNPOST_KNOWLEDGE_DIR="+files(t, pages(n))))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// told is what tells the meaning of a question to those who ask a stand.
func (s *stand) told(t *testing.T, question string) (knowledge.Answer, string) {
	t.Helper()
	answer, err := s.parts.shelf.library().Find(t.Context(), knowledge.Question{Text: question})
	if err != nil {
		t.Fatal(err)
	}
	return answer, answer.Meaning
}

// knows waits until the server tells what questions mean.
func (s *stand) knows(t *testing.T) {
	t.Helper()
	eventually(t, "the server tells", func() bool { _, by := s.told(t, "how do I renew a coupon?"); return by == "oracle" })
}

// reply waits for what is said to who sent an event, and returns how long it took.
func (s *stand) reply(t *testing.T, e chat.Event) time.Duration {
	t.Helper()
	began := time.Now()
	s.bring(e)
	eventually(t, "an answer to "+e.Text, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.ContainsFunc(s.sent, func(d chat.Delivery) bool { return d.Reply.Place == e.Place })
	})
	return time.Since(began)
}

// TestPlugPulled: in the middle of 200 questions in a row the connections to the
// server break, or it hangs. All are answered in time, and those without the server
// as the model in the program has it.
func TestPlugPulled(t *testing.T) {
	for name, mood := range map[string]mood{"connections break": cutting, "it hangs": hanging} {
		t.Run(name, func(t *testing.T) { pullPlug(t, mood) })
	}
}

func pullPlug(t *testing.T, mood mood) {
	noneLeft(t)
	const questions, pulled = 200, 100
	o := newOracle(t)
	cfg := pagesConfig(t, 20, o.env()...)
	s := newStand(t, cfg, newWire())
	s.knows(t)
	list, err := articles(cfg.Knowledge.Dir, rules(cfg))
	if err != nil {
		t.Fatal(err)
	}
	static := knowledge.NewLibrary(list, rules(cfg))
	things := []string{"my invoice has the wrong name", "how do I change a password?", "where are the videos", "can I print a certificate", "get rid of an avatar"}
	for n := range questions {
		if n == pulled {
			o.set(func() { o.mood = mood })
			if mood == cutting {
				o.CloseClientConnections()
			}
		}
		text := things[n%len(things)]
		if took := s.reply(t, asks(fmt.Sprint(n), text)); took > time.Second {
			t.Errorf("question %d took %v", n, took)
		}
		if n < pulled {
			continue
		}
		got, by := s.told(t, text)
		want, err := static.Find(t.Context(), knowledge.Question{Text: text})
		if err != nil {
			t.Fatal(err)
		}
		if by != semantic.BuiltIn().Model().Name || got.Confidence != want.Confidence || ids(got) != ids(want) {
			t.Errorf("question %d is told by %q: %s (%v), want %s (%v)", n, by, ids(got), got.Confidence, ids(want), want.Confidence)
		}
	}
	_, body := get(t, "http://"+s.server.Addr()+"/metrics")
	for by, n := range map[string]int{"server": pulled, "static": questions - pulled, "none": 0} {
		if line := fmt.Sprintf("signpost_meanings_total{source=%q} %d\n", by, n); !strings.Contains(body, line) {
			t.Errorf("metrics do not say %s", line)
		}
	}
	for _, line := range []string{"is asked what the articles mean", "has told what the articles mean", "the embedding server fails"} {
		if n := strings.Count(s.log.String(), line); n != 1 {
			t.Errorf("the log says %d times %q:\n%s", n, line, s.log)
		}
	}
	s.end(t)
}

func ids(a knowledge.Answer) string {
	var list []string
	for _, m := range a.Matches {
		list = append(list, string(m.Article.ID))
	}
	return strings.Join(list, " ")
}

// TestServerAwayAtStart: a server that does not answer keeps nobody waiting, at
// the start as later, and tells as soon as it is there.
func TestServerAwayAtStart(t *testing.T) {
	noneLeft(t)
	o := newOracle(t)
	o.mood = cutting
	s := newStand(t, pagesConfig(t, 20, o.env()...), newWire())
	if took := s.reply(t, asks("1", "how do I change a password?")); took > time.Second {
		t.Errorf("it took %v", took)
	}
	eventually(t, "the log says so", func() bool { return strings.Contains(s.log.String(), "and is asked again later") })
	o.set(func() { o.mood = well })
	s.knows(t)
	s.end(t)
}

// TestNewArticles: what is new is found at once while the server is away, and by
// what it means when it is back: in the eyes of its new model, if it has one.
func TestNewArticles(t *testing.T) {
	noneLeft(t)
	o := newOracle(t)
	cfg := pagesConfig(t, 20, o.env("SIGNPOST_KNOWLEDGE_CACHE="+t.TempDir())...)
	s := newStand(t, cfg, newWire())
	s.knows(t)
	o.set(func() { o.mood = cutting })
	list := slices.Concat(s.parts.shelf.first, []*knowledge.Article{helpPage("zebra", "Feed a zebra")})
	s.parts.shelf.restock(list)
	s.parts.shelf.relearn([]knowledge.Alias{{Article: "p1", Lang: "en", Text: "quokka smile"}})
	for question, want := range map[string]string{"feed a zebra": "zebra", "quokka smile": "p1"} {
		if answer, by := s.told(t, question); by != semantic.BuiltIn().Model().Name || !strings.HasPrefix(ids(answer), want) {
			t.Errorf("%q is told by %q and finds %s, want %s", question, by, ids(answer), want)
		}
	}
	o.set(func() { o.mood, o.seed = well, "another" })
	s.knows(t)
	for _, question := range []string{"feed a zebra", "quokka smile"} {
		if _, by := s.told(t, question); by != "oracle" {
			t.Errorf("%q is told by %q", question, by)
		}
	}
	if heard := o.heard(); !slices.Contains(heard, "Feed a zebra") || !slices.Contains(heard, "quokka smile") {
		t.Error("the server was not asked for what is new")
	}
	s.end(t)
}

// TestModelChanges: a question that meets another model has the articles told anew.
func TestModelChanges(t *testing.T) {
	noneLeft(t)
	o := newOracle(t)
	cfg, log := pagesConfig(t, 3, o.env()...), quietLog()
	list, err := articles(cfg.Knowledge.Dir, rules(cfg))
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	old := consult(t.Context(), cfg, list, &errs)
	if old == nil {
		t.Fatal(errs.String())
	}
	s := newShelf(list, rules(cfg, old))
	i := newInterpreter(cfg, s, log)
	i.with(old)
	by := func() string {
		answer, err := s.library().Find(t.Context(), knowledge.Question{Text: "change a password"})
		if err != nil {
			t.Fatal(err)
		}
		return answer.Meaning
	}
	if got := by(); got != "oracle" {
		t.Errorf("at first, %q tells", got)
	}
	o.set(func() { o.seed = "another" })
	if err := old.Fill(t.Context(), []string{"something new"}, nil); !errors.Is(err, embedding.ErrChanged) {
		t.Fatalf("fill = %v", err)
	}
	if len(i.hint) > 0 {
		t.Error("there is a hint before anyone asked")
	}
	if got := by(); got != semantic.BuiltIn().Model().Name || len(i.hint) != 1 {
		t.Errorf("by another model, %q tells, and there are %d hints", got, len(i.hint))
	}
	if err := i.interpret(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer i.server.Close()
	if got := by(); got != "oracle" || i.server == old {
		t.Errorf("in the end, %q tells; by the old model: %t", got, i.server == old)
	}
}

// TestFillGoesOn: a program that ends while the server tells what the articles mean
// does not ask for that again.
func TestFillGoesOn(t *testing.T) {
	noneLeft(t)
	o := newOracle(t)
	o.most = 4 // the first one for its model
	cfg := pagesConfig(t, 60, o.env("SIGNPOST_KNOWLEDGE_CACHE="+t.TempDir())...)
	s := newStand(t, cfg, newWire())
	// Who asks for more has kept what was told.
	eventually(t, "some is told", func() bool { o.mu.Lock(); defer o.mu.Unlock(); return o.hung > 0 })
	s.end(t)
	before := passagesOf(o)
	if len(before) == 0 {
		t.Fatal("nothing was told")
	}
	o.set(func() { o.mood, o.texts = well, nil })
	s = newStand(t, cfg, newWire())
	s.knows(t)
	for _, text := range passagesOf(o) {
		if slices.Contains(before, text) {
			t.Errorf("asked again for %q", text)
		}
	}
	s.end(t)
}

// passagesOf are what an oracle was asked for of the articles.
func passagesOf(o *oracle) []string {
	return slices.DeleteFunc(o.heard(), func(text string) bool {
		return !strings.HasPrefix(text, "Open page") && !strings.HasPrefix(text, "How do I change") && !strings.HasPrefix(text, "How do I delete")
	})
}

// TestMeaningOff: off, articles are found by their words alone, and no server is
// asked; check tells of it.
func TestMeaningOff(t *testing.T) {
	o := newOracle(t)
	cfg := pagesConfig(t, 20, o.env("SIGNPOST_KNOWLEDGE_MEANING=false")...)
	r := rules(cfg)
	if r.Sources != nil {
		t.Errorf("off, there are sources: %v", r.Sources)
	}
	on := pagesConfig(t, 20)
	if got := rules(on).Sources; len(got) != 1 || got[0] != semantic.BuiltIn() {
		t.Errorf("on, the sources are %v", got)
	}
	for _, setting := range append(o.env(), "SIGNPOST_KNOWLEDGE_MEANING=false", "SIGNPOST_KNOWLEDGE_DIR="+cfg.Knowledge.Dir) {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	list, err := articles(cfg.Knowledge.Dir, r)
	if err != nil {
		t.Fatal(err)
	}
	r.Sources = nil
	words := knowledge.NewLibrary(list, r)
	for _, question := range []string{"how do I change a password?", "my invoice is wrong", "good morning", "zebra"} {
		answer, err := words.Find(t.Context(), knowledge.Question{Text: question, Limit: cfg.Answers.Articles})
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(answeredBy(answer))
		if err != nil {
			t.Fatal(err)
		}
		code, out, errs := signpost(t, "ask", "--json", question)
		var got bytes.Buffer
		if json.Compact(&got, []byte(out)) != nil || code != exitOK || errs != "" || !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%q: %d %s\n%s\nwant\n%s", question, code, errs, got.Bytes(), want)
		}
	}
	if code, out, _ := signpost(t, "check"); code != exitOK || !strings.Contains(out, "remove embedder, or write meaning: true") {
		t.Errorf("check says %d:\n%s", code, out)
	}
	if heard := o.heard(); len(heard) > 0 {
		t.Errorf("the server heard %q", heard)
	}
}

// TestAskServer: commands that answer once wait for the server, and go on without
// one that cannot be had, saying so in a line that has no key.
func TestAskServer(t *testing.T) {
	noneLeft(t)
	o := newOracle(t)
	cfg := pagesConfig(t, 20)
	for _, setting := range o.env("SIGNPOST_KNOWLEDGE_EMBEDDER_KEY=swordfish", "SIGNPOST_KNOWLEDGE_DIR="+cfg.Knowledge.Dir) {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	golden := filepath.Join(t.TempDir(), "golden.txt")
	labels := golden + ".jsonl"
	for name, text := range map[string]string{
		golden: "how do I change a password? -> p1\n",
		labels: `{"id":"1","text":"how do I change a password?","lang":"en","articles":["p1"],"audience":"buyer","kind":"plain"}` + "\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	commands := [][]string{
		{"ask", "--why", "--json", "how do I change a password?"},
		{"test", golden},
		{"eval", labels},
		{"chat"},
	}
	for _, words := range commands {
		o.set(func() { o.texts = nil })
		code, out, errs := signpost(t, words...)
		if heard := o.heard(); code != exitOK || errs != "" || !slices.Contains(heard, "How do I change a password?") {
			t.Errorf("%s = %d %s\n%s; the server heard %d texts", words[0], code, errs, out, len(heard))
		}
		if words[0] == "ask" && !strings.Contains(out, `"meaning": "oracle"`) {
			t.Errorf("the server does not tell:\n%s", out)
		}
	}
	o.Close()
	for _, words := range commands {
		code, out, errs := signpost(t, words...)
		if code != exitOK || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, "answered without it") || strings.Contains(errs, "swordfish") {
			t.Errorf("without a server, %s = %d %s\n%s", words[0], code, errs, out)
		}
	}
}

// TestBar: the bar goes away when all is done, and makes room for what is said.
func TestBar(t *testing.T) {
	var w bytes.Buffer
	b := &bar{w: &w, what: "articles", unit: "passages", on: true}
	b.show(0, 340)
	b.show(170, 340)
	fmt.Fprintln(b, "slow")
	b.show(339, 340)
	b.show(340, 340)
	b.clear()
	lines := strings.FieldsFunc(w.String(), func(r rune) bool { return r == '\r' || r == '\n' })
	lines = slices.DeleteFunc(lines, func(s string) bool { return strings.TrimSpace(s) == "" })
	want := []string{
		"articles: 0 of 340 passages [                        ]", "articles: 170 of 340 passages [############            ]", "slow",
		"articles: 339 of 340 passages [####################### ]",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("shows %q, want %q", lines, want)
	}
	w.Reset()
	quiet := &bar{w: &w}
	quiet.show(1, 2)
	if b.show(2, 2); w.Len() > 0 {
		t.Errorf("with nothing to show it writes %q", w.String())
	}
}
