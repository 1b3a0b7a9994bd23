package bot

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/signpost-bot/signpost/bot/chat"
	"github.com/signpost-bot/signpost/bot/desk"
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
