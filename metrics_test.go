package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/signpost-bot/signpost/adapters/web"
	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/conversation"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

// fullStats have something of everything.
func fullStats(context.Context) (web.Stats, error) {
	return web.Stats{
		Replies: map[string]int{"test": 1}, ReplyAge: map[string]time.Duration{"test": time.Second},
		Tickets: map[string]int{"support": 1}, TicketAge: map[string]time.Duration{"support": time.Second},
	}, nil
}

// scraped is what /metrics shows of some metrics.
func scraped(t *testing.T, m *web.Metrics) string {
	t.Helper()
	server, err := web.Listen(web.Options{Listen: "127.0.0.1:0", Metrics: m, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	status, body := get(t, "http://"+server.Addr()+"/metrics")
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if status != http.StatusOK {
		t.Fatalf("metrics: %d\n%s", status, body)
	}
	return body
}

var oneShot = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// get asks for a page; status 0 means that nobody answered.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	response, err := oneShot.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestMeter(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	from := chat.Sender{Account: "test:w:ana", Person: "ana"}
	place := chat.Place{Platform: "test", Workspace: "w", Channel: "c"}
	e := chat.Event{ID: "test:1", Kind: chat.Message, At: now, Place: place, From: from}
	talk := func(asked ...conversation.Asked) spool.Versioned[conversation.Conversation] {
		c := conversation.Conversation{ID: "c1"}
		c.Trail.Lang, c.Trail.Asked = "en", asked
		return spool.Versioned[conversation.Conversation]{Value: c}
	}
	ticket := func(did desk.Doing, by chat.PersonID, at time.Time) spool.Versioned[desk.Ticket] {
		return spool.Versioned[desk.Ticket]{Value: desk.Ticket{ID: "T-1", History: []desk.Entry{{Did: did, By: by, At: at}}}}
	}
	const asked = `signpost_questions_total{audience="unknown",language="en",level="sure"} 1`
	const claimed = `signpost_claims_total 1`
	took := 50 * time.Millisecond
	tests := []struct {
		name    string
		outcome spool.Outcome
		want    string // the one line that says it was counted; empty: it was not
	}{
		{"a question", spool.Outcome{Conversations: []spool.Versioned[conversation.Conversation]{talk(conversation.Asked{At: now, Level: "sure"})}}, asked},
		{"an older question", spool.Outcome{Conversations: []spool.Versioned[conversation.Conversation]{talk(conversation.Asked{At: now.Add(-time.Hour), Level: "sure"})}}, ""},
		{"an agent's article", spool.Outcome{Conversations: []spool.Versioned[conversation.Conversation]{talk(conversation.Asked{At: now, Level: "agent"})}}, ""},
		{"no question", spool.Outcome{Conversations: []spool.Versioned[conversation.Conversation]{talk()}}, ""},
		{"a claim", spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{ticket(desk.DidClaim, "ana", now.Add(-took))}}, claimed},
		{"an older claim", spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{ticket(desk.DidClaim, "ana", now.Add(-time.Minute))}}, ""},
		{"another's claim", spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{ticket(desk.DidClaim, "bo", now)}}, ""},
		{"a note", spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{ticket(desk.DidNote, "ana", now)}}, ""},
		{"a ticket without history", spool.Outcome{Tickets: []spool.Versioned[desk.Ticket]{{}}}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			metrics := web.NewMetrics("test", nil)
			m := meter{metrics, slog.New(slog.DiscardHandler), func() time.Time { return now }}
			m.Finished(e, test.outcome, time.Second, took)
			body := scraped(t, metrics)
			for _, line := range []string{asked, claimed} {
				if got := strings.Contains(body, line); got != (line == test.want) {
					t.Errorf("%s counted = %t, want %t", line, got, line == test.want)
				}
			}
			if !strings.Contains(body, `signpost_events_total{platform="test",result="finished"} 1`) {
				t.Error("the event was not counted")
			}
		})
	}

	metrics := web.NewMetrics("test", nil)
	m := newMeter(metrics, slog.New(slog.DiscardHandler))
	m.Accepted(e, true, took)
	m.Accepted(e, false, took)
	m.Failed(e, false)
	m.Failed(e, true)
	m.Sent(spool.Letter{Delivery: chat.Delivery{Reply: chat.Reply{Place: place}}}, "uncertain", took)
	m.Trouble("fire")
	body := scraped(t, metrics)
	for _, line := range []string{
		`signpost_events_total{platform="test",result="accepted"} 1`,
		`signpost_events_total{platform="test",result="repeated"} 1`,
		`signpost_events_total{platform="test",result="failed"} 1`,
		`signpost_events_total{platform="test",result="buried"} 1`,
		`signpost_deliveries_total{how="uncertain",platform="test"} 1`,
		`signpost_store_errors_total{step="fire"} 1`,
		`signpost_stage_seconds_count{stage="accept"} 2`,
		`signpost_stage_seconds_count{stage="deliver"} 1`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("metrics have no line %s", line)
		}
	}
}

// TestCounts: what really happens is what the metrics show, and nothing is
// counted twice.
func TestCounts(t *testing.T) {
	noneLeft(t)
	s := newStand(t, loaded(t, "desks: [{name: support, agents: ['wire:w:u2']}]"), newWire())
	settled := func() {
		t.Helper()
		eventually(t, "everything is done", func() bool {
			p, err := s.store.Pending(t.Context())
			return err == nil && p == (spool.Pending{})
		})
	}
	question := asks("1", "how do I get a refund?")
	press := asks("1", "")
	press.ID, press.Kind, press.Message, press.Action = "wire:press", chat.Press, "", chat.Do("contact", string(conversation.NewID(question)))
	claim := asks("2", "claim T-1")
	claim.Kind, claim.Message, claim.Door = chat.Slash, "", "ticket"
	note := asks("2", "note look here")
	note.ID, note.Kind, note.Message, note.Door = "wire:note", chat.Slash, "", "ticket"
	for _, e := range []chat.Event{question, question, press, claim, note} {
		s.bring(e)
		settled()
	}
	var body string
	eventually(t, "the last event is counted", func() bool {
		_, body = get(t, "http://"+s.server.Addr()+"/metrics")
		return strings.Contains(body, `result="finished"} 6`) // news of the ticket and of the claim arrived, too
	})
	for _, line := range []string{
		`signpost_questions_total{audience="buyer",language="en",level="sure"} 1`,
		`signpost_events_total{platform="wire",result="accepted"} 4`,
		`signpost_events_total{platform="wire",result="repeated"} 1`,
		`signpost_events_total{platform="wire",result="finished"} 6`,
		`signpost_claims_total 1`,
		`signpost_queue_tickets{desk="support"} 0`,
		`signpost_outbox_replies{platform="wire"} 0`,
		`signpost_events_waiting 0`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("metrics have no line %s", line)
		}
	}
	// The desks' rounds are handled, too.
	handled := regexp.MustCompile(`(?m)^signpost_stage_seconds_count\{stage="handle"\} (\d+)$`).FindStringSubmatch(body)
	if n, err := strconv.Atoi(handled[1]); err != nil || n < 4 {
		t.Errorf("%d events are handled, want 4 and those of the rounds", n)
	}
	if n := strings.Count(body, "signpost_questions_total{"); n != 1 {
		t.Errorf("%d kinds of questions, want 1", n)
	}
	s.end(t)
	for _, want := range []string{`event=wire:press kind=press conversation=`, `ticket=T-1`} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log has no %s", want)
		}
	}
	if t.Failed() {
		t.Log(body, s.log)
	}
	s.store.Close()
}

// metricRule finds what may be a metric in an expression.
var metricRule = regexp.MustCompile(`\b(?:signpost|go|process)_[a-z_]+\b`)

// TestDeployMetrics: every metric that the dashboard and the alerts name
// exists, and every metric of ours is on the dashboard or in the handbook.
func TestDeployMetrics(t *testing.T) {
	metrics := web.NewMetrics("test", fullStats)
	metrics.Asked("sure", "en", "buyer")
	metrics.Event("test", "accepted")
	metrics.Delivery("test", "delivered")
	metrics.Imported("test", "ok", map[string]int{"new": 1})
	kinds := map[string]string{} // by name
	text := scraped(t, metrics)
	for _, found := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(text, -1) {
		kinds[found[1]] = found[2]
	}
	// Labels, too, are known by name: none may be of a person, a channel or a
	// ticket. Prometheus adds two.
	allowed := []string{"level", "language", "audience", "platform", "result", "stage", "how", "desk", "step", "source", "what", "version", "go", "le"}
	for _, line := range regexp.MustCompile(`(?m)^signpost_\w+\{(.*)\} `).FindAllStringSubmatch(text, -1) {
		for _, label := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(line[1], -1) {
			if !slices.Contains(allowed, label[1]) {
				t.Errorf("label %s is not allowed: %s", label[1], line[0])
			}
		}
	}
	allowed = append(allowed, "job", "instance")
	labelled := func(expr string) {
		for _, found := range regexp.MustCompile(`by \(([\w, ]+)\)|(\w+)=~?"`).FindAllStringSubmatch(expr, -1) {
			for label := range strings.SplitSeq(found[1]+found[2], ", ") {
				if !slices.Contains(allowed, label) {
					t.Errorf("there is no label %s in %s", label, expr)
				}
			}
		}
	}
	exists := func(name string) bool {
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if family, ok := strings.CutSuffix(name, suffix); ok && kinds[family] == "histogram" {
				return true
			}
		}
		return kinds[name] != "" && kinds[name] != "histogram"
	}

	var board struct {
		UID    string
		Panels []struct {
			ID      int
			Type    string
			Title   string
			GridPos struct{ X, Y, W, H int }
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(readFile(t, "deploy/grafana.json")), &board); err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	ids := map[int]bool{}
	for i, panel := range board.Panels {
		if ids[panel.ID] || panel.ID == 0 || panel.Title == "" {
			t.Errorf("panel %d %q: its id or title is missing or taken", panel.ID, panel.Title)
		}
		ids[panel.ID] = true
		if panel.Type != "row" && len(panel.Targets) == 0 {
			t.Errorf("panel %q asks for nothing", panel.Title)
		}
		a := panel.GridPos
		for _, other := range board.Panels[:i] {
			b := other.GridPos
			if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("panels %q and %q overlap", other.Title, panel.Title)
			}
		}
		for _, target := range panel.Targets {
			labelled(target.Expr)
			named := metricRule.FindAllString(target.Expr, -1)
			if len(named) == 0 {
				t.Errorf("panel %q names no metric: %s", panel.Title, target.Expr)
			}
			for _, name := range named {
				shown[strings.TrimSuffix(name, "_bucket")] = true
				if !exists(name) {
					t.Errorf("panel %q: there is no metric %s", panel.Title, name)
				}
			}
		}
	}
	alerts := 0
	for _, line := range regexp.MustCompile(`(?m)^ +expr: (.+)$`).FindAllStringSubmatch(readFile(t, "deploy/alerts.yaml"), -1) {
		alerts++
		labelled(line[1])
		named := metricRule.FindAllString(line[1], -1)
		if len(named) == 0 {
			t.Errorf("an alert names no metric: %s", line[1])
		}
		for _, name := range named {
			if !exists(name) {
				t.Errorf("an alert: there is no metric %s in %s", name, line[1])
			}
		}
	}
	if alerts == 0 || len(shown) == 0 {
		t.Fatalf("%d alerts, %d metrics on the dashboard", alerts, len(shown))
	}
	handbook := metricRule.FindAllString(readFile(t, "docs/operate.md"), -1)
	ours := 0
	for name := range kinds {
		if !strings.HasPrefix(name, "signpost_") {
			continue
		}
		ours++
		if !shown[name] && !slices.Contains(handbook, name) {
			t.Errorf("%s is neither on the dashboard nor explained in docs/operate.md", name)
		}
	}
	for _, name := range handbook {
		if strings.HasPrefix(name, "signpost_") && kinds[name] == "" {
			t.Errorf("docs/operate.md: there is no metric %s", name)
		}
	}
	if ours < 10 {
		t.Errorf("found only %d metrics of ours", ours)
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
