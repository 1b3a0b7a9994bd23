package bot

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
	"github.com/signpost-bot/signpost/bot/spool"
)

func TestGapsOf(t *testing.T) {
	line := func(audience, lang, text string, shown []string, ticket chat.TicketID) desk.Line {
		l := desk.Line{Audience: audience, Lang: lang, Text: text, Level: "none", Shown: shown, Ticket: ticket}
		if len(shown) > 0 {
			l.Level = "unsure"
		}
		return l
	}
	got := gapsOf([]desk.Line{
		line("buyer", "en", "dark mode?", nil, ""),
		line("buyer", "en", "where is my invoice?", []string{"refund"}, "T-4"),
		line("buyer", "es", "factura", nil, ""),
		line("creator", "en", "my invoice", nil, ""),
		line("buyer", "en", "my invoices", nil, "T-3"),
		line("buyer", "en", "where do I find the invoice", []string{"taxes", "refund"}, "T-2"),
		line("buyer", "en", "invoice please", []string{"taxes"}, "T-2"),
	})
	want := []gap{
		{"buyer", "en", "where is my invoice?", 4, 1, []string{"taxes", "refund"}, []chat.TicketID{"T-4", "T-3", "T-2"}},
		{"buyer", "en", "dark mode?", 1, 1, nil, nil},
		{"buyer", "es", "factura", 1, 1, nil, nil},
		{"creator", "en", "my invoice", 1, 1, nil, nil},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(gap{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Private audiences do not exist for agents who may not read them: neither their
// questions nor their figures.
func TestPrivateGaps(t *testing.T) {
	w := newWorld(t)
	w.runs(sam, "ask", "where is the master password?")
	w.presses(sam, "contact", string(w.records.newest[w.event(chat.Event{}, sam).Lane()+"/aside/"+chat.Lane(sam.Account)]))
	w.says(kim, "is there life on mars?")
	insider := bo
	insider.Roles = []string{"staff"}
	for _, test := range []struct {
		from  chat.Sender
		knows bool
	}{{bo, false}, {insider, true}} {
		gaps, stats := spoken(w.runs(test.from, "ticket", "gaps")), spoken(w.runs(test.from, "ticket", "stats"))
		if strings.Contains(gaps, "master password") != test.knows || strings.Contains(stats, "Staff") != test.knows {
			t.Errorf("%v reads:\n%s\n%s", test.from.Roles, gaps, stats)
		}
		if !strings.Contains(gaps, "life on mars") || !strings.Contains(stats, "Questions: 2 (0)") {
			t.Errorf("%v reads:\n%s\n%s", test.from.Roles, gaps, stats)
		}
		e := w.event(chat.Event{Kind: chat.Slash, Private: true}, test.from)
		in := w.turn(t.Context(), e, fakeView{w.records, e.Lane()})
		if line := in.gapLine(gap{lang: "en", n: 1, after: []string{"staff-refund"}}); strings.Contains(line, in.line("gap_article")) == test.knows {
			t.Errorf("%v reads %s", test.from.Roles, line)
		}
		if !test.knows && !strings.HasPrefix(gaps, "One question") {
			t.Errorf("the private one counts: %s", gaps)
		}
	}
}

// An agent sees the figures of their own, and a lead those of everyone.
func TestStatsOfAgents(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "how do I get a refund?")
	w.opens(lee, "how do I change my password?")
	w.runs(bo, "ticket", "reply T-1 let me see")
	w.runs(cy, "ticket", "reply T-2 let me see")
	says := func(from chat.Sender, text string) string { return spoken(w.runs(from, "ticket", text)) }
	if got := says(ana, "stats"); !strings.Contains(got, "Bo: one reply") || !strings.Contains(got, "Cy: one reply") {
		t.Errorf("a lead reads:\n%s", got)
	}
	if got := says(cy, "stats"); strings.Contains(got, "Bo:") || !strings.Contains(got, "Cy: one reply") {
		t.Errorf("an agent reads:\n%s", got)
	}
	for _, test := range []struct {
		from chat.Sender
		text string
		want string
	}{
		{ana, "stats Cy", "Cy: the last 7 days"}, // nobody names her but the tickets she has worked
		{ana, "stats bo", "bo: the last 7 days"},
		{bo, "stats bo", "Replies: 1"},
		{cy, "stats cy", "Replies: 1"},
		{cy, "stats bo", "lead"},
		{ana, "stats zoe", "no agent called zoe"},
		{ana, "stats ana", "No replies and nothing resolved"},
		{dan, "stats bo", "no agent called bo"}, // at another desk
	} {
		if got := says(test.from, test.text); !strings.Contains(got, test.want) {
			t.Errorf("%s runs %s and reads %q, want %q", test.from.Name, test.text, got, test.want)
		}
	}
	w.now = w.now.Add(8 * 24 * time.Hour)
	if got := says(ana, "stats"); !strings.Contains(got, "Questions: 0 (2)") || !strings.Contains(got, "2, of them 0 in the queue") {
		t.Errorf("a week later:\n%s", got)
	}
}

// Who works several desks reads of each what is theirs to read there, and whose
// figures they are.
func TestStatsOfSeveralDesks(t *testing.T) {
	s := testSettings()
	s.Desks[1].Agents = append(s.Desks[1].Agents, "ana", string(account("bo")))
	s.Desks[1].Leads = []string{string(account("dan"))}
	w := newWorldOf(t, s)
	w.opens(kim, "how do I get a refund?")
	w.runs(bo, "ticket", "reply T-1 let me see")
	for _, test := range []struct {
		from chat.Sender
		text string
		want string
		not  string
	}{
		{ana, "stats bo", "bo · support: the last 7 days", "sales"},
		{dan, "stats bo", "bo: the last 7 days", "Replies"},
		{bo, "stats bo", "bo · sales: the last 7 days", "lead"},
		{bo, "stats ana", "lead", "the last 7 days"},
	} {
		if got := spoken(w.runs(test.from, "ticket", test.text)); !strings.Contains(got, test.want) || strings.Contains(got, test.not) {
			t.Errorf("%s runs %s and reads %q, want %q and no %q", test.from.Name, test.text, got, test.want, test.not)
		}
	}
}

// Of two who are called the same, neither is meant.
func TestStatsOfNamesakes(t *testing.T) {
	w := newWorld(t)
	w.opens(kim, "how do I get a refund?")
	w.opens(lee, "how do I change my password?")
	other := cy
	other.Account = account("cy2")
	w.runs(cy, "ticket", "reply T-1 let me see")
	if got := spoken(w.runs(ana, "ticket", "stats cy")); !strings.Contains(got, "Cy: the last 7 days") {
		t.Errorf("one: %s", got)
	}
	w.runs(other, "ticket", "reply T-2 let me see")
	if got := spoken(w.runs(ana, "ticket", "stats cy")); !strings.Contains(got, "no agent called cy") {
		t.Errorf("two: %s", got)
	}
}

// Where a desk closes, two days are less than 48 open hours.
func TestStatsInOpenHours(t *testing.T) {
	week := []desk.Opening{{Day: time.Monday, From: 0, To: 24 * time.Hour}, {Day: time.Tuesday, From: 0, To: 24 * time.Hour}}
	for want, hours := range map[string]desk.Hours{
		"half within 2 days": {}, "half within 48 hours": desk.NewHours(time.UTC, week, nil),
	} {
		s := testSettings()
		s.Desks[0].Hours = hours
		w := newWorldOf(t, s)
		w.opens(kim, "how do I get a refund?")
		w.now = w.now.Add(25 * time.Hour)
		w.runs(bo, "ticket", "reply T-1 let me see")
		if got := spoken(w.runs(bo, "ticket", "stats")); !strings.Contains(got, want) {
			t.Errorf("want %q:\n%s", want, got)
		}
	}
}

func TestWeeklyReport(t *testing.T) {
	s := testSettings()
	s.Desks[0].Channels = []string{"test:w:agents", "other:w:agents"}
	s.Desks[0].Report = desk.Weekly{On: true, Day: time.Monday, At: 9 * time.Hour}
	w := newWorldOf(t, s)
	var drawn Picture
	w.draw = func(p Picture) ([]byte, error) { drawn = p; return []byte("png"), nil }
	tick := func(timer string) spool.Outcome {
		t.Helper()
		return w.do(chat.Event{Kind: chat.Tick, ID: "tick", Timer: timer, Place: chat.Place{Platform: "test", Workspace: "w", Channel: "agents"}})
	}
	due := time.Date(2026, 3, 9, 9, 0, 0, 0, time.UTC)
	silent := func(o spool.Outcome) {
		t.Helper()
		if len(o.Replies) > 0 {
			t.Fatalf("a report: %s", spoken(o))
		}
		if len(o.Timers) != 1 || !o.Timers[0].Due.After(w.now) || o.Timers[0].Due.Weekday() != time.Monday {
			t.Fatalf("timers = %+v", o.Timers)
		}
	}
	// It begins half an hour after the time of a week of which nothing is known.
	silent(tick("report/support"))
	w.says(kim, "how do I get a refund?")
	w.presses(kim, "helped", string(w.records.newest[w.event(chat.Event{}, kim).Lane()]))
	w.says(lee, "is there life on mars?")
	w.runs(sam, "ask", "where is the second master password?")
	w.now = due.Add(-time.Hour)
	silent(tick("report/support")) // a restart

	w.now = due.Add(time.Minute)
	o := tick("report/support")
	if len(o.Replies) != 2 || o.Replies[0].Place.Platform != "test" || o.Replies[1].Place.Platform != "other" {
		t.Fatalf("report: %+v", o.Replies)
	}
	// Of two who tell it at once, one has to look again.
	if i := slices.IndexFunc(o.Sets, func(c spool.SetChange) bool { return c.Set == reported }); i < 0 || o.Sets[i].If == nil || *o.Sets[i].If == o.Sets[i].Value {
		t.Errorf("notes %+v", o.Sets)
	}
	for _, want := range []string{"support: the week from 2026-03-02 to 2026-03-08", "Questions: 3 (0)", "What articles missed", "is there life on mars?"} {
		if !strings.Contains(spoken(o), want) {
			t.Errorf("the report lacks %q:\n%s", want, spoken(o))
		}
	}
	if all := strings.ToLower(spoken(o)); strings.Contains(all, "staff") || strings.Contains(all, "master") {
		t.Errorf("the report tells of a private audience:\n%s", spoken(o))
	}
	file := o.Replies[0].Files[0]
	if png, err := w.Make(t.Context(), file.Made); err != nil || string(png) != "png" || file.File.Name != "week-2026-03-09.png" {
		t.Errorf("picture %+v = %q, %v", file, png, err)
	}
	want := Picture{
		Title: "Questions, by how they ended", Labels: []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
		Series: []Series{
			{"helped", []int{1, 0, 0, 0, 0, 0, 0}}, {"silent", []int{1, 0, 0, 0, 0, 0, 0}},
			{"not settled", []int{1, 0, 0, 0, 0, 0, 0}}, {"tickets", []int{0, 0, 0, 0, 0, 0, 0}},
		},
	}
	if diff := cmp.Diff(want, drawn); diff != "" {
		t.Errorf("picture (-want +got):\n%s", diff)
	}
	w.now = due.Add(time.Hour)
	silent(tick("report/support")) // once is enough
	w.now = due.Add(7*day + 2*day)
	if o := tick("report/support"); len(o.Replies) != 2 {
		t.Errorf("two days late: %s", spoken(o))
	}
	w.now = due.Add(14*day + 4*day)
	silent(tick("report/support")) // too late
	if o := tick("report/sales"); len(o.Replies)+len(o.Timers) > 0 {
		t.Errorf("a desk that does not report: %+v", o)
	}
	for _, of := range []string{"report/support", "report/support/2026-13-01", "report/", "cake/support"} {
		if _, err := w.Make(t.Context(), of); err == nil {
			t.Errorf("%s is made", of)
		}
	}
}
